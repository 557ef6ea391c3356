// What one virtual router's adverts look like on the wire: the configuration of an AdvertCodec.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/ip_address.h"
#include "base/time.h"
#include "vrrp/advert.h"

namespace baton::vrrp {

enum class AuthType : std::uint8_t { none = 0, pass = 1, ah = 2 };

// VRRPv2 authentication. The password is zero padded to 8 bytes (RFC 2338 §5.3.6.1).
struct Authentication {
  AuthType type = AuthType::none;
  std::array<std::uint8_t, 8> password{};
};

// The auth_hmac block of keepalived 2.4.2 and later.
struct HmacAuthentication {
  enum class Mode : std::uint8_t { enforce, permissive, receive_only };
  enum class AntiReplay : std::uint8_t { time, monotonic };
  struct Key {
    std::uint8_t id = 0;  // 1..255
    Bytes secret{};       // 32..64 bytes
  };
  std::vector<Key> keys{};
  std::uint8_t active_key = 0;
  Mode mode = Mode::enforce;
  AntiReplay anti_replay = AntiReplay::time;
  std::uint32_t time_window_seconds = 5;  // 1..300
};

// VRRPv3 over IPv4 has two readings of the checksum: with the pseudo-header (RFC 5798 as keepalived reads it) and over
// the message alone (RFC 9568). Both are accepted always; this says which one is sent.
enum class ChecksumV3 : std::uint8_t { pseudo_header, message_only };

struct UnicastPeer {
  IpAddress address;
  std::uint8_t min_ttl = 0;  // 0 and 255: any
  std::uint8_t max_ttl = 255;
};

struct CodecParameters {
  Version version = Version::v2;
  Family family = Family::ipv4;
  std::uint8_t vrid = 0;               // 1..255
  Duration advert_interval{};          // own; VRRPv2 whole seconds 1..255, VRRPv3 10 ms..40.95 s
  std::vector<IpAddress> addresses{};  // virtual_ipaddress, in configuration order; at most 255
  IpAddress multicast_group{};         // used when there are no peers; unspecified: the standard group
  std::vector<UnicastPeer> peers{};    // unicast when not empty
  bool check_unicast_source = false;
  std::uint8_t ttl = spec::ttl;
  Authentication authentication{};
  std::optional<HmacAuthentication> hmac{};
  ChecksumV3 checksum_v3 = ChecksumV3::pseudo_header;
  bool accept_other_address_lists = false;  // keepalived from 2.3.3 accepts, 2.2.7 rejects; we count and accept
  bool ignore_adverts = false;              // we own the address (priority 255) and owner_ignore_adverts is set
};

// Why a codec cannot be made of these parameters.
enum class CodecError : std::uint8_t {
  vrid,
  advert_interval,
  too_many_addresses,
  address_family,
  ipv6_needs_version_3,
  authentication_needs_version_2,
  authentication_and_hmac,
  hmac_key,
  hmac_active_key,
  hmac_time_window,
};
// One sentence for people.
std::string_view explain(CodecError error);

std::optional<CodecError> check(const CodecParameters& parameters);

}  // namespace baton::vrrp
