#include "recorder/recorder.h"

#include <gtest/gtest.h>

#include "unit/recorder/tape.h"

namespace baton::recorder {
namespace {

using namespace std::chrono_literals;
using namespace vrrp;

const IpAddress own = *IpAddress::parse("10.0.20.14");
const IpAddress peer = *IpAddress::parse("10.0.20.15");

NodeParameters two_routers() {
  NodeParameters parameters{.trackers = {{.name = "check"}}};
  for (const char* name : {"VI_1", "VI_2"}) {
    parameters.routers.push_back(
        {.name = name, .router = {.base_priority = 100}, .tracking = {{.tracker = 0, .weight = 4}}, .links = {"eth0"}});
  }
  return parameters;
}

// A node with two routers on a clock of its own, and its tape.
class RecorderTest : public testing::Test {
 protected:
  explicit RecorderTest(std::size_t size = Ring::size_for(2)) : tape_(two_routers(), size) {
    recorder_ = tape_.record(node_);
  }
  void begin() {
    for (RouterId id = 0; id < 2; ++id) node_.on_source(id, own, now_, out_);
    node_.start(now_, out_);
  }
  void advance(Duration span) {
    const Instant end = now_ + span;
    while (node_.next_timeout() && *node_.next_timeout() <= end) {
      now_ = *node_.next_timeout();
      node_.on_timeout(now_, out_);
    }
    now_ = end;
  }
  void hear(std::uint8_t priority) {
    node_.on_advert(0, {.source = peer, .priority = priority, .interval = 1s}, now_, out_);
  }
  Played played() { return play_file(file_of({tape_.life()})); }

