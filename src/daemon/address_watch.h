// Which addresses this host has, and when one comes or goes: for roles that have no part in VRRP and follow whoever
// holds an address, be it Baton, another daemon or a person.
#pragma once

#include <functional>
#include <optional>
#include <set>

#include "base/ip_address.h"
#include "base/sys_error.h"
#include "kernel/interface_table.h"
#include "kernel/netlink_socket.h"
#include "loop/loop.h"

namespace baton::daemon {

class AddressWatch {
 public:
  // `changed` runs when some have come or gone, once for as many as the kernel tells together.
  AddressWatch(loop::Loop& loop, std::function<void()> changed) : loop_(loop), changed_(std::move(changed)) {}

  SysResult<void> open();
  // On any interface, and usable there (InterfaceTable::is_usable).
  bool has(const IpAddress& address) const { return usable_.contains(address); }

 private:
  void on_changes();
  void catch_up();
  SysResult<void> read_all();

  loop::Loop& loop_;
  std::function<void()> changed_;
  std::optional<kernel::NetlinkSocket> monitor_;
  std::optional<kernel::NetlinkSocket> requests_;
  kernel::InterfaceTable table_;
  std::set<IpAddress> usable_;
  bool misses_some_ = false;  // changes that the kernel dropped
  loop::Subscription readable_;
  loop::Timer again_{loop_.timer([this] { catch_up(); })};
};

}  // namespace baton::daemon
