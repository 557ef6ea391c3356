#include "balance/balancer.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace baton::balance {

namespace {

// By how much a check moves the weight of its server.
std::int64_t moved_by(const CheckMemory& memory, bool adds, std::int32_t configured) {
  if (!memory.has_weight) return 0;
  return std::int64_t{memory.weight} - (adds ? 0 : configured);
}

std::int32_t to_weight(std::int64_t weight) {
  return static_cast<std::int32_t>(std::clamp<std::int64_t>(weight, 0, std::numeric_limits<std::int32_t>::max()));
}

}  // namespace

DestinationKey under(const ServiceKey& key, const DestinationKey& server, ForwardMethod method) {
  const bool is_translated = method == ForwardMethod::masquerade || method == ForwardMethod::local;
  return {.address = server.address, .port = is_translated ? server.port : key.port};
}

TableService under(const ServiceKey& key, TableService service) {
  std::map<DestinationKey, Destination> there;
  for (const auto& [server, settings] : service.destinations)
    there.emplace(under(key, server, settings.method), settings);
  service.destinations = std::move(there);
  return service;
}

Balancer::Balancer(std::vector<Service> services) : services_(std::move(services)) {
  for (std::size_t service = 0; service < services_.size(); ++service) {
    ServiceState& state = states_.emplace_back();
    state.first_server = servers_.size();
    changed_.push_back(service);
    for (std::size_t server = 0; server < services_[service].servers.size(); ++server) {
      const RealServer& real = services_[service].servers[server];
      ServerState& of_server = servers_.emplace_back();
      of_server.first_check = check_count();
      of_server.weight = real.settings.weight;
      for (const Check& check : real.checks) {
        checks_.push_back({.service = service,
                           .server = server,
                           .adds_weight = check.adds_weight,
                           .memory = {},
                           .is_down = check.starts_down});
        if (check.starts_down) ++of_server.failed;
      }
      if (of_server.failed == 0) state.weight_up += of_server.weight;
    }
  }
}

void Balancer::remember(std::uint32_t check, const CheckMemory& memory) {
  if (check >= checks_.size() || memory.state == CheckState::unknown) return;
  Actions unsaid;
  on_verdict({.check = check,
              .is_up = memory.state == CheckState::up,
              .weight = memory.has_weight ? std::optional(memory.weight) : std::nullopt,
              .reason = {}},
             unsaid);
}

void Balancer::remember_quorum(std::size_t service, bool has_quorum) {
  states_[service].has_quorum = has_quorum;
  states_[service].is_remembered = true;
}

void Balancer::start(Actions& out, bool tells_servers) {
  for (std::size_t service = 0; service < services_.size(); ++service) {
    ServiceState& state = states_[service];
    state.is_started = true;
    for (std::size_t server = 0; tells_servers && server < services_[service].servers.size(); ++server) {
      const ServerState& known = state_of(service, server);
      if (known.is_remembered || known.failed > 0) continue;
      out.push_back(ServerChanged{.service = service, .server = server, .is_up = true, .reason = {}, .is_first = true});
    }
    const std::size_t told = out.size();
    judge_quorum(service, out);
    if (out.size() > told || state.is_remembered) continue;
    out.push_back(QuorumChanged{.service = service, .has_quorum = state.has_quorum, .weight = state.weight_up});
  }
}

void Balancer::on_verdict(const Verdict& verdict, Actions& out) {
  if (verdict.check >= checks_.size()) return;
  CheckPlace& place = checks_[verdict.check];
  ServerState& server = state_of(place.service, place.server);
  const bool was_up = server.failed == 0;
  const std::int32_t before = server.share();
  place.memory.state = verdict.is_up ? CheckState::up : CheckState::down;
  if (place.is_down == verdict.is_up) {
    place.is_down = !verdict.is_up;
    server.failed += verdict.is_up ? -1U : 1U;
    server.reason = verdict.reason;
  }
  if (verdict.weight) {
    const std::int32_t configured = services_[place.service].servers[place.server].settings.weight;
    server.weight_moved -= moved_by(place.memory, place.adds_weight, configured);
    place.memory.has_weight = true;
    place.memory.weight = *verdict.weight;
    server.weight_moved += moved_by(place.memory, place.adds_weight, configured);
    server.weight = to_weight(configured + server.weight_moved);
  }
  const bool is_up = server.failed == 0;
  states_[place.service].weight_up += std::int64_t{is_up ? server.share() : 0} - (was_up ? before : 0);
  const bool is_news = is_up != was_up || (!is_up && !server.is_told);
  if (is_news) {
    server.is_told = true;
    out.push_back(
        ServerChanged{.service = place.service, .server = place.server, .is_up = is_up, .reason = verdict.reason});
  }
  if (is_up != was_up || server.share() != before) mark_changed(place.service);
  judge_quorum(place.service, out);
}

