// Make-before-break between two nodes (docs/decisions/0003): what the LAN and its clients see of a planned move.
#include <deque>
#include <functional>

#include "unit/vrrp/bench.h"
#include "vrrp/departure.h"

namespace baton::vrrp {
namespace {

constexpr Duration one_second = 1s;

// Two routers on one LAN: what one sends the other hears, and its announcement comes a millisecond after it has become
// master. A stock node (make_before_break = false) ignores lower masters and lets go at once.
class Pair {
 public:
  Pair(RouterParameters first, RouterParameters second)
      : nodes_{Node{VirtualRouter(first), own_address, {}}, Node{VirtualRouter(second), peer_address, {}}} {
    for (Node& node : nodes_) node.router.on_source(node.address);
  }

  // Both run for so long; the gap without any holder is added up.
  void run(Duration span) {
    for (const Instant end = now_ + span; now_ < end; now_ += 1ms) {
      for (Node& node : nodes_) {
        if (node.alive) node.router.on_timeout(now_, out_);
        deliver(node);
        announce(node);
      }
      if (!holds(0) && !holds(1)) unheld_ += 1ms;
      if (holds(0) && holds(1)) doubly_held_ += 1ms;
    }
  }
  void act(std::size_t node, const std::function<void(VirtualRouter&, Instant, Actions&)>& event) {
    event(nodes_[node].router, now_, out_);
    deliver(nodes_[node]);
  }
  void start() {
    for (std::size_t i = 0; i < 2; ++i) {
      act(i, [](VirtualRouter& router, Instant now, Actions& out) { router.start(now, out); });
    }
  }
  void connect(bool connected) { connected_ = connected; }
  bool holds(std::size_t node) const { return nodes_[node].router.holds_addresses(); }
  // Whom a client asks: the node that announced last, on its side of the cut the first one's.
  std::size_t asked() const { return asked_; }
  Duration unheld() { return std::exchange(unheld_, Duration{}); }
  Duration doubly_held() { return std::exchange(doubly_held_, Duration{}); }
  VirtualRouter& router(std::size_t node) { return nodes_[node].router; }

 private:
  struct Node {
    VirtualRouter router;
    IpAddress address;
    std::optional<Instant> announce_at;
    bool alive = true;
  };

  void deliver(Node& from) {
    Node& to = nodes_[&from == &nodes_[0] ? 1 : 0];
    for (const Action& action : std::exchange(out_, {})) {
      if (std::holds_alternative<Announce>(action)) from.announce_at = now_ + 1ms;
      const auto* advert_sent = std::get_if<SendAdvert>(&action);
      if (advert_sent == nullptr || !connected_) continue;
      to.router.on_advert(advert(advert_sent->priority, advert_sent->interval.value_or(1s), from.address), now_, out_);
      if (!out_.empty()) deliver(to);
    }
  }
  void announce(Node& from) {
    if (!from.announce_at || *from.announce_at > now_) return;
    from.announce_at.reset();
    const std::size_t index = &from == &nodes_[0] ? 0 : 1;
    if (index == 0 || connected_) asked_ = index;
    if (!connected_) return;
    Node& to = nodes_[1 - index];
    to.router.on_announcement(virtual_address, std::nullopt, now_, out_);
    deliver(to);
  }

  Instant now_{1000s};
  std::array<Node, 2> nodes_;
  Actions out_;
  bool connected_ = true;
  std::size_t asked_ = 9;
  Duration unheld_{};
  Duration doubly_held_{};
};

constexpr RouterParameters web1{.base_priority = 104};
constexpr RouterParameters web2{.base_priority = 102};
constexpr RouterParameters stock_web1{.base_priority = 104, .make_before_break = false};
constexpr RouterParameters stock_web2{.base_priority = 102, .make_before_break = false};

Pair running(const RouterParameters& first, const RouterParameters& second) {
  Pair pair(first, second);
  pair.start();
  pair.run(10s);
  (void)pair.unheld();
  EXPECT_TRUE(pair.holds(0));
  EXPECT_FALSE(pair.holds(1));
  return pair;
}

TEST(Story, a_stop_leaves_no_gap_also_with_a_stock_peer) {
  for (const RouterParameters& peer : {web2, stock_web2}) {
    Pair pair = running(web1, peer);
    pair.act(0, [](VirtualRouter& router, Instant now, Actions& out) { router.stop(now, out); });
    pair.run(5s);
    EXPECT_EQ(pair.unheld(), 0s);
    EXPECT_LE(pair.doubly_held(), 5ms);
    EXPECT_TRUE(pair.holds(1));
    EXPECT_EQ(pair.asked(), 1);
  }
}

TEST(Story, the_return_of_the_better_node_leaves_no_gap) {
  Pair pair(web1, web2);
  pair.act(1, [](VirtualRouter& router, Instant now, Actions& out) { router.start(now, out); });
  pair.run(10s);
  pair.act(0, [](VirtualRouter& router, Instant now, Actions& out) { router.start(now, out); });
  (void)pair.unheld();
  pair.run(2s);  // the next advert of web2, then the skew time of web1
  EXPECT_TRUE(pair.holds(0));
  EXPECT_FALSE(pair.holds(1));
  EXPECT_EQ(pair.unheld(), 0s);
}

// Clients point at the loser while both are master. It lets go when the winner has told them otherwise.
TEST(Story, after_a_partition_the_clients_are_told_before_the_loser_lets_go) {
  for (const auto& [first, second] :
       {std::pair{web1, web2}, std::pair{stock_web1, web2}, std::pair{web1, stock_web2}}) {
    Pair pair = running(first, second);
    pair.connect(false);
    pair.run(10s);
    EXPECT_TRUE(pair.holds(0) && pair.holds(1));
    pair.connect(true);
    (void)pair.unheld();
    pair.run(1500ms);
    EXPECT_TRUE(pair.holds(0));
    EXPECT_FALSE(pair.holds(1));
    EXPECT_EQ(pair.asked(), 0);
    EXPECT_EQ(pair.unheld(), 0s);
  }
}

TEST(Story, a_fallen_priority_moves_the_address_after_the_skew_time) {
  Pair pair = running(web1, web2);
  pair.act(0, [](VirtualRouter& router, Instant now, Actions& out) { router.on_priority(100, now, out); });
  pair.run(one_second * 154 / 256 + 5ms);
  EXPECT_TRUE(pair.holds(1));
  EXPECT_FALSE(pair.holds(0));
  EXPECT_EQ(pair.unheld(), 0s);
}

TEST(Story, a_handover_stays_handed_over) {
  Pair pair = running(web1, web2);
  pair.act(0, [](VirtualRouter& router, Instant now, Actions& out) { router.handover(now, out); });
  pair.run(60s);
  EXPECT_TRUE(pair.holds(1));
  EXPECT_FALSE(pair.holds(0));
  EXPECT_EQ(pair.unheld(), 0s);
}

}  // namespace
}  // namespace baton::vrrp
