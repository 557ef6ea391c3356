#include "cli/why_service.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "base/ip_address.h"
#include "cli/services_render.h"
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
  if (!since.is_number()) return "since before that was noted";
  return fmt::format("since {} ({})", clock_of(since.get<double>()), span_of(now - since.get<double>()));
}

bool has_quorum(const json& service) {
  return service.value("/quorum/met"_json_pointer, false);
}

std::string quorum_text(const json& service) {
  return fmt::format("{} has weight {} of {} wanted: {}", text_of(service, "name"),
                     service.value("/quorum/have"_json_pointer, 0LL), service.value("/quorum/wanted"_json_pointer, 0U),
                     has_quorum(service) ? "quorum" : "no quorum");
}

std::optional<std::string> sorry_in_use(const json& service) {
  const json sorry = service.value("sorry_server", json());
  if (!sorry.is_object() || !sorry.value("in_use", false)) return std::nullopt;
  return text_of(sorry, "address");
}

void say_plane(const json& plane, Explanation& out) {
  if (const std::string problem = text_of(plane, "problem"); !problem.empty()) out.wrong.push_back(problem);
}

void say_checks(const json& server, double now, Explanation& out) {
  const json checks = server.value("checks", json::array());
  if (checks.empty()) out.now.emplace_back("no check looks at it: it counts as up whatever it does");
  for (const json& check : checks) {
    const std::string kind = text_of(check, "kind");
    const std::string said = text_of(check, "text");
    const std::string line =
        fmt::format("{} is {} {}; the last try said: {}; {} tries, {} failed", kind, text_of(check, "state"),
                    since_text(check, now), said.empty() ? "nothing yet" : said, check.value("tries", 0ULL),
                    check.value("failures", 0ULL));
    (text_of(check, "state") == "down" ? out.wrong : out.now).push_back(line);
    if (text_of(check, "state") == "down") {
      out.changes.push_back(fmt::format("{} must succeed: the first success is the end of it", kind));
    }
  }
}

Explanation explain_server(const json& service, const json& server, const json& plane, double now) {
  const std::string state = text_of(server, "state");
  Explanation out{.instance = fmt::format("{} of {}", text_of(server, "address"), text_of(service, "name")),
                  .state = state,
                  .now = {},
                  .wrong = {},
                  .next = {},
                  .changes = {}};
  const json in_force = server.value("/weight/in_force"_json_pointer, json());
  out.now.push_back(fmt::format("{} {}", state, since_text(server, now)));
  out.now.push_back(in_force.is_number() ? fmt::format("weight {}, configured {}", in_force.get<int>(),
                                                       server.value("/weight/configured"_json_pointer, 0))
                                         : std::string("gets no connections: it is not in the table"));
  out.now.push_back(quorum_text(service));
  if (const auto sorry = sorry_in_use(service)) {
    out.wrong.push_back(fmt::format("the sorry server {} serves instead, until the quorum is there again", *sorry));
  }
  say_checks(server, now, out);
  say_plane(plane, out);
  if (state == "drained") out.changes.emplace_back(fmt::format("baton undrain {}", text_of(server, "address")));
  if (state == "disabled") out.changes.emplace_back("a weight above 0, from the configuration or from its check");
  return out;
}

Explanation explain_service(const json& service, const json& plane, double now) {
  Explanation out{.instance = text_of(service, "name"),
                  .state = has_quorum(service) ? "quorum" : "no quorum",
                  .now = {},
                  .wrong = {},
                  .next = {},
                  .changes = {}};
  out.now.push_back(quorum_text(service));
  for (const json& server : service.value("servers", json::array())) {
    if (text_of(server, "state") == "up") continue;
    std::string line =
        fmt::format("{} is {} {}", text_of(server, "address"), text_of(server, "state"), since_text(server, now));
    for (const json& check : server.value("checks", json::array())) {
      if (text_of(check, "state") == "down")
        line += fmt::format("; {}: {}", text_of(check, "kind"), text_of(check, "text"));
    }
    out.wrong.push_back(line);
  }
  if (const auto sorry = sorry_in_use(service)) {
    out.wrong.push_back(fmt::format("the sorry server {} alone serves", *sorry));
  }
  say_plane(plane, out);
  const auto wanted = service.value("/quorum/wanted"_json_pointer, 0LL);
  const auto hysteresis = service.value("/quorum/hysteresis"_json_pointer, 0LL);
  out.changes.push_back(has_quorum(service) ? fmt::format("loses its quorum below weight {}", wanted - hysteresis)
                                            : fmt::format("has its quorum again at weight {}", wanted + hysteresis));
  return out;
}

}  // namespace

bool is_address_and_port(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == text.npos) return false;
  const std::string_view port = text.substr(colon + 1);
  std::uint16_t number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (error != std::errc() || end != port.data() + port.size()) return false;
  const std::string_view address = text.substr(0, colon);
  if (address.starts_with('['))
    return address.ends_with(']') && IpAddress::parse(address.substr(1, address.size() - 2));
  return !address.contains(':') && IpAddress::parse(address);
}

std::vector<Explanation> explain_services(const json& services, std::string_view text, double now) {
  std::vector<Explanation> all;
  const json plane = services.value("plane", json::object());
  for (const json& service : services.value("services", json::array())) {
    if (is_service(service, text)) all.push_back(explain_service(service, plane, now));
    for (const json& server : service.value("servers", json::array())) {
      if (server.value("address", "") == text) all.push_back(explain_server(service, server, plane, now));
    }
  }
  return all;
}

}  // namespace baton::cli
