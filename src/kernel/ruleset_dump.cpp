#include "kernel/ruleset_dump.h"

// Must stand before <linux/netfilter.h>, which has an in.h of its own.
// clang-format off
#include <netinet/in.h>
// clang-format on
#include <libmnl/libmnl.h>
#include <libnftnl/chain.h>
#include <libnftnl/common.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <libnftnl/set.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/xt_conntrack.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <memory>
#include <tuple>

#include "base/unique_fd.h"
#include "kernel/netlink_dump.h"

namespace baton::kernel {

namespace {

template <auto Free>
struct Freer {
  void operator()(auto* object) const { Free(object); }
};
using ChainObject = std::unique_ptr<nftnl_chain, Freer<nftnl_chain_free>>;
using RuleObject = std::unique_ptr<nftnl_rule, Freer<nftnl_rule_free>>;
using SetObject = std::unique_ptr<nftnl_set, Freer<nftnl_set_free>>;

constexpr std::string_view unclear = "a register that there is not";

FilterFamily to_family(std::uint32_t family) {
  switch (family) {
    case NFPROTO_INET: return FilterFamily::inet;
    case NFPROTO_IPV4: return FilterFamily::ipv4;
    case NFPROTO_IPV6: return FilterFamily::ipv6;
    case NFPROTO_NETDEV: return FilterFamily::netdev;
    case NFPROTO_BRIDGE: return FilterFamily::bridge;
    default: return FilterFamily::other;
  }
}

std::optional<FilterHook> to_hook(FilterFamily family, std::uint32_t hook) {
  if (family == FilterFamily::netdev) {
    return hook == NF_NETDEV_INGRESS ? FilterHook::ingress : FilterHook::egress;
  }
  switch (hook) {
    case NF_INET_PRE_ROUTING: return FilterHook::prerouting;
    case NF_INET_LOCAL_IN: return FilterHook::input;
    case NF_INET_FORWARD: return FilterHook::forward;
    case NF_INET_LOCAL_OUT: return FilterHook::output;
    case NF_INET_POST_ROUTING: return FilterHook::postrouting;
    case NF_INET_INGRESS: return FilterHook::ingress;
    default: return std::nullopt;
  }
}

std::string text(const char* given) {
  return given == nullptr ? "" : given;
}

Bytes bytes_of(const void* data, std::uint32_t size) {
  const auto* bytes = static_cast<const std::uint8_t*>(data);
  return data == nullptr ? Bytes{} : Bytes(bytes, bytes + size);
}

// Of an expression, by libnftnl's numbers.
class Reader {
 public:
  explicit Reader(const nftnl_expr* expression) : expression_(expression) {}
  bool has(std::uint16_t attribute) const { return ::nftnl_expr_is_set(expression_, attribute); }
  std::uint32_t number(std::uint16_t attribute) const {
    return has(attribute) ? ::nftnl_expr_get_u32(expression_, attribute) : 0;
  }
  std::string string(std::uint16_t attribute) const {
    return has(attribute) ? text(::nftnl_expr_get_str(expression_, attribute)) : "";
  }
  Bytes bytes(std::uint16_t attribute) const {
    if (!has(attribute)) return {};
    std::uint32_t size = 0;
    const void* data = ::nftnl_expr_get(expression_, attribute, &size);
    return bytes_of(data, size);
  }
  // Where a register stands; register_bytes: it is none for data.
  RegisterPlace place(std::uint16_t attribute) const {
    const std::uint32_t number_of = number(attribute);
    if (number_of >= NFT_REG_1 && number_of <= NFT_REG_4) return (number_of - NFT_REG_1) * NFT_REG_SIZE;
    if (number_of >= NFT_REG32_00 && number_of <= NFT_REG32_15) return (number_of - NFT_REG32_00) * NFT_REG32_SIZE;
    return register_bytes;
  }

