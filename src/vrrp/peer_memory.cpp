#include "vrrp/peer_memory.h"

#include <algorithm>

namespace baton::vrrp {

void PeerMemory::remember(const Advert& advert, Instant now) {
  if (advert.priority == spec::priority_stop) return;
  auto place = std::ranges::find(peers_, advert.source, &Peer::source);
  if (place == peers_.end()) place = std::ranges::min_element(peers_, {}, &Peer::heard);
  *place = {.source = advert.source, .priority = advert.priority, .heard = now};
}

bool PeerMemory::knows_better_than(std::uint8_t priority) const {
  return std::ranges::any_of(peers_, [&](const Peer& peer) { return peer.priority > priority; });
}

void PeerMemory::forget_above(std::uint8_t priority) {
  for (Peer& peer : peers_) {
    if (peer.priority > priority) peer = {};
  }
}

}  // namespace baton::vrrp
