// rtnetlink(7) for building a LAN: links, addresses, bridge ports. A RouteSocket works in the namespace it was opened
// in. The daemon has its own netlink (src/kernel); the lab must not lean on what it tests.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/ip_address.h"
#include "base/mac_address.h"
#include "base/sys_error.h"
#include "base/unique_fd.h"

namespace baton::lab {

enum class PortState : std::uint8_t { disabled = 0, forwarding = 3 };  // linux/if_bridge.h BR_STATE_*

struct HeldAddress {
  std::uint32_t interface = 0;
  IpPrefix address;
};

class RouteSocket {
 public:
  static SysResult<RouteSocket> open();

  SysResult<void> add_bridge(const std::string& name);
  // A cable: `name` here, `peer` in the network namespace `peer_namespace` (a descriptor).
  SysResult<void> add_cable(const std::string& name, const MacAddress& mac, const std::string& peer,
                            const MacAddress& peer_mac, int peer_namespace);
  SysResult<void> remove_link(const std::string& name);
  SysResult<void> plug_into(const std::string& port, const std::string& bridge);
  SysResult<void> unplug(const std::string& port);
  SysResult<void> set_up(const std::string& name, bool up);
  SysResult<void> set_port_state(const std::string& port, PortState state);

  SysResult<void> add_address(const std::string& interface, const IpPrefix& address);
  SysResult<void> remove_address(std::uint32_t interface, const IpPrefix& address);
  SysResult<std::vector<HeldAddress>> addresses();
  SysResult<void> add_on_link_route(const std::string& interface, const IpAddress& destination);

 private:
  class Message;
  explicit RouteSocket(UniqueFd fd) : fd_(std::move(fd)) {}
  SysResult<void> send(const std::string& what, Message& message);
  SysResult<std::uint32_t> index_of(const std::string& name);

  UniqueFd fd_;
  std::uint32_t sequence_ = 0;
};

// One RTM_NEWADDR or RTM_DELADDR.
struct AddressChange {
  std::uint32_t interface = 0;
  IpPrefix address;
  bool present = false;
};

// Hears of every address that comes or goes in the namespace it was opened in.
class AddressMonitor {
 public:
  static SysResult<AddressMonitor> open();
  // What there is to read now; at most a few hundred messages a call.
  std::vector<AddressChange> read();
  int fd() const { return fd_.get(); }

 private:
  explicit AddressMonitor(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
};

}  // namespace baton::lab
