#include "mib/notification.h"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/ip_address.h"
#include "mib/view.h"

namespace baton::mib {

namespace {

// The index of a row whose column has this text.
std::optional<std::uint32_t> find_row(const Rows& rows, const Oid& column, const std::string& name) {
  for (auto row = rows.lower_bound(column); row != rows.end(); ++row) {
    const auto& [oid, value] = *row;
    if (oid.size() != column.size() + 1 || !std::equal(column.begin(), column.end(), oid.begin())) return std::nullopt;
    if (value.octets == name) return oid.back();
  }
  return std::nullopt;
}

std::optional<Value> find(const Rows& rows, const Oid& oid) {
  const auto found = rows.find(oid);
  return found == rows.end() ? std::nullopt : std::optional(found->second);
}

// keepalived sends its own objects without an index.
void add(Notification& notification, const Oid& object, const std::optional<Value>& value) {
  if (value) notification.objects.emplace_back(object, *value);
}

const Oid router_id = keepalived_mib + Oid{1, 2, 0};

}  // namespace

std::vector<Notification> of_group(const std::string& name, const std::string& state, const Rows& rows) {
  static const Oid columns = keepalived_mib + Oid{2, 1, 1};
  if (!find(rows, router_id)) return {};
  Notification changed{.oid = keepalived_mib + Oid{2, 10, 0, 1}, .objects = {}};
  add(changed, columns + Oid{2}, text(name));
  add(changed, columns + Oid{3}, integer(state_number(state)));
  add(changed, router_id, find(rows, router_id));
  return {changed};
}

nlohmann::json to_json(const Shown& shown) {
  nlohmann::json indices = nlohmann::json::object();
  for (const auto& [name, index] : shown.indices) indices[name] = index;
  return {{"rows", to_json(shown.rows)}, {"indices", indices}};
}

std::optional<Shown> shown_from_json(const nlohmann::json& json) {
  if (!json.is_object() || !json.contains("rows") || !json.contains("indices")) return std::nullopt;
  auto rows = rows_from_json(json["rows"]);
  if (!rows || !json["indices"].is_object()) return std::nullopt;
  Shown shown{.rows = std::move(*rows), .indices = {}};
  for (const auto& [name, parts] : json["indices"].items()) {
    Oid& index = shown.indices[name];
    for (const nlohmann::json& part : parts) {
      if (!part.is_number_unsigned()) return std::nullopt;
      index.push_back(part);
    }
  }
  return shown;
}

std::vector<Notification> of_instance(const std::string& name, const std::string& state, const Shown& shown) {
  const Rows& rows = shown.rows;
  static const Oid columns = keepalived_mib + Oid{2, 3, 1};
  std::vector<Notification> all;
  if (find(rows, router_id)) {
    const auto row = find_row(rows, columns + Oid{2}, name);
    Notification changed{.oid = keepalived_mib + Oid{2, 10, 0, 2}, .objects = {}};
    add(changed, columns + Oid{2}, text(name));
    add(changed, columns + Oid{4}, integer(state_number(state)));
    if (row) add(changed, columns + Oid{5}, find(rows, columns + Oid{5, *row}));
    add(changed, router_id, find(rows, router_id));
    all.push_back(std::move(changed));
  }
  const auto place = shown.indices.find(name);
  if (state != "MASTER" || place == shown.indices.end() || place->second.size() != 3) return all;
  const Oid& v3_index = place->second;
  const Oid v2_index{v3_index[0], v3_index[1]};
  const Oid v2_master = vrrp_mib + Oid{1, 3, 1, 7} + v2_index;
  if (const auto master = find(rows, v2_master)) {
    all.push_back({.oid = vrrp_mib + Oid{0, 1}, .objects = {{v2_master, *master}}});
  }
  const Oid v3_master = vrrpv3_mib + Oid{1, 1, 1, 1, 3} + v3_index;
  if (const auto master = find(rows, v3_master)) {
    Notification taken{.oid = vrrpv3_mib + Oid{0, 1}, .objects = {{v3_master, *master}}};
    const Oid reason = vrrpv3_mib + Oid{1, 2, 5, 1, 2} + v3_index;
    add(taken, reason, find(rows, reason));
    all.push_back(std::move(taken));
  }
  return all;
}

namespace {

struct Number {
  std::string_view reason;
  int number;
};
// vrrpTrapAuthErrorType: invalidAuthType, authTypeMismatch, authFailure.
constexpr Number auth_errors[] = {
    {"auth_type_invalid", 1}, {"auth_type_mismatch", 2}, {"auth_password", 3}, {"ah_header", 3}, {"ah_icv", 3},
    {"ah_replay", 3}};
// vrrpv3StatisticsProtoErrReason: ipTtlError, versionError, checksumError.
constexpr Number protocol_errors[] = {{"ttl", 1}, {"version", 2}, {"checksum", 3}};

template <std::size_t size>
std::optional<Value> number_of(const Number (&numbers)[size], std::string_view reason) {
  const auto* const found = std::ranges::find(numbers, reason, &Number::reason);
  return found == std::end(numbers) ? std::nullopt : std::optional(integer(found->number));
}

}  // namespace

std::vector<Notification> of_rejection(const std::string& name, std::string_view reason, const std::string& source,
                                       const Shown& shown) {
  const auto place = shown.indices.find(name);
  if (place == shown.indices.end() || place->second.size() != 3) return {};
  const Oid& v3_index = place->second;
  const Oid v2_index{v3_index[0], v3_index[1]};
  const Oid proto_error = vrrpv3_mib + Oid{1, 2, 5, 1, 6} + v3_index;
  if (const auto number = number_of(protocol_errors, reason); number && shown.rows.contains(proto_error)) {
    return {{.oid = vrrpv3_mib + Oid{0, 2}, .objects = {{proto_error, *number}}}};
  }
  const auto sender = IpAddress::parse(source);
  const bool has_v2_row = shown.rows.contains(vrrp_mib + Oid{1, 3, 1, 3} + v2_index);
  if (const auto number = number_of(auth_errors, reason); number && has_v2_row && sender && sender->is_v4()) {
    Value from{.type = Value::Type::ip_address};
    from.octets.assign(sender->bytes().begin(), sender->bytes().end());
    return {
        {.oid = vrrp_mib + Oid{0, 2},
         .objects = {{vrrp_mib + Oid{1, 5} + v2_index, std::move(from)}, {vrrp_mib + Oid{1, 6} + v2_index, *number}}}};
  }
  return {};
}

}  // namespace baton::mib
