#include "daemon/announcer.h"

#include <algorithm>
#include <utility>

#include "vrrp/announcement.h"

namespace baton::daemon {

Announcer::Announcer(const Setup& setup, const kernel::InterfaceTable& interfaces, Transport& transport)
    : setup_(setup),
      interfaces_(interfaces),
      transport_(transport),
      has_extra_(std::ranges::any_of(setup.routers, [](const RouterSetup& router) {
        return router.extra_announcements.interval > Duration::zero();
      })) {
  put_into_lanes();
}

void Announcer::put_into_lanes() {
  for (const config::AnnouncementGroup& group : setup_.announcement_groups) {
    for (const std::string& interface : group.interfaces) lane_of_interface_.emplace(interface, lanes_.size());
    lanes_.push_back({.after_arp = group.garp_interval, .after_advertisement = group.gna_interval});
  }
  const Lane own{.after_arp = setup_.garp_interval, .after_advertisement = setup_.gna_interval};
  for (const RouterSetup& router : setup_.routers) {
    std::vector<LaneId>& lanes = lanes_of_router_.emplace_back();
    for (const config::VirtualAddress& address : router.addresses) {
      if (own.is_paced() && lane_of_interface_.try_emplace(address.device, lanes_.size()).second) lanes_.push_back(own);
      const LaneId lane = lane_of(address.device);
      if (std::ranges::find(lanes, lane) == lanes.end()) lanes.push_back(lane);
    }
  }
}

Announcer::LaneId Announcer::lane_of(const std::string& interface) const {
  const auto found = lane_of_interface_.find(interface);
  return found == lane_of_interface_.end() ? 0 : found->second;
}

void Announcer::add(vrrp::RouterId router, unsigned rounds) {
  if (rounds > 0) add(router, Which::all, rounds);
}

void Announcer::add(vrrp::RouterId router, Which which, unsigned rounds) {
  for (const LaneId lane : lanes_of_router_[router]) {
    const auto waiting = std::ranges::find_if(bursts_, [&](const Burst& burst) {
      return burst.router == router && burst.lane == lane && burst.which == which;
    });
    if (waiting != bursts_.end()) {
      waiting->rounds = std::max(waiting->rounds, rounds);
    } else {
      bursts_.push_back({.router = router, .lane = lane, .which = which, .rounds = rounds, .next = 0});
    }
  }
}

void Announcer::shorten(vrrp::RouterId router, unsigned rounds) {
  for (Burst& burst : bursts_) {
    if (burst.router == router && burst.which == Which::all) burst.rounds = std::min(burst.rounds, rounds);
  }
}

std::optional<Instant> Announcer::next_at() const {
  std::optional<Instant> next;
  if (has_paced_lanes()) {
    for (const Burst& burst : bursts_) {
      const Lane& lane = lanes_[burst.lane];
      if (lane.is_paced()) next = std::min(next.value_or(lane.next_frame), lane.next_frame);
    }
  }
  for (const auto& [router, at] : next_extra_) next = std::min(next.value_or(at), at);
  return next;
}

bool Announcer::is_extra(const RouterSetup& router, const config::VirtualAddress& address) const {
  if (address.device == router.advert_interface) return false;
  return router.extra_announcements.all || std::ranges::any_of(router.virtual_interfaces, [&](std::size_t index) {
           return setup_.virtual_interfaces[index].wanted.name == address.device;
         });
}

// The first time an interval after it has begun to serve: its start is announced anyway.
void Announcer::add_extra(const vrrp::Node& node, Instant now) {
  for (vrrp::RouterId id = 0; id < setup_.routers.size(); ++id) {
    const RouterSetup& router = setup_.routers[id];
    const Duration interval = router.extra_announcements.interval;
    if (interval == Duration::zero()) continue;
    if (!node.router(id).is_serving()) {
      next_extra_.erase(id);
      continue;
    }
    const auto [next, is_new] = next_extra_.try_emplace(id, now + interval);
    if (is_new || now < next->second) continue;
    next->second = now + interval;
    add(id, Which::extra, 1);
  }
}

std::optional<Bytes> Announcer::frame_for(const config::VirtualAddress& address, const kernel::Link& link,
                                          Instant now) {
  if (!link.has_arp || !link.is_ethernet || !interfaces_.has({link.index, address.address})) return std::nullopt;
  const IpAddress& ip = address.address.address;
  if (ip.is_v4()) return vrrp::gratuitous_arp(ip, link.mac);
  return vrrp::unsolicited_neighbour_advertisement(ip, link.mac, forwarding_.forwards_ipv6(link.name, now));
}

bool Announcer::send_some(const vrrp::Node& node, Instant now, AddressState state) {
  if (has_extra_) add_extra(node, now);
  Turn turn;
  for (auto burst = bursts_.begin(); burst != bursts_.end() && (!turn.is_over() || has_paced_lanes());) {
    Lane& lane = lanes_[burst->lane];
    const bool serves = node.router(burst->router).is_serving();
    const std::size_t most = !lane.is_paced() ? turn.frames : now >= lane.next_frame ? 1 : 0;
    if (serves && most > 0) {
      const std::size_t sent = advance(*burst, most, turn, state, now);
      if (!lane.is_paced()) turn.frames -= sent;
    }
    burst = serves && burst->rounds > 0 ? std::next(burst) : bursts_.erase(burst);
  }
  return turn.is_over() && !bursts_.empty();
}

std::size_t Announcer::advance(Burst& burst, std::size_t most, Turn& turn, AddressState state, Instant now) {
  const RouterSetup& router = setup_.routers[burst.router];
  Lane& lane = lanes_[burst.lane];
  // Frames of one interface in a row leave in one system call. A full queue loses some, as a wire does.
  std::vector<Bytes> frames;
  std::uint32_t interface_index = 0;
  const auto flush = [&] {
    if (!frames.empty()) (void)transport_.announce(interface_index, frames);
    frames.clear();
  };
  std::size_t sent = 0;
  for (; sent < most && turn.addresses > 0 && burst.rounds > 0; --turn.addresses) {
    const std::size_t sent_before = sent;
    const config::VirtualAddress& address = router.addresses[burst.next];
    const bool is_meant =
        lane_of(address.device) == burst.lane && (burst.which == Which::all || is_extra(router, address));
    if (const kernel::Link* link = is_meant ? interfaces_.find(address.device) : nullptr) {
      if (state == AddressState::on_their_way && !interfaces_.has({link->index, address.address})) break;
      if (auto frame = frame_for(address, *link, now)) {
        if (link->index != interface_index) flush();
        interface_index = link->index;
        frames.push_back(std::move(*frame));
        lane.next_frame = now + (address.address.address.is_v4() ? lane.after_arp : lane.after_advertisement);
        ++sent;
      }
    }
    if (++burst.next == router.addresses.size()) {
      burst.next = 0;
      --burst.rounds;
    }
    burst.in_vain = sent > sent_before ? 0 : burst.in_vain + 1;
    if (burst.in_vain < router.addresses.size()) continue;
    burst.in_vain = 0;
    if (state == AddressState::settled) burst.rounds = 0;  // one more would be as this one
    break;
  }
  flush();
  return sent;
}

}  // namespace baton::daemon
