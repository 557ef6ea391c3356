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

void judge_ports(const Bridge& bridge, const std::string& instance, Findings& findings) {
  for (const BridgePort& port : bridge.ports) {
    const auto add = [&](std::string seen, std::string mend) {
      findings.add("multicast-not-flooded",
                   {.interface = port.name,
                    .instance = instance,
                    .seen = std::move(seen),
                    .means = fmt::format("adverts to a group do not leave {} by that port", bridge.name),
                    .mend = std::move(mend)});
    };
    if (!port.is_forwarding) {
      add(fmt::format("port {} of {} is not in the state forwarding", port.name, bridge.name),
          "wait for spanning tree, or see why it blocks the port: bridge -d link show");
    } else if (!port.floods_multicast) {
      add(fmt::format("port {} of {} has `mcast_flood off`", port.name, bridge.name),
          fmt::format("bridge link set dev {} mcast_flood on", port.name));
    }
  }
  const auto isolated = std::ranges::count(bridge.ports, true, &BridgePort::is_isolated);
  if (isolated < 2) return;
  const auto first = std::ranges::find(bridge.ports, true, &BridgePort::is_isolated);
  findings.add("multicast-not-flooded",
               {.interface = first->name,
                .instance = instance,
                .seen = fmt::format("{} ports of {} are isolated from each other", isolated, bridge.name),
                .means = "nodes behind two of them do not hear each other",
                .mend = fmt::format("bridge link set dev {} isolated off", first->name)});
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
    judge_ports(*bridge, router.name, findings);
    judge_snooping(*bridge, router, findings);
  }
  if (!patient.setup.routers.empty()) return;
  for (const std::string& name : patient.interfaces) {
    if (const Bridge* bridge = bridge_of(patient, name)) judge_ports(*bridge, "", findings);
  }
}

}  // namespace baton::doctor
