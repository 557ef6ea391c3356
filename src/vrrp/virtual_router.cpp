#include "vrrp/virtual_router.h"

#include <algorithm>

namespace baton::vrrp {
namespace {

// Later than this after a BACKUP's deadline we were not running; a busy machine is late by less.
constexpr Duration sleep_noticed = std::chrono::milliseconds(100);

void limit(Duration& time) {
  time = std::clamp(time, Duration::zero(), limits::longest_wait);
}

RouterParameters in_bounds(RouterParameters parameters) {
  limit(parameters.advert_interval);
  limit(parameters.preempt_delay);
  limit(parameters.startup_delay);
  limit(parameters.address_delay);
  parameters.earliest_start = std::min(parameters.earliest_start, Instant(limits::longest_wait));
  limit(parameters.announcements.delay);
  limit(parameters.announcements.refresh);
  limit(parameters.announcements.lower_priority_delay);
  parameters.advert_interval = std::max<Duration>(parameters.advert_interval, std::chrono::milliseconds(10));
  parameters.base_priority = std::max(parameters.base_priority, std::uint8_t{1});
  parameters.down_timer_adverts = std::clamp(parameters.down_timer_adverts, 1U, 100U);
  if (parameters.down_timer_adverts == 1) parameters.makes_room = false;  // the first late advert would be too late
  if (parameters.base_priority == spec::priority_owner || parameters.wanted_state == State::master) {
    parameters.preempt = Preempt::yes;  // both keywords are for state BACKUP alone (keepalived.conf(5))
    parameters.preempt_delay = {};
  }
  return parameters;
}

// Once more after `delay`, when there was a first time.
std::optional<Instant> second_burst(Instant now, Duration delay, unsigned rounds) {
  return rounds > 0 && delay > Duration::zero() ? std::optional(now + delay) : std::nullopt;
}

bool is_due(const std::optional<Instant>& deadline, Instant now) {
  return deadline && *deadline <= now;
}

}  // namespace

Reason FaultCauses::reason() const {
  if (configuration) return Reason::configuration;
  if (link_down) return Reason::link_down;
  if (no_source_address) return Reason::no_source_address;
  if (tracked_down) return Reason::tracked_down;
  return Reason::sync_group;
}

Duration skew_time(std::uint8_t priority, Version version, Duration interval) {
  const int steps = 256 - priority;
  // RFC 3768 §6.1 counts in whole seconds whatever the interval; RFC 9568 §6.1 in parts of the interval.
  return (version == Version::v2 ? Duration(std::chrono::seconds(1)) : interval) * steps / 256;
}

VirtualRouter::VirtualRouter(RouterParameters parameters)
    : parameters_(in_bounds(parameters)),
      priority_(parameters_.base_priority),
      master_interval_(parameters_.advert_interval) {}

// ---------------------------------------------------------------- handle

void VirtualRouter::start(Instant now, Actions& out) {
  if (state_ != State::init) return;
  stopped_ = false;
  listens_from_ = std::max(now + parameters_.startup_delay, parameters_.earliest_start);
  if (faults_.any()) return enter_fault(faults_.reason(), now, out);
  if (starts_as_master() && listens_from_ <= now && !held_) {
    return enter_master(Reason::owner, now, out);
  }
  // `state MASTER` below 255 wins nothing: it waits like everybody (keepalived does, and RFC 9568 §6.4.1).
  const Duration wait = starts_as_master() ? Duration::zero() : master_down_interval();
  enter_backup(Reason::start, listens_from_ + wait, now, out);
}

void VirtualRouter::join(Instant now, Actions& out) {
  if (state_ != State::init) return;
  if (faults_.any() || held_) return start(now, out);
  stopped_ = false;
  listens_from_ = now;
  enter_master(Reason::sync_group, now, out);
}

void VirtualRouter::on_advert(const Advert& advert, Instant now, Actions& out) {
  if (state_ == State::init || state_ == State::fault || now < listens_from_) return;
  peers_.remember(advert, now);
  unopposed_ = false;
  if (state_ == State::master && !let_go_if_overslept(now, out)) {
    return is_leaving() ? on_advert_while_leaving(advert, now, out) : on_advert_as_master(advert, now, out);
  }
  if (state_ == State::backup) on_advert_as_backup(advert, now, out);
  if (state_ == State::maintenance) on_advert_in_maintenance(advert, now, out);
}

void VirtualRouter::on_timeout(Instant now, Actions& out) {
  switch (state_) {
    case State::init:
    case State::maintenance:
    case State::fault: return;
    case State::backup: return on_timeout_as_backup(now, out);
    case State::master:
      if (let_go_if_overslept(now, out)) return;
      return is_leaving() ? on_timeout_while_leaving(now, out) : on_timeout_as_master(now, out);
  }
}

void VirtualRouter::on_faults(const FaultCauses& causes, Reason reason, Instant now, Actions& out) {
  faults_ = causes;
  switch (state_) {
    case State::init: return;
    case State::fault:
      if (!causes.any()) leave_fault(reason, now, out);
      return;
    case State::backup:
    case State::maintenance:
    case State::master:
      if (causes.any()) enter_fault(reason, now, out);
      return;
  }
}

void VirtualRouter::on_source(const IpAddress& source) {
  source_ = source;
}

void VirtualRouter::on_priority(std::uint8_t priority, Instant now, Actions& out) {
  if (priority == priority_) return;
  const std::uint8_t before = priority_;
  const Duration wait_before = master_down_interval();
  priority_ = priority;
  if (state_ == State::init) return;
  out.push_back(PriorityChanged{before, priority});

  if (state_ == State::backup && master_down_at_) {
    if (wait_reason_ == Reason::master_below_us && priority <= master_priority_) {
      wait_reason_ = Reason::master_down;
      master_down_at_ = now + master_down_interval();  // that master is a match for us again
    } else {
      // A deadline that is over stays as long over as it is: who slept past it must notice that.
      const Instant earliest = std::min(now, *master_down_at_);
      master_down_at_ = std::max(earliest, *master_down_at_ + (master_down_interval() - wait_before));
    }
  }
  if (state_ != State::master || let_go_if_overslept(now, out)) return;
  if (is_leaving()) {
    // Relief that this router asked for its own sake is not needed any more.
    const bool is_own_relief =
        departure_->cause == Departure::Cause::relief && departure_->reason == Reason::better_master;
    if (is_own_relief && !departure_->successor && !peers_.knows_better_than(priority)) stay(now, out);
    return;
  }
  const bool asks_relief = priority < before && parameters_.make_before_break && parameters_.preempt == Preempt::yes &&
                           peers_.knows_better_than(priority);
  if (!asks_relief) return send_advert(now, out);  // a Baton backup above us takes over after its skew time
  // A stock backup ignores an advert below its priority and would wait for the master-down time. It follows a goodbye.
  // The interval it is to adopt must come with a priority it accepts: the one before.
  say_goodbye(before, 1, out);
  leave({.cause = Departure::Cause::relief, .reason = Reason::better_master, .bound = now + goodbye_patience()}, now,
        out);
}

void VirtualRouter::on_address_restored(Instant now, Actions& out) {
  // keepalived gives up mastership here, which costs its skew time. The address is back already: say so, and stay.
  if (is_serving() && !let_go_if_overslept(now, out)) announce(parameters_.announcements.repeat, out);
}

// ---------------------------------------------------------------- commands

void VirtualRouter::become_master(Reason reason, Instant now, Actions& out) {
  if (state_ == State::backup) enter_master(reason, now, out);
}

// A takeover from a lower master that is on its way is called off; one that comes begins with the next advert of it.
void VirtualRouter::set_preempt(Preempt preempt, Instant now) {
  parameters_.preempt = preempt;
  preempt_at_.reset();
  if (preempt == Preempt::yes || state_ != State::backup || wait_reason_ != Reason::master_below_us) return;
  wait_reason_ = Reason::master_down;
  wants_master_ = false;
  master_down_at_ = now + master_down_interval();
}

void VirtualRouter::shorten_wait(Duration wait, Instant now) {
  if ((!master_down_at_ && !waits_for_witness_) || now < listens_from_) return;
  master_down_at_ = std::min(master_down_at_.value_or(Instant::max()), now + wait);
  waits_for_witness_ = false;
  wait_reason_ = Reason::master_stopped;
}

void VirtualRouter::restart_wait(Instant now) {
  if (state_ != State::backup) return;
  forget_master();
  forget_witness();
  master_down_at_ = now + master_down_interval();
}

void VirtualRouter::repeat_announcements(Instant now, Actions& out) {
  const AnnouncementParameters& announcements = parameters_.announcements;
  if (!is_serving() || announcements.lower_priority_repeat == 0) return;
  // Over the bound it comes late, and whoever follows the other master until then is told all the same.
  if (now < earliest_burst()) return put_off_burst(earliest_burst());
  burst(announcements.lower_priority_repeat, now, out);
  second_answer_at_ = second_burst(now, announcements.lower_priority_delay, announcements.lower_priority_repeat);
}

// ---------------------------------------------------------------- questions

std::optional<Instant> VirtualRouter::next_timeout() const {
  if (departure_) return departure_->next_timeout();
  std::optional<Instant> next;
  for (const auto& deadline : {next_question(), master_down_at_, advert_at_, second_announcement_at_, answer_at_,
                               second_answer_at_, refresh_at_}) {
    if (deadline && (!next || *deadline < *next)) next = deadline;
  }
  return next;
}

Duration VirtualRouter::skew_time() const {
  return vrrp::skew_time(priority_, parameters_.version, master_interval_);
}

Duration VirtualRouter::master_down_interval() const {
  return master_interval_ * parameters_.down_timer_adverts + skew_time();
}

Duration VirtualRouter::answer_interval() const {
  return std::max<Duration>(limits::answer_interval, parameters_.advert_interval);
}

// ---------------------------------------------------------------- adverts

void VirtualRouter::on_advert_as_backup(const Advert& advert, Instant now, Actions& out) {
  if (advert.priority == spec::priority_stop) {
    // RFC 9568 §6.4.2, and never later than without it: a second goodbye does not begin the wait again.
    if (master_ == advert.source) master_.reset();
    return shorten_wait(skew_time(), now);
  }
  const bool is_below_us = advert.priority < priority_;
  if (!is_below_us) preempt_at_.reset();
  if (!is_below_us || !preempts(now)) {
    learn_master(advert, out);
    return accept(advert, now);
  }
  if (!master_ || master_ == advert.source || advert.priority >= master_priority_) learn_master(advert, out);
  // RFC 9568 discards it, and the takeover comes when the master-down time has run out. Its sender lives and knows no
  // better, so nothing is gained by the wait: the skew time alone keeps
  // the backups in order.
  shorten_wait(skew_time(), now);
  wait_reason_ = Reason::master_below_us;
}

void VirtualRouter::accept(const Advert& advert, Instant now) {
  const bool learns = parameters_.version == Version::v3 && advert.interval > Duration::zero();
  master_interval_ = learns ? std::min(advert.interval, limits::longest_wait) : parameters_.advert_interval;
  last_advert_accepted_ = now;
  forget_witness();
  if (!held_) master_down_at_ = now + master_down_interval();
  wait_reason_ = Reason::master_down;
  wants_master_ = false;
}

void VirtualRouter::learn_master(const Advert& advert, Actions& out) {
  if (master_ != advert.source) out.push_back(MasterLearned{advert.source, advert.priority});
  master_ = advert.source;
  master_priority_ = advert.priority;
}

bool VirtualRouter::preempts(Instant now) {
  if (parameters_.preempt == Preempt::no || yielded_) return false;
  // The delay runs from the first lower advert; while it runs the lower master is accepted (keepalived.conf(5)).
  if (!preempt_at_) preempt_at_ = now + parameters_.preempt_delay;
  return now >= *preempt_at_;
}

void VirtualRouter::on_advert_as_master(const Advert& advert, Instant now, Actions& out) {
  if (advert.priority == spec::priority_stop) return answer(now, out);  // RFC 9568 §6.4.3
  if (is_above(advert)) return yield_to(advert, now, out);
  if (advert.priority == priority_ && advert.source == source_) {
    return note_second_master(advert, now, out);  // another node with our address: no tie-break
  }
  if (!parameters_.lower_priority_no_advert) answer(now, out);
  announce_to_lower(advert, now, out);
  note_second_master(advert, now, out);
}

// At once, as RFC 9568 §6.4.3 has it, or as soon as the bound lets: one advert then answers all who wait for it.
void VirtualRouter::answer(Instant now, Actions& out) {
  const Instant earliest = earliest_answer();
  if (earliest <= now) return send_advert(now, out);
  if (!advert_at_ || earliest < *advert_at_) advert_at_ = earliest;
}

Instant VirtualRouter::earliest_answer() const {
  return adverts_.earliest(answer_rate());
}

Instant VirtualRouter::earliest_burst() const {
  return bursts_.earliest(burst_rate());
}

SendRate VirtualRouter::answer_rate() const {
  return {parameters_.advert_interval / limits::answers_an_interval, limits::answers_an_interval + 1};
}

SendRate VirtualRouter::burst_rate() const {
  return {answer_interval(), limits::bursts_in_a_row};
}

void VirtualRouter::burst(unsigned rounds, Instant now, Actions& out) {
  bursts_.spend(burst_rate(), now);
  answer_at_.reset();
  announce(rounds, out);
}

void VirtualRouter::put_off_burst(Instant until) {
  answer_at_ = std::min(answer_at_.value_or(Instant::max()), until);
}

// Clients may point at the lower master; each of its adverts may be the one that tells us so. People are told of each
// (notify_master_rx_lower_pri), clients no more often than answer_interval().
void VirtualRouter::announce_to_lower(const Advert& advert, Instant now, Actions& out) {
  repeat_announcements(now, out);
  out.push_back(LowerPriorityHeard{advert});
}

bool VirtualRouter::has_settled(Instant now) const {
  return now - since_ >= limits::settling_time + successor_time();
}

Duration VirtualRouter::successor_time() const {
  return linger_time(parameters_.addresses) + parameters_.address_delay;
}

void VirtualRouter::note_second_master(const Advert& advert, Instant now, Actions& out) {
  if (!has_settled(now)) return;
  out.push_back(SecondOwnerSeen{.address = advert.source, .mac = {}, .priority = advert.priority});
}

// RFC 9568 §6.4.3: a higher priority wins, between equals the higher address.
bool VirtualRouter::is_above(const Advert& advert) const {
  return advert.priority > priority_ || (advert.priority == priority_ && advert.source > source_);
}

// ---------------------------------------------------------------- deadlines

void VirtualRouter::on_timeout_as_backup(Instant now, Actions& out) {
  if (is_due(next_question(), now)) ask_witness(now, out);
  if (!is_due(master_down_at_, now)) return;
  const Duration late = now - *master_down_at_;
  if (late >= std::max(master_interval_, sleep_noticed)) {
    // We slept, and so did our ears. A master that lives is heard within its interval.
    forget_witness();
    master_down_at_ = now + master_interval_ + skew_time();
    return;
  }
  const bool lacks_witness = parameters_.needs_witness && wait_reason_ == Reason::master_down && !witness_answered_;
  if (!lacks_witness) return end_silence(now, out);
  wants_master_ = false;  // of a sync group that has not risen: what was answered then says nothing of now
  waits_for_witness_ = true;
  master_down_at_.reset();
  out.push_back(WitnessMissed{});
}

void VirtualRouter::on_timeout_as_master(Instant now, Actions& out) {
  const AnnouncementParameters& announcements = parameters_.announcements;
  if (is_due(advert_at_, now)) send_advert(now, out);
  if (is_due(second_announcement_at_, now)) {
    second_announcement_at_.reset();
    announce(announcements.repeat, out);
  }
  if (is_due(answer_at_, now)) {
    answer_at_.reset();
    // Where lower masters get none, it is for one that passed (announce_again).
    if (announcements.lower_priority_repeat == 0) burst(announcements.repeat, now, out);
    repeat_announcements(now, out);
  }
  if (is_due(second_answer_at_, now)) {
    second_answer_at_.reset();
    announce(announcements.lower_priority_repeat, out);
  }
  if (is_due(refresh_at_, now)) {
    refresh_at_ = now + announcements.refresh;
    announce(announcements.refresh_repeat, out);
  }
}

// A master that was not running for as long as a backup waits has a successor by now. It must not send anything that
// would take the address back.
bool VirtualRouter::let_go_if_overslept(Instant now, Duration interval, Actions& out) {
  const Instant due = departure_ ? departure_->bound : last_advert_sent_ + interval;
  if (now - due < sleep_allowed(interval)) return false;
  if (departure_ && !departure_->may_stay()) {
    let_go(now, out);
  } else {
    departure_.reset();
    enter_backup(Reason::overslept, now + parameters_.advert_interval + skew_time(), now, out);
  }
  return true;
}

// Behind the deadline of an advert, which comes an interval after the one that backups heard last.
Duration VirtualRouter::sleep_allowed(Duration interval) const {
  const Duration adverts = interval * parameters_.down_timer_adverts;
  if (!parameters_.rival_priority || departure_) return adverts;
  return adverts + vrrp::skew_time(*parameters_.rival_priority, parameters_.version, interval) - interval;
}

// ---------------------------------------------------------------- transitions

void VirtualRouter::change_state(State state, Reason reason, Instant now, Actions& out) {
  out.push_back(StateChanged{state_, state, reason});
  state_ = state;
  reason_ = reason;
  since_ = now;

  if (state != State::master) {
    departure_.reset();
    silence();
  }
  master_down_at_.reset();
  preempt_at_.reset();
  wants_master_ = false;
  wait_reason_ = Reason::master_down;
  forget_witness();
  forget_master();
}

void VirtualRouter::forget_master() {
  master_.reset();
  master_priority_ = 0;
  master_interval_ = parameters_.advert_interval;
}

void VirtualRouter::enter_master(Reason reason, Instant now, Actions& out) {
  const AnnouncementParameters& announcements = parameters_.announcements;
  yielded_ = false;
  unopposed_ = reason != Reason::master_stopped && reason != Reason::master_below_us;
  // The advert first: the old master must let go before we answer for the address. People are told last.
  send_advert(now, out);
  announce(announcements.repeat, out);
  change_state(State::master, reason, now, out);
  second_announcement_at_ = second_burst(now, announcements.delay, announcements.repeat);
  begin_refresh(now + announcements.delay);
}

void VirtualRouter::enter_backup(Reason reason, Instant master_down_at, Instant now, Actions& out) {
  change_state(held_ ? State::maintenance : State::backup, reason, now, out);
  if (!held_) master_down_at_ = master_down_at;
}

void VirtualRouter::enter_fault(Reason reason, Instant now, Actions& out) {
  const bool relieved = is_leaving() && departure_->successor;
  if (state_ == State::master && !relieved) {
    // The service is dead: nothing to keep, everything to gain from a quick successor. Twice, because packets get lost
    // (keepalived sends two as well); a member of a group that is well itself needs no more than one.
    say_goodbye(priority_, reason == Reason::sync_group ? 1 : 2, out);
  }
  // Who is told to stop stops: FAULT would wait for a repair that is nobody's business any more.
  if (is_leaving() && departure_->cause == Departure::Cause::stop) return enter_init(now, out);
  change_state(State::fault, reason, now, out);
}

// RFC 9568 §6.4.1 begins again. An owner need not wait for others, only long enough to hear one.
void VirtualRouter::leave_fault(Reason reason, Instant now, Actions& out) {
  const Duration wait = starts_as_master() ? parameters_.advert_interval + skew_time() : master_down_interval();
  enter_backup(reason, std::max(now, listens_from_) + wait, now, out);
}

void VirtualRouter::enter_init(Instant now, Actions& out) {
  if (state_ != State::init) change_state(State::init, Reason::stop, now, out);
  stopped_ = true;
}

// ---------------------------------------------------------------- what is sent

void VirtualRouter::send_advert(Instant now, Actions& out) {
  out.push_back(SendAdvert{.priority = priority_});
  last_advert_sent_ = now;
  adverts_.spend(answer_rate(), now);
  advert_at_ = now + parameters_.advert_interval;
  if (!parameters_.makes_room) return;
  if (!unopposed_ && ++adverts_since_room_ < adverts_between_rooms) return;
  adverts_since_room_ = 0;
  *advert_at_ += room_for_the_unheard;
}

void VirtualRouter::announce(unsigned rounds, Actions& out) {
  if (rounds > 0) out.push_back(Announce{.rounds = rounds});
}

void VirtualRouter::begin_refresh(Instant from) {
  const Duration refresh = parameters_.announcements.refresh;
  if (refresh > Duration::zero()) refresh_at_ = from + refresh;
}

// A master that leaves, or no longer is one, sends nothing of its own accord.
void VirtualRouter::silence() {
  advert_at_.reset();
  second_announcement_at_.reset();
  answer_at_.reset();
  second_answer_at_.reset();
  refresh_at_.reset();
}

}  // namespace baton::vrrp
