#include "daemon/bfd_list.h"

#include <string_view>

namespace baton::daemon {

namespace {

// FNV-1a, as of checks.
void mix(std::uint64_t& key, std::string_view text) {
  for (const char letter : text) key = (key ^ static_cast<std::uint8_t>(letter)) * 0x100000001b3U;
  key = (key ^ 0xffU) * 0x100000001b3U;
}

std::chrono::microseconds in_microseconds(Duration duration) {
  return std::chrono::duration_cast<std::chrono::microseconds>(duration);
}

}  // namespace

BfdKey wire_key_of(const config::BfdSession& session) {
  BfdKey key = 0xcbf29ce484222325U;
  mix(key, "bfd_instance");
  mix(key, session.has_neighbor() ? to_string(session.neighbor) : session.name);
  mix(key, session.source ? to_string(*session.source) : std::string());
  mix(key, session.multihop ? "multihop" : "");
  return key;
}

CheckKey verdict_key_of(const config::BfdSession& session) {
  CheckKey key = wire_key_of(session);
  mix(key, session.name);
  return key;
}

bfd::SessionParameters parameters_of(const config::BfdSession& session) {
  return {.name = session.name,
          .neighbor = session.neighbor,
          .source = session.source,
          .multihop = session.multihop,
          .ttl = session.ttl,
          .max_hops = session.max_hops,
          .role = session.passive || !session.has_neighbor() ? bfd::Role::passive : bfd::Role::active,
          .timers = {.desired_min_tx = in_microseconds(session.min_tx),
                     .required_min_rx = in_microseconds(session.min_rx),
                     .idle_tx = in_microseconds(session.idle_tx),
                     .multiplier = session.multiplier}};
}

}  // namespace baton::daemon
