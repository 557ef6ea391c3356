// `baton reload`: the running batond reads its configuration again; what changes is printed, before or after it is
// done.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace baton::command_line {
class Command;
}

namespace baton::cli {

// What the report of a reload says (docs/status.md), for people.
std::string render_reload(const nlohmann::json& report);

// A span of time as people write it: 90, 90s, 2m, 1h. Seconds; negative when it is not one.
double seconds_of(const std::string& text);

void add_reload_command(command_line::Command& app, int& result);

}  // namespace baton::cli
