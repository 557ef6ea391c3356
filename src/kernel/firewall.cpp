#include "kernel/firewall.h"

// Must stand before <linux/netfilter.h>, which has an in.h of its own.
// clang-format off
#include <netinet/in.h>
#include <netinet/icmp6.h>
// clang-format on
#include <libmnl/libmnl.h>
#include <libnftnl/chain.h>
#include <libnftnl/common.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <span>

#include "base/unique_fd.h"
#include "kernel/netlink_message.h"

namespace baton::kernel {

namespace {

// Types of keys, by which nft(8) prints them (libnftables' datatype.h numbers them); several follow each other in six
// bits each.
constexpr std::uint32_t type_ipv4 = 7;
constexpr std::uint32_t type_ipv6 = 8;
constexpr std::uint32_t type_interface_index = 20;
constexpr std::uint32_t type_interface_name = 41;
constexpr unsigned type_bits = 6;

constexpr std::size_t interface_name_size = 16;  // IFNAMSIZ
constexpr std::size_t elements_a_message = 500;  // an attribute has 64 KiB
constexpr std::size_t message_size = 128UZ * 1024;
constexpr int send_buffer = 16 * 1024 * 1024;

// What the rules look at.
constexpr std::uint32_t v4_protocol = 9;
constexpr std::uint32_t v4_source = 12;
constexpr std::uint32_t v4_destination = 16;
constexpr std::uint32_t v6_source = 8;
constexpr std::uint32_t v6_destination = 24;
constexpr std::uint8_t mld2_report = 143;  // RFC 3810 §5.2

template <auto Free>
struct Freer {
  void operator()(auto* object) const { Free(object); }
};
using Table = std::unique_ptr<nftnl_table, Freer<nftnl_table_free>>;
using Chain = std::unique_ptr<nftnl_chain, Freer<nftnl_chain_free>>;
using Set = std::unique_ptr<nftnl_set, Freer<nftnl_set_free>>;

// One transaction: all of it or nothing.
class Batch {
 public:
  Batch() { frame(NFNL_MSG_BATCH_BEGIN); }

  template <typename Build>
  void add(std::uint16_t type, std::uint16_t family, std::uint16_t flags, Build&& build) {
    scratch_.assign(message_size, 0);
    nlmsghdr* message = ::nftnl_nlmsg_build_hdr(scratch_.data(), type, family, flags, ++sequence_);
    build(message);
    last_ = bytes_.size();
    append(message);
  }

  SysResult<void> commit() {
    reinterpret_cast<nlmsghdr*>(bytes_.data() + last_)->nlmsg_flags |= NLM_F_ACK;
    const std::uint32_t last_sequence = sequence_;
    frame(NFNL_MSG_BATCH_END);
    UniqueFd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER));
    if (!fd) return last_error("open a netfilter socket");
    if (::setsockopt(fd.get(), SOL_SOCKET, SO_SNDBUFFORCE, &send_buffer, sizeof(send_buffer)) < 0) {
      (void)::setsockopt(fd.get(), SOL_SOCKET, SO_SNDBUF, &send_buffer, sizeof(send_buffer));
    }
    TRY_VOID(netlink::send_all(fd.get(), bytes_.data(), bytes_.size()));
    netlink::Buffer buffer;
    for (;;) {
      netlink::Messages answers(TRY(netlink::receive(fd.get(), buffer, netlink::answer_timeout_ms)));
      while (const nlmsghdr* part = answers.next()) {
        if (part->nlmsg_type != NLMSG_ERROR) continue;
        const int code = -static_cast<const nlmsgerr*>(::mnl_nlmsg_get_payload(part))->error;
        if (code != 0) return std::unexpected(SysError{"change nftables", code});
        if (part->nlmsg_seq == last_sequence) return {};
      }
    }
  }

