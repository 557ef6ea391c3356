#include "daemon/services_status.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>

#include "base/sys_error.h"
#include "daemon/check_list.h"
#include "health/outcome.h"

namespace baton::daemon {

namespace {

using nlohmann::json;

std::string_view word(balance::CheckState state) {
  switch (state) {
    case balance::CheckState::unknown: return "not known yet";
    case balance::CheckState::down: return "down";
    case balance::CheckState::up: return "up";
  }
  return "";
}

std::string_view word(PlaneState state) {
  switch (state) {
    case PlaneState::unknown: return "not known yet";
    case PlaneState::serves: return "serves";
    case PlaneState::missing: return "missing";
  }
  return "";
}

json plane_of(const PlaneMemory& plane) {
  const bool is_missing = plane.state == PlaneState::missing;
  return {{"state", word(plane.state)},
          {"name", plane.kind == PlaneKind::none ? json() : json(name(plane.kind))},
          {"connection_sync", {{"tells", plane.tells_connections}, {"hears", plane.hears_connections}}},
          {"problem", is_missing ? json("the kernel has nothing that serves virtual servers: " +
                                        to_string(SysError{"asking for it", plane.code}))
                                 : json()}};
}

json traffic_text(const ServerTraffic& traffic) {
  if (traffic == ServerTraffic{}) return {};
  const auto count = [](const std::optional<std::uint64_t>& number) { return number ? json(*number) : json(); };
  return {{"connections", count(traffic.connections)}, {"active", count(traffic.active)},
          {"inactive", count(traffic.inactive)},       {"packets_in", count(traffic.packets_in)},
          {"packets_out", count(traffic.packets_out)}, {"bytes_in", count(traffic.bytes_in)},
          {"bytes_out", count(traffic.bytes_out)}};
}

json date_of(Instant since, const ClockReading& clock) {
  return since == Instant{} ? json() : json(clock.utc_seconds(since));
}

// Checks and real servers are numbered through all services; what the first ones of a service are.
struct Numbers {
  std::size_t check = 0;
  std::size_t server = 0;

  void pass(const config::VirtualServer& service) {
    for (const config::RealServer& real : service.real_servers) check += real.checks.size();
    server += service.real_servers.size();
  }
};

class ServiceText {
 public:
  ServiceText(const config::VirtualServer& configured, const balance::Balancer& balancer, std::size_t service,
              const Numbers& first, const ServicesSource& source, const CheckLedger::Reading& ledger,
              const ClockReading& clock)
      : configured_(configured),
        balancer_(balancer),
        service_(service),
        check_(first.check),
        first_server_(first.server),
        source_(source),
        ledger_(ledger),
        clock_(clock) {}

  json text() {
    const balance::Service& wanted = balancer_.services()[service_];
    json keys = json::array();
    for (const ServiceKey& key : wanted.keys) {
      if (keys.size() < limits::keys_shown) keys.push_back(to_string(key));
    }
    const TableService table = balancer_.wanted(service_);
    json servers = json::array();
    std::int64_t weight_up = 0;
    for (std::size_t i = 0; i < wanted.servers.size(); ++i) {
      if (balancer_.is_up(service_, i)) weight_up += balancer_.weight(service_, i);
      servers.push_back(server(i, table));
    }
    const bool has_quorum = balancer_.has_quorum(service_);
    return {{"name", configured_.name},
            {"group", configured_.group.empty() ? json() : json(configured_.group)},
            {"addresses", std::move(keys)},
            {"addresses_not_shown", wanted.keys.size() - std::min(wanted.keys.size(), limits::keys_shown)},
            {"scheduler", wanted.options.scheduler},
            {"quorum",
             {{"wanted", wanted.quorum}, {"hysteresis", wanted.hysteresis}, {"have", weight_up}, {"met", has_quorum}}},
            {"sorry_server",
             wanted.sorry ? json{{"address", to_string(wanted.sorry->key)}, {"in_use", !has_quorum}} : json()},
            {"servers", std::move(servers)}};
  }

 private:
  json server(std::size_t index, const TableService& table) {
    const balance::RealServer& wanted = balancer_.services()[service_].servers[index];
    const bool is_up = balancer_.is_up(service_, index);
    json checks = json::array();
    Instant since{};
    for (const config::HealthCheck& check : configured_.real_servers[index].checks) {
      const balance::CheckMemory memory = memory_of(check_);
      checks.push_back(this->check(check, memory));
      ++check_;
      if (memory.since == Instant{}) continue;
      // Down since the first of those that are down now; up since the last one came back.
      if (is_up) since = std::max(since, memory.since);
      if (!is_up && memory.state == balance::CheckState::down) {
        since = since == Instant{} ? memory.since : std::min(since, memory.since);
      }
    }
    const auto in_table = table.destinations.find(wanted.key);
    return {{"address", to_string(wanted.key)},
            {"state", state_word(index)},
            {"since", date_of(since, clock_)},
            {"weight",
             {{"configured", wanted.settings.weight},
              {"in_force", in_table == table.destinations.end() ? json() : json(in_table->second.weight)}}},
            {"traffic", traffic_text(traffic_of(first_server_ + index))},
            {"checks", std::move(checks)}};
  }

  std::string_view state_word(std::size_t server) const {
    if (!balancer_.is_up(service_, server)) return "down";
    if (balancer_.is_drained(service_, server)) return "drained";
    return balancer_.weight(service_, server) == 0 ? "disabled" : "up";
  }

  ServerTraffic traffic_of(std::size_t server) const {
    return server < source_.board.server_count() ? source_.board.traffic(server) : ServerTraffic{};
  }

