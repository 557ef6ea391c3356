#include "daemon/interests.h"

namespace baton::daemon {

Interests::Interests(const Setup& setup) {
  for (vrrp::RouterId id = 0; id < setup.routers.size(); ++id) {
    const RouterSetup& router = setup.routers[id];
    interfaces_.insert(router.interface);
    interfaces_.insert(router.advert_interface);
    for (const config::VirtualAddress& address : router.addresses) interfaces_.insert(address.device);
    interfaces_.insert(setup.node.routers[id].links.begin(), setup.node.routers[id].links.end());
    if (router.configured_source) sources_.insert(*router.configured_source);
  }
  for (const vrrp::TrackerParameters& tracker : setup.node.trackers) {
    if (tracker.kind == vrrp::TrackerKind::interface) interfaces_.insert(tracker.name);
  }
}

bool Interests::has_source(const kernel::InterfaceAddress& address, const kernel::InterfaceTable& interfaces) const {
  const kernel::Link* link = interfaces.find(address.interface_index);
  return (link != nullptr && has(link->name)) || sources_.contains(address.address.address);
}

}  // namespace baton::daemon