 private:
  void frame(std::uint16_t type) {
    scratch_.assign(message_size, 0);
    append(type == NFNL_MSG_BATCH_BEGIN ? ::nftnl_batch_begin(scratch_.data(), ++sequence_)
                                        : ::nftnl_batch_end(scratch_.data(), ++sequence_));
  }
  void append(const nlmsghdr* message) {
    const char* begin = reinterpret_cast<const char*>(message);
    bytes_.insert(bytes_.end(), begin, begin + MNL_ALIGN(message->nlmsg_len));
  }

  std::vector<char> scratch_;
  std::vector<char> bytes_;
  std::size_t last_ = 0;
  std::uint32_t sequence_ = 0;
};

using Key = std::vector<std::uint8_t>;

Key bytes_of(const IpAddress& address) {
  const auto* data = static_cast<const std::uint8_t*>(static_cast<const void*>(address.bytes().data()));
  return {data, data + address.size()};
}

Key bytes_of(const std::string& interface) {
  Key key(interface_name_size, 0);
  std::copy_n(interface.begin(), std::min(interface.size(), interface_name_size - 1), key.begin());
  return key;
}

Key bytes_of(std::uint32_t index) {
  Key key(sizeof(index));
  std::memcpy(key.data(), &index, sizeof(index));
  return key;
}

struct Element {
  Key key;
  Key value;  // of a map
};

// The expressions of one rule, in order.
class Rule {
 public:
  Rule(const FirewallRules& rules, std::uint16_t family, const char* chain)
      : rule_(::nftnl_rule_alloc()), counts_(rules.counters) {
    ::nftnl_rule_set_u32(rule_.get(), NFTNL_RULE_FAMILY, family);
    ::nftnl_rule_set_str(rule_.get(), NFTNL_RULE_TABLE, rules.table.c_str());
    ::nftnl_rule_set_str(rule_.get(), NFTNL_RULE_CHAIN, chain);
  }

