// global_defs, and the few settings that stand at the top level.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "config/blocks.h"
#include "config/limits.h"
#include "config/secret_file.h"
#include "config/virtual_interface.h"

namespace baton::config {
namespace {

using G = GlobalSettings;
using A = AnnouncementSettings;

// "HOST [PORT]".
void set_relay(G& settings, const Arguments& arguments) {
  if (arguments.count() == 0) return arguments.missing("a host");
  const std::string_view host = arguments.word();
  const bool is_host = !host.empty() && std::ranges::all_of(host, [](char each) {
    return std::isalnum(static_cast<unsigned char>(each)) != 0 || each == '.' || each == '-' || each == '_' ||
           each == ':';
  });
  if (!is_host) return arguments.invalid(0, "a host name or an address", "there will be no mail");
  MailRelay relay{.host = std::string(host)};
  if (arguments.count() > 1) {
    const std::optional<std::int64_t> port = parse_integer(arguments.word(1));
    if (!port || *port < 1 || *port > 65'535) {
      arguments.invalid(1, "a port from 1 to 65535", "port 25 is used");
    } else {
      relay.port = static_cast<std::uint16_t>(*port);
    }
  }
  settings.globals.mail.relay = std::move(relay);
}

// "ADDRESS", or "Display Name <ADDRESS>" with or without quotes.
void set_mail_from(G& settings, const Arguments& arguments) {
  if (arguments.count() == 0) return arguments.missing("an address");
  std::string from(arguments.word());
  for (std::size_t index = 1; index < arguments.count(); ++index) from += fmt::format(" {}", arguments.word(index));
  settings.globals.mail.from = std::move(from);
}

// smtp_password_file PATH | credential:NAME
void set_mail_password_file(G& settings, const Arguments& arguments) {
  if (arguments.count() == 0) return arguments.missing("the path of a file, or credential:NAME");
  std::optional<Secret> password = read_secret_file(arguments, 0, arguments.word(), "bad-password");
  if (password) settings.globals.mail.password = std::move(*password);
}

void set_mail_security(G& settings, const Arguments& arguments) {
  constexpr auto words = std::to_array<std::string_view>({"none", "starttls", "tls"});
  if (const auto index = arguments.choice(words, "mail is sent in the clear")) {
    settings.globals.mail.security = static_cast<MailSecurity>(*index);
  }
}

void add_recipients(G& settings, const Arguments& arguments) {
  std::vector<std::string>& recipients = settings.globals.mail.recipients;
  const std::size_t before = recipients.size();
  for (const Statement& line : arguments.statement().children) {
    for (const Word& word : line.words) recipients.emplace_back(word.text);
  }
  if (recipients.size() == before) {
    arguments.diagnostics().warn("empty-block", arguments.position(), "there is no address in notification_email",
                                 "add one, or remove the block");
  }
}

template <Family family, auto Member>
void set_group(G& settings, const Arguments& arguments) {
  IpAddress address;
  if (!arguments.read(address)) return;
  if (address.family() != family || !address.is_multicast()) {
    return arguments.invalid(0, family == Family::ipv4 ? "an IPv4 multicast address" : "an IPv6 multicast address",
                             "the default is used");
  }
  settings.defaults.*Member = address;
}

template <auto Member>
void set_fifo(G& settings, const Arguments& arguments) {
  if (arguments.count() == 0) return arguments.missing("a path");
  std::optional<NotifyFifo>& fifo = settings.globals.*Member;
  if (fifo && !fifo->path.empty()) {
    arguments.diagnostics().warn("given-twice", arguments.position(),
                                 fmt::format("'{}' was given before; the first one stays", arguments.name()),
                                 "remove one of them");
    return;
  }
  if (!fifo) fifo.emplace();
  fifo->path = arguments.word();
  fifo->owner = arguments.account(1);
}

template <auto Member>
void set_fifo_script(G& settings, const Arguments& arguments) {
  std::optional<NotifyFifo>& fifo = settings.globals.*Member;
  if (!fifo) fifo.emplace();
  (void)arguments.read(fifo->script);
}

void set_script_user(G& settings, const Arguments& arguments) {
  if (arguments.count() == 0) return arguments.missing("a user");
  settings.globals.script_user = arguments.account(0);
  if (arguments.context().reader.has_user(settings.globals.script_user.user) == false) {
    arguments.diagnostics().warn("unknown-user", arguments.at(),
                                 fmt::format("there is no user {}", quoted(arguments.word())),
                                 "add the account, or name another one");
  }
}

std::vector<unsigned>& affinity_of(Globals& globals, std::string_view keyword) {
  return keyword == "bfd_cpu_affinity" ? globals.bfd_process.cpu_affinity : globals.cpu_affinity;
}

std::optional<int>& real_time_priority_of(Globals& globals, std::string_view keyword) {
  return keyword == "bfd_rt_priority" ? globals.bfd_process.real_time_priority : globals.real_time_priority;
}

void set_affinity(G& settings, const Arguments& arguments) {
  if (arguments.count() == 0) return arguments.missing("a list of processors");
  for (std::size_t index = 0; index < arguments.count(); ++index) {
    const std::optional<std::int64_t> cpu = parse_integer(arguments.word(index));
    constexpr std::int64_t most_cpus = 8'192;  // Linux CONFIG_NR_CPUS at its largest
    if (!cpu || *cpu < 0 || *cpu >= most_cpus) return arguments.invalid(index, "numbers of processors, from 0");
    affinity_of(settings.globals, arguments.name()).push_back(static_cast<unsigned>(*cpu));
  }
}

// Real-time priorities out of range are clamped, not dropped.
void set_real_time_priority(G& settings, const Arguments& arguments) {
  const std::optional<std::int64_t> given = parse_integer(arguments.word());
  const auto lowest = static_cast<std::int64_t>(arguments.keyword().minimum);
  const auto highest = static_cast<std::int64_t>(arguments.keyword().maximum);
  if (!given) {
    (void)arguments.read(real_time_priority_of(settings.globals, arguments.name()));
    return;
  }
  const std::int64_t used = std::clamp(*given, lowest, highest);
  if (used != *given) {
    arguments.invalid(0, fmt::format("{} to {}", lowest, highest), fmt::format("{} is used", used));
  }
  real_time_priority_of(settings.globals, arguments.name()) = static_cast<int>(used);
}

// Baton checks every reload; what else the keyword does in keepalived is to refuse what would only be a warning.
void refuse_warnings(G& settings, const Arguments&) {
  settings.globals.refuses_warnings = true;
}

void set_reload_marker(G& settings, const Arguments& arguments) {
  if (arguments.count() > 0 && !arguments.word().starts_with('/')) {
    return arguments.invalid(0, "an absolute path, or nothing", "no file is made");
  }
  settings.globals.reload_times.marker = arguments.count() > 0 ? arguments.word() : "";
}

void set_reload_time_file(G& settings, const Arguments& arguments) {
  if (arguments.count() == 0) return arguments.missing("a path");
  if (!arguments.word().starts_with('/')) return arguments.invalid(0, "an absolute path", "no time is looked for");
  settings.globals.reload_times.time_file = arguments.word();
}

// A number in C's writing, or names of permission bits joined by '|'.
void set_file_mask(G& settings, const Arguments& arguments) {
  if (arguments.count() == 0) return arguments.missing("a mask");
  static constexpr std::pair<std::string_view, std::uint32_t> names[] = {
      {"IRUSR", 0400}, {"IWUSR", 0200}, {"IXUSR", 0100}, {"IRWXU", 0700}, {"IRGRP", 040}, {"IWGRP", 020},
      {"IXGRP", 010},  {"IRWXG", 070},  {"IROTH", 04},   {"IWOTH", 02},   {"IXOTH", 01},  {"IRWXO", 07}};
  std::uint32_t mask = 0;
  for (std::size_t index = 0; index < arguments.count(); ++index) {
    std::string_view rest = arguments.word(index);
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find('|'), rest.size());
      const std::string word(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
      if (word.empty()) continue;
      const auto* const named =
          std::ranges::find(names, std::string_view(word), &std::pair<std::string_view, std::uint32_t>::first);
      char* stop = nullptr;
      const unsigned long number = std::strtoul(word.c_str(), &stop, 0);
      if (named == std::end(names) && (*stop != '\0' || number > 0777)) {
        return arguments.invalid(index, "an octal number such as 0177, or IRUSR|IWUSR|...");
      }
      mask |= named != std::end(names) ? named->second : static_cast<std::uint32_t>(number);
    }
  }
  settings.globals.file_mask = mask;
}

void set_dynamic_interfaces(G& settings, const Arguments& arguments) {
  if (arguments.count() > 0 && arguments.word() != "allow_if_changes") {
    return arguments.invalid(0, "nothing, or allow_if_changes");
  }
  settings.globals.dynamic_interfaces = true;
}

void set_default_interface(G& settings, const Arguments& arguments) {
  (void)arguments.read(settings.globals.default_interface);
}

void enable_rfc_mibs(G& settings, const Arguments&) {
  settings.globals.snmp.rfc_v2 = true;
  settings.globals.snmp.rfc_v3 = true;
}

// D-Bus specification, "Bus names": elements of letters, digits, _ and -, two at least, none begins with a digit.
bool is_bus_name(std::string_view name) {
  constexpr std::size_t longest = 255;
  if (name.empty() || name.size() > longest || name.find('.') == name.npos) return false;
  bool begins = true;
  for (const char each : name) {
    const bool is_letter = std::isalpha(static_cast<unsigned char>(each)) != 0 || each == '_' || each == '-';
    const bool is_digit = std::isdigit(static_cast<unsigned char>(each)) != 0;
    if (begins ? !is_letter : !(is_letter || is_digit || each == '.')) return false;
    begins = each == '.';
  }
  return !begins;
}

void set_bus_name(G& settings, const Arguments& arguments) {
  if (arguments.count() == 0) return arguments.missing("a bus name");
  if (!is_bus_name(arguments.word())) {
    return arguments.invalid(0, "a bus name such as org.keepalived.Vrrp1", "org.keepalived.Vrrp1 is used");
  }
  settings.globals.dbus.service = arguments.word();
}

// include_check is carried out while the files are read; here its words are judged.
void judge_include_check(G&, const Arguments& arguments) {
  constexpr auto known = std::to_array<std::string_view>({"read", "match", "wildcard_match", "brace_match"});
  for (std::size_t index = 0; index < arguments.count(); ++index) {
    std::string_view word = arguments.word(index);
    if (word.starts_with('+') || word.starts_with('-')) word.remove_prefix(1);
    if (std::ranges::find(known, word) == known.end()) {
      arguments.invalid(index, "read, match, wildcard_match or brace_match", "the word is ignored");
    }
  }
}

void set_extra_announcements(G& settings, const Arguments& arguments) {
  if (const auto extra = read_extra_announcements(arguments, false)) settings.defaults.extra_announcements = *extra;
}

template <auto Member>
void set_interface_prefix(G& settings, const Arguments& arguments) {
  if (arguments.count() == 0) return arguments.missing("a prefix of interface names");
  const std::string_view prefix = arguments.word();
  constexpr std::size_t longest = 11;  // IFNAMSIZ - 1, and ".255" follows
  if (prefix.empty() || prefix.size() > longest || prefix.find_first_of("/:") != std::string_view::npos) {
    return arguments.invalid(0, fmt::format("1 to {} bytes that an interface name may have", longest),
                             "the default is used");
  }
  settings.globals.*Member = prefix;
}

void set_firewall_table(G& settings, const Arguments& arguments) {
  if (arguments.count() == 0) return;  // the default name
  constexpr std::size_t longest = 31;  // as long as keepalived takes it
  const std::string_view name = arguments.word();
  const bool fits = !name.empty() && name.size() <= longest && std::isalpha(static_cast<unsigned char>(name[0])) != 0 &&
                    std::ranges::all_of(name, [](char each) {
                      return std::isalnum(static_cast<unsigned char>(each)) != 0 || each == '_' || each == '-' ||
                             each == '.' || each == '/';
                    });
  if (!fits) {
    return arguments.invalid(0, fmt::format("the name of a table, 1 to {} letters and digits", longest),
                             "the name 'keepalived' is used");
  }
  settings.globals.firewall.table = name;
}

// Baton has one firewall. Names of chains and sets are keepalived's arrangement with the rest of an iptables setup.
void judge_iptables(G&, const Arguments& arguments) {
  arguments.diagnostics().note(
      "nftables", arguments.position(),
      fmt::format("'{}': Baton keeps these rules in an nftables table of its own; iptables chains and ipsets stay as "
                  "they are",
                  arguments.name()),
      "write nftables, or nothing");
}

void set_ipvs_timeouts(G& settings, const Arguments& arguments) {
  read_ipvs_timeouts(arguments, settings.globals.ipvs.timeouts);
}
void set_ipvs_sync_daemon(G& settings, const Arguments& arguments) {
  read_ipvs_sync_daemon(arguments, settings.globals.ipvs.sync_daemon);
}

void set_plane(G& settings, const Arguments& arguments) {
  constexpr auto words = std::to_array<std::string_view>({"auto", "ipvs", "nftables"});
  if (const auto index = arguments.choice(words, "IPVS serves where the kernel has it, else nftables")) {
    settings.globals.ipvs.plane = static_cast<PlaneChoice>(*index);
  }
}

// lvs_flush_on_stop [VS].
void set_flush_on_stop(G& settings, const Arguments& arguments) {
  if (arguments.count() > 0 && arguments.word() != "VS") return arguments.invalid(0, "nothing, or VS");
  settings.globals.ipvs.flush_on_stop = arguments.count() > 0 ? FlushOnStop::own : FlushOnStop::everything;
}

void no_op(G&, const Arguments&) {}

// net_namespace_ipvs [NAME].
void set_ipvs_namespace(G& settings, const Arguments& arguments) {
  settings.globals.ipvs.net_namespace = arguments.word();
}

void no_fault_mail(G& settings, const Arguments&) {
  settings.globals.mail.on_fault = false;
}

constexpr Setting<G> global_settings[] = {
    {"router_id", set<&G::globals, &Globals::router_id>},
    {"notification_email", add_recipients},
    {"notification_email_from", set_mail_from},
    {"smtp_server", set_relay},
    {"smtp_helo_name", set<&G::globals, &Globals::mail, &Mail::helo_name>},
    {"smtp_connect_timeout", set_at_least_one<&G::globals, &Globals::mail, &Mail::connect_timeout>},
    {"smtp_tls", set_mail_security},
    {"smtp_user", set<&G::globals, &Globals::mail, &Mail::user>},
    {"smtp_password", set<&G::globals, &Globals::mail, &Mail::password>},
    {"smtp_password_file", set_mail_password_file},
    {"no_email_faults", no_fault_mail},
    {"smtp_alert", set<&G::defaults, &Defaults::smtp_alert>},
    {"smtp_alert_vrrp", set<&G::defaults, &Defaults::smtp_alert_vrrp>},
    {"smtp_alert_checker", set<&G::defaults, &Defaults::smtp_alert_checker>},
    {"checker_log_all_failures", set<&G::defaults, &Defaults::checker_log_all_failures>},
    {"lb_plane", set_plane},
    {"lvs_flush", set<&G::globals, &Globals::ipvs, &Ipvs::flush>},
    {"lvs_flush_on_stop", set_flush_on_stop},
    {"lvs_flush_onstop", set_flush_on_stop},
    {"lvs_timeouts", set_ipvs_timeouts},
    {"lvs_sync_daemon", set_ipvs_sync_daemon},
    {"rs_init_notifies", set<&G::globals, &Globals::ipvs, &Ipvs::tells_first_states>},
    {"startup_script", set_once<&G::globals, &Globals::startup_script, &TimedCommand::command>},
    {"startup_script_timeout", set<&G::globals, &Globals::startup_script, &TimedCommand::timeout>},
    {"shutdown_script", set_once<&G::globals, &Globals::shutdown_script, &TimedCommand::command>},
    {"shutdown_script_timeout", set<&G::globals, &Globals::shutdown_script, &TimedCommand::timeout>},
    {"script_user", set_script_user},
    {"enable_script_security", set<&G::globals, &Globals::script_security>},
    {"set_supplementary_groups", set<&G::globals, &Globals::supplementary_groups>},
    {"script_failure_is_success", set<&G::globals, &Globals::script_failure_is_success>},
    {"dynamic_interfaces", set_dynamic_interfaces},
    {"default_interface", set_default_interface},
    {"iproute_usr_dir", set<&G::globals, &Globals::iproute_user_directory>},
    {"iproute_etc_dir", set<&G::globals, &Globals::iproute_etc_directory>},
    {"vmac_prefix", set_interface_prefix<&Globals::vmac_prefix>},
    {"vmac_addr_prefix", set_interface_prefix<&Globals::vmac_address_prefix>},
    {"vrrp_garp_extra_if", set_extra_announcements},
    {"vrrp_vmac_garp_intvl", set_extra_announcements},
    {"nftables", set_firewall_table},
    {"nftables_priority", set<&G::globals, &Globals::firewall, &Firewall::priority>},
    {"nftables_counters", set<&G::globals, &Globals::firewall, &Firewall::counters>},
    {"nftables_ifindex", set<&G::globals, &Globals::firewall, &Firewall::by_index>},
    {"vrrp_iptables", judge_iptables},
    {"vrrp_ipsets", judge_iptables},
    {"enable_snmp_vrrp", set<&G::globals, &Globals::snmp, &Snmp::vrrp>},
    {"enable_snmp_keepalived", set<&G::globals, &Globals::snmp, &Snmp::vrrp>},
    {"enable_snmp_rfc", enable_rfc_mibs},
    {"enable_snmp_rfcv2", set<&G::globals, &Globals::snmp, &Snmp::rfc_v2>},
    {"enable_snmp_rfcv3", set<&G::globals, &Globals::snmp, &Snmp::rfc_v3>},
    {"enable_traps", set<&G::globals, &Globals::snmp, &Snmp::traps>},
    {"snmp_socket", set<&G::globals, &Globals::snmp, &Snmp::socket>},
    {"enable_dbus", set<&G::globals, &Globals::dbus, &Dbus::is_wanted>},
    {"dbus_service_name", set_bus_name},
    {"dbus_no_interface_name", set<&G::globals, &Globals::dbus, &Dbus::no_interface>},
    {"vrrp_version", set<&G::defaults, &Defaults::version>},
    {"vrrp_mcast_group4", set_group<Family::ipv4, &Defaults::multicast_group4>},
    {"vrrp_mcast_group6", set_group<Family::ipv6, &Defaults::multicast_group6>},
    {"vrrp_garp_master_delay", set<&G::defaults, &Defaults::announcement_settings, &A::master_delay>},
    {"vrrp_garp_master_repeat", set_at_least_one<&G::defaults, &Defaults::announcement_settings, &A::master_repeat>},
    {"vrrp_garp_master_refresh", set<&G::defaults, &Defaults::announcement_settings, &A::master_refresh>},
    {"vrrp_garp_master_refresh_repeat",
     set_at_least_one<&G::defaults, &Defaults::announcement_settings, &A::master_refresh_repeat>},
    {"vrrp_garp_lower_prio_delay", set<&G::defaults, &Defaults::announcement_settings, &A::lower_prio_delay>},
    {"vrrp_garp_lower_prio_repeat", set<&G::defaults, &Defaults::announcement_settings, &A::lower_prio_repeat>},
    {"vrrp_min_garp", set<&G::defaults, &Defaults::minimal_announcements>},
    {"vrrp_garp_interval", set<&G::globals, &Globals::garp_interval>},
    {"vrrp_gna_interval", set<&G::globals, &Globals::gna_interval>},
    {"vrrp_startup_delay", set<&G::globals, &Globals::startup_delay>},
    {"vrrp_delay_after_boot", set<&G::globals, &Globals::delay_after_boot>},
    {"vrrp_down_timer_adverts", set<&G::defaults, &Defaults::down_timer_adverts>},
    {"vrrp_lower_prio_no_advert", set<&G::defaults, &Defaults::lower_prio_no_advert>},
    {"vrrp_higher_prio_send_advert", set<&G::defaults, &Defaults::higher_prio_send_advert>},
    {"vrrp_owner_ignore_adverts", set<&G::defaults, &Defaults::owner_ignore_adverts>},
    {"vrrp_skip_check_adv_addr", set<&G::defaults, &Defaults::skip_check_adv_addr>},
    {"vrrp_check_unicast_src", set<&G::defaults, &Defaults::check_unicast_source>},
    {"vrrp_strict", set<&G::defaults, &Defaults::strict>},
    {"v3_checksum_as_v2", set<&G::defaults, &Defaults::v3_checksum_as_v2>},
    {"vrrp_notify_priority_changes", set<&G::defaults, &Defaults::notify_priority_changes>},
    {"make_before_break", set<&G::defaults, &Defaults::make_before_break>},
    {"verified_takeover", set<&G::defaults, &Defaults::verified_takeover>},
    {"notify_fifo", set_fifo<&Globals::notify_fifo>},
    {"notify_fifo_script", set_fifo_script<&Globals::notify_fifo>},
    {"lvs_notify_fifo", set_fifo<&Globals::lvs_notify_fifo>},
    {"lvs_notify_fifo_script", set_fifo_script<&Globals::lvs_notify_fifo>},
    {"vrrp_notify_fifo", set_fifo<&Globals::vrrp_notify_fifo>},
    {"vrrp_notify_fifo_script", set_fifo_script<&Globals::vrrp_notify_fifo>},
    {"fifo_write_vrrp_states_on_reload", set<&G::globals, &Globals::repeat_states_on_reload>},
    {"vrrp_priority", set<&G::globals, &Globals::nice>},
    {"vrrp_rt_priority", set_real_time_priority},
    {"vrrp_cpu_affinity", set_affinity},
    {"bfd_priority", set<&G::globals, &Globals::bfd_process, &BfdProcess::nice>},
    {"bfd_rt_priority", set_real_time_priority},
    {"bfd_cpu_affinity", set_affinity},
    {"bfd_rlimit_rttime", set<&G::globals, &Globals::bfd_process, &BfdProcess::real_time_limit_us>},
    {"bfd_rlimit_rtime", set<&G::globals, &Globals::bfd_process, &BfdProcess::real_time_limit_us>},
    {"vrrp_no_swap", set<&G::globals, &Globals::lock_memory>},
    {"vrrp_rlimit_rttime", set<&G::globals, &Globals::real_time_limit_us>},
    {"vrrp_rlimit_rtime", set<&G::globals, &Globals::real_time_limit_us>},
    {"log_unknown_vrids", set<&G::globals, &Globals::log_unknown_vrids>},
    {"umask", set_file_mask},
    {"include_check", judge_include_check},
    {"random_seed", no_op},  // carried out while the files are read
    {"reload_check_config", refuse_warnings},
    {"state_dump_file", set<&G::globals, &Globals::dumps, &Dumps::data_file>},
    {"stats_dump_file", set<&G::globals, &Globals::dumps, &Dumps::stats_file>},
    {"json_dump_file", set<&G::globals, &Globals::dumps, &Dumps::json_file>},
    {"reload_file", set_reload_marker},
    {"reload_time_file", set_reload_time_file},
    {"reload_repeat", set<&G::globals, &Globals::reload_times, &ReloadTimes::repeat>},
    {"data_use_instance", set<&G::globals, &Globals::dumps, &Dumps::use_instance>},
    {"json_version", set<&G::globals, &Globals::dumps, &Dumps::json_version>},
};

constexpr Setting<G> top_level_settings[] = {
    {"child_wait_time", set<&G::globals, &Globals::child_wait_time>},
    {"net_namespace", set<&G::globals, &Globals::net_namespace>},
    {"net_namespace_ipvs", set_ipvs_namespace},
    {"instance", set<&G::globals, &Globals::instance>},
};

void drop_incomplete(std::optional<NotifyFifo>& fifo) {
  if (fifo && fifo->path.empty()) fifo.reset();
}

void settle(GlobalSettings& settings, FileReader& reader) {
  Globals& globals = settings.globals;
  const std::string host = reader.host_name();
  if (globals.router_id.empty()) globals.router_id = host;
  if (globals.mail.helo_name.empty()) globals.mail.helo_name = host;
  if (globals.dumps.use_instance && !globals.instance.empty())
    globals.dumps.data_name = "keepalived." + globals.instance + ".data";
  if (globals.mail.from.empty()) globals.mail.from = "root@" + host;
  globals.mail.alert = settings.defaults.smtp_alert;
  globals.mail.alert_vrrp = settings.defaults.smtp_alert_vrrp;
  drop_incomplete(globals.notify_fifo);
  drop_incomplete(globals.vrrp_notify_fifo);
  drop_incomplete(globals.lvs_notify_fifo);
  Defaults& defaults = settings.defaults;
  Announcements base;
  if (defaults.minimal_announcements) base = {.master_delay = {}, .master_repeat = 1};
  defaults.announcements = defaults.announcement_settings.over(base);
  // Where nothing else is said, a lower master is answered as one's own start is announced.
  const AnnouncementSettings& given = defaults.announcement_settings;
  if (!given.lower_prio_delay) defaults.announcements.lower_prio_delay = defaults.announcements.master_delay;
  if (!given.lower_prio_repeat) defaults.announcements.lower_prio_repeat = defaults.announcements.master_repeat;
}

}  // namespace

Announcements AnnouncementSettings::over(const Announcements& base) const {
  return {.master_delay = master_delay.value_or(base.master_delay),
          .master_repeat = master_repeat.value_or(base.master_repeat),
          .master_refresh = master_refresh.value_or(base.master_refresh),
          .master_refresh_repeat = master_refresh_repeat.value_or(base.master_refresh_repeat),
          .lower_prio_delay = lower_prio_delay.value_or(base.lower_prio_delay),
          .lower_prio_repeat = lower_prio_repeat.value_or(base.lower_prio_repeat)};
}

GlobalSettings read_globals(const Context& context, const Statement& root) {
  GlobalSettings settings;
  settings.defaults.multicast_group4 = IpAddress::v4(0xe0000012);      // 224.0.0.18, RFC 9568 §5.1.1.2
  settings.defaults.multicast_group6 = *IpAddress::parse("ff02::12");  // RFC 9568 §5.1.2.2
  apply_settings(context, root, top_level_settings, settings);
  for (const Statement& block : root.children) {
    if (block.keyword() == "global_defs") apply_settings(context, block, global_settings, settings);
  }
  settle(settings, context.reader);
  return settings;
}

}  // namespace baton::config
