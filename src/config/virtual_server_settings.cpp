// Virtual servers and the lvs_* words as settings.
#include <fmt/format.h>

#include "config/settings.h"

namespace baton::config {
namespace {

std::string yes(bool value) {
  return value ? "yes" : "no";
}
std::string command_text(const Rarely<Command>& command) {
  if (!command) return {};
  const Account& account = command->account;
  return fmt::format("{}{}{}{}{}", command->line, account.user.empty() ? "" : " user ", account.user,
                     account.group.empty() ? "" : " ", account.group);
}

std::string endpoint_text(const IpAddress& address, std::uint16_t port) {
  return port == 0 ? to_string(address) : fmt::format("{} {}", to_string(address), port);
}

std::string forwarding_text(const Forwarding& forwarding) {
  constexpr const char* methods[] = {"NAT", "DR", "TUN"};
  constexpr const char* tunnels[] = {"ipip", "gue", "gre"};
  constexpr const char* checksums[] = {"", " nocsum", " csum", " remcsum"};
  std::string text = methods[static_cast<std::size_t>(forwarding.method)];
  if (forwarding.method != Forwarding::Method::tunnel) return text;
  text += fmt::format(" type {}", tunnels[static_cast<std::size_t>(forwarding.tunnel)]);
  if (forwarding.tunnel_port != 0) text += fmt::format(" port {}", forwarding.tunnel_port);
  return text + checksums[static_cast<std::size_t>(forwarding.checksum)];
}

std::string entry_text(const GroupEntry& entry) {
  if (entry.mark != 0) {
    return fmt::format("fwmark {}{}", entry.mark,
                       !entry.family                   ? ""
                       : *entry.family == Family::ipv4 ? " inet"
                                                       : " inet6");
  }
  std::string text = to_string(entry.first);
  if (entry.count > 1) text += fmt::format(" and {} more", entry.count - 1);
  return entry.port == 0 ? text : fmt::format("{} {}", text, entry.port);
}

// One line, so that what a reload changes is said of the server as a whole.
std::string real_server_text(const RealServer& server) {
  std::string text = fmt::format("{} {} weight {}", endpoint_text(server.address, server.port),
                                 forwarding_text(server.forwarding), server.weight);
  if (server.upper_threshold != 0) text += fmt::format(" uthreshold {}", server.upper_threshold);
  if (server.lower_threshold != 0) text += fmt::format(" lthreshold {}", server.lower_threshold);
  if (server.inhibit_on_failure) text += " inhibit_on_failure";
  if (server.alpha) text += " alpha";
  if (server.notify_up) text += " notify_up " + command_text(server.notify_up);
  if (server.notify_down) text += " notify_down " + command_text(server.notify_down);
  if (!server.smtp_alert) text += " smtp_alert no";
  if (!server.virtualhost.empty()) text += " virtualhost " + server.virtualhost;
  if (!server.snmp_name.empty()) text += " snmp_name " + server.snmp_name;
  return text;
}

std::string check_text(const HealthCheck& check) {
  std::string text;
  for (const Setting& setting : settings_of(check)) {
    if (setting.value.empty()) continue;
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", setting.keyword, setting.value);
  }
  return text;
}

std::string persistence_text(const VirtualServer& server) {
  std::string text = server.persistence_seconds == 0 ? "" : fmt::format("{} s", server.persistence_seconds);
  if (server.persistence_prefix != 0) text += fmt::format(" /{}", server.persistence_prefix);
  return server.persistence_engine.empty() ? text : text + " engine " + server.persistence_engine;
}

std::string flags_text(const VirtualServer& server) {
  return fmt::format("{}{}{}{}", server.flags.first ? "1" : "", server.flags.second ? "2" : "",
                     server.flags.third ? "3" : "", server.one_packet ? " ops" : "");
}

}  // namespace

Settings settings_of(const VirtualServer& server) {
  constexpr const char* transports[] = {"TCP", "UDP", "SCTP"};
  Settings list{{"virtual_server", server.name},
                {"virtual_server_group", server.group},
                {"protocol", transports[static_cast<std::size_t>(server.transport)]},
                {"ip_family", server.family == Family::ipv4 ? "inet" : "inet6"},
                {"lvs_sched", std::string(name(server.scheduler))},
                {"flags", flags_text(server)},
                {"lvs_method", forwarding_text(server.forwarding)},
                {"lb_masquerade", yes(server.masquerade)},
                {"persistence", persistence_text(server)},
                {"ha_suspend", yes(server.ha_suspend)},
                {"alpha", yes(server.alpha)},
                {"omega", yes(server.omega)},
                {"quorum", std::to_string(server.quorum)},
                {"hysteresis", std::to_string(server.hysteresis)},
                {"slow_start", fmt::format("{:g} s", std::chrono::duration<double>(server.slow_start).count())},
                {"quorum_up", command_text(server.quorum_up)},
                {"quorum_down", command_text(server.quorum_down)},
                {"smtp_alert", yes(server.smtp_alert)},
                {"virtualhost", server.virtualhost},
                {"snmp_name", server.snmp_name}};
  for (const GroupEntry& entry : server.entries) list.push_back({"serves", entry_text(entry)});
  if (server.sorry_server) {
    const SorryServer& sorry = *server.sorry_server;
    list.push_back({"sorry_server", fmt::format("{} {}{}", endpoint_text(sorry.address, sorry.port),
                                                forwarding_text(sorry.forwarding), sorry.inhibit ? " inhibit" : "")});
  }
  for (const RealServer& real : server.real_servers) {
    list.push_back({"real_server", real_server_text(real)});
    for (const HealthCheck& check : real.checks) {
      list.push_back({"check", fmt::format("{}: {}", endpoint_text(real.address, real.port), check_text(check))});
    }
  }
  return list;
}

Settings settings_of(const VirtualServerGroup& group) {
  Settings list;
  for (const GroupEntry& entry : group.entries) list.push_back({"entry", entry_text(entry)});
  return list;
}

Settings settings_of(const Ipvs& ipvs) {
  const auto seconds = [](const std::optional<std::uint32_t>& value) {
    return value ? fmt::format("{} s", *value) : std::string();
  };
  Settings list{{"lb_plane", std::string(name(ipvs.plane))},
                {"lvs_flush", yes(ipvs.flush)},
                {"lvs_flush_on_stop", yes(ipvs.flush_on_stop == FlushOnStop::everything)},
                {"lvs_timeouts tcp", seconds(ipvs.timeouts.tcp)},
                {"lvs_timeouts tcpfin", seconds(ipvs.timeouts.tcp_fin)},
                {"lvs_timeouts udp", seconds(ipvs.timeouts.udp)}};
  std::string text;
  if (ipvs.sync_daemon) {
    const IpvsSyncDaemon& daemon = *ipvs.sync_daemon;
    text = daemon.interface;
    if (!daemon.instance.empty()) text += " inst " + daemon.instance;
    if (daemon.id) text += fmt::format(" id {}", *daemon.id);
    text += fmt::format(" maxlen {} port {} ttl {}", daemon.most_bytes, daemon.port, daemon.ttl);
    if (daemon.group) text += " group " + to_string(*daemon.group);
  }
  list.push_back({"lvs_sync_daemon", text});
  list.push_back({"rs_init_notifies", yes(ipvs.tells_first_states)});
  const std::string place =
      ipvs.net_namespace.value_or("").empty() ? "where the daemon was started" : ipvs.net_namespace.value_or("");
  list.push_back({"net_namespace_ipvs", ipvs.net_namespace ? place : std::string()});
  return list;
}

}  // namespace baton::config
