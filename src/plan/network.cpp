#include "plan/network.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "plan/rings.h"

namespace baton::plan {

namespace {

using vrrp::RouterId;

constexpr std::uint8_t first_host = 11;  // of the addresses that the files leave open; the lab's own choice
constexpr WallTime begin_of_time{std::chrono::seconds(1'800'000'000)};

struct RouterName {
  NodeId node = 0;
  RouterId router = 0;
  auto operator<=>(const RouterName&) const = default;
};

const vrrp::CodecParameters& codec_of(const NodePlace& node, RouterId router) {
  return node.setup.routers[router].codec;
}

void list_links(NodePlace& node) {
  const auto add = [&](const std::string& name) {
    if (!name.empty() && std::ranges::find(node.links, name) == node.links.end()) node.links.push_back(name);
  };
  for (const vrrp::NodeRouterParameters& router : node.setup.node.routers) std::ranges::for_each(router.links, add);
  for (const vrrp::TrackerParameters& tracker : node.setup.node.trackers) {
    if (tracker.kind == vrrp::TrackerKind::interface) add(tracker.name);
  }
}

// ---------------------------------------------------------------- addresses

bool has_peer(const vrrp::CodecParameters& codec, const IpAddress& address) {
  return std::ranges::find(codec.peers, address, &vrrp::UnicastPeer::address) != codec.peers.end();
}

// What all others call a peer and this router does not is this router. Where all files name all of them, the first
// that is nobody's yet.
std::optional<IpAddress> source_by_peers(const std::vector<NodePlace>& nodes, NodeId node, RouterId router) {
  const vrrp::CodecParameters& mine = codec_of(nodes[node], router);
  std::set<IpAddress> taken;
  std::vector<IpAddress> named_by_others;
  for (NodeId other = 0; other < nodes.size(); ++other) {
    if (other == node) continue;
    for (RouterId theirs = 0; theirs < nodes[other].setup.routers.size(); ++theirs) {
      const vrrp::CodecParameters& codec = codec_of(nodes[other], theirs);
      if (codec.vrid != mine.vrid || codec.family != mine.family) continue;
      for (const vrrp::UnicastPeer& peer : codec.peers) named_by_others.push_back(peer.address);
      if (const auto& source = nodes[other].setup.routers[theirs].configured_source) taken.insert(*source);
      if (theirs < nodes[other].routers.size()) taken.insert(nodes[other].routers[theirs].source);
    }
  }
  for (const IpAddress& address : named_by_others) {
    if (!has_peer(mine, address)) return address;
  }
  const auto is_free = [&](const IpAddress& address) { return !taken.contains(address); };
  const auto free = std::ranges::find_if(named_by_others, is_free);
  return free == named_by_others.end() ? std::nullopt : std::optional(*free);
}

// A neighbour of the virtual address, the same on every LAN of the node; the later file has the higher one.
IpAddress assumed_source(const vrrp::CodecParameters& codec, NodeId node) {
  if (codec.family == Family::ipv6) {
    std::array<std::uint8_t, 16> bytes{0xfe, 0x80};
    bytes.back() = static_cast<std::uint8_t>(first_host + node);
    return IpAddress::from_bytes(bytes);
  }
  const std::uint32_t net = codec.addresses.empty() ? 0x0a00'0000 : codec.addresses.front().v4_host_order();
  return IpAddress::v4((net & ~std::uint32_t{0xff}) + first_host + static_cast<std::uint32_t>(node));
}

void place_routers(std::vector<NodePlace>& nodes) {
  for (NodeId node = 0; node < nodes.size(); ++node) {
    const setup::Setup& setup = nodes[node].setup;
    for (RouterId id = 0; id < setup.routers.size(); ++id) {
      const setup::RouterSetup& router = setup.routers[id];
      RouterPlace place;
      std::optional<IpAddress> source = router.configured_source;
      if (!source && !router.codec.peers.empty()) source = source_by_peers(nodes, node, id);
      place.has_assumed_source = !source;
      place.source = source.value_or(assumed_source(router.codec, node));
      const auto link = std::ranges::find(nodes[node].links, router.interface);
      if (link != nodes[node].links.end()) place.link = static_cast<std::size_t>(link - nodes[node].links.begin());
      nodes[node].routers.push_back(std::move(place));
    }
  }
}

// ---------------------------------------------------------------- who hears whom

bool share_an_address(const vrrp::CodecParameters& a, const vrrp::CodecParameters& b) {
  const std::set<IpAddress> ours(a.addresses.begin(), a.addresses.end());
  return std::ranges::any_of(b.addresses, [&](const IpAddress& address) { return ours.contains(address); });
}

using Bucket = std::vector<RouterName>;  // of one VRID and family

// Does another node have this router on an interface of the same name?
bool has_namesake(const std::vector<NodePlace>& nodes, const Bucket& bucket, const RouterName& of, NodeId there) {
  const std::string& interface = nodes[of.node].setup.routers[of.router].interface;
  return std::ranges::any_of(bucket, [&](const RouterName& each) {
    return each.node == there && nodes[there].setup.routers[each.router].interface == interface;
  });
}

// A name says more than an address; where there is no such name, an address in common is what is left.
bool reaches(const std::vector<NodePlace>& nodes, const Bucket& bucket, const RouterName& from, const RouterName& to) {
  const setup::RouterSetup& sender = nodes[from.node].setup.routers[from.router];
  const setup::RouterSetup& receiver = nodes[to.node].setup.routers[to.router];
  if (!sender.codec.peers.empty()) {
    const IpAddress& theirs = nodes[to.node].routers[to.router].source;
    return has_peer(sender.codec, theirs);
  }
  if (sender.interface == receiver.interface) return true;
  return !has_namesake(nodes, bucket, from, to.node) && !has_namesake(nodes, bucket, to, from.node) &&
         share_an_address(sender.codec, receiver.codec);
}

// The address whose announcement tells a leaving listener that this sender serves all.
std::optional<IpAddress> announced(const setup::Setup& from, RouterId sender, const setup::Setup& to,
                                   RouterId receiver) {
  const auto& last = to.node.routers[receiver].router.last_address;
  if (!last) return std::nullopt;
  const auto is_last = [&](const config::VirtualAddress& each) { return each.address.address == *last; };
  return std::ranges::any_of(from.routers[sender].addresses, is_last) ? last : std::nullopt;
}

// Every router's codec, to ask what it makes of the others' packets.
class Judges {
 public:
  explicit Judges(const std::vector<NodePlace>& nodes) {
    for (const NodePlace& node : nodes) {
      std::vector<vrrp::AdvertCodec>& codecs = codecs_.emplace_back();
      for (RouterId id = 0; id < node.routers.size(); ++id) {
        codecs.emplace_back(codec_of(node, id));
        codecs.back().set_source(node.routers[id].source);
      }
    }
  }

  std::vector<vrrp::OutgoingPacket> packets(const RouterName& of) {
    vrrp::AdvertCodec& codec = codecs_[of.node][of.router];
    wall_ += std::chrono::milliseconds(1);
    return codec.encode(vrrp::spec::priority_default, codec.parameters().advert_interval, wall_);
  }

  void judge(const vrrp::OutgoingPacket& packet, const IpAddress& source, Listener& listener) {
    const vrrp::ReceivedPacket received{.bytes = packet.bytes, .source = source, .destination = packet.destination};
    if (const auto advert = codecs_[listener.node][listener.router].decode(received, wall_)) {
      listener.advert = *advert;
    } else {
      listener.rejected = advert.error();
    }
  }

 private:
  std::vector<std::vector<vrrp::AdvertCodec>> codecs_;
  WallTime wall_ = begin_of_time;
};

void connect(std::vector<NodePlace>& nodes, const Bucket& bucket, const RouterName& from, Judges& judges) {
  RouterPlace& place = nodes[from.node].routers[from.router];
  const std::vector<vrrp::OutgoingPacket> packets = judges.packets(from);
  for (const RouterName& to : bucket) {
    if (to.node == from.node || !reaches(nodes, bucket, from, to)) continue;
    Listener listener{.node = to.node, .router = to.router, .advert = {}};
    listener.announced_address = announced(nodes[from.node].setup, from.router, nodes[to.node].setup, to.router);
    const bool is_unicast = !codec_of(nodes[from.node], from.router).peers.empty();
    const IpAddress& theirs = nodes[to.node].routers[to.router].source;
    const auto packet = std::ranges::find_if(
        packets, [&](const vrrp::OutgoingPacket& each) { return !is_unicast || each.destination == theirs; });
    if (packet == packets.end()) continue;  // libcrypto refuses the digest: nothing is sent
    judges.judge(*packet, place.source, listener);
    place.listeners.push_back(std::move(listener));
  }
}

void connect_all(std::vector<NodePlace>& nodes) {
  std::map<std::pair<Family, std::uint8_t>, Bucket> buckets;
  for (NodeId node = 0; node < nodes.size(); ++node) {
    for (RouterId id = 0; id < nodes[node].routers.size(); ++id) {
      const vrrp::CodecParameters& codec = codec_of(nodes[node], id);
      buckets[{codec.family, codec.vrid}].push_back({node, id});
    }
  }
  Judges judges(nodes);
  for (const auto& [key, bucket] : buckets) {
    for (const RouterName& from : bucket) connect(nodes, bucket, from, judges);
  }
}

}  // namespace

Network make_network(std::vector<NodeInput> inputs) {
  Network network;
  for (NodeInput& input : inputs) {
    network.nodes.push_back({.name = std::move(input.name),
                             .setup = setup::make_setup(std::move(input.configuration)),
                             .links = {},
                             .routers = {}});
    list_links(network.nodes.back());
    for (const std::string& problem : network.nodes.back().setup.problems) {
      network.problems.push_back(fmt::format("{}: {}", network.nodes.back().name, problem));
    }
  }
  if (!network.problems.empty()) return network;
  place_routers(network.nodes);
  connect_all(network.nodes);
  make_rings(network);
  return network;
}

}  // namespace baton::plan