  balance::CheckMemory memory_of(std::size_t check) const {
    return check < source_.board.check_count() ? source_.board.check(check) : balance::CheckMemory{};
  }

  json check(const config::HealthCheck& check, const balance::CheckMemory& memory) const {
    json text{{"kind", kind_of(check)},
              {"state", word(memory.state)},
              {"since", date_of(memory.since, clock_)},
              {"suspended", false},
              {"outcome", nullptr},
              {"text", nullptr},
              {"failures_in_a_row", 0},
              {"tries", 0},
              {"failures", 0}};
    const auto row = check_ < source_.keys.size() ? ledger_.checks.find(source_.keys[check_]) : ledger_.checks.end();
    if (row == ledger_.checks.end()) return text;
    const health::Check::State& state = row->second.state;
    text["suspended"] = row->second.is_suspended;
    text["failures_in_a_row"] = state.failures_in_a_row;
    text["tries"] = state.tries;
    text["failures"] = state.failures;
    if (state.tries == 0 && !state.was_told) return text;
    text["outcome"] = state.last_failure == health::Failure::none ? "success" : health::name(state.last_failure);
    text["text"] = health::sentence({.failure = state.last_failure, .detail = row->second.detail, .weight = {}});
    return text;
  }

  const config::VirtualServer& configured_;
  const balance::Balancer& balancer_;
  std::size_t service_;
  std::size_t check_;
  std::size_t first_server_;
  const ServicesSource& source_;
  const CheckLedger::Reading& ledger_;
  const ClockReading& clock_;
};

json outcomes_of(const CheckLedger::Reading& ledger) {
  json outcomes = json::object();
  const auto& counts = ledger.outcomes;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] == 0) continue;
    outcomes[i == 0 ? "success" : std::string(health::name(static_cast<health::Failure>(i)))] = counts[i];
  }
  return outcomes;
}

}  // namespace

ServicesStatus::ServicesStatus(const config::Configuration& configuration, const ServicesSource& source)
    : configuration_(configuration), source_(source), setup_(make_balance_setup(configuration)) {}

balance::Balancer ServicesStatus::replica() const {
  balance::Balancer balancer(setup_.services);
  const CheckBoard& board = source_.board;
  for (std::uint32_t check = 0; check < std::min<std::size_t>(balancer.check_count(), board.check_count()); ++check) {
    balancer.remember(check, board.check(check));
  }
  for (std::size_t service = 0; service < std::min(setup_.services.size(), board.service_count()); ++service) {
    if (const auto known = board.has_quorum(service)) balancer.remember_quorum(service, *known);
  }
  balance::Actions unsaid;
  std::size_t number = 0;
  for (std::size_t service = 0; service < setup_.services.size(); ++service) {
    for (std::size_t server = 0; server < setup_.services[service].servers.size(); ++server, ++number) {
      const bool is_drained = number < board.server_count() && board.is_drained(number);
      balancer.set_drained(service, server, is_drained, unsaid);
    }
  }
  balancer.start(unsaid);
  return balancer;
}

json ServicesStatus::page(std::size_t from, const ClockReading& clock) const {
  return pages(from, limits::servers_a_page, clock);
}

json ServicesStatus::all(const ClockReading& clock) const {
  return pages(0, std::numeric_limits<std::size_t>::max(), clock);
}

json ServicesStatus::pages(std::size_t from, std::size_t servers, const ClockReading& clock) const {
  const balance::Balancer balancer = replica();
  const CheckLedger::Reading ledger = source_.ledger.read();
  json services = json::array();
  std::size_t shown = 0;
  Numbers first;
  std::size_t i = 0;
  for (; i < setup_.services.size(); ++i) {
    const config::VirtualServer& configured = configuration_.virtual_servers[i];
    if (i >= from) {
      shown += configured.real_servers.size() + 1;
      if (!services.empty() && shown > servers) break;
      services.push_back(ServiceText(configured, balancer, i, first, source_, ledger, clock).text());
    }
    first.pass(configured);
  }
  return {{"at", clock.utc_seconds(clock.now)}, {"plane", plane_of(source_.board.plane())},
          {"outcomes", outcomes_of(ledger)},    {"services", std::move(services)},
          {"total", setup_.services.size()},    {"next", i < setup_.services.size() ? json(i) : json()}};
}

std::optional<json> ServicesStatus::one(std::string_view name, const ClockReading& clock) const {
  Numbers first;
  for (std::size_t i = 0; i < setup_.services.size(); ++i) {
    const config::VirtualServer& configured = configuration_.virtual_servers[i];
    if (configured.name == name) {
      const balance::Balancer balancer = replica();
      const CheckLedger::Reading ledger = source_.ledger.read();
      return ServiceText(configured, balancer, i, first, source_, ledger, clock).text();
    }
    first.pass(configured);
  }
  return std::nullopt;
}

json ServicesStatus::summary() const {
  if (setup_.services.empty()) return {};
  const balance::Balancer balancer = replica();
  std::size_t without_quorum = 0;
  std::size_t servers = 0;
  std::size_t servers_down = 0;
  for (std::size_t i = 0; i < setup_.services.size(); ++i) {
    if (!balancer.has_quorum(i)) ++without_quorum;
    for (std::size_t server = 0; server < setup_.services[i].servers.size(); ++server) {
      ++servers;
      if (!balancer.is_up(i, server)) ++servers_down;
    }
  }
  return {{"services", setup_.services.size()},
          {"without_quorum", without_quorum},
          {"servers", servers},
          {"servers_down", servers_down},
          {"plane", word(source_.board.plane().state)}};
}

}  // namespace baton::daemon
