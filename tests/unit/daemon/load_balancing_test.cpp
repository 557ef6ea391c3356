// Which balancer follows which, what it is told, and what is removed in the place of one that is gone.
#include "daemon/load_balancing.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "kernel/nft_balance.h"
#include "unit/daemon/balancers.h"

namespace baton::daemon {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::UnorderedElementsAre;

// One with a real server; the number is the last of its address, and of the server's.
std::string service(int number, const std::string& check = {}) {
  return fmt::format(
      "virtual_server 10.0.0.{0} 80 {{\n  lb_algo rr\n  lb_kind NAT\n  protocol TCP\n"
      "  real_server 10.2.0.{0} 80 {{\n    weight 1\n{1}  }}\n}}\n",
      number, check);
}
std::string globals(const std::string& words) {
  return "global_defs {\n" + words + "\n}\n";
}
const std::string with_ipvs = globals("lb_plane ipvs");
const std::string with_nftables = globals("lb_plane nftables");
const std::string with_sync = globals("lvs_sync_daemon eth0");

using LoadBalancingTest = Balancers;

// Where tables of the kernel are looked at.
class LoadBalancingTables : public Balancers {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root: makes network namespaces";
    Balancers::SetUp();
  }

  // With a table of nftables that the first one does not come to remove.
  void begin_and_linger_behind_ipvs() {
    manner_ = Manner::lingers;
    plane_ = PlaneKind::nftables;
    begin(with_nftables + service(1));
    (void)diary(1);
    add_table();
    manner_ = Manner::serves;
    plane_ = PlaneKind::ipvs;
    reload(with_ipvs + service(2));
    (void)diary(2);
    EXPECT_TRUE(has_table()) << "it is the first one's business";
  }
  static void add_table() { kernel::run("nft add table ip " + std::string(kernel::balance_table)); }
  static bool has_table() {
    return std::system(fmt::format("nft list table ip {} >/dev/null 2>&1", kernel::balance_table).c_str()) == 0;
  }
  static bool has_service(int number) {
    auto balance = kernel::NftBalance::open();
    const auto table = balance ? balance->dump() : std::unexpected(balance.error());
    return table && table->contains(ServiceKey::of_address(6, IpAddress::v4(0x0a000000U + unsigned(number)), 80));
  }
};

// ---------------------------------------------------------------- what one is told

TEST_F(LoadBalancingTest, the_next_one_inherits_what_configurations_before_had_until_it_is_off) {
  begin(service(1));
  EXPECT_THAT(diary(1), ElementsAre("first"));
  reload(service(2));
  EXPECT_EQ(diary(2)[1], "next +TCP 10.0.0.1:80, 1 left by IPVS");
  settles_ = true;
  reload(service(3) + service(4));
  EXPECT_EQ(diary(3)[2], "next +TCP 10.0.0.1:80 +TCP 10.0.0.2:80, 1 left by IPVS");
  reload(service(5));
  EXPECT_EQ(diary(4)[3], "next +TCP 10.0.0.3:80 +TCP 10.0.0.4:80, 2 left by IPVS") << "1 and 2 are somebody else's now";
}

TEST_F(LoadBalancingTest, one_that_follows_a_death_inherits_what_was_not_off_yet) {
  begin(service(1));
  (void)diary(1);
  reload(service(2));
  (void)diary(2);
  settles_ = true;
  kill_balancer();
  EXPECT_EQ(diary(3)[2], "next +TCP 10.0.0.1:80");
  kill_balancer();
  EXPECT_EQ(diary(4)[3], "next");
}

// Those of earlier configurations have ended; but one that was dismissed may not have come to it.
TEST_F(LoadBalancingTest, the_sync_daemon_of_the_configuration_before_is_inherited) {
  settles_ = true;
  begin(with_sync + service(1));
  EXPECT_EQ(diary(1)[0], "first");
  reload(service(1));
  EXPECT_EQ(diary(2)[1], "next +TCP 10.0.0.1:80 +sync, 1 left by IPVS");
  reload(with_sync + service(2));
  EXPECT_EQ(diary(3)[2], "next +TCP 10.0.0.1:80, 1 left by IPVS");
  manner_ = Manner::lingers;
  reload(with_sync + service(3));
  EXPECT_THAT(diary(4)[3], HasSubstr("+sync"));
  reload("");
  reload(service(4));
  EXPECT_EQ(diary(5)[4], "next +TCP 10.0.0.3:80 +sync, 0 left by IPVS");
}

