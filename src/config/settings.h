// A model as its settings, keyword by keyword: what a reload changes is a difference of such lists. Everything that two
// models can differ in is a setting, so that a difference is empty when, and only when, the models are equal.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/health_check.h"
#include "config/model.h"

namespace baton::config {

// `keyword` as in keepalived.conf(5); one that is a list has an entry for each of its lines.
struct Setting {
  std::string_view keyword;
  std::string value;       // as a person would write it: "0.1 s", "10.0.0.5/24 dev eth0", "yes"
  bool is_secret = false;  // to be compared, not to be shown
  bool operator==(const Setting&) const = default;
};
using Settings = std::vector<Setting>;

Settings settings_of(const Globals& globals);
Settings settings_of(const Instance& instance);
Settings settings_of(const SyncGroup& group);
Settings settings_of(const Script& script);
Settings settings_of(const TrackedFile& file);
Settings settings_of(const TrackedProcess& process);
Settings settings_of(const TrackedCheck& check);
Settings settings_of(const BfdSession& session);
Settings settings_of(const Webhook& webhook);
Settings settings_of(const HealthCheck& check);
Settings settings_of(const CheckTls& tls);
Settings settings_of(const VirtualServerGroup& group);
Settings settings_of(const VirtualServer& server);
Settings settings_of(const Ipvs& ipvs);

// As in virtual_ipaddress: "10.0.0.5/24 dev eth0 label eth0:1".
std::string to_string(const VirtualAddress& address);

// Of what stands outside of blocks with a name.
Settings static_settings_of(const Configuration& configuration);
Settings link_settings_of(const Configuration& configuration);

}  // namespace baton::config
