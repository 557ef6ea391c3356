#include "lab/answers.h"

#include <algorithm>

namespace baton::lab {

std::size_t Answers::ask(Instant at) {
  questions_.push_back({.asked = at, .answered = {}, .by = {}});
  return questions_.size() - 1;
}

void Answers::answer(std::size_t question, Instant at, std::optional<NodeId> by) {
  if (question >= questions_.size() || questions_[question].answered) return;  // two owners answer twice
  Question& asked = questions_[question];
  asked.answered = at;
  asked.by = by;
  if (at - asked.asked > patience_) return;
  last_by_ = by;
  last_answer_ = at;
}

void Answers::fail(std::size_t question) {
  if (question < questions_.size()) questions_[question].failed = true;
}

std::size_t Answers::first_since(Instant from) const {
  const auto first = std::ranges::lower_bound(questions_, from, {}, &Question::asked);
  return static_cast<std::size_t>(first - questions_.begin());
}

Outage Answers::outage(Instant from, Instant to) const {
  Outage outage;
  bool silent = false;
  Instant silent_since = from;
  const auto end_of_silence = [&](Instant at) {
    if (silent) outage.longest = std::max(outage.longest, at - silent_since);
    silent = false;
  };
  for (std::size_t i = first_since(from); i < questions_.size() && questions_[i].asked <= to; ++i) {
    const Question& question = questions_[i];
    if (!question.answered && !question.failed && question.asked + patience_ > to) continue;
    ++outage.asked;
    const bool in_time = question.answered && *question.answered - question.asked <= patience_;
    if (in_time) {
      end_of_silence(*question.answered);
      continue;
    }
    if (!silent) silent_since = question.asked;
    silent = true;
    if (question.answered) {
      ++outage.late;
    } else {
      ++outage.lost;
    }
  }
  end_of_silence(to);
  return outage;
}

std::optional<Instant> Answers::first_answer_by(NodeId node, Instant since) const {
  for (std::size_t i = first_since(since); i < questions_.size(); ++i) {
    if (questions_[i].by == node) return questions_[i].answered;
  }
  return std::nullopt;
}

}  // namespace baton::lab
