// The runner of one machine: a track script at its interval, judged by the rules of the real one, and notify scripts in
// the real one's queue. How long a script takes is chance. Values in, values out; the world asks for next_timeout().
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "process/notify_queue.h"
#include "process/runner_protocol.h"
#include "process/script_verdict.h"
#include "sim/random.h"
#include "vrrp/action.h"

namespace baton::sim {

struct TrackScript {
  std::uint32_t rise = 1;
  std::uint32_t fall = 1;
  Duration interval = std::chrono::seconds(1);  // and how long a run may take
  bool operator==(const TrackScript&) const = default;
};

class Runner {
 public:
  Runner(const TrackScript& script, std::size_t routers, Instant now);

  // What the script finds from its next run on, and whether scripts hang.
  void set_service(bool up) { service_up_ = up; }
  void set_hanging(bool track, bool notify) {
    track_hangs_ = track;
    notify_hangs_ = notify;
  }
  // Whoever has hung until now is ended.
  void end_hanging(Instant now);
  static std::string key_of(vrrp::RouterId router) { return std::to_string(router); }
  // The worker says that a router is something else; numbers count on by one.
  void notify(vrrp::RouterId router, std::uint64_t number, Instant now, Random& random);
  void on_timeout(Instant now, Random& random);

  std::optional<Instant> next_timeout() const;
  std::optional<bool> verdict() const { return verdict_.is_up(); }
  // Of each router the last that its script was started for; nullopt: none.
  std::optional<std::uint64_t> last_started(vrrp::RouterId router) const { return started_[router].last; }
  // The scripts that have ended since this was asked last.
  std::vector<process::NotifyFinished> take_ended() { return std::exchange(ended_, {}); }
  std::size_t waiting() const { return queue_.waiting(); }
  // Empty, or what is wrong: a transition that no script was told of, or in the wrong order.
  const std::string& problem() const { return problem_; }

 private:
  struct Started {
    std::optional<std::uint64_t> last;
    std::uint64_t dropped = 0;  // since then
  };
  struct Running {
    process::NotifyFinished script;  // what will be said of it
    Instant ends_at;
    Instant patience_at;
    bool is_lingering = false;
  };
  void run_script(Instant now, Random& random);
  void start_waiting(Instant now, Random& random);
  void note_start(vrrp::RouterId router, std::uint64_t number);

  TrackScript script_;
  process::ScriptVerdict verdict_;
  process::NotifyQueue queue_;
  std::vector<Started> started_;  // by router
  std::vector<Running> running_;
  std::vector<process::NotifyFinished> ended_;
  Instant next_run_;
  std::optional<Instant> run_ends_;
  bool service_up_ = true;
  bool run_succeeds_ = true;
  bool track_hangs_ = false;
  bool notify_hangs_ = false;
  std::string problem_;
};

}  // namespace baton::sim
