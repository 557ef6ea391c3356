// When a check is tried, and what its tries mean.
#include "health/check.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace baton::health {
namespace {

using namespace std::chrono_literals;

const Outcome refused = failed(Failure::refused);

// One check on a clock of its own.
class Bench {
 public:
  explicit Bench(const Schedule& schedule, std::uint64_t seed = 1) : check(schedule, seed) { check.start(now); }

  // Waits for the next try and ends it at once; how long that took.
  Duration next(const Outcome& outcome) {
    const Duration waited = *check.next_try() - now;
    now += waited;
    page = check.begin_try();
    verdict = check.end_try(outcome, now);
    return waited;
  }

  Instant now{1h};
  Check check;
  unsigned page = 0;
  std::optional<Verdict> verdict;
};

// Past the first interval, which is shorter by chance.
Bench settled(const Schedule& schedule) {
  Bench bench(schedule);
  for (unsigned page = 0; page < 2 * schedule.pages; ++page) bench.next(success());
  return bench;
}

TEST(Check, the_first_try_comes_within_warmup) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const Bench bench({.warmup = 10s}, seed);
    EXPECT_GE(*bench.check.next_try(), bench.now);
    EXPECT_LE(*bench.check.next_try(), bench.now + 10s);
  }
}

TEST(Check, ten_thousand_checks_do_not_beat_together) {
  std::vector<int> begun(100);  // in each hundredth of the interval
  for (std::uint64_t seed = 0; seed < 10'000; ++seed) {
    const Bench bench({.delay_loop = 1s, .warmup = 1s}, seed);
    ++begun[std::min<std::size_t>(static_cast<std::size_t>((*bench.check.next_try() - bench.now) / 10ms), 99)];
  }
  EXPECT_LT(*std::ranges::max_element(begun), 200);
}

TEST(Check, without_warmup_the_first_come_at_once_and_part_within_an_interval) {
  Bench one({.delay_loop = 10s}, 1);
  Bench other({.delay_loop = 10s}, 2);
  EXPECT_EQ(one.next(success()), 0s);
  EXPECT_EQ(other.next(success()), 0s);
  EXPECT_NE(one.check.next_try(), other.check.next_try());
  EXPECT_GE(one.next(success()), 5s);
  EXPECT_EQ(one.next(success()), 10s);
}

TEST(Check, an_interval_runs_from_when_the_try_was_due) {
  Bench bench = settled({.delay_loop = 10s});
  bench.now = *bench.check.next_try();
  bench.check.begin_try();
  bench.now += 4s;  // so long it took
  bench.check.end_try(success(), bench.now);
  EXPECT_EQ(*bench.check.next_try() - bench.now, 6s);
}

TEST(Check, is_up_from_the_start_and_says_so_after_its_first_success) {
  Bench bench({});
  EXPECT_TRUE(bench.check.is_up());
  bench.next(success());
  EXPECT_EQ(bench.verdict, (Verdict{.is_up = true, .weight = {}, .reason = "success"}));
  bench.next(success());
  EXPECT_FALSE(bench.verdict);
}

TEST(Check, with_alpha_is_down_until_a_success) {
  Bench bench({.starts_up = false});
  EXPECT_FALSE(bench.check.is_up());
  bench.next(success());
  EXPECT_TRUE(bench.check.is_up());
}

TEST(Check, survives_as_many_failures_as_retry_says) {
  Bench bench = settled({.delay_loop = 10s, .retry = 2, .delay_before_retry = 3s});
  EXPECT_EQ(bench.next(refused), 10s);
  EXPECT_EQ(bench.next(refused), 3s);
  EXPECT_FALSE(bench.verdict);
  EXPECT_EQ(bench.next(refused), 3s);
  EXPECT_EQ(bench.verdict, (Verdict{.is_up = false, .weight = {}, .reason = "connection refused"}));
  EXPECT_EQ(bench.next(refused), 10s);
  EXPECT_FALSE(bench.verdict);
  EXPECT_EQ(bench.next(success()), 10s);
  EXPECT_TRUE(bench.verdict && bench.verdict->is_up);
}

