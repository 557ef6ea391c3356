// The packet filter of the kernel (nf_tables) as values: chains, rules as lists of expressions, sets. Only what decides
// whether a packet passes has a form of its own here; whatever is not understood is kept as a doubt, never left out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.h"

namespace baton::kernel {

enum class FilterFamily : std::uint8_t { inet, ipv4, ipv6, netdev, bridge, other };
// As nft(8) has it: "ip6".
inline std::string_view name(FilterFamily family) {
  switch (family) {
    case FilterFamily::inet: return "inet";
    case FilterFamily::ipv4: return "ip";
    case FilterFamily::ipv6: return "ip6";
    case FilterFamily::netdev: return "netdev";
    case FilterFamily::bridge: return "bridge";
    case FilterFamily::other: return "another family";
  }
  return "";
}
enum class FilterHook : std::uint8_t { ingress, prerouting, input, forward, output, postrouting, egress };

// Registers are bytes: 16 words of 4, where a register of nf_tables is a place.
using RegisterPlace = unsigned;
inline constexpr std::size_t register_bytes = 64;

enum class MetaKey : std::uint8_t {
  ethertype,
  mark,
  in_index,
  in_name,
  in_type,
  in_group,
  in_kind,
  out_index,
  out_name,
  out_type,
  out_group,
  out_kind,
  family,    // nfproto
  protocol,  // l4proto
  packet_type,
};
enum class PayloadBase : std::uint8_t { link, network, transport };
enum class Comparison : std::uint8_t { equal, not_equal, less, less_or_equal, greater, greater_or_equal };
enum class VerdictKind : std::uint8_t { accept, drop, jump, go_to, return_, continue_, queue };

// The expressions of a rule, in order; one that does not match ends it.
namespace rule {

struct LoadMeta {
  MetaKey key = MetaKey::protocol;
  RegisterPlace target = 0;
};
struct LoadPayload {
  PayloadBase base = PayloadBase::network;
  unsigned offset = 0;
  unsigned size = 0;
  RegisterPlace target = 0;
};
struct LoadConnectionState {
  RegisterPlace target = 0;
};
struct LoadAddressType {  // of the destination: fib daddr type
  RegisterPlace target = 0;
};
struct LoadBytes {
  Bytes bytes;
  RegisterPlace target = 0;
};
struct LoadUnknown {  // something that cannot be known from here
  RegisterPlace target = 0;
};
struct Mask {  // target = (source & mask) ^ flip
  RegisterPlace source = 0;
  RegisterPlace target = 0;
  Bytes mask;
  Bytes flip;
};
struct Compare {
  RegisterPlace source = 0;
  Comparison comparison = Comparison::equal;
  Bytes bytes;
};
struct InRange {
  RegisterPlace source = 0;
  bool is_inverted = false;
  Bytes from;
  Bytes to;
};
struct Lookup {
  enum class Result : std::uint8_t { none, verdict, bytes };
  std::string set;
  RegisterPlace source = 0;
  bool is_inverted = false;
  Result result = Result::none;
  RegisterPlace target = 0;  // of bytes
};
struct Verdict {
  VerdictKind kind = VerdictKind::continue_;
  std::string chain;  // of jump and go_to

  bool operator==(const Verdict&) const = default;
};
struct ConnectionStateIs {  // any of the bits of `ct state`
  std::uint16_t states = 0;
  bool is_inverted = false;
};
struct Doubt {  // may match, may not: limit, quota
  std::string name;
};
struct SetMark {};
struct NoMatter {};  // counter, log: every packet goes on
}  // namespace rule

using RuleExpression =
    std::variant<rule::LoadMeta, rule::LoadPayload, rule::LoadConnectionState, rule::LoadAddressType, rule::LoadBytes,
                 rule::LoadUnknown, rule::Mask, rule::Compare, rule::InRange, rule::Lookup, rule::Verdict,
                 rule::ConnectionStateIs, rule::Doubt, rule::SetMark, rule::NoMatter>;

struct FilterRule {
  std::uint64_t handle = 0;
  std::vector<RuleExpression> expressions;
};

struct FilterChain {
  FilterFamily family = FilterFamily::inet;
  std::string table;
  std::string name;
  std::string type;                // "filter", "nat", "route"; of a base chain
  std::optional<FilterHook> hook;  // nullopt: no base chain
  std::int32_t priority = 0;
  bool drops_by_policy = false;
  std::vector<std::string> devices;  // of ingress and egress
  std::vector<FilterRule> rules;
};

struct SetElement {
  Bytes key;
  Bytes key_end;               // of a range of concatenated fields; else empty
  bool ends_interval = false;  // the first key behind one
  bool is_catch_all = false;
  std::optional<rule::Verdict> verdict;
  Bytes data;
};

struct FilterSet {
  FilterFamily family = FilterFamily::inet;
  std::string table;
  std::string name;
  std::size_t key_size = 0;
  bool has_intervals = false;
  bool may_change = false;       // elements come and go by packets or time
  bool is_whole = true;          // false: it has more elements than were read
  std::vector<unsigned> fields;  // sizes of concatenated ones, in bytes
  std::vector<SetElement> elements;
};

struct Ruleset {
  std::vector<FilterChain> chains;
  std::vector<FilterSet> sets;
  bool is_whole = true;  // false: there is more than limits allow
};

namespace limits {

inline constexpr std::size_t filter_rules = 50'000;
inline constexpr std::size_t filter_chains = 10'000;
inline constexpr std::size_t filter_set_elements = 200'000;  // of all sets

}  // namespace limits

}  // namespace baton::kernel
