#include "cli/status_command.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "cli/answer.h"
#include "cli/help.h"
#include "cli/json_document.h"
#include "cli/status_render.h"
#include "cli/terminal.h"
#include "cli/words.h"
#include "control/client.h"

namespace baton::cli {

namespace {

using nlohmann::json;

constexpr std::size_t details_up_to = 3;  // instances; of more a line each, which costs batond less, too

struct StatusOptions {
  std::string name;
  std::string socket = control::default_control_socket;
  bool all = false;
  bool brief = false;
  bool as_json = false;
};

int run_status_of_one(const StatusOptions& options) {
  const auto instance = control::ask(options.socket, {.path = control::instance_path(options.name)});
  if (!instance) return complain(instance.error());
  fmt::print("{}", options.as_json ? json_document(*instance) : render_instance(*instance, utc_now(), wants_colours()));
  return exit_code::success;
}

int run_status(const StatusOptions& options) {
  if (!options.name.empty()) return run_status_of_one(options);
  const bool wants_all = options.all || (options.as_json && !options.brief);
  auto status = control::ask(options.socket, {.path = wants_all ? "/v1/status" : "/v1/status?view=brief"});
  if (!status) return complain(status.error());
  bool has_details = wants_all;
  if (!has_details && !options.brief && status->at("instances").size() <= details_up_to) {
    status = control::ask(options.socket, {.path = "/v1/status"});
    if (!status) return complain(status.error());
    has_details = true;
  }
  if (options.as_json) {
    fmt::print("{}", json_document(*status));
  } else {
    fmt::print("{}", has_details ? render_status(*status, utc_now(), wants_colours())
                                 : render_table(*status, utc_now(), wants_colours()));
  }
  return exit_code::success;
}

}  // namespace

void add_status_command(CLI::App& app, int& result) {
  auto options = std::make_shared<StatusOptions>();
  CLI::App* command = app.add_subcommand("status", "State, priority, addresses and master of every vrrp_instance");
  auto* name = command->add_option("NAME", options->name, "only this vrrp_instance, with all details");
  auto* all =
      command->add_flag("--all", options->all, "all details of all; else a line each when they are more than 3");
  command->add_flag("--brief", options->brief, "a line each")->excludes(all)->excludes(name);
  all->excludes(name);
  command->add_flag("--json", options->as_json, "for machines (docs/status.md)");
  command->add_option("--socket", options->socket, "control socket of batond")->capture_default_str();
  command->footer(footer("baton status; baton status VI_1", exit_codes_of_questions));
  command->callback([options, &result] { result = run_status(*options); });
}

}  // namespace baton::cli
