// Whether the nodes of a router can hear each other: peers that name each other, sources that differ, one subnet.
#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "check/between_rules.h"

namespace baton::check {
namespace {

using config::Instance;

std::string_view source_keyword(const Member& member) {
  return member.file->loaded.keyword_places.has(member.instance->place, "unicast_src_ip") ? "unicast_src_ip"
                                                                                          : "mcast_src_ip";
}

class UnicastRules : RouterRules {
 public:
  using RouterRules::RouterRules;

  void check() {
    check_sources();
    check_subnets();
    const auto is_unicast = [](const Member& each) { return !each.instance->peers.empty(); };
    if (!std::ranges::all_of(router_.members, is_unicast)) return;
    for (const Member& member : router_.members) check_peers(member);
    check_strangers();
    check_unknown_sources();
  }

 private:
  void check_sources() {
    for (const Member& member : router_.members) {
      if (!member.instance->source) continue;
      const auto [first, is_new] = by_source_.try_emplace(*member.instance->source, &member);
      if (is_new) continue;
      add("same-source", member, source_keyword(member),
          fmt::format("{} sends from {} here and in {}: each takes the other's adverts for its own",
                      member.instance->name, to_string(*member.instance->source),
                      where(*first->second, source_keyword(*first->second))),
          "write this node's own address");
    }
  }

  void check_peers(const Member& member) {
    std::unordered_map<IpAddress, const config::UnicastPeer*> named;
    for (const config::UnicastPeer& peer : member.instance->peers) named.emplace(peer.address, &peer);
    const std::size_t others = router_.members.size() - 1;
    bool is_complete = true;
    for (const Member& other : router_.members) {
      if (other.node == member.node || !other.instance->source) continue;
      const auto found = named.find(*other.instance->source);
      if (found == named.end()) {
        is_complete = false;
        if (other.instance->source == member.instance->source) continue;  // said above
        add("peer-not-named", member, "unicast_peer",
            fmt::format("{} ({}) is none of the peers of {}: it hears nothing from here, and becomes master too",
                        to_string(*other.instance->source), where(other, source_keyword(other)), member.instance->name),
            fmt::format("add {} to unicast_peer", to_string(*other.instance->source)));
      } else {
        check_ttl(member, *found->second, other);
      }
    }
    if (is_complete && member.instance->peers.size() < others) {
      add("peer-not-named", member, "unicast_peer",
          fmt::format("{} names {} of {} other nodes as its peers", member.instance->name,
                      member.instance->peers.size(), others),
          "name every other node");
    }
  }

  // What a packet has when it leaves is the most it can have when it arrives.
  void check_ttl(const Member& member, const config::UnicastPeer& peer, const Member& sender) {
    const bool is_known = sender.instance->ttl.has_value() || sender.instance->family == Family::ipv4;
    const std::uint8_t sent = sender.instance->ttl.value_or(255);
    if (!is_known || sent >= peer.min_ttl) return;
    report_.add("ttl-out-of-range", *member.file, peer.place,
                fmt::format("adverts of {} leave with TTL {} ({}) and are refused here below {}",
                            to_string(peer.address), sent, where(sender, "unicast_ttl"), peer.min_ttl),
                "lower min_ttl, or raise unicast_ttl there");
  }

  void check_strangers() {
    const auto has_source = [](const Member& each) { return each.instance->source.has_value(); };
    if (!std::ranges::all_of(router_.members, has_source)) return;
    for (const Member& member : router_.members) {
      for (const config::UnicastPeer& peer : member.instance->peers) {
        if (by_source_.contains(peer.address)) continue;
        report_.add("peer-without-file", *member.file, peer.place,
                    fmt::format("peer {} is the address of none of these files' nodes", to_string(peer.address)),
                    "correct it, or give that node's file as well");
      }
    }
  }

  void check_unknown_sources() {
    for (const Member& member : router_.members) {
      if (member.instance->source) continue;
      add("source-unknown", member, "unicast_peer",
          fmt::format(
              "{} does not say which address it sends from, so the peers of the others cannot be held against it",
              member.instance->name),
          "add unicast_src_ip with this node's own address");
    }
  }

  // By the length of a virtual address where one covers the first node, else roughly.
  void check_subnets() {
    const Member* first = nullptr;
    for (const Member& member : router_.members) {
      if (!member.instance->source || member.instance->source->is_link_local()) continue;
      if (first == nullptr) {
        first = &member;
        continue;
      }
      if (first->instance->source->family() != member.instance->source->family()) continue;
      compare_subnets(*first, member);
    }
  }

  void compare_subnets(const Member& first, const Member& member) {
    const IpAddress& here = *member.instance->source;
    const IpAddress& there = *first.instance->source;
    const std::optional<IpPrefix> home = home_of(first);
    const bool is_v4 = here.is_v4();
    const auto within = [&](unsigned length) {
      return contains({.address = there, .length = static_cast<std::uint8_t>(length)}, here);
    };
    if (home ? contains(*home, here) : within(is_v4 ? 24 : 64)) return;
    if (home && !member.instance->peers.empty()) return;  // said of the peer, in each file
    const bool is_certain = home || !within(is_v4 ? 16 : 48);
    const bool is_multicast = member.instance->peers.empty();
    add("subnets-differ", member, source_keyword(member),
        fmt::format("{} sends from {} here and from {} in {}, which {} of one subnet: {}", member.instance->name,
                    to_string(here), to_string(there), where(first, source_keyword(first)),
                    is_certain ? "are not" : "may not be",
                    is_multicast ? "multicast adverts pass no router, and both become master"
                                 : "the address is reachable on one side only"),
        "put the nodes into one subnet, or correct the address", is_certain ? Severity::warning : Severity::note);
  }

  static std::optional<IpPrefix> home_of(const Member& member) {
    for (const config::VirtualAddress& address : member.instance->addresses) {
      const std::uint8_t longest = address.address.address.is_v4() ? 32 : 128;
      if (address.address.length < longest && contains(address.address, *member.instance->source))
        return address.address;
    }
    return std::nullopt;
  }

  std::unordered_map<IpAddress, const Member*> by_source_;
};

}  // namespace

void compare_unicast(const Cluster& cluster, Report& report) {
  for (const VirtualRouter& router : cluster.routers) {
    if (router.members.size() > 1) UnicastRules(router, report).check();
  }
}

}  // namespace baton::check
