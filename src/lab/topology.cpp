#include "lab/topology.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <numeric>
#include <set>
#include <tuple>

#include <fmt/format.h>

#include "base/result.h"

namespace baton::lab {
namespace {

constexpr std::uint8_t lan_length_v4 = 24;  // where nothing else is said
constexpr std::uint8_t lan_length_v6 = 64;

// std::ranges::contains, which libstdc++ 12 has not yet.
template <typename Range, typename Value, typename Projection = std::identity>
bool has(const Range& range, const Value& value, Projection projection = {}) {
  return std::ranges::find(range, value, projection) != std::ranges::end(range);
}

using config::Configuration;
using config::Instance;

// What the files say about one LAN.
struct LanFacts {
  std::vector<IpPrefix> prefixes;  // of nodes and clients; the first of a family is the one to take addresses from
  std::set<IpAddress> taken;
  std::vector<IpAddress> virtual_addresses;
};

class Planner {
 public:
  explicit Planner(const std::vector<NodeInput>& nodes) : nodes_(nodes) {}

  std::expected<Topology, LabError> plan() {
    TRY_VOID(list_interfaces());
    join_lans();
    collect_facts();
    for (NodeId node = 0; node < nodes_.size(); ++node) TRY_VOID(address_node(node));
    plan_clients();
    plan_targets();
    if (topology_.targets.empty()) {
      return std::unexpected(LabError{"no vrrp_instance with a virtual address in these files",
                                      "give at least one vrrp_instance with virtual_ipaddress"});
    }
    return std::move(topology_);
  }

 private:
  std::expected<void, LabError> list_interfaces();
  void add_interface(NodeId node, const std::string& name);
  void join_lans();
  void collect_facts();
  std::expected<void, LabError> address_node(NodeId node);
  std::optional<IpAddress> source_of(NodeId node, const Instance& instance);
  IpAddress free_address(LanFacts& lan, const IpPrefix& prefix, unsigned wish);
  void plan_clients();
  void plan_targets();
  void add_contender(Target& target, NodeId node, const Instance& instance);

  std::string interface_of(NodeId node, const Instance& instance) const;
  InterfacePlan& interface(NodeId node, const std::string& name);
  LanId lan_of(NodeId node, const std::string& interface_name) { return interface(node, interface_name).lan; }

