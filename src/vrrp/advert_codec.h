// Bytes to adverts and back, for one virtual router: VRRPv2 (RFC 3768) without authentication, with PASS and with AH
// (RFC 2338), VRRPv3 (RFC 5798, RFC 9568) on IPv4 and IPv6, and the auth_hmac trailer (draft-cassen-vrrp-auth-hmac).
// Holds what a sender and a receiver must remember between packets (IP identification, AH sequence, HMAC time stamps)
// and nothing of the protocol's state. decode() does not allocate, whatever it is given.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <optional>
#include <vector>

#include "base/ip_address.h"
#include "base/time.h"
#include "vrrp/advert.h"
#include "vrrp/reject_reason.h"

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
    std::uint8_t id = 0;   // 1..255
    Bytes secret;          // 32..64 bytes
  };
  std::vector<Key> keys;
  std::uint8_t active_key = 0;
  Mode mode = Mode::enforce;
  AntiReplay anti_replay = AntiReplay::time;
  std::uint32_t time_window_seconds = 5;
};

// VRRPv3 over IPv4 has two readings of the checksum: with the pseudo-header (RFC 5798 as keepalived reads it) and over
// the message alone (RFC 9568). Both are accepted always; this says which one is sent.
enum class ChecksumV3 : std::uint8_t { pseudo_header, message_only };

struct UnicastPeer {
  IpAddress address;
  std::uint8_t min_ttl = 0;    // 0 and 255: any
  std::uint8_t max_ttl = 255;
};

struct CodecParameters {
  Version version = Version::v2;
  Family family = Family::ipv4;
  std::uint8_t vrid = 0;                       // 1..255
  Duration advert_interval{};                  // own; VRRPv2 whole seconds, VRRPv3 10 ms..40.95 s
  std::vector<IpAddress> addresses;            // virtual_ipaddress, in configuration order; at most 255
  IpAddress multicast_group;                   // used when there are no peers
  std::vector<UnicastPeer> peers;              // unicast when not empty
  bool check_unicast_source = false;
  std::uint8_t ttl = spec::ttl;
  Authentication authentication;
  std::optional<HmacAuthentication> hmac;
  ChecksumV3 checksum_v3 = ChecksumV3::pseudo_header;
  bool accept_other_address_lists = false;     // keepalived from 2.3.3 accepts, 2.2.7 rejects; we count and accept
};

// One datagram as a raw socket gives it. IPv4: `bytes` begins with the IP header. IPv6: with the VRRP header, and the
// kernel has verified the checksum already when `checksum_verified`.
struct ReceivedPacket {
  ByteView bytes;
  IpAddress source;          // IPv6 only; IPv4 reads its header
  IpAddress destination;     // IPv6 only
  std::uint8_t hop_limit = 255;  // IPv6 only
  bool checksum_verified = false;
};

// One datagram to send. IPv4: `bytes` begins with the IP header (IP_HDRINCL), its identification set by us and its
// header checksum 0 for the kernel to fill in. IPv6: the VRRP message, checksum filled in.
struct OutgoingPacket {
  IpAddress destination;
  Bytes bytes;
};

// What survives a change of process: a successor that starts behind these would be taken for a replay.
struct CodecMemory {
  std::uint16_t ip_identification = 0;
  std::uint32_t ah_sequence = 0;       // the highest sent or heard
  std::uint64_t hmac_time = 0;         // last sent: seconds << 32 | fraction << 16 | counter
};

class AdvertCodec {
 public:
  explicit AdvertCodec(CodecParameters parameters);

  // The source address adverts leave with; it is part of checksum, ICV and HMAC.
  void set_source(const IpAddress& source);

  // One logical advert: a copy per unicast peer, or one to the group. All copies share identification and sequence,
  // each has its own ICV and checksum. `interval` is what the advert announces (normally our own advert_int).
  std::vector<OutgoingPacket> encode(std::uint8_t priority, Duration interval, WallTime now);

  // Judges a packet for this virtual router. A rejected packet changes nothing here but is counted by the caller.
  // `unlike_addresses` is set when the packet is accepted although its address list is not ours.
  std::expected<Advert, RejectReason> decode(const ReceivedPacket& packet, WallTime now, bool* unlike_addresses = nullptr);

  CodecMemory memory() const;
  void restore(const CodecMemory& memory);

  const CodecParameters& parameters() const { return parameters_; }

 private:
  CodecParameters parameters_;
};

// The VRID of a datagram as a raw socket gives it, looking through AH, to find the virtual router it is for.
std::optional<std::uint8_t> peek_vrid(Family family, ByteView bytes);

}  // namespace baton::vrrp
