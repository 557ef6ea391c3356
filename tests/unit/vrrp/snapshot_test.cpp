// A snapshot may be anybody's bytes (a recording from elsewhere): what is taken for one is a node that comes to rest.
#include "unit/vrrp/node_bench.h"

namespace baton::vrrp {
namespace {

Bytes snapshot_of(NodeBench& bench) {
  return compact_bytes([&](CompactWriter& out) { bench->save(out); });
}

// Deadlines that are over, and no others, are served: then none is left that is.
bool comes_to_rest(Node& node, Instant now) {
  constexpr std::size_t plenty = 100;
  NodeActions actions;
  for (RouterId id = 0; id < node.router_count(); ++id) node.on_advert(id, advert(200), now, actions);
  for (int i = 0; i < 10; ++i) {
    now += 1s;
    node.on_timeout(now, actions, plenty);
    if (node.next_timeout().value_or(Instant::max()) <= now) return false;
  }
  return true;
}

TEST(Snapshot, with_one_byte_changed_is_none_or_a_node_that_comes_to_rest) {
  const NodeParameters parameters = group_of(2);
  std::vector<NodeBench> benches;
  benches.push_back(NodeBench::started(parameters));
  benches.push_back(NodeBench::master(parameters));
  benches.push_back(NodeBench::master(parameters));
  benches.back().receive(0, advert(200));  // it leaves
  benches.push_back(NodeBench::started(parameters));
  NodeActions ignored;
  benches.back()->maintain(MaintenanceTold::Wish::force, benches.back().now(), ignored);

  std::size_t taken = 0;
  for (NodeBench& bench : benches) {
    const Bytes whole = snapshot_of(bench);
    for (std::size_t at = 0; at < whole.size(); ++at) {
      for (const int change : {1, 2, 4, 0x7f, 0xff}) {
        Bytes bytes = whole;
        bytes[at] = static_cast<std::uint8_t>(bytes[at] ^ change);
        Node node(parameters);
        CompactReader in(bytes);
        if (!node.restore(in)) continue;
        ++taken;
        EXPECT_TRUE(comes_to_rest(node, bench.now())) << "byte " << at << " changed by " << change;
      }
    }
  }
  EXPECT_GT(taken, 100U);
}

}  // namespace
}  // namespace baton::vrrp
