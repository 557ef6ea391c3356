#include "mib/rows.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

namespace baton::mib {

namespace {

using nlohmann::json;
using Type = Value::Type;

std::string hex(std::string_view octets) {
  std::string digits;
  for (const char each : octets) digits += fmt::format("{:02x}", static_cast<unsigned char>(each));
  return digits;
}

std::optional<std::string> unhex(std::string_view digits) {
  if (digits.size() % 2 != 0) return std::nullopt;
  std::string octets;
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    unsigned value = 0;
    const auto [end, error] = std::from_chars(digits.data() + i, digits.data() + i + 2, value, 16);
    if (error != std::errc() || end != digits.data() + i + 2) return std::nullopt;
    octets += static_cast<char>(value);
  }
  return octets;
}

std::optional<Oid> parse_oid(std::string_view text) {
  Oid oid;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (true) {
    std::uint32_t part = 0;
    const auto [next, error] = std::from_chars(at, end, part);
    if (error != std::errc()) return std::nullopt;
    oid.push_back(part);
    if (next == end) return oid;
    if (*next != '.') return std::nullopt;
    at = next + 1;
  }
}

bool has_octets(Type type) {
  return type == Type::octets || type == Type::ip_address;
}

}  // namespace

Value integer(std::int64_t number) {
  return {.type = Type::integer, .number = number};
}
Value truth(bool is_true) {
  return integer(is_true ? 1 : 2);
}
Value gauge(std::uint64_t number) {
  return {.type = Type::gauge, .number = static_cast<std::int64_t>(number & 0xffffffff)};
}
Value counter(std::uint64_t number) {
  return {.type = Type::counter, .number = static_cast<std::int64_t>(number & 0xffffffff)};  // it wraps, as counters do
}
Value counter64(std::uint64_t number) {
  return {.type = Type::counter64, .number = static_cast<std::int64_t>(number)};
}
Value ticks(double seconds) {
  const auto hundredths = static_cast<std::uint64_t>(std::max(0.0, seconds) * 100);
  return {.type = Type::ticks, .number = static_cast<std::int64_t>(hundredths & 0xffffffff)};
}
Value text(std::string_view text) {
  return {.type = Type::octets, .octets = std::string(text)};
}
Value octets(ByteView bytes) {
  return {.type = Type::octets, .octets = std::string(bytes.begin(), bytes.end())};
}

Oid operator+(Oid head, const Oid& tail) {
  head.insert(head.end(), tail.begin(), tail.end());
  return head;
}

std::string to_string(const Oid& oid) {
  return fmt::format("{}", fmt::join(oid, "."));
}

json to_json(const Rows& rows) {
  json list = json::array();
  for (const auto& [oid, value] : rows) {
    json entry = json::array({to_string(oid), std::string(1, static_cast<char>(value.type))});
    if (has_octets(value.type)) {
      entry.push_back(hex(value.octets));
    } else if (value.type == Type::oid) {
      entry.push_back(to_string(value.name));
    } else {
      entry.push_back(value.number);
    }
    list.push_back(std::move(entry));
  }
  return list;
}

std::optional<Rows> rows_from_json(const json& list) {
  if (!list.is_array()) return std::nullopt;
  Rows rows;
  for (const json& entry : list) {
    if (!entry.is_array() || entry.size() != 3 || !entry[0].is_string() || !entry[1].is_string()) return std::nullopt;
    const auto oid = parse_oid(entry[0].get<std::string>());
    const std::string letter = entry[1];
    if (!oid || letter.size() != 1 || std::string_view("iucCtsao").find(letter[0]) == std::string_view::npos) {
      return std::nullopt;
    }
    Value value{.type = static_cast<Type>(letter[0])};
    if (has_octets(value.type) && entry[2].is_string()) {
      auto bytes = unhex(entry[2].get<std::string>());
      if (!bytes) return std::nullopt;
      value.octets = std::move(*bytes);
    } else if (value.type == Type::oid && entry[2].is_string()) {
      auto name = parse_oid(entry[2].get<std::string>());
      if (!name) return std::nullopt;
      value.name = std::move(*name);
    } else if (entry[2].is_number_integer()) {
      value.number = entry[2];
    } else {
      return std::nullopt;
    }
    rows.insert_or_assign(*oid, std::move(value));
  }
  return rows;
}

Row& Row::set(std::uint32_t column, Value value) {
  Oid oid = entry_;
  oid.push_back(column);
  rows_.insert_or_assign(std::move(oid) + index_, std::move(value));
  return *this;
}

}  // namespace baton::mib
