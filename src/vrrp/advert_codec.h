// Bytes to adverts and back, for one virtual router: VRRPv2 (RFC 3768) without authentication, with PASS and with AH
// (RFC 2338), VRRPv3 (RFC 5798, RFC 9568) on IPv4 and IPv6, and the auth_hmac trailer (draft-cassen-vrrp-auth-hmac).
// Holds what a sender and a receiver must remember between packets (IP identification, AH sequence, HMAC time stamps)
// and nothing of the protocol's state.
//
//   IPv4 header 20 | AH 24, auth_type AH | message 8 + 4 or 16 an address (+ 8 VRRPv2) | trailer 28, auth_hmac
//
//    0                   1                   2                   3
//   |version| type=1|     vrid      |   priority    | address count |
//   |   VRRPv2: auth type, advert_int in seconds    |   checksum    |
//   |   VRRPv3: 4 reserved bits, 12 bits of 10 ms   |               |
//   |   addresses ...                                               |
//   |   VRRPv2: 8 bytes, the password of PASS or 0                  |
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <vector>

#include "base/ip_address.h"
#include "base/time.h"
#include "vrrp/advert.h"
#include "vrrp/codec_memory.h"
#include "vrrp/codec_parameters.h"
#include "vrrp/keyed_hash.h"
#include "vrrp/reject_reason.h"

namespace baton::vrrp {

// One datagram as a raw socket gives it. IPv4: `bytes` begins with the IP header. IPv6: with the VRRP header, and the
// kernel has verified the checksum already when `checksum_verified`.
struct ReceivedPacket {
  ByteView bytes;
  IpAddress source;              // IPv6 only; IPv4 reads its header
  IpAddress destination;         // IPv6 only
  std::uint8_t hop_limit = 255;  // IPv6 only
  bool checksum_verified = false;
};

// One datagram to send. IPv4: `bytes` begins with the IP header (IP_HDRINCL), its identification set by us and its
// header checksum 0 for the kernel to fill in. IPv6: the VRRP message, checksum filled in.
struct OutgoingPacket {
  IpAddress destination;
  Bytes bytes;
};

class AdvertCodec {
 public:
  // The way to make one from parameters that nobody has checked.
  static std::expected<AdvertCodec, CodecError> make(CodecParameters parameters);
  // For parameters that make() would take, and that somebody has checked before: those of a setup were when it was
  // made.
  explicit AdvertCodec(CodecParameters parameters);

  // The source address adverts leave with; it is part of checksum, ICV and HMAC. To be set before the first encode.
  void set_source(const IpAddress& source);

  // One logical advert: a copy per unicast peer, or one to the group. All copies share identification and sequence,
  // each has its own ICV and checksum. `interval` is what the advert announces (normally our own advert_int).
  std::vector<OutgoingPacket> encode(std::uint8_t priority, Duration interval, WallTime now);
  // The same into packets of an earlier call, whose memory is used again.
  void encode_into(std::uint8_t priority, Duration interval, WallTime now, std::vector<OutgoingPacket>& packets);

  // Judges a packet for this virtual router. A rejected packet changes nothing here but is counted by the caller.
  // `unlike_addresses` is set when the packet is accepted although its address list is not ours. Does not allocate,
  // whatever it is given, nor for AH and auth_hmac: the contexts of their keys are members (KeyedHash), and are used
  // again for each packet.
  std::expected<Advert, RejectReason> decode(const ReceivedPacket& packet, WallTime now,
                                             bool* unlike_addresses = nullptr);

  // What a successor needs to go on: a new worker, the guardian that says goodbye for a dead one, a reloaded
  // configuration. The source is no part of it.
  const CodecMemory& memory() const { return memory_; }
  void restore(const CodecMemory& memory) { memory_ = memory; }

  const CodecParameters& parameters() const { return parameters_; }

 private:
  struct Datagram;
  using Verdict = std::expected<void, RejectReason>;
  struct HmacKey {
    std::uint8_t id = 0;
    KeyedHash hash;
  };

  bool is_unicast() const { return !parameters_.peers.empty(); }
  bool has_ah() const { return parameters_.authentication.type == AuthType::ah; }
  bool sends_trailer() const;
  std::size_t headers_size() const;
  std::size_t message_size(std::size_t address_count) const;
  KeyedHash* hmac_hash(std::uint8_t id);

  // Sending, advert_codec.cpp.
  void build_message(std::uint8_t priority, Duration interval, WallTime now);
  void build_packet(const IpAddress& destination, Bytes& bytes);
  std::uint16_t checksum_for(const IpAddress& destination, ByteView message) const;

  // Receiving, advert_decode.cpp: one function a row or two of the table there.
  std::expected<Datagram, RejectReason> dissect(const ReceivedPacket& packet) const;
  static Verdict dissect_ipv4(ByteView bytes, Datagram& datagram);
  Verdict measure(Datagram& datagram) const;
  Verdict check_multicast_hop_limit(const Datagram& datagram) const;
  Verdict check_trailer(const Datagram& datagram, WallTime now);
  Verdict check_v2(const Datagram& datagram);
  Verdict check_ah(const Datagram& datagram);
  Verdict check_interval(const Datagram& datagram) const;
  Verdict check_total_length(const Datagram& datagram) const;
  Verdict check_checksum(Datagram& datagram) const;
  Verdict check_destination(const Datagram& datagram) const;
  Verdict check_source(const Datagram& datagram) const;
  bool has_our_addresses(const Datagram& datagram) const;
  void remember(const Datagram& datagram);

  CodecParameters parameters_;
  IpAddress source_;
  CodecMemory memory_;
  std::optional<KeyedHash> ah_hash_;
  std::vector<HmacKey> hmac_keys_;
  std::vector<IpAddress> sorted_addresses_;
  Bytes message_;  // the advert being sent, with its trailer
};

// The VRID of a datagram as a raw socket gives it, looking through AH, to find the virtual router it is for.
std::optional<std::uint8_t> peek_vrid(Family family, ByteView bytes);

}  // namespace baton::vrrp
