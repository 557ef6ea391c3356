#include "doctor/doctor.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/assert.h"
#include "base/printable.h"
#include "base/stable_sort.h"
#include "doctor/judges.h"
#include "doctor/mirror.h"
#include "doctor/rule_table.h"
#include "vrrp/announcement.h"

namespace baton::doctor {

namespace {

std::string one_line(const std::string& text) {
  std::string line = printable(text);
  std::ranges::replace(line, '\n', ' ');
  return line;
}

Encounter meet(const Patient& patient, const Speaker& speaker) {
  Encounter encounter{.speaker = speaker};
  for (const setup::RouterSetup& router : patient.setup.routers) {
    if (!is_of(router, speaker)) continue;
    encounter.instance = router.name;
    if (speaker.origin == Origin::here) break;
    const Mirror mirror = compare(router, source_of(patient, router).value_or(IpAddress()), speaker);
    encounter.here = mirror.here;
    encounter.there = mirror.there;
    break;
  }
  return encounter;
}

bool is_same(const Finding& one, const Finding& other) {
  return one.rule == other.rule && one.interface == other.interface && one.seen == other.seen;
}

}  // namespace

void Findings::add(std::string_view rule, About about) {
  const Rule* found = find_rule(rule);
  ASSERT(found != nullptr);
  Finding finding{.rule = found,
                  .severity = about.severity.value_or(found->severity),
                  .interface = one_line(about.interface),
                  .instance = one_line(about.instance),
                  .seen = one_line(about.seen),
                  .means = one_line(about.means),
                  .mend = one_line(about.mend)};
  if (std::ranges::any_of(report_.findings, [&](const Finding& each) { return is_same(each, finding); })) return;
  if (++counts_[found->id] > limits::findings_of_a_rule) {
    ++report_.dropped;
  } else {
    report_.findings.push_back(std::move(finding));
  }
}

Report Findings::take() && {
  stable_sort(report_.findings, [](const Finding& one, const Finding& other) { return one.rule->id < other.rule->id; });
  return std::move(report_);
}

const Interface* find_interface(const Patient& patient, const std::string& name) {
  const auto found = patient.host.interfaces.find(name);
  return found == patient.host.interfaces.end() ? nullptr : &found->second;
}

std::optional<IpAddress> source_of(const Patient& patient, const setup::RouterSetup& router) {
  if (router.configured_source) return router.configured_source;
  const Interface* interface = find_interface(patient, router.interface);
  if (interface == nullptr) return std::nullopt;
  for (const HeldAddress& held : interface->addresses) {
    const IpAddress& address = held.address.address;
    if (address.family() != router.codec.family) continue;
    if (address.is_v6() && !address.is_link_local()) continue;
    if (std::ranges::find(router.codec.addresses, address) == router.codec.addresses.end()) return address;
  }
  return std::nullopt;
}

bool is_of(const setup::RouterSetup& router, const Speaker& speaker) {
  const std::string& wire = wire_of(router);
  return speaker.advert.vrid == router.codec.vrid && speaker.advert.family == router.codec.family &&
         (wire.empty() || wire == speaker.interface);
}

bool holds(const Patient& patient, const IpAddress& address) {
  return std::ranges::any_of(patient.host.interfaces, [&](const auto& entry) {
    return std::ranges::any_of(entry.second.addresses,
                               [&](const HeldAddress& held) { return held.address.address == address; });
  });
}

std::string in_words(Duration duration) {
  return fmt::format("{:g} s", std::chrono::duration<double>(duration).count());
}

Report examine(const Patient& patient) {
  Findings findings;
  judge_host(patient, findings);
  judge_bridges(patient, findings);
  judge_firewall(patient, findings);
  judge_wire(patient, findings);
  judge_addresses(patient, findings);
  Report report = std::move(findings).take();
  report.not_looked = patient.not_looked;
  for (const Speaker& speaker : patient.wire.speakers) report.heard.push_back(meet(patient, speaker));
  return report;
}

std::string asking_interface(const HostFacts& host, const setup::RouterSetup& router,
                             const config::VirtualAddress& address) {
  const auto found = host.interfaces.find(address.device);
  if (found == host.interfaces.end()) return wire_of(router);
  return vrrp::is_virtual_router(found->second.mac) ? found->second.base : found->first;
}

Duration wanted_listening(const setup::Setup& setup) {
  constexpr Duration least = std::chrono::seconds(4);
  Duration wanted = least;
  for (const setup::RouterSetup& router : setup.routers) {
    // The longest skew is that of priority 1: nearly one more interval.
    wanted = std::max(wanted, 4 * router.codec.advert_interval);
  }
  return wanted;
}

}  // namespace baton::doctor