  const std::vector<NodeInput>& nodes_;
  Topology topology_;
  std::vector<LanFacts> facts_;
};

std::string Planner::interface_of(NodeId node, const Instance& instance) const {
  return instance.interface.empty() ? nodes_[node].configuration.globals.default_interface : instance.interface;
}

InterfacePlan& Planner::interface(NodeId node, const std::string& name) {
  auto& interfaces = topology_.nodes[node].interfaces;
  return *std::ranges::find(interfaces, name, &InterfacePlan::name);
}

void Planner::add_interface(NodeId node, const std::string& name) {
  auto& interfaces = topology_.nodes[node].interfaces;
  if (name.empty() || name == "lo" || has(interfaces, name, &InterfacePlan::name)) return;
  interfaces.push_back({.name = name});
}

std::expected<void, LabError> Planner::list_interfaces() {
  for (NodeId node = 0; node < nodes_.size(); ++node) {
    topology_.nodes.push_back({.name = nodes_[node].name, .interfaces = {}});
    const Configuration& configuration = nodes_[node].configuration;
    for (const Instance& instance : configuration.instances) {
      add_interface(node, interface_of(node, instance));
      for (const auto& address : instance.addresses) add_interface(node, address.device);
      for (const auto& address : instance.excluded_addresses) add_interface(node, address.device);
      for (const auto& tracked : instance.trackers.interfaces) add_interface(node, tracked.name);
    }
    for (const auto& group : configuration.groups) {
      for (const auto& tracked : group.trackers.interfaces) add_interface(node, tracked.name);
    }
    for (const auto& address : configuration.static_addresses) add_interface(node, address.device);
    auto& interfaces = topology_.nodes[node].interfaces;
    if (interfaces.size() > limits::interfaces) {
      return std::unexpected(LabError{fmt::format("{} names {} interfaces, the lab builds {} a node", nodes_[node].name,
                                                  interfaces.size(), limits::interfaces),
                                      "try it with fewer instances"});
    }
    constexpr std::size_t longest_name = 15;  // IFNAMSIZ - 1
    for (const InterfacePlan& plan : interfaces) {
      if (plan.name.size() <= longest_name) continue;
      return std::unexpected(
          LabError{fmt::format("{}: no interface can have the name '{}'", nodes_[node].name, plan.name),
                   "Linux allows 15 characters"});
    }
  }
  return {};
}

// Two interfaces are on one switch when they carry the same virtual router, or have the same name on two nodes.
void Planner::join_lans() {
  std::map<std::pair<NodeId, std::string>, std::size_t> index;
  for (NodeId node = 0; node < topology_.nodes.size(); ++node) {
    for (const InterfacePlan& plan : topology_.nodes[node].interfaces)
      index.emplace(std::pair(node, plan.name), index.size());
  }
  std::vector<std::size_t> parent(index.size());
  std::iota(parent.begin(), parent.end(), 0);
  const auto root = [&](std::size_t at) {
    while (parent[at] != at) at = parent[at];
    return at;
  };
  std::map<std::string, std::size_t> by_key;
  const auto join = [&](const std::string& key, std::size_t at) {
    const auto [entry, is_new] = by_key.emplace(key, at);
    if (!is_new) parent[root(at)] = root(entry->second);
  };
  std::set<std::pair<NodeId, std::string>> carries_router;
  for (NodeId node = 0; node < nodes_.size(); ++node) {
    for (const Instance& instance : nodes_[node].configuration.instances) {
      if (instance.addresses.empty()) continue;
      const std::string name = interface_of(node, instance);
      if (name == "lo") continue;
      carries_router.emplace(node, name);
      join(fmt::format("router {} {}", instance.vrid, to_string(instance.addresses.front().address.address)),
           index.at({node, name}));
    }
  }
  // A router's own words about its LAN weigh more than a name, which two machines may use differently.
  for (const auto& [key, at] : index) {
    if (carries_router.contains(key)) by_key.try_emplace("name " + key.second, at);
  }
  for (const auto& [key, at] : index) {
    if (!carries_router.contains(key)) join("name " + key.second, at);
  }
  std::map<std::size_t, LanId> lans;
  for (NodeId node = 0; node < topology_.nodes.size(); ++node) {
    for (InterfacePlan& plan : topology_.nodes[node].interfaces) {
      plan.lan = lans.emplace(root(index.at({node, plan.name})), lans.size()).first->second;
      plan.mac = MacAddress{{0x02, 0, 0, static_cast<std::uint8_t>(plan.lan), 0, static_cast<std::uint8_t>(node + 1)}};
    }
  }
  topology_.lans.resize(lans.size());
  facts_.resize(lans.size());
}

bool holds_host_part(const IpPrefix& prefix) {
  return prefix.length + 1U < prefix.address.size() * 8;
}

IpPrefix widened(const IpPrefix& prefix) {
  if (holds_host_part(prefix)) return prefix;
  return {.address = prefix.address, .length = prefix.address.is_v4() ? lan_length_v4 : lan_length_v6};
}

void Planner::collect_facts() {
  for (NodeId node = 0; node < nodes_.size(); ++node) {
    for (const Instance& instance : nodes_[node].configuration.instances) {
      const std::string name = interface_of(node, instance);
      if (name == "lo") continue;
      LanFacts& lan = facts_[lan_of(node, name)];
      if (instance.source) lan.taken.insert(*instance.source);
      for (const auto& peer : instance.peers) lan.taken.insert(peer.address);
      for (const auto* list : {&instance.addresses, &instance.excluded_addresses}) {
        for (const auto& address : *list) {
          if (address.device == "lo") continue;
          LanFacts& there = facts_[lan_of(node, address.device.empty() ? name : address.device)];
          if (there.taken.insert(address.address.address).second) {
            there.virtual_addresses.push_back(address.address.address);
          }
          if (holds_host_part(address.address)) there.prefixes.push_back(address.address);
        }
      }
    }
  }
  // What the files leave open: the neighbourhood of the addresses they name.
  for (LanFacts& lan : facts_) {
    for (const Family family : {Family::ipv4, Family::ipv6}) {
      const auto is_family = [&](const IpPrefix& prefix) { return prefix.address.family() == family; };
      if (std::ranges::any_of(lan.prefixes, is_family)) continue;
      const auto first = std::ranges::find_if(lan.taken, [&](const IpAddress& address) {
        return address.family() == family && !(address.is_v6() && address.is_link_local());
      });
      if (first == lan.taken.end()) continue;
      lan.prefixes.push_back(widened({.address = *first, .length = static_cast<std::uint8_t>(first->size() * 8)}));
    }
  }
}

IpAddress with_host_part(const IpPrefix& prefix, unsigned host) {
  std::array<std::uint8_t, 16> bytes{};
  std::ranges::copy(prefix.address.bytes(), bytes.begin());
  const std::size_t size = prefix.address.size();
  for (std::size_t bit = prefix.length; bit < size * 8; ++bit) {
    bytes[bit / 8] = static_cast<std::uint8_t>(bytes[bit / 8] & ~(0x80U >> (bit % 8)));
  }
  for (std::size_t i = 0; i < 2; ++i)
    bytes[size - 1 - i] = static_cast<std::uint8_t>(bytes[size - 1 - i] | host >> (8 * i));
  return IpAddress::from_bytes(ByteView(bytes).first(size));
}

IpAddress Planner::free_address(LanFacts& lan, const IpPrefix& prefix, unsigned wish) {
  const std::size_t host_bits = std::min<std::size_t>(prefix.address.size() * 8 - prefix.length, 15);
  const unsigned hosts = (1U << host_bits) - 2;
  for (unsigned i = 0; i < hosts; ++i) {
    const IpAddress address = with_host_part(prefix, (wish - 1 + i) % hosts + 1);
    if (lan.taken.insert(address).second) return address;
  }
  return with_host_part(prefix, 1);  // a LAN without a free address; the kernel will say so
}

// The address an instance's adverts must come from so that its peers take them; nullopt where the files do not care.
std::optional<IpAddress> Planner::source_of(NodeId node, const Instance& instance) {
  if (instance.source) return instance.source;
  if (instance.peers.empty()) return std::nullopt;
  // What all others call a peer and this node does not is this node.
  for (NodeId other = 0; other < nodes_.size(); ++other) {
    if (other == node) continue;
    for (const Instance& theirs : nodes_[other].configuration.instances) {
      if (theirs.vrid != instance.vrid || theirs.family != instance.family) continue;
      for (const auto& peer : theirs.peers) {
        if (!has(instance.peers, peer.address, &config::UnicastPeer::address)) return peer.address;
      }
    }
  }
  return std::nullopt;
}

std::expected<void, LabError> Planner::address_node(NodeId node) {
  const Configuration& configuration = nodes_[node].configuration;
  for (const Instance& instance : configuration.instances) {
    if (interface_of(node, instance) == "lo") continue;
    InterfacePlan& plan = interface(node, interface_of(node, instance));
    const auto source = source_of(node, instance);
    if (!source || (source->is_v6() && source->is_link_local())) continue;
    const auto& prefixes = facts_[plan.lan].prefixes;
    const auto lan = std::ranges::find_if(prefixes, [&](const IpPrefix& prefix) { return contains(prefix, *source); });
    const IpPrefix own{
        .address = *source,
        .length = lan != prefixes.end() ? lan->length : (source->is_v4() ? lan_length_v4 : lan_length_v6)};
    if (!has(plan.addresses, own)) plan.addresses.push_back(own);
    if (lan == prefixes.end()) facts_[plan.lan].prefixes.insert(prefixes.begin(), own);
    for (NodeId other = 0; other < node; ++other) {
      for (const InterfacePlan& theirs : topology_.nodes[other].interfaces) {
        if (theirs.lan != plan.lan || !has(theirs.addresses, own.address, &IpPrefix::address)) continue;
        return std::unexpected(
            LabError{fmt::format("{} and {} both have the address {} (vrrp_instance {})", nodes_[other].name,
                                 nodes_[node].name, to_string(own.address), instance.name),
                     "give each node its own mcast_src_ip or unicast_src_ip"});
      }
    }
  }
  for (InterfacePlan& plan : topology_.nodes[node].interfaces) {
    LanFacts& lan = facts_[plan.lan];
    for (const Family family : {Family::ipv4, Family::ipv6}) {
      const auto is_family = [&](const IpPrefix& prefix) { return prefix.address.family() == family; };
      if (std::ranges::any_of(plan.addresses, is_family)) continue;
      const auto prefix = std::ranges::find_if(lan.prefixes, is_family);
      if (prefix == lan.prefixes.end()) continue;
      plan.addresses.push_back(
          {.address = free_address(lan, *prefix, 11 + static_cast<unsigned>(node)), .length = prefix->length});
    }
  }
  return {};
}

void Planner::plan_clients() {
  for (LanId id = 0; id < topology_.lans.size(); ++id) {
    LanPlan& plan = topology_.lans[id];
    LanFacts& lan = facts_[id];
    plan.client_mac = MacAddress{{0x02, 0, 0, static_cast<std::uint8_t>(id), 0, 0xfe}};
    for (const Family family : {Family::ipv4, Family::ipv6}) {
      const auto prefix =
          std::ranges::find_if(lan.prefixes, [&](const IpPrefix& one) { return one.address.family() == family; });
      if (prefix == lan.prefixes.end()) continue;
      plan.client_addresses.push_back({.address = free_address(lan, *prefix, 250), .length = prefix->length});
    }
    for (const IpAddress& address : lan.virtual_addresses) {
      const bool on_link =
          std::ranges::any_of(plan.client_addresses, [&](const IpPrefix& own) { return contains(own, address); });
      if (!on_link) plan.off_link.push_back(address);
    }
  }
}

void Planner::plan_targets() {
  for (NodeId node = 0; node < nodes_.size(); ++node) {
    for (const Instance& instance : nodes_[node].configuration.instances) {
      if (instance.addresses.empty() || interface_of(node, instance) == "lo") continue;
      const auto& first = instance.addresses.front();
      const std::string device = first.device.empty() ? interface_of(node, instance) : first.device;
      if (device == "lo") continue;
      const LanId lan = lan_of(node, device);
      auto target = std::ranges::find_if(topology_.targets, [&](const Target& known) {
        return known.vrid == instance.vrid && known.family == instance.family && known.lan == lan;
      });
      if (target == topology_.targets.end()) {
        if (topology_.targets.size() == limits::targets) continue;
        topology_.targets.push_back({.address = first.address.address,
                                     .lan = lan,
                                     .vrid = instance.vrid,
                                     .version = instance.version,
                                     .family = instance.family,
                                     .advert_interval = instance.advert_interval,
                                     .down_timer_adverts = instance.down_timer_adverts,
                                     .startup_delay = nodes_[node].configuration.globals.startup_delay});
        target = std::prev(topology_.targets.end());
      }
      add_contender(*target, node, instance);
    }
  }
  for (Target& target : topology_.targets) {
    std::ranges::sort(target.contenders, [](const Contender& a, const Contender& b) {
      return std::tuple(a.priority, a.source, b.node) > std::tuple(b.priority, b.source, a.node);
    });
  }
}

// keepalived.conf(5): a positive weight is added while the object is well, a negative one while it is not.
int weight_when_well(const config::Tracking& tracking) {
  const int weight = tracking.reverse ? -tracking.weight : tracking.weight;
  return std::max(weight, 0);
}

void Planner::add_contender(Target& target, NodeId node, const Instance& instance) {
  int priority = instance.priority;
  for (const auto& tracked : instance.trackers.interfaces) priority += weight_when_well(tracked);
  for (const auto& tracked : instance.trackers.scripts) {
    priority += weight_when_well(tracked);
    const auto& scripts = nodes_[node].configuration.scripts;
    const auto script = std::ranges::find(scripts, tracked.name, &config::Script::name);
    if (script == scripts.end()) continue;
    target.detection = std::max(target.detection, script->interval * script->fall);
    if (tracked.weight == 0) target.check_is_fault = true;
  }
  for (const auto& tracked : instance.trackers.checks) {
    priority += weight_when_well(tracked);
    const auto& checks = nodes_[node].configuration.checks;
    const auto found = std::ranges::find(checks, tracked.name, &config::TrackedCheck::name);
    if (found == checks.end()) continue;
    target.detection = std::max(target.detection, found->check.delay_loop * (found->check.retry + 1));
    if (tracked.weight == 0) target.check_is_fault = true;
  }
  for (const auto& tracked : instance.trackers.sessions) {
    priority += weight_when_well(tracked);
    const auto& sessions = nodes_[node].configuration.bfd_sessions;
    const auto found = std::ranges::find(sessions, tracked.name, &config::BfdSession::name);
    if (found == sessions.end()) continue;
    target.detection = std::max(target.detection, std::max(found->min_rx, found->min_tx) * found->multiplier);
    if (tracked.weight == 0) target.check_is_fault = true;
  }
  target.preempt_delay = std::max(target.preempt_delay, instance.preempt_delay);
  const InterfacePlan& plan = interface(node, interface_of(node, instance));
  const auto own = std::ranges::find_if(
      plan.addresses, [&](const IpPrefix& prefix) { return prefix.address.family() == instance.family; });
  const bool known = own != plan.addresses.end() && instance.family == Family::ipv4;
  const bool is_owner = instance.priority == 255;
  target.contenders.push_back({.node = node,
                               .instance = instance.name,
                               .interface = plan.name,
                               .priority = is_owner ? 255 : std::clamp(priority, 1, 254),
                               .source = instance.source.value_or(known ? own->address : IpAddress()),
                               .preempt = instance.preempt});
}

}  // namespace

std::string to_string(const LabError& error) {
  return error.mend.empty() ? error.message : error.message + "\n  mend: " + error.mend;
}

namespace {

std::vector<Check> checks_of(const config::Configuration& configuration) {
  std::vector<Check> checks;
  for (const config::Script& script : configuration.scripts) {
    Check check{.name = script.name, .arguments = script.command.arguments, .timeout = script.timeout};
    const auto is_fatal_in = [&](const auto& owner) {
      return std::ranges::any_of(owner.trackers.scripts, [&](const config::Tracking& tracked) {
        return tracked.name == script.name && tracked.weight == 0;
      });
    };
    check.is_fatal = std::ranges::any_of(configuration.instances, is_fatal_in) ||
                     std::ranges::any_of(configuration.groups, is_fatal_in);
    checks.push_back(std::move(check));
  }
  return checks;
}

}  // namespace

std::expected<Topology, LabError> plan_topology(const std::vector<NodeInput>& nodes) {
  if (nodes.empty() || nodes.size() > limits::nodes) {
    return std::unexpected(LabError{fmt::format("a lab has 1 to {} nodes, these are {}", limits::nodes, nodes.size()),
                                    "give one configuration file a node"});
  }
  std::expected<Topology, LabError> topology = Planner(nodes).plan();
  if (topology) {
    for (NodeId node = 0; node < nodes.size(); ++node)
      topology->nodes[node].checks = checks_of(nodes[node].configuration);
  }
  return topology;
}

}  // namespace baton::lab
