// Minutes of churn: Baton and a stock peer are stopped, started, killed, cut off, reloaded and given other priorities
// at random, up to three things at a time. After every quiet time the better one of those that run, and nobody else,
// has the address and answers the client.
//   BATON_CHURN_SECONDS=600   a peer, 30 when not given
//   BATON_CHURN_SEED=N        the same again; what happens is the same, when it happens is the machine's affair
#include <cstdio>
#include <cstdlib>
#include <random>

#include "interop/couple.h"
#include "lab/clock.h"

namespace baton::interop {
namespace {

using namespace std::chrono_literals;
using lab::NodeId;
using lab::Role;

// Until a daemon that was started speaks, an address has moved, and the client has heard of it.
constexpr Duration quiet_bound = 8s;
// After a cut that nobody noticed the client finds the owner when its neighbour cache gives up.
constexpr Duration healed_bound = 25s;
constexpr Duration ready_bound = 8s;
constexpr Duration must_last = 600ms;  // three adverts

unsigned long number_from(const char* name, unsigned long fallback) {
  const char* text = std::getenv(name);
  return text == nullptr ? fallback : std::strtoul(text, nullptr, 10);
}

class Churn {
 public:
  Churn(Couple& couple, PeerKind kind, std::mt19937_64& random) : couple_(couple), kind_(kind), random_(random) {}

  void disturb() {
    const NodeId node = below(2);
    if (is_ending(node)) return;
    if (!couple_.runs(node)) return start(node);
    const bool is_one_process = node == peer && kind_ == PeerKind::frr;
    switch (below(8)) {
      case 0: return stop(node);
      case 1: return die(node);
      case 2: return is_one_process ? die(node) : kill_worker(node);
      case 3: return is_one_process ? die(node) : couple_.kill(node, Role::guardian);
      case 4: return cut(node);
      default: return change_priority(node);
    }
  }
  void pause(Duration longest) { couple_->run_for(longest * below(1000) / 1000); }
  std::size_t below(std::size_t bound) { return random_() % bound; }

  // What goes out of a disturbance without an end of its own: somebody runs, and nobody is cut off.
  void calm_down() {
    // A daemon that is told to stop takes its time; whether it runs is known then.
    EXPECT_TRUE(couple_.wait_until([&] { return !is_ending(baton) && !is_ending(peer); }, quiet_bound))
        << (is_ending(baton) ? "Baton" : "the peer") << " does not end on SIGTERM\n"
        << couple_.log();
    if (!couple_.runs(baton) && !couple_.runs(peer)) start(below(2));
    // Two changes of its priority may cancel out, while the reload of the first is still on its way.
    const auto has_read = [&] { return !couple_.runs(baton) || couple_.has_its_priority(baton); };
    EXPECT_TRUE(couple_.wait_until(has_read, quiet_bound)) << couple_.log();
  }

  void expect_one_owner() {
    const Duration bound = std::exchange(has_cut_, false) ? healed_bound : quiet_bound;
    const auto is_right = [&] {
      const NodeId owner = expected_owner();
      return couple_.owners() == std::set<NodeId>{owner} && couple_->pings(0).last_answered_by() == owner;
    };
    ASSERT_TRUE(couple_.wait_until(is_right, bound)) << who_should() << couple_.log();
    couple_->run_for(must_last);
    ASSERT_TRUE(is_right()) << "it did not last; " << who_should() << couple_.log();
  }

 private:
  NodeId expected_owner() const {
    if (!couple_.runs(baton)) return peer;
    if (!couple_.runs(peer)) return baton;
    return couple_.priority(baton) > couple_.priority(peer) ? baton : peer;
  }
  std::string who_should() const {
    std::string owners;
    for (const NodeId owner : couple_.owners()) owners += " " + couple_->plan(owner).name;
    return couple_->plan(expected_owner()).name + " should be the owner, and is:" + owners + "\n";
  }
  bool is_ending(NodeId node) const { return lives_[node].is_ending && couple_.runs(node); }

  // Who is sent a signal before it is ready for it ends.
  void start(NodeId node) {
    couple_.start(node);
    lives_[node] = {};
    EXPECT_TRUE(couple_.wait_until([&] { return couple_.is_ready(node); }, ready_bound)) << couple_.log();
  }
  void stop(NodeId node) {
    couple_.stop(node);
    lives_[node].is_ending = true;
  }
  // Once a life: who crashes again and again is started again later and later.
  void kill_worker(NodeId node) {
    if (std::exchange(lives_[node].has_crashed, true)) return;
    // With two of them a reload is on its way, which the death of both would undo.
    EXPECT_TRUE(couple_.wait_until([&] { return couple_.workers(node) <= 1; }, quiet_bound)) << couple_.log();
    couple_.kill(node, Role::worker);
  }
  // Killed with its address; whoever looks after services starts it again, and that takes the address off.
  void die(NodeId node) {
    couple_.kill(node, Role::everything);
    pause(1500ms);
    start(node);
  }
  void cut(NodeId node) {
    couple_.cut(node, true);
    pause(2500ms);
    couple_.cut(node, false);
    has_cut_ = true;
  }
  void change_priority(NodeId node) {
    constexpr int of_peer[] = {60, 110, 160, 210};
    couple_.set_priority(node, of_peer[below(4)] + (node == baton ? 5 : 0));  // never the same
  }

  Couple& couple_;
  PeerKind kind_;
  std::mt19937_64& random_;
  bool has_cut_ = false;
  struct Life {
    bool is_ending = false;  // told to
    bool has_crashed = false;
  };
  Life lives_[2];
};

class ChurnWith : public testing::TestWithParam<PeerKind> {
 protected:
  void SetUp() override {
    if (const std::string missing = missing_program(GetParam()); !missing.empty()) GTEST_SKIP() << missing;
  }
};

TEST_P(ChurnWith, after_every_quiet_time_the_better_one_has_the_address) {
  const std::uint64_t seed = number_from("BATON_CHURN_SEED", std::random_device()());
  std::mt19937_64 random(seed);
  std::printf("churn: seed %lu\n", seed);
  Couple couple({.dialect = {.name = "v3_IPv4", .version = 3}, .peer = GetParam()});
  ASSERT_TRUE(couple);
  couple.start(baton);
  couple.start(peer);
  Churn churn(couple, GetParam(), random);
  const Instant end = lab::now() + std::chrono::seconds(number_from("BATON_CHURN_SECONDS", 30));
  int rounds = 0;
  for (; (lab::now() < end || rounds < 3) && !HasFailure(); ++rounds) {
    churn.calm_down();
    ASSERT_NO_FATAL_FAILURE(churn.expect_one_owner()) << "repeat with BATON_CHURN_SEED=" << seed;
    for (std::size_t i = 1 + churn.below(3); i > 0; --i) {
      churn.disturb();
      churn.pause(600ms);
    }
  }
  std::printf("churn: %d rounds\n", rounds);
}

INSTANTIATE_TEST_SUITE_P(Of, ChurnWith, testing::Values(PeerKind::stock, PeerKind::frr),
                         [](const auto& row) { return row.param == PeerKind::frr ? "FRR" : "keepalived"; });

}  // namespace
}  // namespace baton::interop
