// A VRRP datagram taken apart for people, whatever configuration it fits: what it says, and how it says it. Judging
// it by a configuration is vrrp::AdvertCodec's, which gets the same bytes.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ip_address.h"
#include "base/mac_address.h"
#include "base/time.h"

namespace baton::doctor {

enum class ChecksumReading : std::uint8_t { message, pseudo_header, wrong };
std::string_view name(ChecksumReading reading);
enum class HeardAuthentication : std::uint8_t { none, pass, ah, other };
std::string_view name(HeardAuthentication authentication);

struct HeardAdvert {
  Family family = Family::ipv4;
  std::uint8_t version = 0;
  std::uint8_t vrid = 0;
  std::uint8_t priority = 0;
  Duration interval{};
  HeardAuthentication authentication = HeardAuthentication::none;
  std::array<std::uint8_t, 8> password{};  // of pass, as it is on the wire
  bool has_hmac = false;                   // something as long as an auth_hmac trailer follows
  ChecksumReading checksum = ChecksumReading::wrong;
  bool is_whole = false;  // false: what follows the VRID does not fit its length
  std::vector<IpAddress> addresses;
  IpAddress source;
  IpAddress destination;
  std::uint8_t hop_limit = 0;
  MacAddress mac;  // of the frame
  Bytes datagram;  // as vrrp::ReceivedPacket has it
};

// An Ethernet frame; nullopt: it has no VRRP with a VRID in it.
std::optional<HeardAdvert> dissect(ByteView frame);

}  // namespace baton::doctor
