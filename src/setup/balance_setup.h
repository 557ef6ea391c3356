// The virtual servers of a configuration, for the balancer: what it decides on, and whom its decisions are told. PURE.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "balance/balancer.h"
#include "config/model.h"
#include "notify/command.h"

namespace baton::setup {

struct RealServerHooks {
  std::string name;  // "[10.0.0.11]:tcp:80"
  std::optional<notify::Command> up;
  std::optional<notify::Command> down;
  bool smtp_alert = false;
};

struct VirtualServerHooks {
  std::string name;  // "[10.0.0.1]:tcp:80", "[group]:0", "FWM 3"
  std::optional<notify::Command> quorum_up;
  std::optional<notify::Command> quorum_down;
  bool smtp_alert = false;
  std::vector<RealServerHooks> servers;  // as Service::servers
};

struct BalanceSetup {
  std::vector<balance::Service> services;  // as Configuration::virtual_servers
  std::vector<VirtualServerHooks> hooks;   // likewise
};

BalanceSetup make_balance_setup(const config::Configuration& configuration);
balance::Service make_service(const config::VirtualServer& server);
// What the kernel knows it by, each once.
std::vector<ServiceKey> service_keys(const config::VirtualServer& server);
std::set<ServiceKey> service_keys(const config::Configuration& configuration);

// What virtual_server and virtual_server_group name, one by one; marks have none.
std::vector<IpAddress> addresses_of(const std::vector<config::GroupEntry>& entries);

// Every check in the order of its number (daemon/check_verdict.h).
std::vector<const config::HealthCheck*> checks_of(const config::Configuration& configuration);

}  // namespace baton::setup
