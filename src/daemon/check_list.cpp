#include "daemon/check_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "checker/limits.h"
#include "config/bfd_peers.h"
#include "config/settings.h"
#include "daemon/bfd_list.h"

namespace baton::daemon {

namespace {

// FNV-1a, as of names in the script ledger.
void mix(CheckKey& key, std::string_view text) {
  for (const char letter : text) key = (key ^ static_cast<std::uint8_t>(letter)) * 0x100000001b3U;
  key = (key ^ 0xffU) * 0x100000001b3U;
}

// Another schedule does not make another check of it; another BFD session, of whatever name, does.
CheckKey key_of(std::string_view virtual_server, std::string_view real_server, const config::HealthCheck& check,
                const std::optional<CheckKey>& session = {}) {
  constexpr std::array of_schedule{"connect_timeout", "delay_loop", "retry",           "delay_before_retry",
                                   "warmup",          "rise",       "log_all_failures"};
  CheckKey key = 0xcbf29ce484222325U;
  mix(key, virtual_server);
  mix(key, real_server);
  for (const config::Setting& setting : config::settings_of(check)) {
    if (std::ranges::find(of_schedule, setting.keyword) != of_schedule.end()) continue;
    mix(key, setting.keyword);
    mix(key, setting.value);
  }
  if (session) mix(key, fmt::format("{}", *session));
  return key;
}

}  // namespace

std::string_view kind_of(const config::HealthCheck& check) {
  struct Names {
    std::string_view operator()(const config::TcpCheck&) const { return "TCP_CHECK"; }
    std::string_view operator()(const config::HttpCheck& http) const { return http.tls ? "SSL_GET" : "HTTP_GET"; }
    std::string_view operator()(const config::SmtpCheck&) const { return "SMTP_CHECK"; }
    std::string_view operator()(const config::DnsCheck&) const { return "DNS_CHECK"; }
    std::string_view operator()(const config::UdpCheck&) const { return "UDP_CHECK"; }
    std::string_view operator()(const config::PingCheck&) const { return "PING_CHECK"; }
    std::string_view operator()(const config::MiscCheck&) const { return "MISC_CHECK"; }
    std::string_view operator()(const config::FileCheck&) const { return "FILE_CHECK"; }
    std::string_view operator()(const config::BfdCheck&) const { return "BFD_CHECK"; }
    std::string_view operator()(const config::GrpcCheck&) const { return "GRPC_CHECK"; }
    std::string_view operator()(const config::TlsCheck&) const { return "TLS_CHECK"; }
  };
  return std::visit(Names{}, check.kind);
}

CheckKey key_of(const config::TrackedCheck& tracked) {
  return key_of("vrrp_check", tracked.name, tracked.check);
}

std::string target_of(const config::HealthCheck& check) {
  const config::CheckTarget* target = &check.target;
  if (const auto* smtp = std::get_if<config::SmtpCheck>(&check.kind)) target = &smtp->hosts.front();
  const std::string address = to_string(target->address);
  return target->port == 0 ? address : fmt::format("{} port {}", address, target->port);
}

std::vector<ListedCheck> list_checks(const config::Configuration& configuration, log::Logger& log) {
  std::vector<ListedCheck> listed;
  std::size_t beyond = 0;
  const auto session_of = [&](const config::HealthCheck& check) -> std::optional<CheckKey> {
    const auto* bfd = std::get_if<config::BfdCheck>(&check.kind);
    if (bfd == nullptr) return std::nullopt;
    const config::BfdSession* const session = config::session_of(*bfd, configuration);
    return session == nullptr ? std::nullopt : std::optional(verdict_key_of(*session));
  };
  const auto add = [&](ListedCheck check) {
    listed.size() == checker::limits::checks ? void(++beyond) : listed.push_back(std::move(check));
  };
  for (const config::VirtualServer& service : configuration.virtual_servers) {
    for (const config::RealServer& real : service.real_servers) {
      const std::string server = fmt::format("{} {}", to_string(real.address), real.port);
      for (const config::HealthCheck& check : real.checks) {
        const std::optional<CheckKey> session = session_of(check);
        add({.check = check,
             .label = fmt::format("{} of {} for {}", kind_of(check), server, service.name),
             .key = key_of(service.name, server, check, session),
             .session = session,
             .only_with = service.ha_suspend ? service.entries : std::vector<config::GroupEntry>()});
      }
    }
  }
  for (const config::TrackedCheck& tracked : configuration.checks) {
    add({.check = tracked.check,
         .label =
             fmt::format("vrrp_check {} ({} of {})", tracked.name, kind_of(tracked.check), target_of(tracked.check)),
         .key = key_of(tracked),
         .is_tracked = true});
  }
  if (beyond > 0) {
    log.error(fmt::format("{} health checks are too many; {} of them do not run", listed.size() + beyond, beyond));
  }
  return listed;
}

bool list_the_same_checks(const config::Configuration& left, const config::Configuration& right) {
  const auto same_server = [](const config::RealServer& a, const config::RealServer& b) {
    return a.address == b.address && a.port == b.port && a.checks == b.checks;
  };
  const auto same_service = [&](const config::VirtualServer& a, const config::VirtualServer& b) {
    return a.name == b.name && a.ha_suspend == b.ha_suspend && (!a.ha_suspend || a.entries == b.entries) &&
           std::ranges::equal(a.real_servers, b.real_servers, same_server);
  };
  const auto same_session = [](const config::BfdSession& a, const config::BfdSession& b) {
    return verdict_key_of(a) == verdict_key_of(b);
  };
  return left.checks == right.checks && std::ranges::equal(left.bfd_sessions, right.bfd_sessions, same_session) &&
         std::ranges::equal(left.virtual_servers, right.virtual_servers, same_service);
}

}  // namespace baton::daemon
