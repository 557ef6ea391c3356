// The roles of load balancing, as the guardian keeps them: started when the configuration has virtual servers (the
// checker also when it has a vrrp_check, and then without a balancer), followed
// through reloads, ended in order. What the balancer knows is kept here, so that the next one goes on from it.
#pragma once

#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <set>

#include "daemon/balancer_role.h"
#include "daemon/check_board.h"
#include "daemon/checker_seat.h"
#include "daemon/data_plane.h"
#include "daemon/drain.h"
#include "daemon/ipvs_plane.h"
#include "daemon/options.h"
#include "daemon/services_status.h"
#include "daemon/side_role.h"
#include "kernel/process_settings.h"
#include "log/logger.h"
#include "loop/loop.h"
#include "process/runner.h"
#include "setup/balance_memory.h"

namespace baton::daemon {

// What a balancer does, and IPVS as it is opened to take off what one has left; a test has its own.
struct BalancingParts {
  std::function<int(BalancerStart start)> balancer = run_balancer;
  std::function<SysResult<std::unique_ptr<DataPlane>>()> ipvs = IpvsPlane::open;
};

class LoadBalancing {
 public:
  // `setup`: what holds now; it is asked at each start of a role. `runner`: gives the roles channels to itself.
  // `worker`: gets its end of a channel to each checker that starts, for what is tracked. `sessions`: a checker that
  // follows BFD sessions has started.
  LoadBalancing(
      loop::Loop& loop, log::Logger& log, const Options& options, log::Options log_options,
      std::function<const Setup&()> setup, SideRole& runner, std::function<void(kernel::Channel)> worker,
      std::function<void()> sessions = [] {}, BalancingParts parts = {});

  // The roles for the present setup. `before`: the configuration they ran with, whose states go on.
  void follow(const config::Configuration* before);
  // A new runner is there.
  void join_runner();
  // A new worker is there.
  void join_worker();
  // The checker's end of a channel to the BFD role, where it follows sessions.
  void hand_sessions(const kernel::Channel& channel) { checker_.hand_sessions(channel); }
  // An operator's order; the report is the answer to it.
  nlohmann::json drain(const DrainOrder& order);
  // What the api role shows, of the present setup.
  ServicesSource shown() const;
  // Services are taken off as the configuration has it; `ended` runs when that is done.
  void end(std::function<void()> ended);
  void kill();
  // In a role.
  void forget_secrets(setup::Secrets kept) { checker_.forget_secrets(kept); }
  // The last thing: what is ours in the kernel goes, if somebody was killed before it was gone.
  void take_off_rest();

 private:
  SideRole::Plan balancer_plan();
  void dismiss_balancer(const config::Configuration& before);
  void replace_balancer(const config::Configuration* before);
  void finish_clearing();
  void inherit(const config::Configuration& before);
  bool is_settled() const;
  bool is_other_plane() const;
  void take_off(const config::Configuration& configuration) const;
  void remove(PlaneKind served, const std::set<ServiceKey>& keys) const;
  SysResult<void> make_board(const setup::BalanceMemory& known);
  void join_checker();
  void hand_checker(const kernel::Channel& channel);

  log::Logger& log_;
  const Options& options_;
  log::Options log_options_;
  std::function<const Setup&()> setup_;
  SideRole& runner_;
  std::function<void(kernel::Channel)> worker_;
  BalancingParts parts_;
  kernel::SharedMemory board_memory_;
  CheckBoard board_;
  std::set<ServiceKey> inherited_;  // services of configurations before
  bool inherited_sync_ = false;     // lvs_sync_daemon of the one before; those of earlier ones have ended
  bool is_dismissed_ = false;       // the last balancer: no virtual servers were left
  bool has_started_ = false;
  // Of a balancer that takes its services off because the next one serves by the other.
  PlaneKind clearing_ = PlaneKind::none;
  std::optional<BalancerStart::Left> left_;  // while a balancer starts after another one
  SideRole balancer_;
  CheckerSeat checker_;
};

}  // namespace baton::daemon
