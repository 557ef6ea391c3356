// How a router is held down while its node is in maintenance, and let go again (docs/decisions/0015). It listens, so
// that people can be told who serves meanwhile; no timer runs.
#include <algorithm>
#include <utility>

#include "vrrp/virtual_router.h"

namespace baton::vrrp {

void VirtualRouter::hold(Instant now, Actions& out) {
  held_ = true;
  yielded_ = false;
  if (state_ == State::backup) {
    const RouterMemory heard = memory();
    enter_backup(Reason::maintenance, now, now, out);
    remember_master(heard);
  }
  if (state_ != State::master || let_go_if_overslept(now, out)) return;
  if (!is_leaving()) {
    say_goodbye(priority_, 1, out);
    return leave(
        {.cause = Departure::Cause::maintenance, .reason = Reason::maintenance, .bound = now + goodbye_patience()}, now,
        out);
  }
  if (departure_->cause == Departure::Cause::stop) return;
  departure_->cause = Departure::Cause::maintenance;  // whoever may take over, it does not stay
  departure_->reason = Reason::maintenance;
}

void VirtualRouter::release(Instant now, Actions& out) {
  if (!std::exchange(held_, false)) return;
  if (is_leaving() && departure_->cause == Departure::Cause::maintenance) {
    departure_->cause = Departure::Cause::relief;  // it may stay
    departure_->reason = Reason::maintenance_over;
  }
  if (state_ != State::maintenance) return;
  const RouterMemory heard = memory();
  leave_fault(Reason::maintenance_over, now, out);
  remember_master(heard);
  // A master that adverts less often than we would is none that is silent.
  if (master_ && !starts_as_master()) master_down_at_ = std::max(now, listens_from_) + master_down_interval();
}

void VirtualRouter::on_advert_in_maintenance(const Advert& advert, Instant now, Actions& out) {
  if (advert.priority == spec::priority_stop) {
    if (master_ == advert.source) forget_master();
    return;
  }
  learn_master(advert, out);
  accept(advert, now);
}

// Nothing has changed for the master, and nothing is told of it.
void VirtualRouter::remember_master(const RouterMemory& heard) {
  if (heard.master.is_unspecified()) return;
  master_ = heard.master;
  master_priority_ = heard.master_priority;
  master_interval_ = heard.master_interval;
}

}  // namespace baton::vrrp
