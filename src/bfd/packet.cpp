#include "bfd/packet.h"

#include <fmt/format.h>

namespace baton::bfd {
namespace {

constexpr unsigned state_shift = 6;
constexpr unsigned version_shift = 5;
constexpr std::uint8_t diagnostic_bits = 0x1f;
constexpr std::uint8_t poll_bit = 0x20;
constexpr std::uint8_t final_bit = 0x10;
constexpr std::uint8_t independent_bit = 0x08;
constexpr std::uint8_t authentication_bit = 0x04;
constexpr std::uint8_t demand_bit = 0x02;
constexpr std::uint8_t multipoint_bit = 0x01;

std::uint32_t on_wire(std::chrono::microseconds interval) {
  return static_cast<std::uint32_t>(interval.count());
}

}  // namespace

void encode(const Packet& packet, Bytes& out) {
  ByteWriter writer(out);
  const auto bit = [](bool is_set, std::uint8_t mask) { return is_set ? mask : std::uint8_t{0}; };
  writer.u8(static_cast<std::uint8_t>(spec::version << version_shift | static_cast<unsigned>(packet.diagnostic)));
  writer.u8(static_cast<std::uint8_t>(
      static_cast<unsigned>(packet.state) << state_shift | bit(packet.poll, poll_bit) | bit(packet.final, final_bit) |
      bit(packet.control_plane_independent, independent_bit) | bit(packet.demand, demand_bit)));
  writer.u8(packet.detect_multiplier);
  writer.u8(spec::packet_size);
  writer.u32(packet.my_discriminator);
  writer.u32(packet.your_discriminator);
  writer.u32(on_wire(packet.desired_min_tx));
  writer.u32(on_wire(packet.required_min_rx));
  writer.u32(on_wire(packet.required_min_echo_rx));
}

std::expected<Packet, RejectReason> decode(ByteView bytes) {
  using enum RejectReason;
  if (bytes.size() < spec::packet_size) return std::unexpected(truncated);
  ByteReader reader(bytes);
  const std::uint8_t first = reader.u8();
  const std::uint8_t flags = reader.u8();
  Packet packet{
      .diagnostic = static_cast<Diagnostic>(first & diagnostic_bits),
      .state = static_cast<State>(flags >> state_shift),
      .poll = (flags & poll_bit) != 0,
      .final = (flags & final_bit) != 0,
      .control_plane_independent = (flags & independent_bit) != 0,
      .demand = (flags & demand_bit) != 0,
  };
  packet.detect_multiplier = reader.u8();
  const std::size_t told_length = reader.u8();
  packet.my_discriminator = reader.u32();
  packet.your_discriminator = reader.u32();
  packet.desired_min_tx = std::chrono::microseconds(reader.u32());
  packet.required_min_rx = std::chrono::microseconds(reader.u32());
  packet.required_min_echo_rx = std::chrono::microseconds(reader.u32());

  if (first >> version_shift != spec::version) return std::unexpected(version);
  if (told_length < spec::packet_size || told_length > bytes.size()) return std::unexpected(RejectReason::length);
  if (packet.detect_multiplier == 0) return std::unexpected(multiplier);
  if ((flags & multipoint_bit) != 0) return std::unexpected(multipoint);
  if (packet.my_discriminator == 0) return std::unexpected(my_discriminator);
  const bool may_lack_ours = packet.state == State::down || packet.state == State::admin_down;
  if (packet.your_discriminator == 0 && !may_lack_ours) return std::unexpected(your_discriminator);
  if (packet.poll && packet.final) return std::unexpected(poll_and_final);
  if ((flags & authentication_bit) != 0) return std::unexpected(authentication);
  return packet;
}

std::string_view name(State state) {
  switch (state) {
    case State::admin_down: return "AdminDown";
    case State::down: return "Down";
    case State::init: return "Init";
    case State::up: return "Up";
  }
  return "";
}

std::string_view name(RejectReason reason) {
  switch (reason) {
    using enum RejectReason;
    case truncated: return "truncated";
    case version: return "version";
    case length: return "length";
    case multiplier: return "multiplier";
    case multipoint: return "multipoint";
    case my_discriminator: return "my_discriminator";
    case your_discriminator: return "your_discriminator";
    case poll_and_final: return "poll_and_final";
    case authentication: return "authentication";
    case unknown_session: return "unknown_session";
    case ttl: return "ttl";
  }
  return "";
}

std::string explain(Diagnostic diagnostic) {
  switch (diagnostic) {
    using enum Diagnostic;
    case none: return "no diagnostic";
    case detection_time_expired: return "control detection time expired";
    case echo_failed: return "echo function failed";
    case neighbor_signaled_down: return "neighbour signalled session down";
    case forwarding_plane_reset: return "forwarding plane reset";
    case path_down: return "path down";
    case concatenated_path_down: return "concatenated path down";
    case administratively_down: return "administratively down";
    case reverse_concatenated_path_down: return "reverse concatenated path down";
  }
  return fmt::format("reserved diagnostic {}", static_cast<unsigned>(diagnostic));
}

}  // namespace baton::bfd
