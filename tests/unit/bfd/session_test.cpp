// The BFD session against RFC 5880: its states, its timers, its Poll Sequences.
#include "bfd/session.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace baton::bfd {
namespace {

using namespace std::chrono_literals;

const Timers quick{.desired_min_tx = 100ms, .required_min_rx = 50ms, .multiplier = 3};
constexpr std::uint32_t theirs = 77;
constexpr std::uint32_t ours = 11;

// One session on a clock of its own, and what a neighbour might say.
class Bench {
 public:
  explicit Bench(const Timers& timers = quick, Role role = Role::active, std::uint64_t seed = 1)
      : session(timers, role, {.discriminator = ours, .seed = seed}) {
    session.start(now);
  }

  static Packet packet(State state) {
    return {.state = state,
            .detect_multiplier = 4,
            .my_discriminator = theirs,
            .your_discriminator = ours,
            .desired_min_tx = 20ms,
            .required_min_rx = 30ms};
  }
  void hear(State state) { hear(packet(state)); }
  void hear(const Packet& packet) { session.on_packet(packet, now, actions); }

  // To the next timeout, and what comes of it.
  void wait() {
    now = *session.next_timeout();
    session.on_timeout(now, actions);
  }
  void wait_until(Instant end) {
    while (session.next_timeout() && *session.next_timeout() <= end) wait();
    now = end;
  }
  std::vector<Packet> take_packets() {
    std::vector<Packet> packets;
    for (const Action& action : actions) {
      if (const auto* sent = std::get_if<SendPacket>(&action)) packets.push_back(sent->packet);
    }
    actions.clear();
    return packets;
  }
  // Up, its first Poll Sequence done.
  void come_up() {
    hear(State::down);
    hear(State::up);
    Packet final = packet(State::up);
    final.final = true;
    hear(final);
    actions.clear();
  }

