// What `baton status` shows, as JSON; the schema is docs/status.md. Built by the worker a few routers at a time, so
// that a thousand instances never hold up an advert.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "base/time.h"
#include "daemon/setup.h"
#include "daemon/statistics.h"
#include "process/script_ledger.h"
#include "vrrp/node.h"
#include "vrrp/takeover_proof.h"

namespace baton::daemon {

// The two clocks read together: what is an Instant in the core becomes a date for people.
struct ClockReading {
  Instant now;
  WallTime wall;

  double utc_seconds(Instant instant) const {
    return std::chrono::duration<double>((wall - (now - instant)).time_since_epoch()).count();
  }
};

// What a reason says to a person: "no advert was heard for the master-down interval".
std::string_view sentence(vrrp::Reason reason);

struct StatusSource {
  const vrrp::Node& node;
  const Setup& setup;
  std::vector<RouterStatistics>& statistics;  // cleared when somebody asks for it
  const WorkerStatistics& worker;
  // Is this address of this router on its interface now?
  std::function<bool(const config::VirtualAddress&)> is_present;
  std::function<bool(const Route&)> is_route_present;
  std::function<bool(const Rule&)> is_rule_present;
  std::function<std::string(vrrp::TrackerId)> tracker_text;
  std::function<bool()> is_checked{};  // the role that runs vrrp_check is there
  std::function<std::optional<vrrp::TakeoverProof::Progress>(vrrp::RouterId)> takeover{};
  std::function<std::optional<Instant>(vrrp::RouterId)> hook_until{};  // its addresses wait for a script
};

// Name, state, since, why and what is wrong, and no more: for lists.
nlohmann::json brief_instance_status(const StatusSource& source, vrrp::RouterId router, const ClockReading& clock);
nlohmann::json instance_status(const StatusSource& source, vrrp::RouterId router, const ClockReading& clock);
nlohmann::json worker_status(const StatusSource& source);
nlohmann::json group_status(const StatusSource& source, vrrp::GroupId group);
nlohmann::json script_status(const StatusSource& source, std::size_t script);
// How often it ran and how long that took: what the worker does not know.
nlohmann::json script_runs(const process::TrackScript& script, const process::ScriptRuns& runs);
nlohmann::json check_status(const StatusSource& source, std::size_t check);
nlohmann::json process_status(const StatusSource& source, std::size_t process);

// Whom nobody has relieved for a maintenance, and why: [{"instance":...,"why":...}], as JSON.
std::string in_the_way(const vrrp::Node& node, const Setup& setup);

// What the last will of a worker that does not answer has.
nlohmann::json instance_from_will(const Setup& setup, vrrp::RouterId router, const vrrp::RouterMemory& memory,
                                  const ClockReading& clock);

}  // namespace baton::daemon
