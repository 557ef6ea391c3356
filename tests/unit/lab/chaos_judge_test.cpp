#include "lab/chaos_judge.h"

#include <gtest/gtest.h>

namespace baton::lab {
namespace {

using namespace std::chrono_literals;

Instant at(Duration time) {
  return Instant(time);
}

constexpr JudgeLimits bounds{.takeover = 4s, .heal = 1s, .overlap = 200ms, .news = 2s};

// Node 0 has the address from the beginning and its script knows; nothing else happens until 100 s.
Observations quiet() {
  return {.nodes = 2,
          .changes = {{.at = at(-10s), .node = 0, .has = true}},
          .faults = {},
          .news = {{.node = 0, .at = at(-10s), .is_master = true}},
          .checkpoints = {},
          .from = at(0s),
          .to = at(100s)};
}

// It moves to node 1 at 20 s, with these to say so.
Observations moved(Duration lost, Duration taken) {
  Observations seen = quiet();
  if (lost < taken) seen.changes.push_back({.at = at(lost), .node = 0, .has = false});
  seen.changes.push_back({.at = at(taken), .node = 1, .has = true});
  if (lost >= taken) seen.changes.push_back({.at = at(lost), .node = 0, .has = false});
  seen.news.push_back({.node = 0, .at = at(lost), .is_master = false});
  seen.news.push_back({.node = 1, .at = at(taken), .is_master = true});
  return seen;
}

TEST(ChaosJudge, nothing_to_complain_of_when_nothing_happens) {
  Observations seen = quiet();
  seen.checkpoints = {at(50s)};
  const Judgement judged = judge(seen, bounds);
  EXPECT_TRUE(judged.findings.empty());
  EXPECT_EQ(judged.changes, 0U);
  EXPECT_EQ(judged.two_owners + judged.nobody, 0s);
}

TEST(ChaosJudge, nobody_for_as_long_as_the_protocol_needs_is_allowed_and_counted) {
  const Judgement judged = judge(moved(20s, 24s), bounds);
  EXPECT_TRUE(judged.findings.empty());
  EXPECT_EQ(judged.nobody, 4s);
  EXPECT_EQ(judged.longest_nobody, 4s);
  EXPECT_EQ(judged.changes, 2U);
}

TEST(ChaosJudge, nobody_for_longer_is_a_complaint_of_what_is_beyond) {
  const Judgement judged = judge(moved(20s, 25s), bounds);
  ASSERT_EQ(judged.count(Complaint::nobody), 1U);
  EXPECT_EQ(judged.time(Complaint::nobody), 1s);
  EXPECT_EQ(judged.findings.front().at, at(20s));
}

TEST(ChaosJudge, a_fault_in_between_and_its_end_begin_the_wait_anew) {
  Observations seen = moved(20s, 30s);
  seen.faults = {{.kind = FaultKind::script_fails, .node = 1, .begin = at(23s), .end = at(26500ms)}};
  EXPECT_EQ(judge(seen, bounds).count(Complaint::nobody), 0U);
  seen.faults.front().end = at(40s);
  EXPECT_EQ(judge(seen, bounds).time(Complaint::nobody), 3s);
}

TEST(ChaosJudge, an_overlap_of_a_handover_is_allowed) {
  const Judgement judged = judge(moved(20200ms, 20s), bounds);
  EXPECT_TRUE(judged.findings.empty());
  EXPECT_EQ(judged.two_owners, 200ms);
}

TEST(ChaosJudge, two_owners_without_a_fault_that_parts_them) {
  Observations seen = moved(21s, 20s);
  EXPECT_EQ(judge(seen, bounds).time(Complaint::two_owners), 1s);
  seen.faults = {{.kind = FaultKind::reload, .node = 0, .begin = at(19s), .end = at(22s)}};
  EXPECT_EQ(judge(seen, bounds).time(Complaint::two_owners), 1s);
}

TEST(ChaosJudge, two_owners_while_they_are_parted_and_until_it_has_healed) {
  Observations seen = moved(26s, 20s);
  seen.faults = {{.kind = FaultKind::cut, .node = 0, .begin = at(16s), .end = at(25s)}};
  EXPECT_EQ(judge(seen, bounds).count(Complaint::two_owners), 0U);
  EXPECT_EQ(judge(seen, bounds).two_owners, 6s);
  seen.faults.front().end = at(24s);
  EXPECT_EQ(judge(seen, bounds).time(Complaint::two_owners), 1s);
  seen.faults.push_back({.kind = FaultKind::mute, .node = 1, .begin = at(24500ms), .end = at(25s)});
  EXPECT_EQ(judge(seen, bounds).count(Complaint::two_owners), 0U);
}

TEST(ChaosJudge, a_change_that_no_script_was_told_of) {
  Observations seen = moved(20s, 21s);
  seen.news.pop_back();
  const Judgement judged = judge(seen, bounds);
  ASSERT_EQ(judged.count(Complaint::not_told), 1U);
  EXPECT_EQ(judged.findings.front().node, 1U);
  EXPECT_EQ(judged.findings.front().at, at(21s));
}

TEST(ChaosJudge, a_line_counts_once_and_in_its_time) {
  Observations seen = moved(20s, 21s);
  seen.news.back().at = at(24s);
  EXPECT_EQ(judge(seen, bounds).count(Complaint::not_told), 1U) << "too late";
  seen.faults = {{.kind = FaultKind::stop_all, .node = 1, .begin = at(21100ms), .end = at(23s)}};
  EXPECT_EQ(judge(seen, bounds).count(Complaint::not_told), 0U) << "it stood still";
  seen = moved(20s, 21s);
  seen.changes.push_back({.at = at(21500ms), .node = 1, .has = false});
  seen.changes.push_back({.at = at(22s), .node = 1, .has = true});
  EXPECT_EQ(judge(seen, bounds).count(Complaint::not_told), 2U) << "one line for two";
}

TEST(ChaosJudge, who_is_killed_takes_its_news_along) {
  Observations seen = moved(20s, 24s);
  std::erase_if(seen.news, [](const NewsLine& line) { return line.at == at(20s); });
  EXPECT_EQ(judge(seen, bounds).count(Complaint::not_told), 1U);
  seen.faults = {{.kind = FaultKind::kill_all, .node = 0, .begin = at(19900ms), .end = at(22s)}};
  EXPECT_EQ(judge(seen, bounds).count(Complaint::not_told), 0U);
  seen.faults.front().node = 1;
  EXPECT_EQ(judge(seen, bounds).count(Complaint::not_told), 1U) << "another one was killed";
}

TEST(ChaosJudge, at_a_checkpoint_one_has_it) {
  Observations seen = moved(20s, 24s);
  seen.checkpoints = {at(19s), at(22s), at(25s)};
  const Judgement judged = judge(seen, bounds);
  EXPECT_EQ(judged.count(Complaint::unsettled), 1U);
  EXPECT_EQ(judged.count(Complaint::wrong_news), 0U);
}

TEST(ChaosJudge, at_a_checkpoint_the_last_line_is_true) {
  Observations seen = moved(20s, 24s);
  seen.news.push_back({.node = 0, .at = at(25s), .is_master = true});
  seen.checkpoints = {at(30s)};
  const Judgement judged = judge(seen, bounds);
  ASSERT_EQ(judged.count(Complaint::wrong_news), 1U);
  EXPECT_EQ(judged.findings.front().node, 0U);
}

TEST(ChaosJudge, limits_are_those_of_the_worst_node) {
  Target target{.advert_interval = 1s};
  target.contenders = {{.node = 0, .priority = 200}, {.node = 1, .priority = 56}};
  EXPECT_EQ(judge_limits(target).takeover, 4281250us);
  EXPECT_EQ(judge_limits(target).heal, 1500ms);
}

}  // namespace
}  // namespace baton::lab
