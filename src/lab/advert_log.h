// Every VRRP advertisement that left a node, as a bystander reads it: no authentication is judged here.
#pragma once

#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/ip_address.h"
#include "base/time.h"
#include "lab/topology.h"

namespace baton::lab {

struct SeenAdvert {
  Family family = Family::ipv4;
  std::uint8_t version = 2;
  std::uint8_t vrid = 0;
  std::uint8_t priority = 0;
  Duration interval{};
};
// An Ethernet frame with a VRRP message, looking through AH; nullopt for anything else. PURE.
std::optional<SeenAdvert> decode_advert(ByteView frame);

struct AdvertRecord {
  Instant at;
  NodeId node = 0;
  SeenAdvert advert;
};

struct GapStatistics {
  std::size_t count = 0;
  Duration median{};
  Duration p99{};
  Duration longest{};
};
// Gaps between following adverts of one node and virtual router in [from, to]. PURE.
GapStatistics advert_gaps(const std::vector<AdvertRecord>& records, NodeId node, std::uint8_t vrid, Instant from,
                          Instant to);

}  // namespace baton::lab
