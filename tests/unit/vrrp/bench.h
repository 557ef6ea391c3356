// One virtual router, one virtual clock. What the router did since the last question stands in actions().
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <utility>

#include "vrrp/virtual_router.h"

namespace baton::vrrp {

using namespace std::chrono_literals;

inline const IpAddress own_address = IpAddress::v4(0x0a00140e);      // 10.0.20.14
inline const IpAddress peer_address = IpAddress::v4(0x0a00140f);     // 10.0.20.15
inline const IpAddress third_address = IpAddress::v4(0x0a001410);    // 10.0.20.16
inline const IpAddress virtual_address = IpAddress::v4(0x0a001464);  // 10.0.20.100

inline SendAdvert sent(std::uint8_t priority, std::optional<Duration> interval = std::nullopt) {
  return {.priority = priority, .interval = interval};
}
inline Advert advert(std::uint8_t priority, Duration interval = 1s, IpAddress source = peer_address) {
  return {.source = source, .priority = priority, .interval = interval};
}
inline SecondOwnerSeen second_master(const Advert& advert, bool we_stay = true) {
  return {.address = advert.source, .mac = {}, .priority = advert.priority, .we_stay = we_stay};
}
inline StateChanged changed(State from, State to, Reason reason) {
  return {from, to, reason};
}

class Bench {
 public:
  explicit Bench(RouterParameters parameters = {}, IpAddress source = own_address) : router_(parameters) {
    router_.on_source(source);
  }

  // A bench whose router has become MASTER by itself, its first bursts behind it.
  static Bench master(RouterParameters parameters = {}) {
    Bench bench(parameters);
    bench.start();
    bench.advance(bench.router().master_down_interval());
    EXPECT_EQ(bench.state(), State::master);
    bench.advance(10s);
    (void)bench.actions();
    return bench;
  }
  static Bench backup(RouterParameters parameters = {}) {
    Bench bench(parameters);
    bench.start();
    (void)bench.actions();
    return bench;
  }

  void start() { router_.start(now_, actions_); }
  void receive(const Advert& heard) { router_.on_advert(heard, now_, actions_); }
  void announcement(const IpAddress& address = virtual_address, std::optional<MacAddress> stranger = {}) {
    router_.on_announcement(address, stranger, now_, actions_);
  }
  void priority(std::uint8_t priority) { router_.on_priority(priority, now_, actions_); }
  void fault(Reason reason = Reason::tracked_down) {
    router_.on_faults({.tracked_down = true}, reason, now_, actions_);
  }
  void clear_fault(Reason reason = Reason::tracked_up) { router_.on_faults({}, reason, now_, actions_); }
  void handover() { router_.handover(now_, actions_); }
  void stop() { router_.stop(now_, actions_); }
  void address_restored() { router_.on_address_restored(now_, actions_); }
  void witness() { router_.on_witness(now_); }
  void resume(const RouterMemory& memory) { router_.resume(memory, now_, actions_); }

  // Time passes; every deadline on the way is kept to the nanosecond.
  void advance(Duration span) {
    const Instant end = now_ + span;
    while (router_.next_timeout() && *router_.next_timeout() <= end) {
      now_ = std::max(now_, *router_.next_timeout());
      router_.on_timeout(now_, actions_);
      ASSERT_TRUE(!router_.next_timeout() || *router_.next_timeout() > now_) << "a deadline was not dealt with";
    }
    now_ = end;
  }
  // Time passes and nobody runs: SIGSTOP, a suspended machine.
  void sleep(Duration span) { now_ += span; }
  void wake() { router_.on_timeout(now_, actions_); }

  // What was done since the last call.
  Actions actions() { return std::exchange(actions_, {}); }
  State state() const { return router_.state(); }
  Instant now() const { return now_; }
  VirtualRouter& router() { return router_; }

 private:
  VirtualRouter router_;
  Instant now_{1000s};
  Actions actions_;
};

// How a failed comparison reads.
inline void PrintTo(const SendAdvert& each, std::ostream* out) {
  *out << "advert " << int{each.priority};
  if (each.interval) *out << " interval " << each.interval->count() << " ns";
}
inline void PrintTo(const Announce& each, std::ostream* out) {
  *out << "announce " << each.rounds;
}
inline void PrintTo(const StateChanged& each, std::ostream* out) {
  *out << name(each.from) << " -> " << name(each.to) << " (" << name(each.reason) << ")";
}
inline void PrintTo(const PriorityChanged& each, std::ostream* out) {
  *out << "priority " << int{each.from} << " -> " << int{each.to};
}
inline void PrintTo(const LowerPriorityHeard& each, std::ostream* out) {
  *out << "lower priority " << int{each.advert.priority};
}
inline void PrintTo(const MasterLearned& each, std::ostream* out) {
  *out << "master " << to_string(each.address) << " priority " << int{each.priority};
}
inline void PrintTo(const HandoverFailed&, std::ostream* out) {
  *out << "handover failed";
}
inline void PrintTo(const AskWitness&, std::ostream* out) {
  *out << "ask the witness";
}
inline void PrintTo(const WitnessMissed&, std::ostream* out) {
  *out << "no witness";
}
inline void PrintTo(const SecondOwnerSeen& each, std::ostream* out) {
  *out << "second owner " << to_string(each.address) << (each.mac ? " at " + to_string(*each.mac) : "") << " priority "
       << int{each.priority} << (each.we_stay ? ", we stay" : ", we leave");
}
inline void PrintTo(State state, std::ostream* out) {
  *out << name(state);
}
inline void PrintTo(Reason reason, std::ostream* out) {
  *out << name(reason);
}

// The adverts among actions.
inline std::vector<SendAdvert> adverts_of(const Actions& actions) {
  std::vector<SendAdvert> adverts;
  for (const Action& action : actions) {
    if (const auto* each = std::get_if<SendAdvert>(&action)) adverts.push_back(*each);
  }
  return adverts;
}

template <typename Kind>
bool has(const Actions& actions) {
  return std::ranges::any_of(actions, [](const Action& action) { return std::holds_alternative<Kind>(action); });
}

}  // namespace baton::vrrp
