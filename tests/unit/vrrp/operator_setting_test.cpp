// What an operator sets in place of the configuration while a server runs: base priority and preempt.
#include "unit/vrrp/node_bench.h"

namespace baton::vrrp {
namespace {

NodeParameters with_script(int weight, RouterParameters parameters) {
  return {.trackers = {{.name = "chk_nginx"}}, .routers = {router({{.tracker = 0, .weight = weight}}, parameters)}};
}

void set_base(NodeBench& bench, std::uint8_t base, NodeActions* out = nullptr) {
  NodeActions actions;
  bench->set_base_priority(0, base, bench.now(), actions);
  if (out != nullptr) *out = actions;
}

void set_preempt(NodeBench& bench, Preempt preempt) {
  NodeActions actions;
  bench->set_preempt(0, preempt, bench.now(), actions);
  EXPECT_EQ(actions, NodeActions{});
}

TEST(OperatorSetting, a_base_priority_counts_with_its_weights_and_is_announced_at_once) {
  NodeBench bench = NodeBench::master(with_script(4, {.base_priority = 100}));
  bench.tracker(0, up);
  NodeActions out;
  set_base(bench, 50, &out);
  EXPECT_EQ(out, (NodeActions{act(0, PriorityChanged{104, 54}), act(0, sent(54))}));
  EXPECT_EQ(bench->base_priority(0), 50);
  EXPECT_EQ(bench->priority_parts(0), (std::vector<PriorityPart>{{"base", 50}, {"chk_nginx", 4}}));
  bench.tracker(0, down);
  EXPECT_EQ(bench->router(0).priority(), 50);
}

TEST(OperatorSetting, the_same_base_priority_again_is_no_input) {
  NodeBench bench = NodeBench::master(with_script(4, {.base_priority = 100}));
  NodeActions out;
  set_base(bench, 100, &out);
  EXPECT_EQ(out, NodeActions{});
}

TEST(OperatorSetting, a_base_priority_of_255_makes_nobody_an_owner) {
  NodeBench bench = NodeBench::master(with_script(4, {.base_priority = 100}));
  NodeActions out;
  set_base(bench, 255, &out);
  EXPECT_EQ(out, NodeActions{});
  EXPECT_EQ(bench->base_priority(0), 255);
  bench.tracker(0, up);
  EXPECT_EQ(bench->router(0).priority(), 100);
  set_base(bench, 101);
  EXPECT_EQ(bench->router(0).priority(), 105);
}

TEST(OperatorSetting, an_owner_with_another_base_priority_has_weights_and_is_owner_again) {
  NodeBench bench = NodeBench::started(with_script(-50, {.base_priority = 255, .wanted_state = State::master}));
  bench.tracker(0, down);
  EXPECT_EQ(bench->priority_parts(0).size(), 1);
  set_base(bench, 100);
  EXPECT_EQ(bench->router(0).priority(), 50);
  EXPECT_EQ(bench->priority_parts(0).size(), 2);
  set_base(bench, 255);
  EXPECT_EQ(bench->router(0).priority(), 255);
}

TEST(OperatorSetting, before_the_start_it_is_what_the_router_starts_with) {
  NodeBench bench(with_script(4, {.base_priority = 100}));
  set_base(bench, 77);
  bench.start();
  EXPECT_EQ(bench->router(0).priority(), 77);
}

TEST(OperatorSetting, without_preempt_a_lower_master_is_followed) {
  NodeBench bench = NodeBench::started(with_script(4, {.base_priority = 100}));
  set_preempt(bench, Preempt::no);
  for (int i = 0; i < 8; ++i) {
    bench.receive(0, advert(50));
    bench.advance(1s);
  }
  EXPECT_EQ(bench.state(0), State::backup);
  set_preempt(bench, Preempt::yes);
  bench.receive(0, advert(50));
  bench.advance(1s);
  EXPECT_EQ(bench.state(0), State::master);
}

TEST(OperatorSetting, a_takeover_that_is_on_its_way_is_called_off) {
  NodeBench bench = NodeBench::started(with_script(4, {.base_priority = 100}));
  bench.receive(0, advert(50));
  set_preempt(bench, Preempt::no);
  bench.advance(1s);
  EXPECT_EQ(bench.state(0), State::backup);
  bench.advance(3s);  // nobody is heard
  EXPECT_EQ(bench.state(0), State::master);
}

TEST(OperatorSetting, a_snapshot_has_both) {
  const NodeParameters parameters = with_script(4, {.base_priority = 100});
  NodeBench bench = NodeBench::started(parameters);
  set_base(bench, 77);
  set_preempt(bench, Preempt::no);
  const Bytes bytes = compact_bytes([&](CompactWriter& out) { bench->save(out); });
  Node other(parameters);
  CompactReader in(bytes);
  ASSERT_TRUE(other.restore(in));
  EXPECT_EQ(other.base_priority(0), 77);
  EXPECT_EQ(other.router(0).parameters().preempt, Preempt::no);
}

}  // namespace
}  // namespace baton::vrrp