TEST_F(LoadBalancingTest, a_reload_that_changes_nothing_here_changes_no_balancer) {
  begin(service(1));
  (void)diary(1);
  reload(service(1) + "vrrp_instance VI_1 {\n interface ens1\n virtual_router_id 1\n}\n");
  (void)balancing_.drain({.server = "10.2.0.1:80", .service = {}});
  EXPECT_THAT(diary(2), ElementsAre("first", "drains"));
  reload(service(1) + service(2));
  EXPECT_THAT(diary(3), ElementsAre("first", "drains", "next +TCP 10.0.0.1:80, 1 left by IPVS, drained"));
}

// It waits for longer and longer when it dies and dies; a reload does not wait.
TEST_F(LoadBalancingTest, a_reload_brings_one_that_is_dead_back_at_once) {
  manner_ = Manner::dies;
  begin(service(1));
  (void)diary(2);
  ASSERT_TRUE(is_gone(pid()));
  manner_ = Manner::serves;
  reload(service(1));
  const Instant end = loop::now() + patience;  // without a turn of the loop, in which its timer might end
  while (written().size() < 3 && loop::now() < end) (void)::poll(nullptr, 0, 10);
  EXPECT_EQ(written().size(), 3U);
  EXPECT_FALSE(::kill(pid(), 0)) << "it lives";
}

TEST_F(LoadBalancingTest, an_order_to_drain_reaches_the_balancer_and_every_one_after_it) {
  begin(service(1) + service(2));
  (void)diary(1);
  const auto unknown = balancing_.drain({.server = "10.2.0.9:80", .service = {}});
  EXPECT_TRUE(unknown.contains("error"));
  EXPECT_FALSE(balancing_.drain({.server = "10.2.0.1:80", .service = {}}).contains("error"));
  EXPECT_EQ(diary(2)[1], "drains");
  kill_balancer();
  EXPECT_EQ(diary(3)[2], "next, drained");
  reload(service(2) + service(1));
  EXPECT_THAT(diary(4)[3], HasSubstr(", drained"));
  EXPECT_TRUE(balancing_.shown().board.is_drained(1)) << "where its server stands now";
  (void)balancing_.drain({.is_drained = false, .server = "10.2.0.1:80", .service = {}});
  reload(service(1));
  EXPECT_THAT(diary(5).back(), Not(HasSubstr("drained")));
}

// The checker is a real one; it is told to wait with its first try for longer than the test lasts.
TEST_F(LoadBalancingTest, a_balancer_that_is_new_hears_the_checker_that_runs_and_knows_what_it_said) {
  const std::string checked = service(1, "    TCP_CHECK {\n      warmup 3600\n    }\n");
  begin(checked);
  EXPECT_THAT(diary(2), ElementsAre("first", "hears a checker"));
  kill_balancer();
  EXPECT_THAT(diary(4), ElementsAre("first", "hears a checker", "next, down", "hears a checker"));
  reload(globals("lvs_timeouts tcp 100") + checked);  // nothing to a checker
  EXPECT_EQ(diary(6)[4], "next +TCP 10.0.0.1:80, 1 left by IPVS, down");
  EXPECT_EQ(diary(6)[5], "hears a checker");
}

// ---------------------------------------------------------------- another plane

TEST_F(LoadBalancingTest, one_that_another_plane_follows_takes_its_services_off_itself) {
  begin(with_ipvs + service(1));
  (void)diary(1);
  const pid_t before = pid();
  plane_ = PlaneKind::nftables;
  reload(with_nftables + service(1));
  EXPECT_THAT(diary(3), UnorderedElementsAre("first", "clears", "next +TCP 10.0.0.1:80")) << "nothing is left there";
  EXPECT_TRUE(is_gone(before));
  plane_ = PlaneKind::ipvs;
  reload(with_ipvs + service(1));
  EXPECT_THAT(diary(5), Contains("clears").Times(2));
  EXPECT_THAT(removed_, IsEmpty());
}

TEST_F(LoadBalancingTest, one_that_the_same_plane_follows_is_killed) {
  plane_ = PlaneKind::nftables;
  begin(with_nftables + service(1));
  (void)diary(1);
  const pid_t before = pid();
  reload(with_nftables + service(2));
  EXPECT_EQ(diary(2)[1], "next +TCP 10.0.0.1:80, 1 left by nftables");
  reload(service(2));  // by either plane, which is the one that has them
  EXPECT_EQ(diary(3)[2], "next +TCP 10.0.0.1:80 +TCP 10.0.0.2:80, 1 left by nftables");
  EXPECT_TRUE(is_gone(before));
  EXPECT_EQ(written().size(), 3U) << "it takes nothing off";
}

