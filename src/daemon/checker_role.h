// The checker role: runs the health checks of the configuration and tells what is news (check_verdict.h): of real
// servers to the balancer, of a vrrp_check to the VRRP worker. It reads what strangers send, so it has no capability
// but those that `fwmark` and a low `bind_port` ask for, and a filter of system calls. Programs of MISC_CHECK and files
// of FILE_CHECK are the business of a runner beside it, sessions of BFD_CHECK that of the BFD role.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/model.h"
#include "daemon/check_ledger.h"
#include "kernel/channel.h"
#include "log/logger.h"
#include "process/runner_protocol.h"

namespace baton::daemon {

// One check of the configuration; its number is its place in the list (check_verdict.h).
struct ListedCheck {
  config::HealthCheck check;
  std::string label;  // for people: "HTTP_GET of 10.0.0.2 80 for 10.0.0.1 80 TCP"
  CheckKey key = 0;
  bool is_tracked = false;                      // a vrrp_check: its verdicts are for the worker, not for the balancer
  std::optional<CheckKey> session{};            // BFD_CHECK: by which its session is told of
  std::vector<config::GroupEntry> only_with{};  // ha_suspend: it runs while this host has one of these; empty: always
};

// The descriptor of a channel comes to the checker behind one of these.
inline constexpr std::uint8_t new_balancer_channel = 0;  // as SideRole::connect has it
inline constexpr std::uint8_t new_check_runner_channel = 'R';
inline constexpr std::uint8_t new_tracking_channel = 'W';  // a worker's
inline constexpr std::uint8_t new_session_channel = 'S';   // the BFD role's

struct CheckerStart {
  std::vector<ListedCheck> checks;
  std::optional<config::CheckTls> tls;
  std::vector<config::TrackedFile> files;  // that FILE_CHECK names
  process::ScriptRules script_rules;
  CheckLedger ledger;
  log::Options log;
  kernel::Channel guardian;  // when it closes, the checker ends
};

// Returns the exit status.
int run_checker(CheckerStart start);

// What a check says to the runner, where it is one for it.
std::vector<process::TrackScript> scripts_of(const std::vector<ListedCheck>& checks);

}  // namespace baton::daemon