  Tape tape_;
  Node node_{two_routers()};
  std::unique_ptr<Recorder> recorder_;
  Instant now_{1000s};
  NodeActions out_;
};

TEST_F(RecorderTest, the_same_inputs_at_the_same_times_bring_about_the_same) {
  begin();
  advance(10s);
  hear(200);
  node_.on_tracker(0, {.status = TrackerStatus::up}, now_, out_);
  node_.on_link("eth0", false, now_, out_);
  node_.handover(1, now_, out_);
  node_.set_base_priority(0, 77, now_, out_);
  node_.set_preempt(0, Preempt::no, now_, out_);
  node_.stop(now_, out_);

  const Played all = played();
  EXPECT_EQ(all.error, "");
  EXPECT_TRUE(all.different.empty());
  NodeActions again;
  for (const Step& step : all.steps) again.insert(again.end(), step.actions.begin(), step.actions.end());
  EXPECT_EQ(again, out_);
  EXPECT_EQ(all.steps.front().begins, Step::Begins::worker);
  EXPECT_EQ(all.steps.back().now, now_);
  EXPECT_TRUE(std::holds_alternative<Stop>(all.steps.back().input));
}

TEST_F(RecorderTest, a_step_shows_the_state_before_and_after_and_the_timers) {
  begin();
  advance(10s);
  hear(200);
  const Played all = played();
  const Step& last = all.steps.back();
  ASSERT_EQ(last.touched.size(), 1);
  EXPECT_EQ(last.touched[0].router, 0);
  EXPECT_EQ(last.touched[0].before.state, State::master);
  EXPECT_EQ(last.touched[0].after.state, node_.router(0).state());
  const auto next = std::ranges::min_element(last.touched[0].timers, {}, &VirtualRouter::Timer::at);
  ASSERT_NE(next, last.touched[0].timers.end());
  EXPECT_EQ(next->at, node_.router(0).next_timeout());
}

TEST_F(RecorderTest, what_is_told_again_and_a_timer_that_is_early_are_no_steps) {
  begin();
  const std::size_t before = played().steps.size();
  node_.on_source(0, own, now_, out_);
  node_.on_link("eth0", true, now_, out_);
  node_.on_link("eth9", false, now_, out_);
  node_.on_tracker(0, {}, now_, out_);
  node_.on_configuration_fault(0, false, now_, out_);
  node_.set_base_priority(0, node_.base_priority(0), now_, out_);
  node_.set_preempt(0, node_.router(0).parameters().preempt, now_, out_);
  node_.on_timeout(now_, out_);
  EXPECT_EQ(played().steps.size(), before);
}

TEST_F(RecorderTest, an_advert_a_second_costs_nine_bytes) {
  begin();
  hear(200);
  hear(200);
  const std::size_t before = tape_.ring().read().back().bytes.size();
  now_ += 1s;
  hear(200);
  EXPECT_LE(tape_.ring().read().back().bytes.size() - before, 9);
}

TEST_F(RecorderTest, the_input_that_a_worker_died_of_is_the_last) {
  begin();
  // The node is not told: the worker died of it.
  recorder_->before(AdvertHeard{1, {.source = peer, .priority = 7, .interval = 1s}}, now_ + 1s);
  const Played all = played();
  EXPECT_EQ(all.error, "");
  const Step& last = all.steps.back();
  EXPECT_FALSE(last.is_finished);
  EXPECT_FALSE(last.is_played);
  EXPECT_EQ(last.now, now_ + 1s);
  EXPECT_EQ(std::get<AdvertHeard>(last.input).advert.priority, 7);

  const auto recording = read_recording(file_of({tape_.life()}));
  EXPECT_TRUE(play_all(*recording, Replay::Unfinished::played).steps.back().is_played);
}

TEST_F(RecorderTest, a_core_that_decides_otherwise_is_found_out_and_where) {
  begin();
  advance(5s);
  auto recording = read_recording(file_of({tape_.life()}));
  ASSERT_TRUE(recording);
  EXPECT_TRUE(play_all(*recording).different.empty());
  recording->lives[0].parameters.routers[1].router.announcements.repeat = 4;
  const Played other = play_all(*recording);
  ASSERT_EQ(other.different.size(), 1);
  const Step& step = other.steps[other.different[0] - 1];
  EXPECT_TRUE(std::holds_alternative<TimePassed>(step.input));
  EXPECT_NE(step.difference->recorded, step.actions);
  EXPECT_EQ(std::ranges::count(step.difference->recorded, NodeAction(RouterAction{1, Announce{5}})), 1);
}

TEST_F(RecorderTest, another_worker_of_the_same_configuration_goes_on_behind_the_first) {
  begin();
  advance(5s);
  const std::size_t before = played().steps.size();
  const std::vector<std::optional<RouterMemory>> memory{node_.router(0).memory(), node_.router(1).memory()};
  recorder_.reset();
  Node second(two_routers());
  const auto recorder = tape_.record(second);
  second.on_source(0, own, now_, out_);
  second.resume(memory, now_, out_);
  const Played all = played();
  EXPECT_EQ(all.error, "");
  EXPECT_TRUE(all.different.empty());
  ASSERT_EQ(all.steps.size(), before + 2);
  EXPECT_EQ(all.steps[before].begins, Step::Begins::worker);
  EXPECT_EQ(all.steps.back().touched[0].after.state, State::master);
}

TEST_F(RecorderTest, a_reload_is_another_life_in_the_same_file) {
  begin();
  NodeParameters next = two_routers();
  next.routers.pop_back();
  Tape second_tape(next);
  Node second(next);
  const auto recorder = second_tape.record(second);
  second.resume({node_.router(0).memory()}, now_, out_);
  const Played all = play_file(file_of({tape_.life(), second_tape.life()}));
  EXPECT_EQ(all.error, "");
  EXPECT_TRUE(all.different.empty());
  EXPECT_EQ(all.steps.front().life, 0);
  EXPECT_EQ(all.steps.back().life, 1);
}

TEST_F(RecorderTest, after_two_hours_a_segment_ends_however_little_there_was) {
  begin();
  hear(200);
  now_ += limits::segment_time;
  hear(200);
  EXPECT_EQ(tape_.ring().latest(), 2);
  EXPECT_TRUE(played().different.empty());
}

// Every peer that a router remembers speaks IPv6, at times that are far from zero.
TEST(RecorderBounds, a_snapshot_of_the_worst_state_fits_into_a_segment_with_room_to_spare) {
  NodeParameters parameters;
  constexpr std::size_t routers = 500;
  for (std::size_t i = 0; i < routers; ++i)
    parameters.routers.push_back({.name = "VI", .router = {}, .links = {"eth0"}});
  Node node(parameters);
  NodeActions out;
  Instant now{std::chrono::years(20)};
  node.start(now, out);
  for (RouterId id = 0; id < routers; ++id) {
    for (int i = 0; i < 20; ++i) {
      const auto source = IpAddress::parse("fe80::ffff:ffff:ffff:ff" + std::to_string(10 + i));
      node.on_advert(id, {.source = *source, .priority = static_cast<std::uint8_t>(254 - i), .interval = 1s}, now, out);
    }
  }
  const Bytes snapshot = compact_bytes([&](CompactWriter& to) { node.save(to); });
  EXPECT_LT(snapshot.size(), routers * 700);
  EXPECT_GT(limits::segment_bytes_a_router, 700 + 96 + 2);  // and a Resume of all of them behind it
}

TEST(RecorderBounds, actions_without_end_are_held_against_their_digest) {
  NodeParameters parameters;
  for (int i = 0; i < 400; ++i) parameters.routers.push_back({.name = "VI", .router = {}, .links = {"eth0"}});
  Tape tape(parameters);
  Node node(parameters);
  const auto recorder = tape.record(node);
  NodeActions out;
  node.start(Instant(1000s), out);
  node.stop(Instant(1001s), out);
  const auto recording = read_recording(file_of({tape.life()}));
  EXPECT_TRUE(play_all(*recording).different.empty());
  auto other = *recording;
  other.lives[0].parameters.routers[399].router.base_priority = 255;
  other.lives[0].parameters.routers[399].router.wanted_state = State::master;
  EXPECT_EQ(play_all(other).different.size(), 2);
}

TEST(RecorderBounds, a_ring_without_room_for_a_snapshot_records_nothing_and_harms_nobody) {
  Tape tape(two_routers(), 600);
  Node node(two_routers());
  const auto recorder = tape.record(node);
  NodeActions out;
  node.start(Instant(1000s), out);
  node.on_timeout(*node.next_timeout(), out);
  EXPECT_FALSE(out.empty());
  EXPECT_TRUE(tape.ring().read().empty());
}

}  // namespace
}  // namespace baton::recorder
