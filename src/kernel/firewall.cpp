#include "kernel/firewall.h"

#include <netinet/icmp6.h>
#include <netinet/in.h>

#include <algorithm>
#include <iterator>
#include <tuple>

#include "base/result.h"
#include "kernel/nft_batch.h"
#include "kernel/nft_rule.h"

namespace baton::kernel {

namespace {

using nft::Batch;
using nft::bytes_of;
using nft::Element;
using nft::Key;
using nft::Rule;

constexpr std::size_t interface_name_size = 16;  // IFNAMSIZ

// What the rules look at.
constexpr std::uint32_t v4_protocol = 9;
constexpr std::uint32_t v4_source = 12;
constexpr std::uint32_t v4_destination = 16;
constexpr std::uint32_t v6_source = 8;
constexpr std::uint32_t v6_destination = 24;
constexpr std::uint8_t mld2_report = 143;  // RFC 3810 §5.2

// Registers.
constexpr unsigned first = 0;
constexpr unsigned second = 4;
constexpr unsigned third = 8;

// Sets of one table, by number within the transaction.
constexpr std::uint32_t vmac_map = 1;
constexpr std::uint32_t vips = 2;
constexpr std::uint32_t vips_link_local = 3;
constexpr std::uint32_t vmac_set = 4;

class FamilyTable {
 public:
  FamilyTable(const FirewallRules& rules, std::uint16_t family, Batch& batch)
      : rules_(rules), family_(family), batch_(batch) {}

  void replace() {
    remove();
    if (!has_rules()) return;
    nft::add_table(batch_, rules_.table, family_);
    add_sets();
    add_chain("in", NF_INET_LOCAL_IN);
    add_chain("out", NF_INET_LOCAL_OUT);
    is_v6() ? add_rules_v6() : add_rules_v4();
  }

  void remove() { nft::remove_table(batch_, rules_.table, family_); }

 private:
  bool is_v6() const { return family_ == NFPROTO_IPV6; }
  std::vector<FirewallRules::Macvlan> macvlans() const {
    std::vector<FirewallRules::Macvlan> result;
    std::ranges::copy_if(rules_.macvlans, std::back_inserter(result), [&](const FirewallRules::Macvlan& one) {
      return one.base_index != 0 && (!is_v6() || one.carries_v6);
    });
    return result;
  }
  std::vector<Element> refused() const {
    std::vector<Element> result;
    for (const IpAddress& address : rules_.refused) {
      if (address.is_v6() == is_v6()) result.push_back({.key = bytes_of(address)});
    }
    return result;
  }
  bool has_link_local() const { return is_v6() && !rules_.refused_link_local.empty(); }
  bool has_rules() const { return !macvlans().empty() || !refused().empty() || has_link_local(); }

  void add_chain(const char* name, std::uint32_t hook) {
    nft::add_base_chain(batch_, rules_.table, family_, name, {.hook = hook, .priority = rules_.priority});
  }

  void add_sets() {
    std::vector<Element> bases;
    for (const auto& one : macvlans()) {
      bases.push_back({.key = bytes_of(one.interface), .value = bytes_of(one.base_index)});
    }
    if (!bases.empty()) add_set("vmac_map", vmac_map, nft::type_interface_name, interface_name_size, bases);
    if (!bases.empty() && is_v6()) {
      for (Element& one : bases) one.value.clear();
      add_set("vmac_set", vmac_set, nft::type_interface_name, interface_name_size, bases);
    }
    const std::uint32_t type = is_v6() ? nft::type_ipv6 : nft::type_ipv4;
    const std::uint32_t size = is_v6() ? 16 : 4;
    if (const auto elements = refused(); !elements.empty()) add_set("vips", vips, type, size, elements);
    if (!has_link_local()) return;
    std::vector<Element> link_local;
    for (const auto& one : rules_.refused_link_local) {
      Key key = bytes_of(one.address);
      const Key place = rules_.by_index ? bytes_of(one.index) : bytes_of(one.interface);
      key.insert(key.end(), place.begin(), place.end());
      if (!rules_.by_index || one.index != 0) link_local.push_back({.key = std::move(key)});
    }
    const std::uint32_t place_type = rules_.by_index ? nft::type_interface_index : nft::type_interface_name;
    add_set("vips_link_local", vips_link_local, nft::types(nft::type_ipv6, place_type),
            16 + (rules_.by_index ? 4 : interface_name_size), link_local);
  }

