// A short chaos story, and the bad wire that it stands on. Nothing is judged while faults last, nor how long anything
// takes: only what is true when all has healed. Minutes of it, beside keepalived: bench_chaos.
#include "lab/chaos_run.h"

#include <gtest/gtest.h>

#include "pair.h"

namespace baton::lab {
namespace {

using namespace std::chrono_literals;

constexpr Duration bound = 60s;  // a worker that dies again and again is started later and later

TEST(Chaos, when_all_has_healed_one_has_the_address_and_every_script_knows) {
  if (!has_batond()) GTEST_SKIP() << "batond is not built";
  std::string log;
  auto run = ChaosRun::start({.daemons = {Daemon::batond, Daemon::batond, Daemon::batond},
                              .batond = BATOND_PROGRAM,
                              .calm = 0s,
                              .patience = bound,
                              .on_event = [&log](const Event& event) {
                                log += fmt::format("{} {}\n", event.node ? std::to_string(*event.node + 1) : "client",
                                                   event.text);
                              }});
  ASSERT_TRUE(run) << run.error() << log;
  for (const Act& act : draw_story({.seed = 5, .nodes = 3, .acts = 4, .longest = 3s})) {
    const auto played = (*run)->play(act);
    ASSERT_TRUE(played) << played.error() << log;
  }
  const Judgement judged = judge((*run)->observations(), (*run)->limits());
  EXPECT_EQ(judged.count(Complaint::unsettled), 0U) << log;
  EXPECT_EQ(judged.count(Complaint::wrong_news), 0U) << log;
  EXPECT_GT((*run)->client().answers().size(), 0U);
  expect_all_replay((*run)->lab());
}

class BadWireLab : public testing::Test {
 protected:
  void SetUp() override {
    if (!has_batond()) GTEST_SKIP() << "batond is not built";
    pair_ = std::make_unique<Pair>(
        PairOptions{.daemons = {Daemon::batond, Daemon::batond}, .has_web = true, .probe_interval = 10ms});
    ASSERT_TRUE(*pair_);
    ASSERT_TRUE(pair_->wait_for_owner(web1)) << pair_->log();
  }
  void spoil(NodeId node, const WireQuality& quality) { Pair::expect_done(pair().spoil_wire(node, "ens33", quality)); }
  bool wait_for_owners(const std::set<NodeId>& owners) {
    return pair().wait_until([&] { return pair_->owners() == owners; }, bound);
  }
  Lab& pair() { return **pair_; }
  std::string log() const { return pair_->log(); }
  bool wait_for_owner(NodeId node) { return pair_->wait_for_owner(node, bound); }

 private:
  std::unique_ptr<Pair> pair_;
};

TEST_F(BadWireLab, who_is_mute_is_believed_dead_and_hears_of_it) {
  spoil(web1, {.from_node = {.loss = 1}});
  EXPECT_TRUE(wait_for_owners({web1, web2})) << log();
  pair().mend_wire(web1, "ens33");
  EXPECT_TRUE(wait_for_owner(web1)) << log();
}

TEST_F(BadWireLab, who_is_deaf_believes_all_others_dead) {
  spoil(web2, {.to_node = {.loss = 1}});
  EXPECT_TRUE(wait_for_owners({web1, web2})) << log();
  pair().mend_wire(web2, "ens33");
  EXPECT_TRUE(wait_for_owner(web1)) << log();
}

// Connections too: what the network card would have done for a frame is done on the way.
TEST_F(BadWireLab, pages_come_through_a_wire_that_is_slow_and_doubles) {
  const WireDirection bad{.duplicate = 1, .most_delay = 5ms};
  spoil(web1, {.from_node = bad, .to_node = bad});
  const Instant from = now();
  EXPECT_TRUE(pair().wait_until([&] { return pair().pages()->first_answer_by(web1, from).has_value(); }, bound))
      << log();
}

}  // namespace
}  // namespace baton::lab