  Rule& load_header(std::uint32_t offset, std::uint32_t size, std::uint32_t target = NFT_REG_1) {
    return load_payload(NFT_PAYLOAD_NETWORK_HEADER, offset, size, target);
  }
  Rule& load_interface(std::uint32_t key, std::uint32_t target = NFT_REG_1) {
    nftnl_expr* meta = add("meta");
    ::nftnl_expr_set_u32(meta, NFTNL_EXPR_META_KEY, key);
    ::nftnl_expr_set_u32(meta, NFTNL_EXPR_META_DREG, target);
    return *this;
  }
  // ICMPv6 of that type, also behind a hop-by-hop header.
  Rule& is_icmp6(std::uint8_t type) {
    load_interface(NFT_META_L4PROTO);
    is_equal(IPPROTO_ICMPV6);
    load_payload(NFT_PAYLOAD_TRANSPORT_HEADER, 0, 1, NFT_REG_1);
    return is_equal(type);
  }
  Rule& is_equal(std::uint8_t value) {
    nftnl_expr* compare = add("cmp");
    ::nftnl_expr_set_u32(compare, NFTNL_EXPR_CMP_SREG, NFT_REG_1);
    ::nftnl_expr_set_u32(compare, NFTNL_EXPR_CMP_OP, NFT_CMP_EQ);
    ::nftnl_expr_set(compare, NFTNL_EXPR_CMP_DATA, &value, sizeof(value));
    return *this;
  }
  Rule& is_in(const char* set, std::uint32_t id) { return look_up(set, id, 0); }
  Rule& find(const char* map, std::uint32_t id, std::uint32_t target) { return look_up(map, id, target); }
  Rule& duplicate(std::uint32_t address, std::uint32_t device) {
    nftnl_expr* dup = add("dup");
    ::nftnl_expr_set_u32(dup, NFTNL_EXPR_DUP_SREG_ADDR, address);
    ::nftnl_expr_set_u32(dup, NFTNL_EXPR_DUP_SREG_DEV, device);
    return *this;
  }
  void end(Batch& batch, std::uint16_t family, std::uint32_t verdict) {
    if (counts_) (void)add("counter");
    nftnl_expr* immediate = add("immediate");
    ::nftnl_expr_set_u32(immediate, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
    ::nftnl_expr_set_u32(immediate, NFTNL_EXPR_IMM_VERDICT, verdict);
    batch.add(NFT_MSG_NEWRULE, family, NLM_F_CREATE | NLM_F_APPEND,
              [&](nlmsghdr* message) { ::nftnl_rule_nlmsg_build_payload(message, rule_.get()); });
  }

 private:
  nftnl_expr* add(const char* name) {
    nftnl_expr* expression = ::nftnl_expr_alloc(name);
    ::nftnl_rule_add_expr(rule_.get(), expression);  // which owns it
    return expression;
  }
  Rule& load_payload(std::uint32_t base, std::uint32_t offset, std::uint32_t size, std::uint32_t target) {
    nftnl_expr* payload = add("payload");
    ::nftnl_expr_set_u32(payload, NFTNL_EXPR_PAYLOAD_BASE, base);
    ::nftnl_expr_set_u32(payload, NFTNL_EXPR_PAYLOAD_DREG, target);
    ::nftnl_expr_set_u32(payload, NFTNL_EXPR_PAYLOAD_OFFSET, offset);
    ::nftnl_expr_set_u32(payload, NFTNL_EXPR_PAYLOAD_LEN, size);
    return *this;
  }
  Rule& look_up(const char* set, std::uint32_t id, std::uint32_t target) {
    nftnl_expr* lookup = add("lookup");
    ::nftnl_expr_set_u32(lookup, NFTNL_EXPR_LOOKUP_SREG, NFT_REG_1);
    ::nftnl_expr_set_str(lookup, NFTNL_EXPR_LOOKUP_SET, set);
    ::nftnl_expr_set_u32(lookup, NFTNL_EXPR_LOOKUP_SET_ID, id);
    if (target != 0) ::nftnl_expr_set_u32(lookup, NFTNL_EXPR_LOOKUP_DREG, target);
    return *this;
  }

  std::unique_ptr<nftnl_rule, Freer<nftnl_rule_free>> rule_;
  bool counts_;
};

// Sets of one table, by number within the transaction.
constexpr std::uint32_t vmac_map = 1;
constexpr std::uint32_t vips = 2;
constexpr std::uint32_t vips_link_local = 3;
constexpr std::uint32_t vmac_set = 4;

// How nft(8) is to read keys and values of a set: names and numbers of interfaces are in the machine's own byte order
// (libnftables keeps that in attributes of its own; 0 is the key's, 1 the value's).
constexpr std::array<std::uint8_t, 12> host_order = {0, 4, 1, 0, 0, 0, 1, 4, 1, 0, 0, 0};

class FamilyTable {
 public:
  FamilyTable(const FirewallRules& rules, std::uint16_t family, Batch& batch)
      : rules_(rules), family_(family), batch_(batch) {}

  void replace() {
    remove();
    if (!has_rules()) return;
    table(NFT_MSG_NEWTABLE, NLM_F_CREATE);
    add_sets();
    add_chain("in", NF_INET_LOCAL_IN);
    add_chain("out", NF_INET_LOCAL_OUT);
    is_v6() ? add_rules_v6() : add_rules_v4();
  }