// It is killed when yet another one follows, and nobody else looks there.
TEST_F(LoadBalancingTables, what_one_has_not_taken_off_yet_goes_when_the_next_one_is_replaced) {
  begin_and_linger_behind_ipvs();
  reload(with_ipvs + service(3));
  EXPECT_FALSE(has_table());
  EXPECT_EQ(diary(3)[2], "next +TCP 10.0.0.1:80 +TCP 10.0.0.2:80, 1 left by IPVS");
}

TEST_F(LoadBalancingTables, what_one_has_not_taken_off_yet_goes_when_the_next_one_is_dismissed) {
  begin_and_linger_behind_ipvs();
  reload("");
  EXPECT_FALSE(has_table());
  EXPECT_EQ(diary(3)[2], "takes off");
}

TEST_F(LoadBalancingTables, what_one_has_not_taken_off_yet_goes_at_the_stop) {
  begin_and_linger_behind_ipvs();
  balancing_.take_off_rest();
  EXPECT_FALSE(has_table());
}

TEST_F(LoadBalancingTest, one_that_is_dead_when_another_plane_follows_has_its_services_removed) {
  manner_ = Manner::dies;
  begin(with_ipvs + service(1));
  (void)diary(2);
  ASSERT_TRUE(is_gone(pid()));
  manner_ = Manner::serves;
  plane_ = PlaneKind::nftables;
  reload(with_nftables + service(2));
  (void)diary(3);
  EXPECT_THAT(removed_, ElementsAre("remove TCP 10.0.0.1:80"));
}

// ---------------------------------------------------------------- one that was dismissed

TEST_F(LoadBalancingTest, one_that_was_dismissed_takes_its_services_off_and_they_are_nobody_s_then) {
  begin(service(1));
  (void)diary(1);
  const pid_t before = pid();
  reload("");
  EXPECT_THAT(diary(2), ElementsAre("first", "takes off"));
  ASSERT_TRUE(is_gone(before));
  reload(service(2));
  EXPECT_EQ(diary(3)[2], "next, 0 left by IPVS");
}

// It would take off what the next one has just put there.
TEST_F(LoadBalancingTest, one_that_was_dismissed_is_killed_when_another_one_follows_that_has_its_rest_to_remove) {
  manner_ = Manner::lingers;
  begin(service(1));
  (void)diary(1);
  const pid_t before = pid();
  reload("");
  reload(globals("lvs_timeouts tcp 100"));  // that has no use for it either: it may finish
  EXPECT_TRUE(eventually([&, then = lingered().load()] { return lingered() > then + 1; }));
  manner_ = Manner::serves;
  reload(service(2));
  EXPECT_EQ(diary(2)[1], "next +TCP 10.0.0.1:80, 0 left by IPVS");
  EXPECT_TRUE(is_gone(before));
  EXPECT_FALSE(::kill(pid(), 0)) << "the next one lives";
  EXPECT_THAT(removed_, IsEmpty());
}

TEST_F(LoadBalancingTest, what_a_dismissed_one_has_not_removed_goes_when_the_next_one_serves_elsewhere) {
  manner_ = Manner::lingers;
  begin(with_ipvs + service(1));
  (void)diary(1);
  reload("");
  plane_ = PlaneKind::nftables;
  reload(with_nftables + service(2));
  (void)diary(2);
  EXPECT_THAT(removed_, ElementsAre("remove TCP 10.0.0.1:80"));
}

TEST_F(LoadBalancingTest, what_a_dismissed_one_has_in_a_namespace_is_not_looked_for_here) {
  const std::string elsewhere = "net_namespace_ipvs other\n";
  manner_ = Manner::lingers;
  begin(elsewhere + with_ipvs + service(1));
  (void)diary(1);
  reload(elsewhere);
  plane_ = PlaneKind::nftables;
  reload(elsewhere + with_nftables + service(2));
  (void)diary(2);
  EXPECT_THAT(removed_, IsEmpty());
}

TEST_F(LoadBalancingTables, what_a_dismissed_one_has_not_removed_from_nftables_goes_likewise) {
  manner_ = Manner::lingers;
  plane_ = PlaneKind::nftables;
  begin(with_nftables + service(1));
  (void)diary(1);
  add_table();
  reload("");
  EXPECT_TRUE(has_table()) << "it is its own business";
  plane_ = PlaneKind::ipvs;
  reload(with_ipvs + service(2));
  (void)diary(2);
  EXPECT_FALSE(has_table());
  EXPECT_THAT(removed_, IsEmpty()) << "it served by nftables alone";
}

