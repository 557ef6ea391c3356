// Who speaks on the wire, and what this configuration makes of it.
#include <fmt/format.h>

#include <algorithm>

#include "doctor/judges.h"
#include "doctor/mirror.h"

namespace baton::doctor {

namespace {

using setup::RouterSetup;
using vrrp::RejectReason;

std::string describe(const Speaker& speaker) {
  const HeardAdvert& advert = speaker.advert;
  std::string authentication;
  if (advert.version == 2) authentication = fmt::format(", authentication {}", name(advert.authentication));
  if (advert.has_hmac) authentication += ", auth_hmac";
  return fmt::format("{} ({}) sends VRID {} as VRRPv{}, priority {}, every {}{}, with {}", to_string(advert.source),
                     to_string(advert.mac), advert.vrid, advert.version, advert.priority, in_words(advert.interval),
                     authentication, advert.addresses.empty() ? "no address" : joined(advert.addresses));
}

bool has_none_of(const HeardAdvert& advert, const std::vector<IpAddress>& addresses) {
  return !addresses.empty() && !advert.addresses.empty() &&
         std::ranges::find_first_of(advert.addresses, addresses) == advert.addresses.end();
}

std::string_view mend_for(RejectReason reason) {
  switch (reason) {
    using enum RejectReason;
    case version: return "write the same `version` (or vrrp_version) on all nodes";
    case interval: return "write the same advert_int on all nodes";
    case auth_type_mismatch:
    case auth_type_invalid: return "write the same auth_type on all nodes";
    case auth_password:
    case ah_icv: return "write the same auth_pass on all nodes";
    case hmac_missing:
    case hmac_malformed:
    case hmac_unknown_key:
    case hmac_invalid: return "write the same auth_hmac block on all nodes";
    case hmac_stale: return "set the clocks of the nodes (NTP)";
    case packet_length: return "write the same auth_type and auth_hmac on all nodes";
    case destination: return "write unicast_peer, or the same mcast_dst_ip, on all nodes or on none";
    case not_a_peer: return "name the sender in unicast_peer, or see which address it sends from (unicast_src_ip)";
    case ttl: return "put the nodes on one LAN, or use unicast_peer with min_ttl";
    case address_list: return "write the same virtual_ipaddress list on all nodes";
    case own_address: return "give one of the two machines another address";
    case checksum: return "look at what changes packets on the way";
    case vrid: return "write the same virtual_router_id on all nodes";
    case owner_ignores: return "remove owner_ignore_adverts, or give one node alone priority 255";
    case truncated:
    case ip_options:
    case total_length:
    case type:
    case ah_header:
    case ah_replay:
    case hmac_replay: return "compare the two configurations: baton check FILE FILE";
  }
  return "";
}

void judge_pair(const RouterSetup& router, const IpAddress& source, const Speaker& speaker, Findings& findings) {
  const auto add = [&](std::string_view rule, std::string means, std::string_view mend,
                       std::optional<Severity> severity = std::nullopt) {
    findings.add(rule, {.interface = speaker.interface,
                        .instance = router.name,
                        .seen = describe(speaker),
                        .means = std::move(means),
                        .mend = std::string(mend),
                        .severity = severity});
  };
  const HeardAdvert& advert = speaker.advert;
  if (advert.is_whole && has_none_of(advert, router.codec.addresses)) {
    return add("vrid-collision",
               fmt::format("it has none of the addresses of {} ({}): another virtual router", router.name,
                           joined(router.codec.addresses)),
               "give one of the two a virtual_router_id that nobody uses on this LAN");
  }
  const Mirror mirror = compare(router, source, speaker);
  if (mirror.here == RejectReason::own_address) return;  // said by judge_own_address()
  if (mirror.here) {
    std::string means = fmt::format("{} throws it away: {}", router.name, explain(*mirror.here));
    if (mirror.there == mirror.here) {
      means += "; and there ours is thrown away for the same reason";
    } else if (mirror.there) {
      means += fmt::format("; and there ours is thrown away: {}", explain(*mirror.there));
    }
    return add("not-understood", means, mend_for(*mirror.here));
  }
  if (mirror.is_other_list) {
    return add(
        "not-believed",
        fmt::format("{} has another list ({}): taken here, and thrown away by keepalived before 2.3.3 and by FRR",
                    router.name, joined(router.codec.addresses)),
        mend_for(RejectReason::address_list));
  }
  if (mirror.has_other_checksum) {
    return add(
        "checksum-reading",
        fmt::format("its checksum is summed {}, ours {}: taken here, perhaps not there",
                    advert.checksum == ChecksumReading::message ? "over the message alone" : "with the pseudo-header",
                    advert.checksum == ChecksumReading::message ? "with the pseudo-header" : "over the message alone"),
        advert.checksum == ChecksumReading::message ? "v3_checksum_as_v2 in the instance"
                                                    : "take v3_checksum_as_v2 out of the instance");
  }
  if (mirror.there) {
    add("not-believed",
        fmt::format("{} takes it, and ours is thrown away there: {}", router.name, explain(*mirror.there)),
        mend_for(*mirror.there));
  }
}

void judge_own_address(const Patient& patient, const Speaker& speaker, Findings& findings) {
  if (speaker.origin == Origin::here || !holds(patient, speaker.advert.source)) return;
  const auto sends_here = [&](const auto& entry) { return entry.second.mac == speaker.advert.mac; };
  const bool is_returned = std::ranges::any_of(patient.host.interfaces, sends_here);
  findings.add(
      "own-address",
      {.interface = speaker.interface,
       .seen = fmt::format("an advert of VRID {} came from {}, which is this host's own address, at {}",
                           speaker.advert.vrid, to_string(speaker.advert.source), to_string(speaker.advert.mac)),
       .means = is_returned ? "the switch returns our own frames: a loop" : "another machine has this host's address",
       .mend = is_returned ? "look for a loop: spanning tree, a bond without a partner"
                           : "give one of the two another address"});
}

// They speak in turns; one that was just relieved spoke before, and does not again.
void judge_masters(const Patient& patient, Findings& findings) {
  const auto& speakers = patient.wire.speakers;
  for (const Speaker& one : speakers) {
    std::vector<const Speaker*> rivals;
    for (const Speaker& each : speakers) {
      const bool is_same_router = each.interface == one.interface && each.advert.vrid == one.advert.vrid &&
                                  each.advert.family == one.advert.family;
      if (is_same_router && each.turns >= 2) rivals.push_back(&each);
    }
    if (rivals.size() < 2 || rivals.front() != &one) continue;
    std::string text;
    for (const Speaker* rival : rivals) {
      text += fmt::format("{}{} (priority {}{})", text.empty() ? "" : " and ", to_string(rival->advert.source),
                          rival->advert.priority, rival->origin == Origin::here ? ", this host" : "");
    }
    findings.add("two-masters",
                 {.interface = one.interface,
                  .seen = fmt::format("{} announce VRID {} in turns", text, one.advert.vrid),
                  .means = "they do not hear or do not believe each other: two owners of the addresses",
                  .mend = "run baton doctor on both: one of them drops or throws away what the other sends"});
  }
}

void judge_silence(const Patient& patient, const RouterSetup& router, Findings& findings) {
  const Duration needed = 4 * router.codec.advert_interval;
  if (patient.wire.listened < needed) return;  // said by the one who listened
  const auto claims = [&](const Speaker& speaker) { return is_of(router, speaker) && speaker.advert.priority != 0; };
  if (std::ranges::any_of(patient.wire.speakers, claims)) return;
  const std::string& wire = wire_of(router);
  const bool runs = !patient.host.daemons.empty();
  findings.add(
      "nobody-speaks",
      {.interface = wire,
       .instance = router.name,
       .seen = fmt::format("no advert of VRID {} in {}, neither from here nor from elsewhere{}", router.codec.vrid,
                           in_words(patient.wire.listened), wire.empty() ? "" : " on " + wire),
       .means = "nobody is MASTER, or its adverts do not come here",
       .mend = runs ? "baton status and the journal say why it is not MASTER here"
                    : "start the daemon: systemctl start batond"});
}

}  // namespace

void judge_wire(const Patient& patient, Findings& findings) {
  if (patient.wire.listened <= Duration::zero()) return;
  for (const RouterSetup& router : patient.setup.routers) {
    const auto source = source_of(patient, router);
    for (const Speaker& speaker : patient.wire.speakers) {
      if (speaker.origin == Origin::there && is_of(router, speaker)) {
        judge_pair(router, source.value_or(IpAddress()), speaker, findings);
      }
    }
    judge_silence(patient, router, findings);
  }
  for (const Speaker& speaker : patient.wire.speakers) judge_own_address(patient, speaker, findings);
  judge_masters(patient, findings);
}

}  // namespace baton::doctor
