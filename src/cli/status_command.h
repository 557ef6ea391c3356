// `baton status [NAME]`: what a running batond says of itself, for people and as JSON.
#pragma once

namespace CLI {
class App;
}

namespace baton::cli {

// Registers the subcommand; when chosen it leaves its exit code in `exit_code`.
void add_status_command(CLI::App& app, int& exit_code);

}  // namespace baton::cli