  // Made first, because what is not there cannot be removed.
  void remove() {
    table(NFT_MSG_NEWTABLE, NLM_F_CREATE);
    table(NFT_MSG_DELTABLE, 0);
  }

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
      if (address.is_v6() == is_v6()) result.push_back({.key = bytes_of(address), .value = {}});
    }
    return result;
  }
  bool has_link_local() const { return is_v6() && !rules_.refused_link_local.empty(); }
  bool has_rules() const { return !macvlans().empty() || !refused().empty() || has_link_local(); }

  void table(std::uint16_t type, std::uint16_t flags) {
    const Table table(::nftnl_table_alloc());
    ::nftnl_table_set_str(table.get(), NFTNL_TABLE_NAME, rules_.table.c_str());
    ::nftnl_table_set_u32(table.get(), NFTNL_TABLE_FAMILY, family_);
    batch_.add(type, family_, flags,
               [&](nlmsghdr* message) { ::nftnl_table_nlmsg_build_payload(message, table.get()); });
  }

  void add_chain(const char* name, std::uint32_t hook) {
    const Chain chain(::nftnl_chain_alloc());
    ::nftnl_chain_set_str(chain.get(), NFTNL_CHAIN_TABLE, rules_.table.c_str());
    ::nftnl_chain_set_str(chain.get(), NFTNL_CHAIN_NAME, name);
    ::nftnl_chain_set_str(chain.get(), NFTNL_CHAIN_TYPE, "filter");
    ::nftnl_chain_set_u32(chain.get(), NFTNL_CHAIN_HOOKNUM, hook);
    ::nftnl_chain_set_s32(chain.get(), NFTNL_CHAIN_PRIO, rules_.priority);
    ::nftnl_chain_set_u32(chain.get(), NFTNL_CHAIN_POLICY, NF_ACCEPT);
    batch_.add(NFT_MSG_NEWCHAIN, family_, NLM_F_CREATE,
               [&](nlmsghdr* message) { ::nftnl_chain_nlmsg_build_payload(message, chain.get()); });
  }

  void add_sets() {
    std::vector<Element> bases;
    for (const auto& one : macvlans()) {
      bases.push_back({.key = bytes_of(one.interface), .value = bytes_of(one.base_index)});
    }
    if (!bases.empty()) add_set("vmac_map", vmac_map, type_interface_name, interface_name_size, bases);
    if (!bases.empty() && is_v6()) {
      for (Element& one : bases) one.value.clear();
      add_set("vmac_set", vmac_set, type_interface_name, interface_name_size, bases);
    }
    const std::uint32_t type = is_v6() ? type_ipv6 : type_ipv4;
    const std::uint32_t size = is_v6() ? 16 : 4;
    if (const auto elements = refused(); !elements.empty()) add_set("vips", vips, type, size, elements);
    if (!has_link_local()) return;
    std::vector<Element> link_local;
    for (const auto& one : rules_.refused_link_local) {
      Key key = bytes_of(one.address);
      const Key place = rules_.by_index ? bytes_of(one.index) : bytes_of(one.interface);
      key.insert(key.end(), place.begin(), place.end());
      if (!rules_.by_index || one.index != 0) link_local.push_back({.key = std::move(key), .value = {}});
    }
    const std::uint32_t place_type = rules_.by_index ? type_interface_index : type_interface_name;
    add_set("vips_link_local", vips_link_local, type_ipv6 << type_bits | place_type,
            16 + (rules_.by_index ? 4 : interface_name_size), link_local);
  }

  void add_set(const char* name, std::uint32_t id, std::uint32_t type, std::size_t size,
               std::span<const Element> elements) {
    const auto make = [&] {
      Set set(::nftnl_set_alloc());
      ::nftnl_set_set_str(set.get(), NFTNL_SET_TABLE, rules_.table.c_str());
      ::nftnl_set_set_str(set.get(), NFTNL_SET_NAME, name);
      ::nftnl_set_set_u32(set.get(), NFTNL_SET_FAMILY, family_);
      ::nftnl_set_set_u32(set.get(), NFTNL_SET_ID, id);
      return set;
    };
    const Set set = make();
    ::nftnl_set_set_u32(set.get(), NFTNL_SET_KEY_TYPE, type);
    ::nftnl_set_set_u32(set.get(), NFTNL_SET_KEY_LEN, static_cast<std::uint32_t>(size));
    if (type == type_interface_name) {
      ::nftnl_set_set_data(set.get(), NFTNL_SET_USERDATA, host_order.data(), host_order.size());
    }
    const bool is_map = !elements.empty() && !elements.front().value.empty();
    if (is_map) {
      ::nftnl_set_set_u32(set.get(), NFTNL_SET_FLAGS, NFT_SET_MAP);
      ::nftnl_set_set_u32(set.get(), NFTNL_SET_DATA_TYPE, type_interface_index);
      ::nftnl_set_set_u32(set.get(), NFTNL_SET_DATA_LEN, sizeof(std::uint32_t));
    }
    batch_.add(NFT_MSG_NEWSET, family_, NLM_F_CREATE,
               [&](nlmsghdr* message) { ::nftnl_set_nlmsg_build_payload(message, set.get()); });
    for (std::size_t begin = 0; begin < elements.size(); begin += elements_a_message) {
      const Set part = make();
      for (const Element& one : elements.subspan(begin, std::min(elements_a_message, elements.size() - begin))) {
        nftnl_set_elem* element = ::nftnl_set_elem_alloc();
        ::nftnl_set_elem_set(element, NFTNL_SET_ELEM_KEY, one.key.data(), static_cast<std::uint32_t>(one.key.size()));
        if (is_map) {
          ::nftnl_set_elem_set(element, NFTNL_SET_ELEM_DATA, one.value.data(),
                               static_cast<std::uint32_t>(one.value.size()));
        }
        ::nftnl_set_elem_add(part.get(), element);  // which owns it
      }
      batch_.add(NFT_MSG_NEWSETELEM, family_, NLM_F_CREATE,
                 [&](nlmsghdr* message) { ::nftnl_set_elems_nlmsg_build_payload(message, part.get()); });
    }
  }

  Rule rule(const char* chain) const { return {rules_, family_, chain}; }
  void drop(Rule& rule) { rule.end(batch_, family_, NF_DROP); }

  void add_rules_v4() {
    if (!macvlans().empty()) {
      drop(rule("out")
               .load_header(v4_protocol, 1)
               .is_equal(IPPROTO_IGMP)
               .load_header(v4_destination, 4, NFT_REG_2)
               .load_interface(NFT_META_OIFNAME)
               .find("vmac_map", vmac_map, NFT_REG_3)
               .duplicate(NFT_REG_2, NFT_REG_3));
    }
    if (refused().empty()) return;
    drop(rule("out").load_header(v4_source, 4).is_in("vips", vips));
    drop(rule("in").load_header(v4_destination, 4).is_in("vips", vips));
  }

  void add_rules_v6() {
    if (!macvlans().empty()) {
      drop(rule("out")
               .is_icmp6(mld2_report)
               .load_header(v6_destination, 16, NFT_REG_2)
               .load_interface(NFT_META_OIFNAME)
               .find("vmac_map", vmac_map, NFT_REG_3)
               .duplicate(NFT_REG_2, NFT_REG_3));
      drop(rule("out").is_icmp6(ND_ROUTER_SOLICIT).load_interface(NFT_META_OIFNAME).is_in("vmac_set", vmac_set));
    }
    if (refused().empty() && !has_link_local()) return;
    for (const auto& [chain, offset, interface] :
         {std::tuple("out", v6_source, rules_.by_index ? NFT_META_OIF : NFT_META_OIFNAME),
          std::tuple("in", v6_destination, rules_.by_index ? NFT_META_IIF : NFT_META_IIFNAME)}) {
      // Neighbours find the address all the same (RFC 9568 §8.2.2).
      for (const int type : {ND_NEIGHBOR_SOLICIT, ND_NEIGHBOR_ADVERT}) {
        rule(chain).is_icmp6(static_cast<std::uint8_t>(type)).end(batch_, family_, NF_ACCEPT);
      }
      if (has_link_local()) {
        drop(rule(chain)
                 .load_header(offset, 16, NFT_REG_1)
                 .load_interface(static_cast<std::uint32_t>(interface), NFT_REG_2)
                 .is_in("vips_link_local", vips_link_local));
      }
      if (!refused().empty()) drop(rule(chain).load_header(offset, 16).is_in("vips", vips));
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
