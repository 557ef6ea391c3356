#include "cli/status_render.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "cli/maintenance_command.h"
#include "cli/services_render.h"

namespace baton::cli {

namespace {

using nlohmann::json;

std::string text_of(const json& object, const char* key) {
  return bare(object.value(key, ""));
}

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

// Who else had the addresses, as far as the last sign says.
std::string two_owners_line(const json& instance, double now) {
  const json last = instance.value("/two_owners/last"_json_pointer, json());
  if (!last.is_object()) return {};
  const std::string ago = span_of(now - last.value("at", 0.0));
  if (last.contains("mac")) {
    return fmt::format("{} announced from {}, {} ago", text_of(last, "address"), text_of(last, "mac"), ago);
  }
  return fmt::format("{} was MASTER as well, {} ago", text_of(last, "peer"), ago);
}

std::string instance_text(const json& instance, double now, const Painter& paint) {
  std::string text = fmt::format(
      "{}  {}{}  since {} ({}): {}\n", paint.bold(text_of(instance, "name")), paint.state(text_of(instance, "state")),
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
  if (const std::string witness = witness_line(instance.value("witness", json())); !witness.empty()) {
    const bool is_awaited = instance.at("witness").value("awaited", false);
    line("witness", is_awaited ? paint.alarm(witness) : witness);
  }
  if (const std::string hook = hook_line(instance.value("hook", json())); !hook.empty()) {
    line("hooks", paint.alarm(hook));
  }
  if (const std::string by = learned_by(instance.value("takeover", json())); !by.empty()) line("learned by", by);
  if (const std::string two = two_owners_line(instance, now); !two.empty()) line("two owners", paint.alarm(two));
  if (!instance.at("rejected").empty()) line("rejected", paint.alarm(rejected_line(instance.at("rejected"))));
  return text;
}

// "web1  batond 1.2.3 (pid 17)  /etc/baton/baton.conf", and what is wrong with all of it.
std::string head_of(const json& status, double now, const Painter& paint) {
  std::string text = fmt::format("{}  batond {} (pid {})  {}\n", paint.bold(text_of(status, "node")),
                                 status.at("version").get<std::string>(), status.at("pid").get<int>(),
                                 status.at("configuration").get<std::string>());
  const json& worker = status.at("worker");
  if (!worker.at("answers").get<bool>()) {
    text += paint.alarm("the VRRP worker does not answer; the guardian restarts it") + "\n";
  }
  if (const int restarts = worker.value("restarts", 0); restarts > 0) {
    text += fmt::format("worker restarted {} times\n", restarts);
  }
  if (const json maintenance = status.value("maintenance", json()); maintenance.is_object()) {
    text += paint.alarm(maintenance_line(maintenance, now)) + "\n";
  }
  if (const std::string line = services_line(status.value("load_balancing", json())); !line.empty()) {
    text += paint.alarm(line) + "\n";
  }
  if (const json until = status.value("confirm_until", json()); until.is_number()) {
    text += paint.alarm(fmt::format("the reload is undone in {} unless `baton reload --confirm` says that it stays",
                                    span_of(std::max(0.0, until.get<double>() - now)))) +
            "\n";
  }
  return text;
}

std::string addresses_cell(const json& instance) {
  std::string cell;
  for (const json& address : instance.at("addresses")) {
    cell = text_of(address, "address");
    break;
  }
  const auto more = instance.value("addresses_not_shown", 0U) +
                    (instance.at("addresses").empty() ? 0 : instance.at("addresses").size() - 1);
  return more > 0 ? fmt::format("{} +{}", cell, more) : cell;
}

std::string master_cell(const json& instance) {
  if (instance.at("state") == "MASTER" && !instance.at("leaving").get<bool>()) return "this node";
  const json& master = instance.at("master");
  return master.is_null() ? "none heard" : text_of(master, "address");
}

std::string trouble_of(const json& instance) {
  if (instance.at("leaving").get<bool>()) return "hands over";
  const json& faults = instance.at("faults");
  if (faults.empty()) return "";
  const std::string first = bare(faults.front().get<std::string>());
  return faults.size() == 1 ? first : fmt::format("{}, and {} more", first, faults.size() - 1);
}

std::string priority_cell(const json& instance) {
  const int effective = instance.at("priority").at("effective").get<int>();
  const int base = instance.at("priority").at("base").get<int>();
  return effective == base ? std::to_string(base) : fmt::format("{} (base {})", effective, base);
}

// ", in 0.012 s; 3 of 840 runs failed"
std::string runs_text(const json& script) {
  if (!script.contains("runs")) return {};
  std::uint64_t all = 0;
  for (const auto& [result, count] : script["runs"].items()) all += count.get<std::uint64_t>();
  const std::uint64_t failed = all - script["runs"].value("success", std::uint64_t{0});
  std::string text;
  if (const json& last = script["last_duration"]; last.is_number())
    text = fmt::format(", in {:.3f} s", last.get<double>());
  return text + fmt::format("; {} of {} runs failed", failed, all);
}

}  // namespace

std::string render_instance(const json& instance, double now, bool colour) {
  return instance_text(instance, now, Painter(colour));
}

// BFD; empty where there is none.
std::string sessions_text(const json& status, double now, const Painter& paint) {
  const json bfd = status.value("bfd", json());
  if (!bfd.is_object()) return {};
  std::string text = "\n";
  for (const json& session : bfd.at("sessions")) {
    const std::string state = session.at("state");
    const std::string reason = text_of(session, "text");
    const std::string neighbor = session.at("neighbor").is_null() ? "no neighbour" : text_of(session, "neighbor");
    text += fmt::format("{}  {}  BFD with {} for {}{}\n", paint.bold(text_of(session, "name")),
                        state == "Up" ? state : paint.alarm(state), neighbor,
                        span_of(now - session.at("since").get<double>()), reason.empty() ? "" : ": " + reason);
  }
  if (bfd.value("spoken", true)) return text;
  return text + paint.alarm("nobody speaks BFD now; this is what was known") + "\n";
}

std::string render_status(const json& status, double now_seconds, bool colour) {
  const Painter paint(colour);
  std::string text = head_of(status, now_seconds, paint);
  for (const json& instance : status.at("instances")) text += "\n" + instance_text(instance, now_seconds, paint);
  if (!status.at("groups").empty()) text += "\n";
  for (const json& group : status.at("groups")) {
    text +=
        fmt::format("{}  {}  sync group\n", paint.bold(text_of(group, "name")), paint.state(text_of(group, "state")));
  }
  if (!status.at("scripts").empty()) text += "\n";
  for (const json& script : status.at("scripts")) {
    const std::string result = script.at("status");
    text += fmt::format("{}  {}  {}{}\n", paint.bold(text_of(script, "name")),
                        result == "down" ? paint.alarm(result) : result, script.value("text", ""), runs_text(script));
  }
  const json& checks = status.value("checks", json::array());
  if (!checks.empty()) text += "\n";
  for (const json& check : checks) {
    const std::string result = check.at("status");
    const std::string reason = text_of(check, "text");
    text += fmt::format("{}  {}  {} of {}{}\n", paint.bold(text_of(check, "name")),
                        result == "down" ? paint.alarm(result) : result, text_of(check, "kind"),
                        text_of(check, "target"), reason.empty() ? "" : ": " + reason);
  }
  return text + sessions_text(status, now_seconds, paint);
}

StatusTable::StatusTable(double now, bool colour) : now_(now), paint_(colour) {
  table_.add({{"NAME"}, {"STATE"}, {"FOR"}, {"PRIORITY"}, {"MASTER"}, {"ADDRESSES"}, {""}});
}

void StatusTable::add(const json& instance) {
  const std::string state = instance.at("state");
  const std::string trouble = trouble_of(instance);
  table_.add({{text_of(instance, "name"), paint_.bold(text_of(instance, "name"))},
              {state, paint_.state(state)},
              {span_of(now_ - instance.at("since").get<double>())},
              {priority_cell(instance)},
              {master_cell(instance)},
              {addresses_cell(instance)},
              {trouble, paint_.alarm(trouble)}});
  ++tally_[state];
  ++instances_;
}

std::string StatusTable::text(const json& head) const {
  std::string tally = fmt::format("{} {}:", instances_, instances_ == 1 ? "instance" : "instances");
  const char* separator = " ";
  for (const char* state : {"MASTER", "BACKUP", "MAINTENANCE", "FAULT", "INIT"}) {
    const auto count = tally_.find(state);
    if (count == tally_.end()) continue;
    tally += fmt::format("{}{} {}", separator, count->second, state);
    separator = ", ";
  }
  return head_of(head, now_, paint_) + tally + "\n\n" + table_.text();
}

}  // namespace baton::cli
