// Would this machine's packet filter let the adverts in and out?
#include <fmt/format.h>

#include <algorithm>

#include "doctor/judges.h"
#include "doctor/passage.h"
#include "vrrp/advert.h"

namespace baton::doctor {

namespace {

using Answer = Passage::Answer;

std::string place_of(const Passage& passage) {
  const std::string chain =
      fmt::format("chain {} of table {} {}", passage.chain, kernel::name(passage.family), passage.table);
  if (passage.chain.empty()) return "the rules";
  if (passage.handle == 0) return fmt::format("the policy of {}", chain);
  return fmt::format("rule {} of {}", passage.handle, chain);
}

std::string mend_for(const FilteredPacket& packet, const Passage& passage) {
  const std::string_view protocol = packet.protocol == vrrp::spec::protocol_ah ? "ah" : "vrrp";
  const bool is_iptables = std::ranges::all_of(passage.chain, [](char each) { return each < 'a' || each > 'z'; });
  if (is_iptables && !passage.chain.empty()) {
    return fmt::format("{} -I {} {} {} -p {} -j ACCEPT, and where these rules are kept",
                       packet.family == Family::ipv4 ? "iptables" : "ip6tables", passage.chain,
                       packet.direction == Direction::in ? "-i" : "-o", packet.interface, protocol);
  }
  return fmt::format("nft insert rule {} {} {} {} \"{}\" meta l4proto {} accept, and where these rules are kept",
                     kernel::name(passage.family), passage.table, passage.chain,
                     packet.direction == Direction::in ? "iifname" : "oifname", packet.interface, packet.protocol);
}

void judge(const Patient& patient, const FilteredPacket& packet, const std::string& instance,
           std::optional<Severity> severity, Findings& findings) {
  const Passage passage = would_pass(*patient.host.ruleset, packet);
  if (passage.answer == Answer::yes) return;
  const bool is_in = packet.direction == Direction::in;
  const bool is_from = is_in && packet.source;
  const std::string what =
      fmt::format("protocol {}{} {} {}{}", packet.protocol,
                  is_from ? fmt::format(" from {}", to_string(*packet.source)) : "", is_in ? "in by" : "out by",
                  packet.interface, packet.destination ? fmt::format(" to {}", to_string(*packet.destination)) : "");
  const std::string means =
      is_in ? "this node hears nobody, and becomes MASTER beside another one" : "nobody hears this node";
  if (passage.answer == Answer::no) {
    return findings.add("firewall-drops", {.interface = packet.interface,
                                           .instance = instance,
                                           .seen = fmt::format("{} drops {}", place_of(passage), what),
                                           .means = means,
                                           .mend = mend_for(packet, passage),
                                           .severity = severity});
  }
  findings.add("firewall-unclear",
               {.interface = packet.interface,
                .instance = instance,
                .seen = fmt::format("{} decides about {} by {}", place_of(passage), what, passage.doubt),
                .means = fmt::format("if it does not let adverts pass, {}", means),
                .mend = passage.chain.empty() ? "nft list ruleset"
                                              : fmt::format("nft -a list chain {} {} {}", kernel::name(passage.family),
                                                            passage.table, passage.chain)});
}

FilteredPacket packet_on(const Patient& patient, const std::string& name) {
  FilteredPacket packet{.interface = name};
  if (const Interface* interface = find_interface(patient, name)) {
    packet.interface_index = interface->index;
    packet.interface_group = interface->group;
    packet.interface_kind = interface->kind;
  }
  return packet;
}

void judge_router(const Patient& patient, const setup::RouterSetup& router, Findings& findings) {
  const bool has_own = find_interface(patient, router.advert_interface) != nullptr;
  FilteredPacket in = packet_on(patient, has_own ? router.advert_interface : wire_of(router));
  in.family = router.codec.family;
  in.protocol =
      router.codec.authentication.type == vrrp::AuthType::ah ? vrrp::spec::protocol_ah : vrrp::spec::protocol_vrrp;
  FilteredPacket out = in;
  out.direction = Direction::out;
  out.source = source_of(patient, router);
  if (router.codec.peers.empty()) {
    in.destination = out.destination = router.codec.multicast_group;
    judge(patient, in, router.name, std::nullopt, findings);
    judge(patient, out, router.name, std::nullopt, findings);
    return;
  }
  in.destination = out.source;
  out.hop_limit = router.codec.ttl;
  for (const vrrp::UnicastPeer& peer : router.codec.peers) {
    in.source = out.destination = peer.address;
    judge(patient, in, router.name, std::nullopt, findings);
    judge(patient, out, router.name, std::nullopt, findings);
  }
}

}  // namespace

void judge_firewall(const Patient& patient, Findings& findings) {
  if (!patient.host.ruleset) return;
  for (const setup::RouterSetup& router : patient.setup.routers) judge_router(patient, router, findings);
  if (!patient.setup.routers.empty()) return;
  // What would be asked for is not known: VRRP over IPv4 most likely.
  for (const std::string& name : patient.interfaces) {
    for (const Direction direction : {Direction::in, Direction::out}) {
      FilteredPacket packet = packet_on(patient, name);
      packet.direction = direction;
      packet.destination = vrrp::spec::multicast_group(Family::ipv4);
      judge(patient, packet, "", std::nullopt, findings);
      packet.protocol = vrrp::spec::protocol_ah;
      judge(patient, packet, "", Severity::note, findings);
      packet.protocol = vrrp::spec::protocol_vrrp;
      packet.family = Family::ipv6;
      packet.destination = vrrp::spec::multicast_group(Family::ipv6);
      judge(patient, packet, "", Severity::note, findings);
    }
  }
}

}  // namespace baton::doctor
