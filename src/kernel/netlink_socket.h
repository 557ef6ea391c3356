// rtnetlink(7) as typed values: links, addresses, their changes, and batches that add and remove addresses. The bytes
// of netlink live in this room's .cpp files and nowhere else.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "base/ip_address.h"
#include "base/mac_address.h"
#include "base/sys_error.h"
#include "base/unique_fd.h"
#include "kernel/link_request.h"
#include "kernel/route_request.h"

namespace baton::kernel {

struct Link {
  std::uint32_t index = 0;
  std::string name;
  MacAddress mac;
  std::uint32_t mtu = 0;
  bool is_up = false;        // IFF_UP and IFF_RUNNING: administratively up, with carrier
  bool has_arp = true;       // not IFF_NOARP
  bool is_ethernet = true;   // ARPHRD_ETHER
  bool is_enabled = false;   // IFF_UP alone
  std::uint32_t base = 0;    // index of the interface it stands on (a macvlan's, a VLAN's); 0: none
  std::uint32_t master = 0;  // index of the bridge, bond or VRF it belongs to; 0: none
  std::uint32_t group = 0;
  std::string kind;             // "macvlan", "veth", "vrf"; empty: a device of its own
  std::uint32_t vrf_table = 0;  // of a VRF

  bool operator==(const Link&) const = default;
};

// An address on an interface, with what the kernel is told when it is added.
struct InterfaceAddress {
  std::uint32_t interface_index = 0;
  IpPrefix address;
  std::uint8_t scope = 0;                          // rtnetlink(7): 0 global, 253 link, 254 host
  std::string label;                               // IPv4
  std::optional<IpAddress> broadcast;              // IPv4
  std::optional<IpAddress> peer;                   // point-to-point
  std::uint32_t flags = 0;                         // IFA_F_*
  std::optional<std::uint32_t> preferred_seconds;  // nullopt: for ever

  bool operator==(const InterfaceAddress&) const = default;
};

// IFA_F_*, as <linux/if_addr.h> numbers them.
namespace address_flag {

inline constexpr std::uint32_t no_duplicate_detection = 0x02;
inline constexpr std::uint32_t optimistic = 0x04;
inline constexpr std::uint32_t duplicate = 0x08;  // IFA_F_DADFAILED
inline constexpr std::uint32_t home = 0x10;
inline constexpr std::uint32_t deprecated = 0x20;
inline constexpr std::uint32_t tentative = 0x40;
inline constexpr std::uint32_t manage_temporary = 0x100;
inline constexpr std::uint32_t no_prefix_route = 0x200;
inline constexpr std::uint32_t auto_join = 0x400;

}  // namespace address_flag

struct LinkChange {
  Link link;
  bool removed = false;
};
struct AddressChange {
  InterfaceAddress address;
  bool removed = false;
};
using Change = std::variant<LinkChange, AddressChange, RouteChange, RuleChange>;

struct AddressRequest {
  enum class Operation : std::uint8_t { add, remove };
  Operation operation = Operation::add;
  InterfaceAddress address;
};

// A request that the kernel refused. Adding what is there and removing what is not there count as done.
struct RefusedRequest {
  std::size_t index = 0;  // in the batch
  int code = 0;           // errno
};

class NetlinkSocket {
 public:
  // A monitor is subscribed to links and addresses of both families, and only read. Dumps and batches go over a socket
  // for requests: opened after the monitor, its dump and the changes that follow leave nothing out.
  enum class Purpose : std::uint8_t { requests, monitor };
  static SysResult<NetlinkSocket> open(Purpose purpose);

  int fd() const { return fd_.get(); }

  // A monitor hears of routes and rules as well: of those of these protocols (at most 64) that are removed, and of any
  // that takes the place of another. What else a routing daemon does is thrown away in the kernel.
  SysResult<void> watch_routing(std::span<const std::uint8_t> protocols);

  // EBUSY: the kernel's lists changed under every one of a few tries.
  SysResult<std::vector<Link>> dump_links();
  // From now on a disturbed dump, which may lack something, is taken rather than none.
  void accept_gaps() { accepts_gaps_ = true; }
  SysResult<std::vector<InterfaceAddress>> dump_addresses();

  // Carries the batch out in order; returns when the kernel has done all of it. Only errors and the last message are
  // acknowledged, so that any number fits the receive buffer.
  SysResult<std::vector<RefusedRequest>> carry_out(std::span<const AddressRequest> requests);

  // The same for routes, whose interfaces must be in the table, and for rules.
  SysResult<std::vector<RefusedRequest>> carry_out(std::span<const RouteRequest> requests,
                                                   const InterfaceTable& interfaces);
  SysResult<std::vector<RefusedRequest>> carry_out(std::span<const RuleRequest> requests);

  // The same for interfaces. Nothing counts as done already but the removal of what is not there.
  SysResult<std::vector<RefusedRequest>> carry_out(std::span<const LinkRequest> requests);

  // What has happened since the last call, at most a bounded batch. nullopt: the kernel dropped some, dump again.
  SysResult<std::optional<std::vector<Change>>> read_changes();
  // The kernel has told nothing yet that was not read.
  bool is_read_empty() const;

 private:
  NetlinkSocket(UniqueFd fd, Purpose purpose) : fd_(std::move(fd)), purpose_(purpose) {}

  UniqueFd fd_;
  Purpose purpose_;
  std::uint32_t sequence_ = 0;
  bool accepts_gaps_ = false;
};

}  // namespace baton::kernel
