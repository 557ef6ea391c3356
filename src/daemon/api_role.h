// The api role: serves the control API (docs/api.md, docs/openapi.json), so that no client, slow or hostile, is ever in
// the worker's way. Asks the worker page by page; answers from the last will when the worker does not.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "daemon/api_doors.h"
#include "daemon/bfd_ledger.h"
#include "daemon/event_log.h"
#include "daemon/last_will.h"
#include "daemon/reload_ledger.h"
#include "daemon/services_status.h"
#include "daemon/setup.h"
#include "daemon/worker_desk.h"
#include "kernel/channel.h"
#include "log/logger.h"
#include "process/script_ledger.h"

namespace baton::daemon {

struct ApiStart {
  const Setup& setup;
  LastWill& will;
  std::function<Bytes()> recording{};  // of the flight recorder, as a file
  EventLog events;
  const ReloadLedger& reloads;
  process::ScriptLedger scripts;
  ServicesSource services{};
  BfdLedger bfd{};
  log::Options log;
  const ApiDoors& doors;          // the guardian's: they outlive us
  std::string configuration;      // path, to be shown
  std::string node;               // host name, to be shown
  double configuration_read = 0;  // when; UTC seconds since 1970
  double confirm_until = 0;       // a reload is undone then unless somebody confirms it; 0: none is
  nlohmann::json maintenance{};   // as docs/status.md has it; null: none
  int guardian_pid = 0;
  Duration worker_patience = limits::worker_patience;
  kernel::Channel guardian;  // each new worker's channel arrives here, a message of one byte with the descriptor
};

// When the guardian closes its channel nobody new is answered, and it ends when the last of those who have come has the
// answer, or their time is over. Returns the exit status.
int run_api(ApiStart start);

}  // namespace baton::daemon
