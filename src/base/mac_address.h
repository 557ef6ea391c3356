// A 48-bit Ethernet address.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace baton {

struct MacAddress {
  std::array<std::uint8_t, 6> bytes{};

  // "02:00:00:00:00:01", either case.
  static std::optional<MacAddress> parse(std::string_view text);
  auto operator<=>(const MacAddress&) const = default;
};

std::string to_string(const MacAddress& address);

}  // namespace baton
