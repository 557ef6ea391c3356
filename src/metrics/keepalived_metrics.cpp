#include <array>
#include <nlohmann/json.hpp>
#include <string>

#include "metrics/node_metrics.h"

namespace baton::metrics {

namespace {

using nlohmann::json;

// A number of keepalived.json under the name that each of the exporters gives it.
struct Counter {
  const char* key;
  const char* mehdy;  // without _total
  const char* gen2brain;
  const char* help;
};

constexpr std::array counters{
    Counter{"advert_rcvd", "keepalived_advertisements_received", "keepalived_vrrp_advert_rcvd", "Adverts received."},
    Counter{"advert_sent", "keepalived_advertisements_sent", "keepalived_vrrp_advert_sent", "Adverts sent."},
    Counter{"become_master", "keepalived_become_master", "keepalived_vrrp_become_master", "Transitions to MASTER."},
    Counter{"release_master", "keepalived_release_master", "keepalived_vrrp_release_master",
            "Transitions from MASTER."},
    Counter{"packet_len_err", "keepalived_packet_length_errors", "keepalived_vrrp_packet_len_err", "Wrong length."},
    Counter{"advert_interval_err", "keepalived_advertisements_interval_errors", "keepalived_vrrp_advert_interval_err",
            "Another interval."},
    Counter{"ip_ttl_err", "keepalived_ip_ttl_errors", "keepalived_vrrp_ip_ttl_err", "Wrong TTL."},
    Counter{"invalid_type_rcvd", "keepalived_invalid_type_received", "keepalived_vrrp_invalid_type_rcvd", "No advert."},
    Counter{"addr_list_err", "keepalived_address_list_errors", "keepalived_vrrp_addr_list_err",
            "Another address list."},
    Counter{"invalid_authtype", "keepalived_authentication_invalid", "keepalived_vrrp_invalid_authtype",
            "Unknown authentication type."},
    Counter{"authtype_mismatch", "keepalived_authentication_mismatch", "keepalived_vrrp_authtype_mismatch",
            "Another authentication type."},
    Counter{"auth_failure", "keepalived_authentication_failure", "keepalived_vrrp_auth_failure",
            "Failed authentication."},
    Counter{"pri_zero_rcvd", "keepalived_priority_zero_received", "keepalived_vrrp_pri_zero_rcvd",
            "Goodbyes received."},
    Counter{"pri_zero_sent", "keepalived_priority_zero_sent", "keepalived_vrrp_pri_zero_sent", "Goodbyes sent."},
};

constexpr std::array states{"INIT", "BACKUP", "MASTER", "FAULT"};  // by their numbers in keepalived.json

struct Names {
  std::string name;
  std::string interface;
  std::string vrid;
  std::string state;
};

Names names_of(const json& instance) {
  const json& data = instance.at("data");
  const auto state = data.value("state", std::size_t{0});
  return {.name = data.value("iname", ""),
          .interface = data.value("ifp_ifname", ""),
          .vrid = std::to_string(data.value("vrid", 0)),
          .state = state < states.size() ? states[state] : ""};
}

// "10.0.0.1/24 dev eth0 scope global set"
std::pair<std::string, std::string> address_and_interface(const std::string& text) {
  constexpr std::string_view before_interface = " dev ";
  const std::size_t at = text.find(before_interface);
  if (at == text.npos) return {text.substr(0, text.find(' ')), ""};
  const std::size_t begin = at + before_interface.size();
  return {text.substr(0, at), text.substr(begin, text.find(' ', begin) - begin)};
}

void states_of_addresses(const json& dump, MetricsText& out) {
  out.family("keepalived_vrrp_state", Kind::gauge, "State of vrrp: 0 INIT, 1 BACKUP, 2 MASTER, 3 FAULT.");
  for (const json& instance : dump) {
    const Names names = names_of(instance);
    for (const json& vip : instance.at("data").value("vips", json::array())) {
      const auto [address, interface] = address_and_interface(vip.get<std::string>());
      out.sample({{"iname", names.name}, {"intf", interface}, {"vrid", names.vrid}, {"ip_address", address}},
                 instance.at("data").value("state", 0));
    }
  }
}

void script_states(const json& scripts, MetricsText& out) {
  out.family("keepalived_script_status", Kind::gauge, "1: the last run of the script was good.");
  for (const json& script : scripts) {
    const std::string status = script.value("status", "");
    if (status == "up" || status == "down") out.sample({{"name", script.value("name", "")}}, status == "up" ? 1 : 0);
  }
}

}  // namespace

std::string keepalived_metrics(const json& dump, const json& scripts) {
  MetricsText out(Format::prometheus);
  out.family("keepalived_up", Kind::gauge, "1 where there is something to tell.");
  out.sample({}, dump.is_array() ? 1 : 0);
  if (!dump.is_array()) return out.finish();
  for (const Counter& counter : counters) {
    const auto value = [&](const json& instance) { return instance.at("stats").value(counter.key, 0.0); };
    out.family(counter.mehdy, Kind::counter, counter.help);
    for (const json& instance : dump) {
      const Names it = names_of(instance);
      out.sample({{"iname", it.name}, {"intf", it.interface}, {"vrid", it.vrid}, {"state", it.state}}, value(instance));
    }
    out.family(counter.gen2brain, Kind::gauge, counter.help);  // a counter's name would have to end in _total
    for (const json& instance : dump) {
      const Names it = names_of(instance);
      out.sample({{"name", it.name}, {"intf", it.interface}, {"vrid", it.vrid}, {"state", it.state}}, value(instance));
    }
  }
  states_of_addresses(dump, out);
  script_states(scripts, out);
  return out.finish();
}

}  // namespace baton::metrics
