// room: bfd
// Any datagrams to a host with some sessions: a byte says from whom and how far one comes, one how long it is, then it;
// between them time passes. Whatever they say, nobody sends more than it is asked or its timers say, and what a role
// keeps of a session is as good as the session.
#include <algorithm>
#include <chrono>

#include "base/assert.h"
#include "bfd/session_table.h"

using namespace baton;
using namespace baton::bfd;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t sessions = 4;

SessionTable make_table(Instant now) {
  SessionTable table;
  const IpAddress neighbors[] = {*IpAddress::parse("192.0.2.1"), *IpAddress::parse("2001:db8::1")};
  for (std::size_t i = 0; i < sessions; ++i) {
    SessionParameters parameters{.name = "s", .neighbor = neighbors[i % 2], .multihop = i >= 2};
    if (i >= 2) parameters.max_hops = std::nullopt;
    parameters.role = i % 2 == 0 ? Role::active : Role::passive;
    parameters.timers.multiplier = static_cast<std::uint8_t>(1 + i);
    (void)table.add(std::move(parameters), Identity{.discriminator = static_cast<std::uint32_t>(1 + i), .seed = i},
                    now);
  }
  return table;
}

// One that is down for us sends once a second at most; who is up as often as both agreed.
void look(const SessionTable& table, const SessionActions& actions, std::size_t asked) {
  std::size_t sent = 0;
  for (const SessionAction& each : actions) {
    const auto* packet = std::get_if<SendPacket>(&each.action);
    if (packet == nullptr) continue;
    ++sent;
    Bytes bytes;
    encode(packet->packet, bytes);
    const auto decoded = decode(bytes);
    ASSERT(decoded.has_value() && *decoded == packet->packet);
    ASSERT(packet->packet.state == State::up || packet->packet.desired_min_tx >= 1s);
  }
  ASSERT(sent <= asked);
  for (SessionId id = 0; id < table.size(); ++id) {
    const SessionMemory& memory = table.session(id).memory();
    const Session next(table.parameters(id).timers, table.parameters(id).role, memory, memory.since);
    ASSERT(next.state() == memory.state);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  (void)decode(ByteView(data, size));
  Instant now{1h};
  SessionTable table = make_table(now);
  ByteReader reader({data, size});
  constexpr std::size_t most = 100;
  for (std::size_t i = 0; i < most && reader.remaining() > 2; ++i) {
    const std::uint8_t from = reader.u8();
    const std::size_t length = std::min<std::size_t>(reader.u8(), reader.remaining());
    const bool v6 = (from & 1) != 0;
    const IpAddress source = *IpAddress::parse(v6 ? "2001:db8::1" : "192.0.2.1");
    SessionActions actions;
    (void)table.on_datagram({.bytes = reader.take(length),
                             .source = source,
                             .destination = source,
                             .ttl = (from & 4) != 0 ? std::uint8_t{64} : std::uint8_t{255},
                             .multihop = (from & 2) != 0},
                            now, actions);
    look(table, actions, 1);
    // To whatever is next, and a little further.
    actions.clear();
    if ((from & 8) != 0) now = std::max(now, table.next_timeout().value_or(now));
    now += std::chrono::milliseconds(from >> 4);
    table.on_timeout(now, actions);
    look(table, actions, sessions);
  }
  return 0;
}
