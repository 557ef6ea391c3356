// What a virtual router leaves to the one that goes on in its place (docs/decisions/0002), and how that one goes on.
#include <algorithm>

#include "vrrp/virtual_router.h"

namespace baton::vrrp {

RouterMemory VirtualRouter::memory() const {
  return {.state = state_,
          .reason = reason_,
          .since = since_,
          .last_advert_sent = last_advert_sent_,
          .last_advert_accepted = last_advert_accepted_,
          .listens_from = listens_from_,
          .preempt_at = preempt_at_.value_or(Instant()),
          .master = master_.value_or(IpAddress()),
          .master_priority = master_priority_,
          .master_interval = master_interval_,
          .priority = priority_,
          .yielded = yielded_,
          .unopposed = unopposed_};
}

void VirtualRouter::resume(const RouterMemory& memory, Instant now, Actions& out) {
  if (memory.state == State::init) return start(now, out);
  resume_state(memory, now, out);
  if (held_) hold(now, out);  // it was not, or had not let go yet
}

void VirtualRouter::resume_state(const RouterMemory& memory, Instant now, Actions& out) {
  state_ = memory.state;
  reason_ = memory.reason;
  since_ = memory.since;
  const Instant latest = std::max(now + parameters_.startup_delay, parameters_.earliest_start);  // as configured now
  listens_from_ = std::min(memory.listens_from, latest);
  if (memory.priority != 0) priority_ = memory.priority;
  last_advert_sent_ = memory.last_advert_sent;
  last_advert_accepted_ = memory.last_advert_accepted;

  switch (memory.state) {
    case State::init: return;
    case State::fault:
      if (!faults_.any()) {
        enter_backup(Reason::resumed, std::max(now, listens_from_) + master_down_interval(), now, out);
      }
      return;
    case State::backup:
      if (!memory.master.is_unspecified()) {
        master_ = memory.master;
        // Without a master, and in VRRPv2, it is our own, whatever that was before a reload.
        const bool learned = parameters_.version == Version::v3 && memory.master_interval > Duration::zero();
        if (learned) master_interval_ = std::min(memory.master_interval, limits::longest_wait);
      }
      master_priority_ = memory.master_priority;
      yielded_ = memory.yielded;
      // The delay goes on, unless the configuration has a shorter one now.
      if (memory.preempt_at != Instant()) preempt_at_ = std::min(memory.preempt_at, now + parameters_.preempt_delay);
      master_down_at_ = std::max({memory.since, memory.last_advert_accepted, listens_from_}) + master_down_interval();
      if (faults_.any()) enter_fault(faults_.reason(), now, out);
      return;
    case State::maintenance:
      if (!held_) {
        leave_fault(Reason::maintenance_over, now, out);
        if (faults_.any()) enter_fault(faults_.reason(), now, out);
        return;
      }
      if (!memory.master.is_unspecified()) master_ = memory.master;
      master_priority_ = memory.master_priority;
      if (memory.master_interval > Duration::zero())
        master_interval_ = std::min(memory.master_interval, limits::longest_wait);
      if (faults_.any()) enter_fault(faults_.reason(), now, out);
      return;
    case State::master: {
      // Backups wait by what was announced, which need not be what is configured now.
      const bool announced = memory.master_interval > Duration::zero();
      const Duration interval = announced ? memory.master_interval : parameters_.advert_interval;
      advert_at_ = memory.last_advert_sent + interval;
      unopposed_ = memory.unopposed;
      const bool overslept = let_go_if_overslept(now, interval, out);
      if (faults_.any()) return enter_fault(faults_.reason(), now, out);
      if (overslept) return;
      if (!memory.keeps_pace) send_advert(now, out);
      begin_refresh(now);
      return;
    }
  }
}

}  // namespace baton::vrrp
