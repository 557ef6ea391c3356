#include "mib/view.h"

#include <array>
#include <utility>

namespace baton::mib {

Status::Status(const nlohmann::json& status) {
  for (const auto& [list, all] : status.items()) {
    if (!all.is_array()) continue;
    auto& by_name = lists_[list];
    for (const nlohmann::json& one : all) {
      const auto name = one.find("name");
      if (name != one.end() && name->is_string()) by_name.emplace(name->get_ref<const std::string&>(), &one);
    }
  }
}

const nlohmann::json& Status::of(std::string_view list, std::string_view name) const {
  static const nlohmann::json nothing = nlohmann::json::object();
  const auto all = lists_.find(list);
  if (all == lists_.end()) return nothing;
  const auto found = all->second.find(name);
  return found == all->second.end() ? nothing : *found->second;
}

std::uint32_t View::index_of(const std::string& interface) const {
  const auto found = interfaces.find(interface);
  return found == interfaces.end() ? 0 : found->second.index;
}

Rows rows_of(const View& view) {
  const config::Snmp& snmp = view.configuration.globals.snmp;
  Rows rows;
  if (snmp.vrrp) add_keepalived_mib(view, rows);
  if (snmp.rfc_v2) add_vrrp_mib(view, rows);
  if (snmp.rfc_v3) add_vrrpv3_mib(view, rows);
  return rows;
}

std::map<std::string, Oid> indices_of(const View& view) {
  std::map<std::string, Oid> indices;
  for (const config::Instance& instance : view.configuration.instances) {
    const std::uint32_t address_type = instance.family == Family::ipv4 ? 1 : 2;  // InetAddressType
    indices[instance.name] = {view.index_of(instance.interface), instance.vrid, address_type};
  }
  return indices;
}

int base_priority_of(const config::Instance& instance, const nlohmann::json& status) {
  const auto priority = status.find("priority");
  const int configured = instance.priority;
  return priority == status.end() ? configured : priority->value("base", configured);
}

int state_number(std::string_view word) {
  static constexpr std::array<std::pair<std::string_view, int>, 7> numbers{
      {{"INIT", 0}, {"BACKUP", 1}, {"MAINTENANCE", 1}, {"MASTER", 2}, {"FAULT", 3}, {"STOP", 5}, {"DELETED", 6}}};
  for (const auto& [name, number] : numbers) {
    if (name == word) return number;
  }
  return 4;  // unknown
}

}  // namespace baton::mib
