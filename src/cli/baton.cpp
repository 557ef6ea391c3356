// baton: the operator's tool.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <system_error>

#include "cli/check_command.h"
#include "cli/doctor_command.h"
#include "cli/keywords_command.h"
#include "cli/lab_command.h"
#include "cli/plan_command.h"
#include "cli/reload_command.h"
#include "cli/replay_command.h"
#include "cli/status_command.h"

namespace {

// A disk that is full, a pipe that nobody reads: what was to be said is not all there.
int complain_of_output() {
  std::fputs("baton: standard output cannot be written\n", stderr);
  return 1;
}

}  // namespace

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
  baton::cli::add_doctor_command(app, exit_code);
  baton::cli::add_lab_command(app, exit_code);
  baton::cli::add_plan_command(app, exit_code);
  baton::cli::add_replay_command(app, exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    constexpr int usage = 2;
    return app.exit(error) == 0 ? 0 : usage;
  } catch (const std::system_error&) {  // fmt, when it cannot write
    return complain_of_output();
  }
  return std::fflush(stdout) == 0 && std::ferror(stdout) == 0 ? exit_code : complain_of_output();
}
