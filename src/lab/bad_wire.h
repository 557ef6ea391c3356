// A wire between a node and its switch that loses, delays and doubles frames, each direction as it likes. It stands
// between the node's port and the bridge while it lives, and everything is as before when it is gone. In user space,
// for not every kernel has netem.
//
//   node ══ port ─ BadWire ─ near ══ far ══ bridge
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>

#include "base/bytes.h"
#include "base/sys_error.h"
#include "base/time.h"
#include "base/unique_fd.h"
#include "lab/reactor.h"
#include "lab/route_socket.h"

namespace baton::lab {

// Chances are 0 to 1. A frame waits any time from 0 to `most_delay`, so that frames overtake each other.
struct WireDirection {
  double loss = 0;
  double duplicate = 0;
  Duration most_delay{};
};
struct WireQuality {
  WireDirection from_node{};
  WireDirection to_node{};
};

class BadWire {
 public:
  struct Place {
    std::string port;    // of the switch, the node's; now in the bridge
    std::string bridge;  // both in the network namespace we stand in
  };
  static SysResult<std::unique_ptr<BadWire>> open(Reactor& reactor, RouteSocket& switches, const Place& place,
                                                  const WireQuality& quality);
  ~BadWire();
  BadWire(const BadWire&) = delete;
  BadWire& operator=(const BadWire&) = delete;

 private:
  struct End {
    UniqueFd socket;
    Reactor::Token watch = 0;
  };
  struct Late {
    Bytes frame;
    int to = -1;  // a socket
  };

  BadWire(Reactor& reactor, RouteSocket& switches, Place place, const WireQuality& quality)
      : reactor_(reactor), switches_(switches), place_(std::move(place)), quality_(quality) {}
  SysResult<void> build();
  void watch(End& end, const End& other, const WireDirection& direction);
  void pass(ByteView frame, const WireDirection& direction, int to);
  void deliver_due();
  void arm();
  bool happens(double chance);

  Reactor& reactor_;
  RouteSocket& switches_;
  Place place_;
  WireQuality quality_;
  std::minstd_rand random_{1};  // which frame is lost is the machine's affair anyway
  End node_end_;
  End switch_end_;
  UniqueFd timer_;
  Reactor::Token timer_watch_ = 0;
  std::multimap<Instant, Late> late_;
};

namespace limits {

inline constexpr std::size_t late_frames = 10'000;  // on their way; more are lost

}  // namespace limits

}  // namespace baton::lab
