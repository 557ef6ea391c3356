// `baton events [--follow]`: what happened, and what happens.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace baton::command_line {
class Command;
}

namespace baton::cli {

// One event (docs/status.md) as a line.
std::string event_line(const nlohmann::json& event, bool colour);

// How far a listener is that comes back: which events of a history (`/v1/history`) it has not seen. One of a batond
// that was started anew has numbers from 1 on; then all of it is new. Pure.
class SeenEvents {
 public:
  void on_event(std::uint64_t number, const nlohmann::json& event);
  std::vector<nlohmann::json> unseen(const nlohmann::json& history) const;
  std::uint64_t last() const { return number_; }

 private:
  std::uint64_t number_ = 0;
  double at_ = 0;
};

void add_events_command(command_line::Command& app, int& exit_code);

}  // namespace baton::cli
