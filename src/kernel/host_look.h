// Looking at what is there, for whoever diagnoses: interfaces and bridges in more detail than the daemon needs, and the
// way a packet would take. Changes nothing, needs no privilege.
#pragma once

#include <optional>
#include <vector>

#include "kernel/netlink_socket.h"

namespace baton::kernel {

struct BridgeDetails {
  bool snoops = false;
  bool has_querier = false;
  bool hears_querier_v4 = false;
  bool hears_querier_v6 = false;
};
struct BridgePortDetails {
  bool is_forwarding = true;
  bool floods_multicast = true;
  bool is_isolated = false;
};
struct LinkDetails {
  Link link;
  bool has_multicast = false;  // IFF_MULTICAST
  bool is_loopback = false;
  std::optional<BridgeDetails> bridge;    // it is one
  std::optional<BridgePortDetails> port;  // of the bridge `link.master`
};

SysResult<std::vector<LinkDetails>> look_at_links();

// The interface that a packet to this address would leave by; nullopt: there is no route.
SysResult<std::optional<std::uint32_t>> interface_towards(const IpAddress& address);

}  // namespace baton::kernel
