#include "plan/rings.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include "base/stable_sort.h"

namespace baton::plan {

namespace {

using Members = std::vector<std::size_t>;  // indices of routers

// Routers that have something in common with others, and these with others again, are one election.
class Elections {
 public:
  explicit Elections(std::size_t routers) : parent_(routers) { std::iota(parent_.begin(), parent_.end(), 0); }
  std::size_t root(std::size_t at) {
    while (parent_[at] != at) at = parent_[at] = parent_[parent_[at]];
    return at;
  }
  void join(std::size_t a, std::size_t b) { parent_[std::max(root(a), root(b))] = std::min(root(a), root(b)); }

 private:
  std::vector<std::size_t> parent_;
};

class RingMaker {
 public:
  explicit RingMaker(Network& network) : network_(network) {
    for (NodeId node = 0; node < network.nodes.size(); ++node) {
      first_.push_back(routers_.size());
      for (vrrp::RouterId id = 0; id < network.nodes[node].routers.size(); ++id) {
        routers_.push_back({.node = node, .router = id});
      }
    }
  }

  void make() {
    find_carriers();
    elect();
    for (std::size_t at = 0; at < routers_.size(); ++at) make_first_ring(at);
    for (const auto& [address, carriers] : carriers_) place(address, carriers);
    for (Ring& ring : network_.rings) order(ring);
    make_names_differ();
  }

 private:
  const setup::RouterSetup& setup_of(std::size_t at) const {
    return network_.nodes[routers_[at].node].setup.routers[routers_[at].router];
  }
  RouterPlace& place_of(std::size_t at) { return network_.nodes[routers_[at].node].routers[routers_[at].router]; }

  void find_carriers() {
    for (std::size_t at = 0; at < routers_.size(); ++at) {
      for (const config::VirtualAddress& each : setup_of(at).addresses) {
        Members& carriers = carriers_[each.address.address];
        if (carriers.empty() || carriers.back() != at) carriers.push_back(at);
      }
    }
  }

  void elect() {
    Elections elections(routers_.size());
    for (std::size_t at = 0; at < routers_.size(); ++at) {
      for (const Listener& each : place_of(at).listeners) elections.join(at, first_[each.node] + each.router);
    }
    for (const auto& [address, carriers] : carriers_) {
      for (const std::size_t each : carriers) elections.join(carriers.front(), each);
    }
    std::map<std::size_t, ElectionId> numbers;
    for (std::size_t at = 0; at < routers_.size(); ++at) {
      const auto [number, is_new] = numbers.try_emplace(elections.root(at), electors_.size());
      if (is_new) electors_.emplace_back();
      electors_[number->second].push_back(at);
      place_of(at).election = number->second;
    }
    network_.elections.resize(electors_.size());
  }

  // The first ring of an election is that of its first router's first address; nobody's, where it has none.
  void make_first_ring(std::size_t at) {
    const ElectionId election = place_of(at).election;
    if (!network_.elections[election].empty()) return;
    const auto& addresses = setup_of(at).addresses;
    const Members& electors = electors_[election];
    const auto has_one = [&](std::size_t each) { return !setup_of(each).addresses.empty(); };
    if (!addresses.empty()) {
      (void)ring_of(election, carriers_.at(addresses.front().address.address));
    } else if (std::ranges::none_of(electors, has_one)) {
      (void)ring_of(election, electors);
    }
  }

  void place(const IpAddress& address, const Members& carriers) {
    ring_of(place_of(carriers.front()).election, carriers).addresses.push_back(address);
  }

  Ring& ring_of(ElectionId election, const Members& carriers) {
    const auto [known, is_new] = ring_of_.try_emplace(carriers, network_.rings.size());
    if (!is_new) return network_.rings[known->second];
    network_.elections[election].push_back(known->second);
    Ring& ring = network_.rings.emplace_back();
    ring.name = setup_of(carriers.front()).name;
    ring.election = election;
    for (const std::size_t each : electors_[election]) {
      ring.members.push_back({.node = routers_[each].node,
                              .router = routers_[each].router,
                              .carries = std::ranges::binary_search(carriers, each)});
    }
    return ring;
  }

  static void order(Ring& ring) {
    stable_sort(ring.members, [](const auto& one, const auto& other) { return one.carries && !other.carries; });
  }

  // Of several instances with one name the VRID is told too, and of several rings of an instance the address.
  void make_names_differ() {
    std::map<std::string, std::set<ElectionId>> uses;
    for (const Ring& ring : network_.rings) uses[ring.name].insert(ring.election);
    std::map<std::string, ElectionId> taken;
    for (Ring& ring : network_.rings) {
      const Ring::Member& first = ring.members.front();
      const NodePlace& node = network_.nodes[first.node];
      if (uses[ring.name].size() > 1) ring.name += fmt::format("/{}", node.setup.routers[first.router].codec.vrid);
      const auto other = taken.find(ring.name);
      const bool is_of_same = other != taken.end() && other->second == ring.election;
      if (is_of_same && !ring.addresses.empty()) ring.name += " " + to_string(ring.addresses.front());
      if (taken.contains(ring.name)) ring.name += "@" + node.name;
      taken.emplace(ring.name, ring.election);
    }
  }

  Network& network_;
  std::vector<Ring::Member> routers_;
  std::vector<std::size_t> first_;  // of each node
  std::map<IpAddress, Members> carriers_;
  std::vector<Members> electors_;
  std::map<Members, RingId> ring_of_;  // by those that carry it
};

}  // namespace

bool Ring::carries(NodeId node, vrrp::RouterId router) const {
  return std::ranges::any_of(
      members, [&](const Member& each) { return each.carries && each.node == node && each.router == router; });
}

void make_rings(Network& network) {
  RingMaker(network).make();
}

}  // namespace baton::plan
