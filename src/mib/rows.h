// What SNMP shows, as values: every object of a MIB by its OID. How it comes to a manager is no matter of this room.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace baton::mib {

using Oid = std::vector<std::uint32_t>;

struct Value {
  // SNMPv2-SMI (RFC 2578 §7.1).
  enum class Type : char {
    integer = 'i',
    gauge = 'u',
    counter = 'c',
    counter64 = 'C',
    ticks = 't',
    octets = 's',
    ip_address = 'a',
    oid = 'o',
  };
  Type type = Type::integer;
  std::int64_t number = 0;
  std::string octets;  // octets, ip_address
  Oid name;            // oid

  bool operator==(const Value&) const = default;
};

Value integer(std::int64_t number);
Value truth(bool is_true);  // TruthValue: true 1, false 2
Value gauge(std::uint64_t number);
Value counter(std::uint64_t number);
Value counter64(std::uint64_t number);
Value ticks(double seconds);
Value text(std::string_view text);
Value octets(ByteView bytes);

using Rows = std::map<Oid, Value>;  // in the order in which a manager walks

Oid operator+(Oid head, const Oid& tail);
std::string to_string(const Oid& oid);  // "1.3.6.1"

// For the way from the api role to the agent: [["1.3.6.1.2.1.68.1.1.0","i",2], ...]; octets in hexadecimal digits.
nlohmann::json to_json(const Rows& rows);
std::optional<Rows> rows_from_json(const nlohmann::json& json);

// Rows of one table: a column each, under the entry's OID, for one index at a time.
class Row {
 public:
  Row(Rows& rows, const Oid& entry, Oid index) : rows_(rows), entry_(entry), index_(std::move(index)) {}
  Row& set(std::uint32_t column, Value value);
  Row& set_if(bool condition, std::uint32_t column, Value value) {
    return condition ? set(column, std::move(value)) : *this;
  }

 private:
  Rows& rows_;
  const Oid& entry_;
  Oid index_;
};

}  // namespace baton::mib
