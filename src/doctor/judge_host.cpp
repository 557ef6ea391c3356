// What of the host itself keeps VRRP from working: interfaces, settings, capabilities, other daemons.
#include <fmt/format.h>

#include <algorithm>

#include "doctor/judges.h"

namespace baton::doctor {

namespace {

using setup::RouterSetup;

bool is_multicast(const RouterSetup& router) {
  return router.codec.peers.empty();
}

void judge_link(const Interface& interface, bool needs_multicast, const std::string& instance, Findings& findings) {
  if (!interface.is_enabled) {
    return findings.add("interface-down", {.interface = interface.name,
                                           .instance = instance,
                                           .seen = fmt::format("{} is switched off", interface.name),
                                           .means = "no advert leaves or comes: FAULT here, MASTER elsewhere",
                                           .mend = fmt::format("ip link set {} up", interface.name)});
  }
  if (!interface.has_carrier) {
    findings.add("no-carrier", {.interface = interface.name,
                                .instance = instance,
                                .seen = fmt::format("{} is switched on and has no link", interface.name),
                                .means = "no advert leaves or comes: FAULT here, MASTER elsewhere",
                                .mend = "look at the cable, the switch port, or the other end of a veth or bond"});
  }
  if (needs_multicast && !interface.has_multicast) {
    findings.add("no-multicast",
                 {.interface = interface.name,
                  .instance = instance,
                  .seen = fmt::format("{} has no MULTICAST flag", interface.name),
                  .means = "adverts go to a multicast group, and this interface takes part in none",
                  .mend = fmt::format("ip link set {} multicast on, or unicast_peer in the instance", interface.name)});
  }
}

void judge_source(const Patient& patient, const RouterSetup& router, const Interface& interface, Findings& findings) {
  const bool is_v6 = router.codec.family == Family::ipv6;
  if (is_v6 && !interface.has_ipv6) {
    return findings.add("ipv6-disabled",
                        {.interface = interface.name,
                         .instance = router.name,
                         .seen = fmt::format("net.ipv6.conf.{}.disable_ipv6 is 1", interface.name),
                         .means = fmt::format("{} is IPv6 and has neither adverts nor addresses there", router.name),
                         .mend = fmt::format("sysctl -w net.ipv6.conf.{}.disable_ipv6=0", interface.name)});
  }
  if (interface.is_enabled && !source_of(patient, router)) {
    findings.add(
        "no-source-address",
        {.interface = interface.name,
         .instance = router.name,
         .seen = fmt::format("{} has no {} address of its own", interface.name, is_v6 ? "IPv6 link-local" : "IPv4"),
         .means = "adverts have no source: the instance stays in FAULT",
         .mend = is_v6 ? fmt::format("sysctl -w net.ipv6.conf.{}.addr_gen_mode=0, then switch it off and on",
                                     interface.name)
                       : fmt::format("ip addr add ADDRESS/LENGTH dev {}, or mcast_src_ip", interface.name)});
  }
}

void judge_interfaces(const Patient& patient, Findings& findings) {
  for (const RouterSetup& router : patient.setup.routers) {
    const std::string& name = wire_of(router);
    if (name.empty()) continue;
    const Interface* interface = find_interface(patient, name);
    if (interface == nullptr) {
      findings.add("interface-missing", {.interface = name,
                                         .instance = router.name,
                                         .seen = fmt::format("there is no interface {}", name),
                                         .means = fmt::format("{} stays in FAULT until there is one", router.name),
                                         .mend = "ip -br link lists those there are; compare `interface`"});
      continue;
    }
    judge_link(*interface, is_multicast(router), router.name, findings);
    judge_source(patient, router, *interface, findings);
  }
  for (const std::string& name : patient.interfaces) {
    const Interface* interface = find_interface(patient, name);
    if (interface != nullptr) {
      judge_link(*interface, patient.setup.routers.empty(), "", findings);
    } else if (patient.setup.routers.empty()) {
      findings.add("interface-missing", {.interface = name,
                                         .seen = fmt::format("there is no interface {}", name),
                                         .means = "nothing can be looked at there",
                                         .mend = "ip -br link lists those there are"});
    }
  }
}

// Whose adverts are to come in there: configured peers, and who was heard.
void judge_reverse_path(const Patient& patient, Findings& findings) {
  const auto judge = [&](const RouterSetup& router, const IpAddress& sender) {
    const Interface* interface = find_interface(patient, router.advert_interface);
    if (interface == nullptr) interface = find_interface(patient, wire_of(router));
    const auto route = std::ranges::find(patient.host.routes_back, sender, &RouteBack::to);
    if (interface == nullptr || route == patient.host.routes_back.end() || !sender.is_v4()) return;
    const bool is_other = route->interface != interface->name && route->interface != wire_of(router);
    const bool is_dropped = interface->reverse_path_filter == 1
                                ? is_other
                                : interface->reverse_path_filter == 2 && route->interface.empty();
    if (!is_dropped) return;
    findings.add(
        "reverse-path",
        {.interface = interface->name,
         .instance = router.name,
         .seen = fmt::format("rp_filter of {} is {} (the larger of `all` and its own), and an answer to {} "
                             "would leave by {}",
                             interface->name, interface->reverse_path_filter, to_string(sender),
                             route->interface.empty() ? "no route" : route->interface),
         .means = fmt::format("the kernel drops the adverts of {} before the daemon sees them", to_string(sender)),
         .mend = fmt::format("sysctl -w net.ipv4.conf.{}.rp_filter=2, or mend the route", interface->name)});
  };
  for (const RouterSetup& router : patient.setup.routers) {
    for (const vrrp::UnicastPeer& peer : router.codec.peers) judge(router, peer.address);
    for (const Speaker& speaker : patient.wire.speakers) {
      if (speaker.origin == Origin::there && speaker.interface == wire_of(router) &&
          speaker.advert.vrid == router.codec.vrid && speaker.advert.family == router.codec.family) {
        judge(router, speaker.advert.source);
      }
    }
  }
}

void judge_arp(const Patient& patient, const RouterSetup& router, const config::VirtualAddress& address,
               Findings& findings) {
  const Interface* lan = find_interface(patient, wire_of(router));
  if (lan == nullptr || !address.address.address.is_v4()) return;
  constexpr std::uint8_t scope_host = 254;
  const bool is_elsewhere = address.device == "lo";
  const int setting = lan->arp_ignore;
  const bool is_silent =
      setting == 8 || (setting == 3 && address.scope == scope_host) || ((setting == 1 || setting == 2) && is_elsewhere);
  if (!is_silent) return;
  findings.add(
      "arp-silent",
      {.interface = lan->name,
       .instance = router.name,
       .seen = fmt::format("arp_ignore of {} is {} (the larger of `all` and its own)", lan->name, setting),
       .means = fmt::format("as MASTER this host answers no ARP request for {}: nobody finds it",
                            to_string(address.address.address)),
       .mend = fmt::format("sysctl -w net.ipv4.conf.{}.arp_ignore=0 and net.ipv4.conf.all.arp_ignore=0", lan->name)});
}

void judge_forwarding(const Patient& patient, Findings& findings) {
  const setup::Setup& setup = patient.setup;
  const auto judge = [&](Family family, const std::string& why, const std::string& instance, bool is_proxy) {
    const bool forwards = family == Family::ipv4 ? patient.host.forwards_v4 : patient.host.forwards_v6;
    if (forwards) return;
    const std::string_view name = family == Family::ipv4 ? "net.ipv4.ip_forward" : "net.ipv6.conf.all.forwarding";
    findings.add("not-forwarding", {.instance = instance,
                                    .seen = fmt::format("{} is 0, and {}", name, why),
                                    .means = "whoever uses the address as a gateway gets no further than this host",
                                    .mend = fmt::format("sysctl -w {}=1, and in /etc/sysctl.d", name),
                                    .severity = is_proxy ? std::optional(Severity::note) : std::nullopt});
  };
  for (const config::SyncGroup& group : setup.configuration.groups) {
    std::map<Family, std::set<std::string>> sides;
    bool is_proxy = false;  // a service of this host listens on one side: nothing need be forwarded
    for (const RouterSetup& router : setup.routers) {
      if (std::ranges::find(group.members, router.name) == group.members.end()) continue;
      for (const config::VirtualAddress& address : router.addresses) {
        sides[address.address.address.family()].insert(address.device);
        is_proxy = is_proxy || patient.host.listened_addresses.contains(address.address.address);
      }
    }
    for (const auto& [family, devices] : sides) {
      if (devices.size() < 2) continue;
      judge(family,
            fmt::format("{} moves addresses on {} interfaces together, as a router does", group.name, devices.size()),
            group.name, is_proxy);
    }
  }
}

void judge_binding(const Patient& patient, Findings& findings) {
  for (const Family family : {Family::ipv4, Family::ipv6}) {
    if (family == Family::ipv4 ? patient.host.binds_foreign_v4 : patient.host.binds_foreign_v6) continue;
    const std::string_view name = family == Family::ipv4 ? "net.ipv4.ip_nonlocal_bind" : "net.ipv6.ip_nonlocal_bind";
    std::optional<IpAddress> first;
    std::optional<IpAddress> listened;
    for (const RouterSetup& router : patient.setup.routers) {
      for (const config::VirtualAddress& address : router.addresses) {
        const IpAddress& ip = address.address.address;
        if (ip.family() != family) continue;
        if (!first) first = ip;
        if (!listened && patient.host.listened_addresses.contains(ip)) listened = ip;
      }
    }
    const std::string mend = fmt::format("sysctl -w {}=1, or let the service listen on all addresses", name);
    if (listened) {
      findings.add(
          "nonlocal-bind",
          {.seen = fmt::format("a service listens on {} itself, and {} is 0", to_string(*listened), name),
           .means = "it cannot start on a node that does not hold the address, and is missing after a failover",
           .mend = mend});
    } else if (first) {
      findings.add("nonlocal-bind",
                   {.seen = fmt::format("{} is 0", name),
                    .means = fmt::format("a service that binds to {} itself cannot start while it is elsewhere",
                                         to_string(*first)),
                    .mend = mend,
                    .severity = Severity::note});
    }
  }
}

void judge_capabilities(const Patient& patient, Findings& findings) {
  const auto judge = [&](bool may_have, std::string_view name, std::string_view purpose) {
    if (may_have) return;
    findings.add("missing-capability",
                 {.seen = fmt::format("{} is not in the bounding set: nothing here can have it, not even root", name),
                  .means = fmt::format("batond cannot {}", purpose),
                  .mend = "container: --cap-add NET_ADMIN --cap-add NET_RAW; systemd: CapabilityBoundingSet"});
  };
  judge(patient.host.may_have_raw, "CAP_NET_RAW", "send or receive adverts");
  judge(patient.host.may_have_admin, "CAP_NET_ADMIN", "put addresses on an interface");
  for (const RivalDaemon& daemon : patient.host.daemons) {
    const bool is_short = daemon.lacks_raw || daemon.lacks_admin;
    if (!is_short || daemon.kind != RivalDaemon::Kind::batond) continue;
    findings.add("missing-capability",
                 {.seen = fmt::format("the VRRP worker of {} (pid {}) runs without {}", daemon.name, daemon.pid,
                                      daemon.lacks_raw ? "CAP_NET_RAW" : "CAP_NET_ADMIN"),
                  .means = daemon.lacks_raw ? "it can neither send nor hear" : "it cannot put addresses on",
                  .mend = "start it as root or with both capabilities, and look at the unit's CapabilityBoundingSet"});
  }
}

void judge_daemons(const Patient& patient, Findings& findings) {
  const auto& daemons = patient.host.daemons;
  const bool has_batond =
      std::ranges::any_of(daemons, [](const RivalDaemon& each) { return each.kind == RivalDaemon::Kind::batond; });
  for (const RivalDaemon& daemon : daemons) {
    if (daemon.kind == RivalDaemon::Kind::batond) continue;
    const bool is_rival = has_batond || daemons.size() > 1;
    findings.add("other-daemon",
                 {.seen = fmt::format("{} runs here (pid {}){}", daemon.name, daemon.pid,
                                      has_batond ? ", and so does batond" : ""),
                  .means = is_rival ? "both put addresses on and take them off, and do not hear each other"
                                    : "batond must not be started beside it for the same virtual routers",
                  .mend = fmt::format("stop one of them for good: systemctl disable --now {}", daemon.name),
                  .severity = is_rival ? Severity::error : Severity::note});
  }
  if (!daemons.empty()) return;
  for (std::size_t i = 0; i < patient.setup.routers.size(); ++i) {
    const RouterSetup& router = patient.setup.routers[i];
    // The address owner's are its own, always (RFC 9568 §1.6).
    if (patient.setup.node.routers[i].router.base_priority == vrrp::spec::priority_owner) continue;
    for (const config::VirtualAddress& address : router.addresses) {
      const IpAddress& ip = address.address.address;
      if (!holds(patient, ip)) continue;
      findings.add("address-without-daemon",
                   {.interface = address.device,
                    .instance = router.name,
                    .seen = fmt::format("{} is on this host, and no VRRP daemon runs here", to_string(ip)),
                    .means = "it stays when another node becomes MASTER: two owners",
                    .mend = fmt::format("take it out of the static configuration; ip addr del {} dev {}",
                                        to_string(address.address), address.device)});
    }
  }
}

void judge_duplicates(const Patient& patient, Findings& findings) {
  for (const auto& [name, interface] : patient.host.interfaces) {
    for (const HeldAddress& held : interface.addresses) {
      if (!held.is_duplicate) continue;
      findings.add("duplicate-detected",
                   {.interface = name,
                    .seen = fmt::format("{} on {} is marked dadfailed", to_string(held.address), name),
                    .means = "somebody else on this LAN has it, and the kernel does not use it here",
                    .mend = fmt::format("find the other owner, then ip addr del and add {} dev {}",
                                        to_string(held.address), name)});
    }
  }
}

}  // namespace

void judge_host(const Patient& patient, Findings& findings) {
  judge_interfaces(patient, findings);
  judge_reverse_path(patient, findings);
  for (const RouterSetup& router : patient.setup.routers) {
    for (const config::VirtualAddress& address : router.addresses) judge_arp(patient, router, address, findings);
  }
  judge_forwarding(patient, findings);
  judge_binding(patient, findings);
  judge_capabilities(patient, findings);
  judge_daemons(patient, findings);
  judge_duplicates(patient, findings);
}

}  // namespace baton::doctor
