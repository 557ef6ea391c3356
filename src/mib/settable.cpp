#include "mib/settable.h"

#include <algorithm>

#include "mib/view.h"

namespace baton::mib {

namespace {

// Of vrrpInstanceTable.
constexpr std::uint32_t name_column = 2;
constexpr std::uint32_t base_priority_column = 7;
constexpr std::uint32_t preempt_column = 13;
constexpr std::uint32_t accept_column = 27;

struct Place {
  std::uint32_t column = 0;
  std::string instance;
};

// nullopt: no object of an instance that is there.
std::optional<Place> place_of(const Oid& object, const Rows& rows) {
  static const Oid entry = keepalived_mib + Oid{2, 3, 1};
  const bool is_inside = object.size() == entry.size() + 2 && std::equal(entry.begin(), entry.end(), object.begin()) &&
                         rows.contains(object);
  if (!is_inside) return std::nullopt;
  const auto name = rows.find(entry + Oid{name_column, object.back()});
  if (name == rows.end()) return std::nullopt;
  return Place{.column = object[entry.size()], .instance = name->second.octets};
}

}  // namespace

std::expected<Setting, SetError> setting_of(const Oid& object, const std::optional<Value>& value, const Rows& rows) {
  const auto place = place_of(object, rows);
  if (!place) return std::unexpected(SetError::not_writable);
  // Of a VRRPv3 router the MIB would have it written; keepalived will not. One with VRRPv2 has no such mode.
  if (place->column == accept_column && rows.at(object).number != 0) return std::unexpected(SetError::no_access);
  if (place->column != base_priority_column && place->column != preempt_column) {
    return std::unexpected(SetError::not_writable);
  }
  if (!value || value->type != Value::Type::integer) return std::unexpected(SetError::wrong_type);
  const std::int64_t most = place->column == preempt_column ? 2 : 255;
  if (value->number < 1 || value->number > most) return std::unexpected(SetError::wrong_value);
  Setting setting{.instance = place->instance, .base_priority = {}, .preempt = {}};
  if (place->column == preempt_column) {
    setting.preempt = value->number == 1;
  } else {
    setting.base_priority = static_cast<std::uint8_t>(value->number);
  }
  return setting;
}

std::optional<Setting> setting_back(const Oid& object, const Rows& rows) {
  const auto now = rows.find(object);
  if (now == rows.end()) return std::nullopt;
  auto setting = setting_of(object, now->second, rows);
  return setting ? std::optional(std::move(*setting)) : std::nullopt;
}

}  // namespace baton::mib
