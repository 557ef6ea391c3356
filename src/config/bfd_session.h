// bfd_instance: one session of Bidirectional Forwarding Detection (RFC 5880) with a neighbour.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/ip_address.h"
#include "base/time.h"
#include "config/source_place.h"

namespace baton::config {

struct BfdSession {
  std::string name;                                 // 1..31 bytes
  IpAddress neighbor;                               // 0.0.0.0: none was given; there is no session, and it is never up
  std::optional<IpAddress> source;                  // of the neighbour's family
  Duration min_rx = std::chrono::milliseconds(10);  // what the neighbour may send, at most
  Duration min_tx = std::chrono::milliseconds(10);  // what we would like to send
  Duration idle_tx = std::chrono::seconds(1);       // the same while the session is not up; at least a second
  std::uint8_t multiplier = 5;                      // at least 1
  bool passive = false;                             // the neighbour begins
  bool multihop = false;                            // RFC 5883: port 4784
  std::uint8_t ttl = 255;                           // of what is sent, and of what is expected
  std::optional<std::uint8_t> max_hops = std::uint8_t{0};  // so much less than `ttl` is taken; nullopt: anything is
  int weight = 0;                                          // default for those that track it, -253..253
  bool reverse = false;
  bool for_vrrp = true;      // who hears of it: `vrrp` alone, `checker` alone, else both
  bool for_checkers = true;  // BFD_CHECK
  Place place;

  bool has_neighbor() const { return !neighbor.is_unspecified(); }
  bool operator==(const BfdSession&) const = default;
};

}  // namespace baton::config
