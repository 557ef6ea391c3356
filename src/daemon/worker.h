// The VRRP worker: the one process whose lateness people notice. Runs vrrp::Node on real sockets. In every turn of its
// loop events go into the node and its actions are carried out; then, once, everything is settled in the order that
// the protocol needs: adverts leave, addresses follow, announcements follow the addresses, people are told last.
// Nothing here waits: no name is looked up, no child is started, no file is read after the start, no reader is awaited.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "config/model.h"
#include "daemon/flight_record.h"
#include "daemon/last_will.h"
#include "daemon/setup.h"
#include "daemon/succession.h"
#include "kernel/channel.h"
#include "log/logger.h"

namespace baton::daemon {

struct WorkerStart {
  const Setup& setup;
  LastWill& will;
  const FlightRecord* record = nullptr;  // where inputs are written down; nullptr: nowhere
  log::Options log;
  bool is_first = false;        // of this daemon: the time of init_file
  bool resume = false;          // go on as the routers of the last will
  bool takes_over = false;      // another worker serves still: prepare, say so, and wait to be told
  bool in_maintenance = false;  // every router is held down from the first state on
  bool keep_addresses = false;  // -V: leave the addresses where they are when stopping
  bool real_time = true;
  std::vector<config::VirtualAddress> leftovers{};  // of configurations before this one
  RoutingLeftovers routing_leftovers{};             // of the same
  std::vector<VirtualInterfaceSetup> leftover_interfaces{};
  std::vector<Vanished> vanished{};  // what the reload before took out of the configuration
  bool repeats_states = false;       // fifo_write_vrrp_states_on_reload
  std::string settings_record;       // path: what interfaces were set to before us
  kernel::Channel guardian{};        // new channels arrive here, each with its descriptor
  kernel::Channel runner{};
  kernel::Channel api{};
  kernel::Channel checker{};  // where there is a vrrp_check
  kernel::Channel bfd{};      // where there is a bfd_instance
};

// Messages on WorkerStart::guardian.
inline constexpr std::uint8_t new_runner_channel = 'R';
inline constexpr std::uint8_t new_api_channel = 'A';
inline constexpr std::uint8_t new_checker_channel = 'C';
inline constexpr std::uint8_t new_bfd_channel = 'B';

// The worker before has left, and the last will is written. With what it could tell no runner, if there is something.
inline constexpr std::uint8_t take_over = 'T';

// The operator's wish for a maintenance (docs/decisions/0015).
inline constexpr std::uint8_t maintenance_off = 'o';
inline constexpr std::uint8_t maintenance_asked = 'm';
inline constexpr std::uint8_t maintenance_forced = 'M';

// From the worker.
inline constexpr std::uint8_t maintenance_begun = 'H';    // every router is held down, and has let go
inline constexpr std::uint8_t maintenance_refused = 'U';  // behind it, as JSON: [{"instance":...,"why":...}]
inline constexpr std::uint8_t firewall_outdated = 'F';    // what the firewall's rules depend on has changed
inline constexpr std::uint8_t worker_is_prepared = 'P';   // it waits for take_over
// After SIGQUIT: it hears and says nothing any more. With what it could tell no runner (unsaid.h), as a memory_file.
inline constexpr std::uint8_t worker_has_left = 'L';

// Signals of the worker: SIGTERM stops in order (make before break), SIGQUIT ends it at once with everything left as it
// is, for a worker that resumes. Returns the exit status.
int run_worker(WorkerStart start);

}  // namespace baton::daemon
