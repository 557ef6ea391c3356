#include "setup/balance_setup.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "setup/command.h"

namespace baton::setup {
namespace {

std::uint8_t protocol_number(config::Transport transport) {
  switch (transport) {
    case config::Transport::tcp: return 6;
    case config::Transport::udp: return 17;
    case config::Transport::sctp: return 132;
  }
  return 0;
}

std::string_view protocol_word(config::Transport transport) {
  switch (transport) {
    case config::Transport::tcp: return "tcp";
    case config::Transport::udp: return "udp";
    case config::Transport::sctp: return "sctp";
  }
  return "";
}

Destination to_destination(const config::Forwarding& forwarding) {
  Destination result;
  switch (forwarding.method) {
    case config::Forwarding::Method::nat: result.method = ForwardMethod::masquerade; break;
    case config::Forwarding::Method::direct: result.method = ForwardMethod::direct; break;
    case config::Forwarding::Method::tunnel: result.method = ForwardMethod::tunnel; break;
  }
  if (result.method != ForwardMethod::tunnel) return result;
  switch (forwarding.tunnel) {
    case config::TunnelType::ipip: result.tunnel = TunnelKind::ipip; break;
    case config::TunnelType::gue: result.tunnel = TunnelKind::gue; break;
    case config::TunnelType::gre: result.tunnel = TunnelKind::gre; break;
  }
  result.tunnel_port = forwarding.tunnel_port;
  switch (forwarding.checksum) {
    case config::TunnelChecksum::unset:
    case config::TunnelChecksum::none: break;
    case config::TunnelChecksum::full: result.tunnel_checks = TunnelChecks::full; break;
    case config::TunnelChecksum::remote: result.tunnel_checks = TunnelChecks::remote; break;
  }
  return result;
}

// The one after `address`; of the last one the first.
IpAddress next(const IpAddress& address) {
  Bytes bytes(address.bytes().begin(), address.bytes().end());
  for (std::size_t i = bytes.size(); i-- > 0;) {
    if (++bytes[i] != 0) break;
  }
  return IpAddress::from_bytes(bytes);
}

ServiceOptions to_options(const config::VirtualServer& server) {
  ServiceOptions options{.scheduler = std::string(config::name(server.scheduler)),
                         .persistence_seconds = server.persistence_seconds,
                         .persistence_prefix = server.persistence_prefix,
                         .persistence_engine = server.persistence_engine,
                         .masquerade = server.masquerade};
  if (options.persistence_prefix == 0) options.persistence_prefix = server.family == Family::ipv4 ? 32 : 128;
  if (server.persistence_seconds != 0) options.flags |= service_flag::persistent;
  if (server.one_packet) options.flags |= service_flag::one_packet;
  if (server.flags.first) options.flags |= service_flag::scheduler_1;
  if (server.flags.second) options.flags |= service_flag::scheduler_2;
  if (server.flags.third) options.flags |= service_flag::scheduler_3;
  return options;
}

balance::RealServer to_real_server(const config::RealServer& server) {
  balance::RealServer result{.key = {.address = server.address, .port = server.port},
                             .settings = to_destination(server.forwarding),
                             .inhibit_on_failure = server.inhibit_on_failure,
                             .checks = {}};
  result.settings.weight = server.weight;
  result.settings.upper_threshold = server.upper_threshold;
  result.settings.lower_threshold = server.lower_threshold;
  for (const config::HealthCheck& check : server.checks) {
    result.checks.push_back(
        {.starts_down = check.alpha, .adds_weight = std::holds_alternative<config::FileCheck>(check.kind)});
  }
  return result;
}

std::string title(const config::VirtualServer& server) {
  const config::GroupEntry& entry = server.entries.front();
  if (!server.group.empty()) return fmt::format("[{}]:{}", server.group, entry.port);
  if (entry.mark != 0) return fmt::format("FWM {}", entry.mark);
  return fmt::format("[{}]:{}:{}", to_string(entry.first), protocol_word(server.transport), entry.port);
}

VirtualServerHooks to_hooks(const config::VirtualServer& server, const config::Account& fallback) {
  VirtualServerHooks hooks{.name = title(server),
                           .quorum_up = to_command(server.quorum_up, fallback),
                           .quorum_down = to_command(server.quorum_down, fallback),
                           .smtp_alert = server.smtp_alert,
                           .servers = {}};
  for (const config::RealServer& real : server.real_servers) {
    hooks.servers.push_back(
        {.name = fmt::format("[{}]:{}:{}", to_string(real.address), protocol_word(server.transport), real.port),
         .up = to_command(real.notify_up, fallback),
         .down = to_command(real.notify_down, fallback),
         .smtp_alert = real.smtp_alert});
  }
  return hooks;
}

}  // namespace

std::vector<ServiceKey> service_keys(const config::VirtualServer& server) {
  std::vector<ServiceKey> keys;
  for (const config::GroupEntry& entry : server.entries) {
    if (entry.mark != 0) {
      keys.push_back(ServiceKey::of_mark(entry.mark, entry.family.value_or(server.family)));
      continue;
    }
    IpAddress address = entry.first;
    for (std::uint32_t i = 0; i < entry.count; ++i, address = next(address)) {
      keys.push_back(ServiceKey::of_address(protocol_number(server.transport), address, entry.port));
    }
  }
  std::set<ServiceKey> seen;
  std::erase_if(keys, [&](const ServiceKey& key) { return !seen.insert(key).second; });
  return keys;
}

std::set<ServiceKey> service_keys(const config::Configuration& configuration) {
  std::set<ServiceKey> keys;
  for (const config::VirtualServer& server : configuration.virtual_servers) {
    const std::vector<ServiceKey> of_server = service_keys(server);
    keys.insert(of_server.begin(), of_server.end());
  }
  return keys;
}

balance::Service make_service(const config::VirtualServer& server) {
  balance::Service result{.name = server.name,
                          .keys = service_keys(server),
                          .options = to_options(server),
                          .tells_the_end = server.omega,
                          .quorum = server.quorum,
                          .hysteresis = server.hysteresis,
                          .slow_start = server.slow_start,
                          .sorry = {},
                          .servers = {}};
  if (server.sorry_server) {
    const config::SorryServer& sorry = *server.sorry_server;
    result.sorry = balance::SorryServer{.key = {.address = sorry.address, .port = sorry.port},
                                        .settings = to_destination(sorry.forwarding),
                                        .inhibit = sorry.inhibit};
  }
  for (const config::RealServer& real : server.real_servers) result.servers.push_back(to_real_server(real));
  return result;
}

BalanceSetup make_balance_setup(const config::Configuration& configuration) {
  BalanceSetup setup;
  for (const config::VirtualServer& server : configuration.virtual_servers) {
    setup.services.push_back(make_service(server));
    setup.hooks.push_back(to_hooks(server, configuration.globals.script_user));
  }
  return setup;
}

std::vector<IpAddress> addresses_of(const std::vector<config::GroupEntry>& entries) {
  std::vector<IpAddress> addresses;
  for (const config::GroupEntry& entry : entries) {
    if (entry.mark != 0) continue;
    IpAddress address = entry.first;
    for (std::uint32_t i = 0; i < entry.count; ++i, address = next(address)) addresses.push_back(address);
  }
  return addresses;
}

std::vector<const config::HealthCheck*> checks_of(const config::Configuration& configuration) {
  std::vector<const config::HealthCheck*> checks;
  for (const config::VirtualServer& server : configuration.virtual_servers) {
    for (const config::RealServer& real : server.real_servers) {
      for (const config::HealthCheck& check : real.checks) checks.push_back(&check);
    }
  }
  return checks;
}

}  // namespace baton::setup
