// How a MASTER leaves: who is asked, who takes over, when it lets go, when it stays (docs/decisions/0003).
#include "vrrp/announcement.h"
#include "vrrp/virtual_router.h"

namespace baton::vrrp {
namespace {

// The lowest priority has the longest skew time: nobody takes longer to follow a goodbye.
constexpr std::uint8_t priority_slowest = 1;

}  // namespace

void VirtualRouter::handover(Instant now, Actions& out) {
  if (!is_serving() || let_go_if_overslept(now, out)) return;
  say_goodbye(priority_, 1, out);
  leave({.cause = Departure::Cause::handover, .reason = Reason::handover, .bound = now + goodbye_patience()}, now, out);
}

void VirtualRouter::stop(Instant now, Actions& out) {
  if (state_ != State::master || let_go_if_overslept(now, out)) return enter_init(now, out);
  const bool asked = is_leaving() && departure_->cause != Departure::Cause::sync_group;
  if (asked || (is_leaving() && departure_->successor)) {
    departure_->cause = Departure::Cause::stop;
    departure_->reason = Reason::stop;
    departure_->provoke_at.reset();
    return;
  }
  say_goodbye(priority_, 1, out);
  leave({.cause = Departure::Cause::stop, .reason = Reason::stop, .bound = now + goodbye_patience()}, now, out);
}

void VirtualRouter::become_backup(Reason reason, Instant now, Actions& out) {
  if (state_ != State::master || let_go_if_overslept(now, out)) return;
  if (is_leaving()) {
    if (departure_->may_stay()) departure_->cause = Departure::Cause::sync_group;  // no way back: the group is gone
    return;
  }
  const Instant bound = now + successor_time();
  leave({.cause = Departure::Cause::sync_group, .reason = reason, .bound = bound}, now, out);
}

// The better master of another member has gone again. Were we to go on alone, our bound would end in a goodbye, and
// take that member along: nobody would serve until a backup has waited for its skew time.
void VirtualRouter::stay_with_group(Instant now, Actions& out) {
  if (!is_leaving() || departure_->cause != Departure::Cause::sync_group || let_go_if_overslept(now, out)) return;
  stay(now, out);  // a successor that is there nevertheless answers this, and the group yields to it
  announce_again(now, out);
}

void VirtualRouter::ask_relief(Reason reason, Instant now, Actions& out) {
  if (!is_serving() || let_go_if_overslept(now, out)) return;
  say_goodbye(priority_, 1, out);
  leave({.cause = Departure::Cause::relief, .reason = reason, .bound = now + goodbye_patience()}, now, out);
}

void VirtualRouter::yield_to(const Advert& advert, Instant now, Actions& out) {
  const bool is_better = advert.priority > priority_;
  if (parameters_.higher_priority_send_advert && earliest_answer() <= now) send_last_advert(advert, now, out);
  Departure departure{.cause = Departure::Cause::better_master,
                      .reason = is_better ? Reason::better_master : Reason::equal_master_higher_address};
  // Two masters after a partition: the winner has served all along and has nothing to announce; provoked it does.
  departure.begin_linger(advert, true, successor_time(), now);
  last_advert_accepted_ = now;
  leave(departure, now, out);
}

void VirtualRouter::leave(const Departure& departure, Instant now, Actions& out) {
  silence();
  departure_ = departure;
  if (!parameters_.make_before_break) let_go(now, out);
}

void VirtualRouter::on_advert_while_leaving(const Advert& advert, Instant now, Actions& out) {
  using enum Departure::Cause;
  const bool from_successor = departure_->successor && departure_->successor->source == advert.source;
  if (advert.priority == spec::priority_stop) {
    if (!from_successor) return;
    departure_->successor.reset();  // it came, announced the address perhaps, and goes again
    departure_->provoke_at.reset();
    if (departure_->must_go()) return;
    stay(now, out);
    return announce_again(now, out);
  }
  if (!from_successor && !is_above(advert) && departure_->cause == better_master) return;
  if (!from_successor && !is_above(advert) && departure_->cause == relief) {
    stay(now, out);  // nobody better was there after all; this one rose because we asked
    return announce_to_lower(advert, now, out);
  }
  if (!departure_->successor) {
    const bool provoke = is_above(advert) && departure_->cause != stop;
    departure_->begin_linger(advert, provoke, successor_time(), now);
  }
  departure_->successor = advert;
  last_advert_accepted_ = now;
}

void VirtualRouter::on_announcement(const IpAddress& address, std::optional<MacAddress> stranger, Instant now,
                                    Actions& out) {
  if (is_serving() && stranger && has_settled(now) && !let_go_if_overslept(now, out)) {
    // Who has followed the stranger is told at once; who has followed a router that rises, when it was none.
    if (!is_virtual_router(*stranger)) {
      repeat_announcements(now, out);
    } else if (parameters_.announcements.lower_priority_repeat > 0) {
      put_off_burst(now + parameters_.advert_interval + limits::first_advert_late);
    }
    out.push_back(SecondOwnerSeen{.address = address, .mac = stranger});
  }
  if (!is_leaving()) return;
  // The successor serves this address: by the order of every VRRP its announcement comes last. It serves all of them
  // when the last is announced; keepalived adds all before the first, Baton announces each as it lands. Also when its
  // advert was lost.
  departure_->provoke_at.reset();
  if (address == parameters_.last_address.value_or(address)) let_go(now, out);
}

void VirtualRouter::on_timeout_while_leaving(Instant now, Actions& out) {
  if (departure_->provoke_at && *departure_->provoke_at <= now) {
    departure_->provoke_at.reset();
    if (earliest_answer() <= now) send_last_advert(*departure_->successor, now, out);
    // Who takes over announces the address at once; who does not has had it all along.
    const bool may_be_preparing = parameters_.address_delay > Duration::zero();
    if (departure_->cause == Departure::Cause::better_master && has_settled(now) && !may_be_preparing) {
      const Advert& winner = *departure_->successor;
      out.push_back(
          SecondOwnerSeen{.address = winner.source, .mac = {}, .priority = winner.priority, .we_stay = false});
    }
  }
  if (departure_->bound > now) return;
  if (departure_->successor) return let_go(now, out);
  if (departure_->may_stay()) {
    peers_.forget_above(priority_);
    return stay(now, out);
  }
  // In case the first goodbye was lost, or none was said.
  out.push_back(SendAdvert{.priority = spec::priority_stop});
  let_go(now, out);
}

// A VRRPv3 backup counts by the interval it heard last, and that is the successor's from here on.
void VirtualRouter::send_last_advert(const Advert& successor, Instant now, Actions& out) {
  const bool learns = parameters_.version == Version::v3 && successor.interval > Duration::zero();
  out.push_back(SendAdvert{priority_, learns ? std::optional(successor.interval) : std::nullopt});
  last_advert_sent_ = now;
  adverts_.spend(answer_rate(), now);
}

void VirtualRouter::let_go(Instant now, Actions& out) {
  const Departure departure = *departure_;
  if (departure.cause == Departure::Cause::stop) return enter_init(now, out);
  yielded_ = departure.reason == Reason::handover;
  const Instant heard = last_advert_accepted_;
  enter_backup(departure.reason, now + master_down_interval(), now, out);
  if (!departure.successor) return;
  learn_master(*departure.successor, out);
  accept(*departure.successor, heard);
}

void VirtualRouter::stay(Instant now, Actions& out) {
  const bool was_asked = departure_->cause == Departure::Cause::handover;
  departure_.reset();
  answer(now, out);
  begin_refresh(now);
  if (was_asked) out.push_back(HandoverFailed{});
}

// Whoever came and went may have announced the addresses. Any stranger can do that over and over.
void VirtualRouter::announce_again(Instant now, Actions& out) {
  if (now < earliest_burst()) return put_off_burst(earliest_burst());
  burst(parameters_.announcements.repeat, now, out);
}

// Priority 0 makes every backup wait for its skew time only (RFC 9568 §6.4.2). That is a part of the interval it has
// learned, so a long interval is made short first, by an advert with a priority that backups accept.
void VirtualRouter::say_goodbye(std::uint8_t accepted_priority, unsigned copies, Actions& out) {
  std::optional<Duration> interval;
  if (is_hasty()) {
    interval = limits::hasty_interval;
    out.push_back(SendAdvert{accepted_priority, interval});
  }
  for (unsigned i = 0; i < copies; ++i) out.push_back(SendAdvert{spec::priority_stop, interval});
}

Duration VirtualRouter::goodbye_patience() const {
  const Duration interval = is_hasty() ? limits::hasty_interval : parameters_.advert_interval;
  return vrrp::skew_time(priority_slowest, parameters_.version, interval) + limits::handover_margin;
}

bool VirtualRouter::is_hasty() const {
  return parameters_.make_before_break && parameters_.version == Version::v3 &&
         parameters_.advert_interval > limits::hasty_interval;
}

}  // namespace baton::vrrp
