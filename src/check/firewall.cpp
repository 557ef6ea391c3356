#include "check/firewall.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "check/file_rules.h"
#include "check/limits.h"
#include "check/routers.h"
#include "ruleset/read.h"

namespace baton::check {
namespace {

using config::Instance;
using ruleset::AdvertPacket;
using ruleset::Direction;
using ruleset::Judgement;

constexpr std::uint8_t vrrp = 112;
constexpr std::uint8_t ah = 51;

// Adverts that look alike to every filter, and who sends or hears them first.
struct Kind {
  AdvertPacket packet;
  const CheckedFile* file = nullptr;
  const Instance* instance = nullptr;
};

std::uint8_t protocol_of(const Instance& instance) {
  return instance.authentication.type == config::AuthType::ah ? ah : vrrp;
}

std::string_view name_of(std::uint8_t protocol) {
  return protocol == ah ? "ah" : "vrrp";
}

class Kinds {
 public:
  explicit Kinds(std::span<const CheckedFile> files) : files_(files) {
    for (const CheckedFile& file : files) {
      for (const Instance& instance : file.configuration().instances) add(file, instance);
    }
  }

  const std::vector<Kind>& all() const { return kinds_; }

 private:
  void add(const CheckedFile& file, const Instance& instance) {
    AdvertPacket packet{.protocol = protocol_of(instance),
                        .interface = instance.interface,
                        .is_interface_sure = !instance.virtual_interface && instance.vrf.empty(),
                        .destination = instance.multicast_group,
                        .source = {},
                        .home = home_of(instance),
                        .ttl = instance.ttl.value_or(255)};
    if (!instance.peers.empty()) return add_unicast(file, instance, packet);
    packet.source = instance.source;
    add_as(Direction::out, packet, file, instance);
    const std::vector<IpAddress> senders = senders_to(file, instance);
    packet.source.reset();
    if (senders.empty()) add_as(Direction::in, packet, file, instance);
    for (const IpAddress& sender : senders) {
      packet.source = sender;
      add_as(Direction::in, packet, file, instance);
    }
  }

  void add_unicast(const CheckedFile& file, const Instance& instance, AdvertPacket packet) {
    const std::size_t most = std::min(instance.peers.size(), limits::candidates);
    for (const config::UnicastPeer& peer : std::span(instance.peers).first(most)) {
      packet.source = instance.source;
      packet.destination = peer.address;
      packet.is_destination_known = true;
      add_as(Direction::out, packet, file, instance);
      packet.source = peer.address;
      packet.is_destination_known = instance.source.has_value();
      packet.destination = instance.source.value_or(peer.address);
      add_as(Direction::in, packet, file, instance);
    }
  }

  void add_as(Direction direction, AdvertPacket packet, const CheckedFile& file, const Instance& instance) {
    packet.direction = direction;
    const bool is_known = std::ranges::find(kinds_, packet, &Kind::packet) != kinds_.end();
    if (is_known || kinds_.size() >= limits::kinds_of_adverts) return;
    kinds_.push_back({.packet = std::move(packet), .file = &file, .instance = &instance});
  }

  // The other nodes' addresses, where their files say them.
  std::vector<IpAddress> senders_to(const CheckedFile& file, const Instance& instance) const {
    std::vector<IpAddress> senders;
    for (const CheckedFile& other : files_) {
      if (&other == &file || senders.size() >= limits::candidates) continue;
      for (const Instance& each : other.configuration().instances) {
        const bool is_partner = each.vrid == instance.vrid && each.family == instance.family && each.source;
        if (is_partner) senders.push_back(*each.source);
      }
    }
    return senders;
  }

  static std::vector<IpPrefix> home_of(const Instance& instance) {
    std::vector<IpPrefix> home;
    const std::size_t most = std::min(instance.addresses.size(), limits::candidates);
    for (const config::VirtualAddress& each : std::span(instance.addresses).first(most)) {
      if (each.address.address.family() == instance.family) home.push_back(subnet_of(each));
    }
    return home;
  }

  std::span<const CheckedFile> files_;
  std::vector<Kind> kinds_;
};

class FirewallRules {
 public:
  FirewallRules(const FirewallText& firewall, const ruleset::RuleSet& rules, Report& report)
      : firewall_(firewall), rules_(rules), report_(report) {}

  void check(const Kind& kind) {
    const Judgement judgement = judge(rules_, kind.packet);
    if (judgement.outcome == Judgement::Outcome::passes) return;
    // Once for all that end at one line on one way.
    if (!said_.insert({judgement.outcome, judgement.line, kind.packet.protocol, kind.packet.direction}).second) return;
    if (is_other_let_in(kind, judgement)) return;
    if (judgement.outcome == Judgement::Outcome::unclear) return report_unclear(kind, judgement);
    const std::string message =
        judgement.by_policy
            ? fmt::format("no rule lets {} {}, and this policy drops them: {}", words_for(kind), way(kind), outcome)
            : fmt::format("this drops {} on their way {}: {}", words_for(kind), way(kind), outcome);
    add("firewall-drops", judgement.line, message,
        fmt::format("accept them{}: ip protocol {} accept (nft), -p {} -j ACCEPT (iptables)",
                    judgement.by_policy ? "" : " above this line", name_of(kind.packet.protocol),
                    name_of(kind.packet.protocol)));
  }

