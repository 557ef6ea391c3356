// Processes by their name or command line: vrrp_track_process. The end of one is seen at once, through a pidfd; one
// that begins is found by looking through /proc, ten times a second, as this needs no right and works in every
// namespace. The price of looking is bounded: passes take at most a fiftieth of the time.
#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "base/unique_fd.h"
#include "loop/loop.h"
#include "process/process_quorum.h"
#include "process/process_watch.h"
#include "process/runner_protocol.h"

namespace baton::process {

// `comm`: the kernel's short name of a process, 15 bytes; `argv`: its command line, empty for the kernel's own.
bool matches(const TrackedProcess& wanted, std::string_view comm, std::span<const std::string> argv);

class TrackProcesses {
 public:
  using OnResult = std::function<void(ProcessResult result)>;

  TrackProcesses(loop::Loop& loop, OnResult on_result) : loop_(loop), on_result_(std::move(on_result)) {}

  // Replaces the list; then tells every verdict. What is wanted as before keeps its verdict and its delays.
  void set(std::vector<TrackedProcess> processes);

  std::optional<Instant> next_timeout() const;
  void on_timeout(Instant now);

 private:
  struct Tracked {
    TrackedProcess settings;
    ProcessQuorum quorum;
    bool is_told = false;  // to whoever listens now
    bool was_told = false;
  };
  struct Process {
    UniqueFd pidfd;  // none when there are too many: its end is found by the next pass
    loop::Subscription watch;
    std::set<std::size_t> meant_by;
  };

  void search(Instant now);
  void look_at(pid_t pid, std::set<pid_t>& seen);
  void watch(pid_t pid, std::set<std::size_t> meant_by);
  void count(Instant now);
  void tell(Tracked& tracked);

  loop::Loop& loop_;
  OnResult on_result_;
  std::vector<Tracked> tracked_;
  std::map<pid_t, Process> processes_;
  std::optional<Instant> next_search_;
  bool needs_command_lines_ = false;
};

}  // namespace baton::process
