// A table of balanced services: what a load balancer in the kernel has or is to have. Whose words these are:
// IPVS's, as linux/ip_vs.h numbers them where a number stands here; another data plane does with them what it
// can.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/ip_address.h"

namespace baton {

// What makes a service one: a mark that a firewall gave to packets, or address, port and protocol.
struct ServiceKey {
  Family family = Family::ipv4;
  std::uint32_t mark = 0;     // not 0: the rest is not used
  std::uint8_t protocol = 0;  // IPPROTO_TCP 6, IPPROTO_UDP 17, IPPROTO_SCTP 132
  IpAddress address;
  std::uint16_t port = 0;  // 0: every port

  static ServiceKey of_mark(std::uint32_t mark, Family family) {
    return {.family = family, .mark = mark, .protocol = 0, .address = {}, .port = 0};
  }
  static ServiceKey of_address(std::uint8_t protocol, const IpAddress& address, std::uint16_t port) {
    return {.family = address.family(), .mark = 0, .protocol = protocol, .address = address, .port = port};
  }

  auto operator<=>(const ServiceKey&) const = default;
  bool operator==(const ServiceKey&) const = default;
};
// "TCP 10.0.0.1:80", "TCP [fd00::1]:80", "FWM 3".
std::string to_string(const ServiceKey& key);

// IP_VS_SVC_F_*.
namespace service_flag {

inline constexpr std::uint32_t persistent = 0x0001;
inline constexpr std::uint32_t one_packet = 0x0004;
inline constexpr std::uint32_t scheduler_1 = 0x0008;
inline constexpr std::uint32_t scheduler_2 = 0x0010;
inline constexpr std::uint32_t scheduler_3 = 0x0020;
inline constexpr std::uint32_t ours = persistent | one_packet | scheduler_1 | scheduler_2 | scheduler_3;

}  // namespace service_flag

struct ServiceOptions {
  std::string scheduler;                  // "rr"
  std::uint32_t flags = 0;                // service_flag
  std::uint32_t persistence_seconds = 0;  // with service_flag::persistent
  std::uint8_t persistence_prefix = 32;   // clients of one prefix are one client; 32 and 128: each for itself
  std::string persistence_engine;         // "sip"; empty: none
  bool masquerade = false;                // real servers see the balancer's address; not IPVS's

  bool operator==(const ServiceOptions&) const = default;
};

struct DestinationKey {
  IpAddress address;
  std::uint16_t port = 0;

  auto operator<=>(const DestinationKey&) const = default;
  bool operator==(const DestinationKey&) const = default;
};
// "10.0.0.11:80", "[fd00::11]:80".
std::string to_string(const DestinationKey& key);

enum class ForwardMethod : std::uint8_t { masquerade = 0, local = 1, tunnel = 2, direct = 3 };  // IP_VS_CONN_F_*
enum class TunnelKind : std::uint8_t { ipip = 0, gue = 1, gre = 2 };        // IP_VS_CONN_F_TUNNEL_TYPE_*
enum class TunnelChecks : std::uint8_t { none = 0, full = 1, remote = 2 };  // IP_VS_TUNNEL_ENCAP_FLAG_*

struct Destination {
  ForwardMethod method = ForwardMethod::masquerade;
  TunnelKind tunnel = TunnelKind::ipip;  // with ForwardMethod::tunnel
  std::uint16_t tunnel_port = 0;         // of gue
  TunnelChecks tunnel_checks = TunnelChecks::none;
  std::int32_t weight = 1;            // 0: no new connections
  std::uint32_t upper_threshold = 0;  // connections; 0: none
  std::uint32_t lower_threshold = 0;

  bool operator==(const Destination&) const = default;
};

struct TableService {
  ServiceOptions options;
  std::map<DestinationKey, Destination> destinations;

  bool operator==(const TableService&) const = default;
};

using ServiceTable = std::map<ServiceKey, TableService>;

// What a real server got since it was put into the table. nullopt: this data plane does not count it.
struct ServerTraffic {
  std::optional<std::uint64_t> connections{};
  std::optional<std::uint64_t> active{};    // connections that are open now
  std::optional<std::uint64_t> inactive{};  // that are closing, or of UDP
  std::optional<std::uint64_t> packets_in{};
  std::optional<std::uint64_t> packets_out{};
  std::optional<std::uint64_t> bytes_in{};
  std::optional<std::uint64_t> bytes_out{};

  bool operator==(const ServerTraffic&) const = default;
};
// A server that serves under several keys: all of it.
ServerTraffic operator+(const ServerTraffic& one, const ServerTraffic& other);

using TrafficTable = std::map<ServiceKey, std::map<DestinationKey, ServerTraffic>>;

// A step from one table to another.
struct TableOperation {
  enum class Kind : std::uint8_t {
    add_service,
    change_service,
    remove_service,  // and its destinations
    add_destination,
    change_destination,
    remove_destination,
  };
  Kind kind = Kind::add_service;
  ServiceKey service;
  ServiceOptions options{};      // add_service, change_service
  DestinationKey destination{};  // the last three
  Destination settings{};        // add_destination, change_destination

  bool operator==(const TableOperation&) const = default;
};
using TableOperations = std::vector<TableOperation>;

// "add 10.0.0.11:80 to TCP 10.0.0.1:80".
std::string to_string(const TableOperation& operation);

}  // namespace baton