TEST(Check, a_success_in_between_begins_the_count_anew) {
  Bench bench = settled({.retry = 1});
  bench.next(refused);
  bench.next(success());
  bench.next(refused);
  EXPECT_TRUE(bench.check.is_up());
}

TEST(Check, pages_are_asked_for_in_turn) {
  Bench bench({.pages = 3});
  for (const unsigned page : {0U, 1U, 2U, 0U}) {
    bench.next(success());
    EXPECT_EQ(bench.page, page);
  }
}

TEST(Check, comes_up_when_every_page_has_succeeded_one_an_interval) {
  Bench bench = settled({.delay_loop = 5s, .retry = 0, .pages = 3});
  bench.next(refused);
  ASSERT_FALSE(bench.check.is_up());
  for (const bool is_up : {false, false, true}) {
    EXPECT_EQ(bench.next(success()), 5s);
    EXPECT_EQ(bench.check.is_up(), is_up);
  }
}

TEST(Check, with_fast_recovery_the_pages_follow_one_another) {
  Bench bench = settled({.delay_loop = 5s, .retry = 0, .pages = 3, .fast_recovery = true});
  bench.next(refused);
  EXPECT_EQ(bench.next(success()), 5s);
  EXPECT_EQ(bench.next(success()), 0s);
  EXPECT_EQ(bench.next(success()), 0s);
  EXPECT_TRUE(bench.check.is_up());
  EXPECT_EQ(bench.next(success()), 5s);
}

TEST(Check, another_weight_is_news) {
  Bench bench({});
  Outcome outcome = success();
  outcome.weight = 10;
  bench.next(outcome);
  bench.next(outcome);
  EXPECT_FALSE(bench.verdict);
  outcome.weight = 20;
  bench.next(outcome);
  EXPECT_EQ(bench.verdict->weight, 20);
}

TEST(Check, what_this_machine_lacks_is_no_verdict) {
  Bench bench = settled({.delay_loop = 10s, .retry = 0});
  bench.next(failed(Failure::no_resources));
  EXPECT_TRUE(bench.check.is_up());
  EXPECT_FALSE(bench.verdict);
  EXPECT_EQ(bench.next(success()), 1s);  // delay_before_retry
}

TEST(Check, what_this_machine_lacks_is_not_asked_for_at_once) {
  Bench bench = settled({.delay_loop = 10s, .delay_before_retry = 0s});
  bench.next(failed(Failure::no_resources));
  EXPECT_EQ(bench.next(failed(Failure::no_resources)), 1s);
  bench.now += 3s;  // it was late
  bench.check.begin_try();
  bench.check.end_try(failed(Failure::no_resources), bench.now);
  EXPECT_EQ(*bench.check.next_try() - bench.now, 1s);
}

TEST(Check, another_process_goes_on_with_it) {
  Bench bench = settled({.delay_loop = 10s, .retry = 1});
  bench.next(refused);
  Check next({.delay_loop = 10s, .retry = 1}, 7);
  next.resume(bench.check.state(), bench.now);
  EXPECT_EQ(next.next_try(), bench.check.next_try());
  next.begin_try();
  EXPECT_FALSE(next.end_try(refused, bench.now)->is_up);
}

// After a reload thousands that wait for their first try do not begin together.
TEST(Check, another_process_begins_with_it_as_it_would_have_begun) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const Schedule schedule{.delay_loop = 1s, .warmup = 1min, .starts_up = false};
    const Bench bench(schedule, seed);
    Check next(schedule, seed + 1);
    next.resume(bench.check.state(), bench.now);
    EXPECT_EQ(next.next_try(), bench.check.next_try());
    EXPECT_FALSE(next.is_up());
  }
}

