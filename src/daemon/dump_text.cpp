#include "daemon/dump_text.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <initializer_list>
#include <nlohmann/json.hpp>

#include "daemon/channel.h"
#include "vrrp/reject_reason.h"

namespace baton::daemon {

namespace {

using nlohmann::json;
using nlohmann::ordered_json;
using enum vrrp::RejectReason;

// A member of a member; 0 where there is none.
std::uint64_t count_of(const json& instance, const char* object, const char* key) {
  const auto found = instance.find(object);
  if (found == instance.end() || !found->is_object()) return 0;
  const auto member = found->find(key);
  return member != found->end() && member->is_number_integer() ? member->get<std::uint64_t>() : 0;
}

double number_of(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number() ? found->get<double>() : 0;
}

// As configured, or as somebody has set it since.
int base_priority(const json& instance, const vrrp::RouterParameters& configured) {
  return instance.value(json::json_pointer("/priority/base"), int{configured.base_priority});
}
bool preempts(const json& instance, const vrrp::RouterParameters& configured) {
  return instance.value("preempt", configured.preempt == vrrp::Preempt::yes);
}

bool flag_of(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_boolean() && found->get<bool>();
}

std::uint64_t rejected(const json& instance, std::initializer_list<vrrp::RejectReason> reasons) {
  std::uint64_t sum = 0;
  for (const vrrp::RejectReason reason : reasons) sum += count_of(instance, "rejected", name(reason).data());
  return sum;
}

struct Counter {
  const char* section;  // of the text; nullptr: none of its own
  const char* title;    // in the text; nullptr: only in the JSON
  const char* key;      // in the JSON
  std::uint64_t (*value)(const json& instance);
};

// keepalived's counters in the order of its text. What keepalived counts under no heading of its own (a wrong checksum,
// another version) is in `baton status` alone.
constexpr std::array counters{
    Counter{"Advertisements", "Received", "advert_rcvd",
            [](const json& it) { return count_of(it, "adverts", "accepted"); }},
    Counter{"Advertisements", "Sent", "advert_sent", [](const json& it) { return count_of(it, "adverts", "sent"); }},
    Counter{nullptr, "Became master", "become_master",
            [](const json& it) { return static_cast<std::uint64_t>(number_of(it, "became_master")); }},
    Counter{nullptr, "Released master", "release_master",
            [](const json& it) { return static_cast<std::uint64_t>(number_of(it, "released_master")); }},
    Counter{"Packet Errors", "Length", "packet_len_err",
            [](const json& it) { return rejected(it, {truncated, total_length, packet_length}); }},
    Counter{"Packet Errors", "TTL", "ip_ttl_err", [](const json& it) { return rejected(it, {ttl}); }},
    Counter{"Packet Errors", "Invalid Type", "invalid_type_rcvd", [](const json& it) { return rejected(it, {type}); }},
    Counter{"Packet Errors", "Advertisement Interval", "advert_interval_err",
            [](const json& it) { return rejected(it, {interval}); }},
    Counter{"Packet Errors", "Address List", "addr_list_err",
            [](const json& it) { return rejected(it, {address_list}) + count_of(it, "adverts", "unlike_addresses"); }},
    Counter{"Authentication Errors", "Invalid Type", "invalid_authtype",
            [](const json& it) { return rejected(it, {auth_type_invalid}); }},
    Counter{"Authentication Errors", "Type Mismatch", "authtype_mismatch",
            [](const json& it) { return rejected(it, {auth_type_mismatch}); }},
    Counter{"Authentication Errors", "Failure", "auth_failure",
            [](const json& it) { return rejected(it, {auth_password, ah_header, ah_icv, ah_replay}); }},
    Counter{nullptr, nullptr, "auth_ext_missing", [](const json& it) { return rejected(it, {hmac_missing}); }},
    Counter{nullptr, nullptr, "auth_ext_malformed", [](const json& it) { return rejected(it, {hmac_malformed}); }},
    Counter{nullptr, nullptr, "auth_ext_unknown_key", [](const json& it) { return rejected(it, {hmac_unknown_key}); }},
    Counter{nullptr, nullptr, "auth_ext_invalid_hmac", [](const json& it) { return rejected(it, {hmac_invalid}); }},
    Counter{nullptr, nullptr, "auth_ext_stale", [](const json& it) { return rejected(it, {hmac_stale}); }},
    Counter{nullptr, nullptr, "auth_ext_replay", [](const json& it) { return rejected(it, {hmac_replay}); }},
    Counter{"Priority Zero", "Received", "pri_zero_rcvd",
            [](const json& it) { return count_of(it, "adverts", "priority_zero_accepted"); }},
    Counter{"Priority Zero", "Sent", "pri_zero_sent",
            [](const json& it) { return count_of(it, "adverts", "priority_zero_sent"); }},
};

ordered_json stats_of(const json& instance) {
  ordered_json stats;
  // In the JSON the interval stands before the TTL.
  for (const char* key :
       {"advert_rcvd", "advert_sent", "become_master", "release_master", "packet_len_err", "advert_interval_err"}) {
    stats[key] = nullptr;
  }
  for (const Counter& counter : counters) stats[counter.key] = counter.value(instance);
  return stats;
}

// Instances of the status with their setups; one that the configuration does not know is a later worker's.
template <typename Function>
void for_each_instance(const Setup& setup, const json& status, Function function) {
  for (const json& instance : status.at("instances")) {
    const auto found = std::ranges::find(setup.routers, text_of(instance, "name"), &RouterSetup::name);
    if (found != setup.routers.end()) {
      function(instance, *found, setup.node.routers[static_cast<std::size_t>(found - setup.routers.begin())]);
    }
  }
}

// As keepalived, which has no word for a maintenance, would say it.
std::string state_of(const json& subject) {
  std::string state = text_of(subject, "state");
  return state == "MAINTENANCE" ? "BACKUP" : state;
}

int state_number(std::string_view state) {
  constexpr auto states = std::to_array<std::string_view>({"INIT", "BACKUP", "MASTER", "FAULT"});
  const auto* const found = std::ranges::find(states, state);
  return found == states.end() ? 0 : static_cast<int>(found - states.begin());
}

double seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

// 1 and 0.5: a whole number has no point.
ordered_json plain_number(double value) {
  if (value == std::floor(value) && std::abs(value) < 1e15) return static_cast<std::int64_t>(value);
  return value;
}

// To the microsecond, as the kernel's clock gave it to keepalived.
double to_microseconds(double value) {
  return std::round(value * 1e6) / 1e6;
}

// Every word in quotes: '/bin/echo' 'a b'.
std::string quoted(const std::vector<std::string>& argv) {
  std::string text;
  for (const std::string& word : argv) text += fmt::format("{}'{}'", text.empty() ? "" : " ", word);
  return text;
}

// The interface of a router as keepalived shows it: its own one, if it has one.
std::string own_interface(const Setup& setup, const RouterSetup& router) {
  return router.has_own_interface ? setup.virtual_interfaces[router.virtual_interfaces.front()].wanted.name : "";
}
std::string shown_interface(const Setup& setup, const RouterSetup& router) {
  return router.has_own_interface ? own_interface(setup, router) : router.interface;
}

std::vector<std::string> tracked(const Setup& setup, const vrrp::NodeRouterParameters& parameters,
                                 vrrp::TrackerKind kind) {
  std::vector<std::string> names;
  for (const vrrp::Tracking& tracking : parameters.tracking) {
    const vrrp::TrackerParameters& tracker = setup.node.trackers[tracking.tracker];
    if (tracker.kind == kind) names.push_back(tracker.name);
  }
  return names;
}

std::vector<std::string> tracked_commands(const Setup& setup, const vrrp::NodeRouterParameters& parameters) {
  std::vector<std::string> commands;
  for (const vrrp::Tracking& tracking : parameters.tracking) {
    const auto script = std::ranges::find(setup.scripts, tracking.tracker, &process::TrackScript::id);
    if (script != setup.scripts.end()) commands.push_back(quoted(script->command.argv));
  }
  return commands;
}

// virtual_ipaddress, or the excluded ones behind.
std::vector<std::string> addresses_of(const Setup& setup, const RouterSetup& router, bool excluded, bool are_set) {
  const std::size_t advertised = std::min(router.codec.addresses.size(), router.addresses.size());
  const std::span all(router.addresses);
  std::vector<std::string> texts;
  for (const config::VirtualAddress& address : excluded ? all.subspan(advertised) : all.first(advertised)) {
    texts.push_back(dump_text(setup, address, are_set));
  }
  return texts;
}

template <typename Entry, typename Value>
std::vector<std::string> routing_of(const std::vector<Entry>& entries, Value Entry::* member) {
  std::vector<std::string> texts;
  for (const Entry& entry : entries) texts.push_back(to_string(entry.*member));
  return texts;
}

struct Script {
  const char* key;    // in the JSON
  const char* title;  // in the .data file
  std::optional<notify::Command> notify::Hooks::* command;
};
constexpr std::array scripts{
    Script{"script_backup", "Backup", &notify::Hooks::backup},
    Script{"script_master", "Master", &notify::Hooks::master},
    Script{"script_fault", "Fault", &notify::Hooks::fault},
    Script{"script_stop", "Stop", &notify::Hooks::stop},
    Script{"script_deleted", "Deleted", &notify::Hooks::deleted},
    Script{"script", "Generic", &notify::Hooks::any},
    Script{"script_master_rx_lower_pri", "Master rx lower pri", &notify::Hooks::master_rx_lower_pri},
};

// The interval of the master: what it announced, in VRRPv3; ours as long as there is none.
double master_interval(const json& instance, const RouterSetup& router) {
  const auto master = instance.find("master");
  if (router.codec.version == vrrp::Version::v3 && master != instance.end() && master->is_object()) {
    const double interval = number_of(*master, "advert_int");
    if (interval > 0) return interval;
  }
  return seconds(router.codec.advert_interval);
}

std::uint64_t master_priority(const json& instance) {
  return count_of(instance, "master", "priority");
}

ordered_json data_of(const Setup& setup, const json& instance, const RouterSetup& router,
                     const vrrp::NodeRouterParameters& parameters) {
  const vrrp::RouterParameters& own = parameters.router;
  const vrrp::AnnouncementParameters& announcements = own.announcements;
  const bool holds = flag_of(instance, "holds_addresses");
  const int state = state_number(state_of(instance));
  const auto whole = [](Duration duration) { return static_cast<std::int64_t>(seconds(duration)); };
  ordered_json data;
  data["iname"] = router.name;
  data["dont_track_primary"] = parameters.dont_track_primary ? 1 : 0;
  data["skip_check_adv_addr"] = router.compares_address_lists ? 0 : 1;
  data["strict_mode"] = router.strict ? 1 : 0;
  data["vmac_ifname"] = own_interface(setup, router);
  data["ifp_ifname"] = shown_interface(setup, router);
  data["master_priority"] = master_priority(instance);
  data["last_transition"] = plain_number(to_microseconds(number_of(instance, "since")));
  data["garp_delay"] = whole(announcements.delay);
  data["garp_refresh"] = whole(announcements.refresh);
  data["garp_rep"] = announcements.repeat;
  data["garp_refresh_rep"] = announcements.refresh_repeat;
  data["garp_lower_prio_delay"] = whole(announcements.lower_priority_delay);
  data["garp_lower_prio_rep"] = announcements.lower_priority_repeat;
  data["lower_prio_no_advert"] = own.lower_priority_no_advert ? 1 : 0;
  data["higher_prio_send_advert"] = own.higher_priority_send_advert ? 1 : 0;
  data["vrid"] = router.codec.vrid;
  data["base_priority"] = base_priority(instance, own);
  data["effective_priority"] = count_of(instance, "priority", "effective");
  data["vipset"] = holds;
  data["promote_secondaries"] = router.promote_secondaries;
  data["adver_int"] = plain_number(seconds(router.codec.advert_interval));
  data["master_adver_int"] = plain_number(master_interval(instance, router));
  data["accept"] = router.accept ? 1 : 0;
  data["nopreempt"] = !preempts(instance, own);
  data["preempt_delay"] = plain_number(seconds(own.preempt_delay));
  data["state"] = state;
  data["wantstate"] = state;
  data["version"] = static_cast<int>(router.codec.version);
  data["smtp_alert"] = router.hooks.smtp_alert;
  data["notify_deleted"] = router.hooks.notifies_deleted || router.hooks.deleted.has_value();
  for (const Script& script : scripts) {
    if (const auto& command = router.hooks.*script.command) data[script.key] = quoted(command->argv);
  }
  const auto put = [&](const char* key, const std::vector<std::string>& list) {
    if (!list.empty()) data[key] = list;
  };
  put("vips", addresses_of(setup, router, false, holds));
  put("evips", addresses_of(setup, router, true, holds));
  put("vroutes", routing_of(router.routes, &config::ConfiguredRoute::route));
  put("vrules", routing_of(router.rules, &config::ConfiguredRule::rule));
  put("track_ifp", tracked(setup, parameters, vrrp::TrackerKind::interface));
  put("track_script", tracked_commands(setup, parameters));
  put("track_process", tracked(setup, parameters, vrrp::TrackerKind::process));
  data["auth_type"] = static_cast<int>(router.codec.authentication.type);
  if (router.codec.authentication.type != vrrp::AuthType::none) data["auth_data"] = "****";
  return data;
}

const char* match_name(process::TrackedProcess::Match match) {
  using enum process::TrackedProcess::Match;
  switch (match) {
    case ignore: return "";
    case none: return "none";
    case exact: return "exact";
    case partial: return "partial";
    case initial: return "initial";
  }
  return "";
}

bool has_quorum(const json& status, const std::string& process) {
  return std::ranges::any_of(status.at("processes"), [&](const json& it) {
    return text_of(it, "name") == process && text_of(it, "status") == "up";
  });
}

ordered_json processes_of(const Setup& setup, const json& status) {
  ordered_json list = ordered_json::array();
  for (const process::TrackedProcess& process : setup.processes) {
    ordered_json one;
    one["process"] = process.process;
    one["parameters"] = fmt::format("{}", fmt::join(process.arguments, " "));
    one["param_match"] = match_name(process.match);
    one["min_processes"] = process.quorum;
    one["max_processes"] = process.quorum_max;
    one["have_quorum"] = has_quorum(status, process.name);
    one["terminate_delay"] = plain_number(seconds(process.terminate_delay));
    one["fork_delay"] = plain_number(seconds(process.fork_delay));
    one["full_command"] = process.full_command;
    list.push_back(std::move(one));
  }
  return list;
}

// keepalived writes / as \/; it stands nowhere but in strings.
std::string with_escaped_slashes(std::string_view text) {
  std::string result;
  for (const char each : text) {
    if (each == '/') result += '\\';
    result += each;
  }
  return result;
}

// "1795739149.140021 (Fri Nov 27 00:25:49.140021 2026)", the second in local time.
std::string date_text(double utc_seconds) {
  const auto whole = static_cast<std::time_t>(std::floor(utc_seconds));
  const auto micros = static_cast<int>((utc_seconds - static_cast<double>(whole)) * 1e6 + 0.5) % 1'000'000;
  std::tm local{};
  (void)::localtime_r(&whole, &local);
  return fmt::format("{}.{:06} ({:%a %b %e %H:%M:%S}.{:06} {:%Y})", whole, micros, local, micros, local);
}

void put_list(std::string& text, std::string_view title, const std::vector<std::string>& list) {
  if (list.empty()) return;
  text += fmt::format("   {} :\n", title);
  for (const std::string& entry : list) text += "     " + entry + "\n";
}

// One exporter reads up to the first line without '=', so the lists stand last.
std::string instance_text(const Setup& setup, const json& instance, const RouterSetup& router,
                          const vrrp::NodeRouterParameters& parameters) {
  const vrrp::RouterParameters& own = parameters.router;
  const vrrp::AnnouncementParameters& announcements = own.announcements;
  const bool holds = flag_of(instance, "holds_addresses");
  const std::string state = state_of(instance);
  std::string text = fmt::format(" VRRP Instance = {}\n", router.name);
  const auto line = [&](std::string_view key, const auto& value) { text += fmt::format("   {} = {}\n", key, value); };
  line("VRRP Version", static_cast<int>(router.codec.version));
  line("State", state);
  if (const auto master = instance.find("master"); master != instance.end() && master->is_object()) {
    line("Master router", text_of(*master, "address"));
    line("Master priority", master_priority(instance));
  }
  line("Wantstate", state);
  line("Last transition", date_text(to_microseconds(number_of(instance, "since"))));
  line("Interface", shown_interface(setup, router));
  line("Gratuitous ARP delay", seconds(announcements.delay));
  line("Gratuitous ARP repeat", announcements.repeat);
  line("Gratuitous ARP refresh", seconds(announcements.refresh));
  line("Gratuitous ARP refresh repeat", announcements.refresh_repeat);
  line("Gratuitous ARP lower priority delay", seconds(announcements.lower_priority_delay));
  line("Gratuitous ARP lower priority repeat", announcements.lower_priority_repeat);
  line("Down timer adverts", own.down_timer_adverts);
  line("Virtual Router ID", router.codec.vrid);
  line("Priority", base_priority(instance, own));
  line("Effective priority", count_of(instance, "priority", "effective"));
  line("Advert interval", fmt::format("{} sec", seconds(router.codec.advert_interval)));
  line("Accept", router.accept ? "enabled" : "disabled");
  line("Preempt", preempts(instance, own) ? "enabled" : "disabled");
  line("Promote_secondaries", router.promote_secondaries ? "enabled" : "disabled");
  line("Using smtp notification", router.hooks.smtp_alert ? "yes" : "no");
  for (const Script& script : scripts) {
    if (const auto& command = router.hooks.*script.command) {
      line(fmt::format("{} state transition script", script.title), quoted(command->argv));
    }
  }
  const auto vips = addresses_of(setup, router, false, holds);
  text += fmt::format("   Virtual IP ({}):\n", vips.size());
  for (const std::string& address : vips) text += "     " + address + "\n";
  put_list(text, "Virtual IP Excluded", addresses_of(setup, router, true, holds));
  put_list(text, "Virtual Routes", routing_of(router.routes, &config::ConfiguredRoute::route));
  put_list(text, "Virtual Rules", routing_of(router.rules, &config::ConfiguredRule::rule));
  put_list(text, "Tracked interfaces", tracked(setup, parameters, vrrp::TrackerKind::interface));
  put_list(text, "Tracked scripts", tracked(setup, parameters, vrrp::TrackerKind::script));
  put_list(text, "Tracked files", tracked(setup, parameters, vrrp::TrackerKind::file));
  put_list(text, "Tracked processes", tracked(setup, parameters, vrrp::TrackerKind::process));
  return text;
}

std::string groups_text(const json& status) {
  std::string text;
  for (const json& group : status.at("groups")) {
    text +=
        fmt::format(" VRRP Sync Group = {}, {}\n   VRRP member instances :\n", text_of(group, "name"), state_of(group));
    for (const json& member : group.at("members")) {
      if (member.is_string()) text += fmt::format("     {}\n", member.get_ref<const std::string&>());
    }
  }
  return text;
}

// An exporter knows GOOD and BAD, and the states of a run; what a run is doing just now is the runner's business.
std::string scripts_text(const Setup& setup, const json& status) {
  std::string text;
  for (const json& script : status.at("scripts")) {
    const std::string name = text_of(script, "name");
    const std::string verdict = text_of(script, "status");
    text += fmt::format(" VRRP Script = {}\n", name);
    const auto found = std::ranges::find(setup.scripts, name, &process::TrackScript::name);
    if (found != setup.scripts.end()) {
      text += fmt::format("   Command = {}\n   Interval = {} sec\n   Timeout = {} sec\n   Rise = {}\n   Fall = {}\n",
                          quoted(found->command.argv), seconds(found->interval), seconds(found->timeout), found->rise,
                          found->fall);
    }
    text += fmt::format("   Status = {}\n   State = idle\n", verdict == "up"     ? "GOOD"
                                                             : verdict == "down" ? "BAD"
                                                                                 : "INIT");
  }
  return text;
}

std::string scope_name(std::uint8_t scope) {
  switch (scope) {
    case 0: return "global";
    case 200: return "site";
    case 253: return "link";
    case 254: return "host";
    case 255: return "nowhere";
    default: return std::to_string(scope);
  }
}

std::string prefix_text(const IpPrefix& prefix) {
  const bool is_host = prefix.length == (prefix.address.is_v4() ? 32 : 128);
  return is_host ? to_string(prefix.address) : to_string(prefix);
}

}  // namespace

std::string dump_text(const Setup& setup, const config::VirtualAddress& address, bool is_set) {
  const auto virtual_interface = std::ranges::find_if(
      setup.virtual_interfaces, [&](const VirtualInterfaceSetup& it) { return it.wanted.name == address.device; });
  const bool is_v6 = address.address.address.family() == Family::ipv6;
  std::string text = prefix_text(address.address);
  const auto add = [&](bool condition, const std::string& words) {
    if (condition) text += " " + words;
  };
  add(address.broadcast.has_value(), "brd " + (address.broadcast ? to_string(*address.broadcast) : ""));
  add(true, "dev " + address.device);
  if (virtual_interface != setup.virtual_interfaces.end()) text += "@" + virtual_interface->base;
  add(address.use_vmac, "use_vmac");
  add(true, "scope " + scope_name(address.scope));
  add(!address.label.empty(), "label " + address.label);
  if (address.peer) text += fmt::format(" peer {}/{}", to_string(*address.peer), address.address.length);
  add(address.home, "home");
  add(address.detect_duplicates, "-nodad");
  add(address.manage_temporary, "mngtmpaddr");
  add(address.no_prefix_route, "noprefixroute");
  add(address.auto_join, "autojoin");
  if (is_v6 && !address.preferred_seconds) text += " preferred_lft forever";
  if (is_v6 && address.preferred_seconds == 0U) text += " deprecated";
  if (is_v6 && address.preferred_seconds.value_or(0) > 0) {
    text += fmt::format(" preferred_lft {}", *address.preferred_seconds);
  }
  add(!address.track, "no_track");
  add(is_set, "set");
  return text;
}

std::string stats_text(const json& status) {
  std::string text;
  for (const json& instance : status.at("instances")) {
    text += fmt::format("VRRP Instance: {}\n", text_of(instance, "name"));
    std::string_view section;
    for (const Counter& counter : counters) {
      if (counter.title == nullptr) continue;
      if (counter.section != nullptr && section != counter.section) text += fmt::format("  {}:\n", counter.section);
      section = counter.section == nullptr ? "" : counter.section;
      text += fmt::format("{}{}: {}\n", section.empty() ? "  " : "    ", counter.title, counter.value(instance));
    }
  }
  return text;
}

std::string json_text(const Setup& setup, const json& status) {
  ordered_json list = ordered_json::array();
  for_each_instance(setup, status, [&](const json& instance, const RouterSetup& router, const auto& parameters) {
    ordered_json one;
    one["data"] = data_of(setup, instance, router, parameters);
    one["stats"] = stats_of(instance);
    list.push_back(std::move(one));
  });
  if (list.empty()) return {};
  if (setup.dumps.json_version == 2) {
    ordered_json whole;
    whole["vrrp"] = std::move(list);
    whole["track_process"] = processes_of(setup, status);
    list = std::move(whole);
  }
  return with_escaped_slashes(list.dump(-1, ' ', false, ordered_json::error_handler_t::replace)) + "\n";
}

std::string data_text(const Setup& setup, const json& status) {
  std::string text = "------< Global definitions >------\n";
  text += fmt::format(" Router ID = {}\n Baton version = {}\n", setup.router_id, text_of(status, "version"));
  text += "------< VRRP Topology >------\n";
  for_each_instance(setup, status, [&](const json& instance, const RouterSetup& router, const auto& parameters) {
    text += instance_text(setup, instance, router, parameters);
  });
  const auto section = [&](std::string_view title, const std::string& content) {
    if (!content.empty()) text += fmt::format("------< {} >------\n{}", title, content);
  };
  section("VRRP Sync groups", groups_text(status));
  section("VRRP Scripts", scripts_text(setup, status));
  return text;
}

}  // namespace baton::daemon