 private:
  const nftnl_expr* expression_;
};

rule::Verdict to_verdict(std::uint32_t code, std::string chain) {
  const auto number = static_cast<std::int32_t>(code);
  if (number == NFT_JUMP) return {VerdictKind::jump, std::move(chain)};
  if (number == NFT_GOTO) return {VerdictKind::go_to, std::move(chain)};
  if (number == NFT_RETURN) return {VerdictKind::return_, {}};
  if (number == NFT_CONTINUE) return {VerdictKind::continue_, {}};
  switch (code & NF_VERDICT_MASK) {
    case NF_ACCEPT: return {VerdictKind::accept, {}};
    case NF_DROP: return {VerdictKind::drop, {}};
    default: return {VerdictKind::queue, {}};
  }
}

std::optional<MetaKey> to_meta_key(std::uint32_t key) {
  switch (key) {
    case NFT_META_PROTOCOL: return MetaKey::ethertype;
    case NFT_META_MARK: return MetaKey::mark;
    case NFT_META_IIF: return MetaKey::in_index;
    case NFT_META_IIFNAME: return MetaKey::in_name;
    case NFT_META_IIFTYPE: return MetaKey::in_type;
    case NFT_META_IIFGROUP: return MetaKey::in_group;
    case NFT_META_IIFKIND: return MetaKey::in_kind;
    case NFT_META_OIF: return MetaKey::out_index;
    case NFT_META_OIFNAME: return MetaKey::out_name;
    case NFT_META_OIFTYPE: return MetaKey::out_type;
    case NFT_META_OIFGROUP: return MetaKey::out_group;
    case NFT_META_OIFKIND: return MetaKey::out_kind;
    case NFT_META_NFPROTO: return MetaKey::family;
    case NFT_META_L4PROTO: return MetaKey::protocol;
    case NFT_META_PKTTYPE: return MetaKey::packet_type;
    default: return std::nullopt;
  }
}

RuleExpression to_meta(const Reader& reader) {
  const std::uint32_t key = reader.number(NFTNL_EXPR_META_KEY);
  if (reader.has(NFTNL_EXPR_META_SREG)) {
    if (key == NFT_META_MARK) return rule::SetMark{};
    return rule::NoMatter{};
  }
  const RegisterPlace target = reader.place(NFTNL_EXPR_META_DREG);
  if (const auto known = to_meta_key(key)) return rule::LoadMeta{.key = *known, .target = target};
  return rule::LoadUnknown{.target = target};
}

RuleExpression to_payload(const Reader& reader) {
  if (reader.has(NFTNL_EXPR_PAYLOAD_SREG)) return rule::NoMatter{};
  const RegisterPlace target = reader.place(NFTNL_EXPR_PAYLOAD_DREG);
  const auto load = [&](PayloadBase base) -> RuleExpression {
    return rule::LoadPayload{.base = base,
                             .offset = reader.number(NFTNL_EXPR_PAYLOAD_OFFSET),
                             .size = reader.number(NFTNL_EXPR_PAYLOAD_LEN),
                             .target = target};
  };
  switch (reader.number(NFTNL_EXPR_PAYLOAD_BASE)) {
    case NFT_PAYLOAD_LL_HEADER: return load(PayloadBase::link);
    case NFT_PAYLOAD_NETWORK_HEADER: return load(PayloadBase::network);
    case NFT_PAYLOAD_TRANSPORT_HEADER: return load(PayloadBase::transport);
    default: return rule::LoadUnknown{.target = target};
  }
}

RuleExpression to_compare(const Reader& reader) {
  constexpr std::array comparisons = {Comparison::equal,         Comparison::not_equal, Comparison::less,
                                      Comparison::less_or_equal, Comparison::greater,   Comparison::greater_or_equal};
  const std::uint32_t operation = reader.number(NFTNL_EXPR_CMP_OP);
  if (operation >= comparisons.size()) return rule::Doubt{"an unknown comparison"};
  return rule::Compare{.source = reader.place(NFTNL_EXPR_CMP_SREG),
                       .comparison = comparisons.at(operation),
                       .bytes = reader.bytes(NFTNL_EXPR_CMP_DATA)};
}

RuleExpression to_mask(const Reader& reader) {
  const RegisterPlace target = reader.place(NFTNL_EXPR_BITWISE_DREG);
  if (reader.number(NFTNL_EXPR_BITWISE_OP) != NFT_BITWISE_BOOL) return rule::LoadUnknown{.target = target};
  return rule::Mask{.source = reader.place(NFTNL_EXPR_BITWISE_SREG),
                    .target = target,
                    .mask = reader.bytes(NFTNL_EXPR_BITWISE_MASK),
                    .flip = reader.bytes(NFTNL_EXPR_BITWISE_XOR)};
}

RuleExpression to_immediate(const Reader& reader) {
  if (reader.number(NFTNL_EXPR_IMM_DREG) == NFT_REG_VERDICT) {
    return to_verdict(reader.number(NFTNL_EXPR_IMM_VERDICT), reader.string(NFTNL_EXPR_IMM_CHAIN));
  }
  return rule::LoadBytes{.bytes = reader.bytes(NFTNL_EXPR_IMM_DATA), .target = reader.place(NFTNL_EXPR_IMM_DREG)};
}

RuleExpression to_lookup(const Reader& reader) {
  rule::Lookup lookup{.set = reader.string(NFTNL_EXPR_LOOKUP_SET),
                      .source = reader.place(NFTNL_EXPR_LOOKUP_SREG),
                      .is_inverted = (reader.number(NFTNL_EXPR_LOOKUP_FLAGS) & NFT_LOOKUP_F_INV) != 0};
  if (reader.has(NFTNL_EXPR_LOOKUP_DREG)) {
    const bool is_verdict = reader.number(NFTNL_EXPR_LOOKUP_DREG) == NFT_REG_VERDICT;
    lookup.result = is_verdict ? rule::Lookup::Result::verdict : rule::Lookup::Result::bytes;
    lookup.target = is_verdict ? 0 : reader.place(NFTNL_EXPR_LOOKUP_DREG);
  }
  return lookup;
}

RuleExpression to_connection(const Reader& reader) {
  if (reader.has(NFTNL_EXPR_CT_SREG)) return rule::NoMatter{};
  const RegisterPlace target = reader.place(NFTNL_EXPR_CT_DREG);
  if (reader.number(NFTNL_EXPR_CT_KEY) == NFT_CT_STATE) return rule::LoadConnectionState{.target = target};
  return rule::LoadUnknown{.target = target};
}

RuleExpression to_fib(const Reader& reader) {
  const RegisterPlace target = reader.place(NFTNL_EXPR_FIB_DREG);
  const std::uint32_t flags = reader.number(NFTNL_EXPR_FIB_FLAGS);
  const bool is_type = reader.number(NFTNL_EXPR_FIB_RESULT) == NFT_FIB_RESULT_ADDRTYPE &&
                       (flags & NFTA_FIB_F_DADDR) != 0 && (flags & NFTA_FIB_F_SADDR) == 0;
  if (is_type) return rule::LoadAddressType{.target = target};
  return rule::LoadUnknown{.target = target};
}

// iptables -m conntrack --ctstate, and what its other settings are is not looked into.
RuleExpression to_iptables_state(const Bytes& settings) {
  xt_conntrack_mtinfo3 info{};
  if (settings.size() < sizeof(xt_conntrack_mtinfo2)) return rule::Doubt{"conntrack"};
  std::memcpy(&info, settings.data(), std::min(settings.size(), sizeof(info)));
  constexpr std::uint16_t alias = XT_CONNTRACK_STATE | XT_CONNTRACK_STATE_ALIAS;
  if ((info.match_flags & ~alias) != 0) return rule::Doubt{"conntrack"};
  // Untracked has another bit than in nf_tables.
  std::uint16_t states = info.state_mask & 0x0fU;
  constexpr std::uint16_t untracked = 1U << 6;  // NF_CT_STATE_UNTRACKED_BIT
  if ((info.state_mask & XT_CONNTRACK_STATE_UNTRACKED) != 0) states |= untracked;
  return rule::ConnectionStateIs{.states = states, .is_inverted = (info.invert_flags & XT_CONNTRACK_STATE) != 0};
}

RuleExpression to_match(const Reader& reader) {
  const std::string name = reader.string(NFTNL_EXPR_MT_NAME);
  if (name == "comment") return rule::NoMatter{};
  if (name == "conntrack" && reader.number(NFTNL_EXPR_MT_REV) >= 2) {
    return to_iptables_state(reader.bytes(NFTNL_EXPR_MT_INFO));
  }
  return rule::Doubt{name};
}

RuleExpression to_target(const Reader& reader) {
  constexpr std::array going_on = {"LOG", "NFLOG", "CONNMARK", "TRACE",    "DSCP",    "TOS",        "TTL",
                                   "HL",  "AUDIT", "CLASSIFY", "CHECKSUM", "SECMARK", "CONNSECMARK"};
  const std::string name = reader.string(NFTNL_EXPR_TG_NAME);
  if (name == "REJECT") return rule::Verdict{VerdictKind::drop, {}};
  if (name == "MARK") return rule::SetMark{};
  if (std::ranges::find(going_on, name) != going_on.end()) return rule::NoMatter{};
  return rule::Verdict{VerdictKind::queue, {}};  // whatever it does with the packet
}

RuleExpression to_range(const Reader& reader) {
  return rule::InRange{.source = reader.place(NFTNL_EXPR_RANGE_SREG),
                       .is_inverted = reader.number(NFTNL_EXPR_RANGE_OP) == NFT_RANGE_NEQ,
                       .from = reader.bytes(NFTNL_EXPR_RANGE_FROM_DATA),
                       .to = reader.bytes(NFTNL_EXPR_RANGE_TO_DATA)};
}

template <std::uint16_t Register>
RuleExpression load_unknown(const Reader& reader) {
  return rule::LoadUnknown{.target = reader.place(Register)};
}
RuleExpression nothing(const Reader&) {
  return rule::NoMatter{};
}

RuleExpression to_expression(const std::string& name, const Reader& reader) {
  using Convert = RuleExpression (*)(const Reader&);
  static const std::map<std::string, Convert, std::less<>> converters = {
      {"meta", to_meta},
      {"payload", to_payload},
      {"cmp", to_compare},
      {"range", to_range},
      {"bitwise", to_mask},
      {"immediate", to_immediate},
      {"lookup", to_lookup},
      {"ct", to_connection},
      {"fib", to_fib},
      {"match", to_match},
      {"target", to_target},
      {"reject", [](const Reader&) -> RuleExpression { return rule::Verdict{VerdictKind::drop, {}}; }},
      {"queue", [](const Reader&) -> RuleExpression { return rule::Verdict{VerdictKind::queue, {}}; }},
      {"byteorder", load_unknown<NFTNL_EXPR_BYTEORDER_DREG>},
      {"numgen", load_unknown<NFTNL_EXPR_NG_DREG>},
      {"hash", load_unknown<NFTNL_EXPR_HASH_DREG>},
      {"rt", load_unknown<NFTNL_EXPR_RT_DREG>},
      {"counter", nothing},
      {"log", nothing},
      {"last", nothing},
      {"notrack", nothing},
      {"dup", nothing},
  };
  const auto found = converters.find(name);
  return found == converters.end() ? rule::Doubt{name} : found->second(reader);
}

bool is_placed(const RuleExpression& expression) {
  return std::visit(
      [](const auto& one) {
        bool fits = true;
        if constexpr (requires { one.source; }) fits = fits && one.source < register_bytes;
        if constexpr (requires { one.target; }) fits = fits && one.target < register_bytes;
        return fits;
      },
      expression);
}

using TableKey = std::tuple<std::uint32_t, std::string, std::string>;  // family, table, chain or set

class Dump {
 public:
  explicit Dump(UniqueFd fd) : fd_(std::move(fd)) {}

