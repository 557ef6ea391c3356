#include "cli/maintenance_command.h"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "cli/answer.h"
#include "cli/help.h"
#include "cli/json_document.h"
#include "cli/reload_command.h"
#include "cli/words.h"
#include "command_line/command_line.h"

namespace baton::cli {

namespace {

using nlohmann::json;

constexpr auto patience = std::chrono::seconds(20);  // a little more than batond's own
constexpr double longest = 365 * 86400.0;            // seconds

struct MaintenanceOptions {
  std::string action;
  std::string lasts;
  std::string reason;
  std::string socket = control::default_control_socket;
  bool is_forced = false;
  bool as_json = false;
};

// Whoever has become root by sudo is somebody.
std::string own_name() {
  constexpr std::size_t longest_name = 64;  // docs/openapi.json
  if (const char* name = std::getenv("SUDO_USER"); name != nullptr && *name != '\0') {
    return bare(std::string(name).substr(0, longest_name));
  }
  const passwd* entry = ::getpwuid(::getuid());
  return entry != nullptr ? bare(std::string(entry->pw_name).substr(0, longest_name))
                          : fmt::format("uid {}", ::getuid());
}

control::Call call_of(const MaintenanceOptions& options) {
  if (options.action == "off") return {.method = "DELETE", .path = "/v1/maintenance"};
  if (options.action.empty()) return {.path = "/v1/maintenance"};
  control::Call call{.method = "PUT", .path = "/v1/maintenance"};
  call.body["by"] = own_name();
  if (options.is_forced) call.body["force"] = true;
  if (!options.lasts.empty()) call.body["for"] = seconds_of(options.lasts);
  if (!options.reason.empty()) call.body["reason"] = options.reason;
  return call;
}

int run_maintenance(const MaintenanceOptions& options) {
  const bool is_on = options.action == "on";
  if (!is_on && (options.is_forced || !options.lasts.empty() || !options.reason.empty())) {
    fmt::print(stderr, "baton: --for, --reason and --force go with: baton maintenance on\n");
    return exit_code::usage;
  }
  const auto reply = control::ask(options.socket, call_of(options), patience);
  if (!reply) return complain(reply.error());
  if (options.as_json) {
    fmt::print("{}", json_document(*reply));
    return exit_code::success;
  }
  const json maintenance = reply->value("maintenance", json());
  if (maintenance.is_object()) {
    fmt::print("{}\n", maintenance_line(maintenance, utc_now()));
    if (is_on) fmt::print("no instance becomes MASTER here, also after a restart; baton maintenance off ends it\n");
  } else {
    fmt::print("{}\n", reply->value("changed", false) ? "maintenance is over" : "not in maintenance");
  }
  return exit_code::success;
}

}  // namespace

std::string maintenance_line(const json& maintenance, double now) {
  std::string line = "in maintenance";
  if (const json until = maintenance.value("until", json()); until.is_number()) {
    line += fmt::format(" until {} ({} left)", clock_of(until.get<double>()),
                        span_of(std::max(0.0, until.get<double>() - now)));
  } else {
    line += fmt::format(" since {}, without an end", clock_of(maintenance.value("since", now)));
  }
  if (const std::string by = bare(maintenance.value("by", "")); !by.empty()) line += ", by " + by;
  if (const std::string reason = bare(maintenance.value("reason", "")); !reason.empty()) line += ": " + reason;
  return line;
}

void add_maintenance_command(command_line::Command& app, int& result) {
  auto options = std::make_shared<MaintenanceOptions>();
  command_line::Command command = app.add_command("maintenance", "Take this node out of service for a while, and back");
  command.add_option("ACTION", options->action, "on or off; without it: is it, until when, why").one_of({"on", "off"});
  command.add_option("--for", options->lasts, "it ends by itself after this time (90m, 2h, 1d); else at off")
      .checked_by([](const std::string& text) {
        const double seconds = seconds_of(text);
        return std::isfinite(seconds) && seconds > 0 && seconds <= longest ? "" : "a time is 90s, 30m, 2h or 1d";
      });
  command.add_option("--reason", options->reason, "what for: shown wherever the maintenance is");
  command.add_flag("--force", options->is_forced, "also when no backup takes over: its addresses go off");
  command.add_flag("--json", options->as_json, "for machines (docs/status.md)");
  command.add_option("--socket", options->socket, "control socket of batond").shows_default();
  command.set_footer("Every MASTER here is given to a backup first; if one is not taken, nothing is held down.\n" +
                     footer("baton maintenance on --for 2h --reason 'new disk'",
                            "0 done, 1 refused: nobody took over, or a failure, 2 usage, 4 no batond answers"));
  command.on_call([options, &result] { result = run_maintenance(*options); });
}

}  // namespace baton::cli
