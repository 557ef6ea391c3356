// virtual_server_group and virtual_server.
#include "config/virtual_server.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cctype>
#include <charconv>
#include <set>

#include <fmt/format.h>

#include "config/limits.h"
#include "config/virtual_server_draft.h"

namespace baton::config {
namespace {

constexpr auto scheduler_names = std::to_array<std::string_view>(
    {"rr", "wrr", "lc", "wlc", "lblc", "lblcr", "sh", "mh", "dh", "fo", "ovf", "sed", "nq", "twos"});

constexpr std::uint32_t longest_persistence = 31U * 24 * 3600;  // seconds; the kernel takes no longer timeout
constexpr std::uint32_t usual_persistence = 360;

struct VirtualServerDraft {
  VirtualServer server;
  const Context& context;
  const Defaults& defaults;
  const Definitions& definitions;
  CheckSettings checks;
  std::optional<Transport> transport;
  std::optional<Family> family;
  bool granularity_is_netmask = false;
  std::optional<Scheduler> scheduler;
  std::optional<Forwarding> forwarding;
  std::optional<bool> smtp_alert;
  std::int32_t weight = 1;
  bool inhibit_on_failure = false;
  std::optional<SorryServer> sorry;
  std::optional<Forwarding> sorry_forwarding;
  bool sorry_inhibit = false;
  std::vector<const Statement*> real_servers;  // read when everything they inherit is
};
using D = VirtualServerDraft;
using S = VirtualServer;
using C = CheckSettings;

void set_transport(D& draft, const Arguments& arguments) {
  if (arguments.count() == 0) return arguments.missing("TCP, UDP or SCTP");
  std::string word(arguments.word());
  std::ranges::transform(word, word.begin(), [](unsigned char each) { return std::toupper(each); });
  constexpr auto words = std::to_array<std::string_view>({"TCP", "UDP", "SCTP"});
  const auto* const found = std::ranges::find(words, word);
  if (found == words.end()) return arguments.invalid(0, "TCP, UDP or SCTP");
  draft.transport = static_cast<Transport>(found - words.begin());
}

void set_family(D& draft, const Arguments& arguments) {
  constexpr auto words = std::to_array<std::string_view>({"inet", "inet6"});
  const auto index = arguments.choice(words, "the line is ignored");
  if (index) draft.family = *index == 0 ? Family::ipv4 : Family::ipv6;
}

void set_scheduler(D& draft, const Arguments& arguments) {
  const auto index = arguments.choice(scheduler_names, "wlc is used");
  if (index) draft.scheduler = static_cast<Scheduler>(*index);
}

template <auto Flag, Scheduler... schedulers>
void set_flag(D& draft, const Arguments& arguments) {
  const bool fits = sizeof...(schedulers) == 0 || ((draft.scheduler == schedulers) || ...);
  if (!fits) {
    return arguments.diagnostics().warn(
        "bad-value", arguments.position(),
        fmt::format("'{}' is a flag of another scheduler and is ignored", arguments.name()),
        fmt::format("write lvs_sched {} above it", arguments.name().substr(0, 2)));
  }
  draft.server.flags.*Flag = true;
}

// PROTOCOL's seconds, 360 without a number.
void set_persistence(D& draft, const Arguments& arguments) {
  if (arguments.count() == 0) {
    draft.server.persistence_seconds = usual_persistence;
    return;
  }
  const std::optional<std::int64_t> seconds = parse_integer(arguments.word());
  if (!seconds || *seconds < 1 || *seconds > longest_persistence) {
    return arguments.invalid(0, fmt::format("nothing, or 1 to {} seconds", longest_persistence));
  }
  draft.server.persistence_seconds = static_cast<std::uint32_t>(*seconds);
}

// A netmask, or a prefix length.
void set_granularity(D& draft, const Arguments& arguments) {
  if (arguments.count() == 0) return arguments.missing("a netmask or a prefix length");
  const std::string_view word = arguments.word();
  constexpr std::int64_t longest = 128;
  std::optional<std::int64_t> length = parse_integer(word);
  if (const auto mask = IpAddress::parse(word); mask && mask->is_v4()) {
    const std::uint32_t bits = mask->v4_host_order();
    const int ones = std::countl_one(bits);
    if (ones == std::popcount(bits)) length = ones;
  }
  if (!length || *length < 1 || *length > longest) {
    return arguments.invalid(0, "a netmask such as 255.255.255.0, or a prefix length from 1 to 128");
  }
  draft.server.persistence_prefix = static_cast<std::uint8_t>(*length);
  draft.granularity_is_netmask = !parse_integer(word);
}

// Seconds of a keyword whose range the table does not have.
void set_connect_timeout(D& draft, const Arguments& arguments) {
  if (arguments.count() == 0) return arguments.missing("a number of seconds");
  const std::optional<Duration> seconds = parse_seconds(arguments.word());
  if (!seconds || *seconds <= Duration::zero()) return arguments.invalid(0, "a number of seconds above 0");
  draft.checks.connect_timeout = *seconds;
}

void set_sorry_server(D& draft, const Arguments& arguments) {
  const auto endpoint = read_endpoint(draft.context, arguments.statement());
  if (endpoint) draft.sorry = SorryServer{.address = endpoint->first, .port = endpoint->second};
}

void add_real_server(D& draft, const Arguments& arguments) {
  draft.real_servers.push_back(&arguments.statement());
}

void report_hashed(D&, const Arguments& arguments) {
  arguments.diagnostics().note("without-effect", arguments.position(), "'hashed' has no effect", "remove it");
}

constexpr Setting<D> server_settings[] = {
    {"protocol", set_transport},
    {"ip_family", set_family},
    {"lvs_sched", set_scheduler},
    {"lb_algo", set_scheduler},
    {"lvs_method", set_forwarding<&D::forwarding>},
    {"lb_kind", set_forwarding<&D::forwarding>},
    {"hashed", report_hashed},
    {"ops", set<&D::server, &S::one_packet>},
    {"lb_masquerade", set<&D::server, &S::masquerade>},
    {"flag-1", set_flag<&SchedulerFlags::first>},
    {"flag-2", set_flag<&SchedulerFlags::second>},
    {"flag-3", set_flag<&SchedulerFlags::third>},
    {"sh-fallback", set_flag<&SchedulerFlags::first, Scheduler::sh>},
    {"sh-port", set_flag<&SchedulerFlags::second, Scheduler::sh>},
    {"mh-fallback", set_flag<&SchedulerFlags::first, Scheduler::mh>},
    {"mh-port", set_flag<&SchedulerFlags::second, Scheduler::mh>},
    {"persistence_timeout", set_persistence},
    {"persistence_granularity", set_granularity},
    {"persistence_engine", set<&D::server, &S::persistence_engine>},
    {"ha_suspend", set<&D::server, &S::ha_suspend>},
    {"alpha", set<&D::server, &S::alpha>},
    {"omega", set<&D::server, &S::omega>},
    {"quorum", set<&D::server, &S::quorum>},
    {"hysteresis", set<&D::server, &S::hysteresis>},
    {"slow_start", set<&D::server, &S::slow_start>},
    {"quorum_up", set_once<&D::server, &S::quorum_up>},
    {"quorum_down", set_once<&D::server, &S::quorum_down>},
    {"smtp_alert", set<&D::smtp_alert>},
    {"virtualhost", set<&D::server, &S::virtualhost>},
    {"snmp_name", set<&D::server, &S::snmp_name>},
    {"weight", set<&D::weight>},
    {"inhibit_on_failure", set<&D::inhibit_on_failure>},
    {"connect_timeout", set_connect_timeout},
    {"delay_loop", set<&D::checks, &C::delay_loop>},
    {"retry", set<&D::checks, &C::retry>},
    {"delay_before_retry", set<&D::checks, &C::delay_before_retry>},
    {"warmup", set<&D::checks, &C::warmup>},
    {"sorry_server", set_sorry_server},
    {"sorry_server_inhibit", set<&D::sorry_inhibit>},
    {"sorry_server_lvs_method", set_forwarding<&D::sorry_forwarding>},
    {"real_server", add_real_server},
};

// ---------------------------------------------------------------- what it serves

std::optional<std::uint32_t> read_mark(const Context& context, const Statement& statement, std::size_t index) {
  const std::string_view word = index < statement.words.size() ? statement.words[index].text : std::string_view();
  const std::optional<std::int64_t> mark = parse_integer(word);
  if (mark && *mark >= 1 && *mark <= 0xffffffff) return static_cast<std::uint32_t>(*mark);
  context.diagnostics.warn("bad-value", statement.at(index), fmt::format("{} is no firewall mark", quoted(word)),
                           "give a number from 1 to 4294967295");
  return std::nullopt;
}

// "10.0.0.1", "10.0.0.1-20", "fd00::1-2f": the last part of the address goes on to the number, as the family writes it.
std::optional<GroupEntry> read_range(std::string_view word) {
  const std::size_t dash = word.find('-');
  const std::optional<IpAddress> first = IpAddress::parse(word.substr(0, dash));
  if (!first) return std::nullopt;
  GroupEntry entry{.first = *first};
  if (dash == std::string_view::npos) return entry;
  const std::string_view digits = word.substr(dash + 1);
  const int base = first->is_v4() ? 10 : 16;
  const std::uint32_t most = first->is_v4() ? 0xff : 0xffff;
  std::uint32_t end = 0;
  const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), end, base);
  if (error != std::errc{} || stop != digits.data() + digits.size() || end > most) return std::nullopt;
  const ByteView bytes = first->bytes();
  const std::size_t size = bytes.size();
  const std::uint32_t begin =
      first->is_v4() ? bytes[size - 1] : static_cast<std::uint32_t>(bytes[size - 2]) << 8 | bytes[size - 1];
  if (end < begin) return std::nullopt;
  entry.count = end - begin + 1;
  return entry;
}

