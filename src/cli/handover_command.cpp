#include "cli/handover_command.h"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <chrono>
#include <expected>
#include <nlohmann/json.hpp>

#include "cli/answer.h"
#include "cli/help.h"
#include "cli/json_document.h"
#include "cli/which_instance.h"
#include "cli/words.h"
#include "command_line/command_line.h"
#include "control/client.h"

namespace baton::cli {

namespace {

using control::ControlError;
using nlohmann::json;

constexpr double settled = 1;    // seconds as MASTER that does not leave: nobody took over
constexpr double patience = 15;  // seconds; longer than batond's own
constexpr int look_again_ms = 100;

}  // namespace

HandoverWatch::HandoverWatch(const std::vector<std::string>& names) {
  for (const std::string& name : names) instances_[name];
}

void HandoverWatch::on_instances(const json& instances, double now) {
  for (const json& value : instances) {
    const auto found = instances_.find(value.value("name", ""));
    if (found == instances_.end()) continue;
    Instance& instance = found->second;
    instance.seen = now;
    instance.state = value.value("state", "");
    instance.is_leaving = value.value("leaving", false);
    instance.has_moved = instance.state != "MASTER";
    const json master = value.value("master", json());
    instance.master = master.is_object() ? master.value("address", "") : "";
    const bool stays = !instance.has_moved && !instance.is_leaving;
    if (!stays) {
      instance.staying_since = -1;
    } else if (instance.staying_since < 0) {
      instance.staying_since = now;
    }
  }
}

bool HandoverWatch::is_over() const {
  return std::ranges::all_of(instances_, [](const auto& each) {
    const Instance& it = each.second;
    return it.has_moved || (it.staying_since >= 0 && it.seen - it.staying_since >= settled);
  });
}

std::map<std::string, std::string> HandoverWatch::moved() const {
  std::map<std::string, std::string> found;
  for (const auto& [name, instance] : instances_) {
    if (instance.has_moved) found[name] = instance.master;
  }
  return found;
}

std::map<std::string, std::string> HandoverWatch::stayed() const {
  std::map<std::string, std::string> found;
  for (const auto& [name, instance] : instances_) {
    if (instance.has_moved) continue;
    found[name] =
        instance.is_leaving ? "still waits for a successor" : "no backup took over; it goes on as MASTER here";
  }
  return found;
}

namespace {

struct HandoverOptions {
  std::string name;
  std::string socket = control::default_control_socket;
  bool all = false;
  bool no_wait = false;
  bool as_json = false;
};

double steady_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::expected<json, ControlError> ask_handover(const std::string& socket, const std::string& name) {
  return control::ask(socket, {.method = "POST", .path = control::instance_path(name, "/handover")});
}

std::expected<std::vector<std::string>, ControlError> masters_here(const std::string& socket) {
  const auto status = control::ask(socket, {.path = "/v1/status?view=brief"});
  if (!status) return std::unexpected(status.error());
  std::vector<std::string> names;
  for (const json& instance : status->at("instances")) {
    if (instance.at("state") == "MASTER") names.push_back(instance.at("name"));
  }
  return names;
}

// What a look shows; of one instance alone when there is only one.
std::expected<json, ControlError> look(const HandoverOptions& options) {
  if (!options.all) {
    const auto instance = control::ask(options.socket, {.path = control::instance_path(options.name)});
    if (!instance) return std::unexpected(instance.error());
    return json::array({*instance});
  }
  const auto status = control::ask(options.socket, {.path = "/v1/status?view=brief"});
  if (!status) return std::unexpected(status.error());
  return status->at("instances");
}

std::string render(const HandoverWatch& watch) {
  std::string text;
  for (const auto& [name, master] : watch.moved()) {
    text += fmt::format("{}: {}\n", bare(name), master.empty() ? "is MASTER here no more" : bare(master) + " has it");
  }
  for (const auto& [name, why] : watch.stayed()) text += fmt::format("{}: {}\n", bare(name), why);
  return text;
}

json as_json(const HandoverWatch& watch, double seconds) {
  json report{{"moved", json::array()}, {"stayed", json::array()}, {"seconds", seconds}};
  for (const auto& [name, master] : watch.moved()) {
    report["moved"].push_back({{"instance", name}, {"to", master.empty() ? json() : json(master)}});
  }
  for (const auto& [name, why] : watch.stayed()) report["stayed"].push_back({{"instance", name}, {"why", why}});
  return report;
}

int wait_for_them(const HandoverOptions& options, const std::vector<std::string>& names) {
  HandoverWatch watch(names);
  const double begin = steady_now();
  while (!watch.is_over() && steady_now() - begin < patience) {
    if (const auto instances = look(options)) {
      watch.on_instances(*instances, steady_now());
    } else if (instances.error().kind == ControlError::Kind::not_running) {
      return complain(instances.error());
    }
    if (!watch.is_over()) ::poll(nullptr, 0, look_again_ms);
  }
  fmt::print("{}", options.as_json ? json_document(as_json(watch, steady_now() - begin)) : render(watch));
  if (watch.stayed().empty()) return exit_code::success;
  fmt::print(stderr,
             "baton: {} of {} did not move: is a backup running, and does it hear this node? baton doctor looks\n",
             watch.stayed().size(), names.size());
  return exit_code::failure;
}

int run_handover(HandoverOptions options) {
  if (options.name.empty() != options.all) {
    fmt::print(stderr, "baton: say which vrrp_instance, or --all; baton status lists them\n");
    return exit_code::usage;
  }
  if (!options.all) {
    const auto meant = instance_meant(options.socket, options.name);
    if (!meant) return complain(meant.error());
    options.name = *meant;
  }
  std::vector<std::string> names{options.name};
  if (options.all) {
    const auto masters = masters_here(options.socket);
    if (!masters) return complain(masters.error());
    names = *masters;
  }
  for (const std::string& name : names) {
    const auto reply = ask_handover(options.socket, name);
    // With a sync group the others have gone along.
    const bool has_gone = options.all && !reply && reply.error().kind == ControlError::Kind::refused;
    if (!reply && !has_gone) return complain(reply.error());
    if (options.no_wait && reply && !options.as_json) fmt::print("{}\n", bare(reply->value("message", "asked")));
  }
  if (options.no_wait) {
    if (options.as_json) fmt::print("{}", json_document(json{{"asked", names}}));
    return exit_code::success;
  }
  if (names.empty() && !options.as_json) fmt::print("no instance is MASTER here\n");
  return wait_for_them(options, names);
}

}  // namespace

void add_handover_command(command_line::Command& app, int& result) {
  auto options = std::make_shared<HandoverOptions>();
  command_line::Command command = app.add_command("handover", "Give an address to the backup without losing a packet");
  const auto name = command.add_option("NAME", options->name, "the vrrp_instance, or one of its addresses");
  command.add_flag("--all", options->all, "every instance that is MASTER here").excludes(name);
  command.add_flag("--no-wait", options->no_wait, "ask and do not wait until a backup has it (15 s at most)");
  command.add_flag("--json", options->as_json, "for machines (docs/status.md)");
  command.add_option("--socket", options->socket, "control socket of batond").named_value("PATH").shows_default();
  command.set_footer(footer("baton handover VI_1; baton handover --all",
                            "0 moved, 1 something stayed, 2 usage, 3 no such vrrp_instance, 4 no batond answers"));
  command.on_call([options, &result] { result = run_handover(*options); });
}

}  // namespace baton::cli
