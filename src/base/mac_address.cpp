#include "base/mac_address.h"

#include <fmt/format.h>

#include <charconv>

namespace baton {

std::optional<MacAddress> MacAddress::parse(std::string_view text) {
  if (text.size() != 17) return std::nullopt;
  MacAddress address;
  for (std::size_t i = 0; i < address.bytes.size(); ++i) {
    const char* first = text.data() + 3 * i;
    const auto [end, error] = std::from_chars(first, first + 2, address.bytes[i], 16);
    if (error != std::errc{} || end != first + 2) return std::nullopt;
    if (i + 1 < address.bytes.size() && first[2] != ':') return std::nullopt;
  }
  return address;
}

std::string to_string(const MacAddress& address) {
  return fmt::format("{:02x}", fmt::join(address.bytes, ":"));
}

}  // namespace baton