// fwmark NUMBER [inet|inet6], or ADDRESS[-END] [PORT], the words from `index` on.
std::optional<GroupEntry> read_entry(const Context& context, const Statement& line, std::size_t index) {
  const std::string_view word = line.words[index].text;
  if (word == "fwmark") {
    const auto mark = read_mark(context, line, index + 1);
    if (!mark) return std::nullopt;
    GroupEntry entry{.mark = *mark};
    if (index + 2 < line.words.size()) {
      const std::string_view family = line.words[index + 2].text;
      if (family == "inet") entry.family = Family::ipv4;
      if (family == "inet6") entry.family = Family::ipv6;
    }
    return entry;
  }
  std::optional<GroupEntry> entry = read_range(word);
  if (!entry) {
    context.diagnostics.warn("bad-address", line.at(index),
                             fmt::format("{} is no address and no range of addresses; it is ignored", quoted(word)),
                             "write 10.0.0.1 or 10.0.0.1-20, fd00::1 or fd00::1-1f");
    return std::nullopt;
  }
  if (index + 1 < line.words.size()) {
    const auto port = read_port(context, line, index + 1, "the entry is ignored");
    if (!port) return std::nullopt;
    entry->port = *port;
  }
  return entry;
}

// virtual_server ADDRESS [PORT], fwmark NUMBER, group NAME. False: reported, and the block is of no use.
bool read_title(const Context& context, const Statement& block, const ByName<VirtualServerGroup>& groups,
                VirtualServer& server) {
  if (block.words.size() < 2) {
    context.diagnostics.error("missing-value", block.at(1), "'virtual_server' needs an address, a mark or a group",
                              "write virtual_server ADDRESS PORT {");
    return false;
  }
  for (std::size_t index = 1; index < block.words.size(); ++index) {
    server.name += (index > 1 ? " " : "") + std::string(block.words[index].text);
  }
  if (block.words[1].text != "group") {
    const auto entry = read_entry(context, block, 1);
    if (entry) server.entries.push_back(*entry);
    return entry.has_value();
  }
  const std::string_view name = block.words.size() > 2 ? block.words[2].text : std::string_view();
  const auto group = groups.find(name);
  if (group == groups.end()) {
    context.diagnostics.warn(
        "not-defined", block.at(2),
        fmt::format("no virtual_server_group is named {}; the virtual_server is ignored", quoted(name)),
        fmt::format("define it with virtual_server_group {} {{ ... }}", name));
    return false;
  }
  server.group = group->second->name;
  server.entries = group->second->entries;
  return true;
}

