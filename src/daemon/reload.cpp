#include "daemon/reload.h"

#include <fmt/format.h>

#include <algorithm>

namespace baton::daemon {

namespace {

using nlohmann::json;

constexpr std::pair<ReloadOrder::What, const char*> order_names[] = {{ReloadOrder::What::carry_out, "carry-out"},
                                                                     {ReloadOrder::What::rehearse, "dry-run"},
                                                                     {ReloadOrder::What::confirm, "confirm"}};

const char* name(ReloadResult result) {
  switch (result) {
    case ReloadResult::carried_out: return "carried-out";
    case ReloadResult::rehearsed: return "dry-run";
    case ReloadResult::confirmed: return "confirmed";
    case ReloadResult::refused: return "refused";
    case ReloadResult::failed: return "failed";
  }
  return "failed";
}

// nullopt: not a time that a reload may wait for its confirmation.
std::optional<Duration> confirm_within_of(const json& value) {
  if (!value.is_number()) return std::nullopt;
  const std::chrono::duration<double> seconds(value.get<double>());
  if (!(seconds.count() > 0) || seconds > limits::confirm_within_at_most) return std::nullopt;
  const auto bound = std::chrono::duration_cast<Duration>(seconds);
  return bound > Duration::zero() ? std::optional(bound) : std::nullopt;
}

json diagnostic_report(const config::Diagnostic& diagnostic) {
  return {{"severity", config::name(diagnostic.severity)},
          {"id", diagnostic.id},
          {"file", diagnostic.place.file},
          {"line", diagnostic.place.line},
          {"column", diagnostic.place.column},
          {"message", diagnostic.message},
          {"fix", diagnostic.mend}};
}

}  // namespace

std::string to_message(const ReloadOrder& order) {
  json message{{"id", order.id}};
  for (const auto& [what, text] : order_names) {
    if (what == order.what) message["reload"] = text;
  }
  if (order.confirm_within) message["confirm_within"] = std::chrono::duration<double>(*order.confirm_within).count();
  return message.dump();
}

std::optional<ReloadOrder> reload_order_of(ByteView message) {
  const json text = json::parse(message.begin(), message.end(), nullptr, false);
  if (!text.is_object() || !text.contains("id") || !text["id"].is_number_unsigned()) return std::nullopt;
  ReloadOrder order{.id = text["id"].get<std::uint64_t>()};
  const auto what = text.find("reload");
  const auto* const known =
      std::ranges::find_if(order_names, [&](const auto& each) { return what != text.end() && *what == each.second; });
  if (known == std::end(order_names)) return std::nullopt;
  order.what = known->first;
  const auto within = text.find("confirm_within");
  if (within == text.end()) return order;
  order.confirm_within = confirm_within_of(*within);
  return order.confirm_within ? std::optional(order) : std::nullopt;
}

std::expected<ReloadOrder, std::string> reload_order_of_request(const json& request) {
  ReloadOrder order;
  const auto rehearsal = request.find("dry_run");
  if (rehearsal != request.end() && !rehearsal->is_boolean()) return std::unexpected("dry_run is true or false");
  if (rehearsal != request.end() && rehearsal->get<bool>()) order.what = ReloadOrder::What::rehearse;
  const auto within = request.find("confirm_within");
  if (within == request.end()) return order;
  order.confirm_within = confirm_within_of(*within);
  if (!order.confirm_within) return std::unexpected("confirm_within is a number of seconds, at most a day");
  return order;
}

void log_diagnostics(std::span<const config::Diagnostic> diagnostics, std::size_t dropped, log::Logger& log) {
  for (const config::Diagnostic& diagnostic : diagnostics) {
    const auto level = diagnostic.severity == config::Severity::error     ? log::Level::error
                       : diagnostic.severity == config::Severity::warning ? log::Level::warning
                                                                          : log::Level::info;
    std::string text = fmt::format("{}: {} [{}]", to_string(diagnostic.place), diagnostic.message, diagnostic.id);
    if (!diagnostic.mend.empty()) text += "; " + diagnostic.mend;
    log.write(level, text, {{"CONFIG_ID", diagnostic.id}});
  }
  if (dropped > 0) log.warning(fmt::format("{} more messages about the configuration", dropped));
}

void log_reading(const NextConfiguration& read, log::Logger& log) {
  log_diagnostics(read.diagnostics, read.dropped, log);
  for (const std::string& problem : read.problems) log.error(problem);
}

json reload_report(const ReloadOrder& order, const std::string& path, ReloadResult result,
                   const NextConfiguration& read, const ReloadPlan* plan) {
  json report{{"id", order.id}, {"result", name(result)}, {"configuration", path}};
  json& diagnostics = report["diagnostics"] = json::array();
  for (const config::Diagnostic& each : read.diagnostics) diagnostics.push_back(diagnostic_report(each));
  if (read.dropped > 0) report["diagnostics_not_shown"] = read.dropped;
  report["problems"] = read.problems;
  if (plan != nullptr) report.update(to_json(*plan));
  return report;
}

json reload_report(const ReloadOrder& order, ReloadResult result, const std::string& sentence) {
  return {{"id", order.id},
          {"result", name(result)},
          {"diagnostics", json::array()},
          {"problems", result == ReloadResult::confirmed ? json::array() : json::array({sentence})}};
}

}  // namespace baton::daemon
