// `baton status [NAME]`: what a running batond says of itself, for people and as JSON.
#pragma once

namespace baton::command_line {
class Command;
}

namespace baton::cli {

// Registers the subcommand; when chosen it leaves its exit code in `exit_code`.
void add_status_command(command_line::Command& app, int& exit_code);

}  // namespace baton::cli
