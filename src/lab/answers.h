// What a client got for its questions (pings, page fetches) and what follows from that: the longest stretch without an
// answer. PURE.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "lab/topology.h"

namespace baton::lab {

struct Question {
  Instant asked;
  std::optional<Instant> answered;
  std::optional<NodeId> by;  // nullopt: not answered, or by somebody who could not be told
  bool failed = false;       // known to get no answer
};

struct Outage {
  Duration longest{};  // 0 when every question was answered in time
  std::size_t asked = 0;
  std::size_t lost = 0;  // never answered
  std::size_t late = 0;  // answered after the patience
};

class Answers {
 public:
  // An answer that takes longer than `patience` is as good as none: it waited for an address to be found again.
  explicit Answers(Duration patience) : patience_(patience) {}

  std::size_t ask(Instant at);  // the question's number
  void answer(std::size_t question, Instant at, std::optional<NodeId> by);
  void fail(std::size_t question);  // refused: no need to be patient

  // Over the questions asked in [from, to]. An outage begins with the first question that failed and ends with the next
  // answer; one that has not ended lasts to `to`. Questions still open and younger than the patience are left out.
  Outage outage(Instant from, Instant to) const;
  // Who answered the latest question that was answered in time.
  std::optional<NodeId> last_answered_by() const { return last_by_; }
  std::optional<Instant> last_answer() const { return last_answer_; }
  // The first answer by `node` to a question asked since.
  std::optional<Instant> first_answer_by(NodeId node, Instant since) const;
  std::size_t size() const { return questions_.size(); }

 private:
  std::size_t first_since(Instant from) const;

  Duration patience_;
  std::vector<Question> questions_;
  std::optional<NodeId> last_by_;
  std::optional<Instant> last_answer_;
};

}  // namespace baton::lab