  Instant now{1h};
  Actions actions;
  Session session;
};

TEST(BfdSession, goes_as_the_table_of_the_rfc_says) {  // RFC 5880 §6.8.6
  struct Row {
    State is;
    State heard;
    State becomes;
  };
  using enum State;
  const Row rows[] = {{down, admin_down, down},
                      {down, down, init},
                      {down, init, up},
                      {down, up, down},
                      {init, admin_down, down},
                      {init, down, init},
                      {init, init, up},
                      {init, up, up},
                      {up, admin_down, down},
                      {up, down, down},
                      {up, init, up},
                      {up, up, up},
                      {admin_down, down, admin_down},
                      {admin_down, init, admin_down},
                      {admin_down, up, admin_down}};
  for (const Row& row : rows) {
    Bench bench;
    if (row.is == init || row.is == up) bench.hear(down);
    if (row.is == up) bench.hear(init);
    if (row.is == admin_down) bench.session.end(bench.now, bench.actions);
    ASSERT_EQ(bench.session.state(), row.is);
    bench.hear(row.heard);
    EXPECT_EQ(bench.session.state(), row.becomes) << name(row.is) << " hears " << name(row.heard);
  }
}

TEST(BfdSession, an_active_one_speaks_at_once_and_slowly) {
  Bench bench;
  EXPECT_EQ(bench.session.next_timeout(), bench.now);
  for (int i = 0; i < 50; ++i) {
    const Instant before = bench.now;
    bench.wait();
    const auto packets = bench.take_packets();
    ASSERT_EQ(packets.size(), 1U);
    EXPECT_EQ(packets[0].state, State::down);
    EXPECT_EQ(packets[0].my_discriminator, ours);
    EXPECT_EQ(packets[0].your_discriminator, 0U);
    EXPECT_EQ(packets[0].desired_min_tx, 1s);  // §6.8.3
    EXPECT_EQ(packets[0].required_min_rx, 50ms);
    EXPECT_EQ(packets[0].detect_multiplier, 3);
    EXPECT_EQ(packets[0].required_min_echo_rx, 0s);  // §6.8.1: no echo
    if (i == 0) continue;
    EXPECT_GE(bench.now - before, 750ms);
    EXPECT_LE(bench.now - before, 1s);
  }
}

TEST(BfdSession, a_passive_one_speaks_when_it_is_spoken_to) {
  Bench bench(quick, Role::passive);
  EXPECT_FALSE(bench.session.next_timeout());
  bench.hear(State::down);
  EXPECT_EQ(bench.session.state(), State::init);
  const auto packets = bench.take_packets();
  ASSERT_EQ(packets.size(), 1U);
  EXPECT_EQ(packets[0].your_discriminator, theirs);
  bench.wait_until(bench.now + 1min);  // nobody answers, and it is silent again
  (void)bench.take_packets();
  EXPECT_EQ(bench.session.state(), State::down);
  EXPECT_FALSE(bench.session.next_timeout());
}

TEST(BfdSession, two_come_up_in_as_many_packets_as_it_takes) {
  Bench one(quick, Role::active, 1);
  Bench other(quick, Role::active, 2);
  one.wait();
  std::vector<Packet> for_other = one.take_packets();
  int exchanges = 0;
  while ((one.session.state() != State::up || other.session.state() != State::up) && ++exchanges < 5) {
    for (const Packet& packet : for_other) other.hear(packet);
    for (const Packet& packet : other.take_packets()) one.hear(packet);
    for_other = one.take_packets();
  }
  EXPECT_EQ(one.session.state(), State::up);
  EXPECT_EQ(other.session.state(), State::up);
  EXPECT_LE(exchanges, 3);
}

TEST(BfdSession, jitter_is_a_quarter_at_most) {  // §6.8.7
  Bench bench;
  bench.come_up();
  std::map<int, int> tenths;
  for (int i = 0; i < 5'000; ++i) {
    const Instant before = bench.now;
    bench.wait();
    bench.hear(State::up);
    ASSERT_EQ(bench.take_packets().size(), 1U);
    ASSERT_GE(bench.now - before, 75ms);
    ASSERT_LE(bench.now - before, 100ms);
    ++tenths[static_cast<int>((bench.now - before - 75ms) / 2500us)];
  }
  for (int tenth = 0; tenth < 10; ++tenth) EXPECT_GT(tenths[tenth], 350) << tenth;
}

TEST(BfdSession, jitter_leaves_a_tenth_when_one_packet_decides) {
  Bench bench({.desired_min_tx = 100ms, .required_min_rx = 50ms, .multiplier = 1});
  bench.come_up();
  Duration longest{};
  for (int i = 0; i < 2'000; ++i) {
    const Instant before = bench.now;
    bench.wait();
    bench.hear(State::up);
    longest = std::max(longest, bench.now - before);
    ASSERT_GE(bench.now - before, 75ms);
    ASSERT_LE(bench.now - before, 90ms);
  }
  EXPECT_GT(longest, 88ms);
}

TEST(BfdSession, sends_no_faster_than_the_neighbour_hears) {  // §6.8.2
  Bench bench;
  bench.come_up();
  EXPECT_EQ(bench.session.transmit_interval(), 100ms);
  Packet packet = Bench::packet(State::up);
  packet.required_min_rx = 400ms;
  bench.hear(packet);
  EXPECT_EQ(bench.session.transmit_interval(), 400ms);
}

TEST(BfdSession, a_neighbour_that_wants_no_packets_gets_none_but_answers) {  // §6.8.7
  Bench bench;
  bench.come_up();
  Packet packet = Bench::packet(State::up);
  packet.required_min_rx = 0ms;
  bench.hear(packet);
  EXPECT_EQ(*bench.session.next_timeout(), bench.now + bench.session.detection_time());
  packet.poll = true;
  bench.hear(packet);
  const auto packets = bench.take_packets();
  ASSERT_EQ(packets.size(), 1U);
  EXPECT_TRUE(packets[0].final);
}

TEST(BfdSession, a_neighbour_in_demand_mode_gets_polls_alone) {  // §6.6
  Bench bench;
  bench.come_up();
  Packet packet = Bench::packet(State::up);
  packet.demand = true;
  bench.hear(packet);
  EXPECT_EQ(*bench.session.next_timeout(), bench.now + bench.session.detection_time());
}

TEST(BfdSession, is_down_when_nobody_was_heard_for_the_detection_time) {  // §6.8.4
  Bench bench;
  bench.come_up();
  // The neighbour's multiplier, and the slower of what it sends and what we take.
  EXPECT_EQ(bench.session.detection_time(), 4 * 50ms);
  Packet packet = Bench::packet(State::up);
  packet.desired_min_tx = 80ms;
  packet.detect_multiplier = 2;
  bench.hear(packet);
  EXPECT_EQ(bench.session.detection_time(), 2 * 80ms);
  const Instant heard = bench.now;
  bench.wait_until(heard + 160ms - 1ns);
  EXPECT_EQ(bench.session.state(), State::up);
  bench.actions.clear();
  bench.wait_until(heard + 160ms);
  ASSERT_EQ(bench.actions.size(), 2U);
  EXPECT_EQ(std::get<StateChanged>(bench.actions[0]),
            (StateChanged{State::up, State::down, Diagnostic::detection_time_expired}));
  const auto packets = bench.take_packets();
  EXPECT_EQ(packets[0].state, State::down);
  EXPECT_EQ(packets[0].diagnostic, Diagnostic::detection_time_expired);
  EXPECT_EQ(packets[0].your_discriminator, 0U);  // §6.8.1
  EXPECT_EQ(packets[0].desired_min_tx, 1s);
  EXPECT_FALSE(packets[0].poll);
  EXPECT_FALSE(bench.session.counts_as_up());
}

TEST(BfdSession, is_not_down_because_we_slept) {
  Bench bench;
  bench.come_up();
  const Duration detection = bench.session.detection_time();
  bench.now += 2 * detection;  // and nobody asked us in time
  bench.session.on_timeout(bench.now, bench.actions);
  EXPECT_EQ(bench.session.state(), State::up);
  const Instant woken = bench.now;
  bench.wait_until(woken + detection - 1ns);
  EXPECT_EQ(bench.session.state(), State::up);
  bench.wait_until(woken + detection);
  EXPECT_EQ(bench.session.state(), State::down);
}

TEST(BfdSession, one_that_is_coming_up_can_fail_as_well) {
  Bench bench;
  bench.hear(State::down);
  ASSERT_EQ(bench.session.state(), State::init);
  bench.wait_until(bench.now + bench.session.detection_time());
  EXPECT_EQ(bench.session.state(), State::down);
  EXPECT_EQ(bench.session.diagnostic(), Diagnostic::detection_time_expired);
}

TEST(BfdSession, the_diagnostic_stays_until_it_is_up_again) {
  Bench bench;
  bench.come_up();
  bench.hear(State::down);
  EXPECT_EQ(bench.session.diagnostic(), Diagnostic::neighbor_signaled_down);
  bench.hear(State::down);
  EXPECT_EQ(bench.session.state(), State::init);
  EXPECT_EQ(bench.session.diagnostic(), Diagnostic::neighbor_signaled_down);
  bench.hear(State::init);
  EXPECT_EQ(bench.session.diagnostic(), Diagnostic::none);
}

TEST(BfdSession, polls_when_it_comes_up_and_until_it_is_answered) {  // §6.5
  Bench bench;
  bench.hear(State::down);
  bench.hear(State::init);
  auto packets = bench.take_packets();
  ASSERT_EQ(packets.size(), 2U);
  EXPECT_FALSE(packets[0].poll);
  EXPECT_TRUE(packets[1].poll);
  EXPECT_EQ(packets[1].desired_min_tx, 100ms);
  EXPECT_EQ(bench.session.transmit_interval(), 100ms);  // a shorter one is used at once
  for (int i = 0; i < 3; ++i) {
    bench.wait();
    bench.hear(State::up);
    packets = bench.take_packets();
    ASSERT_EQ(packets.size(), 1U);
    EXPECT_TRUE(packets[0].poll);
  }
  Packet final = Bench::packet(State::up);
  final.final = true;
  bench.hear(final);
  EXPECT_FALSE(bench.session.is_polling());
  bench.wait();
  packets = bench.take_packets();
  ASSERT_EQ(packets.size(), 1U);
  EXPECT_FALSE(packets[0].poll);
}

TEST(BfdSession, does_not_poll_when_nothing_changes_by_coming_up) {
  Bench bench({.desired_min_tx = 1s, .required_min_rx = 50ms, .multiplier = 3});
  bench.hear(State::down);
  bench.hear(State::init);
  EXPECT_FALSE(bench.session.is_polling());
}

TEST(BfdSession, answers_a_poll_at_once_and_without_polling_itself) {
  Bench bench;
  bench.hear(State::down);
  (void)bench.take_packets();
  Packet poll = Bench::packet(State::up);
  poll.poll = true;
  bench.hear(poll);
  const auto packets = bench.take_packets();
  ASSERT_EQ(packets.size(), 1U);
  EXPECT_EQ(packets[0].state, State::up);  // it tells what is news as well
  EXPECT_TRUE(packets[0].final);
  EXPECT_FALSE(packets[0].poll);
  EXPECT_TRUE(bench.session.is_polling());
}

TEST(BfdSession, an_answer_does_not_put_off_the_next_packet) {
  Bench bench;
  bench.come_up();
  bench.wait();
  const auto next = bench.session.next_timeout();
  bench.now += 10ms;
  Packet poll = Bench::packet(State::up);
  poll.poll = true;
  bench.hear(poll);
  EXPECT_EQ(bench.session.next_timeout(), next);
}

TEST(BfdSession, a_neighbour_that_ends_it_on_purpose_is_no_failure) {  // RFC 5882 §4.2
  Bench bench;
  bench.come_up();
  bench.hear(State::admin_down);
  EXPECT_EQ(bench.session.state(), State::down);
  EXPECT_EQ(bench.session.diagnostic(), Diagnostic::neighbor_signaled_down);
  EXPECT_TRUE(bench.session.counts_as_up());
  bench.wait_until(bench.now + 1min);
  EXPECT_TRUE(bench.session.counts_as_up());
  bench.hear(State::down);  // it begins anew, and fails
  EXPECT_EQ(bench.session.state(), State::init);
  bench.wait_until(bench.now + 1min);
  EXPECT_FALSE(bench.session.counts_as_up());
}

TEST(BfdSession, one_that_was_never_up_does_not_count_as_up) {
  Bench bench;
  EXPECT_FALSE(bench.session.counts_as_up());
  bench.hear(State::admin_down);
  EXPECT_FALSE(bench.session.counts_as_up());
  bench.hear(State::down);
  EXPECT_FALSE(bench.session.counts_as_up());
  bench.hear(State::init);
  EXPECT_TRUE(bench.session.counts_as_up());
}

TEST(BfdSession, we_end_it_by_saying_so) {  // §6.8.16
  Bench bench;
  bench.come_up();
  bench.session.end(bench.now, bench.actions);
  const auto packets = bench.take_packets();
  ASSERT_EQ(packets.size(), 1U);
  EXPECT_EQ(packets[0].state, State::admin_down);
  EXPECT_EQ(packets[0].diagnostic, Diagnostic::administratively_down);
  EXPECT_EQ(packets[0].your_discriminator, theirs);
  bench.hear(State::up);
  EXPECT_EQ(bench.session.state(), State::admin_down);
}

TEST(BfdSession, another_process_goes_on_with_it) {
  Bench bench;
  bench.come_up();
  const SessionMemory memory = bench.session.memory();
  bench.now += 150ms;
  bench.session = Session(quick, Role::active, memory, bench.now);
  EXPECT_EQ(bench.session.state(), State::up);
  EXPECT_FALSE(bench.session.is_polling());
  bench.wait();
  const auto packets = bench.take_packets();
  ASSERT_EQ(packets.size(), 1U);
  EXPECT_EQ(packets[0].my_discriminator, ours);
  EXPECT_EQ(packets[0].your_discriminator, theirs);
  EXPECT_EQ(packets[0].state, State::up);
  const Instant next = bench.now;
  bench.wait_until(next + 199ms);
  EXPECT_EQ(bench.session.state(), State::up);
}

TEST(BfdSession, other_timers_are_told_and_used_when_the_neighbour_knows) {  // §6.8.3
  Bench bench;
  bench.come_up();
  const Timers slow{.desired_min_tx = 300ms, .required_min_rx = 10ms, .multiplier = 3};
  bench.session = Session(slow, Role::active, bench.session.memory(), bench.now);
  EXPECT_EQ(bench.session.state(), State::up);
  EXPECT_TRUE(bench.session.is_polling());
  EXPECT_EQ(bench.session.transmit_interval(), 100ms);  // a longer one is not used yet,
  EXPECT_EQ(bench.session.detection_time(), 4 * 50ms);  // nor a shorter detection time
  bench.wait();
  const auto packets = bench.take_packets();
  ASSERT_EQ(packets.size(), 1U);
  EXPECT_TRUE(packets[0].poll);
  EXPECT_EQ(packets[0].desired_min_tx, 300ms);
  Packet final = Bench::packet(State::up);
  final.final = true;
  bench.hear(final);
  EXPECT_EQ(bench.session.transmit_interval(), 300ms);
  EXPECT_EQ(bench.session.detection_time(), 4 * 20ms);
}

}  // namespace
}  // namespace baton::bfd
