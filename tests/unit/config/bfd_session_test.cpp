// bfd_instance: its defaults, and what its lines mean.
#include <gtest/gtest.h>

#include "unit/config/loading.h"

namespace baton::config {
namespace {

using namespace std::chrono_literals;

LoadResult load_session(const std::string& lines, const std::string& rest = "") {
  return load_text("bfd_instance gw {\nneighbor_ip 10.0.0.1\n" + lines + "\n}\n" + rest);
}
BfdSession session_of(const std::string& lines) {
  const LoadResult result = load_session(lines);
  EXPECT_EQ(result.configuration.bfd_sessions.size(), 1U);
  return result.configuration.bfd_sessions.empty() ? BfdSession{} : result.configuration.bfd_sessions.front();
}

TEST(BfdInstance, has_the_defaults_of_keepalived) {
  const LoadResult result = load_session("");
  EXPECT_TRUE(result.diagnostics.empty());
  const BfdSession session = session_of("");
  EXPECT_EQ(session, (BfdSession{.name = "gw", .neighbor = *IpAddress::parse("10.0.0.1")}));
  EXPECT_EQ(session.min_rx, 10ms);
  EXPECT_EQ(session.min_tx, 10ms);
  EXPECT_EQ(session.idle_tx, 1s);
  EXPECT_EQ(session.multiplier, 5);
  EXPECT_EQ(session.ttl, 255);
  EXPECT_EQ(session.max_hops, 0);
  EXPECT_TRUE(session.for_vrrp && session.for_checkers);
}

TEST(BfdInstance, everything_given) {
  const BfdSession session = session_of(
      "source_ip 10.0.0.9\nmin_rx 0.5\nmin_tx 12.345\n"
      "idle_tx 2000\nmultiplier 3\npassive\nhoplimit 64\n"
      "max_hops 2\nweight -20 reverse\nvrrp");
  EXPECT_EQ(session.source, IpAddress::parse("10.0.0.9"));
  EXPECT_EQ(session.min_rx, 10ms);  // less than a millisecond is out of keepalived's range
  EXPECT_EQ(session.min_tx, 12'345us);
  EXPECT_EQ(session.idle_tx, 2s);
  EXPECT_EQ(session.multiplier, 3);
  EXPECT_TRUE(session.passive);
  EXPECT_EQ(session.ttl, 64);
  EXPECT_EQ(session.max_hops, 2);
  EXPECT_EQ(session.weight, -20);
  EXPECT_TRUE(session.reverse);
  EXPECT_TRUE(session.for_vrrp);
  EXPECT_FALSE(session.for_checkers);
}

TEST(BfdInstance, hops_are_not_checked_where_nobody_wants_it) {
  EXPECT_EQ(session_of("max_hops 255").max_hops, std::nullopt);
  EXPECT_EQ(session_of("max_hops -1").max_hops, std::nullopt);
  EXPECT_EQ(session_of("multihop").max_hops, std::nullopt);
  EXPECT_EQ(session_of("multihop\nmax_hops 3").max_hops, 3);
}

TEST(BfdInstance, both_flags_are_none) {
  const BfdSession session = session_of("vrrp\nchecker");
  EXPECT_TRUE(session.for_vrrp && session.for_checkers);
}

TEST(BfdInstance, packets_of_one_are_not_taken_for_anothers) {
  const auto said = [](const std::string& lines, const std::string& others) {
    std::string all;
    for (const Diagnostic& each : load_session(lines, others).diagnostics) all += each.message + "\n";
    return all;
  };
  const auto other = [](const std::string& name, const std::string& lines) {
    return "bfd_instance " + name + " {\nneighbor_ip 10.0.0.1\n" + lines + "\n}\n";
  };
  const std::string alike = "bfd_instance 'b' has the neighbour of 'gw', 10.0.0.1, and is ignored\n";
  EXPECT_EQ(said("", other("b", "")), alike);
  EXPECT_EQ(said("", other("b", "source_ip 10.0.0.9")), alike);
  EXPECT_EQ(said("source_ip 10.0.0.8", other("a", "source_ip 10.0.0.9") + other("b", "")), alike);
  EXPECT_EQ(said("source_ip 10.0.0.8", other("a", "source_ip 10.0.0.9") + other("b", "source_ip 10.0.0.8")), alike);
  EXPECT_EQ(said("", other("b", "multihop")), "");
  EXPECT_EQ(said("source_ip 10.0.0.8", other("b", "source_ip 10.0.0.9") + other("c", "source_ip 10.0.0.7")), "");
}

TEST(BfdInstance, is_tracked_with_its_weight_or_the_entrys) {
  const LoadResult result =
      load_session("weight 10", "bfd_instance other {\nneighbor_ip 10.0.0.2\n}\n" +
                                    instance_text("track_bfd {\ngw\nother weight -20 reverse\n}") +
                                    "vrrp_sync_group G {\ngroup {\nVI_1\n}\ntrack_bfd {\nother\n}\n}\n");
  const auto& tracked = result.configuration.instances.front().trackers.sessions;
  ASSERT_EQ(tracked.size(), 2U);
  EXPECT_EQ(tracked[0], (Tracking{.name = "gw", .weight = 10}));
  EXPECT_EQ(tracked[1], (Tracking{.name = "other", .weight = -20, .reverse = true}));
  const auto& of_group = result.configuration.groups.front().trackers.sessions;
  ASSERT_EQ(of_group.size(), 1U);
  EXPECT_EQ(of_group[0], (Tracking{.name = "other"}));
}

}  // namespace
}  // namespace baton::config
