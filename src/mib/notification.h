// What a manager is sent when a state changes: pure. Built of the rows as they are after the change.
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mib/rows.h"

namespace baton::mib {

struct Notification {
  Oid oid;
  std::vector<std::pair<Oid, Value>> objects;

  bool operator==(const Notification&) const = default;
};

// What the agent knows: the rows, and where in them an instance is.
struct Shown {
  Rows rows;
  std::map<std::string, Oid> indices;  // by name: ifIndex, VRID and address type, as VRRPV3-MIB has them

  bool operator==(const Shown&) const = default;
};
nlohmann::json to_json(const Shown& shown);
std::optional<Shown> shown_from_json(const nlohmann::json& json);

// vrrpInstanceStateChange; of a new MASTER also vrrpTrapNewMaster and vrrpv3NewMaster. Those whose MIB has rows.
std::vector<Notification> of_instance(const std::string& name, const std::string& state, const Shown& shown);
// Of an instance that takes no notice of an advert: vrrpTrapAuthFailure, or vrrpv3ProtoError. Empty where keepalived
// 2.2.7 sends none. `reason` is the name of a vrrp::RejectReason, `source` who sent it.
std::vector<Notification> of_rejection(const std::string& name, std::string_view reason, const std::string& source,
                                       const Shown& shown);
// vrrpSyncGroupStateChange.
std::vector<Notification> of_group(const std::string& name, const std::string& state, const Rows& rows);

}  // namespace baton::mib