  SysResult<Ruleset> read() {
    TRY_VOID(ask(NFT_MSG_GETCHAIN, [](nlmsghdr*) {}, [this](const nlmsghdr* message) { take_chain(message); }));
    TRY_VOID(ask(NFT_MSG_GETRULE, [](nlmsghdr*) {}, [this](const nlmsghdr* message) { take_rule(message); }));
    TRY_VOID(ask(NFT_MSG_GETSET, [](nlmsghdr*) {}, [this](const nlmsghdr* message) { take_set(message); }));
    for (const auto& [key, index] : sets_) TRY_VOID(read_elements(key, ruleset_.sets[index]));
    return std::move(ruleset_);
  }

 private:
  template <typename Put, typename Take>
  SysResult<void> ask(std::uint16_t type, Put&& put, Take&& take, std::uint32_t family = NFPROTO_UNSPEC) {
    return netlink::dump(
        fd_.get(), ++sequence_,
        [&](nlmsghdr* message) {
          message->nlmsg_type = static_cast<std::uint16_t>(NFNL_SUBSYS_NFTABLES << 8 | type);
          auto* header = static_cast<nfgenmsg*>(::mnl_nlmsg_put_extra_header(message, sizeof(nfgenmsg)));
          header->nfgen_family = static_cast<std::uint8_t>(family);
          header->version = NFNETLINK_V0;
          put(message);
        },
        take);
  }

