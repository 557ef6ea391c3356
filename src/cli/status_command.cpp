#include "cli/status_command.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/answer.h"
#include "cli/help.h"
#include "cli/json_document.h"
#include "cli/services_question.h"
#include "cli/services_render.h"
#include "cli/status_render.h"
#include "cli/terminal.h"
#include "cli/which_instance.h"
#include "cli/words.h"
#include "command_line/command_line.h"
#include "control/client.h"

namespace baton::cli {

namespace {

using nlohmann::json;

constexpr const char* whole_path = "/v1/status";
constexpr const char* brief_path = "/v1/status?view=brief";
constexpr std::size_t details_up_to = 3;  // instances; of more a line each, which costs batond less, too

struct StatusOptions {
  std::string name;
  std::string socket = control::default_control_socket;
  bool all = false;
  bool brief = false;
  bool services = false;
  bool as_json = false;
};

int run_status_of_one(const StatusOptions& options) {
  const auto instance = ask_instance(options.socket, options.name);
  if (!instance) return complain(instance.error());
  fmt::print("{}", options.as_json ? json_document(*instance) : render_instance(*instance, utc_now(), wants_colours()));
  return exit_code::success;
}

int run_status_of_all(const StatusOptions& options) {
  const auto status = control::ask(options.socket, {.path = options.brief ? brief_path : whole_path});
  if (!status) return complain(status.error());
  fmt::print("{}", options.as_json ? json_document(*status) : render_status(*status, utc_now(), wants_colours()));
  return exit_code::success;
}

int run_table(const StatusOptions& options) {
  StatusTable table(utc_now(), wants_colours());
  const auto head = control::ask_item_by_item(options.socket, {.path = brief_path}, "instances",
                                              [&](const json& instance) { table.add(instance); });
  if (!head) return complain(head.error());
  if (!options.brief && table.instances() <= details_up_to) return run_status_of_all(options);
  fmt::print("{}", table.text(*head));
  return exit_code::success;
}

int run_services(const StatusOptions& options) {
  const bool is_one = !options.name.empty();
  const auto page = is_one ? ask_services(options.socket, options.name) : ask_services(options.socket);
  if (!page) return complain(page.error());
  fmt::print("{}", options.as_json ? json_document(*page)
                                   : render_services(*page, page->at("services"), utc_now(), is_one || options.all,
                                                     wants_colours()));
  return exit_code::success;
}

int run_status(const StatusOptions& options) {
  if (options.services) return run_services(options);
  if (!options.name.empty()) return run_status_of_one(options);
  return options.all || options.as_json ? run_status_of_all(options) : run_table(options);
}

}  // namespace

void add_status_command(command_line::Command& app, int& result) {
  auto options = std::make_shared<StatusOptions>();
  command_line::Command command = app.add_command("status", "State, priority, master and addresses of all instances");
  const auto name =
      command.add_option("NAME", options->name,
                         "only this vrrp_instance, or who has this address, with all details; with --services a "
                         "virtual server, by its name, its group or ADDRESS:PORT");
  const auto all =
      command.add_flag("--all", options->all, "all details of all; else a line each when they are more than 3");
  command.add_flag("--brief", options->brief, "a line each").excludes(all).excludes(name);
  all.excludes(name);
  command.add_flag("--services", options->services, "virtual servers, and which of their real servers are out and why");
  command.add_flag("--json", options->as_json, "for machines (docs/status.md)");
  command.add_option("--socket", options->socket, "control socket of batond").named_value("PATH").shows_default();
  command.set_footer(footer("baton status; baton status VI_1; baton status --services", exit_codes_of_questions));
  command.on_call([options, &result] { result = run_status(*options); });
}

}  // namespace baton::cli
