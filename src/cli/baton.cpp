// baton: the operator's tool.
#include <unistd.h>

#include <CLI/CLI.hpp>

#include "cli/check_command.h"
#include "cli/keywords_command.h"
#include "cli/lab_command.h"
#include "cli/plan_command.h"
#include "cli/reload_command.h"
#include "cli/status_command.h"

int main(int argc, char** argv) {
  CLI::App app{
      "Baton's operator tool: asks a running batond, checks configurations, and plays their failures on this machine."};
  app.set_version_flag("--version", "Baton v0.1.0");
  app.require_subcommand(1);
  int exit_code = 0;
  baton::cli::add_status_command(app, exit_code);
  baton::cli::add_handover_command(app, exit_code);
  baton::cli::add_reload_command(app, exit_code);
  baton::cli::add_keywords_command(app, exit_code);
  baton::cli::add_check_command(app, exit_code);
  baton::cli::add_lab_command(app, exit_code);
  baton::cli::add_plan_command(app, exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {  // CLI11 throws; nobody else here does
    constexpr int usage = 2;
    return app.exit(error) == 0 ? 0 : usage;
  }
  return exit_code;
}
