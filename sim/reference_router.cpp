#include "sim/reference_router.h"

#include <algorithm>

namespace baton::sim {

using vrrp::Reason;
using vrrp::State;

// 6.4.1 "If a Startup event is received".
void ReferenceRouter::startup(Instant now, vrrp::Actions& out) {
  active_adver_interval_ = parameters_.advertisement_interval;
  active_down_timer_ = now + active_down_interval();
  become(State::backup, Reason::start, out);
}

// "If a Shutdown event is received": 6.4.2 cancels the timer, 6.4.3 also sends an advertisement with priority 0.
void ReferenceRouter::shutdown(vrrp::Actions& out) {
  if (state_ == State::master) send_advertisement(0, out);
  active_down_timer_.reset();
  adver_timer_.reset();
  if (state_ != State::init) become(State::init, Reason::stop, out);
}

void ReferenceRouter::receive(const vrrp::Advert& advert, Instant now, vrrp::Actions& out) {
  if (state_ == State::backup) {  // 6.4.2 "If an ADVERTISEMENT is received"
    if (advert.priority == 0) {
      const Instant skewed = now + skew_time();
      is_replacing_ = false;
      const bool earlier = parameters_.conduct == Conduct::baton && active_down_timer_;
      active_down_timer_ = earlier ? std::min(*active_down_timer_, skewed) : skewed;
      return;
    }
    if (!parameters_.preempt_mode || advert.priority >= parameters_.priority) {
      learn(advert);
      active_down_timer_ = now + active_down_interval();
      is_replacing_ = false;
      return;
    }
    // "Discard the ADVERTISEMENT".
    if (parameters_.conduct == Conduct::baton) {
      active_down_timer_ = std::min(*active_down_timer_, now + skew_time());
      is_replacing_ = true;
    }
    return;
  }
  if (state_ != State::master) return;

  // 6.4.3 "If an ADVERTISEMENT is received".
  if (advert.priority == 0) return answer(now, out);
  if (advert.priority > parameters_.priority || (advert.priority == parameters_.priority && advert.source > address_)) {
    adver_timer_.reset();
    learn(advert);
    active_down_timer_ = now + active_down_interval();
    become(State::backup, Reason::better_master, out);
    return;
  }
  if (advert.priority == parameters_.priority && advert.source == address_) return;
  if (parameters_.conduct == Conduct::frr) return;  // RFC 5798: "Discard ADVERTISEMENT"
  // "Send an ADVERTISEMENT immediately to assert the Active state", and keepalived announces the addresses.
  answer(now, out);
  announce(out);
}

void ReferenceRouter::reject(Instant now) {
  if (parameters_.conduct != Conduct::keepalived || state_ != State::master) return;
  adver_timer_ = now + parameters_.advertisement_interval;
}

void ReferenceRouter::tick(Instant now, vrrp::Actions& out) {
  if (state_ == State::backup && active_down_timer_ && *active_down_timer_ <= now) {
    // 6.4.2 "If the Active_Down_Timer fires".
    active_down_timer_.reset();
    active_adver_interval_ = parameters_.advertisement_interval;
    advertise(now, out);
    announce(out);
    become(State::master, Reason::master_down, out);
  } else if (state_ == State::master && adver_timer_ && *adver_timer_ <= now) {
    // 6.4.3 "If the Adver_Timer fires".
    advertise(now, out);
  }
}

// FAULT is no state of the RFC; keepalived says goodbye twice, FRR starts anew when it can.
void ReferenceRouter::fail(vrrp::Actions& out) {
  if (state_ == State::fault || state_ == State::init) return;
  if (state_ == State::master) {
    send_advertisement(0, out);
    if (parameters_.conduct != Conduct::frr) send_advertisement(0, out);
  }
  active_down_timer_.reset();
  adver_timer_.reset();
  become(State::fault, Reason::tracked_down, out);
}

void ReferenceRouter::recover(Instant now, vrrp::Actions& out) {
  if (state_ != State::fault) return;
  active_adver_interval_ = parameters_.advertisement_interval;
  active_down_timer_ = now + active_down_interval();
  become(State::backup, Reason::tracked_up, out);
}

void ReferenceRouter::set_priority(std::uint8_t priority, Instant now, vrrp::Actions& out) {
  if (priority == parameters_.priority) return;
  const Duration before = active_down_interval();
  parameters_.priority = priority;
  if (active_down_timer_) active_down_timer_ = std::max(now, *active_down_timer_ + (active_down_interval() - before));
  if (state_ != State::master || parameters_.conduct != Conduct::baton) return;
  advertise(now, out);
}

Duration ReferenceRouter::skew_time() const {
  const Duration whole = parameters_.version == vrrp::Version::v2 ? std::chrono::seconds(1) : active_adver_interval_;
  return (256 - parameters_.priority) * whole / 256;
}

Duration ReferenceRouter::active_down_interval() const {
  return parameters_.down_timer_adverts * active_adver_interval_ + skew_time();
}

void ReferenceRouter::learn(const vrrp::Advert& advert) {
  active_adver_interval_ =
      parameters_.version == vrrp::Version::v3 ? advert.interval : parameters_.advertisement_interval;
}

void ReferenceRouter::announce(vrrp::Actions& out) {
  out.push_back(vrrp::Announce{parameters_.conduct == Conduct::frr ? 1U : 5U});
}

void ReferenceRouter::advertise(Instant now, vrrp::Actions& out) {
  send_advertisement(parameters_.priority, out);
  adver_timer_ = now + parameters_.advertisement_interval;
  const Duration share = parameters_.advertisement_interval / 16;
  accounted_until_ =
      std::min(std::max(accounted_until_, now) + share, now + parameters_.advertisement_interval + share);
}

// The RFC knows no bound; Baton has 16 in an interval (docs/decisions/0030).
void ReferenceRouter::answer(Instant now, vrrp::Actions& out) {
  const Instant earliest = accounted_until_ - parameters_.advertisement_interval;
  if (parameters_.conduct != Conduct::baton || earliest <= now) return advertise(now, out);
  if (adver_timer_) adver_timer_ = std::min(*adver_timer_, earliest);
}

void ReferenceRouter::send_advertisement(std::uint8_t priority, vrrp::Actions& out) {
  out.push_back(vrrp::SendAdvert{.priority = priority});
}

void ReferenceRouter::become(State state, Reason reason, vrrp::Actions& out) {
  out.push_back(vrrp::StateChanged{state_, state, reason});
  is_replacing_ = false;
  state_ = state;
}

}  // namespace baton::sim
