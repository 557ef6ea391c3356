#include "daemon/announcer.h"

#include "vrrp/announcement.h"

namespace baton::daemon {

void Announcer::add(vrrp::RouterId router, unsigned rounds) {
  if (rounds == 0) return;
  for (Burst& burst : bursts_) {
    if (burst.router != router || burst.which != Which::all) continue;
    burst.rounds = std::max(burst.rounds, rounds);
    return;
  }
  bursts_.push_back({.router = router, .rounds = rounds, .next = 0});
}

std::optional<Instant> Announcer::next_at() const {
  std::optional<Instant> next;
  if (!bursts_.empty() && setup_.announcement_interval > Duration::zero()) next = next_frame_;
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
    bursts_.push_back({.router = id, .which = Which::extra, .rounds = 1, .next = 0});
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
  const bool paced = setup_.announcement_interval > Duration::zero();
  if (paced && now < next_frame_) return false;
  std::size_t left = paced ? 1 : limits::frames_a_turn;
  for (auto burst = bursts_.begin(); burst != bursts_.end() && left > 0;) {
    const bool serves = node.router(burst->router).is_serving() && !setup_.routers[burst->router].addresses.empty();
    if (serves) left -= advance(*burst, left, state, now);
    burst = serves && burst->rounds > 0 ? std::next(burst) : bursts_.erase(burst);
  }
  if (paced) next_frame_ = now + setup_.announcement_interval;
  return !paced && left == 0 && !bursts_.empty();
}

std::size_t Announcer::advance(Burst& burst, std::size_t most, AddressState state, Instant now) {
  const auto& addresses = setup_.routers[burst.router].addresses;
  // Frames of one interface in a row leave in one system call. A full queue loses some, as a wire does.
  std::vector<Bytes> frames;
  std::uint32_t interface_index = 0;
  const auto flush = [&] {
    if (!frames.empty()) (void)transport_.announce(interface_index, frames);
    frames.clear();
  };
  std::size_t sent = 0;
  while (sent < most && burst.rounds > 0) {
    const config::VirtualAddress& address = addresses[burst.next];
    const bool is_meant = burst.which == Which::all || is_extra(setup_.routers[burst.router], address);
    if (const kernel::Link* link = is_meant ? interfaces_.find(address.device) : nullptr) {
      if (state == AddressState::on_their_way && !interfaces_.has({link->index, address.address})) break;
      if (auto frame = frame_for(address, *link, now)) {
        if (link->index != interface_index) flush();
        interface_index = link->index;
        frames.push_back(std::move(*frame));
        ++sent;
      }
    }
    if (++burst.next == addresses.size()) {
      burst.next = 0;
      --burst.rounds;
    }
  }
  flush();
  return sent;
}

}  // namespace baton::daemon
