// A BACKUP that has a witness becomes MASTER out of silence only when the witness answers: one that is cut off hears as
// little as one whose master has died (docs/decisions/0028). It asks before the master-down time is over, so that an
// answer costs no time.
#include <algorithm>
#include <utility>

#include "vrrp/virtual_router.h"

namespace baton::vrrp {

// Goodbyes and lower masters are heard, so that LAN works: nobody is asked.
std::optional<Instant> VirtualRouter::next_question() const {
  const bool is_silence = waits_for_witness_ || (master_down_at_ && wait_reason_ == Reason::master_down);
  if (!parameters_.needs_witness || state_ != State::backup || !is_silence || witness_answered_) return std::nullopt;
  if (asked_witness_at_) return *asked_witness_at_ + question_pause();
  return master_down_at_ ? std::optional(*master_down_at_ - question_lead()) : std::nullopt;
}

// An advert is missing by then. Where the first one that is missing ends the wait, its skew time is all there is.
Duration VirtualRouter::question_lead() const {
  return parameters_.down_timer_adverts > 1 ? master_interval_ : skew_time() / 2;
}

// A question that is lost is asked again before the master-down time is over.
Duration VirtualRouter::question_pause() const {
  return std::clamp<Duration>(master_interval_ / 4, limits::shortest_question_pause, limits::longest_question_pause);
}

void VirtualRouter::ask_witness(Instant now, Actions& out) {
  asked_witness_at_ = now;
  out.push_back(AskWitness{});
}

// An answer that came too late may be the end of a cut: a master that lives is heard within its interval.
void VirtualRouter::on_witness(Instant now) {
  if (!asks_witness()) return;
  witness_answered_ = true;
  if (!std::exchange(waits_for_witness_, false)) return;
  master_down_at_ = now + master_interval_ + skew_time();
}

void VirtualRouter::end_silence(Instant now, Actions& out) {
  if (!parameters_.in_sync_group) return enter_master(wait_reason_, now, out);
  wants_master_ = true;
  master_down_at_.reset();
}

void VirtualRouter::forget_witness() {
  asked_witness_at_.reset();
  witness_answered_ = false;
  waits_for_witness_ = false;
}

}  // namespace baton::vrrp
