// Who answers for the virtual addresses, and who should.
#include <fmt/format.h>

#include <algorithm>

#include "doctor/judges.h"
#include "vrrp/announcement.h"

namespace baton::doctor {

namespace {

using setup::RouterSetup;

// RFC 9568 §7.3.
MacAddress virtual_mac(const RouterSetup& router) {
  const std::uint8_t side = router.codec.family == Family::ipv4 ? 1 : 2;
  return {{0x00, 0x00, 0x5e, 0x00, side, router.codec.vrid}};
}

void judge(const Patient& patient, const RouterSetup& router, const config::VirtualAddress& address,
           Findings& findings) {
  const IpAddress& ip = address.address.address;
  const std::string asked = asking_interface(patient.host, router, address);
  if (!patient.wire.probed.contains({asked, ip})) return;
  std::set<MacAddress> macs;
  for (const AddressAnswers& answers : patient.wire.answers) {
    if (answers.interface == asked && answers.address == ip) macs = answers.macs;
  }
  for (const auto& [name, interface] : patient.host.interfaces) {
    if (!vrrp::is_virtual_router(interface.mac))
      macs.erase(interface.mac);  // that one is the MASTER's, wherever that is
  }
  const auto add = [&](std::string_view rule, std::string seen, std::string means, std::string mend) {
    findings.add(rule, {.interface = asked,
                        .instance = router.name,
                        .seen = std::move(seen),
                        .means = std::move(means),
                        .mend = std::move(mend)});
  };
  const bool is_here = holds(patient, ip);
  if (macs.size() + (is_here ? 1 : 0) > 1) {
    return add(
        "address-twice",
        fmt::format("{} answers for {}{}", joined(macs), to_string(ip), is_here ? ", which this host holds" : ""),
        "clients reach whichever answered last", "find the machine by its MAC address and take the address off");
  }
  std::set<MacAddress> masters;
  for (const Speaker& speaker : patient.wire.speakers) {
    if (speaker.origin == Origin::there && speaker.advert.vrid == router.codec.vrid &&
        speaker.advert.family == router.codec.family && speaker.advert.priority != 0 &&
        std::ranges::find(speaker.advert.addresses, ip) != speaker.advert.addresses.end()) {
      masters.insert(speaker.advert.mac);
    }
  }
  if (macs.empty()) {
    if (masters.empty() || is_here) return;
    return add("address-unanswered",
               fmt::format("{} announces {}, and nobody answers for it", joined(masters), to_string(ip)),
               "the master does not hold it, or does not answer", "run baton doctor on the master");
  }
  // On another interface than the adverts' the master has another MAC address.
  const bool is_told_apart = asked == wire_of(router) || masters.empty();
  const MacAddress& answering = *macs.begin();
  if (!is_told_apart || masters.contains(answering) || answering == virtual_mac(router)) return;
  add("address-elsewhere", fmt::format("{} answers for {}", to_string(answering), to_string(ip)),
      masters.empty() ? "nobody is heard as MASTER: it has the address statically, or its adverts do not come here"
                      : fmt::format("the master is {}: two owners", joined(masters)),
      "find the machine by its MAC address; take the address out of its static configuration");
}

}  // namespace

void judge_addresses(const Patient& patient, Findings& findings) {
  for (const RouterSetup& router : patient.setup.routers) {
    for (const config::VirtualAddress& address : router.addresses) judge(patient, router, address, findings);
  }
}

}  // namespace baton::doctor
