#include "cli/why_command.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <expected>
#include <nlohmann/json.hpp>

#include "cli/answer.h"
#include "cli/help.h"
#include "cli/json_document.h"
#include "cli/terminal.h"
#include "cli/which_instance.h"
#include "cli/why.h"
#include "cli/words.h"
#include "control/client.h"

namespace baton::cli {

namespace {

using nlohmann::json;

struct WhyOptions {
  std::string name;
  std::string socket = control::default_control_socket;
  bool as_json = false;
};

// Without a name: the only instance there is. Empty: there are more, and that has been said.
std::expected<std::string, control::ControlError> only_instance(const std::string& socket) {
  const auto status = control::ask(socket, {.path = "/v1/status?view=brief"});
  if (!status) return std::unexpected(status.error());
  const json& instances = status->at("instances");
  if (instances.size() == 1) return instances.front().at("name").get<std::string>();
  fmt::print(stderr, "baton: {} instances: say which\n", instances.size());
  constexpr std::size_t shown = 10;
  for (std::size_t i = 0; i < std::min(instances.size(), shown); ++i) {
    fmt::print(stderr, "  baton why {}\n", bare(instances[i].at("name").get<std::string>()));
  }
  if (instances.size() > shown) fmt::print(stderr, "  ... baton status lists all\n");
  return "";
}

int run_why(const WhyOptions& options) {
  std::expected<std::string, control::ControlError> name = options.name;
  if (name->empty()) name = only_instance(options.socket);
  if (!name) return complain(name.error());
  if (name->empty()) return exit_code::usage;
  const auto instance = ask_instance(options.socket, *name);
  if (!instance) return complain(instance.error());
  const Explanation explanation = explain_instance(*instance, utc_now());
  fmt::print("{}", options.as_json ? json_document(explanation_as_json(explanation))
                                   : render_explanation(explanation, wants_colours()));
  return exit_code::success;
}

}  // namespace

void add_why_command(CLI::App& app, int& result) {
  auto options = std::make_shared<WhyOptions>();
  CLI::App* command = app.add_subcommand("why", "Why an instance is MASTER or not, and what changes that");
  command->add_option("NAME", options->name,
                      "the vrrp_instance, or one of its addresses; may be left out when there is only one");
  command->add_flag("--json", options->as_json, "for machines (docs/status.md)");
  command->add_option("--socket", options->socket, "control socket of batond")
      ->type_name("PATH")
      ->capture_default_str();
  command->footer(footer("baton why VI_1", exit_codes_of_questions));
  command->callback([options, &result] { result = run_why(*options); });
}

}  // namespace baton::cli
