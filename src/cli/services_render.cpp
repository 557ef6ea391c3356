#include "cli/services_render.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/words.h"

namespace baton::cli {

namespace {

using nlohmann::json;

std::string text_of(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? bare(found->get<std::string>()) : std::string();
}

std::string since_text(const json& object, double now) {
  const json since = object.value("since", json());
  return since.is_number() ? fmt::format(" for {}", span_of(now - since.get<double>())) : std::string();
}

// "HTTP_GET: status 503 (4 failures in a row)"
std::string check_text(const json& check) {
  const std::string said = text_of(check, "text");
  std::string text = fmt::format("{}: {}", text_of(check, "kind"), said.empty() ? "has not been tried yet" : said);
  if (const auto failures = check.value("failures_in_a_row", 0U); failures > 1) {
    text += fmt::format(" ({} failures in a row)", failures);
  }
  return check.value("suspended", false) ? text + ", suspended" : text;
}

// ha_suspend: nobody looks at its real servers, for its address is elsewhere.
bool is_suspended(const json& service) {
  for (const json& server : service.value("servers", json::array())) {
    for (const json& check : server.value("checks", json::array())) {
      if (check.value("suspended", false)) return true;
    }
  }
  return false;
}

std::string reason_of(const json& server) {
  for (const json& check : server.value("checks", json::array())) {
    if (text_of(check, "state") == "down") return check_text(check);
  }
  if (text_of(server, "state") == "drained") return "no new connections, until baton undrain";
  if (text_of(server, "state") == "disabled") return "its weight is 0: no new connections";
  return text_of(server, "state") == "down" ? "no check has found it up yet" : std::string();
}

// ", 1204 connections, 17 open" or, where those are not counted, ", 88 packets".
std::string traffic_text(const json& traffic) {
  if (!traffic.is_object()) return {};
  const auto number = [&](const char* key) {
    const json value = traffic.value(key, json());
    return value.is_number_integer() ? std::optional(value.get<std::uint64_t>()) : std::nullopt;
  };
  const auto connections = number("connections");
  const auto packets = number("packets_in");
  std::string text;
  if (connections) text = fmt::format(", {} connection{}", *connections, *connections == 1 ? "" : "s");
  if (!connections && packets) text = fmt::format(", {} packet{}", *packets, *packets == 1 ? "" : "s");
  if (const auto active = number("active")) text += fmt::format(", {} open", *active);
  return text;
}

std::string server_text(const json& server, double now, bool whole, const Painter& paint) {
  const std::string state = text_of(server, "state");
  const bool is_up = state == "up";
  const json in_force = server.value("/weight/in_force"_json_pointer, json());
  std::string text = fmt::format("  {:<21} {}{}", text_of(server, "address"), is_up ? state : paint.alarm(state),
                                 since_text(server, now));
  text += in_force.is_number() ? fmt::format(", weight {}", in_force.get<int>()) : std::string(", gets nothing");
  text += traffic_text(server.value("traffic", json()));
  if (const std::string reason = reason_of(server); !is_up && !reason.empty()) text += ": " + reason;
  text += "\n";
  if (!whole) return text;
  for (const json& check : server.value("checks", json::array())) {
    text += fmt::format("    {}, {}{}; {} tries, {} failed\n", check_text(check), text_of(check, "state"),
                        since_text(check, now), check.value("tries", 0ULL), check.value("failures", 0ULL));
  }
  return text;
}

std::string addresses_text(const json& service) {
  const json addresses = service.value("addresses", json::array());
  const auto more =
      service.value("addresses_not_shown", 0U) + addresses.size() - std::min<std::size_t>(addresses.size(), 1);
  std::string text = addresses.empty() ? std::string() : bare(addresses.front().get<std::string>());
  return more > 0 ? fmt::format("{} +{}", text, more) : text;
}

std::string service_text(const json& service, double now, bool whole, const Painter& paint) {
  const json servers = service.value("servers", json::array());
  const json quorum = service.value("quorum", json::object());
  const auto up =
      std::ranges::count_if(servers, [](const json& server) { return server.value("state", "") != "down"; });
  const bool has_quorum = quorum.value("met", false);
  std::string text =
      fmt::format("{}  {}  {}  {} of {} up, weight {} of {} wanted", paint.bold(text_of(service, "name")),
                  addresses_text(service), has_quorum ? std::string("quorum") : paint.alarm("NO QUORUM"), up,
                  servers.size(), quorum.value("have", 0LL), quorum.value("wanted", 0U));
  if (const json sorry = service.value("sorry_server", json()); sorry.is_object() && sorry.value("in_use", false)) {
    text += paint.alarm(fmt::format("; sorry server {} serves", text_of(sorry, "address")));
  }
  if (is_suspended(service)) text += "; checks are suspended (ha_suspend: the address is not on this host)";
  text += "\n";
  for (const json& server : servers) {
    if (whole || text_of(server, "state") != "up") text += server_text(server, now, whole, paint);
  }
  return text;
}

// lvs_sync_daemon.
std::string connection_sync_text(const json& plane) {
  const json sync = plane.value("connection_sync", json::object());
  std::string text;
  if (sync.value("tells", false)) text += ", tells other directors of its connections";
  if (sync.value("hears", false)) text += ", hears of the connections of other directors";
  return text;
}

}  // namespace

std::string render_services(const json& head, const json& services, double now, bool whole, bool colour) {
  const Painter paint(colour);
  std::string text;
  if (const std::string problem = text_of(head.value("plane", json::object()), "problem"); !problem.empty()) {
    text += paint.alarm(problem) + "\n";
  }
  if (services.empty()) return text + "no virtual servers\n";
  if (const std::string name = text_of(head.value("plane", json::object()), "name"); !name.empty()) {
    text += fmt::format("served by {}{}\n", name, connection_sync_text(head.at("plane")));
  }
  for (const json& service : services) text += service_text(service, now, whole, paint);
  return text;
}

std::string services_line(const json& summary) {
  if (!summary.is_object()) return {};
  const auto without = summary.value("without_quorum", 0U);
  const auto down = summary.value("servers_down", 0U);
  const bool is_missing = summary.value("plane", "") == "missing";
  if (without == 0 && down == 0 && !is_missing) return {};
  return fmt::format(
      "load balancing: {} of {} services without quorum, {} of {} real servers down{} (baton status "
      "--services)",
      without, summary.value("services", 0U), down, summary.value("servers", 0U),
      is_missing ? "; nothing in the kernel serves them" : "");
}

bool is_service(const json& service, std::string_view text) {
  if (text.empty()) return false;
  if (service.value("name", "") == text || text_of(service, "group") == text) return true;
  return std::ranges::any_of(service.value("addresses", json::array()), [&](const json& address) {
    const std::string whole = address.get<std::string>();  // "TCP 10.0.0.1:80"
    return whole == text || std::string_view(whole).substr(whole.find(' ') + 1) == text;
  });
}

}  // namespace baton::cli
