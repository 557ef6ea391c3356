#include "daemon/status.h"

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>
#include <span>

#include "daemon/check_list.h"

namespace baton::daemon {

namespace {

using nlohmann::json;

// Of a router with very many addresses the first ones are shown and the rest is counted.
constexpr std::size_t addresses_shown = 64;
constexpr std::size_t routing_shown = 16;  // routes, and rules
constexpr std::size_t tracks_shown = 32;
constexpr std::size_t members_shown = 256;  // of a sync group

const char* word_for(vrrp::TrackerStatus status) {
  return status == vrrp::TrackerStatus::up ? "up" : status == vrrp::TrackerStatus::down ? "down" : "not known yet";
}

double seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

json addresses_of(const StatusSource& source, const RouterSetup& setup) {
  json addresses = json::array();
  for (std::size_t i = 0; i < std::min(setup.addresses.size(), addresses_shown); ++i) {
    const config::VirtualAddress& address = setup.addresses[i];
    addresses.push_back({{"address", to_string(address.address)},
                         {"interface", address.device},
                         {"advertised", i < setup.codec.addresses.size()},
                         {"present", source.is_present(address)}});
  }
  return addresses;
}

// Routes or rules: as text, and whether the kernel has them.
template <typename Entry, typename Value>
json routing_of(const std::vector<Entry>& entries, Value Entry::* member,
                const std::function<bool(const Value&)>& is_present) {
  json shown = json::array();
  for (const Entry& entry : std::span(entries).first(std::min(entries.size(), routing_shown))) {
    shown.push_back({{"text", to_string(entry.*member)}, {"present", is_present(entry.*member)}});
  }
  return shown;
}

json virtual_interfaces_of(const Setup& setup, const RouterSetup& router) {
  json interfaces = json::array();
  for (const std::size_t index : router.virtual_interfaces) {
    const VirtualInterfaceSetup& interface = setup.virtual_interfaces[index];
    const bool is_macvlan = interface.wanted.kind == kernel::StackedKind::macvlan;
    json value{{"name", interface.wanted.name}, {"kind", is_macvlan ? "macvlan" : "ipvlan"}, {"base", interface.base}};
    if (interface.wanted.mac) value["mac"] = to_string(*interface.wanted.mac);
    interfaces.push_back(std::move(value));
  }
  return interfaces;
}

json rejected_of(const vrrp::RejectCounters& counters) {
  json rejected = json::object();
  for (std::size_t i = 0; i < counters.size(); ++i) {
    if (counters[i] > 0) rejected[std::string(name(static_cast<vrrp::RejectReason>(i)))] = counters[i];
  }
  return rejected;
}

// Which members of its group keep a router in FAULT that has nothing wrong itself.
std::string group_fault(vrrp::RouterId id, const StatusSource& source) {
  constexpr std::size_t names_shown = 8;
  for (std::size_t group = 0; group < source.setup.groups.size(); ++group) {
    const auto& members = source.setup.node.groups[group].members;
    if (std::ranges::find(members, id) == members.end()) continue;
    std::string names;
    std::size_t count = 0;
    for (const vrrp::RouterId member : members) {
      vrrp::FaultCauses own = source.node.router(member).faults();
      own.sync_group = false;
      if (member == id || !own.any() || ++count > names_shown) continue;
      names += (names.empty() ? " because of " : ", ") + source.setup.routers[member].name;
    }
    if (count > names_shown) names += " and more";
    return "its sync group " + source.setup.groups[group].name + " is in FAULT" + names;
  }
  return "its sync group is in FAULT";
}

// Of weight 0, and it is as it must not be.
std::string tracked_fault(vrrp::TrackerId id, vrrp::TrackerStatus failing, const StatusSource& source) {
  const vrrp::TrackerParameters& tracker = source.node.parameters().trackers[id];
  if (tracker.kind != vrrp::TrackerKind::bfd) return tracker.name + " failed";
  const std::string text = source.tracker_text ? source.tracker_text(id) : std::string();
  const bool is_down = failing == vrrp::TrackerStatus::down;
  return "BFD session " + tracker.name + (is_down ? " is down" : " is up") + (text.empty() ? "" : ": " + text);
}

json faults_of(vrrp::RouterId id, const vrrp::NodeRouterParameters& parameters, const StatusSource& source,
               const vrrp::FaultCauses& causes) {
  json faults = json::array();
  if (causes.link_down) {
    std::string names;
    for (const std::string& link : parameters.links) names += (names.empty() ? "" : " or ") + link;
    faults.push_back("interface " + names + " is down or missing");
  }
  const RouterSetup& setup = source.setup.routers[id];
  if (causes.no_source_address && setup.tracks_source) {
    faults.push_back("this machine does not have the address " + to_string(*setup.configured_source));
  } else if (causes.no_source_address) {
    faults.push_back("the interface has no address to send adverts from");
  }
  if (causes.configuration && setup.lacks_peers) faults.push_back("it has no unicast_peer");
  if (causes.configuration && !setup.lacks_peers) {
    faults.push_back("the configuration cannot be carried out, see the log");
  }
  if (causes.tracked_down) {
    for (const vrrp::Tracking& tracking : parameters.tracking) {
      if (tracking.weight != 0) continue;
      const auto failing = tracking.reverse ? vrrp::TrackerStatus::up : vrrp::TrackerStatus::down;
      if (source.node.tracker(tracking.tracker).status != failing) continue;
      faults.push_back(tracked_fault(tracking.tracker, failing, source));
    }
    if (faults.empty()) faults.push_back("a tracked object of its sync group failed");
  }
  if (causes.sync_group) faults.push_back(group_fault(id, source));
  return faults;
}

std::string_view word_for(vrrp::TrackerKind kind) {
  switch (kind) {
    using enum vrrp::TrackerKind;
    case script: return "script";
    case interface: return "interface";
    case process: return "process";
    case file: return "file";
    case bfd: return "bfd";
    case check: return "check";
  }
  return "";
}

// What it tracks, its group's too; of weights only those that count, which are the parts of its priority.
json tracks_of(vrrp::RouterId id, const StatusSource& source, const std::vector<vrrp::PriorityPart>& parts) {
  json tracks = json::array();
  const auto add = [&](const std::vector<vrrp::Tracking>& tracking) {
    for (const vrrp::Tracking& each : tracking) {
      const vrrp::TrackerParameters& tracker = source.node.parameters().trackers[each.tracker];
      const bool counts =
          each.weight == 0 || std::ranges::find(parts, tracker.name, &vrrp::PriorityPart::name) != parts.end();
      if (!counts || tracks.size() >= tracks_shown) continue;
      json track{{"name", tracker.name},
                 {"kind", word_for(tracker.kind)},
                 {"weight", each.weight},
                 {"reverse", each.reverse},
                 {"status", word_for(source.node.tracker(each.tracker).status)}};
      const bool has_text = tracker.kind == vrrp::TrackerKind::script || tracker.kind == vrrp::TrackerKind::check ||
                            tracker.kind == vrrp::TrackerKind::bfd;
      if (has_text) track["text"] = source.tracker_text(each.tracker);
      tracks.push_back(std::move(track));
    }
  };
  add(source.setup.node.routers[id].tracking);
  for (const vrrp::GroupParameters& group : source.setup.node.groups) {
    if (std::ranges::find(group.members, id) != group.members.end()) add(group.tracking);
  }
  return tracks;
}

json master_of(const vrrp::VirtualRouter& router, const RouterStatistics& statistics, const ClockReading& clock) {
  const auto master = router.master();
  if (!master) return nullptr;
  json value{{"address", to_string(*master)},
             {"priority", router.master_priority()},
             {"advert_int", seconds(router.master_interval())},
             {"last_advert", nullptr}};
  if (statistics.last_accepted != Instant{}) value["last_advert"] = clock.utc_seconds(statistics.last_accepted);
  return value;
}

// Of a MASTER: which of its neighbours know where its addresses are.
json witness_of(const StatusSource& source, vrrp::RouterId id) {
  const std::vector<IpAddress>& witnesses = source.setup.routers[id].witnesses;
  if (witnesses.empty()) return nullptr;
  json::array_t addresses;
  for (const IpAddress& each : witnesses) addresses.push_back(to_string(each));
  const vrrp::VirtualRouter& router = source.node.router(id);
  return {
      {"addresses", std::move(addresses)}, {"asked", router.asks_witness()}, {"awaited", router.waits_for_witness()}};
}

// What its addresses wait for, and how it went before.
json hook_of(const StatusSource& source, vrrp::RouterId id, const ClockReading& clock) {
  if (source.setup.routers[id].awaited_hooks.empty()) return nullptr;
  const auto until = source.hook_until ? source.hook_until(id) : std::nullopt;
  const RouterStatistics& statistics = source.statistics[id];
  return {{"awaited", until.has_value()},
          {"ends_in", until ? json(seconds(*until - clock.now)) : json()},
          {"waits", statistics.hook_waits},
          {"late", statistics.hooks_late},
          {"failed", statistics.hooks_failed}};
}

json takeover_of(const StatusSource& source, vrrp::RouterId id) {
  const auto progress = source.takeover ? source.takeover(id) : std::nullopt;
  if (!progress) return nullptr;
  json missing = json::array();
  for (const IpAddress& address : progress->missing) missing.push_back(to_string(address));
  return {
      {"asked", progress->asked}, {"learned", progress->learned}, {"missing", missing}, {"over", progress->is_over}};
}

// Signs that somebody else had what this node serves, and the last of them.
json two_owners_of(const RouterStatistics& statistics, const ClockReading& clock) {
  json value{{"adverts", statistics.second_masters}, {"announcements", statistics.strangers}, {"last", nullptr}};
  const auto& [at, seen] = statistics.second_owner;
  if (at == Instant{}) return value;
  value["last"] = {{"at", clock.utc_seconds(at)}, {"kept", seen.we_stay}};
  value["last"][seen.mac ? "address" : "peer"] = to_string(seen.address);
  if (seen.mac) value["last"]["mac"] = to_string(*seen.mac);
  return value;
}

}  // namespace

std::string_view sentence(vrrp::Reason reason) {
  using enum vrrp::Reason;
  switch (reason) {
    case start: return "first state after the start";
    case master_down: return "no advert was heard for the master-down interval";
    case master_stopped: return "the master said goodbye (priority 0)";
    case master_below_us: return "the master's priority is below ours";
    case owner: return "we own the address (priority 255)";
    case better_master: return "a master with a higher priority was heard";
    case equal_master_higher_address: return "a master with the same priority and a higher address was heard";
    case handover: return "the operator asked for a handover";
    case stop: return "the daemon stops";
    case tracked_down: return "a tracked object failed";
    case tracked_up: return "everything that is tracked works again";
    case link_down: return "the interface went down";
    case link_up: return "the interface is up again";
    case no_source_address: return "the interface has no address to send from";
    case source_address_back: return "the interface has an address again";
    case sync_group: return "its sync group moved";
    case overslept: return "we were not running for so long that a successor must have taken over";
    case resumed: return "went on where the worker before this one ended";
    case configuration: return "the configuration cannot be carried out";
    case maintenance: return "the operator has put this node into maintenance";
    case maintenance_over: return "the maintenance is over";
  }
  return "";
}

std::string in_the_way(const vrrp::Node& node, const Setup& setup) {
  constexpr std::size_t names_shown = 16;
  json instances = json::array();
  const std::vector<vrrp::RouterId>& ids = node.refused_by();
  for (const vrrp::RouterId id : std::span(ids).first(std::min(ids.size(), names_shown))) {
    const vrrp::State state = node.router(id).state();
    instances.push_back({{"instance", setup.routers[id].name},
                         {"why", state == vrrp::State::master   ? "no backup took over"
                                 : state == vrrp::State::backup ? "no master is heard"
                                                                : "it has not started yet"}});
  }
  if (ids.size() > names_shown) {
    instances.push_back({{"instance", ""}, {"why", std::to_string(ids.size() - names_shown) + " more"}});
  }
  return instances.dump(-1, ' ', false, json::error_handler_t::replace);
}

json brief_instance_status(const StatusSource& source, vrrp::RouterId id, const ClockReading& clock) {
  const vrrp::VirtualRouter& router = source.node.router(id);
  const RouterSetup& setup = source.setup.routers[id];
  const vrrp::NodeRouterParameters& parameters = source.setup.node.routers[id];
  json status{{"name", setup.name},
              {"interface", setup.interface},
              {"vrid", setup.codec.vrid},
              {"state", name(router.state())},
              {"leaving", router.is_leaving()},
              {"since", clock.utc_seconds(router.since())},
              {"reason", name(router.reason())},
              {"reason_text", sentence(router.reason())},
              {"priority", {{"effective", router.priority()}, {"base", source.node.base_priority(id)}}},
              {"master", nullptr},
              {"addresses", json::array()},
              {"addresses_not_shown", setup.addresses.size() - std::min<std::size_t>(setup.addresses.size(), 1)},
              {"faults", faults_of(id, parameters, source, router.faults())}};
  if (const auto master = router.master()) status["master"] = {{"address", to_string(*master)}};
  if (!setup.addresses.empty()) status["addresses"].push_back({{"address", to_string(setup.addresses[0].address)}});
  return status;
}

json instance_from_will(const Setup& all, vrrp::RouterId id, const vrrp::RouterMemory& memory,
                        const ClockReading& clock) {
  const RouterSetup& setup = all.routers[id];
  return {
      {"name", setup.name},
      {"interface", setup.interface},
      {"vrid", setup.codec.vrid},
      {"version", static_cast<int>(setup.codec.version)},
      {"advert_int", seconds(setup.codec.advert_interval)},
      {"state", name(memory.state)},
      {"leaving", false},
      {"since", clock.utc_seconds(memory.since)},
      {"reason", name(memory.reason)},
      {"reason_text", sentence(memory.reason)},
      {"priority",
       {{"effective", memory.priority}, {"base", all.node.routers[id].router.base_priority}, {"parts", json::array()}}},
      {"addresses", json::array()},
      {"master", nullptr},
      {"faults", json::array()},
      {"adverts", {{"sent", 0}, {"accepted", 0}}},
      {"rejected", json::object()}};
}

json instance_status(const StatusSource& source, vrrp::RouterId id, const ClockReading& clock) {
  const vrrp::VirtualRouter& router = source.node.router(id);
  const RouterSetup& setup = source.setup.routers[id];
  const vrrp::NodeRouterParameters& parameters = source.setup.node.routers[id];
  const RouterStatistics& statistics = source.statistics[id];

  json parts = json::array();
  const std::vector<vrrp::PriorityPart> priority_parts = source.node.priority_parts(id);
  for (const vrrp::PriorityPart& part : priority_parts) {  // the base first
    parts.push_back({{"name", part.name}, {"amount", part.amount}});
  }
  json status{
      {"name", setup.name},
      {"interface", setup.interface},
      {"advert_interface", setup.advert_interface},
      {"virtual_interfaces", virtual_interfaces_of(source.setup, setup)},
      {"vrid", setup.codec.vrid},
      {"version", static_cast<int>(setup.codec.version)},
      {"family", setup.codec.family == Family::ipv4 ? "IPv4" : "IPv6"},
      {"advert_int", seconds(setup.codec.advert_interval)},
      {"state", name(router.state())},
      {"leaving", router.is_leaving()},
      {"since", clock.utc_seconds(router.since())},
      {"reason", name(router.reason())},
      {"reason_text", sentence(router.reason())},
      {"priority",
       {{"effective", router.priority()},
        {"base", source.node.base_priority(id)},
        {"configured", parameters.router.base_priority},
        {"parts", parts}}},
      {"tracks", tracks_of(id, source, priority_parts)},
      {"preempt", router.parameters().preempt == vrrp::Preempt::yes},
      {"handed_over", router.memory().yielded},
      {"holds_addresses", router.holds_addresses()},
      {"addresses", addresses_of(source, setup)},
      {"routes", routing_of(setup.routes, &config::ConfiguredRoute::route, source.is_route_present)},
      {"rules", routing_of(setup.rules, &config::ConfiguredRule::rule, source.is_rule_present)},
      {"addresses_not_shown", setup.addresses.size() - std::min(setup.addresses.size(), addresses_shown)},
      {"master", master_of(router, statistics, clock)},
      {"skew_time", seconds(router.skew_time())},
      {"master_down_interval", seconds(router.master_down_interval())},
      {"next_timeout_in", nullptr},
      {"faults", faults_of(id, parameters, source, router.faults())},
      {"adverts",
       {{"sent", statistics.adverts_sent},
        {"failed", statistics.packets_failed},
        {"last_error",
         statistics.packets_failed == 0 ? json(nullptr) : json(std::strerror(statistics.last_send_error))},
        {"accepted", statistics.adverts_accepted},
        {"priority_zero_sent", statistics.priority_zero_sent},
        {"priority_zero_accepted", statistics.priority_zero_accepted},
        {"unlike_addresses", statistics.unlike_addresses}}},
      {"became_master", statistics.became_master},
      {"released_master", statistics.released_master},
      {"rejected", rejected_of(statistics.rejected)},
      {"two_owners", two_owners_of(statistics, clock)},
      {"takeover", takeover_of(source, id)},
      {"witness", witness_of(source, id)},
      {"hook", hook_of(source, id, clock)},
  };
  if (const auto deadline = router.next_timeout()) status["next_timeout_in"] = seconds(*deadline - clock.now);
  return status;
}

json worker_status(const StatusSource& source) {
  const WorkerStatistics& worker = source.worker;
  return {{"handovers", {{"done", worker.handovers_done}, {"failed", worker.handovers_failed}}},
          {"announcements_lost", worker.announcements_lost},
          {"lateness",
           {{"bounds", Lateness::bounds}, {"counts", worker.lateness.counts()}, {"sum", worker.lateness.sum()}}}};
}

json group_status(const StatusSource& source, vrrp::GroupId id) {
  json members = json::array();
  const auto& ids = source.setup.node.groups[id].members;
  for (const vrrp::RouterId member : std::span(ids).first(std::min(ids.size(), members_shown))) {
    members.push_back(source.setup.routers[member].name);
  }
  return {{"name", source.setup.groups[id].name}, {"state", name(source.node.group_state(id))}, {"members", members}};
}

json script_status(const StatusSource& source, std::size_t index) {
  const process::TrackScript& script = source.setup.scripts[index];
  return {{"name", script.name},
          {"status", word_for(source.node.tracker(script.id).status)},
          {"text", source.tracker_text(script.id)}};
}

json script_runs(const process::TrackScript& script, const process::ScriptRuns& runs) {
  json results;
  for (std::size_t i = 0; i < runs.results.size(); ++i) results[process::run_result_names[i]] = runs.results[i];
  return {
      {"interval", seconds(script.interval)},
      {"timeout", seconds(script.time_limit())},
      {"runs", std::move(results)},
      {"last_duration", runs.last ? json(seconds(*runs.last)) : json()},
      {"durations", {{"bounds", process::duration_bounds}, {"counts", runs.durations}, {"sum", seconds(runs.sum)}}}};
}

json process_status(const StatusSource& source, std::size_t index) {
  const process::TrackedProcess& process = source.setup.processes[index];
  return {{"name", process.name}, {"status", word_for(source.node.tracker(process.id).status)}};
}

json check_status(const StatusSource& source, std::size_t index) {
  const CheckSetup& check = source.setup.checks[index];
  const config::HealthCheck& configured = source.setup.configuration.checks[index].check;
  return {{"name", check.name},
          {"status", word_for(source.node.tracker(check.id).status)},
          {"text", source.tracker_text(check.id)},
          {"kind", kind_of(configured)},
          {"target", target_of(configured)},
          {"interval", seconds(check.interval)},
          {"checked", source.is_checked && source.is_checked()}};
}

}  // namespace baton::daemon
