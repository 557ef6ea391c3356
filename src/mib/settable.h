// What a manager may write, and what each write means: pure. Which manager may is the master agent's business.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>

#include "mib/rows.h"

namespace baton::mib {

// Of one instance, as POST /v1/instances/NAME/set takes it.
struct Setting {
  std::string instance;
  std::optional<std::uint8_t> base_priority;
  std::optional<bool> preempt;

  bool operator==(const Setting&) const = default;
};

enum class SetError : std::uint8_t { not_writable, no_access, wrong_type, wrong_value };  // RFC 3416 §4.2.5

// What to do when `object` is to be `value`. nullopt as the value: it has a type that no writable object has. What is
// refused, and how, is what keepalived 2.2.7 does (watched); a priority beyond 255, of which it takes the last byte, is
// a wrong value here.
std::expected<Setting, SetError> setting_of(const Oid& object, const std::optional<Value>& value, const Rows& rows);

// What sets `object` back to what it is in these rows.
std::optional<Setting> setting_back(const Oid& object, const Rows& rows);

}  // namespace baton::mib
