// A BACKUP with a witness (docs/decisions/0028): silence is believed when somebody else can be heard.
#include "unit/vrrp/bench.h"
#include "vrrp/node.h"

namespace baton::vrrp {
namespace {

constexpr RouterParameters with_witness{.needs_witness = true};

Bench backup_of_a_master(RouterParameters parameters = with_witness) {
  Bench bench = Bench::backup(parameters);
  bench.receive(advert(200));
  (void)bench.actions();
  return bench;
}

TEST(Witness, is_not_asked_while_the_master_is_heard) {
  Bench bench = backup_of_a_master();
  for (int i = 0; i < 10; ++i) {
    bench.advance(1s);
    bench.receive(advert(200));
  }
  EXPECT_FALSE(has<AskWitness>(bench.actions()));
}

TEST(Witness, is_asked_before_the_wait_is_over_so_that_its_answer_costs_no_time) {
  Bench bench = backup_of_a_master();
  const Duration wait = bench.router().master_down_interval();
  bench.advance(wait - 1s);
  EXPECT_TRUE(has<AskWitness>(bench.actions()));
  bench.witness();
  bench.advance(1s);
  EXPECT_EQ(bench.state(), State::master);
  EXPECT_FALSE(has<AskWitness>(bench.actions())) << "who has answered is not asked again";
}

TEST(Witness, that_does_not_answer_makes_no_master) {
  Bench bench = backup_of_a_master();
  bench.advance(1h);
  EXPECT_EQ(bench.state(), State::backup);
  EXPECT_TRUE(bench.router().waits_for_witness());
  const Actions actions = bench.actions();
  EXPECT_EQ(std::ranges::count(actions, Action(WitnessMissed{})), 1) << "people are told once";
  EXPECT_LE(actions.size(), 4 * 3600 + 10) << "four questions a second";
}

TEST(Witness, that_answers_late_makes_a_master_unless_the_master_is_heard_within_its_interval) {
  Bench bench = backup_of_a_master();
  bench.advance(10s);
  bench.witness();
  EXPECT_FALSE(bench.router().waits_for_witness());
  bench.advance(1s);
  EXPECT_EQ(bench.state(), State::backup) << "a cut may just have ended";
  bench.advance(bench.router().skew_time());
  EXPECT_EQ(bench.state(), State::master);
  EXPECT_EQ(bench.router().reason(), Reason::master_down);
}

TEST(Witness, whose_answer_is_older_than_the_last_advert_is_asked_again) {
  Bench bench = backup_of_a_master();
  bench.advance(3s);
  bench.witness();
  bench.receive(advert(200));
  (void)bench.actions();
  bench.advance(10s);
  EXPECT_TRUE(has<AskWitness>(bench.actions()));
  EXPECT_EQ(bench.state(), State::backup);
}

TEST(Witness, that_was_not_asked_says_nothing) {
  Bench bench = backup_of_a_master();
  bench.witness();
  bench.advance(10s);
  EXPECT_EQ(bench.state(), State::backup);
}

TEST(Witness, is_not_needed_after_a_goodbye) {
  Bench bench = backup_of_a_master();
  bench.receive(advert(0));
  bench.advance(bench.router().skew_time());
  EXPECT_EQ(bench.state(), State::master);
}

TEST(Witness, is_not_needed_after_a_goodbye_that_comes_while_it_is_awaited) {
  Bench bench = backup_of_a_master();
  bench.advance(10s);
  bench.receive(advert(0));
  bench.advance(bench.router().skew_time());
  EXPECT_EQ(bench.state(), State::master);
}

TEST(Witness, is_not_needed_against_a_lower_master) {
  Bench bench = Bench::backup(with_witness);
  bench.receive(advert(50));
  bench.advance(bench.router().skew_time());
  EXPECT_EQ(bench.state(), State::master);
}

TEST(Witness, is_awaited_until_a_master_is_heard) {
  Bench bench = backup_of_a_master();
  bench.advance(10s);
  bench.receive(advert(200));
  EXPECT_FALSE(bench.router().waits_for_witness());
  bench.witness();
  EXPECT_EQ(bench.state(), State::backup);
}

TEST(Witness, is_needed_at_the_start_as_well) {
  Bench bench = Bench::backup(with_witness);
  bench.advance(10s);
  EXPECT_EQ(bench.state(), State::backup);
  bench.witness();
  bench.advance(2s);
  EXPECT_EQ(bench.state(), State::master);
}

TEST(Witness, is_asked_anew_after_a_sleep) {
  Bench bench = backup_of_a_master();
  bench.advance(3s);
  bench.witness();
  bench.sleep(10s);
  bench.wake();
  bench.advance(3s);
  EXPECT_EQ(bench.state(), State::backup) << "the answer was of the time before";
}

TEST(Witness, at_an_interval_that_ends_with_the_first_missing_advert) {
  RouterParameters parameters = with_witness;
  parameters.down_timer_adverts = 1;
  Bench bench = backup_of_a_master(parameters);
  bench.advance(1s);
  EXPECT_FALSE(has<AskWitness>(bench.actions())) << "no advert is missing yet";
  bench.advance(1s);
  bench.witness();
  bench.advance(2s);
  EXPECT_EQ(bench.state(), State::master);
}

// Two instances of one group, each with its witness.
class GroupWithWitnesses {
 public:
  GroupWithWitnesses() : node_(parameters()) { node_.start(now_, actions_); }

  void pass(Duration span) {
    const Instant end = now_ + span;
    while (node_.next_timeout() && *node_.next_timeout() <= end) {
      now_ = *node_.next_timeout();
      node_.on_timeout(now_, actions_);
    }
    now_ = end;
  }
  void answer(RouterId id) { node_.on_witness(id, now_, actions_); }
  void expect(State state) const {
    for (const RouterId id : {0U, 1U}) EXPECT_EQ(node_.router(id).state(), state) << id;
  }

 private:
  static NodeParameters parameters() {
    NodeParameters parameters;
    for (const char* name : {"inside", "outside"}) {
      parameters.routers.push_back({.name = name, .router = with_witness});
    }
    parameters.groups.push_back({.name = "both", .members = {0, 1}});
    return parameters;
  }

  Node node_;
  Instant now_{1000s};
  NodeActions actions_;
};

TEST(Witness, lets_a_whole_group_rise) {
  GroupWithWitnesses group;
  group.pass(10s);
  group.answer(0);
  group.pass(10s);
  group.expect(State::backup);  // the other side may be cut off
  for (int second = 0; second < 10; ++second) {
    group.pass(1s);
    for (const RouterId id : {0U, 1U}) group.answer(id);
  }
  group.expect(State::master);
}

// Its side may have been cut off since.
TEST(Witness, that_answered_before_the_rest_of_the_group_wanted_to_rise_is_asked_again) {
  GroupWithWitnesses group;
  group.pass(10s);
  group.answer(0);
  group.pass(10s);
  for (int second = 0; second < 20; ++second) {
    group.pass(1s);
    group.answer(1);
  }
  group.expect(State::backup);
}

}  // namespace
}  // namespace baton::vrrp
