#include "dbus/objects.h"

#include <fmt/format.h>

#include <cctype>
#include <nlohmann/json.hpp>
#include <utility>

namespace baton::dbus {

namespace {

// D-Bus specification, "Valid Object Paths": elements of letters, digits and _, none empty.
std::string element(std::string_view text) {
  std::string result;
  for (const char each : text) result += std::isalnum(static_cast<unsigned char>(each)) != 0 ? each : '_';
  return result.empty() ? "_" : result;
}

std::string root(const Naming& naming) {
  std::string path = "/org/keepalived/Vrrp1";
  for (const std::string& name : {naming.net_namespace, naming.instance}) {
    if (!name.empty()) path += "/" + element(name);
  }
  return path;
}

}  // namespace

std::optional<State> to_state(std::string_view word) {
  static const std::map<std::string_view, std::pair<std::uint32_t, const char*>> states{
      {"INIT", {0, "Init"}},        {"BACKUP", {1, "Backup"}}, {"MASTER", {2, "Master"}},     {"FAULT", {3, "Fault"}},
      {"DELETED", {97, "Deleted"}}, {"STOP", {98, "Stop"}},    {"MAINTENANCE", {1, "Backup"}}};
  const auto found = states.find(word);
  if (found == states.end()) return std::nullopt;
  return State{.number = found->second.first, .name = found->second.second};
}

std::string vrrp_path(const Naming& naming) {
  return root(naming) + "/Vrrp";
}

std::map<std::string, Instance> instances(const nlohmann::json& status, const Naming& naming) {
  std::map<std::string, Instance> found;
  for (const nlohmann::json& one : status.value("instances", nlohmann::json::array())) {
    const std::string interface = one.value("interface", "");
    const std::string path =
        fmt::format("{}/Instance/{}/{}/{}", root(naming), element(interface.empty() ? naming.no_interface : interface),
                    one.value("vrid", 0), element(one.value("family", "IPv4")));
    found.try_emplace(path, Instance{.name = one.value("name", ""),
                                     .state = to_state(one.value("state", "")).value_or(State{0, "Init"})});
  }
  return found;
}

}  // namespace baton::dbus
