#include "daemon/announcer.h"

#include "daemon/address_plan.h"
#include "kernel/forwarding.h"
#include "vrrp/announcement.h"

namespace baton::daemon {

void Announcer::add(vrrp::RouterId router, unsigned rounds) {
  if (rounds == 0) return;
  for (Burst& burst : bursts_) {
    if (burst.router != router) continue;
    burst.rounds = std::max(burst.rounds, rounds);
    return;
  }
  bursts_.push_back({.router = router, .rounds = rounds, .next = 0});
}

std::optional<Instant> Announcer::next_at() const {
  if (bursts_.empty() || setup_.announcement_interval == Duration::zero()) return std::nullopt;
  return next_frame_;
}

std::optional<Bytes> Announcer::frame_for(const config::VirtualAddress& address, std::uint32_t& interface_index) const {
  const kernel::Link* link = interfaces_.find(address.device);
  if (link == nullptr || !link->has_arp || !link->is_ethernet) return std::nullopt;
  if (!interfaces_.has({link->index, address.address})) return std::nullopt;
  interface_index = link->index;
  const IpAddress& ip = address.address.address;
  if (ip.is_v4()) return vrrp::gratuitous_arp(ip, link->mac);
  return vrrp::unsolicited_neighbour_advertisement(ip, link->mac, kernel::forwards_ipv6(link->name));
}

bool Announcer::send_some(const vrrp::Node& node, Instant now) {
  const bool paced = setup_.announcement_interval > Duration::zero();
  if (paced && now < next_frame_) return false;
  std::size_t left = paced ? 1 : limits::frames_a_turn;
  while (!bursts_.empty() && left > 0) {
    Burst& burst = bursts_.front();
    const auto& addresses = setup_.routers[burst.router].addresses;
    if (!node.router(burst.router).is_serving() || addresses.empty()) {
      bursts_.pop_front();
      continue;
    }
    std::uint32_t interface_index = 0;
    // Frames of one interface in a row leave in one system call.
    std::vector<Bytes> frames;
    std::uint32_t frames_interface = 0;
    while (left > 0 && burst.rounds > 0) {
      if (auto frame = frame_for(addresses[burst.next], interface_index)) {
        if (!frames.empty() && interface_index != frames_interface) break;
        frames_interface = interface_index;
        frames.push_back(std::move(*frame));
        --left;
      }
      if (++burst.next == addresses.size()) {
        burst.next = 0;
        --burst.rounds;
      }
    }
    if (!frames.empty())
      (void)transport_.announce(frames_interface, frames);  // a full queue loses some, as a wire does
    if (burst.rounds == 0) bursts_.pop_front();
  }
  if (paced) next_frame_ = now + setup_.announcement_interval;
  return !bursts_.empty() && !paced;
}

}  // namespace baton::daemon