TEST_F(LoadBalancingTest, one_that_is_dead_when_it_is_dismissed_has_its_services_removed) {
  manner_ = Manner::dies;
  begin(service(1));
  (void)diary(2);
  ASSERT_TRUE(is_gone(pid()));
  reload("");
  EXPECT_THAT(removed_, ElementsAre("remove TCP 10.0.0.1:80"));
  EXPECT_EQ(written().size(), 2U);
}

// By the kernel that runs out of memory, say.
class KilledWhileItTakesOff : public Balancers {
 protected:
  void SetUp() override {
    Balancers::SetUp();
    manner_ = Manner::lingers;
    begin(service(1));
    (void)diary(1);
    reload("");
    kill_balancer();
    ASSERT_TRUE(is_gone(pid()));
  }
};

TEST_F(KilledWhileItTakesOff, one_leaves_its_rest_to_the_next_one) {
  manner_ = Manner::serves;
  reload(service(2));
  EXPECT_EQ(diary(2)[1], "next +TCP 10.0.0.1:80, 0 left by IPVS");
}

TEST_F(KilledWhileItTakesOff, one_leaves_its_rest_to_the_stop) {
  options_.keep_services = true;  // which is not about that
  balancing_.take_off_rest();
  EXPECT_THAT(removed_, ElementsAre("remove TCP 10.0.0.1:80"));
}

// ---------------------------------------------------------------- the end

TEST_F(LoadBalancingTest, what_one_that_was_killed_has_left_is_removed) {
  balancing_.take_off_rest();
  begin(service(1));
  (void)diary(1);
  reload(service(2));
  (void)diary(2);
  balancing_.take_off_rest();
  EXPECT_THAT(removed_, ElementsAre("remove TCP 10.0.0.1:80", "remove TCP 10.0.0.2:80"));
  removed_.clear();
  settles_ = true;
  reload(service(3));
  (void)diary(3);
  balancing_.take_off_rest();
  EXPECT_THAT(removed_, ElementsAre("remove TCP 10.0.0.3:80")) << "others may be somebody else's";
  removed_.clear();
  options_.keep_services = true;
  balancing_.take_off_rest();
  EXPECT_THAT(removed_, IsEmpty());
}

TEST_F(LoadBalancingTables, nothing_of_the_other_plane_is_removed) {
  add_table();
  begin(with_ipvs + service(1));
  (void)diary(1);
  balancing_.take_off_rest();
  EXPECT_TRUE(has_table());
  EXPECT_THAT(removed_, ElementsAre("remove TCP 10.0.0.1:80"));
  removed_.clear();
  plane_ = PlaneKind::nftables;
  reload(with_nftables + service(1));
  (void)diary(3);
  balancing_.take_off_rest();
  EXPECT_FALSE(has_table());
  EXPECT_THAT(removed_, IsEmpty());
}

// One that was killed before it said what serves may have written to any.
TEST_F(LoadBalancingTables, where_nobody_said_what_serves_both_are_looked_at) {
  plane_ = PlaneKind::none;
  add_table();
  begin(service(1));
  (void)diary(1);
  balancing_.take_off_rest();
  EXPECT_FALSE(has_table());
  EXPECT_THAT(removed_, ElementsAre("remove TCP 10.0.0.1:80"));
}

// ---------------------------------------------------------------- a real one

TEST_F(LoadBalancingTables, a_real_one_is_settled_when_what_configurations_before_had_is_off) {
  manner_ = Manner::is_real;
  const auto is_settled = [&] { return balancing_.shown().board.plane().is_settled; };
  begin(with_nftables + service(1));
  ASSERT_TRUE(eventually([&] { return has_service(1) && is_settled(); }));
  reload(with_nftables + service(2));
  ASSERT_TRUE(eventually(is_settled));
  EXPECT_FALSE(has_service(1));
  EXPECT_TRUE(eventually([] { return has_service(2); }));
  bool has_ended = false;
  balancing_.end([&] { has_ended = true; });
  EXPECT_TRUE(eventually([&] { return has_ended; }));
  EXPECT_FALSE(has_table());
}

// -I and lvs_flush_on_stop are about the stop of the daemon.
TEST_F(LoadBalancingTables, a_real_one_that_is_dismissed_takes_its_services_off_although_the_stop_would_not) {
  options_.keep_services = true;
  manner_ = Manner::is_real;
  begin(with_nftables + service(1));
  ASSERT_TRUE(eventually([] { return has_service(1); }));
  reload(with_nftables);
  EXPECT_TRUE(eventually([] { return !has_table(); }));
}

}  // namespace
}  // namespace baton::daemon
