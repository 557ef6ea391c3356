// The priorities other nodes of a virtual router were last heard with. A master that falls asks for relief only when it
// knows of somebody better; else the address would travel to a node that is no better, and come back.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/ip_address.h"
#include "vrrp/advert.h"

namespace baton::vrrp {

namespace limits {
inline constexpr std::size_t peers_remembered = 16;  // of one virtual router; the one heard longest ago makes room
}  // namespace limits

class PeerMemory {
 public:
  // Adverts with priority 0 say that a peer stops, not how good it is: they are not remembered.
  void remember(const Advert& advert, Instant now);
  bool knows_better_than(std::uint8_t priority) const;
  // Everybody above `priority` was asked and did not come.
  void forget_above(std::uint8_t priority);

  // Places matter: of two peers heard at one moment the first makes room.
  template <typename Self, typename Archive>
  static void members(Self& self, Archive& archive) {
    for (auto& peer : self.peers_) {
      archive(peer.priority);
      if (peer.priority == 0) continue;
      archive(peer.source);
      archive(peer.heard);
    }
  }

 private:
  struct Peer {
    IpAddress source;
    std::uint8_t priority = 0;  // 0: a free place
    Instant heard{};
  };
  std::array<Peer, limits::peers_remembered> peers_{};
};

}  // namespace baton::vrrp
