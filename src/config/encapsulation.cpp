// encap ip|ip6|mpls|ila of a route or a nexthop.
#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "config/route_line.h"

namespace baton::config {
namespace {

constexpr std::uint32_t most_label = 0xfffff;  // 20 bits, RFC 3032 §2.1
constexpr std::size_t most_labels = 30;        // Linux MAX_NEW_LABELS

std::optional<MplsLabels> parse_labels(std::string_view text) {
  MplsLabels result;
  while (true) {
    const std::size_t slash = std::min(text.find('/'), text.size());
    const auto label = parse_integer(text.substr(0, slash));
    if (!label || *label < 0 || *label > most_label || result.labels.size() == most_labels) return std::nullopt;
    result.labels.push_back(static_cast<std::uint32_t>(*label));
    if (slash == text.size()) return result;
    text.remove_prefix(slash + 1);
  }
}

// Four groups of four hexadecimal digits: the upper half of an IPv6 address.
std::optional<IlaLocator> parse_locator(std::string_view text) {
  if (std::ranges::count(text, ':') != 3) return std::nullopt;
  const auto address = IpAddress::parse(std::string(text) + "::");
  if (!address) return std::nullopt;
  return IlaLocator{.locator = ByteReader(address->bytes()).u64()};
}

}  // namespace

Encapsulation RouteLine::encapsulation() {
  if (!step_to_value()) return {};
  const std::string_view kind = word();
  if (kind == "ip" || kind == "ip6") return tunnel(kind == "ip" ? Family::ipv4 : Family::ipv6);
  if (kind == "mpls") {
    if (!step_to_value()) return {};
    if (auto labels = parse_labels(word())) return *labels;
    refuse(fmt::format("{} are no MPLS labels", quoted(word())),
           fmt::format("write LABEL or LABEL/LABEL, each from 0 to {}", most_label));
  } else if (kind == "ila") {
    if (!step_to_value()) return {};
    if (const auto locator = parse_locator(word())) return *locator;
    refuse(fmt::format("{} is no ILA locator", quoted(word())), "write four groups, as 2001:db8:0:1");
  } else {
    refuse(fmt::format("unknown encapsulation {}", quoted(kind)), "there are ip, ip6, mpls and ila");
  }
  return {};
}

Encapsulation RouteLine::tunnel(Family family) {
  const bool is_v4 = family == Family::ipv4;
  const Position start = line_.at(index_);
  IpTunnel result{.family = family};
  bool has_id = false;
  const auto end_point = [&](std::optional<IpAddress>& member) {
    const auto given = address();
    if (given && given->family() != family) {
      refuse(fmt::format("{} is of another family than the tunnel", quoted(word())), "write encap ip or encap ip6");
    }
    member = given;
  };
  for (; has_next() && is_usable_;) {
    const std::string_view option = next();
    if (option == "id") {
      advance();
      has_id = true;
      result.id = c_number(~0ULL).value_or(0);
    } else if (option == "dst") {
      advance();
      end_point(result.destination);
    } else if (option == "src") {
      advance();
      end_point(result.source);
    } else if (option == (is_v4 ? "tos" : "tc")) {
      advance();
      result.tos = static_cast<std::uint8_t>(named(NameTables::Table::dsfields, "dsfield", 255).value_or(0));
    } else if (option == (is_v4 ? "ttl" : "hoplimit")) {
      advance();
      result.ttl = static_cast<std::uint8_t>(number(0, 255).value_or(0));
    } else if (option == "flags") {
      advance();
      result.flags = static_cast<std::uint16_t>(c_number(0xffff).value_or(0));
    } else {
      break;
    }
  }
  if (is_usable_ && !has_id && !result.destination) {
    warn_at(start, "a tunnel with neither dst nor id leads nowhere", "add dst ADDRESS, or id NUMBER");
  }
  return result;
}

}  // namespace baton::config