  void take_chain(const nlmsghdr* message) {
    const ChainObject object(::nftnl_chain_alloc());
    if (::nftnl_chain_nlmsg_parse(message, object.get()) < 0) return give_up();
    if (ruleset_.chains.size() >= limits::filter_chains) return give_up();
    const auto number = [&](std::uint16_t attribute) { return ::nftnl_chain_get_u32(object.get(), attribute); };
    const auto string = [&](std::uint16_t attribute) { return text(::nftnl_chain_get_str(object.get(), attribute)); };
    FilterChain chain{.family = to_family(number(NFTNL_CHAIN_FAMILY)),
                      .table = string(NFTNL_CHAIN_TABLE),
                      .name = string(NFTNL_CHAIN_NAME)};
    if (::nftnl_chain_is_set(object.get(), NFTNL_CHAIN_HOOKNUM)) {
      chain.hook = to_hook(chain.family, number(NFTNL_CHAIN_HOOKNUM));
      chain.type = string(NFTNL_CHAIN_TYPE);
      chain.priority = ::nftnl_chain_get_s32(object.get(), NFTNL_CHAIN_PRIO);
      chain.drops_by_policy =
          ::nftnl_chain_is_set(object.get(), NFTNL_CHAIN_POLICY) && number(NFTNL_CHAIN_POLICY) == NF_DROP;
    }
    if (const std::string device = string(NFTNL_CHAIN_DEV); !device.empty()) chain.devices.push_back(device);
    const char* const* devices = ::nftnl_chain_get_array(object.get(), NFTNL_CHAIN_DEVICES);
    for (; devices != nullptr && *devices != nullptr; ++devices) chain.devices.emplace_back(*devices);
    chains_[{number(NFTNL_CHAIN_FAMILY), chain.table, chain.name}] = ruleset_.chains.size();
    ruleset_.chains.push_back(std::move(chain));
  }

