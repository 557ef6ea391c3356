#include "check/routers.h"

#include <algorithm>
#include <unordered_map>

#include "check/limits.h"

namespace baton::check {
namespace {

using config::Instance;

// All instances of one VRID and family, and the routers they become.
class Assignment {
 public:
  explicit Assignment(std::size_t files) : files_(files) {}

  void add(const Member& member) {
    std::size_t at = by_address(member);
    if (at == none) at = by_peer(member);
    if (at == none) at = by_name(member);
    if (at == none) {
      at = routers_.size();
      routers_.emplace_back();
    }
    routers_[at].members.push_back(member);
    index(member, at);
  }

  std::vector<VirtualRouter> take() { return std::move(routers_); }

 private:
  static constexpr std::size_t none = static_cast<std::size_t>(-1);
  using Candidates = std::vector<std::size_t>;

  bool is_free(std::size_t router, const Member& member) const {
    return routers_[router].of_node(member.node) == nullptr;
  }

  std::size_t free_one(const Candidates& candidates, const Member& member, auto&& fits) const {
    std::size_t looked_at = 0;
    for (const std::size_t router : candidates) {
      if (++looked_at > limits::candidates) break;
      if (is_free(router, member) && fits(router)) return router;
    }
    return none;
  }

  std::size_t look_up(const auto& table, const auto& key, const Member& member, auto&& fits) const {
    const auto found = table.find(key);
    return found == table.end() ? none : free_one(found->second, member, fits);
  }

  std::size_t by_address(const Member& member) const {
    const auto any = [](std::size_t) { return true; };
    for (const auto* list : {&member.instance->addresses, &member.instance->excluded_addresses}) {
      for (const config::VirtualAddress& address : *list) {
        const std::size_t router = look_up(addresses_, address.address.address, member, any);
        if (router != none) return router;
      }
    }
    return none;
  }

  std::size_t by_peer(const Member& member) const {
    const auto any = [](std::size_t) { return true; };
    if (member.instance->source) {
      const std::size_t router = look_up(peers_, *member.instance->source, member, any);
      if (router != none) return router;
    }
    for (const config::UnicastPeer& peer : member.instance->peers) {
      const std::size_t router = look_up(sources_, peer.address, member, any);
      if (router != none) return router;
    }
    return none;
  }

  std::size_t by_name(const Member& member) const {
    return look_up(names_, std::string_view(member.instance->name), member, [&](std::size_t router) {
      return files_ <= 2 || share_subnet(*routers_[router].members.front().instance, *member.instance);
    });
  }

  void index(const Member& member, std::size_t router) {
    const auto note = [&](auto& table, const auto& key) {
      Candidates& candidates = table[key];
      if (candidates.empty() || candidates.back() != router) candidates.push_back(router);
    };
    for (const auto* list : {&member.instance->addresses, &member.instance->excluded_addresses}) {
      for (const config::VirtualAddress& address : *list) {
        if (!address.address.address.is_link_local()) note(addresses_, address.address.address);
      }
    }
    for (const config::UnicastPeer& peer : member.instance->peers) note(peers_, peer.address);
    if (member.instance->source) note(sources_, *member.instance->source);
    note(names_, std::string_view(member.instance->name));
  }

  std::size_t files_;
  std::vector<VirtualRouter> routers_;
  std::unordered_map<IpAddress, Candidates> addresses_;
  std::unordered_map<IpAddress, Candidates> peers_;
  std::unordered_map<IpAddress, Candidates> sources_;
  std::unordered_map<std::string_view, Candidates> names_;
};

}  // namespace

IpPrefix subnet_of(const config::VirtualAddress& address) {
  IpPrefix prefix = address.address;
  if (prefix.address.is_v4() && prefix.length == 32) prefix.length = 24;
  if (prefix.address.is_v6() && prefix.length == 128) prefix.length = 64;
  return prefix;
}

const Member* VirtualRouter::of_node(std::size_t node) const {
  const auto found = std::ranges::find(members, node, &Member::node);
  return found == members.end() ? nullptr : &*found;
}

bool share_subnet(const Instance& left, const Instance& right) {
  // The first addresses stand for all.
  const auto contains_any = [](const Instance& one, const Instance& other) {
    const std::size_t most = std::min(one.addresses.size(), limits::candidates);
    for (const config::VirtualAddress& address : std::span(one.addresses).first(most)) {
      const IpPrefix subnet = subnet_of(address);
      const std::size_t others = std::min(other.addresses.size(), limits::candidates);
      for (const config::VirtualAddress& each : std::span(other.addresses).first(others)) {
        if (contains(subnet, each.address.address)) return true;
      }
    }
    return false;
  };
  return contains_any(left, right) || contains_any(right, left);
}

std::vector<VirtualRouter> virtual_routers(std::span<const CheckedFile> files) {
  constexpr std::size_t families = 2;
  std::vector<std::vector<Member>> by_key(256 * families);
  for (std::size_t node = 0; node < files.size(); ++node) {
    for (const Instance& instance : files[node].configuration().instances) {
      if (instance.vrid == 0) continue;  // said already
      const std::size_t key = instance.vrid * families + (instance.family == Family::ipv6 ? 1 : 0);
      by_key[key].push_back({.file = &files[node], .instance = &instance, .node = node});
    }
  }
  std::vector<VirtualRouter> routers;
  for (const std::vector<Member>& members : by_key) {
    Assignment assignment(files.size());
    for (const Member& member : members) assignment.add(member);
    std::ranges::move(assignment.take(), std::back_inserter(routers));
  }
  return routers;
}

}  // namespace baton::check
