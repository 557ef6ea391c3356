#include "cli/reload_command.h"

#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <nlohmann/json.hpp>

#include "cli/answer.h"
#include "cli/help.h"
#include "command_line/command_line.h"

namespace baton::cli {

namespace {

using nlohmann::json;

constexpr auto reload_patience = std::chrono::seconds(35);  // a little more than batond's own

std::string diagnostic_line(const json& diagnostic) {
  std::string text = fmt::format("{}:{}:{}: {}: {} [{}]\n", diagnostic.at("file").get<std::string>(),
                                 diagnostic.at("line").get<unsigned>(), diagnostic.at("column").get<unsigned>(),
                                 diagnostic.at("severity").get<std::string>(),
                                 diagnostic.at("message").get<std::string>(), diagnostic.at("id").get<std::string>());
  const std::string fix = diagnostic.at("fix");
  return fix.empty() ? text : text + "    mend: " + fix + "\n";
}

std::string change_line(const json& change) {
  const std::string object = change.at("object");
  const std::string keyword = change.at("keyword");
  const json& before = change.at("before");
  const json& after = change.at("after");
  if (keyword.empty()) return fmt::format("  {} {}\n", before.is_null() ? "+" : "-", object);
  if (before.is_null()) return fmt::format("  {}: + {} {}\n", object, keyword, after.get<std::string>());
  if (after.is_null()) return fmt::format("  {}: - {} {}\n", object, keyword, before.get<std::string>());
  return fmt::format("  {}: {} {} -> {}\n", object, keyword, before.get<std::string>(), after.get<std::string>());
}

std::string heading(std::string_view title, bool is_empty) {
  return fmt::format("{}:{}\n", title, is_empty ? " nothing" : "");
}

std::string verdict(const json& report) {
  const std::string result = report.at("result");
  if (result == "dry-run") return "nothing was done: this was a rehearsal\n";
  if (result == "carried-out") return "reloaded\n";
  if (result == "confirmed") return "confirmed: the configuration stays\n";
  if (result == "refused") return "refused: the configuration before goes on, nothing has changed\n";
  return "failed\n";
}

}  // namespace

double seconds_of(const std::string& text) {
  double number = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{}) return -1;
  const std::string_view unit(rest, end);
  if (unit == "s") return number;  // a bare number would be minutes to one and seconds to another
  if (unit == "m" || unit == "min") return number * 60;
  if (unit == "h") return number * 3600;
  if (unit == "d") return number * 86400;
  return -1;
}

std::string render_reload(const json& report) {
  std::string text;
  for (const json& diagnostic : report.at("diagnostics")) text += diagnostic_line(diagnostic);
  if (const auto hidden = report.value("diagnostics_not_shown", 0U); hidden > 0) {
    text += fmt::format("and {} more\n", hidden);
  }
  for (const json& problem : report.at("problems")) text += "error: " + problem.get<std::string>() + "\n";
  if (report.contains("changes")) {
    text += heading("configuration", report.at("changes").empty());
    for (const json& change : report.at("changes")) text += change_line(change);
    text += heading("kernel", report.at("kernel").empty());
    for (const json& line : report.at("kernel")) text += "  " + line.get<std::string>() + "\n";
    text += heading("VRRP", report.at("protocol").empty());
    for (const json& event : report.at("protocol")) {
      text += fmt::format("  {}: {}\n", event.at("instance").get<std::string>(), event.at("text").get<std::string>());
    }
    text += fmt::format("instances that notice nothing: {}\n", report.at("unchanged").get<std::size_t>());
  }
  return text + verdict(report);
}

namespace {

struct ReloadOptions {
  bool is_rehearsal = false;
  bool confirms = false;
  std::string confirm_within;
  std::string socket = control::default_control_socket;
  bool as_json = false;
};

int run_reload(const ReloadOptions& options) {
  control::Call call{.method = "POST", .path = options.confirms ? "/v1/reload/confirm" : "/v1/reload"};
  if (options.is_rehearsal) call.body["dry_run"] = true;
  if (!options.confirm_within.empty()) call.body["confirm_within"] = seconds_of(options.confirm_within);
  const auto report = control::ask(options.socket, call, reload_patience);
  if (!report) return complain(report.error());
  fmt::print("{}", options.as_json ? report->dump(2) + "\n" : render_reload(*report));
  const std::string result = report->at("result");
  if (result == "refused" || result == "failed") return exit_code::failure;
  if (result == "carried-out" && !options.confirm_within.empty() && !options.as_json) {
    fmt::print("it is undone in {} unless you say: baton reload --confirm\n", options.confirm_within);
  }
  return exit_code::success;
}

}  // namespace

void add_reload_command(command_line::Command& app, int& result) {
  auto options = std::make_shared<ReloadOptions>();
  command_line::Command command = app.add_command("reload", "Read the configuration again and show what that changes");
  const auto rehearsal = command.add_flag("--dry-run", options->is_rehearsal, "show it and do nothing");
  const auto within = command.add_option("--confirm-within", options->confirm_within,
                                         "undo it after this time (90s, 5m) unless it is confirmed");
  within.checked_by([](const std::string& text) { return seconds_of(text) > 0 ? "" : "a time is 90s, 5m or 1h"; });
  const auto confirm =
      command.add_flag("--confirm", options->confirms, "what was reloaded with --confirm-within stays");
  rehearsal.excludes(within).excludes(confirm);
  confirm.excludes(within);
  command.add_flag("--json", options->as_json, "for machines");
  command.add_option("--socket", options->socket, "control socket of batond").named_value("PATH").shows_default();
  command.set_footer(footer("baton reload --dry-run; baton reload --confirm-within 5m",
                            "0 done, 1 refused or failed, 2 usage, 4 no batond answers"));
  command.on_call([options, &result] { result = run_reload(*options); });
}

}  // namespace baton::cli
