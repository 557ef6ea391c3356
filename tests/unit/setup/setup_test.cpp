#include "setup/setup.h"

#include <gmock/gmock.h>

#include "unit/setup/made_setup.h"

namespace baton::setup {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// One instance with further lines, and what stands before it.
Setup setup_with(const std::string& lines, const std::string& before = {}) {
  return setup_of(
      before + "\nvrrp_instance VI_1 {\ninterface eth0\nvirtual_router_id 50\nvirtual_ipaddress {\n10.0.0.1/24\n}\n" +
      lines + "\n}\n");
}
vrrp::RouterParameters router(const std::string& lines, const std::string& before = {}) {
  return setup_with(lines, before).node.routers.at(0).router;
}
vrrp::CodecParameters codec(const std::string& lines, const std::string& before = {}) {
  return setup_with(lines, before).routers.at(0).codec;
}

TEST(Setup, a_plain_instance_has_the_defaults_of_keepalived) {
  const auto setup = setup_with("");
  const RouterSetup& it = setup.routers.at(0);
  EXPECT_EQ(it.name, "VI_1");
  EXPECT_EQ(it.interface, "eth0");
  EXPECT_EQ(it.codec.vrid, 50);
  EXPECT_EQ(it.codec.version, vrrp::Version::v2);
  EXPECT_EQ(it.codec.family, Family::ipv4);
  EXPECT_EQ(it.codec.advert_interval, 1s);
  EXPECT_EQ(it.codec.ttl, 255);
  EXPECT_EQ(it.codec.addresses, std::vector{*IpAddress::parse("10.0.0.1")});
  EXPECT_EQ(it.addresses.at(0).device, "eth0");
  EXPECT_EQ(setup.node.routers.at(0).router.base_priority, 100);
  EXPECT_EQ(setup.node.routers.at(0).router.preempt, vrrp::Preempt::yes);
  EXPECT_THAT(setup.node.routers.at(0).links, ElementsAre("eth0"));
  EXPECT_THAT(setup.problems, IsEmpty());
  EXPECT_THAT(setup.not_carried_out, IsEmpty());
}

TEST(Setup, another_address_list_is_accepted_but_for_strict_mode) {  // docs/decisions/0005
  EXPECT_TRUE(codec("").accept_other_address_lists);
  EXPECT_FALSE(codec("strict_mode on").accept_other_address_lists);
  EXPECT_TRUE(codec("strict_mode on\nskip_check_adv_addr").accept_other_address_lists);
  EXPECT_TRUE(setup_with("").routers.at(0).compares_address_lists);
  EXPECT_FALSE(setup_with("", "global_defs {\nvrrp_skip_check_adv_addr\n}").routers.at(0).compares_address_lists);
}

TEST(Setup, keywords_of_the_router) {
  EXPECT_EQ(router("priority 150").base_priority, 150);
  EXPECT_EQ(router("state MASTER").wanted_state, vrrp::State::master);
  EXPECT_EQ(router("nopreempt").preempt, vrrp::Preempt::no);
  EXPECT_EQ(router("preempt_delay 30").preempt_delay, 30s);
  EXPECT_EQ(router("version 3\nadvert_int 0.25").advert_interval, 250ms);
  EXPECT_EQ(router("version 3").version, vrrp::Version::v3);
  EXPECT_EQ(router("down_timer_adverts 5").down_timer_adverts, 5U);
  EXPECT_TRUE(router("lower_prio_no_advert").lower_priority_no_advert);
  EXPECT_TRUE(router("higher_prio_send_advert").higher_priority_send_advert);
  EXPECT_FALSE(router("make_before_break no").make_before_break);
  EXPECT_EQ(router("", "global_defs {\nvrrp_startup_delay 7\n}").startup_delay, 7s);
  EXPECT_EQ(router("", "global_defs {\nvrrp_delay_after_boot 7\n}").earliest_start, Instant(7s));
  EXPECT_EQ(router("nopreempt\ntimer_expired_backup 128").rival_priority, 128);
  EXPECT_EQ(router("nopreempt\nthread_timer_expired").rival_priority, 254);
  EXPECT_EQ(router("timer_expired_backup").rival_priority, std::nullopt);  // master may rise again by itself
  EXPECT_EQ(router("garp_master_delay 3").announcements.delay, 3s);
  EXPECT_EQ(router("garp_master_repeat 2").announcements.repeat, 2U);
  EXPECT_EQ(router("garp_master_refresh 60").announcements.refresh, 60s);
  EXPECT_EQ(router("garp_master_refresh_repeat 4").announcements.refresh_repeat, 4U);
  EXPECT_EQ(router("garp_lower_prio_repeat 6").announcements.lower_priority_repeat, 6U);
  EXPECT_EQ(router("garp_lower_prio_delay 8").announcements.lower_priority_delay, 8s);
}

TEST(Setup, keywords_of_the_codec) {
  EXPECT_EQ(codec("authentication {\nauth_type AH\nauth_pass tule\n}").authentication.type, vrrp::AuthType::ah);
  EXPECT_EQ(codec("authentication {\nauth_type PASS\nauth_pass tule\n}").authentication.password[3], 'e');
  EXPECT_EQ(codec("unicast_src_ip 10.0.0.5\nunicast_peer {\n10.0.0.6\n}").peers.at(0).address,
            *IpAddress::parse("10.0.0.6"));
  EXPECT_TRUE(codec("unicast_peer {\n10.0.0.6\n}\ncheck_unicast_src").check_unicast_source);
  EXPECT_EQ(setup_with("mcast_src_ip 10.0.0.5").routers[0].configured_source, IpAddress::parse("10.0.0.5"));
  EXPECT_EQ(codec("", "global_defs {\nvrrp_mcast_group4 224.0.0.99\n}").multicast_group,
            *IpAddress::parse("224.0.0.99"));
}

TEST(Setup, how_the_worker_is_scheduled) {
  const Scheduling it = setup_with("",
                                   "global_defs {\nvrrp_priority -5\nvrrp_rt_priority 20\nvrrp_cpu_affinity 0 2\n"
                                   "vrrp_rlimit_rttime 20000\n}")
                            .scheduling;
  EXPECT_EQ(it.nice, -5);
  EXPECT_EQ(it.real_time_priority, 20);
  EXPECT_THAT(it.processors, ElementsAre(0U, 2U));
  EXPECT_EQ(it.real_time_limit_us, 20'000U);
  EXPECT_EQ(setup_with("").scheduling.real_time_limit_us, std::nullopt);
  EXPECT_EQ(setup_with("", "global_defs {\nvrrp_rlimit_rtime 5\n}").scheduling.real_time_limit_us, 5U);
}

TEST(Setup, scripts_that_run_once) {
  const auto setup = setup_with("",
                                "child_wait_time 7\nglobal_defs {\nstartup_script \"/bin/up now\" nobody\n"
                                "shutdown_script /bin/down\nshutdown_script_timeout 3\nscript_user root\n}");
  EXPECT_THAT(setup.startup_script.command.argv, ElementsAre("/bin/up", "now"));
  EXPECT_EQ(setup.startup_script.command.user, "nobody");
  EXPECT_EQ(setup.startup_script.timeout, 10s);
  EXPECT_EQ(setup.shutdown_script.command.user, "root");
  EXPECT_EQ(setup.shutdown_script.timeout, 3s);
  EXPECT_EQ(setup.stop_bound, 7s);
  EXPECT_THAT(setup_with("").startup_script.command.argv, IsEmpty());
}

TEST(Setup, hooks_of_an_instance_and_conntrackd_before_them) {
  const auto setup = setup_with("before_announce /bin/announce root\nconntrackd_sync\nhook_timeout 3");
  ASSERT_EQ(setup.hooks.size(), 1U);
  const HookSetup& hooks = setup.hooks[0];
  ASSERT_EQ(hooks.before_announce.size(), 2U);
  EXPECT_THAT(hooks.before_announce[0].argv, ElementsAre("conntrackd", "-c"));
  EXPECT_EQ(hooks.before_announce[0].user, "root");
  EXPECT_THAT(hooks.before_announce[1].argv, ElementsAre("/bin/announce"));
  EXPECT_EQ(hooks.timeout, 3s);
  EXPECT_THAT(hooks.members, ElementsAre(0U));
  EXPECT_THAT(setup.routers.at(0).awaited_hooks, ElementsAre(0U));
  EXPECT_EQ(setup.node.routers.at(0).router.address_delay, 3s);
  EXPECT_EQ(setup.stop_bound, setup::Setup{}.stop_bound) << "it stops as quickly as ever";
}

TEST(Setup, a_stop_has_the_time_for_before_release) {
  const auto setup = setup_with("before_release /bin/release root\nhook_timeout 3");
  EXPECT_EQ(setup.stop_bound, setup::Setup{}.stop_bound + 3s);
  EXPECT_EQ(setup.node.routers.at(0).router.address_delay, 0s);
  EXPECT_THAT(setup_with("").hooks, IsEmpty());
  EXPECT_THAT(setup_with("hook_timeout 3").hooks, IsEmpty());
}

TEST(Setup, unicast_fault_no_peer_alone_means_unicast) {
  EXPECT_TRUE(setup_with("unicast_fault_no_peer").routers.at(0).lacks_peers);
  EXPECT_TRUE(setup_with("unicast_fault_no_peer\nunicast_src_ip 10.0.0.5").routers.at(0).lacks_peers);
  EXPECT_FALSE(setup_with("unicast_fault_no_peer\nunicast_peer {\n10.0.0.6\n}").routers.at(0).lacks_peers);
  EXPECT_FALSE(setup_with("unicast_src_ip 10.0.0.5").routers.at(0).lacks_peers);  // multicast
}

TEST(Setup, track_src_ip_needs_an_address_to_look_for) {
  EXPECT_TRUE(setup_with("mcast_src_ip 10.0.0.5\ntrack_src_ip").routers.at(0).tracks_source);
  EXPECT_FALSE(setup_with("track_src_ip").routers.at(0).tracks_source);
}

TEST(Setup, excluded_addresses_are_held_but_not_advertised) {
  const auto setup = setup_with("virtual_ipaddress_excluded {\n10.0.1.1/24 dev eth1\n10.0.2.1/24 dev eth2 no_track\n}");
  const RouterSetup& it = setup.routers.at(0);
  EXPECT_EQ(it.codec.addresses.size(), 1U);
  ASSERT_EQ(it.addresses.size(), 3U);
  EXPECT_EQ(it.addresses[1].device, "eth1");
  EXPECT_THAT(setup.node.routers[0].links, ElementsAre("eth0", "eth1"));
}

TEST(Setup, trackers_are_numbered_once_and_scripts_first) {
  const auto setup = setup_with("track_script {\nchk weight -20\nother\n}\ntrack_interface {\neth5 weight 10\n}",
                                "vrrp_script other {\nscript \"/usr/bin/true\"\n}\n"
                                "vrrp_script chk {\nscript \"/usr/bin/false -x\"\ninterval 2\nrise 3\nfall 4\n}\n");
  ASSERT_EQ(setup.scripts.size(), 2U);
  EXPECT_EQ(setup.scripts[1].name, "chk");
  EXPECT_EQ(setup.scripts[1].id, 1U);
  EXPECT_EQ(setup.scripts[1].interval, 2s);
  EXPECT_EQ(setup.scripts[1].rise, 3U);
  EXPECT_EQ(setup.scripts[1].fall, 4U);
  EXPECT_THAT(setup.scripts[1].command.argv, ElementsAre("/usr/bin/false", "-x"));
  const auto& tracking = setup.node.routers.at(0).tracking;
  ASSERT_EQ(tracking.size(), 3U);
  EXPECT_EQ(setup.node.trackers.at(tracking[0].tracker).name, "chk");
  EXPECT_EQ(tracking[0].weight, -20);
  EXPECT_EQ(setup.node.trackers.at(tracking[2].tracker).kind, vrrp::TrackerKind::interface);
}

TEST(Setup, groups_name_their_members_by_number) {
  const auto setup = setup_of(
      "vrrp_sync_group G {\ngroup {\nB\nA\n}\n}\n"
      "vrrp_instance A {\ninterface eth0\nvirtual_router_id 1\nvirtual_ipaddress {\n10.0.0.1\n}\n}\n"
      "vrrp_instance B {\ninterface eth1\nvirtual_router_id 2\nvirtual_ipaddress {\n10.0.1.1\n}\n}\n");
  EXPECT_THAT(setup.node.groups.at(0).members, ElementsAre(1, 0));
  EXPECT_EQ(setup.groups.at(0).name, "G");
}

TEST(Setup, scripts_run_as_the_script_user_unless_they_name_one) {
  const auto setup = setup_with("notify_master \"/usr/bin/up now\"\nnotify_backup \"/usr/bin/down\" root",
                                "global_defs {\nscript_user keepalived_script\n}");
  const notify::Hooks& hooks = setup.routers.at(0).hooks;
  ASSERT_TRUE(hooks.master && hooks.backup);
  EXPECT_THAT(hooks.master->argv, ElementsAre("/usr/bin/up", "now"));
  EXPECT_EQ(hooks.master->user, "keepalived_script");
  EXPECT_EQ(hooks.backup->user, "root");
}

TEST(Setup, what_is_tracked_has_a_number_that_the_runner_knows) {
  const auto setup = setup_with("track_process {\nnginx weight 5\n}\ntrack_file {\nf\n}",
                                "track_file f {\nfile /f\n}\n"
                                "vrrp_track_process nginx {\nprocess nginx\nquorum 2\nquorum_max 0\ndelay 3\n}");
  EXPECT_THAT(setup.not_carried_out, IsEmpty());
  ASSERT_EQ(setup.processes.size(), 1U);
  EXPECT_EQ(setup.processes[0].quorum_max, 0U);
  EXPECT_EQ(setup.processes[0].terminate_delay, std::chrono::seconds(3));
  EXPECT_EQ(setup.node.trackers.at(setup.processes[0].id).kind, vrrp::TrackerKind::process);
  ASSERT_EQ(setup.files.size(), 1U);
  EXPECT_EQ(setup.node.trackers.at(setup.files[0].id).kind, vrrp::TrackerKind::file);
  EXPECT_EQ(setup.node.routers.at(0).tracking.size(), 2U);
}

TEST(Setup, a_check_is_a_tracker_of_its_own_kind_beside_a_script_of_the_same_name) {
  const auto setup = setup_with("track_script {\nweb\n}\ntrack_check {\nweb weight -30\n}",
                                "vrrp_script web {\nscript \"/usr/bin/true\"\n}\n"
                                "vrrp_check web {\nTCP_CHECK {\nconnect_port 80\n}\ninterval 2\nrise 3\nfall 4\n}");
  ASSERT_EQ(setup.checks.size(), 1U);
  const CheckSetup& check = setup.checks[0];
  EXPECT_NE(check.id, setup.scripts.at(0).id);
  EXPECT_EQ(setup.node.trackers.at(check.id).kind, vrrp::TrackerKind::check);
  EXPECT_EQ(check.interval, 2s);
  EXPECT_EQ(check.timeout, 2s);
  EXPECT_EQ(check.rise, 3U);
  EXPECT_EQ(check.fall, 4U);
  const auto& tracking = setup.node.routers.at(0).tracking;
  ASSERT_EQ(tracking.size(), 2U);
  EXPECT_EQ(tracking[1].tracker, check.id);
  EXPECT_EQ(tracking[1].weight, -30);
}

}  // namespace
}  // namespace baton::setup