// ---------------------------------------------------------------- what it means together

void warn(const D& draft, std::string_view id, std::string message, std::string mend) {
  draft.context.diagnostics.warn(id, draft.context.position_of(draft.server), std::move(message), std::move(mend));
}

void settle_choices(D& draft) {
  VirtualServer& server = draft.server;
  if (!draft.scheduler) {
    warn(draft, "incomplete-block", fmt::format("virtual_server {} names no scheduler; wlc is used", server.name),
         "add lvs_sched rr, or another one");
  }
  if (!draft.forwarding) {
    warn(draft, "incomplete-block",
         fmt::format("virtual_server {} does not say how to forward; NAT is used", server.name),
         "add lvs_method NAT, DR or TUN");
  }
  const bool has_address = std::ranges::any_of(server.entries, [](const GroupEntry& each) { return each.mark == 0; });
  if (!draft.transport && has_address) {
    warn(draft, "incomplete-block", fmt::format("virtual_server {} names no protocol; UDP is used", server.name),
         "add protocol TCP, UDP or SCTP");
  }
  server.transport = draft.transport.value_or(Transport::udp);
  constexpr const char* transports[] = {" TCP", " UDP", " SCTP"};
  if (has_address) server.name += transports[static_cast<std::size_t>(server.transport)];
  server.scheduler = draft.scheduler.value_or(Scheduler::wlc);
  server.forwarding = draft.forwarding.value_or(Forwarding{});
  server.smtp_alert = draft.smtp_alert.value_or(draft.defaults.checker_alert().value_or(false));
  if (server.persistence_prefix != 0 && server.persistence_seconds == 0) {
    server.persistence_seconds = usual_persistence;
  }
  if (server.one_packet && server.transport != Transport::udp) {
    warn(draft, "bad-value", fmt::format("ops is for UDP; virtual_server {} does without", server.name), "remove ops");
    server.one_packet = false;
  }
}