  void take_rule(const nlmsghdr* message) {
    const RuleObject object(::nftnl_rule_alloc());
    if (::nftnl_rule_nlmsg_parse(message, object.get()) < 0) return give_up();
    const auto string = [&](std::uint16_t attribute) { return text(::nftnl_rule_get_str(object.get(), attribute)); };
    const auto chain = chains_.find(
        {::nftnl_rule_get_u32(object.get(), NFTNL_RULE_FAMILY), string(NFTNL_RULE_TABLE), string(NFTNL_RULE_CHAIN)});
    if (chain == chains_.end() || ++rules_ > limits::filter_rules) return give_up();
    FilterRule rule{.handle = ::nftnl_rule_get_u64(object.get(), NFTNL_RULE_HANDLE)};
    const auto take_expression = [](nftnl_expr* expression, void* list) {
      const std::string name = text(::nftnl_expr_get_str(expression, NFTNL_EXPR_NAME));
      RuleExpression converted = to_expression(name, Reader(expression));
      if (!is_placed(converted)) converted = rule::Doubt{std::string(unclear)};
      static_cast<std::vector<RuleExpression>*>(list)->push_back(std::move(converted));
      return 0;
    };
    (void)::nftnl_expr_foreach(object.get(), take_expression, &rule.expressions);
    ruleset_.chains[chain->second].rules.push_back(std::move(rule));
  }

  void take_set(const nlmsghdr* message) {
    const SetObject object(::nftnl_set_alloc());
    if (::nftnl_set_nlmsg_parse(message, object.get()) < 0) return give_up();
    const auto number = [&](std::uint16_t attribute) {
      return ::nftnl_set_is_set(object.get(), attribute) ? ::nftnl_set_get_u32(object.get(), attribute) : 0;
    };
    const std::uint32_t flags = number(NFTNL_SET_FLAGS);
    FilterSet set{.family = to_family(number(NFTNL_SET_FAMILY)),
                  .table = text(::nftnl_set_get_str(object.get(), NFTNL_SET_TABLE)),
                  .name = text(::nftnl_set_get_str(object.get(), NFTNL_SET_NAME)),
                  .key_size = number(NFTNL_SET_KEY_LEN),
                  .has_intervals = (flags & NFT_SET_INTERVAL) != 0,
                  .may_change = (flags & (NFT_SET_TIMEOUT | NFT_SET_EVAL)) != 0};
    if (::nftnl_set_is_set(object.get(), NFTNL_SET_DESC_CONCAT)) {
      std::uint32_t size = 0;
      const void* data = ::nftnl_set_get_data(object.get(), NFTNL_SET_DESC_CONCAT, &size);
      for (const std::uint8_t field : bytes_of(data, size)) {
        if (field != 0) set.fields.push_back(field);
      }
    }
    sets_[{number(NFTNL_SET_FAMILY), set.table, set.name}] = ruleset_.sets.size();
    ruleset_.sets.push_back(std::move(set));
  }