 private:
  static constexpr std::string_view outcome = "the nodes do not hear each other, and each becomes master";

  static std::string_view way(const Kind& kind) { return kind.packet.direction == Direction::in ? "in" : "out"; }

  static std::string words_for(const Kind& kind) {
    const AdvertPacket& packet = kind.packet;
    const std::string from = packet.source ? fmt::format(" from {}", to_string(*packet.source)) : "";
    const std::string to = packet.is_destination_known ? fmt::format(" to {}", to_string(packet.destination)) : "";
    return fmt::format("the adverts of {} ({}; protocol {}{}{}, {})", kind.instance->name,
                       kind.file->words_for(kind.instance->place), packet.protocol, from, to,
                       packet.interface.empty() ? "any interface" : packet.interface);
  }

  void add(std::string_view rule, unsigned line, std::string message, std::string mend,
           std::optional<Severity> severity = std::nullopt) {
    report_.add_elsewhere(rule, {.file = firewall_.name, .line = line, .column = 0}, std::move(message),
                          std::move(mend), severity);
  }

  // The rule of every tutorial, and the authentication of another.
  bool is_other_let_in(const Kind& kind, const Judgement& judgement) {
    AdvertPacket other = kind.packet;
    other.protocol = kind.packet.protocol == ah ? vrrp : ah;
    const Judgement theirs = judge(rules_, other);
    const bool is_let_in = theirs.outcome == Judgement::Outcome::passes && theirs.line > 0;
    if (!is_let_in || !judgement.by_policy) return false;
    const bool is_sure = judgement.outcome == Judgement::Outcome::dropped;
    add("firewall-other-protocol", theirs.line,
        fmt::format("this lets protocol {} {}, and not {}: {}", other.protocol, way(kind), words_for(kind), outcome),
        fmt::format("let protocol {} ({}) {} as well", kind.packet.protocol, name_of(kind.packet.protocol), way(kind)),
        is_sure ? std::optional(Severity::error) : std::nullopt);
    return true;
  }

  void report_unclear(const Kind& kind, const Judgement& judgement) {
    add("firewall-unclear", judgement.line,
        fmt::format("whether {} get {} cannot be told, because of line {}{}", words_for(kind), way(kind),
                    judgement.line, judgement.by_policy ? ": the policy of its chain is not here" : ""),
        kind.packet.source || kind.packet.direction == Direction::out
            ? "give the output of nft list ruleset or iptables-save, which has everything"
            : "give the files of all nodes, with mcast_src_ip or unicast_src_ip, or accept the protocol by name");
  }

  const FirewallText& firewall_;
  const ruleset::RuleSet& rules_;
  Report& report_;
  std::set<std::tuple<Judgement::Outcome, unsigned, std::uint8_t, Direction>> said_;
};

}  // namespace

void check_firewalls(std::span<const FirewallText> firewalls, std::span<const CheckedFile> files, Report& report) {
  const Kinds kinds(files);
  std::vector<std::pair<const FirewallText*, ruleset::RuleSet>> all;
  for (const FirewallText& firewall : firewalls) {
    auto rules = ruleset::read(firewall.text);
    if (!rules) {
      report.add_elsewhere("no-rule-set", {.file = firewall.name, .line = rules.error().line, .column = 0},
                           fmt::format("this is no rule set: it {}", rules.error().message),
                           "give what nft list ruleset or iptables-save print, or an nftables.conf");
      continue;
    }
    all.emplace_back(&firewall, std::move(*rules));
  }
  const auto speaks_of = [&](Family family) {
    return std::ranges::any_of(all, [&](const auto& each) { return each.second.speaks_of(family); });
  };
  for (const auto& [firewall, rules] : all) {
    FirewallRules of_firewall(*firewall, rules, report);
    for (const Kind& kind : kinds.all()) of_firewall.check(kind);
  }
  if (all.empty()) return;
  const auto is_unheard_of = [&](const Kind& kind) { return !speaks_of(kind.packet.family()); };
  const auto found = std::ranges::find_if(kinds.all(), is_unheard_of);
  if (found == kinds.all().end()) return;
  const bool is_v4 = found->packet.family() == Family::ipv4;
  report.add_elsewhere("firewall-unclear", {.file = all.front().first->name},
                       fmt::format("no rule here is about {}, in which {} speaks: all is let in, or the rules are "
                                   "elsewhere",
                                   is_v4 ? "IPv4" : "IPv6", found->instance->name),
                       is_v4 ? "print the rules as root: nft and iptables-save say nothing to others"
                             : "give the output of ip6tables-save as well");
}

}  // namespace baton::check