void settle_suspension(D& draft) {
  VirtualServer& server = draft.server;
  const bool has_address = std::ranges::any_of(server.entries, [](const GroupEntry& each) { return each.mark == 0; });
  if (!server.ha_suspend || has_address) return;
  warn(draft, "no-effect",
       fmt::format("ha_suspend of virtual_server {} has no effect: a mark has no address to look for", server.name),
       "remove it, or serve an address");
  server.ha_suspend = false;
}

void settle_real_servers(D& draft) {
  VirtualServer& server = draft.server;
  const std::uint16_t port = server.group.empty() ? server.entries.front().port : std::uint16_t{0};
  const RealServerDefaults defaults{.defaults = draft.defaults,
                                    .definitions = draft.definitions,
                                    .server = server,
                                    .checks = draft.checks,
                                    .weight = draft.weight,
                                    .inhibit_on_failure = draft.inhibit_on_failure,
                                    .port = port};
  std::set<Endpoint> taken;
  for (const Statement* block : draft.real_servers) {
    auto real = read_real_server(draft.context, *block, defaults);
    if (!real) continue;
    if (!taken.insert(endpoint_of(*real)).second) {
      draft.context.diagnostics.warn(
          "given-twice", block->position(),
          fmt::format("real_server {} {} was given before; this one is ignored", to_string(real->address), real->port),
          "remove one of them");
      continue;
    }
    server.real_servers.push_back(std::move(*real));
  }
  if (draft.sorry) {
    SorryServer sorry = *draft.sorry;
    if (sorry.port == 0) sorry.port = port;
    sorry.forwarding = draft.sorry_forwarding.value_or(server.forwarding);
    sorry.inhibit = draft.sorry_inhibit;
    server.sorry_server = sorry;
  }
}

void settle_family(D& draft) {
  VirtualServer& server = draft.server;
  const auto address = std::ranges::find(server.entries, 0U, &GroupEntry::mark);
  if (address != server.entries.end()) {
    server.family = address->first.family();
  } else if (draft.family) {
    server.family = *draft.family;
  } else if (!server.real_servers.empty()) {
    server.family = server.real_servers.front().address.family();
  }
  for (GroupEntry& entry : server.entries) {
    if (entry.mark != 0 && !entry.family) entry.family = server.family;
  }
}

// A netmask was given, or a length, before the family was known.
void settle_granularity(D& draft) {
  VirtualServer& server = draft.server;
  const std::uint8_t longest = server.family == Family::ipv4 ? 32 : 128;
  const bool is_other_netmask = draft.granularity_is_netmask && server.family == Family::ipv6;
  if (server.persistence_prefix <= longest && !is_other_netmask) return;
  warn(draft, "bad-value",
       fmt::format("persistence_granularity of virtual_server {} does not fit {}; each client counts for itself",
                   server.name, server.family == Family::ipv4 ? "IPv4" : "IPv6"),
       fmt::format("give a prefix length from 1 to {}", longest));
  server.persistence_prefix = 0;
}

// Between the families only a tunnel leads.
void drop_other_families(D& draft) {
  VirtualServer& server = draft.server;
  const auto is_out_of_reach = [&](const IpAddress& address, const Forwarding& forwarding) {
    return address.family() != server.family && forwarding.method != Forwarding::Method::tunnel;
  };
  const auto say = [&](std::string_view what, const IpAddress& address, std::uint16_t port, const Position& position) {
    draft.context.diagnostics.warn("bad-address", position,
                                   fmt::format("{} {} {} is of another family than virtual_server {} and is ignored",
                                               what, to_string(address), port, server.name),
                                   "give it an address of the same family, or lvs_method TUN");
  };
  std::erase_if(server.real_servers, [&](const RealServer& real) {
    if (!is_out_of_reach(real.address, real.forwarding)) return false;
    say("real_server", real.address, real.port, draft.context.position_of(real));
    return true;
  });
  if (server.sorry_server && is_out_of_reach(server.sorry_server->address, server.sorry_server->forwarding)) {
    say("sorry_server", server.sorry_server->address, server.sorry_server->port, draft.context.position_of(server));
    server.sorry_server.reset();
  }
}

