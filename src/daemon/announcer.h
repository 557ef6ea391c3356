// Bursts of gratuitous ARP and neighbour advertisements, a bounded number of frames a turn so that ten thousand
// addresses hold up no advert, and no faster than vrrp_garp_interval and garp_group allow. What has to keep a distance
// from each other shares a lane: an interface, or the interfaces of a garp_group.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "daemon/address_plan.h"
#include "daemon/setup.h"
#include "daemon/transport.h"
#include "kernel/interface_settings.h"
#include "kernel/interface_table.h"
#include "vrrp/node.h"

namespace baton::daemon {

namespace limits {
inline constexpr std::size_t frames_a_turn = 256;       // about a millisecond
inline constexpr std::size_t addresses_a_turn = 4'096;  // that are looked at, of which there may be nothing to announce
}  // namespace limits

class Announcer {
 public:
  Announcer(const Setup& setup, const kernel::InterfaceTable& interfaces, Transport& transport);

  // Every address of the router, `rounds` times over.
  void add(vrrp::RouterId router, unsigned rounds);
  // Of what waits to be announced of the router, no more than so many rounds.
  void shorten(vrrp::RouterId router, unsigned rounds);
  // Sends what one turn may send; true when there is more to send at once. What a router no longer serves is not
  // announced. A burst follows its addresses: each is announced as it lands, not when the last of thousands has.
  bool send_some(const vrrp::Node& node, Instant now, AddressState state);
  bool is_idle() const { return bursts_.empty(); }
  // When the next frame may leave, where an interval holds it back.
  std::optional<Instant> next_at() const;

 private:
  enum class Which : std::uint8_t { all, extra };  // extra: garp_extra_if
  struct Lane {
    Duration after_arp{};
    Duration after_advertisement{};
    Instant next_frame{};
    bool is_paced() const { return after_arp > Duration::zero() || after_advertisement > Duration::zero(); }
  };
  using LaneId = std::size_t;  // 0 is the one of all that keep no distance
  struct Burst {
    vrrp::RouterId router = 0;
    LaneId lane = 0;
    Which which = Which::all;
    unsigned rounds = 0;
    std::size_t next = 0;     // address
    std::size_t in_vain = 0;  // addresses in a row that could not be announced
  };
  // What is left of one turn.
  struct Turn {
    std::size_t frames = limits::frames_a_turn;  // of lane 0
    std::size_t addresses = limits::addresses_a_turn;
    bool is_over() const { return frames == 0 || addresses == 0; }
  };
  void put_into_lanes();
  bool has_paced_lanes() const { return lanes_.size() > 1; }
  LaneId lane_of(const std::string& interface) const;
  void add(vrrp::RouterId router, Which which, unsigned rounds);
  // Of an address that is there; nullopt: it is not, or its link knows no neighbours.
  std::optional<Bytes> frame_for(const config::VirtualAddress& address, const kernel::Link& link, Instant now);
  bool is_extra(const RouterSetup& router, const config::VirtualAddress& address) const;
  void add_extra(const vrrp::Node& node, Instant now);
  // At most `most` frames of a burst; returns how many.
  std::size_t advance(Burst& burst, std::size_t most, Turn& turn, AddressState state, Instant now);

  const Setup& setup_;
  const kernel::InterfaceTable& interfaces_;
  Transport& transport_;
  kernel::ForwardingMemory forwarding_;
  bool has_extra_;
  std::vector<Lane> lanes_{1};
  std::map<std::string, LaneId> lane_of_interface_;
  std::vector<std::vector<LaneId>> lanes_of_router_;
  std::deque<Burst> bursts_;
  std::map<vrrp::RouterId, Instant> next_extra_;  // of those that serve
};

}  // namespace baton::daemon