TEST(Check, without_warmup_those_that_another_process_begins_with_part_within_an_interval) {
  const Schedule schedule{.delay_loop = 10s};
  Bench one(schedule, 1);
  Bench other(schedule, 2);
  const Check::State untried = one.check.state();
  for (Bench* bench : {&one, &other}) {
    bench->check.resume(untried, bench->now);
    EXPECT_EQ(bench->next(success()), 0s);
  }
  EXPECT_NE(one.check.next_try(), other.check.next_try());
}

TEST(Check, the_first_result_of_one_that_is_tracked_is_a_verdict) {
  Bench bench({.delay_loop = 1s, .retry = 4, .first_decides = true});
  bench.next(refused);
  EXPECT_EQ(bench.verdict, (Verdict{.is_up = false, .weight = {}, .reason = "connection refused"}));
  bench.next(success());
  EXPECT_TRUE(bench.verdict && bench.verdict->is_up);
  for (int failure = 0; failure < 4; ++failure) {
    bench.next(refused);
    EXPECT_FALSE(bench.verdict);
  }
  bench.next(refused);
  EXPECT_TRUE(bench.verdict && !bench.verdict->is_up);
}

TEST(Check, comes_up_after_as_many_rounds_in_a_row_as_rise_says) {
  Bench bench({.delay_loop = 1s, .retry = 0, .rise = 3, .first_decides = true});
  bench.next(refused);
  for (const bool is_up : {false, false}) {
    bench.next(success());
    EXPECT_EQ(bench.check.is_up(), is_up);
  }
  bench.next(refused);  // the count begins anew
  for (const bool is_up : {false, false, true}) {
    bench.next(success());
    EXPECT_EQ(bench.check.is_up(), is_up);
  }
  EXPECT_TRUE(bench.verdict && bench.verdict->is_up);
}

TEST(Check, that_starts_down_needs_its_rise_from_the_start) {
  Bench bench({.delay_loop = 1s, .starts_up = false, .rise = 2, .first_decides = true});
  bench.next(success());
  EXPECT_FALSE(bench.verdict);
  bench.next(success());
  EXPECT_TRUE(bench.verdict && bench.verdict->is_up);
}

// Else nginx would count as well between its first page and its second.
TEST(Check, a_first_verdict_waits_for_every_page) {
  Bench bench({.delay_loop = 5s, .retry = 1, .pages = 2, .first_decides = true});
  bench.next(success());
  EXPECT_FALSE(bench.verdict);
  EXPECT_EQ(bench.next(refused), 0s);  // and does not wait for the interval
  EXPECT_TRUE(bench.verdict && !bench.verdict->is_up);
}

TEST(Check, another_process_goes_on_with_its_rounds) {
  Bench bench({.delay_loop = 1s, .retry = 0, .rise = 2, .first_decides = true});
  bench.next(refused);
  bench.next(success());
  Check next({.delay_loop = 1s, .retry = 0, .rise = 2, .first_decides = true}, 7);
  next.resume(bench.check.state(), bench.now);
  next.begin_try();
  EXPECT_TRUE(next.end_try(success(), bench.now)->is_up);
}

TEST(Check, that_is_suspended_is_not_tried_and_goes_on_within_a_second_from_where_it_was) {
  Bench bench = settled({.delay_loop = 10s, .retry = 1});
  bench.next(refused);
  bench.check.suspend();
  EXPECT_FALSE(bench.check.next_try());
  EXPECT_TRUE(bench.check.is_up());
  bench.now += 1h;
  bench.check.go_on(bench.now);
  EXPECT_LE(bench.next(refused), 1s);
  EXPECT_FALSE(bench.verdict);  // the failure before the pause does not count
  bench.next(refused);
  EXPECT_TRUE(bench.verdict && !bench.verdict->is_up);
}

}  // namespace
}  // namespace baton::health
