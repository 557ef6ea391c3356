// Brings routes and rules to the kernel in chunks that delay no advert. Who leaves takes rules, then routes off before
// its addresses; who comes puts routes, then rules behind them.
#pragma once

#include <optional>
#include <vector>

#include "base/time.h"
#include "daemon/routing_plan.h"
#include "kernel/interface_table.h"
#include "kernel/netlink_socket.h"
#include "log/logger.h"

namespace baton::daemon {

class RoutingCarrier {
 public:
  RoutingCarrier(RoutingPlan& plan, const kernel::InterfaceTable& interfaces, log::Logger& log)
      : plan_(plan), interfaces_(interfaces), log_(log) {}

  // One chunk of what is to go; true when nothing is left of it, or netlink cannot be reached before retry_at().
  bool remove_some(kernel::NetlinkSocket& socket);
  // The same of what is to come.
  bool add_some(kernel::NetlinkSocket& socket);
  std::optional<Instant> retry_at() const { return retry_at_; }
  std::size_t removed() const { return removed_; }

 private:
  bool must_wait();
  template <typename Request, typename Send>
  bool carry_out(const std::vector<Request>& requests, Send&& send);

  RoutingPlan& plan_;
  const kernel::InterfaceTable& interfaces_;
  log::Logger& log_;
  std::size_t requests_a_turn_ = 32;
  std::optional<Instant> retry_at_;
  std::size_t removed_ = 0;
};

}  // namespace baton::daemon
