// `baton drain`: a real server gets no new connections and keeps those that it has (docs/decisions/0036). An order as
// it goes from the api role to the guardian, and what becomes of it. Values.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "config/model.h"
#include "daemon/check_board.h"

namespace baton::daemon {

struct DrainOrder {
  std::uint64_t id = 0;    // of the question
  bool is_drained = true;  // false: it takes part again
  std::string server;      // "10.0.0.11:80", "[fd00::11]:80"
  std::string service;     // "10.0.0.1 80 TCP"; empty: every one that has the server

  bool operator==(const DrainOrder&) const = default;
};
// As one message. nullopt: not such a message.
std::string to_message(const DrainOrder& order);
std::optional<DrainOrder> drain_order_of(ByteView message);
// The body of POST /v1/services/drain and undrain: {"server":"...","service":"..."}. The error is a sentence.
std::expected<DrainOrder, std::string> drain_order_of_request(const nlohmann::json& request, bool is_drained);

// Writes it on the board and says in which services it changed something: {"services":[...],"changed":true}; or
// {"error":...,"kind":"not-found"} when no service has such a server.
nlohmann::json carry_out(const DrainOrder& order, const config::Configuration& configuration, CheckBoard& board);

}  // namespace baton::daemon
