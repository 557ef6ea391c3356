// Baton's objects on the D-Bus, with the paths, names and numbers that keepalived's have: pure.
//
//   /org/keepalived/Vrrp1/Vrrp                                   org.keepalived.Vrrp1.Vrrp
//   /org/keepalived/Vrrp1/Instance/eth0/51/IPv4                  org.keepalived.Vrrp1.Instance
//
// A network namespace and an instance name of the daemon stand behind Vrrp1.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace baton::dbus {

struct Naming {
  std::string net_namespace;
  std::string instance;               // of the daemon
  std::string no_interface = "none";  // dbus_no_interface_name
};

struct State {
  std::uint32_t number = 0;
  std::string name;  // "Master"
  bool operator==(const State&) const = default;
};

struct Instance {
  std::string name;
  State state;
  bool operator==(const Instance&) const = default;
};

// By the words of the status and of events; nullopt: no state.
std::optional<State> to_state(std::string_view word);

std::string vrrp_path(const Naming& naming);
// Of every instance in a status, by path.
std::map<std::string, Instance> instances(const nlohmann::json& status, const Naming& naming);

}  // namespace baton::dbus
