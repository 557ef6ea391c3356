// real_server, and how packets reach it.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "config/keyword_table.h"
#include "config/virtual_server_draft.h"

namespace baton::config {
namespace {

struct RealServerDraft {
  RealServer server;
  CheckSettings checks;
  std::optional<Forwarding> forwarding;
  std::optional<std::int32_t> weight;
  std::optional<bool> inhibit_on_failure;
  std::optional<bool> alpha;
  std::optional<bool> smtp_alert;
  std::optional<std::string> virtualhost;
};
using D = RealServerDraft;
using S = RealServer;
using C = CheckSettings;

constexpr Setting<D> real_server_settings[] = {
    {"weight", set<&D::weight>},
    {"lvs_method", set_forwarding<&D::forwarding>},
    {"uthreshold", set<&D::server, &S::upper_threshold>},
    {"lthreshold", set<&D::server, &S::lower_threshold>},
    {"inhibit_on_failure", set<&D::inhibit_on_failure>},
    {"notify_up", set_once<&D::server, &S::notify_up>},
    {"notify_down", set_once<&D::server, &S::notify_down>},
    {"alpha", set<&D::alpha>},
    {"smtp_alert", set<&D::smtp_alert>},
    {"virtualhost", set<&D::virtualhost>},
    {"snmp_name", set<&D::server, &S::snmp_name>},
    {"connect_timeout", set<&D::checks, &C::connect_timeout>},
    {"delay_loop", set<&D::checks, &C::delay_loop>},
    {"retry", set<&D::checks, &C::retry>},
    {"delay_before_retry", set<&D::checks, &C::delay_before_retry>},
    {"warmup", set<&D::checks, &C::warmup>},
};

CheckDefaults check_defaults(const RealServer& server, const CheckSettings& checks, const Defaults& defaults) {
  CheckDefaults result{.address = server.address,
                       .port = server.port,
                       .virtualhost = server.virtualhost,
                       .retry = checks.retry,
                       .delay_before_retry = checks.delay_before_retry,
                       .warmup = checks.warmup,
                       .alpha = server.alpha,
                       .log_all_failures = defaults.checker_log_all_failures};
  if (checks.connect_timeout) result.connect_timeout = *checks.connect_timeout;
  if (checks.delay_loop) result.delay_loop = *checks.delay_loop;
  return result;
}

void report_thresholds(const Context& context, RealServer& server) {
  if (server.lower_threshold == 0 || server.lower_threshold <= server.upper_threshold) return;
  context.diagnostics.warn("bad-value", context.position_of(server),
                           fmt::format("lthreshold {} is above uthreshold {}; it is ignored", server.lower_threshold,
                                       server.upper_threshold),
                           "give a higher uthreshold");
  server.lower_threshold = 0;
}

// "type ipip|gre", "type gue port N", and a word for the checksum.
void read_tunnel(const Arguments& arguments, std::size_t index, Forwarding& forwarding) {
  constexpr auto types = std::to_array<std::string_view>({"ipip", "gue", "gre"});
  constexpr auto checksums = std::to_array<std::string_view>({"", "nocsum", "csum", "remcsum"});
  for (; index < arguments.count(); ++index) {
    const std::string_view word = arguments.word(index);
    const auto* const checksum = std::ranges::find(checksums, word);
    if (word == "type") {
      const auto* const type = std::ranges::find(types, arguments.word(++index));
      if (type == types.end()) {
        arguments.invalid(std::min(index, arguments.count() - 1), "ipip, gue or gre", "ipip is used");
      } else {
        forwarding.tunnel = static_cast<TunnelType>(type - types.begin());
      }
    } else if (word == "port") {
      const auto port = read_port(arguments.context(), arguments.statement(), ++index + 1,
                                  fmt::format("{} is used", forwarding.tunnel_port));
      forwarding.tunnel_port = port.value_or(forwarding.tunnel_port);
    } else if (checksum != checksums.end()) {
      forwarding.checksum = static_cast<TunnelChecksum>(checksum - checksums.begin());
    } else {
      arguments.invalid(index, "type ipip, gre or gue, port NUMBER, nocsum, csum or remcsum", "the word is ignored");
    }
  }
}

}  // namespace

std::optional<Forwarding> read_forwarding(const Arguments& arguments, std::size_t index) {
  constexpr auto methods = std::to_array<std::string_view>({"NAT", "DR", "TUN"});
  if (arguments.count() <= index) {
    arguments.missing("NAT, DR or TUN");
    return std::nullopt;
  }
  const auto* const method = std::ranges::find(methods, arguments.word(index));
  if (method == methods.end()) {
    arguments.invalid(index, "NAT, DR or TUN");
    return std::nullopt;
  }
  Forwarding forwarding{.method = static_cast<Forwarding::Method>(method - methods.begin())};
  if (forwarding.method == Forwarding::Method::tunnel) read_tunnel(arguments, index + 1, forwarding);
  return forwarding;
}

std::optional<std::uint16_t> read_port(const Context& context, const Statement& statement, std::size_t index,
                                       std::string_view consequence) {
  constexpr std::int64_t most = 65'535;
  const bool is_there = index < statement.words.size();
  const std::string_view word = is_there ? statement.words[index].text : std::string_view();
  const std::optional<std::int64_t> port = parse_integer(word);
  if (port && *port >= 0 && *port <= most) return static_cast<std::uint16_t>(*port);
  context.diagnostics.warn("bad-value", statement.at(index),
                           fmt::format("{} is no port; {}", quoted(word), consequence),
                           fmt::format("give a number from 0 to {}", most));
  return std::nullopt;
}

std::optional<std::pair<IpAddress, std::uint16_t>> read_endpoint(const Context& context, const Statement& statement) {
  const std::string_view keyword = statement.keyword();
  if (statement.words.size() < 2) {
    context.diagnostics.error("missing-value", statement.at(1), fmt::format("'{}' needs an address", keyword),
                              "add it, or remove the line");
    return std::nullopt;
  }
  const std::optional<IpAddress> address = IpAddress::parse(statement.words[1].text);
  if (!address || address->is_unspecified()) {
    context.diagnostics.warn(
        "bad-address", statement.at(1),
        fmt::format("{} is no address of a server; the {} is ignored", quoted(statement.words[1].text), keyword),
        "write a numeric address");
    return std::nullopt;
  }
  if (statement.words.size() == 2) return std::pair(*address, std::uint16_t{0});
  const std::optional<std::uint16_t> port = read_port(context, statement, 2, fmt::format("the {} is ignored", keyword));
  if (!port) return std::nullopt;
  return std::pair(*address, *port);
}

std::optional<RealServer> read_real_server(const Context& context, const Statement& block,
                                           const RealServerDefaults& defaults) {
  const auto endpoint = read_endpoint(context, block);
  if (!endpoint) return std::nullopt;
  D draft;
  draft.server.address = endpoint->first;
  draft.server.port = endpoint->second == 0 ? defaults.port : endpoint->second;
  draft.server.place = make_place(block.position());
  apply_settings(context, block, real_server_settings, draft);
  RealServer server = std::move(draft.server);
  server.forwarding = draft.forwarding.value_or(defaults.server.forwarding);
  // Packets with a mark go on with the port they came to, where nothing rewrites them.
  const bool is_marked = defaults.server.group.empty() && defaults.server.entries.front().mark != 0;
  if (is_marked && server.forwarding.method != Forwarding::Method::nat) server.port = 0;
  server.weight = draft.weight.value_or(defaults.weight);
  server.inhibit_on_failure = draft.inhibit_on_failure.value_or(defaults.inhibit_on_failure);
  server.alpha = draft.alpha.value_or(defaults.server.alpha);
  server.smtp_alert = draft.smtp_alert.value_or(defaults.defaults.checker_alert().value_or(true));
  server.virtualhost = draft.virtualhost.value_or(defaults.server.virtualhost);
  report_thresholds(context, server);
  const CheckDefaults of_checks = check_defaults(server, draft.checks.over(defaults.checks), defaults.defaults);
  for (const Statement& child : block.children) {
    if (child.meaning == nullptr || child.meaning->kind != Kind::block) continue;
    if (auto check = read_health_check(context, child, of_checks, defaults.definitions))
      server.checks.push_back(std::move(*check));
  }
  return server;
}

}  // namespace baton::config
