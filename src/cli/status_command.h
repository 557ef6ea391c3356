// `baton status [NAME]` and `baton handover NAME`: what a running batond says of itself, for people and as JSON.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace CLI {
class App;
}

namespace baton::cli {

// Registers the subcommands; the chosen one leaves its exit code in `exit_code`.
void add_status_command(CLI::App& app, int& exit_code);
void add_handover_command(CLI::App& app, int& exit_code);

// The text for people. `now_seconds`: UTC, for "2 h ago".
std::string render_status(const nlohmann::json& status, double now_seconds, bool colour);

}  // namespace baton::cli
