// Why a received packet was not taken. One enumerator a reason; each is a counter and a line in `baton status`.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace baton::vrrp {

enum class RejectReason : std::uint8_t {
  truncated,           // shorter than its headers say they are
  ip_options,          // an IPv4 header with options
  total_length,        // IP total length and received length disagree
  packet_length,       // not headers + message for the announced address count
  ttl,                 // TTL or hop limit other than 255, or outside the peer's range (RFC 9568 §7.1)
  version,             // not the configured version
  vrid,                // not this virtual router
  type,                // not an advertisement
  checksum,            // in none of the readings we accept
  destination,         // multicast to a unicast instance, or the other way round
  not_a_peer,          // source that is no configured unicast peer, or that no host can have
  own_address,         // our own source address: looped back, or a duplicate address
  auth_type_invalid,   // VRRPv2: neither 0, 1 nor 2
  auth_type_mismatch,  // VRRPv2: not the configured one
  auth_password,       // VRRPv2 PASS: another password
  ah_header,           // AH: next header, length or SPI wrong
  ah_icv,              // AH: integrity check value wrong
  ah_replay,           // AH: sequence number not above the last one
  hmac_missing,        // auth_hmac: no trailer
  hmac_malformed,      // auth_hmac: unknown scheme or non-zero reserved field
  hmac_unknown_key,    // auth_hmac: key id not configured
  hmac_invalid,        // auth_hmac: wrong HMAC
  hmac_stale,          // auth_hmac: time stamp outside the window
  hmac_replay,         // auth_hmac: not above the last one of that sender
  interval,            // VRRPv2: advert_int differs from ours; VRRPv3: 0
  address_list,        // another set of virtual addresses
  owner_ignores,       // we own the address (priority 255) and owner_ignore_adverts is set
};
inline constexpr std::size_t reject_reason_count = static_cast<std::size_t>(RejectReason::owner_ignores) + 1;

// The name in JSON and metrics: "ah_replay".
std::string_view name(RejectReason reason);
// One sentence for people: what is wrong with the packet and where to look.
std::string_view explain(RejectReason reason);

using RejectCounters = std::array<std::uint64_t, reject_reason_count>;

}  // namespace baton::vrrp
