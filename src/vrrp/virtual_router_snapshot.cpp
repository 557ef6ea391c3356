// A virtual router's part in the snapshot of its node (docs/decisions/0012), and the timers that are shown to people.
#include "vrrp/state_archive.h"
#include "vrrp/virtual_router.h"

namespace baton::vrrp {

template <typename Self, typename Archive>
void VirtualRouter::members(Self& self, Archive& archive) {
  archive(self.parameters_.preempt, Preempt::yes);
  archive(self.state_, last_state);
  archive(self.reason_, last_reason);
  archive(self.since_);
  archive(self.priority_);
  archive(self.source_);
  archive(self.faults_);
  archive(self.stopped_);
  archive(self.held_);

  archive(self.master_);
  archive(self.master_priority_);
  archive(self.master_interval_);
  archive(self.last_advert_accepted_);
  archive(self.peers_);

  archive(self.listens_from_);
  archive(self.master_down_at_);
  archive(self.wait_reason_, last_reason);
  archive(self.preempt_at_);
  archive(self.wants_master_);
  archive(self.yielded_);
  archive(self.asked_witness_at_);
  archive(self.witness_answered_);
  archive(self.waits_for_witness_);

  archive(self.unopposed_);
  archive(self.adverts_since_room_);
  archive(self.last_advert_sent_);
  archive(self.adverts_);
  archive(self.advert_at_);
  archive(self.second_announcement_at_);
  archive(self.bursts_);
  archive(self.answer_at_);
  archive(self.second_answer_at_);
  archive(self.refresh_at_);
  archive(self.departure_);
}

void VirtualRouter::save(CompactWriter& out) const {
  StateSaver saver(out);
  members(*this, saver);
}

void VirtualRouter::restore(CompactReader& in) {
  StateLoader loader(in);
  members(*this, loader);
}

// Every deadline is one that on_timeout() takes away or puts off, also those that the next inputs set.
bool VirtualRouter::is_possible() const {
  if (state_ == (held_ ? State::backup : State::maintenance)) return false;
  const bool has_deadline_of_master =
      advert_at_ || second_announcement_at_ || answer_at_ || second_answer_at_ || refresh_at_ || departure_;
  if (has_deadline_of_master && state_ != State::master) return false;
  if ((master_down_at_ || waits_for_witness_ || asked_witness_at_) && state_ != State::backup) return false;
  if ((waits_for_witness_ || asked_witness_at_) && !parameters_.needs_witness) return false;
  return !refresh_at_ || parameters_.announcements.refresh > Duration::zero();
}

std::vector<VirtualRouter::Timer> VirtualRouter::timers() const {
  std::vector<Timer> timers;
  const auto add = [&](std::string_view name, const std::optional<Instant>& at) {
    if (at) timers.push_back({name, *at});
  };
  if (departure_) {
    add("leaving", departure_->bound);
    add("provoke", departure_->provoke_at);
    return timers;
  }
  add("master-down", master_down_at_);
  add("witness", next_question());
  add("preempt-delay", preempt_at_);
  add("advert", advert_at_);
  add("second-announcement", second_announcement_at_);
  add("answer", answer_at_);
  add("second-answer", second_answer_at_);
  add("refresh", refresh_at_);
  return timers;
}

}  // namespace baton::vrrp
