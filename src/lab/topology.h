// From the configurations of all nodes to the LAN that must be built for them: which interfaces are on one switch,
// which addresses the nodes have of their own, which virtual addresses a client can ask for, who should hold them.
// PURE.
#pragma once

#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "base/ip_address.h"
#include "base/mac_address.h"
#include "config/model.h"
#include "lab/node_names.h"

namespace baton::lab {

using NodeId = std::size_t;
using LanId = std::size_t;
using TargetId = std::size_t;

// What a lab cannot do with these files, and what to do about it. Both are sentences without a full stop.
struct LabError {
  std::string message;
  std::string mend;
};
std::string to_string(const LabError& error);

struct NodeInput {
  std::string name;  // host name; node_names() makes them
  config::Configuration configuration;
};

struct InterfacePlan {
  std::string name;
  LanId lan = 0;
  MacAddress mac{};
  std::vector<IpPrefix> addresses{};
};

// A script that the node tracks. When a fatal one fails (weight 0) the node takes no address.
struct Check {
  std::string name;
  std::vector<std::string> arguments;
  Duration timeout{};
  bool is_fatal = false;
};

struct NodePlan {
  std::string name;
  std::vector<InterfacePlan> interfaces;
  std::vector<Check> checks{};
};

struct LanPlan {
  std::vector<IpPrefix> client_addresses;
  std::vector<IpAddress> off_link;  // virtual addresses outside the client's prefixes
  MacAddress client_mac;
};

// One node's part in a virtual router.
struct Contender {
  NodeId node = 0;
  std::string instance;
  std::string interface;
  int priority = 0;  // everything it tracks being well
  IpAddress source;  // of its adverts; unspecified when not known (IPv6 link-local)
  bool preempt = true;
};

// A virtual address that is watched: the first of each virtual router.
struct Target {
  IpAddress address;
  LanId lan = 0;
  std::uint8_t vrid = 0;
  std::uint8_t version = 2;
  Family family = Family::ipv4;
  Duration advert_interval{};
  unsigned down_timer_adverts = 3;
  Duration preempt_delay{};
  Duration startup_delay{};
  Duration detection{};  // until a failure is seen by the slowest tracked script that answers at once; zero: no script
  bool check_is_fault = false;          // a failing script means FAULT (weight 0), not a lower priority
  std::vector<Contender> contenders{};  // best first
};

struct Topology {
  std::vector<NodePlan> nodes;
  std::vector<LanPlan> lans;
  std::vector<Target> targets;
};

std::expected<Topology, LabError> plan_topology(const std::vector<NodeInput>& nodes);

namespace limits {

inline constexpr std::size_t nodes = 32;
inline constexpr std::size_t targets = 16;     // watched virtual routers; further ones run unwatched
inline constexpr std::size_t interfaces = 64;  // of one node

}  // namespace limits

}  // namespace baton::lab
