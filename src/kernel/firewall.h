// The nftables tables of Baton (families ip and ip6, one name): packets to addresses that are not to be accepted are
// dropped, and what the kernel itself says on a router's macvlan is kept from moving the virtual MAC address.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/ip_address.h"
#include "base/sys_error.h"

namespace baton::kernel {

struct FirewallRules {
  // Dropped when received for it, and when sent from it.
  struct LinkLocal {
    IpAddress address;
    std::string interface;
    std::uint32_t index = 0;  // with `by_index`
    bool operator==(const LinkLocal&) const = default;
  };
  // A router's macvlan. Group membership reports of the kernel leave through its base instead, and router solicitations
  // not at all: a frame with the virtual MAC address would make switches believe that this node is MASTER.
  struct Macvlan {
    std::string interface;
    std::uint32_t base_index = 0;
    bool carries_v6 = false;
    bool operator==(const Macvlan&) const = default;
  };

  std::string table;
  std::int32_t priority = -1;  // of the base chains
  bool counters = false;
  bool by_index = false;
  std::vector<IpAddress> refused;  // IPv6: none that is link-local
  std::vector<LinkLocal> refused_link_local;
  std::vector<Macvlan> macvlans;

  bool is_empty() const { return refused.empty() && refused_link_local.empty() && macvlans.empty(); }
  bool operator==(const FirewallRules&) const = default;
};

// Puts these in the place of whatever the table of that name holds, between two packets. May wait for others who change
// rules on this machine: nothing for a process that must be in time.
SysResult<void> install_firewall(const FirewallRules& rules);
// What is not there is removed already.
SysResult<void> remove_firewall(const std::string& table);

}  // namespace baton::kernel