void Balancer::set_drained(std::size_t service, std::size_t index, bool is_drained, Actions& out) {
  ServerState& server = state_of(service, index);
  if (server.is_drained == is_drained) return;
  const std::int32_t before = server.share();
  server.is_drained = is_drained;
  if (server.failed == 0) states_[service].weight_up += std::int64_t{server.share()} - before;
  mark_changed(service);
  judge_quorum(service, out);
}

void Balancer::set_share(std::size_t service, std::size_t index, int parts) {
  ServerState& server = state_of(service, index);
  const std::int32_t before = server.in_force();
  server.parts = parts;
  if (server.in_force() != before) mark_changed(service);
}

std::int32_t Balancer::ServerState::in_force() const {
  const std::int64_t part = std::int64_t{share()} * parts / ramp_steps;
  return share() == 0 ? 0 : static_cast<std::int32_t>(std::max<std::int64_t>(part, 1));
}

void Balancer::judge_quorum(std::size_t index, Actions& out) {
  const Service& service = services_[index];
  ServiceState& state = states_[index];
  if (!state.is_started) return;
  const std::int64_t quorum = service.quorum;
  const std::int64_t hysteresis = service.hysteresis;
  const bool has_quorum =
      state.has_quorum ? state.weight_up >= quorum - hysteresis : state.weight_up >= quorum + hysteresis;
  if (has_quorum == state.has_quorum) return;
  state.has_quorum = has_quorum;
  out.push_back(QuorumChanged{.service = index, .has_quorum = has_quorum, .weight = state.weight_up});
  mark_changed(index);
}

void Balancer::stop(Actions& out) {
  for (std::size_t index = 0; index < services_.size(); ++index) {
    const Service& service = services_[index];
    if (!service.tells_the_end) continue;
    for (std::size_t server = 0; server < service.servers.size(); ++server) {
      if (!is_up(index, server)) continue;
      out.push_back(ServerChanged{.service = index, .server = server, .is_up = false, .reason = "Baton stops"});
    }
    if (states_[index].has_quorum) out.push_back(QuorumChanged{.service = index, .has_quorum = false, .weight = 0});
  }
}

void Balancer::mark_changed(std::size_t service) {
  if (!std::exchange(states_[service].is_changed, true)) changed_.push_back(service);
}

std::vector<std::size_t> Balancer::take_changed() {
  for (const std::size_t service : changed_) states_[service].is_changed = false;
  return std::exchange(changed_, {});
}

TableService Balancer::wanted(std::size_t index) const {
  const Service& service = services_[index];
  TableService table{.options = service.options, .destinations = {}};
  const bool sorry_serves = service.sorry && !states_[index].has_quorum;
  for (std::size_t i = 0; i < service.servers.size(); ++i) {
    const RealServer& server = service.servers[i];
    const ServerState& state = state_of(index, i);
    const bool serves = state.failed == 0 && !sorry_serves;
    if (!serves && !server.inhibit_on_failure) continue;
    Destination settings = server.settings;
    settings.weight = serves ? state.in_force() : 0;
    table.destinations.emplace(server.key, settings);
  }
  if (!service.sorry) return table;
  if (sorry_serves || service.sorry->inhibit) {
    Destination settings = service.sorry->settings;
    if (!sorry_serves) settings.weight = 0;
    table.destinations.emplace(service.sorry->key, settings);
  }
  return table;
}

}  // namespace baton::balance
