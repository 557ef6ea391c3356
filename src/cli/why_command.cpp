#include "cli/why_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <expected>
#include <nlohmann/json.hpp>

#include "cli/answer.h"
#include "cli/help.h"
#include "cli/json_document.h"
#include "cli/services_question.h"
#include "cli/terminal.h"
#include "cli/which_instance.h"
#include "cli/why.h"
#include "cli/why_service.h"
#include "cli/words.h"
#include "command_line/command_line.h"
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

int run_why_service(const WhyOptions& options) {
  const auto services = ask_services(options.socket);
  if (!services) return complain(services.error());
  const std::vector<Explanation> all = explain_services(*services, options.name, utc_now());
  if (all.empty()) {
    return complain({.kind = control::ControlError::Kind::not_found,
                     .message = fmt::format("no virtual server and no real server is {}; baton status --services lists "
                                            "them",
                                            options.name)});
  }
  if (options.as_json) {
    json::array_t documents;
    for (const Explanation& explanation : all) documents.push_back(explanation_as_json(explanation));
    fmt::print("{}", json_document(json{{"explanations", std::move(documents)}}));
    return exit_code::success;
  }
  for (const Explanation& explanation : all) fmt::print("{}", render_explanation(explanation, wants_colours()));
  return exit_code::success;
}

int run_why(const WhyOptions& options) {
  if (is_address_and_port(options.name)) return run_why_service(options);
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

void add_why_command(command_line::Command& app, int& result) {
  auto options = std::make_shared<WhyOptions>();
  command_line::Command command = app.add_command("why", "Why an instance is MASTER or not, and what changes that");
  command.add_option(
      "NAME", options->name,
      "the vrrp_instance, or one of its addresses; may be left out when there is only one; or ADDRESS:PORT "
      "of a virtual or real server");
  command.add_flag("--json", options->as_json, "for machines (docs/status.md)");
  command.add_option("--socket", options->socket, "control socket of batond").named_value("PATH").shows_default();
  command.set_footer(footer("baton why VI_1; baton why 10.0.0.11:80", exit_codes_of_questions));
  command.on_call([options, &result] { result = run_why(*options); });
}

}  // namespace baton::cli
