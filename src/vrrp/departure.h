// A master on its way out, make-before-break (docs/decisions/0003): it adverts no longer and still serves, until its
// successor is seen to serve. A substate of MASTER; the virtual router asks it what is due.
//
//   asks for relief ─▶ waits for a successor ── advert ─▶ waits for its announcement ── announcement, bound ─▶ gone
//                              │ bound                         ▲    └─ 20 ms: one advert of ours provokes it
//                              ▼                               │
//                       gone (stop) or master again      a better master was heard
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/time.h"
#include "vrrp/action.h"
#include "vrrp/advert.h"

namespace baton::vrrp {

// Bounds of make-before-break; ours to change.
namespace limits {

// The successor's advert was heard, its announcement not: after so long an advert of ours asks for it ...
inline constexpr Duration provoke_after_advert = std::chrono::milliseconds(20);
// ... and after so long we let go without it: longer with many addresses, which a successor needs time to add.
inline constexpr Duration linger_after_advert = std::chrono::milliseconds(200);
inline constexpr Duration linger_per_address = std::chrono::microseconds(200);
inline constexpr Duration linger_longest = std::chrono::seconds(3);
// Patience above the slowest successor's skew time.
inline constexpr Duration handover_margin = std::chrono::milliseconds(150);
// Announced by a VRRPv3 goodbye instead of a longer advert_int; one step of priority is still 1 ms of skew time.
inline constexpr Duration hasty_interval = std::chrono::milliseconds(250);

}  // namespace limits

// How long a successor may take from its advert to the announcement of its last address.
inline Duration linger_time(std::size_t addresses) {
  constexpr std::size_t most = limits::linger_longest / limits::linger_per_address;
  const auto counted = static_cast<Duration::rep>(std::min(addresses, most));
  return std::min<Duration>(limits::linger_after_advert + limits::linger_per_address * counted, limits::linger_longest);
}

struct Departure {
  enum class Cause : std::uint8_t {
    better_master,  // it is there already
    relief,         // our priority fell below a peer we know; without a better successor we stay
    handover,       // the operator's wish; without a successor we stay
    stop,           // we go in any case, and to INIT
    sync_group,     // another member goes, so do we in any case
    maintenance,    // we go in any case, and are held down
  };

  Cause cause = Cause::stop;
  Reason reason = Reason::stop;
  Instant bound{};                    // the wait ends then at the latest
  std::optional<Advert> successor{};  // the last advert of whoever takes over
  std::optional<Instant> provoke_at{};
  bool has_lingered = false;  // the bound is for a successor, and no second one makes it later

  template <typename Self, typename Archive>
  static void members(Self& self, Archive& archive) {
    archive(self.cause, Cause::maintenance);
    archive(self.reason, last_reason);
    archive(self.bound);
    archive(self.successor);
    archive(self.provoke_at);
    archive(self.has_lingered);
  }

  bool must_go() const { return cause == Cause::stop || cause == Cause::sync_group || cause == Cause::maintenance; }
  bool may_stay() const { return cause == Cause::relief || cause == Cause::handover; }
  // A successor was heard for the first time; `provoke` when it would answer an advert of ours by announcing again.
  void begin_linger(const Advert& advert, bool provoke, Duration linger, Instant now) {
    successor = advert;
    if (!has_lingered) bound = now + linger;
    has_lingered = true;
    provoke_at = provoke ? std::optional(now + limits::provoke_after_advert) : std::nullopt;
  }
  Instant next_timeout() const { return provoke_at ? std::min(*provoke_at, bound) : bound; }
};

}  // namespace baton::vrrp
