// The doctor's report as text and JSON.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <nlohmann/json.hpp>

#include "base/printable.h"
#include "cli/doctor_command.h"
#include "cli/findings_text.h"

namespace baton::cli {

namespace {

using doctor::Encounter;
using doctor::Finding;
using doctor::HeardAdvert;
using doctor::Report;
using nlohmann::ordered_json;

double in_seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

std::string render(const Encounter& encounter) {
  const HeardAdvert& advert = encounter.speaker.advert;
  std::string text =
      fmt::format("  {} VRID {} {}: {} ({}), VRRPv{}, priority {}, every {:g} s", encounter.speaker.interface,
                  advert.vrid, advert.family == Family::ipv4 ? "IPv4" : "IPv6", to_string(advert.source),
                  to_string(advert.mac), advert.version, advert.priority, in_seconds(advert.interval));
  if (advert.version == 2) text += fmt::format(", authentication {}", name(advert.authentication));
  if (advert.has_hmac) text += ", auth_hmac";
  text += fmt::format(", checksum {}", name(advert.checksum));
  std::string addresses;
  for (const IpAddress& address : advert.addresses) addresses += " " + to_string(address);
  text += addresses.empty() ? ", no address\n" : ", for" + addresses + "\n";
  const auto verdict = [](const std::optional<vrrp::RejectReason>& reason) {
    return reason ? fmt::format("thrown away ({})", name(*reason)) : std::string("taken");
  };
  if (encounter.speaker.origin == doctor::Origin::here) {
    text += "    sent by this host\n";
  } else if (encounter.instance.empty()) {
    text += "    no instance of the configuration\n";
  } else {
    text += fmt::format("    {} here: its adverts are {}, ours are {} there\n", encounter.instance,
                        verdict(encounter.here), verdict(encounter.there));
  }
  return text;
}

std::string where(const Finding& finding) {
  if (finding.interface.empty()) return finding.instance.empty() ? "host" : finding.instance;
  return finding.instance.empty() ? finding.interface : fmt::format("{} ({})", finding.interface, finding.instance);
}

ordered_json as_json(const Encounter& encounter) {
  const HeardAdvert& advert = encounter.speaker.advert;
  const auto verdict = [&](const std::optional<vrrp::RejectReason>& reason) -> ordered_json {
    if (encounter.instance.empty() || encounter.speaker.origin == doctor::Origin::here) return nullptr;
    return reason ? std::string(name(*reason)) : std::string("taken");
  };
  ordered_json addresses = ordered_json::array();
  for (const IpAddress& address : advert.addresses) addresses.push_back(to_string(address));
  return {{"interface", encounter.speaker.interface},
          {"from", encounter.speaker.origin == doctor::Origin::here ? "here" : "there"},
          {"source", to_string(advert.source)},
          {"mac", to_string(advert.mac)},
          {"destination", to_string(advert.destination)},
          {"family", advert.family == Family::ipv4 ? "ipv4" : "ipv6"},
          {"vrid", advert.vrid},
          {"version", advert.version},
          {"priority", advert.priority},
          {"advert_int", in_seconds(advert.interval)},
          {"authentication", name(advert.authentication)},
          {"auth_hmac", advert.has_hmac},
          {"checksum", name(advert.checksum)},
          {"hop_limit", advert.hop_limit},
          {"addresses", std::move(addresses)},
          {"adverts", encounter.speaker.count},
          {"instance", encounter.instance.empty() ? ordered_json(nullptr) : ordered_json(encounter.instance)},
          {"here", verdict(encounter.here)},
          {"there", verdict(encounter.there)}};
}

}  // namespace

std::string render_report(const Report& report, bool is_coloured) {
  std::string text;
  if (!report.heard.empty()) text += "heard:\n";
  for (const Encounter& encounter : report.heard) text += render(encounter);
  std::array<std::size_t, 3> counts{};
  for (const Finding& finding : report.findings) {
    ++counts.at(static_cast<std::size_t>(finding.severity));
    text += fmt::format("{}: {}{}:{} {} [{}]\n    means: {}\n    mend: {}\n", where(finding),
                        is_coloured ? colour_of(finding.severity) : "", config::name(finding.severity),
                        is_coloured ? "\x1b[0m" : "", finding.seen, finding.rule->id, finding.means, finding.mend);
  }
  for (const doctor::NotLooked& each : report.not_looked) {
    text += printable(fmt::format("not looked at: {}: {}\n    mend: {}\n", each.look, each.why, each.mend));
  }
  if (report.findings.empty() && report.not_looked.empty()) return text + "nothing found\n";
  text +=
      fmt::format("{}, {}, {}", counted(counts[2], "error"), counted(counts[1], "warning"), counted(counts[0], "note"));
  if (report.dropped > 0) text += fmt::format(", and {} more that are not shown", report.dropped);
  if (!report.not_looked.empty()) text += fmt::format("; {} not made", counted(report.not_looked.size(), "look"));
  return text + "\n";
}

ordered_json report_as_json(const Report& report, const std::string& configuration, Duration listened) {
  ordered_json findings = ordered_json::array();
  for (const Finding& finding : report.findings) {
    findings.push_back({{"id", finding.rule->id},
                        {"severity", config::name(finding.severity)},
                        {"interface", finding.interface},
                        {"instance", finding.instance},
                        {"message", finding.seen},
                        {"means", finding.means},
                        {"fix", finding.mend}});
  }
  ordered_json heard = ordered_json::array();
  for (const Encounter& encounter : report.heard) heard.push_back(as_json(encounter));
  ordered_json not_looked = ordered_json::array();
  for (const doctor::NotLooked& each : report.not_looked) {
    not_looked.push_back({{"look", each.look}, {"why", each.why}, {"fix", each.mend}});
  }
  ordered_json document{{"configuration", configuration.empty() ? ordered_json(nullptr) : ordered_json(configuration)},
                        {"listened", in_seconds(listened)},
                        {"findings", std::move(findings)},
                        {"heard", std::move(heard)},
                        {"not_looked", std::move(not_looked)}};
  if (report.dropped > 0) document["findings_not_shown"] = report.dropped;
  return document;
}

int exit_code_of(const Report& report) {
  constexpr int clean = 0;
  constexpr int faulty = 1;
  constexpr int not_looked = 2;
  const auto is_fault = [](const Finding& finding) { return finding.severity != doctor::Severity::note; };
  if (std::ranges::any_of(report.findings, is_fault)) return faulty;
  return report.not_looked.empty() ? clean : not_looked;
}

}  // namespace baton::cli
