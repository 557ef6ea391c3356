// The BFD Control packet (RFC 5880 §4.1), bytes to values and back. Without an authentication section: neither
// keepalived nor Baton has a keyword for one.
//
//    0                   1                   2                   3
//   |Vers |  Diag   |Sta|P|F|C|A|D|M|  Detect Mult  |    Length     |
//   |                       My Discriminator                        |
//   |                      Your Discriminator                       |
//   |                    Desired Min TX Interval                    |  microseconds, as are the other two
//   |                   Required Min RX Interval                    |
//   |                 Required Min Echo RX Interval                 |
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/time.h"

namespace baton::bfd {

namespace spec {

inline constexpr std::uint8_t version = 1;
inline constexpr std::size_t packet_size = 24;
inline constexpr std::uint16_t single_hop_port = 3784;  // RFC 5881 §4
inline constexpr std::uint16_t multihop_port = 4784;    // RFC 5883 §5
inline constexpr std::uint16_t first_source_port = 49'152;
inline constexpr std::uint16_t last_source_port = 65'535;
inline constexpr std::chrono::microseconds slow_interval =
    std::chrono::seconds(1);  // RFC 5880 §6.8.3: not less while not up

}  // namespace spec

enum class State : std::uint8_t { admin_down, down, init, up };  // as on the wire

enum class Diagnostic : std::uint8_t {  // as on the wire; numbers above are reserved
  none,
  detection_time_expired,
  echo_failed,
  neighbor_signaled_down,
  forwarding_plane_reset,
  path_down,
  concatenated_path_down,
  administratively_down,
  reverse_concatenated_path_down,
};

struct Packet {
  Diagnostic diagnostic = Diagnostic::none;
  State state = State::down;
  bool poll = false;
  bool final = false;
  bool control_plane_independent = false;
  bool demand = false;
  std::uint8_t detect_multiplier = 0;
  std::uint32_t my_discriminator = 0;
  std::uint32_t your_discriminator = 0;
  std::chrono::microseconds desired_min_tx{};
  std::chrono::microseconds required_min_rx{};
  std::chrono::microseconds required_min_echo_rx{};

  bool operator==(const Packet&) const = default;
};

// Why a packet was not taken; each is a counter. RFC 5880 §6.8.6 in its order, then what demultiplexing and RFC 5881,
// 5883 add.
enum class RejectReason : std::uint8_t {
  truncated,           // shorter than a packet
  version,             // not 1
  length,              // its length field is shorter than a packet, or longer than what came
  multiplier,          // detection multiplier 0
  multipoint,          // the M bit
  my_discriminator,    // 0
  your_discriminator,  // 0, and the session is past Down
  poll_and_final,      // both bits
  authentication,      // it is authenticated, and we have no keys
  unknown_session,     // no session has this discriminator, or this neighbour
  ttl,                 // it has come further than max_hops allows
};
inline constexpr std::size_t reject_reason_count = static_cast<std::size_t>(RejectReason::ttl) + 1;
using RejectCounters = std::array<std::uint64_t, reject_reason_count>;

void encode(const Packet& packet, Bytes& out);
// Of what a packet says by itself; the rest is SessionTable's.
std::expected<Packet, RejectReason> decode(ByteView bytes);

std::string_view name(State state);          // "Up", "AdminDown"
std::string_view name(RejectReason reason);  // in JSON and metrics: "poll_and_final"
// For people: "control detection time expired"; "reserved diagnostic 12".
std::string explain(Diagnostic diagnostic);

}  // namespace baton::bfd
