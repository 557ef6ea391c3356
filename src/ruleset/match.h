// One condition of a packet filter's rule, and whether an advert meets it: yes, no, or nobody can tell from a text.
// PURE.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ip_address.h"

namespace baton::ruleset {

enum class Direction : std::uint8_t { in, out };

// What a filter sees of an advert.
struct AdvertPacket {
  Direction direction = Direction::in;
  std::uint8_t protocol = 112;       // 51 within AH
  std::string interface;             // where it arrives or leaves
  bool is_interface_sure = true;     // false: it may be called otherwise (a virtual one)
  IpAddress destination;             // the group, or a peer's own address
  bool is_destination_known = true;  // of unicast
  std::optional<IpAddress> source;   // nullopt: no file gives it
  std::vector<IpPrefix> home;        // subnets that it comes from by what the files say
  std::uint8_t ttl = 255;

  Family family() const { return destination.family(); }
  bool is_multicast() const { return destination.is_multicast(); }
  bool operator==(const AdvertPacket&) const = default;
};

enum class Fit : std::uint8_t { no, maybe, yes };

struct Match {
  enum class Field : std::uint8_t {
    family,         // ipv4, ipv6
    protocol,       // names, numbers, ranges
    source,         // addresses, prefixes, ranges
    destination,    //
    in_interface,   // names; eth* and eth+ are any that begin so
    out_interface,  //
    packet_type,    // multicast, unicast, broadcast, local: of the destination
    connection,     // new, established, ...
    ttl,            // numbers, ranges
    other,          // nothing that an advert's text would show
  };
  Field field = Field::other;
  bool is_negated = false;
  std::vector<std::string> values;  // one of them; in lower case but for interfaces
  bool is_whole = true;             // false: there are further values that the text does not show
};

Fit fit(const Match& match, const AdvertPacket& packet);

}  // namespace baton::ruleset
