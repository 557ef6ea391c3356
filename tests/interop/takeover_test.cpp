// Baton and its peer, keepalived or FRR, take an address from each other in every dialect that both speak, each as the
// better node.
#include <algorithm>
#include <array>
#include <tuple>

#include "interop/couple.h"
#include "interop/tshark.h"
#include "lab/clock.h"

namespace baton::interop {
namespace {

using namespace std::chrono_literals;
using lab::NodeId;

constexpr Duration machine_tolerance = 500ms;  // beyond what the protocol allows
constexpr Duration program_start = 3s;         // until a daemon that was started speaks
constexpr Duration vrrp_room = 16ms;           // docs/decisions/0010
constexpr Duration afterplay = 3s;             // until an address has left its old node and the client knows the new

template <PeerKind kind>
class TakeoverFrom : public testing::TestWithParam<std::tuple<Dialect, NodeId>> {
 protected:
  void SetUp() override {
    if (const std::string missing = missing_program(kind); !missing.empty()) GTEST_SKIP() << missing;
  }
};
using Takeover = TakeoverFrom<PeerKind::stock>;
class TakeoverWithAh : public Takeover {};
using TakeoverFromFrr = TakeoverFrom<PeerKind::frr>;

void expect_the_better_one_owns_it(Couple& couple) {
  const Duration bound = program_start + couple.master_down_interval(couple.better()) + afterplay;
  // FRR has the address on an interface that is down from before its start.
  ASSERT_TRUE(couple.wait_until([&] { return couple.has_spoken(couple.better()); }, bound)) << couple.log();
  ASSERT_TRUE(couple.wait_for_only_owner(couple.better(), bound)) << couple.log();
}

// While nothing happens the address stays, the backup takes every advert and nobody has anything to reject.
void expect_quiet(Couple& couple) {
  const NodeId master = couple.better();
  const NodeId backup = couple.other();
  const std::array before{couple.verdicts(baton), couple.verdicts(peer)};
  const Instant from = lab::now();
  EXPECT_TRUE(couple.wait_for_adverts(master, 2)) << couple.log();
  const auto times = couple.ownership().times(couple.target().address, from, lab::now());
  EXPECT_EQ(times.nobody, Duration::zero()) << couple.log();
  EXPECT_EQ(times.two_or_more, Duration::zero()) << couple.log();
  const std::array after{couple.verdicts(baton), couple.verdicts(peer)};
  EXPECT_GT(after[backup].accepted, before[backup].accepted) << couple.log();
  EXPECT_EQ(after[baton].rejected, before[baton].rejected) << couple.log();
  EXPECT_EQ(after[peer].rejected, before[peer].rejected) << couple.log();
}

void expect_sigterm_hands_over(Couple& couple) {
  couple.stop(couple.better());
  const auto has_it = [&] { return couple.owners().contains(couple.other()); };
  EXPECT_TRUE(couple.wait_until(has_it, couple.skew_time(couple.other()) + machine_tolerance)) << couple.log();
  EXPECT_TRUE(couple.wait_for_only_owner(couple.other(), afterplay)) << couple.log();
}

void expect_well_formed(const std::vector<Bytes>& frames) {
  EXPECT_FALSE(frames.empty());
  if (!has_tshark()) GTEST_SKIP() << "tshark is not installed: nobody judged the packets";
  EXPECT_EQ(picked(frames, bad_frames), "");
  const std::string good = picked(frames, good_frames);
  EXPECT_EQ(static_cast<std::size_t>(std::ranges::count(good, '\n')), frames.size()) << good;
}

TEST_P(Takeover, start_stop_and_return) {
  const auto& [dialect, better] = GetParam();
  Couple couple({.dialect = dialect, .better = better});
  ASSERT_TRUE(couple);
  couple.start(baton);
  couple.start(keepalived);
  ASSERT_NO_FATAL_FAILURE(expect_the_better_one_owns_it(couple));
  expect_quiet(couple);
  expect_sigterm_hands_over(couple);
  couple.start(better);
  ASSERT_NO_FATAL_FAILURE(expect_the_better_one_owns_it(couple));
  expect_quiet(couple);
  expect_well_formed(couple.frames_of_baton());
}

// Both sides of a cut have the address; whoever is on the client's side answers it. Healed, it is the better one's. FRR
// yields to the first advert and Baton hears nothing of it, or the other way round: then nobody announces the address
// and the client finds it when its neighbour cache gives up, which is not waited for.
void expect_cut_is_survived(Couple& couple) {
  couple.cut(couple.better(), true);
  const auto other_has_it = [&] { return couple.owners().contains(couple.other()); };
  const Duration master_down = couple.master_down_interval(couple.other()) + couple.target().advert_interval;
  EXPECT_TRUE(couple.wait_until(other_has_it, master_down + machine_tolerance)) << couple.log();
  const auto other_answers = [&] { return couple->pings(0).last_answered_by() == couple.other(); };
  EXPECT_TRUE(couple.wait_until(other_answers, afterplay)) << couple.log();
  couple.cut(couple.better(), false);
  const auto is_healed = [&] { return couple.owners() == std::set<NodeId>{couple.better()}; };
  EXPECT_TRUE(couple.wait_until(is_healed, master_down + machine_tolerance)) << couple.log();
}

// keepalived has counted for longer than the Baton that was started anew behind a cut, takes its adverts for replays
// and puts its own off at each of them. It must be heard all the same, long before the new counter has reached its own.
TEST_P(TakeoverWithAh, a_start_behind_a_cut_ends_in_one_owner_when_it_heals) {
  const auto& [dialect, better] = GetParam();
  Couple couple({.dialect = dialect, .better = better});
  ASSERT_TRUE(couple);
  couple.start(baton);
  couple.start(keepalived);
  ASSERT_NO_FATAL_FAILURE(expect_the_better_one_owns_it(couple));
  EXPECT_TRUE(couple.wait_for_adverts(better, 10)) << couple.log();
  couple.cut(baton, true);
  couple.stop(baton);
  EXPECT_TRUE(couple.wait_until([&] { return !couple.runs(baton); }, afterplay)) << couple.log();
  couple.start(baton);
  const Duration bound = program_start + couple.master_down_interval(couple.other()) + machine_tolerance;
  EXPECT_TRUE(couple.wait_until([&] { return couple.owners().size() == 2; }, bound)) << couple.log();
  const Instant alone = lab::now();
  EXPECT_TRUE(couple.wait_for_adverts(baton, 3)) << couple.log();
  const auto gaps = lab::advert_gaps(couple->adverts(), baton, vrid, alone, lab::now());
  EXPECT_GE(gaps.median, couple.target().advert_interval + vrrp_room / 2) << "it leaves keepalived no time to speak";
  couple.cut(baton, false);
  const auto has_one_owner = [&] { return couple.owners() == std::set<NodeId>{couple.better()}; };
  EXPECT_TRUE(couple.wait_until(has_one_owner, 2 * couple.target().advert_interval + machine_tolerance))
      << couple.log();
}

TEST_P(TakeoverFromFrr, start_cut_stop_and_return) {
  const auto& [dialect, better] = GetParam();
  Couple couple({.dialect = dialect, .better = better, .peer = PeerKind::frr});
  ASSERT_TRUE(couple);
  // One after the other: a kernel gives an IPv6 address up for good that it meets elsewhere at the first moment
  // (RFC 4862 §5.4.5), and FRR looks no more.
  couple.start(better);
  const Duration first_advert = program_start + couple.master_down_interval(better) + afterplay;
  ASSERT_TRUE(couple.wait_until([&] { return couple.has_spoken(better); }, first_advert)) << couple.log();
  couple.start(better == baton ? peer : baton);
  ASSERT_TRUE(couple.wait_until([&] { return couple.baton_answers(); }, program_start)) << couple.log();
  ASSERT_NO_FATAL_FAILURE(expect_the_better_one_owns_it(couple));
  expect_quiet(couple);
  expect_cut_is_survived(couple);
  expect_sigterm_hands_over(couple);
  couple.start(better);
  ASSERT_NO_FATAL_FAILURE(expect_the_better_one_owns_it(couple));
  expect_well_formed(couple.frames_of_baton());
}

const Dialect frr_dialects[] = {
    {.name = "v2"}, {.name = "v3_IPv4", .version = 3}, {.name = "v3_IPv6", .version = 3, .family = Family::ipv6}};

const Dialect ah_dialects[] = {
    {.name = "v2_AH", .authentication = "AH"},
    {.name = "v2_AH_unicast", .authentication = "AH", .casting = Casting::unicast},
};

const Dialect dialects[] = {
    {.name = "v2"},
    {.name = "v2_PASS", .authentication = "PASS"},
    ah_dialects[0],
    ah_dialects[1],
    {.name = "v3_IPv4", .version = 3},
    {.name = "v3_IPv4_unicast", .version = 3, .casting = Casting::unicast},
    {.name = "v3_IPv6", .version = 3, .family = Family::ipv6},
    {.name = "v3_IPv6_unicast", .version = 3, .family = Family::ipv6, .casting = Casting::unicast},
};

std::string row_name(const testing::TestParamInfo<Takeover::ParamType>& row) {
  const auto& [dialect, better] = row.param;
  return dialect.name + (better == baton ? "_baton_better" : "_peer_better");
}

INSTANTIATE_TEST_SUITE_P(In, Takeover,
                         testing::Combine(testing::ValuesIn(dialects), testing::Values(baton, keepalived)), row_name);
INSTANTIATE_TEST_SUITE_P(In, TakeoverWithAh,
                         testing::Combine(testing::ValuesIn(ah_dialects), testing::Values(baton, keepalived)),
                         row_name);
INSTANTIATE_TEST_SUITE_P(In, TakeoverFromFrr,
                         testing::Combine(testing::ValuesIn(frr_dialects), testing::Values(baton, peer)), row_name);

}  // namespace
}  // namespace baton::interop
