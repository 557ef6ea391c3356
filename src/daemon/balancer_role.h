// The balancer role: brings the kernel's table of services to what the balancer wants (balance/balancer.h). It has
// netlink and CAP_NET_ADMIN alone; verdicts come from the checker role, scripts and mails go to the runner. What serves
// in the kernel is a data plane (daemon/data_plane.h); where there is none it says so once and looks again now and
// then.
#pragma once

#include <cstdint>
#include <set>

#include "daemon/check_board.h"
#include "daemon/setup.h"
#include "kernel/channel.h"
#include "log/logger.h"
#include "setup/balance_memory.h"

namespace baton::daemon {

// What the guardian says to it: one byte, the first two with the descriptor of a channel.
inline constexpr std::uint8_t balancer_hears_runner = 'R';
inline constexpr std::uint8_t balancer_hears_checker = 'C';
inline constexpr std::uint8_t balancer_drains = 'D';  // the board says otherwise who is drained
inline constexpr std::uint8_t balancer_clears = 'X';  // another one goes on elsewhere: take the services off
// No virtual server is left: when the channel closes, what is ours goes and nothing else, whatever holds of a stop.
inline constexpr std::uint8_t balancer_is_dismissed = 'E';

struct BalancerStart {
  // What the balancer before this one had to do, and knew in the end: so what it left in the kernel, if all went well.
  struct Left {
    const config::Configuration* configuration = nullptr;
    setup::BalanceMemory memory;
    PlaneKind plane = PlaneKind::none;  // that served
  };

  const Setup& setup;
  CheckBoard board;
  const Left* left = nullptr;        // nullptr: nothing is known of it
  std::set<ServiceKey> inherited;    // services of a configuration before: ours to remove
  bool inherited_sync = false;       // so is a daemon of lvs_sync_daemon
  bool is_first = true;              // of the daemon's life: lvs_flush is carried out
  bool keeps_services = false;       // --dont-release-ipvs
  int first_network_namespace = -1;  // of the daemon; -1: it is there still
  log::Options log;
  kernel::Channel guardian;
};

// Whoever shall leave the kernel as it is, because another one goes on, is killed: what it knows stands on the board,
// and two that write do not get along. When the guardian closes its channel the services are taken off; where it was
// not dismissed before, the configuration or an option may say otherwise. Returns the exit status.
int run_balancer(BalancerStart start);

}  // namespace baton::daemon
