#include "vrrp/takeover_proof.h"

#include <algorithm>
#include <map>

namespace baton::vrrp {

void TakeoverProof::begin(std::vector<Question> questions, Instant now) {
  end();
  has_begun_ = true;
  for (Question& question : questions) questions_.push_back({.question = std::move(question)});
  open_ = questions_.size();
  if (open_ > 0) next_at_ = now;
}

void TakeoverProof::end() {
  *this = TakeoverProof();
}

void TakeoverProof::on_answer(const IpAddress& address, const IpAddress& by) {
  for (Asked& asked : questions_) {
    if (asked.is_answered || asked.question.address != address || asked.question.to.address != by) continue;
    asked.is_answered = true;
    --open_;
  }
  if (open_ == 0) next_at_.reset();
}

std::vector<TakeoverProof::Question> TakeoverProof::on_timeout(Instant now) {
  std::vector<Question> due;
  if (!next_at_ || now < *next_at_) return due;
  if (round_ > limits::proof_waits.size()) {
    next_at_.reset();  // whoever has not answered by now does not
    return due;
  }
  for (Asked& asked : questions_) {
    if (asked.is_answered) continue;
    asked.question.is_repeated = round_ > 0;
    due.push_back(asked.question);
  }
  // The answer to the last question is waited for as well.
  next_at_ = now + limits::proof_waits[std::min(round_, limits::proof_waits.size() - 1)];
  ++round_;
  return due;
}

TakeoverProof::Progress TakeoverProof::progress() const {
  std::map<IpAddress, bool> knows_all;
  for (const Asked& asked : questions_) {
    bool& all = knows_all.try_emplace(asked.question.to.address, true).first->second;
    all = all && asked.is_answered;
  }
  Progress progress{.asked = knows_all.size(), .is_over = has_begun_ && !next_at_};
  for (const auto& [neighbour, all] : knows_all) {
    if (all) {
      ++progress.learned;
    } else {
      progress.missing.push_back(neighbour);
    }
  }
  return progress;
}

}  // namespace baton::vrrp