  SysResult<void> read_elements(const TableKey& key, FilterSet& set) {
    const auto& [family, table, name] = key;
    const SetObject asked(::nftnl_set_alloc());
    ::nftnl_set_set_str(asked.get(), NFTNL_SET_TABLE, table.c_str());
    ::nftnl_set_set_str(asked.get(), NFTNL_SET_NAME, name.c_str());
    const auto done = ask(
        NFT_MSG_GETSETELEM, [&](nlmsghdr* message) { ::nftnl_set_elems_nlmsg_build_payload(message, asked.get()); },
        [&](const nlmsghdr* message) {
          const SetObject part(::nftnl_set_alloc());
          if (::nftnl_set_elems_nlmsg_parse(message, part.get()) < 0) {
            set.is_whole = false;
            return;
          }
          struct Taker {
            FilterSet* set;
            std::size_t* count;
          } taker{&set, &elements_};
          const auto take = [](nftnl_set_elem* element, void* to) {
            const auto* into = static_cast<Taker*>(to);
            if (++*into->count > limits::filter_set_elements) {
              into->set->is_whole = false;
            } else {
              into->set->elements.push_back(to_element(element));
            }
            return 0;
          };
          (void)::nftnl_set_elem_foreach(part.get(), take, &taker);
        },
        family);
    // A set that has gone meanwhile, or changes all the time.
    if (!done) set.is_whole = false;
    return {};
  }

  static SetElement to_element(nftnl_set_elem* element) {
    const auto bytes = [&](std::uint16_t attribute) {
      if (!::nftnl_set_elem_is_set(element, attribute)) return Bytes{};
      std::uint32_t size = 0;
      const void* data = ::nftnl_set_elem_get(element, attribute, &size);
      return bytes_of(data, size);
    };
    const std::uint32_t flags = ::nftnl_set_elem_is_set(element, NFTNL_SET_ELEM_FLAGS)
                                    ? ::nftnl_set_elem_get_u32(element, NFTNL_SET_ELEM_FLAGS)
                                    : 0;
    SetElement taken{.key = bytes(NFTNL_SET_ELEM_KEY),
                     .key_end = bytes(NFTNL_SET_ELEM_KEY_END),
                     .ends_interval = (flags & NFT_SET_ELEM_INTERVAL_END) != 0,
                     .is_catch_all = (flags & NFT_SET_ELEM_CATCHALL) != 0};
    if (::nftnl_set_elem_is_set(element, NFTNL_SET_ELEM_VERDICT)) {
      taken.verdict = to_verdict(::nftnl_set_elem_get_u32(element, NFTNL_SET_ELEM_VERDICT),
                                 text(::nftnl_set_elem_get_str(element, NFTNL_SET_ELEM_CHAIN)));
    } else {
      taken.data = bytes(NFTNL_SET_ELEM_DATA);
    }
    return taken;
  }

  void give_up() { ruleset_.is_whole = false; }

  UniqueFd fd_;
  std::uint32_t sequence_ = 0;
  Ruleset ruleset_;
  std::map<TableKey, std::size_t> chains_;
  std::map<TableKey, std::size_t> sets_;
  std::size_t rules_ = 0;
  std::size_t elements_ = 0;
};

}  // namespace

SysResult<Ruleset> dump_ruleset() {
  constexpr int tries = 3;  // while somebody changes the rules
  SysResult<Ruleset> read = Ruleset{};
  for (int i = 0; i < tries; ++i) {
    UniqueFd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER));
    if (!fd) {
      if (errno == EPROTONOSUPPORT) return Ruleset{};
      return last_error("open a netfilter socket");
    }
    read = Dump(std::move(fd)).read();
    if (read || read.error().code != EINTR) break;
  }
  if (read) return read;
  const int code = read.error().code;
  if (code == EINVAL || code == EOPNOTSUPP) return Ruleset{};  // no nf_tables here
  return std::unexpected(SysError{"read the rules of nftables", code});
}

}  // namespace baton::kernel
