// Which addresses the nodes share, and which of them are a node's own.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <unordered_map>

#include "check/between_rules.h"
#include "check/limits.h"

namespace baton::check {
namespace {

using config::Instance;
using config::VirtualAddress;

std::vector<IpAddress> sorted_addresses(const std::vector<VirtualAddress>& list) {
  std::vector<IpAddress> addresses;
  addresses.reserve(list.size());
  for (const VirtualAddress& each : list) addresses.push_back(each.address.address);
  std::ranges::sort(addresses);
  const auto repeated = std::ranges::unique(addresses);
  addresses.erase(repeated.begin(), repeated.end());
  return addresses;
}

std::string words_for(const std::vector<IpAddress>& addresses) {
  constexpr std::size_t most = 3;
  std::string text;
  for (std::size_t at = 0; at < std::min(addresses.size(), most); ++at) {
    text += (at == 0 ? "" : ", ") + to_string(addresses[at]);
  }
  if (addresses.size() > most) text += fmt::format(" and {} more", addresses.size() - most);
  return text;
}

std::vector<IpAddress> difference(const std::vector<IpAddress>& left, const std::vector<IpAddress>& right) {
  std::vector<IpAddress> only;
  std::ranges::set_difference(left, right, std::back_inserter(only));
  return only;
}

// What one list has and the other has not, as half a sentence.
std::string words_for_difference(const std::vector<IpAddress>& here, const std::vector<IpAddress>& there) {
  const std::vector<IpAddress> missing = difference(there, here);
  const std::vector<IpAddress> surplus = difference(here, there);
  std::string text;
  if (!missing.empty())
    text += fmt::format("{} {} missing here", words_for(missing), missing.size() == 1 ? "is" : "are");
  if (!missing.empty() && !surplus.empty()) text += ", and ";
  if (!surplus.empty()) text += fmt::format("{} {} here alone", words_for(surplus), surplus.size() == 1 ? "is" : "are");
  return text;
}

void compare_lists(const VirtualRouter& router, Report& report) {
  const auto compare = [&](auto list, std::string_view rule, std::string_view keyword, std::string_view outcome) {
    find_odd_ones(
        router, [&](const Member& each) { return sorted_addresses(each.instance->*list); },
        [&](const Member& member, const Member& other) {
          report.add(rule, *member.file, member.keyword(keyword),
                     fmt::format("{}: {} ({}); {}", member.instance->name,
                                 words_for_difference(sorted_addresses(member.instance->*list),
                                                      sorted_addresses(other.instance->*list)),
                                 other.file->words_for(other.keyword(keyword)), outcome),
                     fmt::format("write the same {} on all nodes", keyword));
        });
  };
  compare(&Instance::addresses, "address-lists-differ", "virtual_ipaddress",
          "keepalived up to 2.3.2 throws such adverts away and has two masters, and an address that one node lacks is "
          "gone when that one is master");
  compare(&Instance::excluded_addresses, "excluded-lists-differ", "virtual_ipaddress_excluded",
          "an address that one node lacks is gone when that one is master");
}

void compare_lengths(const VirtualRouter& router, Report& report) {
  std::unordered_map<IpAddress, std::pair<const Member*, const VirtualAddress*>> first;
  for (const Member& member : router.members) {
    for (const VirtualAddress& address : member.instance->addresses) {
      const auto [found, is_new] = first.try_emplace(address.address.address, &member, &address);
      const auto [other, its] = found->second;
      if (is_new || other == &member || its->address.length == address.address.length) continue;
      report.add("lengths-differ", *member.file, address.place,
                 fmt::format("{} is /{} here and /{} in {}: routes to its network come and go with it on one node only",
                             to_string(address.address.address), address.address.length, its->address.length,
                             other->file->words_for(its->place)),
                 "write the same length on all nodes");
      break;  // one a node is enough
    }
  }
}

}  // namespace

void compare_addresses(const Cluster& cluster, Report& report) {
  for (const VirtualRouter& router : cluster.routers) {
    if (router.members.size() < 2) continue;
    compare_lists(router, report);
    compare_lengths(router, report);
  }
}

// A node whose own address is a virtual one loses it as BACKUP, or answers for it as such.
void compare_node_addresses(const Cluster& cluster, Report& report) {
  std::unordered_map<IpAddress, std::pair<const CheckedFile*, const VirtualAddress*>> is_virtual;
  for (const CheckedFile& file : cluster.files) {
    for (const Instance& instance : file.configuration().instances) {
      if (instance.priority == 255) continue;  // they are its own
      for (const VirtualAddress& address : instance.addresses) {
        is_virtual.try_emplace(address.address.address, &file, &address);
      }
    }
  }
  const auto check = [&](const CheckedFile& file, const IpAddress& address, const config::Place& place,
                         std::string_view what) {
    const auto found = is_virtual.find(address);
    if (found == is_virtual.end()) return;
    report.add(
        "node-address-is-virtual", file, place,
        fmt::format("{} is {} and a virtual address as well ({}): it is there only as long as that node is master",
                    to_string(address), what, found->second.first->words_for(found->second.second->place)),
        "write the address that the node always has");
  };
  for (const CheckedFile& file : cluster.files) {
    for (const Instance& instance : file.configuration().instances) {
      const bool says_unicast = file.loaded.keyword_places.has(instance.place, "unicast_src_ip");
      if (instance.source) {
        check(file, *instance.source, file.keyword(instance.place, says_unicast ? "unicast_src_ip" : "mcast_src_ip"),
              "the source of adverts");
      }
      for (const config::UnicastPeer& peer : instance.peers) check(file, peer.address, peer.place, "a peer");
    }
  }
}

}  // namespace baton::check
