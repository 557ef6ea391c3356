#include "cli/status_command.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "cli/answer.h"
#include "cli/json_document.h"
#include "control/client.h"

namespace baton::cli {

namespace {

using nlohmann::json;

std::string span_of(double seconds) {
  if (seconds < 1) return fmt::format("{:.0f} ms", seconds * 1000);
  if (seconds < 60) return fmt::format("{:.1f} s", seconds);
  if (seconds < 3600) return fmt::format("{:.0f} min", seconds / 60);
  if (seconds < 48 * 3600) return fmt::format("{:.1f} h", seconds / 3600);
  return fmt::format("{:.0f} days", seconds / 86400);
}

std::string clock_of(double seconds) {
  return fmt::format("{:%Y-%m-%d %H:%M:%S}", fmt::localtime(static_cast<std::time_t>(seconds)));
}

class Painter {
 public:
  explicit Painter(bool colour) : colour_(colour) {}
  std::string state(const std::string& name) const {
    if (!colour_) return name;
    const char* code = name == "MASTER" ? "1;32" : name == "BACKUP" ? "1;34" : name == "FAULT" ? "1;31" : "1";
    return fmt::format("\033[{}m{}\033[0m", code, name);
  }
  std::string bold(const std::string& text) const { return colour_ ? "\033[1m" + text + "\033[0m" : text; }
  std::string alarm(const std::string& text) const { return colour_ ? "\033[1;31m" + text + "\033[0m" : text; }

