// The machine that the routers live on, as the kernel has it and as they want it: interfaces, addresses, routes and
// rules. Hears of every change, says which of them matter, and carries out the difference. Knows nothing of adverts and
// timers.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "daemon/address_carrier.h"
#include "daemon/address_plan.h"
#include "daemon/interests.h"
#include "daemon/routing_carrier.h"
#include "daemon/routing_plan.h"
#include "daemon/setup.h"
#include "daemon/virtual_interfaces.h"
#include "kernel/interface_table.h"
#include "kernel/netlink_socket.h"
#include "log/logger.h"
#include "log/rate_limit.h"
#include "loop/loop.h"

namespace baton::daemon {

class Host {
 public:
  struct Handlers {
    std::function<void()> on_change;  // links, or addresses that adverts leave with: look at everything that follows
    std::function<void(std::uint32_t index)> on_interface_gone;
    std::function<void()> on_places;  // the virtual addresses may be on other interfaces now
    // Somebody keeps removing it; it is put back after this time.
    std::function<void(vrrp::RouterId, const IpAddress&, Duration)> on_address_held;
  };
  // What configurations before this one may have left.
  struct Leftovers {
    std::span<const config::VirtualAddress> addresses;
    const RoutingLeftovers& routing;
    std::span<const VirtualInterfaceSetup> interfaces;
  };
  Host(const Setup& setup, const std::string& settings_record, loop::Loop& loop, log::Logger& log, Handlers handlers);

  // Listens from now on, and looks at all there is.
  SysResult<void> open();
  // While another worker is at work on this machine: hears nothing until catch_up() brings what has changed since
  // open().
  void pause() { monitor_readable_.reset(); }
  SysResult<void> catch_up();
  // The first plan, which changes nothing yet; on_places and on_change are left to the caller.
  void plan(const Leftovers& leftovers);
  // Takes away the interfaces that nobody wants any more and that are in the way; settle() takes the others away, one
  // by one. Before the first plan, where there are any.
  void begin(const Leftovers& leftovers);
  // Addresses that are there, and that the first plan has found to be configured otherwise now.
  void remove_changed();
  // Makes the interfaces that the routers stand on. Before sockets are opened.
  void follow_virtual_interfaces();

  const kernel::InterfaceTable& interfaces() const { return interfaces_; }
  const AddressPlan& addresses() const { return plan_; }
  const RoutingPlan& routing() const { return routing_; }
  // What the configuration wants beside its addresses cannot be had.
  bool lacks_something(vrrp::RouterId router) const {
    return routing_.lacks_static(router) || virtual_interfaces_.have_failed(router);
  }
  bool is_present(const config::VirtualAddress& address) const;

  void set_holding(vrrp::RouterId router, bool holds);
  // One chunk towards what is wanted, done before the next advert is due.
  AddressState settle(std::optional<Instant> next_advert, Instant now);
  bool has_refused() const { return carrier_.has_refused(); }
  bool has_leftovers() const { return virtual_interfaces_.have_leftovers(); }  // interfaces, still
  // Once all is settled: the routers whose addresses are back, which somebody had removed.
  std::vector<vrrp::RouterId> take_restored();
  // The static entries go, and then the interfaces that were made. False: not yet, another turn.
  bool leave();

 private:
  SysResult<void> watch();
  SysResult<void> dump();
  void watch_routing();
  void look_at_everything();
  void follow_interfaces();
  void on_changes();
  void on_address_change(const kernel::AddressChange& change);
  void look_for_thefts();
  void say(log::Level level, const std::string& text);
  AddressState carry_some(std::optional<Instant> next_advert);
  Instant remove_leftover(std::optional<Instant> next_advert, Instant now);

  const Setup& setup_;
  loop::Loop& loop_;
  log::Logger& log_;
  log::RateLimit told_{std::chrono::seconds(10), 64};
  Handlers handlers_;
  Interests interests_{setup_};
  std::optional<kernel::NetlinkSocket> requests_;
  std::optional<kernel::NetlinkSocket> monitor_;
  loop::Subscription monitor_readable_;
  kernel::InterfaceTable interfaces_;
  VirtualInterfaces virtual_interfaces_;
  AddressPlan plan_{setup_};
  AddressCarrier carrier_{plan_, interfaces_, log_, loop_};
  RoutingPlan routing_{setup_};
  RoutingCarrier routing_carrier_{routing_, interfaces_, log_};
  std::vector<vrrp::RouterId> restored_;           // lost an address to somebody; told when it is back
  loop::Timer look_timer_;                         // interfaces could not be read: again
  loop::Timer again_timer_;                        // the kernel is told again, or an address is put back
  std::vector<kernel::InterfaceAddress> changed_;  // there, and configured otherwise now
  Instant next_removal_{};                         // of a leftover interface: not before
  bool planned_ = false;
};

}  // namespace baton::daemon
