// `baton maintenance [on|off]`: takes this node out of service, and back.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace baton::command_line {
class Command;
}

namespace baton::cli {

// "in maintenance until 2026-11-27 20:00:00 (2.0 h left), by anna: new disk". `maintenance`: as docs/status.md has it.
std::string maintenance_line(const nlohmann::json& maintenance, double now);

void add_maintenance_command(command_line::Command& app, int& exit_code);

}  // namespace baton::cli
