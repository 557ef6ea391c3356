#include "ruleset/match.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>
#include <utility>

namespace baton::ruleset {
namespace {

Fit from(bool fits) {
  return fits ? Fit::yes : Fit::no;
}

std::optional<unsigned> number(std::string_view text) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// "a-b", "a:b"; of one word both ends.
std::pair<std::string_view, std::string_view> ends(std::string_view text, std::string_view separators) {
  const std::size_t at = text.find_first_of(separators);
  if (at == std::string_view::npos) return {text, text};
  return {text.substr(0, at), text.substr(at + 1)};
}

Fit fit_number(std::string_view text, unsigned of_packet) {
  const auto [first, last] = ends(text, "-:");
  const auto low = number(first);
  const auto high = number(last);
  if (!low || !high) return Fit::maybe;
  return from(*low <= of_packet && of_packet <= *high);
}

// ---------------------------------------------------------------- protocols

struct Protocol {
  std::string_view name;
  std::uint8_t number;
};
// /etc/protocols, as far as rules are written about them.
constexpr auto protocols = std::to_array<Protocol>({
    {"icmp", 1},   {"igmp", 2},       {"ipencap", 4}, {"ipip", 4},    {"tcp", 6},        {"udp", 17},
    {"dccp", 33},  {"ipv6", 41},      {"rsvp", 46},   {"gre", 47},    {"esp", 50},       {"ipv6-crypt", 50},
    {"ah", 51},    {"ipv6-auth", 51}, {"auth", 51},   {"icmpv6", 58}, {"ipv6-icmp", 58}, {"eigrp", 88},
    {"ospf", 89},  {"ospfigp", 89},   {"pim", 103},   {"comp", 108},  {"ipcomp", 108},   {"vrrp", 112},
    {"carp", 112}, {"l2tp", 115},     {"isis", 124},  {"sctp", 132},  {"mh", 135},       {"udplite", 136},
});

Fit fit_protocol(std::string_view text, const AdvertPacket& packet) {
  if (text == "all" || text == "ip") return Fit::yes;
  const auto known = std::ranges::find(protocols, text, &Protocol::name);
  if (known != protocols.end()) return from(known->number == packet.protocol);
  if (number(text) == 0U) return Fit::yes;  // iptables: all
  return fit_number(text, packet.protocol);
}

// ---------------------------------------------------------------- addresses

std::optional<IpPrefix> prefix(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto address = IpAddress::parse(text.substr(0, slash));
  if (!address) return std::nullopt;
  const unsigned longest = address->is_v4() ? 32 : 128;
  if (slash == std::string_view::npos) return IpPrefix{*address, static_cast<std::uint8_t>(longest)};
  const std::string_view length = text.substr(slash + 1);
  if (const auto bits = number(length)) {
    if (*bits > longest) return std::nullopt;
    return IpPrefix{*address, static_cast<std::uint8_t>(*bits)};
  }
  const auto mask = IpAddress::parse(length);  // 10.0.0.0/255.0.0.0
  if (!mask || !mask->is_v4() || !address->is_v4()) return std::nullopt;
  std::uint8_t bits = 0;
  while (bits < 32 && (mask->v4_host_order() << bits & 0x8000'0000U) != 0) ++bits;
  const bool has_holes = bits < 32 && (mask->v4_host_order() << bits) != 0;
  if (has_holes) return std::nullopt;
  return IpPrefix{*address, bits};
}

Fit fit_address(std::string_view text, const IpAddress& address) {
  if (const auto net = prefix(text)) return from(net->address.family() == address.family() && contains(*net, address));
  const auto [first, last] = ends(text, "-");
  const auto low = IpAddress::parse(first);
  const auto high = IpAddress::parse(last);
  if (!low || !high) return Fit::maybe;
  return from(*low <= address && address <= *high);
}

// Of an address that no file gives: a rule about its whole subnet is about it.
Fit fit_subnets(std::string_view text, const std::vector<IpPrefix>& subnets) {
  const auto net = prefix(text);
  if (!net || subnets.empty()) return Fit::maybe;
  const bool is_all = std::ranges::all_of(subnets, [&](const IpPrefix& each) {
    return net->address.family() == each.address.family() && net->length <= each.length && contains(*net, each.address);
  });
  return is_all ? Fit::yes : Fit::maybe;
}

Fit fit_source(std::string_view text, const AdvertPacket& packet) {
  return packet.source ? fit_address(text, *packet.source) : fit_subnets(text, packet.home);
}

Fit fit_destination(std::string_view text, const AdvertPacket& packet) {
  return packet.is_destination_known ? fit_address(text, packet.destination) : fit_subnets(text, packet.home);
}

// ---------------------------------------------------------------- the rest

Fit fit_interface(std::string_view pattern, const AdvertPacket& packet) {
  const bool is_open = pattern.ends_with('*') || pattern.ends_with('+');
  const std::string_view stem = is_open ? pattern.substr(0, pattern.size() - 1) : pattern;
  const bool fits = is_open ? packet.interface.starts_with(stem) : packet.interface == stem;
  if (fits) return Fit::yes;
  if (pattern == "lo") return Fit::no;
  return packet.is_interface_sure && !packet.interface.empty() ? Fit::no : Fit::maybe;
}

Fit fit_packet_type(std::string_view text, const AdvertPacket& packet) {
  if (text == "multicast") return from(packet.is_multicast());
  if (text == "broadcast" || text == "other" || text == "anycast") return Fit::no;
  if (text == "unicast" || text == "host" || text == "local") return from(!packet.is_multicast());
  return Fit::maybe;
}

// Nobody answers a multicast packet, so that each is the first of its connection; of two unicast nodes that both send
// each takes the other's for the answer.
Fit fit_connection(std::string_view text, const AdvertPacket& packet) {
  if (text == "new") return packet.is_multicast() ? Fit::yes : Fit::maybe;
  if (text == "established") return packet.is_multicast() ? Fit::no : Fit::maybe;
  if (text == "related" || text == "invalid" || text == "untracked" || text == "snat" || text == "dnat") return Fit::no;
  return Fit::maybe;
}

Fit fit_family(std::string_view text, const AdvertPacket& packet) {
  if (text == "ipv4" || text == "ip") return from(packet.family() == Family::ipv4);
  if (text == "ipv6" || text == "ip6") return from(packet.family() == Family::ipv6);
  return Fit::no;
}

Fit fit_one(Match::Field field, std::string_view value, const AdvertPacket& packet) {
  switch (field) {
    case Match::Field::family: return fit_family(value, packet);
    case Match::Field::protocol: return fit_protocol(value, packet);
    case Match::Field::source: return fit_source(value, packet);
    case Match::Field::destination: return fit_destination(value, packet);
    case Match::Field::in_interface: return packet.direction == Direction::in ? fit_interface(value, packet) : Fit::no;
    case Match::Field::out_interface:
      return packet.direction == Direction::out ? fit_interface(value, packet) : Fit::no;
    case Match::Field::packet_type: return fit_packet_type(value, packet);
    case Match::Field::connection: return fit_connection(value, packet);
    case Match::Field::ttl: return fit_number(value, packet.ttl);
    case Match::Field::other: return Fit::maybe;
  }
  return Fit::maybe;
}

}  // namespace

Fit fit(const Match& match, const AdvertPacket& packet) {
  Fit best = match.is_whole ? Fit::no : Fit::maybe;
  if (match.field == Match::Field::other) best = Fit::maybe;
  // New or established, but which: one of them it is.
  const auto has = [&](std::string_view value) { return std::ranges::find(match.values, value) != match.values.end(); };
  if (match.field == Match::Field::connection && has("new") && has("established")) best = Fit::yes;
  for (const std::string& value : match.values) best = std::max(best, fit_one(match.field, value, packet));
  if (!match.is_negated) return best;
  switch (best) {
    case Fit::yes: return Fit::no;
    case Fit::no: return Fit::yes;
    case Fit::maybe: break;
  }
  return Fit::maybe;
}

}  // namespace baton::ruleset
