// Bridges of this host that adverts go through.
#include <fmt/format.h>

#include <algorithm>

#include "doctor/judges.h"
#include "vrrp/advert.h"

namespace baton::doctor {

namespace {

// The bridge that an interface is, stands on, or is a port of.
const Bridge* bridge_of(const Patient& patient, const std::string& name) {
  const Interface* interface = find_interface(patient, name);
  if (interface == nullptr) return nullptr;
  for (const std::string& each : {interface->name, interface->bridge, interface->base}) {
    const auto found = patient.host.bridges.find(each);
    if (found != patient.host.bridges.end()) return &found->second;
  }
  return nullptr;
}

// A port that is blocked is no fault where another one leads to the same LAN; who is behind which is not known. So it
// is one when none is left that passes.
void judge_ports(const Patient& patient, const Bridge& bridge, const std::string& instance, Findings& findings) {
  std::vector<const BridgePort*> ports;
  for (const BridgePort& port : bridge.ports) {
    const Interface* interface = find_interface(patient, port.name);
    if (interface == nullptr || (interface->is_enabled && interface->has_carrier)) ports.push_back(&port);
  }
  const auto passes = [](const BridgePort* port) { return port->is_forwarding && port->floods_multicast; };
  const Severity severity = std::ranges::any_of(ports, passes) ? Severity::note : Severity::error;
  for (const BridgePort* port : ports) {
    if (passes(port)) continue;
    const bool is_blocked = !port->is_forwarding;
    findings.add("multicast-not-flooded",
                 {.interface = port->name,
                  .instance = instance,
                  .seen = fmt::format("port {} of {} {}", port->name, bridge.name,
                                      is_blocked ? "is not in the state forwarding" : "has `mcast_flood off`"),
                  .means = fmt::format("adverts to a group do not leave {} by that port", bridge.name),
                  .mend = is_blocked ? "wait for spanning tree, or see why it blocks the port: bridge -d link show"
                                     : fmt::format("bridge link set dev {} mcast_flood on", port->name),
                  .severity = severity});
  }
  const auto is_isolated = [](const BridgePort* port) { return port->is_isolated; };
  if (std::ranges::count_if(ports, is_isolated) < 2) return;
  const BridgePort* first = *std::ranges::find_if(ports, is_isolated);
  findings.add("multicast-not-flooded", {.interface = first->name,
                                         .instance = instance,
                                         .seen = fmt::format("ports of {} are isolated from each other, {} among them",
                                                             bridge.name, first->name),
                                         .means = "nodes behind two of them do not hear each other",
                                         .mend = fmt::format("bridge link set dev {} isolated off", first->name),
                                         .severity = Severity::note});
}

void judge_snooping(const Bridge& bridge, const setup::RouterSetup& router, Findings& findings) {
  const IpAddress& group = router.codec.multicast_group;
  const IpPrefix always_flooded{.address = IpAddress::v4(0xe0000000), .length = 24};
  const bool is_flooded = group.is_v4() && contains(always_flooded, group);
  const bool has_querier = bridge.has_querier || (group.is_v4() ? bridge.hears_querier_v4 : bridge.hears_querier_v6);
  if (!bridge.snoops || !router.codec.peers.empty() || is_flooded || has_querier) return;
  findings.add("snooping-without-querier",
               {.interface = bridge.name,
                .instance = router.name,
                .seen = fmt::format("{} snoops on multicast, there is no querier, and {} is no group that is always "
                                    "flooded",
                                    bridge.name, to_string(group)),
                .means = "adverts pass until a querier is heard, then only to ports whose membership is fresh",
                .mend = fmt::format("ip link set {} type bridge mcast_querier 1, or mcast_snooping 0", bridge.name)});
}

}  // namespace

void judge_bridges(const Patient& patient, Findings& findings) {
  for (const setup::RouterSetup& router : patient.setup.routers) {
    const Bridge* bridge = bridge_of(patient, wire_of(router));
    if (bridge == nullptr || !router.codec.peers.empty()) continue;
    judge_ports(patient, *bridge, router.name, findings);
    judge_snooping(*bridge, router, findings);
  }
  if (!patient.setup.routers.empty()) return;
  for (const std::string& name : patient.interfaces) {
    if (const Bridge* bridge = bridge_of(patient, name)) judge_ports(patient, *bridge, "", findings);
  }
}

}  // namespace baton::doctor
