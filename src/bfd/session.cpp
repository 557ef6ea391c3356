#include "bfd/session.h"

#include <algorithm>
#include <utility>

namespace baton::bfd {
namespace {

using std::chrono::microseconds;

// SplitMix64: of a seed, and a next one.
std::uint64_t draw(std::uint64_t& seed) {
  seed += 0x9e3779b97f4a7c15U;
  std::uint64_t value = seed;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9U;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebU;
  return value ^ (value >> 31);
}

constexpr std::uint32_t jitter_range = 65'536;

// Later than this, and than a detection time, behind a deadline we were not running; a busy machine is late by less.
constexpr Duration sleep_noticed = std::chrono::milliseconds(10);

// RFC 5880 §6.8.7: 75 % to 100 % of the interval; with a multiplier of 1 not more than 90 %, so that one packet is not
// late.
Duration jittered(Duration interval, std::uint32_t jitter, std::uint8_t multiplier) {
  const std::int64_t widest = multiplier == 1 ? 15 : 25;
  const Duration least = interval * 3 / 4;
  return least + interval / 100 * widest * jitter / jitter_range;
}

}  // namespace

Session::Session(const Timers& timers, Role role, Identity identity) : timers_(timers), role_(role) {
  self_.identity = identity;
  self_.timers = timers;
}

Session::Session(const Timers& timers, Role role, const SessionMemory& memory, Instant now)
    : timers_(timers), role_(role), self_(memory), has_started_(true) {
  if (self_.remote_discriminator != 0) self_.last_received = now;
  jitter_ = static_cast<std::uint32_t>(draw(self_.identity.seed) % jitter_range);
  if (self_.state == State::up && !(self_.timers == timers_)) begin_poll();
}

void Session::start(Instant now) {
  has_started_ = true;
  self_.since = now;
  self_.last_sent = now - jittered(transmit_interval(), jitter_, timers_.multiplier);  // the first one is due
}

// RFC 5880 §6.8.6; what a packet says by itself is good, and it is ours.
void Session::on_packet(const Packet& packet, Instant now, Actions& out) {
  self_.remote_discriminator = packet.my_discriminator;
  self_.remote_state = packet.state;
  self_.remote_diagnostic = packet.diagnostic;
  self_.remote_demand = packet.demand;
  self_.remote_min_rx = packet.required_min_rx;
  self_.remote_desired_tx = packet.desired_min_tx;
  self_.remote_multiplier = packet.detect_multiplier;
  self_.last_received = now;
  if (packet.final) end_poll();
  if (self_.state == State::admin_down) return;

  const State before = self_.state;
  follow_neighbor(packet, now, out);
  // A poll is answered at once, whatever the timers say; and what is news is told at once (§6.8.7).
  if (packet.poll) {
    send(now, true, out);
  } else if (self_.state != before && is_sending()) {
    send(now, false, out);
  }
}

void Session::follow_neighbor(const Packet& packet, Instant now, Actions& out) {
  if (packet.state == State::admin_down) {
    if (self_.state == State::down) return;
    return become(State::down, Diagnostic::neighbor_signaled_down, now, out);
  }
  switch (self_.state) {
    case State::admin_down: return;
    case State::down:
      if (packet.state == State::down) become(State::init, self_.diagnostic, now, out);
      if (packet.state == State::init) become(State::up, Diagnostic::none, now, out);
      return;
    case State::init:
      if (packet.state != State::down) become(State::up, Diagnostic::none, now, out);
      return;
    case State::up:
      if (packet.state == State::down) become(State::down, Diagnostic::neighbor_signaled_down, now, out);
      return;
  }
}

void Session::become(State state, Diagnostic diagnostic, Instant now, Actions& out) {
  const State before = std::exchange(self_.state, state);
  self_.diagnostic = diagnostic;
  self_.since = now;
  poll_ = Poll::none;
  if (state == State::up) {
    self_.counts_as_up = self_.was_up = true;
    self_.timers = timers_;
    self_.timers.desired_min_tx = idle_min_tx();
    if (!(self_.timers == timers_)) begin_poll();
  } else if (state == State::down && self_.remote_state != State::admin_down) {
    self_.counts_as_up = false;
  }
  out.emplace_back(StateChanged{before, state, diagnostic});
}

void Session::end(Instant now, Actions& out) {
  if (self_.state != State::admin_down) become(State::admin_down, Diagnostic::administratively_down, now, out);
  if (is_sending()) send(now, false, out);
}

void Session::on_timeout(Instant now, Actions& out) {
  if (!has_started_) return;
  if (const auto expires = expiry(); expires && now >= *expires && has_overslept(now - *expires)) {
    // We slept, and so did our ears: a neighbour that lives is heard within a detection time.
    self_.last_received = now;
  } else if (expires && now >= *expires) {
    const bool was_counted_on = self_.state == State::init || self_.state == State::up;
    // RFC 5880 §6.8.1: who was not heard for so long is unknown again, and begins anew.
    self_.remote_discriminator = 0;
    self_.remote_min_rx = microseconds(1);
    self_.remote_demand = false;
    if (was_counted_on) {
      self_.remote_state = State::down;
      become(State::down, Diagnostic::detection_time_expired, now, out);
      if (is_sending()) return send(now, false, out);
    }
  }
  if (is_sending() && now >= next_packet()) send(now, false, out);
}

bool Session::has_overslept(Duration late) const {
  return late >= std::max<Duration>(detection_time(), sleep_noticed);
}

std::optional<Instant> Session::next_timeout() const {
  if (!has_started_) return std::nullopt;
  std::optional<Instant> next = expiry();
  if (is_sending()) next = next ? std::min(*next, next_packet()) : next_packet();
  return next;
}

std::optional<Instant> Session::expiry() const {
  if (self_.remote_discriminator == 0 || self_.state == State::admin_down) return std::nullopt;
  return self_.last_received + detection_time();
}

// ---------------------------------------------------------------- sending

bool Session::is_sending() const {
  if (role_ == Role::passive && self_.remote_discriminator == 0) return false;
  if (self_.remote_min_rx == microseconds(0)) return false;
  const bool is_spared = self_.remote_demand && self_.state == State::up && self_.remote_state == State::up;
  return !is_spared || is_polling();
}

void Session::send(Instant now, bool final, Actions& out) {
  out.emplace_back(SendPacket{{.diagnostic = self_.diagnostic,
                               .state = self_.state,
                               .poll = is_polling() && !final,
                               .final = final,
                               .detect_multiplier = timers_.multiplier,
                               .my_discriminator = self_.identity.discriminator,
                               .your_discriminator = self_.remote_discriminator,
                               .desired_min_tx = told_min_tx(),
                               .required_min_rx = timers_.required_min_rx}});
  if (final) return;  // beside the others
  self_.last_sent = now;
  jitter_ = static_cast<std::uint32_t>(draw(self_.identity.seed) % jitter_range);
}

Instant Session::next_packet() const {
  return self_.last_sent + jittered(transmit_interval(), jitter_, timers_.multiplier);
}

// ---------------------------------------------------------------- timers (RFC 5880 §6.8.2 to §6.8.4)

microseconds Session::told_min_tx() const {
  return self_.state == State::up ? timers_.desired_min_tx : idle_min_tx();
}

microseconds Session::idle_min_tx() const {
  return std::max(timers_.idle_tx, spec::slow_interval);
}

// While up, a longer interval is used when the neighbour knows of it.
microseconds Session::used_min_tx() const {
  if (self_.state != State::up || !is_polling()) return told_min_tx();
  return std::min(self_.timers.desired_min_tx, timers_.desired_min_tx);
}

// While up, a shorter one likewise.
microseconds Session::used_min_rx() const {
  if (self_.state != State::up || !is_polling()) return timers_.required_min_rx;
  return std::max(self_.timers.required_min_rx, timers_.required_min_rx);
}

Duration Session::transmit_interval() const {
  return std::max(used_min_tx(), self_.remote_min_rx);
}

Duration Session::detection_time() const {
  if (self_.remote_multiplier == 0) return {};
  return std::max(used_min_rx(), self_.remote_desired_tx) * self_.remote_multiplier;
}

// ---------------------------------------------------------------- Poll Sequences (RFC 5880 §6.5)

void Session::begin_poll() {
  poll_ = poll_ == Poll::none ? Poll::active : Poll::again;
}

void Session::end_poll() {
  if (poll_ == Poll::none) return;
  if (poll_ == Poll::again) {
    poll_ = Poll::active;
    return;
  }
  poll_ = Poll::none;
  self_.timers = timers_;
}

// ---------------------------------------------------------------- words

std::string why_down(const SessionMemory& memory) {
  if (memory.counts_as_up) return "the neighbour has ended it (AdminDown)";
  if (memory.diagnostic == Diagnostic::none) return "not up yet";
  if (memory.diagnostic != Diagnostic::neighbor_signaled_down) return explain(memory.diagnostic);
  const bool has_reason = memory.remote_diagnostic != Diagnostic::none;
  return "the neighbour says that it is down" + (has_reason ? ": " + explain(memory.remote_diagnostic) : std::string());
}

}  // namespace baton::bfd