// Of one that answers directly, or through a tunnel, the service's port is asked, as keepalived does.
void say_unused_ports(const D& draft) {
  const VirtualServer& server = draft.server;
  if (!server.group.empty() || server.entries.front().mark != 0) return;
  for (const RealServer& real : server.real_servers) {
    if (real.forwarding.method == Forwarding::Method::nat || real.port == server.entries.front().port) continue;
    draft.context.diagnostics.warn(
        "bad-value", draft.context.position_of(real),
        fmt::format("real_server {} {}: with DR and TUN packets come at the port of the virtual server, {}",
                    to_string(real.address), real.port, server.entries.front().port),
        "give it the same port; for another one lvs_method NAT is needed");
  }
}

// A quorum above the weight of all real servers is lowered to it, as keepalived does; the band around it stays.
void settle_quorum(D& draft) {
  VirtualServer& server = draft.server;
  std::uint64_t all = 0;
  for (const RealServer& each : server.real_servers) all += static_cast<std::uint64_t>(each.weight);
  const std::uint64_t wanted = server.quorum + std::uint64_t{server.hysteresis};
  if (wanted > all && !server.real_servers.empty()) {
    warn(draft, "bad-value",
         fmt::format("the real servers of virtual_server {} weigh {}, which does not reach quorum {} and hysteresis {}",
                     server.name, all, server.quorum, server.hysteresis),
         "give a smaller quorum");
    server.quorum = std::max<std::uint32_t>(1, static_cast<std::uint32_t>(std::min<std::uint64_t>(all, server.quorum)));
  }
  if (server.hysteresis < server.quorum) return;
  warn(draft, "bad-value",
       fmt::format("hysteresis {} is not below quorum {} of virtual_server {}; {} is used", server.hysteresis,
                   server.quorum, server.name, server.quorum - 1),
       "give a smaller one");
  server.hysteresis = server.quorum - 1;
}

}  // namespace

std::string_view name(PlaneChoice choice) {
  switch (choice) {
    case PlaneChoice::automatic: return "auto";
    case PlaneChoice::ipvs: return "ipvs";
    case PlaneChoice::nftables: return "nftables";
  }
  return {};
}

std::string_view name(Scheduler scheduler) {
  return scheduler_names[static_cast<std::size_t>(scheduler)];
}

std::optional<VirtualServerGroup> read_virtual_server_group(const Context& context, const Statement& list) {
  const std::optional<std::string> name = read_name(context, list);
  if (!name) return std::nullopt;
  VirtualServerGroup group{.name = *name, .place = make_place(list.position())};
  for (const Statement& line : list.children) {
    if (auto entry = read_entry(context, line, 0)) group.entries.push_back(*entry);
  }
  if (group.entries.empty()) {
    context.diagnostics.warn("empty-block", list.position(),
                             fmt::format("virtual_server_group {} is empty and is ignored", quoted(group.name)),
                             "add an address, or remove it");
    return std::nullopt;
  }
  return group;
}

std::optional<VirtualServer> read_virtual_server(const Context& context, const Statement& block,
                                                 const Defaults& defaults, const Definitions& definitions,
                                                 const ByName<VirtualServerGroup>& groups) {
  D draft{.context = context, .defaults = defaults, .definitions = definitions};
  draft.server.place = make_place(block.position());
  if (!read_title(context, block, groups, draft.server)) return std::nullopt;
  apply_settings(context, block, server_settings, draft);
  settle_choices(draft);
  settle_suspension(draft);
  settle_real_servers(draft);
  settle_family(draft);
  settle_granularity(draft);
  drop_other_families(draft);
  settle_quorum(draft);
  say_unused_ports(draft);
  if (draft.server.real_servers.empty()) {
    warn(draft, "empty-block", fmt::format("virtual_server {} has no real_server and is ignored", draft.server.name),
         "add a real_server, or remove it");
    return std::nullopt;
  }
  return std::move(draft.server);
}

}  // namespace baton::config
