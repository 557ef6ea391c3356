// Load balancing as a configuration has it: virtual_server with its real servers, virtual_server_group, the lvs_* words
// of global_defs. Everything is settled: what a real server does not say stands in it as its virtual server says it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip_address.h"
#include "base/rarely.h"
#include "base/time.h"
#include "config/command.h"
#include "config/health_check.h"
#include "config/source_place.h"

namespace baton::config {

enum class Transport : std::uint8_t { tcp, udp, sctp };

// lvs_sched (lb_algo), as the kernel names them.
enum class Scheduler : std::uint8_t { rr, wrr, lc, wlc, lblc, lblcr, sh, mh, dh, fo, ovf, sed, nq, twos };
std::string_view name(Scheduler scheduler);

enum class TunnelType : std::uint8_t { ipip, gue, gre };
enum class TunnelChecksum : std::uint8_t { unset, none, full, remote };  // nocsum, csum, remcsum

// lvs_method (lb_kind): how a packet reaches a real server.
struct Forwarding {
  enum class Method : std::uint8_t { nat, direct, tunnel };  // NAT, DR, TUN

  Method method = Method::nat;
  TunnelType tunnel = TunnelType::ipip;
  std::uint16_t tunnel_port = 0;  // of gue
  TunnelChecksum checksum = TunnelChecksum::unset;

  bool operator==(const Forwarding&) const = default;
};

// real_server.
struct RealServer {
  IpAddress address;
  std::uint16_t port = 0;
  Forwarding forwarding;
  std::int32_t weight = 1;            // 0..2147483647
  std::uint32_t upper_threshold = 0;  // uthreshold, connections; 0: none
  std::uint32_t lower_threshold = 0;  // lthreshold
  bool inhibit_on_failure = false;
  bool alpha = false;  // down until its checks say otherwise
  Rarely<Command> notify_up;
  Rarely<Command> notify_down;
  bool smtp_alert = true;
  std::string virtualhost;
  std::string snmp_name;
  std::vector<HealthCheck> checks;  // numbered through the configuration, in this order (daemon/check_verdict.h)
  Place place;

  bool operator==(const RealServer&) const = default;
};

// sorry_server: serves while there is no quorum.
struct SorryServer {
  IpAddress address;
  std::uint16_t port = 0;
  Forwarding forwarding;
  bool inhibit = false;  // sorry_server_inhibit: weight 0 instead of removal while it is not needed

  bool operator==(const SorryServer&) const = default;
};

// A line of virtual_server_group: addresses that follow each other, or packets with a mark.
struct GroupEntry {
  IpAddress first;
  std::uint32_t count = 1;  // of addresses, from `first` on
  std::uint16_t port = 0;
  std::uint32_t mark = 0;        // a firewall mark instead, where it is not 0
  std::optional<Family> family;  // of a mark, where it is said

  bool operator==(const GroupEntry&) const = default;
};

struct VirtualServerGroup {
  std::string name;
  std::vector<GroupEntry> entries;
  Place place;

  bool operator==(const VirtualServerGroup&) const = default;
};

// Scheduler flags as IPVS numbers them (IP_VS_SVC_F_SCHED1..3): sh-fallback, mh-fallback: 1; sh-port, mh-port: 2.
struct SchedulerFlags {
  bool first = false;
  bool second = false;
  bool third = false;

  bool operator==(const SchedulerFlags&) const = default;
};

// virtual_server.
struct VirtualServer {
  std::string name;                 // unique: "10.0.0.1 80 TCP", "fwmark 3", "group G UDP"
  std::string group;                // one of Configuration::virtual_server_groups; empty: the one entry of `entries`
  std::vector<GroupEntry> entries;  // what it serves, never empty
  Transport transport = Transport::udp;
  Family family = Family::ipv4;  // of its addresses; of marks what ip_family or the real servers say
  Scheduler scheduler = Scheduler::wlc;
  SchedulerFlags flags;
  bool one_packet = false;  // ops, with UDP
  bool masquerade = false;  // lb_masquerade: real servers see our address
  Forwarding forwarding;
  std::uint32_t persistence_seconds = 0;  // 0: none; at most 2678400
  std::uint8_t persistence_prefix = 0;    // persistence_granularity as a prefix length; 0: each client for itself
  std::string persistence_engine;
  bool ha_suspend = false;
  bool alpha = false;
  bool omega = false;  // scripts run at the stop as well
  std::uint32_t quorum = 1;
  std::uint32_t hysteresis = 0;  // below the quorum
  Duration slow_start{};         // a real server that comes back has its whole weight after so long
  Rarely<Command> quorum_up;
  Rarely<Command> quorum_down;
  bool smtp_alert = false;
  std::string virtualhost;
  std::string snmp_name;
  Rarely<SorryServer> sorry_server;
  std::vector<RealServer> real_servers;
  Place place;

  bool operator==(const VirtualServer&) const = default;
};

// lvs_timeouts, in seconds; nullopt: the kernel's stay as they are.
struct IpvsTimeouts {
  std::optional<std::uint32_t> tcp;
  std::optional<std::uint32_t> tcp_fin;
  std::optional<std::uint32_t> udp;

  bool operator==(const IpvsTimeouts&) const = default;
};

// lvs_sync_daemon: connections are told to other directors.
struct IpvsSyncDaemon {
  std::string interface;
  std::string instance;            // whose state it follows; empty: none, it runs as both
  std::optional<std::uint8_t> id;  // syncid; nullopt: the instance's VRID, or 0
  std::uint16_t most_bytes = 0;    // maxlen; 0: the kernel's
  std::uint16_t port = 0;          // 0: the kernel's, 8848
  std::uint8_t ttl = 0;            // 0: the kernel's, 1
  std::optional<IpAddress> group;  // nullopt: the kernel's, 224.0.0.81

  bool operator==(const IpvsSyncDaemon&) const = default;
};

// lvs_flush_on_stop: which services go when Baton stops. With the word VS it is as without the keyword: keepalived
// takes its services off whole then, and real server by real server else.
enum class FlushOnStop : std::uint8_t { own, everything };

// lb_plane: what serves virtual servers in the kernel. automatic: IPVS where the kernel has it, else nftables.
enum class PlaneChoice : std::uint8_t { automatic, ipvs, nftables };
std::string_view name(PlaneChoice choice);

// The lvs_* words of global_defs, and lb_plane.
struct Ipvs {
  PlaneChoice plane = PlaneChoice::automatic;
  bool flush = false;  // lvs_flush: everything, at the start
  FlushOnStop flush_on_stop = FlushOnStop::own;
  IpvsTimeouts timeouts;
  std::optional<IpvsSyncDaemon> sync_daemon;
  bool tells_first_states = false;  // rs_init_notifies: also that a real server is up as it begins
  // net_namespace_ipvs: where the services are; empty: where the daemon was started. nullopt: where it is
  std::optional<std::string> net_namespace;

  bool operator==(const Ipvs&) const = default;
};

}  // namespace baton::config
