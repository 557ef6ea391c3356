// What a worker hears while the one before it still serves (docs/decisions/0008): most of it is that one's, but for
// what comes after its last look nobody else is there.
#pragma once

#include <deque>
#include <utility>

#include "base/time.h"
#include "vrrp/advert_codec.h"
#include "vrrp/node.h"

namespace baton::daemon {

namespace limits {
inline constexpr std::size_t early_packets = 4096;  // the oldest go first
}

class EarlyPackets {
 public:
  void keep(vrrp::RouterId router, const vrrp::ReceivedPacket& packet, Instant now) {
    if (packets_.size() == limits::early_packets) packets_.pop_front();
    packets_.push_back({router, now, packet, Bytes(packet.bytes.begin(), packet.bytes.end())});
  }

  // Hands over what came at `from` or later, and forgets all of it.
  template <typename Hear>
  void replay(Instant from, Hear&& hear) {
    for (Early& early : std::exchange(packets_, {})) {
      if (early.at < from) continue;
      early.packet.bytes = early.bytes;
      hear(early.router, early.packet);
    }
  }

 private:
  struct Early {
    vrrp::RouterId router = 0;
    Instant at;
    vrrp::ReceivedPacket packet;
    Bytes bytes;
  };
  std::deque<Early> packets_;
};

}  // namespace baton::daemon
