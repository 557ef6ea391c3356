// `baton lab FILE...`: the user's own configurations, run for real on this one machine, with the failures asked for.
#pragma once

#include <string>
#include <vector>

namespace baton::command_line {
class Command;
}

namespace baton::cli {

struct LabCommandOptions {
  std::vector<std::string> files;    // one a node
  std::vector<std::string> daemons;  // "keepalived" for all, "web2=keepalived" for one
  std::vector<std::string> scenarios;
  std::string batond;  // empty: next to this program
  double probe_interval_ms = 1;
  bool list = false;
  bool json = false;
  bool keep = false;  // go on until ctrl-C when the scenarios are over
  bool without_web = false;
  bool assume_healthy = false;
  bool all_log_lines = false;
};

// 0: everything ended as the protocol allows; 1: something did not, or the lab could not be built; 2: usage.
int lab_command(const LabCommandOptions& options);

// Registers the subcommand; its exit code is left in `exit_code`.
void add_lab_command(command_line::Command& app, int& exit_code);

}  // namespace baton::cli
