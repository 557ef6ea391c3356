#include "config/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <concepts>
#include <iterator>

namespace baton::config {

namespace {

std::string text_of(bool value) {
  return value ? "yes" : "no";
}
template <std::integral Number>
std::string text_of(Number value) {
  return std::to_string(value);
}
std::string text_of(const std::string& value) {
  return value;
}
std::string text_of(Duration value) {
  return fmt::format("{:g} s", std::chrono::duration<double>(value).count());
}
std::string text_of(const IpAddress& value) {
  return to_string(value);
}
std::string text_of(const Account& account) {
  return account.group.empty() ? account.user : account.user + " " + account.group;
}
std::string text_of(const Command& command) {
  const std::string account = text_of(command.account);
  return account.empty() ? command.line : command.line + " user " + account;
}
std::string text_of(const NotifyFifo& fifo) {
  const std::string owner = text_of(fifo.owner);
  return fifo.path + (owner.empty() ? "" : " " + owner) + (fifo.script ? " script " + text_of(*fifo.script) : "");
}
std::string text_of(const TimedCommand& timed) {
  return timed.command ? text_of(*timed.command) + " timeout " + text_of(timed.timeout) : std::string();
}

class List {
 public:
  template <typename Value>
  void add(std::string_view keyword, const Value& value) {
    settings_.push_back({keyword, text_of(value)});
  }
  template <typename Value>
  void add(std::string_view keyword, const std::optional<Value>& value) {
    settings_.push_back({keyword, value ? text_of(*value) : std::string()});
  }
  template <typename Value>
  void add(std::string_view keyword, const Rarely<Value>& value) {
    settings_.push_back({keyword, value ? text_of(*value) : std::string()});
  }
  // One of several words.
  void add_word(std::string_view keyword, std::string value) { settings_.push_back({keyword, std::move(value)}); }
  void add_secret(std::string_view keyword, const Secret& secret) {
    settings_.push_back({keyword, secret.reveal(), true});
  }
  template <typename Values>
  void add_each(std::string_view keyword, const Values& values, auto&& text) {
    for (const auto& value : values) settings_.push_back({keyword, text(value)});
  }

  Settings take() { return std::move(settings_); }

