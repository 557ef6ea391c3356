#include "lab/answers.h"

#include <gtest/gtest.h>

namespace baton::lab {
namespace {

using namespace std::chrono_literals;

constexpr Duration patience = 10ms;

Instant at(Duration time) {
  return Instant(time);
}

// Asks every millisecond from 0 to `until`; all but those in [silent_from, silent_until) are answered at once.
Answers asked_every_millisecond(Duration until, Duration silent_from, Duration silent_until) {
  Answers answers(patience);
  for (Duration time = 0ms; time < until; time += 1ms) {
    const std::size_t question = answers.ask(at(time));
    if (time < silent_from || time >= silent_until) answers.answer(question, at(time), 0);
  }
  return answers;
}

TEST(Answers, without_a_loss_there_is_no_outage) {
  const Answers answers = asked_every_millisecond(1s, 0ms, 0ms);
  EXPECT_EQ(answers.outage(at(0ms), at(1s)).longest, 0ms);
  EXPECT_EQ(answers.outage(at(0ms), at(1s)).lost, 0U);
}

TEST(Answers, an_outage_lasts_from_the_first_lost_question_to_the_next_answer) {
  const Answers answers = asked_every_millisecond(1s, 200ms, 800ms);
  const Outage outage = answers.outage(at(0ms), at(1s));
  EXPECT_EQ(outage.longest, 600ms);
  EXPECT_EQ(outage.lost, 600U);
}

TEST(Answers, an_outage_that_has_not_ended_lasts_to_the_end) {
  const Answers answers = asked_every_millisecond(1s, 200ms, 5s);
  EXPECT_EQ(answers.outage(at(0ms), at(1s)).longest, 800ms);
}

TEST(Answers, questions_that_may_still_be_answered_are_left_out) {
  const Answers answers = asked_every_millisecond(1s, 995ms, 5s);
  EXPECT_EQ(answers.outage(at(0ms), at(1s)).longest, 0ms);
}

TEST(Answers, a_refused_question_is_not_waited_for) {
  Answers answers(patience);
  answers.fail(answers.ask(at(0ms)));
  EXPECT_EQ(answers.outage(at(0ms), at(3ms)).longest, 3ms);
}

TEST(Answers, an_answer_after_the_patience_is_late_and_no_answer) {
  Answers answers(patience);
  const std::size_t first = answers.ask(at(0ms));
  answers.answer(answers.ask(at(40ms)), at(40ms), 1);
  answers.answer(first, at(40ms), 1);  // both waited for the neighbour to be found
  const Outage outage = answers.outage(at(0ms), at(100ms));
  EXPECT_EQ(outage.longest, 40ms);
  EXPECT_EQ(outage.late, 1U);
  EXPECT_EQ(outage.lost, 0U);
}

TEST(Answers, of_two_answers_the_first_counts) {
  Answers answers(patience);
  const std::size_t question = answers.ask(at(0ms));
  answers.answer(question, at(1ms), 0);
  answers.answer(question, at(2ms), 1);
  EXPECT_EQ(answers.last_answered_by(), NodeId{0});
}

}  // namespace
}  // namespace baton::lab
