#include "daemon/bfd_status.h"

#include <optional>
#include <string>

#include "daemon/bfd_list.h"

namespace baton::daemon {

namespace {

using nlohmann::json;

constexpr Duration silence = std::chrono::seconds(3);  // of a role that beats three times a second

double seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

json session_status(const config::BfdSession& configured, const BfdLedger::Known& known, const ClockReading& clock) {
  const bfd::SessionParameters parameters = parameters_of(configured);
  const bfd::SessionMemory& memory = known.memory;
  const bfd::Session session(parameters.timers, parameters.role, memory, clock.now);
  const bool is_up = memory.state == bfd::State::up;
  const bool is_heard = memory.last_received != Instant();
  return {{"name", configured.name},
          {"neighbor", configured.has_neighbor() ? json(to_string(configured.neighbor)) : json()},
          {"source", configured.source ? json(to_string(*configured.source)) : json()},
          {"multihop", configured.multihop},
          {"state", name(memory.state)},
          {"since", clock.utc_seconds(memory.since)},
          {"counts_as_up", memory.counts_as_up},
          {"text", is_up ? std::string() : bfd::why_down(memory)},
          {"neighbor_state", is_heard ? json(name(memory.remote_state)) : json()},
          {"last_packet", is_heard ? json(clock.utc_seconds(memory.last_received)) : json()},
          {"transmit_interval", seconds(session.transmit_interval())},
          {"detection_time", is_heard ? json(seconds(session.detection_time())) : json()},
          {"packets", {{"sent", known.sent}, {"accepted", known.accepted}}},
          {"failures", known.failures}};
}

json rejected_of(const bfd::RejectCounters& counters) {
  json rejected = json::object();
  for (std::size_t i = 0; i < counters.size(); ++i) {
    if (counters[i] > 0) rejected[std::string(name(static_cast<bfd::RejectReason>(i)))] = counters[i];
  }
  return rejected;
}

}  // namespace

json bfd_status(const config::Configuration& configuration, const BfdLedger& ledger, const ClockReading& clock) {
  if (configuration.bfd_sessions.empty()) return nullptr;
  const BfdLedger::Reading reading = ledger.read();
  json sessions = json::array();
  for (const config::BfdSession& session : configuration.bfd_sessions) {
    const auto found = reading.sessions.find(wire_key_of(session));
    const BfdLedger::Known unknown{.memory = {.since = clock.now}};
    sessions.push_back(session_status(session, found == reading.sessions.end() ? unknown : found->second, clock));
  }
  return {{"spoken", clock.now - reading.beat < silence},
          {"sessions", std::move(sessions)},
          {"rejected", rejected_of(reading.rejected)}};
}

}  // namespace baton::daemon
