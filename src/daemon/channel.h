// What the roles say to each other beyond the runner's protocol: JSON texts between worker and api, one a message on a
// SOCK_SEQPACKET pair.
//
//   api → worker   {"id":7,"ask":"status","from":16,"brief":true}
//   worker → api   {"id":7,"next":32} and the texts of the lists (status_page.h); next is null at the end
//   api → worker   {"id":8,"ask":"handover"|"announce"|"instance","instance":"V"}
//                  {"id":8,"ask":"set","instance":"V","base_priority":77,"preempt":true}   one of them, or both
//   worker → api   {"id":8,"message":"..."} | the instance | {"id":8,"error":"...","kind":"not-found"}
//
// What happened the worker says unasked, as docs/status.md has it: {"event":"instance","name":"V","state":"MASTER",...}
//
// `from` and `next` count instances, then groups, scripts and processes. With "clear":true the counters of the
// instances on the page begin anew. The id tells an answer from one that comes too late.
//
// The guardian says one byte to the api: 0 with the descriptor of a new worker's channel, report_file with the
// descriptor of a report, maintenance_file with that of the maintenance as it is now, or a Dump. The api says a
// ReloadOrder (daemon/reload.h) or a MaintenanceOrder (daemon/maintenance.h) to the guardian, or the Dump with the
// descriptor of its text, without one when the worker does not answer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

namespace baton::daemon {

// A member of an object as text; empty when there is none, or it is no text.
inline std::string text_of(const nlohmann::json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

inline constexpr std::uint8_t report_file = 'O';       // the answer to an order
inline constexpr std::uint8_t maintenance_file = 'N';  // null where there is none; an event was added to the log

// The files that somebody asked the guardian for by a signal.
enum class Dump : std::uint8_t {
  data = 'd',         // SIGUSR1
  stats = 's',        // SIGUSR2
  stats_clear = 'c',  // SIGRTMAX-1: the counters begin anew
  json = 'j',         // SIGRTMIN+2
};

namespace limits {

// Of a status reply, so that it takes less than half a millisecond of the worker's time.
inline constexpr std::size_t items_a_page = 16;
inline constexpr std::size_t brief_items_a_page = 64;
inline constexpr std::size_t page_bytes = 30'000;  // and no further item beyond; one item is far below the other half

}  // namespace limits

}  // namespace baton::daemon
