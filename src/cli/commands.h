// All commands of `baton`, each of which says itself what it takes and does.
#pragma once

#include <CLI/CLI.hpp>

namespace baton::cli {

// The one that is called puts its exit code into `exit_code`.
void add_commands(CLI::App& app, int& exit_code);

}  // namespace baton::cli
