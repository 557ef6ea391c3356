// The virtual servers of a configuration, for the balancer: what it decides on, and whom its decisions are told. PURE.
#pragma once

#include <optional>
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

// What virtual_server and virtual_server_group name, one by one; marks have none.
std::vector<IpAddress> addresses_of(const std::vector<config::GroupEntry>& entries);

// Every check in the order of its number (daemon/check_verdict.h).
std::vector<const config::HealthCheck*> checks_of(const config::Configuration& configuration);

// What is known of checks and services of one configuration, as numbered there, for another one that takes its place. A
// check that is the same keeps its state; a server whose checks are others keeps whether it is up until they say more.
struct BalanceMemory {
  std::vector<balance::CheckMemory> checks;
  std::vector<std::optional<bool>> has_quorum;  // of each service; nullopt: not known
};
BalanceMemory carry_over(const config::Configuration& before, const BalanceMemory& memory,
                         const config::Configuration& after);

}  // namespace baton::setup