  void add_set(const char* name, std::uint32_t id, std::uint32_t type, std::size_t size,
               const std::vector<Element>& elements) {
    const bool is_map = !elements.empty() && !elements.front().value.empty();
    const nft::SetShape shape{
        .table = rules_.table,
        .family = family_,
        .name = name,
        .id = id,
        .flags = is_map ? static_cast<std::uint32_t>(NFT_SET_MAP) : 0U,
        .key_type = type,
        .key_size = size,
        .data_type = is_map ? nft::type_interface_index : 0U,
        .data_size = is_map ? sizeof(std::uint32_t) : 0UZ,
        .host_order = type == nft::type_interface_name ? nft::HostOrder::keys_and_values : nft::HostOrder::nothing};
    nft::add_set(batch_, shape);
    nft::add_elements(batch_, shape, elements);
  }

  Rule rule(const char* chain) const { return {rules_.table, family_, chain}; }
  void end(Rule& rule, std::uint32_t verdict) {
    if (rules_.counters) rule.count();
    rule.verdict(verdict).append_to(batch_);
  }
  void drop(Rule& rule) { end(rule, NF_DROP); }

  void add_rules_v4() {
    if (!macvlans().empty()) {
      drop(rule("out")
               .load_network(v4_protocol, 1)
               .is_equal(IPPROTO_IGMP)
               .load_network(v4_destination, 4, second)
               .load_meta(NFT_META_OIFNAME)
               .find("vmac_map", vmac_map, first, third)
               .duplicate(second, third));
    }
    if (refused().empty()) return;
    drop(rule("out").load_network(v4_source, 4).is_in("vips", vips));
    drop(rule("in").load_network(v4_destination, 4).is_in("vips", vips));
  }

  void add_rules_v6() {
    if (!macvlans().empty()) {
      drop(rule("out")
               .is_icmp6(mld2_report)
               .load_network(v6_destination, 16, second)
               .load_meta(NFT_META_OIFNAME)
               .find("vmac_map", vmac_map, first, third)
               .duplicate(second, third));
      drop(rule("out").is_icmp6(ND_ROUTER_SOLICIT).load_meta(NFT_META_OIFNAME).is_in("vmac_set", vmac_set));
    }
    if (refused().empty() && !has_link_local()) return;
    for (const auto& [chain, offset, interface] :
         {std::tuple("out", v6_source, rules_.by_index ? NFT_META_OIF : NFT_META_OIFNAME),
          std::tuple("in", v6_destination, rules_.by_index ? NFT_META_IIF : NFT_META_IIFNAME)}) {
      // Neighbours find the address all the same (RFC 9568 §8.2.2).
      for (const int type : {ND_NEIGHBOR_SOLICIT, ND_NEIGHBOR_ADVERT}) {
        end(rule(chain).is_icmp6(static_cast<std::uint8_t>(type)), NF_ACCEPT);
      }
      if (has_link_local()) {
        drop(rule(chain)
                 .load_network(offset, 16)
                 .load_meta(static_cast<std::uint32_t>(interface), second)
                 .is_in("vips_link_local", vips_link_local));
      }
      if (!refused().empty()) drop(rule(chain).load_network(offset, 16).is_in("vips", vips));
    }
  }

  const FirewallRules& rules_;
  std::uint16_t family_;
  Batch& batch_;
};

}  // namespace

SysResult<void> install_firewall(const FirewallRules& rules) {
  Batch batch;
  for (const std::uint16_t family : {NFPROTO_IPV4, NFPROTO_IPV6}) FamilyTable(rules, family, batch).replace();
  return batch.commit();
}

SysResult<void> remove_firewall(const std::string& table) {
  const FirewallRules none{.table = table};
  Batch batch;
  for (const std::uint16_t family : {NFPROTO_IPV4, NFPROTO_IPV6}) FamilyTable(none, family, batch).remove();
  return batch.commit();
}

}  // namespace baton::kernel