 private:
  bool colour_;
};

std::string priority_line(const json& instance) {
  const json& priority = instance.at("priority");
  std::string line = std::to_string(priority.at("effective").get<int>());
  const char* sign = " = ";
  for (const json& part : priority.at("parts")) {
    const int amount = part.at("amount").get<int>();
    line += fmt::format("{}{} {}", amount < 0 ? " - " : sign, std::abs(amount), part.at("name").get<std::string>());
    sign = " + ";
  }
  return line;
}

std::string master_line(const json& instance, double now) {
  if (instance.at("state") == "MASTER" && !instance.at("leaving").get<bool>()) return "this node";
  const json& master = instance.at("master");
  if (master.is_null()) return "none heard";
  std::string line =
      fmt::format("{} priority {}", master.at("address").get<std::string>(), master.at("priority").get<int>());
  if (!master.at("last_advert").is_null()) {
    line += fmt::format(", last advert {} ago", span_of(now - master.at("last_advert").get<double>()));
  }
  return line;
}

std::string rejected_line(const json& rejected) {
  std::string line;
  for (const auto& [reason, count] : rejected.items()) {
    line += fmt::format("{}{} {}", line.empty() ? "" : ", ", reason, count.get<std::uint64_t>());
  }
  return line;
}

std::string render_instance(const json& instance, double now, const Painter& paint) {
  std::string text =
      fmt::format("{}  {}{}  since {} ({}): {}\n", paint.bold(instance.at("name")), paint.state(instance.at("state")),
                  instance.at("leaving").get<bool>() ? " (leaving)" : "", clock_of(instance.at("since")),
                  span_of(now - instance.at("since").get<double>()), instance.at("reason_text").get<std::string>());
  const auto line = [&](std::string_view label, const std::string& value) {
    text += fmt::format("  {:<11}{}\n", label, value);
  };
  line("router", fmt::format("VRID {} on {}, VRRPv{}, advert every {}", instance.at("vrid").get<int>(),
                             instance.at("interface").get<std::string>(), instance.at("version").get<int>(),
                             span_of(instance.at("advert_int").get<double>())));
  for (const json& made : instance.value("virtual_interfaces", json::array())) {
    line("interface", fmt::format("{}: {} on {}{}", made.at("name").get<std::string>(),
                                  made.at("kind").get<std::string>(), made.at("base").get<std::string>(),
                                  made.contains("mac") ? ", " + made.at("mac").get<std::string>() : ""));
  }
  line("priority", priority_line(instance));
  line("master", master_line(instance, now));
  for (const json& address : instance.at("addresses")) {
    line("address",
         fmt::format("{} dev {}{}", address.at("address").get<std::string>(),
                     address.at("interface").get<std::string>(), address.at("present").get<bool>() ? "  (here)" : ""));
  }
  if (const auto hidden = instance.value("addresses_not_shown", 0); hidden > 0)
    line("", fmt::format("and {} more", hidden));
  for (const auto& [kind, label] : {std::pair("routes", "route"), std::pair("rules", "rule")}) {
    if (!instance.contains(kind)) continue;  // a batond that does not tell them
    for (const json& entry : instance.at(kind)) {
      line(label, entry.at("text").get<std::string>() + (entry.at("present").get<bool>() ? "  (here)" : ""));
    }
  }
  for (const json& fault : instance.at("faults")) line("fault", paint.alarm(fault.get<std::string>()));
  const json& adverts = instance.at("adverts");
  line("adverts", fmt::format("sent {}, accepted {}", adverts.at("sent").get<std::uint64_t>(),
                              adverts.at("accepted").get<std::uint64_t>()));
  if (!instance.at("rejected").empty()) line("rejected", paint.alarm(rejected_line(instance.at("rejected"))));
  return text;
}

bool wants_colour() {
  return ::isatty(STDOUT_FILENO) == 1 && std::getenv("NO_COLOR") == nullptr;
}

struct StatusOptions {
  std::string name;
  std::string socket = control::default_control_socket;
  bool as_json = false;
};

int run_status(const StatusOptions& options) {
  auto reply = control::ask(options.socket, {.path = "/v1/status"});
  if (!reply) return complain(reply.error());
  json& status = *reply;
  if (!options.name.empty()) {
    json chosen = json::array();
    for (const json& instance : status["instances"]) {
      if (instance.at("name") == options.name) chosen.push_back(instance);
    }
    if (chosen.empty()) {
      fmt::print(stderr, "baton: no vrrp_instance is called '{}'; `baton status` lists them\n", options.name);
      return exit_code::not_found;
    }
    status["instances"] = std::move(chosen);
  }
  if (options.as_json) {
    fmt::print("{}", json_document(status));
    return exit_code::success;
  }
  const auto now = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  fmt::print("{}", render_status(status, now, wants_colour()));
  return exit_code::success;
}

struct HandoverOptions {
  std::string name;
  std::string socket = control::default_control_socket;
};

int run_handover(const HandoverOptions& options) {
  auto reply =
      control::ask(options.socket, {.method = "POST", .path = control::instance_path(options.name, "/handover")});
  if (!reply) return complain(reply.error());
  fmt::print("{}\n", reply->value("message", "asked"));
  return exit_code::success;
}

}  // namespace

std::string render_status(const json& status, double now_seconds, bool colour) {
  const Painter paint(colour);
  std::string text = fmt::format("{}  batond {} (pid {})  {}\n", paint.bold(status.at("node")),
                                 status.at("version").get<std::string>(), status.at("pid").get<int>(),
                                 status.at("configuration").get<std::string>());
  const json& worker = status.at("worker");
  if (!worker.at("answers").get<bool>()) {
    text += paint.alarm("the VRRP worker does not answer; the guardian restarts it") + "\n";
  }
  if (const int restarts = worker.value("restarts", 0); restarts > 0) {
    text += fmt::format("worker restarted {} times\n", restarts);
  }
  if (const json until = status.value("confirm_until", json()); until.is_number()) {
    text += paint.alarm(fmt::format("the reload is undone in {} unless `baton reload --confirm` says that it stays",
                                    span_of(std::max(0.0, until.get<double>() - now_seconds)))) +
            "\n";
  }
  for (const json& instance : status.at("instances")) text += "\n" + render_instance(instance, now_seconds, paint);
  if (!status.at("groups").empty()) text += "\n";
  for (const json& group : status.at("groups")) {
    text += fmt::format("{}  {}  sync group\n", paint.bold(group.at("name")), paint.state(group.at("state")));
  }
  if (!status.at("scripts").empty()) text += "\n";
  for (const json& script : status.at("scripts")) {
    const std::string result = script.at("status");
    text += fmt::format("{}  {}  {}\n", paint.bold(script.at("name")), result == "down" ? paint.alarm(result) : result,
                        script.value("text", ""));
  }
  return text;
}

void add_status_command(CLI::App& app, int& result) {
  auto options = std::make_shared<StatusOptions>();
  CLI::App* command = app.add_subcommand("status", "State, priority, addresses and master of every vrrp_instance");
  command->add_option("NAME", options->name, "only this vrrp_instance");
  command->add_flag("--json", options->as_json, "for machines");
  command->add_option("--socket", options->socket, "control socket of batond")->capture_default_str();
  command->callback([options, &result] { result = run_status(*options); });
}

void add_handover_command(CLI::App& app, int& result) {
  auto options = std::make_shared<HandoverOptions>();
  CLI::App* command = app.add_subcommand("handover", "Give an address to the backup without losing a packet");
  command->add_option("NAME", options->name, "vrrp_instance")->required();
  command->add_option("--socket", options->socket, "control socket of batond")->capture_default_str();
  command->callback([options, &result] { result = run_handover(*options); });
}

}  // namespace baton::cli
