// The balancer's tables of nftables (families ip and ip6, one name): services are chains that a map of verdicts finds
// by protocol, address and port, so that one changes and the others are not touched; each real server has a chain that
// counts. Every change is one transaction between two packets.
//
// A connection to a service is looked at once: its real server stands in conntrack then, which translates its packets
// both ways, whatever becomes of the rules. Services whose servers answer clients directly have no conntrack: their
// packets are routed by way of the server, address unchanged, and sets keep which server has a connection.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/server_selection.h"
#include "base/service_table.h"
#include "base/sys_error.h"
#include "base/unique_fd.h"

namespace baton::kernel {

inline constexpr const char* balance_table = "baton_balance";

// How long a direct connection is remembered after its last packet, in seconds.
struct DirectTimeouts {
  std::uint32_t tcp = 900;
  std::uint32_t tcp_fin = 120;
  std::uint32_t udp = 300;

  bool operator==(const DirectTimeouts&) const = default;
};

class NftBalance {
 public:
  // EOPNOTSUPP: this kernel has no nf_tables.
  static SysResult<NftBalance> open();
  static SysResult<void> remove_table();  // of whoever made it; what is not there is removed already

  // What the tables say. Of a table that cannot be read there is nothing, and the next change() replaces it.
  SysResult<ServiceTable> dump();

  struct Change {
    ServiceKey key;
    const TableService* before = nullptr;  // nullptr: it was not there
    const TableService* after = nullptr;   // nullptr: it goes. All its destinations are direct, or all masqueraded
    ServerSelection selection{};           // of `after`
  };
  // All of it or nothing.
  SysResult<void> change(std::span<const Change> changes);
  SysResult<void> flush();
  void set_timeouts(const DirectTimeouts& timeouts) { timeouts_ = timeouts; }
  // Somebody else changed them: dump() finds nothing, and the next change() puts new tables in their place.
  void distrust();

  // Since each server was put there: how many connections, or, of a direct server, packets and bytes from clients.
  SysResult<TrafficTable> traffic();

  // Of the socket by which it changes things: who hears of changes knows by it which are not ours.
  std::uint32_t port() const { return port_; }

 private:
  SysResult<TrafficTable> traffic_once();
  struct Known {
    std::uint32_t number = 0;
    bool is_direct = false;
    std::map<DestinationKey, std::uint32_t> servers{};
  };
  struct FamilyState {
    bool has_table = false;
    bool has_masquerading = false;  // base chains and their maps
    bool has_direct = false;
    bool must_be_replaced = false;
    std::uint32_t last_number = 0;
    std::map<ServiceKey, Known> services;
  };
  class Transaction;

  NftBalance(UniqueFd fd, std::uint32_t port) : fd_(std::move(fd)), port_(port) {}
  SysResult<void> read(Family family, ServiceTable& table);
  SysResult<void> read_chains(Family family, FamilyState& state, ServiceTable& table);
  SysResult<void> read_settings(Family family, FamilyState& state, ServiceTable& table);
  FamilyState& state(Family family) { return family == Family::ipv4 ? v4_ : v6_; }

  UniqueFd fd_;
  std::uint32_t port_ = 0;
  std::uint32_t sequence_ = 0;
  DirectTimeouts timeouts_;
  FamilyState v4_;
  FamilyState v6_;
};

namespace limits {

// Of a server, in the kernel's memory, about 100 bytes each. Beyond them clients are not kept at a server; a direct
// connection neither, which is its end unless the scheduler is a hash.
inline constexpr std::uint32_t persistent_clients = 262'144;
inline constexpr std::uint32_t direct_connections = 524'288;

}  // namespace limits

}  // namespace baton::kernel