 private:
  Settings settings_;
};

constexpr auto as_text = [](const auto& value) { return text_of(value); };

std::string tracking_text(const Tracking& tracking) {
  return fmt::format("{} weight {}{}", tracking.name, tracking.weight, tracking.reverse ? " reverse" : "");
}

void add_trackers(List& list, const Trackers& trackers) {
  list.add_each("track_interface", trackers.interfaces, tracking_text);
  list.add_each("track_script", trackers.scripts, tracking_text);
  list.add_each("track_file", trackers.files, tracking_text);
  list.add_each("track_process", trackers.processes, tracking_text);
  list.add_each("track_check", trackers.checks, tracking_text);
  list.add_each("track_bfd", trackers.sessions, tracking_text);
}

void add_notifications(List& list, const Notifications& notifications) {
  list.add("notify", notifications.any);
  list.add("notify_master", notifications.master);
  list.add("notify_backup", notifications.backup);
  list.add("notify_fault", notifications.fault);
  list.add("notify_stop", notifications.stop);
  list.add("notify_deleted", notifications.deleted);
  list.add("notify_deleted (state)", notifications.report_deleted);
  list.add("notify_master_rx_lower_pri", notifications.master_hears_lower);
  list.add("notify_priority_changes", notifications.priority_changes);
}

void add_awaited_hooks(List& list, const AwaitedHooks& awaited) {
  if (!awaited.before_announce && !awaited.before_release && !awaited.conntrackd) return;
  list.add("before_announce", awaited.before_announce);
  list.add("before_release", awaited.before_release);
  if (awaited.conntrackd) list.add_word("conntrackd_sync", awaited.conntrackd->empty() ? "yes" : *awaited.conntrackd);
  list.add("hook_timeout", awaited.timeout);
}

std::string peer_text(const UnicastPeer& peer) {
  return fmt::format("{} min_ttl {} max_ttl {}", to_string(peer.address), peer.min_ttl, peer.max_ttl);
}

std::string with_tracking(std::string text, bool is_tracked, const std::string& group) {
  if (!is_tracked) text += " no_track";
  if (!group.empty()) text += " track_group " + group;
  return text;
}
std::string route_text(const ConfiguredRoute& route) {
  return with_tracking(to_string(route.route), route.track, route.track_group);
}
std::string rule_text(const ConfiguredRule& rule) {
  return with_tracking(to_string(rule.rule), rule.track, rule.track_group);
}

std::string auth_type_text(AuthType type) {
  switch (type) {
    case AuthType::none: return "none";
    case AuthType::pass: return "PASS";
    case AuthType::ah: return "AH";
  }
  return {};
}

void add_hmac(List& list, const HmacAuthentication& hmac) {
  for (const HmacKey& key : hmac.keys) {
    list.add("auth_hmac key", key.id);
    list.add_secret("auth_hmac secret", key.secret);
  }
  list.add("auth_hmac active", hmac.active_key);
  list.add("auth_hmac mode", static_cast<unsigned>(hmac.mode));
  list.add("auth_hmac anti_replay", static_cast<unsigned>(hmac.anti_replay));
  list.add("auth_hmac time_window", hmac.time_window_seconds);
}

std::string virtual_interface_text(const VirtualInterface& interface) {
  std::string text = interface.kind == VirtualInterface::Kind::macvlan ? "use_vmac" : "use_ipvlan";
  if (!interface.name.empty()) text += " " + interface.name;
  if (interface.mac) text += " " + to_string(*interface.mac);
  if (interface.mac_lacks_last) text += " (VRID last)";
  if (interface.address) text += " " + to_string(*interface.address);
  constexpr const char* modes[] = {"", " private", " vepa"};
  text += modes[static_cast<std::size_t>(interface.mode)];
  if (interface.group != 0) text += fmt::format(" group {}", interface.group);
  return text;
}

void add_announcements(List& list, const Announcements& announcements) {
  list.add("garp_master_delay", announcements.master_delay);
  list.add("garp_master_repeat", announcements.master_repeat);
  list.add("garp_master_refresh", announcements.master_refresh);
  list.add("garp_master_refresh_repeat", announcements.master_refresh_repeat);
  list.add("garp_lower_prio_delay", announcements.lower_prio_delay);
  list.add("garp_lower_prio_repeat", announcements.lower_prio_repeat);
}

void add_mail(List& list, const Mail& mail) {
  list.add_each("notification_email", mail.recipients, as_text);
  list.add("notification_email_from", mail.from);
  list.add_word("smtp_server", mail.relay ? fmt::format("{} {}", mail.relay->host, mail.relay->port) : std::string());
  list.add("smtp_connect_timeout", mail.connect_timeout);
  list.add("smtp_helo_name", mail.helo_name);
  list.add("smtp_tls", static_cast<unsigned>(mail.security));
  list.add("smtp_user", mail.user);
  list.add_secret("smtp_password", mail.password);
  list.add("no_email_faults", !mail.on_fault);
  list.add("smtp_alert", mail.alert);
  list.add("smtp_alert_vrrp", mail.alert_vrrp);
}

void add_firewall(List& list, const Firewall& firewall) {
  list.add("nftables", firewall.table);
  list.add("nftables_priority", firewall.priority);
  list.add("nftables_counters", firewall.counters);
  list.add("nftables_ifindex", firewall.by_index);
}

void add_files(List& list, const Globals& globals) {
  list.add("state_dump_file", globals.dumps.data_file);
  list.add("state_dump_file (name)", globals.dumps.data_name);
  list.add("stats_dump_file", globals.dumps.stats_file);
  list.add("json_dump_file", globals.dumps.json_file);
  list.add("json_version", globals.dumps.json_version);
  list.add("data_use_instance", globals.dumps.use_instance);
  list.add("reload_file", globals.reload_times.marker);
  list.add("reload_file (set)", globals.reload_times.marker.has_value());
  list.add("reload_time_file", globals.reload_times.time_file);
  list.add("reload_repeat", globals.reload_times.repeat);
}

void add_process(List& list, const Globals& globals) {
  list.add("vrrp_priority", globals.nice);
  list.add("vrrp_rt_priority", globals.real_time_priority);
  list.add_word("vrrp_cpu_affinity", fmt::format("{}", fmt::join(globals.cpu_affinity, " ")));
  list.add("vrrp_no_swap", globals.lock_memory);
  list.add("vrrp_rlimit_rttime", globals.real_time_limit_us);
  list.add("bfd_priority", globals.bfd_process.nice);
  list.add("bfd_rt_priority", globals.bfd_process.real_time_priority);
  list.add_word("bfd_cpu_affinity", fmt::format("{}", fmt::join(globals.bfd_process.cpu_affinity, " ")));
  list.add("bfd_rlimit_rttime", globals.bfd_process.real_time_limit_us);
  list.add("child_wait_time", globals.child_wait_time);
  list.add("net_namespace", globals.net_namespace);
  list.add("instance", globals.instance);
  list.add_word("umask", fmt::format("{:#o}", globals.file_mask));
  list.add("reload_check_config", globals.refuses_warnings);
}

void add_monitoring(List& list, const Globals& globals) {
  list.add("enable_snmp_vrrp", globals.snmp.vrrp);
  list.add("enable_snmp_rfcv2", globals.snmp.rfc_v2);
  list.add("enable_snmp_rfcv3", globals.snmp.rfc_v3);
  list.add("enable_traps", globals.snmp.traps);
  list.add("snmp_socket", globals.snmp.socket);
  list.add("enable_dbus", globals.dbus.is_wanted);
  list.add("dbus_service_name", globals.dbus.service);
  list.add("dbus_no_interface_name", globals.dbus.no_interface);
}

}  // namespace

std::string to_string(const VirtualAddress& address) {
  std::string text = to_string(address.address);
  if (address.peer) text += " peer " + to_string(*address.peer);
  if (address.broadcast) text += " brd " + to_string(*address.broadcast);
  text += " dev " + address.device;
  if (address.scope != 0) text += fmt::format(" scope {}", address.scope);
  if (!address.label.empty()) text += " label " + address.label;
  if (address.preferred_seconds) text += fmt::format(" preferred_lft {}", *address.preferred_seconds);
  const std::pair<bool, const char*> flags[] = {{address.detect_duplicates, " -nodad"},
                                                {address.home, " home"},
                                                {address.manage_temporary, " mngtmpaddr"},
                                                {address.no_prefix_route, " noprefixroute"},
                                                {address.auto_join, " autojoin"},
                                                {!address.track, " no_track"},
                                                {address.use_vmac, " use_vmac"}};
  for (const auto& [is_set, word] : flags) text += is_set ? word : "";
  if (!address.track_group.empty()) text += " track_group " + address.track_group;
  return text;
}

Settings settings_of(const Globals& globals) {
  List list;
  list.add("router_id", globals.router_id);
  add_mail(list, globals.mail);
  list.add("script_user", globals.script_user);
  list.add("enable_script_security", globals.script_security);
  list.add("set_supplementary_groups", globals.supplementary_groups);
  list.add("script_failure_is_success", globals.script_failure_is_success);
  list.add("vrrp_startup_delay", globals.startup_delay);
  list.add("vrrp_delay_after_boot", globals.delay_after_boot);
  list.add("vrrp_garp_interval", globals.garp_interval);
  list.add("vrrp_gna_interval", globals.gna_interval);
  list.add("default_interface", globals.default_interface);
  list.add("iproute_usr_dir", globals.iproute_user_directory);
  list.add("iproute_etc_dir", globals.iproute_etc_directory);
  list.add("vmac_prefix", globals.vmac_prefix);
  list.add("vmac_addr_prefix", globals.vmac_address_prefix);
  add_firewall(list, globals.firewall);
  add_monitoring(list, globals);
  list.add("dynamic_interfaces", globals.dynamic_interfaces);
  list.add("notify_fifo", globals.notify_fifo);
  list.add("vrrp_notify_fifo", globals.vrrp_notify_fifo);
  list.add("lvs_notify_fifo", globals.lvs_notify_fifo);
  list.add("fifo_write_vrrp_states_on_reload", globals.repeat_states_on_reload);
  list.add("startup_script", globals.startup_script);
  list.add("shutdown_script", globals.shutdown_script);
  add_process(list, globals);
  list.add("log_unknown_vrids", globals.log_unknown_vrids);
  add_files(list, globals);
  Settings settings = list.take();
  std::ranges::move(settings_of(globals.ipvs), std::back_inserter(settings));
  return settings;
}

Settings settings_of(const Instance& instance) {
  List list;
  list.add_word("name", instance.name);
  list.add_word("state", instance.state == WantedState::master ? "MASTER" : "BACKUP");
  list.add("interface", instance.interface);
  list.add("version", instance.version);
  list.add_word("family", instance.family == Family::ipv4 ? "IPv4" : "IPv6");
  list.add("virtual_router_id", instance.vrid);
  list.add("priority", instance.priority);
  list.add("advert_int", instance.advert_interval);
  list.add("mcast_src_ip", instance.source);
  list.add("track_src_ip", instance.track_source);
  list.add_each("unicast_peer", instance.peers, peer_text);
  list.add("check_unicast_src", instance.check_unicast_source);
  list.add("unicast_fault_no_peer", instance.fault_without_peers);
  list.add("mcast_dst_ip", instance.multicast_group);
  list.add("unicast_ttl", instance.ttl);
  list.add_word("auth_type", auth_type_text(instance.authentication.type));
  list.add_secret("auth_pass", instance.authentication.password);
  if (instance.hmac) add_hmac(list, *instance.hmac);
  const auto address_text = [](const VirtualAddress& address) { return to_string(address); };
  list.add_each("virtual_ipaddress", instance.addresses, address_text);
  list.add_each("virtual_ipaddress_excluded", instance.excluded_addresses, address_text);
  list.add_each("virtual_routes", instance.routes, route_text);
  list.add_each("virtual_rules", instance.rules, rule_text);
  list.add("nopreempt", !instance.preempt);
  list.add("preempt_delay", instance.preempt_delay);
  add_announcements(list, instance.announcements);
  add_trackers(list, instance.trackers);
  list.add("dont_track_primary", instance.dont_track_primary);
  list.add("linkbeat_use_polling", instance.polls_link);
  if (instance.virtual_interface) list.add_word("use_vmac", virtual_interface_text(*instance.virtual_interface));
  list.add("use_vmac_addr", instance.use_vmac_addr);
  list.add("vmac_xmit_base", instance.transmit_on_base);
  list.add("vrf", instance.vrf);
  list.add("garp_extra_if", instance.extra_announcements.interval);
  list.add("garp_extra_if all", instance.extra_announcements.all);
  add_notifications(list, instance.notifications);
  list.add("smtp_alert", instance.smtp_alert);
  list.add("accept", instance.accept);
  list.add("strict_mode", instance.strict);
  list.add("skip_check_adv_addr", instance.skip_check_adv_addr);
  list.add("lower_prio_no_advert", instance.lower_prio_no_advert);
  list.add("higher_prio_send_advert", instance.higher_prio_send_advert);
  list.add("owner_ignore_adverts", instance.owner_ignore_adverts);
  list.add("v3_checksum_as_v2", instance.v3_checksum_as_v2);
  list.add("down_timer_adverts", instance.down_timer_adverts);
  list.add("timer_expired_backup", instance.rival_priority);
  list.add("promote_secondaries", instance.promote_secondaries);
  list.add("make_before_break", instance.make_before_break);
  list.add("verified_takeover", instance.verified_takeover);
  add_awaited_hooks(list, instance.awaited);
  list.add_each("witness", instance.witnesses, [](const IpAddress& address) { return to_string(address); });
  return list.take();
}

Settings settings_of(const Webhook& webhook) {
  constexpr const char* formats[] = {"json", "chat", "teams"};
  List list;
  list.add_word("name", webhook.name);
  list.add_secret("url", webhook.url);
  for (const Secret& header : webhook.headers) list.add_secret("header", header);
  list.add_word("format", formats[static_cast<std::size_t>(webhook.format)]);
  list.add_each("events", webhook.events, as_text);
  list.add("timeout", webhook.timeout);
  list.add("retries", webhook.retries);
  list.add("ca_file", webhook.ca_file);
  list.add_secret("proxy", webhook.proxy);
  return list.take();
}

Settings settings_of(const SyncGroup& group) {
  List list;
  list.add_word("name", group.name);
  list.add_each("group", group.members, as_text);
  add_trackers(list, group.trackers);
  add_notifications(list, group.notifications);
  add_awaited_hooks(list, group.awaited);
  list.add("smtp_alert", group.smtp_alert);
  list.add("sgroup_tracking_weight", group.tracking_weight);
  return list.take();
}

Settings settings_of(const Script& script) {
  List list;
  list.add_word("name", script.name);
  list.add("script", script.command);
  list.add("interval", script.interval);
  list.add("timeout", script.timeout);
  list.add("weight", script.weight);
  list.add("weight reverse", script.reverse);
  list.add("rise", script.rise);
  list.add("fall", script.fall);
  list.add("init_fail", script.init_fail);
  list.add("can run", script.can_run);
  return list.take();
}

Settings settings_of(const TrackedFile& file) {
  List list;
  list.add_word("name", file.name);
  list.add("file", file.path);
  list.add("weight", file.weight);
  list.add("weight reverse", file.reverse);
  list.add("init_file", file.init_value);
  list.add("init_file overwrite", file.init_overwrite);
  return list.take();
}

Settings settings_of(const TrackedProcess& process) {
  List list;
  list.add_word("name", process.name);
  list.add("process", process.process);
  list.add_word("process arguments", fmt::format("{}", fmt::join(process.arguments, " ")));
  list.add("param_match", static_cast<unsigned>(process.match));
  list.add("full_command", process.full_command);
  list.add("weight", process.weight);
  list.add("weight reverse", process.reverse);
  list.add("quorum", process.quorum);
  list.add("quorum_max", process.quorum_max);
  list.add("fork_delay", process.fork_delay);
  list.add("terminate_delay", process.terminate_delay);
  return list.take();
}

Settings settings_of(const TrackedCheck& check) {
  List list;
  list.add_word("name", check.name);
  list.add("weight", check.weight);
  list.add("weight reverse", check.reverse);
  Settings settings = list.take();
  std::ranges::move(settings_of(check.check), std::back_inserter(settings));
  return settings;
}

Settings settings_of(const BfdSession& session) {
  List list;
  list.add_word("name", session.name);
  list.add("neighbor_ip", session.neighbor);
  list.add("source_ip", session.source);
  list.add("min_rx", session.min_rx);
  list.add("min_tx", session.min_tx);
  list.add("idle_tx", session.idle_tx);
  list.add("multiplier", static_cast<unsigned>(session.multiplier));
  list.add("passive", session.passive);
  list.add("multihop", session.multihop);
  list.add("ttl", static_cast<unsigned>(session.ttl));
  list.add_word("max_hops", session.max_hops ? fmt::format("{}", *session.max_hops) : "any");
  list.add("weight", session.weight);
  list.add("weight reverse", session.reverse);
  list.add("vrrp", session.for_vrrp);
  list.add("checker", session.for_checkers);
  return list.take();
}

Settings static_settings_of(const Configuration& configuration) {
  List list;
  list.add_each("static_ipaddress", configuration.static_addresses,
                [](const VirtualAddress& address) { return to_string(address); });
  list.add_each("static_routes", configuration.static_routes, route_text);
  list.add_each("static_rules", configuration.static_rules, rule_text);
  return list.take();
}

Settings link_settings_of(const Configuration& configuration) {
  List list;
  list.add_each("track_group", configuration.track_groups, [](const TrackGroup& group) {
    return fmt::format("{}: {}", group.name, fmt::join(group.members, " "));
  });
  list.add_each("interface_up_down_delays", configuration.link_delays, [](const LinkDelay& delay) {
    return fmt::format("{} {} {}", delay.interface, text_of(delay.down), text_of(delay.up));
  });
  list.add_each("linkbeat_interfaces", configuration.polled_links, [](const PolledLink& link) {
    return fmt::format("{} {}", link.interface, static_cast<unsigned>(link.method));
  });
  list.add_each("garp_group", configuration.announcement_groups, [](const AnnouncementGroup& group) {
    return fmt::format("{}: garp_interval {} gna_interval {}", fmt::join(group.interfaces, " "),
                       text_of(group.garp_interval), text_of(group.gna_interval));
  });
  return list.take();
}

}  // namespace baton::config
