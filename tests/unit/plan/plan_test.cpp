#include "plan/plan.h"

#include <gmock/gmock.h>

#include "unit/plan/made_plan.h"

namespace baton::plan {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr double close = 0.002;  // a LAN's and a kernel's delays

// ---------------------------------------------------------------- machines and daemons

TEST(Plan, at_the_start_the_best_takes_the_address_when_nobody_is_heard) {
  const Plan plan = plan_of({instance(110), instance(100)});
  const Outcome start = outcome(plan, "start");
  EXPECT_EQ(move(plan, start), "nobody -> web1");
  EXPECT_NEAR(seconds(start), 3 + 146.0 / 256, close);
  EXPECT_EQ(start.why, "web1 heard nobody for 3.57 s");
  EXPECT_THAT(complaints(plan), IsEmpty());
}

TEST(Plan, a_machine_that_vanishes_is_followed_after_the_master_down_interval) {
  const Plan plan = plan_of({instance(110), instance(100)});
  const Outcome gone = outcome(plan, "web1 vanishes");
  EXPECT_EQ(move(plan, gone), "web1 -> web2");
  EXPECT_NEAR(seconds(gone), 3 + 156.0 / 256, close);  // right after an advert: the longest it can take
  EXPECT_EQ(gone.no_owner, *gone.settled_after);
  EXPECT_EQ(gone.two_owners, Duration::zero());
  EXPECT_EQ(gone.why, "web2 heard nothing for 3.61 s");
}

TEST(Plan, a_machine_that_returns_takes_the_address_back_and_nobody_misses_it) {
  const Plan plan = plan_of({instance(110), instance(100)});
  const Outcome back = outcome(plan, "web1 returns");
  EXPECT_EQ(move(plan, back), "web2 -> web1");
  EXPECT_EQ(back.no_owner, Duration::zero());
  EXPECT_EQ(back.why, "web1 has 110 and heard web2's 100");
  EXPECT_EQ(move(plan, "web2 returns"), "web1 -> web1");
  EXPECT_THAT(message(plan, "preempts"), HasSubstr("to web1"));
}

TEST(Plan, with_nopreempt_the_address_stays_where_it_is) {
  const Plan plan = plan_of({instance(110, "nopreempt"), instance(100, "nopreempt")});
  EXPECT_EQ(move(plan, "web1 vanishes"), "web1 -> web2");
  const Outcome back = outcome(plan, "web1 returns");
  EXPECT_EQ(move(plan, back), "web2 -> web2");
  EXPECT_EQ(back.why, "web1 has 110 and nopreempt; web2 keeps it with 100");
  EXPECT_EQ(message(plan, "preempts"), "");
}

TEST(Plan, a_preempt_delay_is_waited_out) {
  const Plan plan = plan_of({instance(110, "preempt_delay 30"), instance(100)});
  const Outcome back = outcome(plan, "web1 returns");
  EXPECT_EQ(move(plan, back), "web2 -> web1");
  EXPECT_GT(seconds(back), 30);
  EXPECT_LT(seconds(back), 33);
  EXPECT_THAT(back.why, HasSubstr("after its preempt_delay of 30.00 s"));
}

TEST(Plan, a_daemon_that_stops_hands_over_without_a_gap) {
  const Plan plan = plan_of({instance(110), instance(100)});
  const Outcome stop = outcome(plan, "the daemon of web1 stops");
  EXPECT_EQ(move(plan, stop), "web1 -> web2");
  EXPECT_NEAR(seconds(stop), 156.0 / 256, 2 * close);
  EXPECT_EQ(stop.no_owner, Duration::zero());
  EXPECT_GT(stop.two_owners, Duration::zero());
  EXPECT_EQ(stop.why, "web2 followed the goodbye after 609 ms");
  EXPECT_EQ(move(plan, "the daemon of web1 starts again"), "web2 -> web1");
}

TEST(Plan, a_daemon_that_is_killed_says_no_goodbye_and_a_dead_worker_is_replaced) {
  const Plan plan = plan_of({instance(110), instance(100)});
  const Outcome crash = outcome(plan, "all of the daemon of web1 is killed");
  EXPECT_EQ(move(plan, crash), "web1 -> web2");
  EXPECT_NEAR(seconds(crash), 3 + 156.0 / 256, close);
  const Outcome worker = outcome(plan, "the worker of web1 dies");
  EXPECT_EQ(move(plan, worker), "web1 -> web1");
  EXPECT_FALSE(worker.settled_after);
  EXPECT_EQ(worker.why, "the next worker of web1 goes on as MASTER");
}

TEST(Plan, of_three_nodes_the_next_best_takes_over) {
  const Plan plan = plan_of({instance(110), instance(105), instance(100)}, {.pairs = true});
  EXPECT_EQ(move(plan, "web1 vanishes"), "web1 -> web2");
  EXPECT_EQ(move(plan, "web2 vanishes"), "web1 -> web1");
  EXPECT_EQ(move(plan, "web2 vanishes after web1 vanishing"), "web2 -> web3");
  EXPECT_THAT(complaints(plan), IsEmpty());
}

TEST(Plan, one_node_alone_is_a_finding) {
  const Plan plan = plan_of({instance(100)});
  EXPECT_EQ(move(plan, "start"), "nobody -> web1");
  const Outcome gone = outcome(plan, "web1 vanishes");
  EXPECT_EQ(move(plan, gone), "web1 -> nobody");
  EXPECT_EQ(gone.settled_after, Duration::zero());
  EXPECT_EQ(gone.why, "nobody can hold it: web1 does not run");
  EXPECT_THAT(complaints(plan), ElementsAre("error alone"));
  EXPECT_EQ(plan.worst(), Severity::error);
}

TEST(Plan, vrrp_version_3_at_ten_milliseconds) {
  const std::string quick = "version 3\nadvert_int 0.01\n";
  const Plan plan = plan_of({instance(110, quick), instance(100, quick)});
  const Outcome gone = outcome(plan, "web1 vanishes");
  EXPECT_EQ(move(plan, gone), "web1 -> web2");
  EXPECT_NEAR(seconds(gone), 0.03 + 0.01 * 156 / 256, 0.0005);
  EXPECT_EQ(move(plan, "the worker of web1 dies"), "web1 -> web1");
}

// ---------------------------------------------------------------- what is tracked

TEST(Plan, a_script_whose_weight_decides_moves_the_address_at_once) {
  const std::string check = script("interval 2\nfall 3\nweight -20");
  const Plan plan = plan_of({check + instance(110, track_nginx), check + instance(100, track_nginx)});
  const Outcome failed = outcome(plan, "chk_nginx fails on web1");
  EXPECT_EQ(move(plan, failed), "web1 -> web2");
  // Three runs, then the skew time of a backup that hears a master below itself.
  EXPECT_NEAR(seconds(failed), 3 * 2 + 156.0 / 256, 2 * close);
  EXPECT_EQ(failed.why, "web1's priority fell from 110 to 90 when chk_nginx failed, web2 has 100");
  EXPECT_EQ(failed.no_owner, Duration::zero());
  EXPECT_EQ(move(plan, "chk_nginx succeeds again on web1"), "web2 -> web1");
  EXPECT_THAT(complaints(plan), IsEmpty());
}

TEST(Plan, a_script_whose_weight_does_not_decide_is_a_finding) {
  const std::string check = script("interval 2\nweight 2");
  const Plan plan = plan_of({check + instance(110, track_nginx), check + instance(100, track_nginx)});
  const Outcome failed = outcome(plan, "chk_nginx fails on web1");
  EXPECT_EQ(move(plan, failed), "web1 -> web1");
  EXPECT_EQ(failed.why, "web1's priority fell from 112 to 110 when chk_nginx failed, web2 has 102");
  EXPECT_THAT(complaints(plan), ElementsAre("warning moves-nothing"));
  EXPECT_EQ(message(plan, "moves-nothing"), "chk_nginx failing on web1 moves nothing: 110 still beats 100+2");
}

TEST(Plan, a_check_that_asks_about_a_process_notices_its_end_at_once) {
  const std::string check = script("interval 10", "/usr/bin/killall -0 nginx");
  const Plan plan = plan_of({check + instance(110, track_nginx), check + instance(100, track_nginx)});
  const Outcome died = outcome(plan, "nginx dies on web1");
  EXPECT_EQ(move(plan, died), "web1 -> web2");
  EXPECT_NEAR(seconds(died), 156.0 / 256, close);
  EXPECT_THAT(died.why, HasSubstr("web1 went to FAULT when nginx died"));
  const Outcome back = outcome(plan, "nginx runs again on web1");
  EXPECT_EQ(move(plan, back), "web2 -> web1");
  EXPECT_LT(seconds(back), 5);
}

// What comes of an event later comes at the worst moment too: every master has just sent an advert.
TEST(Plan, what_is_noticed_late_is_noticed_right_after_an_advert) {
  const std::string check = script("interval 1.5");
  const Plan plan = plan_of({check + instance(110, track_nginx), check + instance(100, track_nginx)});
  const Outcome back = outcome(plan, "chk_nginx succeeds again on web1");
  EXPECT_EQ(move(plan, back), "web2 -> web1");
  // The check's run, the next advert, and the skew time of a backup that hears a master below itself.
  EXPECT_NEAR(seconds(back), 1.5 + 1 + 146.0 / 256, 2 * close);
}

TEST(Plan, who_begins_to_listen_does_so_right_after_an_advert) {
  const std::string delay = "global_defs {\nvrrp_startup_delay 10.5\n}\n";
  const Plan plan = plan_of({delay + instance(110), delay + instance(100)});
  EXPECT_NEAR(seconds(outcome(plan, "the daemon of web1 starts again")), 10.5 + 1 + 146.0 / 256, 2 * close);
}

TEST(Plan, hours_between_two_runs_of_a_check_cost_nothing) {
  const std::string check = script("interval 3600\nfall 5");
  const Plan plan =
      plan_of({check + instance(110, track_nginx), check + instance(100, track_nginx)}, {.steps = 100'000});
  EXPECT_NEAR(seconds(outcome(plan, "chk_nginx fails on web1")), 5 * 3600 + 156.0 / 256, 2 * close);
  EXPECT_THAT(complaints(plan), IsEmpty());
}

TEST(Plan, a_tracked_process_counts_after_its_delay) {
  const std::string process = "vrrp_track_process haproxy {\nprocess haproxy\nweight -20\nterminate_delay 1.5\n}\n";
  const std::string tracks = "track_process {\nhaproxy\n}\n";
  const Plan plan = plan_of({process + instance(110, tracks), process + instance(100, tracks)});
  const Outcome died = outcome(plan, "haproxy dies on web1");
  EXPECT_EQ(move(plan, died), "web1 -> web2");
  EXPECT_NEAR(seconds(died), 1.5 + 156.0 / 256, 2 * close);
}

TEST(Plan, a_link_that_goes_down_is_silence_for_the_others) {
  const Plan plan = plan_of({instance(110), instance(100)});
  const Outcome down = outcome(plan, "eth0 of web1 goes down");
  EXPECT_EQ(move(plan, down), "web1 -> web2");
  EXPECT_NEAR(seconds(down), 3 + 156.0 / 256, close);
  EXPECT_EQ(down.why, "web1 went to FAULT when eth0 went down, web2 heard nothing for 3.61 s");
  EXPECT_EQ(move(plan, "eth0 of web1 is up again"), "web2 -> web1");
}

TEST(Plan, an_interface_that_is_tracked_beside_the_lan_is_given_up_with_a_goodbye) {
  const std::string tracks = "track_interface {\neth1\n}\n";
  const Plan plan = plan_of({instance(110, tracks), instance(100, tracks)});
  const Outcome down = outcome(plan, "eth1 of web1 goes down");
  EXPECT_EQ(move(plan, down), "web1 -> web2");
  EXPECT_NEAR(seconds(down), 156.0 / 256, close);
}

// ---------------------------------------------------------------- groups

TEST(Plan, a_sync_group_moves_as_a_whole) {
  const std::string group = "vrrp_sync_group VG_1 {\ngroup {\nVI_1\nVI_2\n}\n}\n";
  const std::string check = script("interval 1");
  const auto node = [&](int priority) {
    return check + group + instance(priority, track_nginx) + instance(priority, "", "VI_2", 51);
  };
  const Plan plan = plan_of({node(110), node(100)});
  EXPECT_EQ(move(plan, "chk_nginx fails on web1", "VI_1"), "web1 -> web2");
  const Outcome second = outcome(plan, "chk_nginx fails on web1", "VI_2");
  EXPECT_EQ(move(plan, second), "web1 -> web2");
  EXPECT_THAT(second.why, HasSubstr("web1 went to FAULT with its sync group VG_1 when chk_nginx failed"));
}

TEST(Plan, a_group_that_two_nodes_want_differently_moves_to_and_fro_and_ends_somewhere) {
  const std::string group = "vrrp_sync_group VG_1 {\ngroup {\nVI_1\nVI_2\n}\n}\n";
  const Plan plan = plan_of(
      {group + instance(150) + instance(100, "", "VI_2", 51), group + instance(100) + instance(150, "", "VI_2", 51)});
  EXPECT_THAT(complaints(plan), ElementsAre("warning flaps", "warning flaps"));  // at the start, and after a split
  const Outcome gone = outcome(plan, "web1 vanishes", "VI_2");
  EXPECT_EQ(move(plan, gone), "web1 -> web2");
  EXPECT_EQ(gone.why, "web2 heard nothing for 3.61 s");  // what web1 said before it vanished is no reason any more
  EXPECT_EQ(outcome(plan, "web2 returns", "VI_2").why,
            "web2 has 150, and its sync group VG_1 is BACKUP; web1 keeps it with 100");
}

// ---------------------------------------------------------------- who hears whom

TEST(Plan, another_password_makes_two_owners) {
  const std::string one = "authentication {\nauth_type PASS\nauth_pass one\n}\n";
  const std::string two = "authentication {\nauth_type PASS\nauth_pass two\n}\n";
  const Plan plan = plan_of({instance(110, one), instance(100, two)});
  const Outcome start = outcome(plan, "start");
  EXPECT_EQ(move(plan, start), "nobody -> web1+web2");
  EXPECT_THAT(start.why, HasSubstr("adverts away"));
  EXPECT_THAT(complaints(plan), testing::Contains("error two-owners"));
  EXPECT_THAT(complaints(plan), testing::Contains("error adverts-rejected"));
}

TEST(Plan, another_vrid_for_the_same_address_makes_two_owners) {
  const std::string other =
      "vrrp_instance VI_1 {\ninterface eth0\nvirtual_router_id 77\nvirtual_ipaddress {\n10.0.20.100\n}\n}\n";
  const Plan plan = plan_of({instance(110), other});
  EXPECT_EQ(plan.rings, std::vector<std::string>{"VI_1"});
  EXPECT_EQ(outcome(plan, "start").why,
            "web1 speaks as VRID 50 and web2 as 77 (virtual_router_id): neither minds the other's adverts");
}

TEST(Plan, unicast_peers_hear_each_other_by_their_addresses) {
  const std::string first = "unicast_src_ip 10.0.20.1\nunicast_peer {\n10.0.20.2\n}\n";
  const std::string second = "unicast_src_ip 10.0.20.2\nunicast_peer {\n10.0.20.1\n}\n";
  EXPECT_EQ(move(plan_of({instance(110, first), instance(100, second)}), "start"), "nobody -> web1");
  const std::string astray = "unicast_src_ip 10.0.20.2\nunicast_peer {\n10.0.20.3\n}\n";
  EXPECT_EQ(move(plan_of({instance(110, first), instance(100, astray)}), "start"), "nobody -> web1");
  const Plan deaf = plan_of({instance(100, first), instance(110, astray)});
  EXPECT_EQ(move(deaf, "start"), "nobody -> web1+web2");
  EXPECT_EQ(outcome(deaf, "start").why, "web2 sends to 10.0.20.3 (unicast_peer), and web1 is 10.0.20.1");
}

TEST(Plan, unicast_peers_are_told_apart_by_who_calls_whom_a_peer) {
  const auto peers = [](const std::string& addresses) { return "unicast_peer {\n" + addresses + "}\n"; };
  const std::string all = peers("10.0.20.1\n10.0.20.2\n");
  EXPECT_EQ(move(plan_of({instance(110, peers("10.0.20.2\n")), instance(100, peers("10.0.20.1\n"))}), "start"),
            "nobody -> web1");
  EXPECT_EQ(move(plan_of({instance(110, all), instance(100, all)}), "start"), "nobody -> web1");
  const Plan astray = plan_of({instance(110, peers("10.0.20.2\n")), instance(100, peers("10.0.20.2\n"))});
  EXPECT_EQ(move(astray, "start"), "nobody -> web1+web2");
}

TEST(Plan, ten_nodes_with_a_hundred_instances_are_within_the_budget) {
  std::vector<std::string> nodes;
  for (int node = 0; node < 10; ++node) {
    std::string text = script("weight -40");
    for (int i = 0; i < 100; ++i)
      text += instance(200 - (node + i) % 10 * 5, track_nginx, fmt::format("VI_{}", i), i + 1);
    nodes.push_back(std::move(text));
  }
  const Plan plan = plan_of(nodes, {.steps = limits::steps / 10});
  EXPECT_EQ(plan.rings.size(), 100U);
  EXPECT_THAT(complaints(plan), IsEmpty());
}

TEST(Plan, a_link_that_nobody_tracks_splits_the_nodes) {
  const Plan plan = plan_of({instance(110, "dont_track_primary"), instance(100, "dont_track_primary")});
  const Outcome down = outcome(plan, "eth0 of web1 goes down");
  EXPECT_EQ(move(plan, down), "web1 -> web1+web2");
  EXPECT_EQ(down.why, "web1 goes on as MASTER on a link that is down");
  EXPECT_THAT(complaints(plan), IsEmpty());  // nobody reaches web1 there
  EXPECT_THAT(message(plan, "cut-off-owner"), HasSubstr("eth0 of web1 going down"));
}

TEST(Plan, interfaces_of_other_names_are_one_lan_by_their_address) {
  const std::string other =
      "vrrp_instance VI_1 {\ninterface ens3\nvirtual_router_id 50\npriority 90\nvirtual_ipaddress "
      "{\n10.0.20.100\n}\n}\n";
  EXPECT_EQ(move(plan_of({instance(110), other}), "start"), "nobody -> web1");
}

TEST(Plan, an_address_in_two_instances_of_a_node_is_held_until_both_let_go) {
  const auto twice = [](int priority) {
    return instance(priority) + instance(priority - 5, "virtual_ipaddress_excluded {\n10.0.20.100\n}", "VI_2", 51);
  };
  const Plan plan = plan_of({twice(110), twice(100)});
  EXPECT_THAT(plan.rings, ElementsAre("VI_1", "VI_2"));
  EXPECT_EQ(move(plan, "start"), "nobody -> web1");
  const Outcome gone = outcome(plan, "the daemon of web1 stops");
  EXPECT_EQ(move(plan, gone), "web1 -> web2");
  EXPECT_EQ(gone.no_owner, Duration::zero());
  EXPECT_THAT(complaints(plan), IsEmpty());
}

// ---------------------------------------------------------------- every address of every list

std::string with_addresses(int priority, const std::string& addresses, const std::string& excluded = "") {
  const std::string more = excluded.empty() ? "" : "virtual_ipaddress_excluded {\n" + excluded + "}\n";
  return fmt::format(
      "vrrp_instance VI_1 {{\ninterface eth0\nvirtual_router_id 50\npriority {}\nvirtual_ipaddress {{\n{}}}\n{}}}\n",
      priority, addresses, more);
}

TEST(Plan, an_address_that_one_node_lacks_is_gone_with_the_other) {
  const Plan plan = plan_of({with_addresses(110, "10.0.20.100\n10.0.20.101\n"), with_addresses(100, "10.0.20.100\n")});
  EXPECT_THAT(plan.rings, ElementsAre("VI_1", "VI_1 10.0.20.101"));
  EXPECT_EQ(move(plan, "web1 vanishes"), "web1 -> web2");
  const Outcome gone = outcome(plan, "web1 vanishes", "VI_1 10.0.20.101");
  EXPECT_EQ(move(plan, gone), "web1 -> nobody");
  EXPECT_EQ(gone.why, "web2 is MASTER, and 10.0.20.101 is not in its list");
  EXPECT_EQ(move(plan, "web1 returns", "VI_1 10.0.20.101"), "nobody -> web1");
  EXPECT_THAT(complaints(plan), ElementsAre("error lists-differ"));
  EXPECT_EQ(message(plan, "lists-differ"), "web2 has no 10.0.20.101 in its list: nobody holds it when web2 is MASTER");
}

TEST(Plan, an_address_that_the_master_lacks_is_nobodys_from_the_start) {
  const Plan plan = plan_of(
      {with_addresses(110, "10.0.20.100\n"), with_addresses(100, "10.0.20.100\n", "10.0.20.102\n2001:db8::1\n")});
  EXPECT_EQ(move(plan, "start", "VI_1 10.0.20.102"), "nobody -> nobody");
  EXPECT_THAT(complaints(plan), ElementsAre("error lists-differ"));
  EXPECT_THAT(message(plan, "lists-differ"), HasSubstr("web1 has no 10.0.20.102, 2001:db8::1 in its list"));
}

TEST(Plan, ten_thousand_addresses_of_two_kinds_are_two_rings) {
  std::string all;
  for (int i = 0; i < 10'000; ++i) all += fmt::format("10.1.{}.{}\n", i / 250, i % 250 + 1);
  const std::string short_list = all.substr(all.find('\n') + 1);
  const Plan plan =
      plan_of({with_addresses(110, "10.0.20.100\n", all), with_addresses(100, "10.0.20.100\n", short_list)});
  EXPECT_THAT(plan.rings, ElementsAre("VI_1", "VI_1 10.1.0.1"));
}

TEST(Plan, equal_priorities_are_told) {
  const Plan plan = plan_of({instance(100), instance(100)});
  EXPECT_EQ(move(plan, "start"), "nobody -> web2");
  EXPECT_THAT(message(plan, "tie"), HasSubstr("web1 and web2 have the same priority 100"));
}

TEST(Plan, two_owners_take_it_from_each_other_and_nopreempt_is_no_mend) {
  const Plan plan = plan_of({instance(255, "state MASTER"), instance(255, "state MASTER")});
  EXPECT_THAT(complaints(plan), ElementsAre("error owners"));
  EXPECT_EQ(message(plan, "preempts"),
            "it moves back to web2 when that is well again, the owner of the address "
            "(priority 255)");
}

// ---------------------------------------------------------------- splits, files, hanging checks, pairs

TEST(Plan, a_network_that_splits_has_an_owner_on_each_side_until_it_is_whole_again) {
  const Plan plan = plan_of({instance(110), instance(105), instance(100)});
  const Outcome split = outcome(plan, "the network splits between web1, web2 and web3");
  EXPECT_EQ(move(plan, split), "web1 -> web1+web3");
  EXPECT_NEAR(seconds(split), 3 + 156.0 / 256, close);
  EXPECT_EQ(split.why, "web1 and web3 do not hear each other");
  const Outcome whole = outcome(plan, "the network is whole again");
  EXPECT_EQ(move(plan, whole), "web1+web3 -> web1");
  EXPECT_NEAR(seconds(whole), 1, close);  // the next advert of the better one
  EXPECT_THAT(complaints(plan), IsEmpty());
  EXPECT_THAT(message(plan, "split"), HasSubstr("the network splitting between web1, web2 and web3"));
}

TEST(Plan, a_number_in_a_tracked_file_is_a_fault_and_no_fault_again) {
  const std::string file = "vrrp_track_file maintenance {\nfile /run/maintenance\ninit_file 0\n}\n";
  const auto node = [&](int priority, const std::string& weight) {
    return file + instance(priority, "track_file {\nmaintenance" + weight + "\n}\n");
  };
  const Plan weighted = plan_of({node(110, " weight 2"), node(100, " weight 2")});
  const Outcome said = outcome(weighted, "maintenance says -127 on web1");
  EXPECT_EQ(move(weighted, said), "web1 -> web2");
  EXPECT_EQ(said.why, "web1 went to FAULT when maintenance said -127, web2 followed the goodbye after 609 ms");
  EXPECT_EQ(move(weighted, "maintenance says 0 again on web1"), "web2 -> web1");
  EXPECT_EQ(move(plan_of({node(110, " weight 0"), node(100, " weight 0")}), "maintenance says 1 on web1"),
            "web1 -> web2");
  EXPECT_EQ(move(plan_of({node(110, " weight 2 reverse"), node(100, "")}), "maintenance says 127 on web1"),
            "web1 -> web2");
}

TEST(Plan, a_check_that_hangs_is_noticed_by_its_timeout) {
  const std::string check = script("interval 5\ntimeout 2\nfall 2");
  const Plan plan = plan_of({check + instance(110, track_nginx), check + instance(100, track_nginx)});
  const Outcome hung = outcome(plan, "chk_nginx hangs on web1");
  EXPECT_EQ(move(plan, hung), "web1 -> web2");
  EXPECT_NEAR(seconds(hung), 2 * 5 + 2 + 156.0 / 256, 2 * close);
  const std::string slow = script("interval 1\ntimeout 2.5\nfall 2");
  EXPECT_NEAR(seconds(outcome(plan_of({slow + instance(110, track_nginx), slow + instance(100, track_nginx)}),
                              "chk_nginx hangs on web1")),
              1 + 2.5 + 3 + 156.0 / 256, 2 * close);
}

TEST(Plan, a_pair_of_failures_that_leaves_two_owners_is_a_finding) {
  // web3 and web4 do not name each other: it takes the loss of two to see it.
  const auto node = [](int number, const std::string& peers) {
    return instance(120 - number, fmt::format("unicast_src_ip 10.0.20.{}\nunicast_peer {{\n{}}}\n", number, peers));
  };
  const std::vector<std::string> nodes{node(1, "10.0.20.2\n10.0.20.3\n10.0.20.4\n"),
                                       node(2, "10.0.20.1\n10.0.20.3\n10.0.20.4\n"), node(3, "10.0.20.1\n10.0.20.2\n"),
                                       node(4, "10.0.20.1\n10.0.20.2\n")};
  EXPECT_THAT(complaints(plan_of(nodes)), IsEmpty());
  const Plan plan = plan_of(nodes, {.pairs = true});
  EXPECT_THAT(complaints(plan), testing::Contains("error two-owners"));
  EXPECT_THAT(message(plan, "two-owners"), HasSubstr("web2 vanishes after web1 vanishing: web3 and web4 both hold it"));
}

// ---------------------------------------------------------------- bounds

TEST(Plan, what_is_too_much_is_said_and_not_played) {
  const Plan plan = plan_of({instance(110), instance(100)}, {.steps = 30});
  EXPECT_THAT(complaints(plan), ElementsAre("error not-played"));
}

TEST(Plan, only_some_events) {
  const Plan plan = plan_of({instance(110), instance(100)}, {.only = "machine"});
  std::vector<std::string> titles;
  for (const Scenario& each : plan.scenarios) titles.push_back(each.title);
  EXPECT_THAT(titles, ElementsAre("web1 vanishes", "web1 returns", "web2 vanishes", "web2 returns"));
}

TEST(Plan, files_without_an_instance_are_a_plan_without_rings) {
  const Plan plan = plan_of({"global_defs {\nrouter_id one\n}\n"});
  EXPECT_THAT(plan.rings, IsEmpty());
}

}  // namespace
}  // namespace baton::plan
