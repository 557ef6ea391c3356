#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <span>

#include "plan/render.h"
#include "plan/rows.h"

namespace baton::plan {

namespace {

using nlohmann::json;

double seconds(Duration duration) {
  return std::round(std::chrono::duration<double>(duration).count() * 1e4) / 1e4;
}

// null: for good.
json milliseconds(Duration duration, bool is_for_good) {
  if (is_for_good) return {};
  return std::round(std::chrono::duration<double, std::milli>(duration).count() * 10) / 10;
}

json owner(const Plan& plan, const std::vector<NodeId>& nodes) {
  return nodes.empty() ? json() : json(owners_text(plan, nodes));
}

json to_json(const Plan& plan, const Scenario& scenario, const Outcome& outcome) {
  json timeline = json::array();
  for (const Holding& each : outcome.holdings) {
    timeline.push_back({{"node", plan.nodes[each.node]}, {"from", seconds(each.from)}, {"until", seconds(each.until)}});
  }
  const Event& event = scenario.event;
  return {{"event", name(event)},
          {"title", scenario.title},
          {"node", is_of_all_nodes(event) ? json() : json(plan.nodes[event.node])},
          {"object", event.object.empty() ? json() : json(event.object)},
          {"instance", plan.rings[outcome.ring]},
          {"owner_before", owner(plan, outcome.before)},
          {"owner_after", owner(plan, outcome.after)},
          {"seconds", outcome.settled_after ? json(seconds(*outcome.settled_after)) : json()},
          {"two_owners_ms", milliseconds(outcome.two_owners, outcome.after.size() > 1)},
          {"no_owner_ms", milliseconds(outcome.no_owner, outcome.after.empty())},
          {"why", outcome.why},
          {"timeline", std::move(timeline)}};
}

json followed(const std::string& name, const std::vector<IpAddress>& addresses) {
  constexpr std::size_t most = 64;
  json list = json::array();
  for (const IpAddress& each : std::span(addresses).first(std::min(addresses.size(), most))) {
    list.push_back(to_string(each));
  }
  json instance{{"name", name}, {"addresses", std::move(list)}};
  if (addresses.size() > most) instance["addresses_not_shown"] = addresses.size() - most;
  return instance;
}

json addresses_of(const std::vector<DestinationKey>& servers) {
  json list = json::array();
  for (const DestinationKey& each : servers) list.push_back(to_string(each));
  return list;
}

json to_json(const Plan& plan, const ServicePlan& service) {
  json nodes = json::array();
  for (const NodeId node : service.nodes) nodes.push_back(plan.nodes[node]);
  json deaths = json::array();
  for (const ServiceFate& fate : service.fates) {
    deaths.push_back({{"title", deaths_text(service, fate)},
                      {"servers", addresses_of(fate.dead)},
                      {"any_one", fate.any_one},
                      {"noticed_within", fate.noticed ? json(seconds(*fate.noticed)) : json()},
                      {"serving", addresses_of(fate.serving)},
                      {"sorry_serves", fate.sorry_serves},
                      {"quorum", fate.has_quorum}});
  }
  return {{"name", service.name},
          {"nodes", std::move(nodes)},
          {"servers", addresses_of(service.servers)},
          {"sorry_server", service.sorry ? json(to_string(*service.sorry)) : json()},
          {"quorum", service.has_quorum},
          {"deaths_survived", service.deaths_survived},
          {"deaths", std::move(deaths)}};
}

}  // namespace

json to_json(const Plan& plan) {
  json instances = json::array();
  for (RingId ring = 0; ring < plan.rings.size(); ++ring) {
    instances.push_back(followed(plan.rings[ring], plan.addresses[ring]));
  }
  json scenarios = json::array();
  for (const Scenario& scenario : plan.scenarios) {
    for (const Outcome& each : scenario.outcomes) scenarios.push_back(to_json(plan, scenario, each));
  }
  json services = json::array();
  for (const ServicePlan& each : plan.services) services.push_back(to_json(plan, each));
  json findings = json::array();
  for (const Finding& each : plan.findings) {
    findings.push_back({{"severity", name(each.severity)},
                        {"id", each.id},
                        {"message", each.message},
                        {"instances", each.instances},
                        {"events", each.events}});
  }
  return {{"nodes", plan.nodes},
          {"instances", std::move(instances)},
          {"scenarios", std::move(scenarios)},
          {"services", std::move(services)},
          {"findings", std::move(findings)}};
}

}  // namespace baton::plan
