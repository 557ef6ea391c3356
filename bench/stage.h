// Two servers with many cables between them, for configurations of thousands of instances: VRIDs repeat from cable to
// cable. Nobody else is there, and nothing probes: what is measured is the daemon alone.
//
//   here ══ lan0 .. lan15 ══ there        10.<lan>.0.1 and .2, virtual addresses 10.<lan>.1.<vrid>
#pragma once

#include <array>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "lab/lab.h"
#include "lab/machine.h"
#include "lab/process_tree.h"
#include "lab/reactor.h"

namespace baton::bench {

using lab::Daemon;

enum class Side : std::uint8_t { here, there };

struct Scale {
  std::size_t instances = 1;
  Duration interval{};
};

// The time the protocol gives a backup of this priority.
Duration skew_time(const Scale& scale, int priority);
Duration master_down_interval(const Scale& scale, int priority);

std::string configuration(const Scale& scale, int priority, bool has_one_more_address = false);

class Stage {
 public:
  static SysResult<std::unique_ptr<Stage>> build(Daemon daemon, std::string batond);

  SysResult<void> start(Side side, const std::string& configuration);
  SysResult<void> rewrite(Side side, const std::string& configuration);
  // To its main process, or to all at once.
  void signal(Side side, int number);
  void signal_all(Side side, int number);
  bool runs(Side side) const { return !at(side).ended; }
  Instant ended_at(Side side) const { return at(side).ended.value_or(Instant{}); }
  std::vector<pid_t> processes(Side side, lab::Role role) const;

  bool wait_until(const std::function<bool()>& condition, Duration bound);
  void run_for(Duration time);
  lab::Reactor& reactor() { return reactor_; }
  lab::Machine& machine(Side side) { return *at(side).machine; }

  // Virtual addresses that are there, and when the last of them came or went.
  std::size_t addresses(Side side) const { return at(side).addresses.size(); }
  Instant last_address_change(Side side) const { return at(side).last_change; }

 private:
  struct Place {
    std::optional<lab::Machine> machine;
    std::optional<lab::AddressMonitor> monitor;
    pid_t daemon = 0;
    UniqueFd process;  // pidfd
    std::optional<Instant> ended;
    UniqueFd output;
    std::set<std::pair<std::uint32_t, IpAddress>> addresses;
    Instant last_change{};
  };
  Stage(Daemon daemon, std::string batond) : daemon_(daemon), batond_(std::move(batond)) {}
  SysResult<void> lay_cables();
  void watch_addresses(Place& place);
  SysResult<void> watch_daemon(Place& place);
  Place& at(Side side) { return places_[static_cast<std::size_t>(side)]; }
  const Place& at(Side side) const { return places_[static_cast<std::size_t>(side)]; }

  Daemon daemon_;
  std::string batond_;
  lab::Reactor reactor_;
  std::array<Place, 2> places_;
};

}  // namespace baton::bench
