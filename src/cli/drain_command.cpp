#include "cli/drain_command.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "cli/answer.h"
#include "cli/help.h"
#include "cli/json_document.h"
#include "cli/words.h"
#include "command_line/command_line.h"

namespace baton::cli {

namespace {

using nlohmann::json;

constexpr auto patience = std::chrono::seconds(10);

struct DrainOptions {
  bool is_drained = true;
  std::string server;
  std::string service;
  std::string socket = control::default_control_socket;
  bool as_json = false;
};

int run_drain(const DrainOptions& options) {
  control::Call call{.method = "POST", .path = options.is_drained ? "/v1/services/drain" : "/v1/services/undrain"};
  call.body["server"] = options.server;
  if (!options.service.empty()) call.body["service"] = options.service;
  const auto reply = control::ask(options.socket, call, patience);
  if (!reply) return complain(reply.error());
  if (options.as_json) {
    fmt::print("{}", json_document(*reply));
    return exit_code::success;
  }
  std::vector<std::string> services;
  for (const json& each : reply->value("services", json::array())) services.push_back(bare(each.get<std::string>()));
  const char* what = options.is_drained ? "gets no new connections" : "takes part again";
  if (!reply->value("changed", false)) what = options.is_drained ? "was drained already" : "was not drained";
  fmt::print("{} {}: {}\n", bare(options.server), what, fmt::join(services, ", "));
  if (options.is_drained) {
    fmt::print("baton status --services shows its connections; baton undrain {} ends it\n", bare(options.server));
  }
  return exit_code::success;
}

void add(command_line::Command& app, int& result, bool is_drained) {
  auto options = std::make_shared<DrainOptions>();
  options->is_drained = is_drained;
  command_line::Command command = is_drained ? app.add_command("drain", "Give a real server no new connections")
                                             : app.add_command("undrain", "Give a real server connections again");
  command.add_option("SERVER", options->server, "ADDRESS:PORT of a real server").required();
  command.add_option("--service", options->service,
                     "only of this virtual server, by its name; else of all that have it");
  command.add_flag("--json", options->as_json, "for machines (docs/status.md)");
  command.add_option("--socket", options->socket, "control socket of batond").shows_default();
  command.set_footer(footer(is_drained ? "baton drain 10.0.0.11:80" : "baton undrain 10.0.0.11:80",
                            "0 done, 1 failure, 2 usage, 3 no such real server, 4 no batond answers"));
  command.on_call([options, &result] { result = run_drain(*options); });
}

}  // namespace

void add_drain_commands(command_line::Command& app, int& result) {
  add(app, result, true);
  add(app, result, false);
}

}  // namespace baton::cli
