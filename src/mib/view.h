// Where the rows of every MIB come from: the configuration, the status as docs/status.md has it, and what the machine
// says of its interfaces. Pure.
#pragma once

#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/ip_address.h"
#include "base/mac_address.h"
#include "config/model.h"
#include "mib/rows.h"

namespace baton::mib {

struct Interface {
  std::uint32_t index = 0;
  MacAddress mac;
};

// The status, which must stay where it is, with what its lists have by name.
class Status {
 public:
  explicit Status(const nlohmann::json& status);

  // Of a configured thing by its name; an empty object where the status does not have it.
  const nlohmann::json& of(std::string_view list, std::string_view name) const;

 private:
  std::map<std::string, std::unordered_map<std::string_view, const nlohmann::json*>, std::less<>> lists_;
};

struct View {
  const config::Configuration& configuration;
  Status status;
  std::map<std::string, Interface> interfaces;  // by name
  std::map<std::string, IpAddress> sources;     // of an instance's adverts, by the instance's name
  double now = 0;                               // UTC seconds
  std::string version;                          // "Baton v1.2.3"

  std::uint32_t index_of(const std::string& interface) const;
};

inline const Oid keepalived_mib{1, 3, 6, 1, 4, 1, 9586, 100, 5};
inline const Oid vrrp_mib{1, 3, 6, 1, 2, 1, 68};     // RFC 2787
inline const Oid vrrpv3_mib{1, 3, 6, 1, 2, 1, 207};  // RFC 6527

void add_keepalived_mib(const View& view, Rows& rows);
void add_vrrp_mib(const View& view, Rows& rows);
void add_vrrpv3_mib(const View& view, Rows& rows);
// The parts that the configuration asks for.
Rows rows_of(const View& view);
// By name: where an instance is in VRRPV3-MIB, ifIndex, VRID and address type.
std::map<std::string, Oid> indices_of(const View& view);

// What it is, which somebody may have set; of the configuration where the status does not say.
int base_priority_of(const config::Instance& instance, const nlohmann::json& status);

// VrrpState of KEEPALIVED-MIB, by the words of the status and of events.
int state_number(std::string_view word);

}  // namespace baton::mib
