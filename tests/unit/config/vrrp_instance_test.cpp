#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/config/loading.h"

namespace baton::config {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;

TEST(VrrpInstance, has_the_defaults_of_keepalived) {
  const LoadResult result = load_text(instance_text(""));
  EXPECT_THAT(result.diagnostics, IsEmpty());
  const Instance& instance = result.configuration.instances.front();
  EXPECT_EQ(instance.state, WantedState::backup);
  EXPECT_EQ(instance.priority, 100);
  EXPECT_EQ(instance.version, 2);
  EXPECT_EQ(instance.advert_interval, 1s);
  EXPECT_TRUE(instance.preempt);
  EXPECT_EQ(to_string(instance.multicast_group), "224.0.0.18");
  EXPECT_EQ(instance.announcements, Announcements{});
  EXPECT_EQ(instance.announcements.lower_prio_repeat, 5U);
  EXPECT_EQ(instance.down_timer_adverts, 3U);
  EXPECT_TRUE(instance.make_before_break);
  EXPECT_TRUE(instance.verified_takeover);
  EXPECT_FALSE(instance.announcements_given);
  EXPECT_EQ(to_string(instance.addresses.front().address), "10.0.20.50/32");
  EXPECT_EQ(instance.addresses.front().device, "eth0");
}

TEST(VrrpInstance, state_and_priority_follow_from_each_other) {
  EXPECT_EQ(instance_of("state MASTER").priority, 255);
  EXPECT_EQ(instance_of("state MASTER\npriority 100").priority, 100);
  EXPECT_EQ(instance_of("priority 255").state, WantedState::master);
  EXPECT_EQ(instance_of("state BACKUP\npriority 255").state, WantedState::backup);
  EXPECT_EQ(instance_of("state MASTER\npriority 300").priority, 100);
  const LoadResult refused = load_text("vrrp_instance VI { priority 300\nstate MASTER\ninterface eth0\n}\n");
  EXPECT_EQ(refused.configuration.instances.front().priority, 100);  // whatever line it stands on
  EXPECT_EQ(instance_of("state MASTER\npriority 100\nstate BACKUP").state, WantedState::master);
}

TEST(VrrpInstance, the_last_scalar_wins) {
  EXPECT_EQ(instance_of("priority 110\npriority 120").priority, 120);
}

TEST(VrrpInstance, advert_int_is_rounded_to_what_the_wire_can_say) {
  EXPECT_EQ(instance_of("advert_int 0.5").advert_interval, 1s);
  EXPECT_EQ(instance_of("advert_int 1.6").advert_interval, 2s);
  EXPECT_EQ(instance_of("version 3\nadvert_int 0.01").advert_interval, 10ms);
  EXPECT_EQ(instance_of("version 3\nadvert_int 0.333").advert_interval, 330ms);
  EXPECT_EQ(instance_of("version 3\nadvert_int 100").advert_interval, 40'950ms);
}

TEST(VrrpInstance, globals_give_defaults_wherever_they_stand) {
  const std::string globals =
      "global_defs {\nvrrp_version 3\nvrrp_garp_master_delay 2\nvrrp_garp_master_repeat 3\nsmtp_alert\n"
      "vrrp_mcast_group4 224.0.0.19\nmake_before_break no\nverified_takeover no\n}\n";
  const LoadResult result = load_text(instance_text("garp_master_repeat 7") + globals);
  const Instance& instance = result.configuration.instances.front();
  EXPECT_EQ(instance.version, 3);
  EXPECT_EQ(instance.announcements.master_delay, 2s);
  EXPECT_EQ(instance.announcements.master_repeat, 7U);
  EXPECT_EQ(instance.announcements.lower_prio_repeat, 3U);  // from the global value, not the instance's
  EXPECT_EQ(instance.announcements.lower_prio_delay, 2s);
  EXPECT_TRUE(instance.smtp_alert);
  EXPECT_EQ(to_string(instance.multicast_group), "224.0.0.19");
  EXPECT_FALSE(instance.make_before_break);
  EXPECT_FALSE(instance.verified_takeover);
  EXPECT_TRUE(instance.announcements_given);
}

TEST(VrrpInstance, witnesses_are_addresses_that_stay_where_they_are) {
  const auto witnesses = [](const std::string& lines) {
    std::string text;
    for (const IpAddress& each : instance_of(lines).witnesses) text += to_string(each) + " ";
    return text;
  };
  EXPECT_EQ(witnesses(""), "");
  EXPECT_EQ(witnesses("witness 10.0.20.1 2001:db8::1\nwitness 10.0.20.1 10.0.20.2"),
            "10.0.20.1 2001:db8::1 10.0.20.2 ");
  EXPECT_EQ(witnesses("witness 10.0.20.50 10.0.20.1"), "10.0.20.1 ") << "the virtual address is nobody's";
  EXPECT_EQ(witnesses("mcast_src_ip 10.0.20.7\nwitness 10.0.20.7"), "") << "this node";
  EXPECT_EQ(witnesses("witness gateway 224.0.0.1 10.0.20.1"), "10.0.20.1 ");
  EXPECT_EQ(witnesses("witness 10.0.20.1 10.0.20.2 10.0.20.3 10.0.20.4 10.0.20.5"),
            "10.0.20.1 10.0.20.2 10.0.20.3 10.0.20.4 ");
}

TEST(VrrpInstance, smtp_alert_asks_the_nearest) {
  EXPECT_FALSE(instance_of("smtp_alert no", "global_defs {\nsmtp_alert\n}\n").smtp_alert);
  EXPECT_FALSE(instance_of("", "global_defs {\nsmtp_alert\nsmtp_alert_vrrp off\n}\n").smtp_alert);
}

TEST(VrrpInstance, booleans_that_say_no_mean_no) {  // skip_check_adv_addr no means yes in keepalived
  EXPECT_FALSE(instance_of("skip_check_adv_addr no").skip_check_adv_addr);
  EXPECT_FALSE(instance_of("", "global_defs {\nv3_checksum_as_v2 no\n}\n").v3_checksum_as_v2);
  EXPECT_FALSE(instance_of("priority 255\nowner_ignore_adverts no").owner_ignore_adverts);
}

TEST(VrrpInstance, authentication) {
  const Instance instance = instance_of("authentication {\nauth_type PASS\nauth_pass 123456789\n}");
  EXPECT_EQ(instance.authentication.type, AuthType::pass);
  EXPECT_EQ(instance.authentication.password.reveal(), "12345678");
  EXPECT_EQ(instance_of("authentication { auth_type AH\nauth_pass \"a#b\" }").authentication.password.reveal(), "a#b");
  EXPECT_EQ(instance_of("version 3\nauthentication { auth_type AH\nauth_pass x }").authentication, Authentication{});
}

TEST(VrrpInstance, secrets_are_never_said) {
  const LoadResult result =
      load_text(instance_text("authentication {\nauth_type PASS\nauth_pass topsecret-password\n}"));
  EXPECT_THAT(report(result), Not(testing::HasSubstr("topsecret")));
}

TEST(VrrpInstance, secrets_are_not_said_of_what_is_misspelt_either) {
  for (const char* lines : {
           "authentication {\nauth_pas topsecret\n}",
           "authentication {\nauht_pass topsecret\n}",
           "authentication {\nAuth_Pass topsecret\n}",
           "authentication {\nauth_password \"top{secret\" nonsense\n}",
           "authentication { auth_type PASS auth_pass topsecret\n}",
           "auth_hmac {\nkye 1 topsecret\n}",
           "auth_hmac {\nkeys 1 hex:topsecret\n}",
           "secret topsecret",
       }) {
    const LoadResult result = load_text(instance_text(lines));
    EXPECT_GT(result.diagnostics.size(), 0U) << lines;
    EXPECT_THAT(report(result), Not(testing::HasSubstr("secret\n"))) << lines;
    EXPECT_THAT(report(result), Not(testing::HasSubstr("topsecret"))) << lines;
  }
}

TEST(VrrpInstance, secrets_are_not_said_of_variables_that_hold_them) {
  for (const char* text : {
           "$A=topsecret ${_ENV}\n~SEQ(x) ${A}\nglobal_defs {\nsmtp_password $A\n}",
           "$A=topsecret ${_ENV}\n$B=$A\nglobal_defs {\nsmtp_passwrd $B\n}",
           "$PASS=topsecret\n$PASS=topsecret $UNKNOWN }",
           "~LST(p, topsecret, ${_ENV}) smtp_password $p",
           "$M=\\\nauth_type PASS\\\nauth_pass topsecret ${_ENV}\n$M",
       }) {
    const LoadResult result = load_text(text);
    EXPECT_GT(result.diagnostics.size(), 0U) << text;
    EXPECT_THAT(report(result), Not(testing::HasSubstr("topsecret"))) << text << report(result);
  }
}

TEST(VrrpInstance, hmac_keys_in_their_three_forms) {
  const std::string key(32, 'k');
  MemoryFileReader reader;
  reader.add("/etc/key", key + "\n");
  reader.add("test.conf", instance_text("advert_int 4\nauth_hmac {\nkey 1 hex:" +
                                        [] {
                                          std::string hex;
                                          for (int i = 0; i < 32; ++i) hex += "6b";
                                          return hex;
                                        }() +
                                        "\nkey 2 file:/etc/key\nkey 3 " + key + "\nactive_key 2\nmode permissive\n}"));
  const LoadResult result = load("test.conf", reader);
  ASSERT_TRUE(result.ok) << report(result);
  const HmacAuthentication& hmac = *result.configuration.instances.front().hmac;
  for (const HmacKey& each : hmac.keys) EXPECT_EQ(each.secret.reveal(), key);
  EXPECT_EQ(hmac.keys.size(), 3U);
  EXPECT_EQ(hmac.active_key, 2);
  EXPECT_EQ(hmac.mode, HmacMode::permissive);
  EXPECT_EQ(hmac.time_window_seconds, 12U);  // 3 x advert_int
}

TEST(VrrpInstance, a_key_file_lies_beside_the_file_that_names_it) {  // a daemon reads it again in /
  MemoryFileReader reader;
  reader.add("/etc/baton/keys/1", std::string(32, 'k'));
  reader.add("/etc/baton/part.conf", instance_text("auth_hmac {\nkey 1 file:keys/1\nactive_key 1\n}"));
  reader.add("/etc/main.conf", "include baton/part.conf\n");
  const LoadResult result = load("/etc/main.conf", reader);
  EXPECT_TRUE(result.ok) << report(result);
}

TEST(VrrpInstance, secrets_may_be_credentials_of_the_service_or_files) {
  MemoryFileReader reader;
  reader.add("/run/credentials/baton.service/hmac", std::string(32, 'k') + "\n");
  reader.add("/run/credentials/baton.service/vrrp", "secret\n");
  reader.add("/etc/open-to-all", "longer than eight");
  const auto load_with = [&](const std::string& lines) {
    reader.add("test.conf", instance_text(lines));
    return load("test.conf", reader);
  };
  const LoadResult hmac = load_with("auth_hmac {\nkey 1 credential:hmac\nactive_key 1\n}");
  ASSERT_TRUE(hmac.ok) << report(hmac);
  EXPECT_EQ(hmac.configuration.instances.front().hmac->keys.front().secret.reveal(), std::string(32, 'k'));
  const LoadResult password = load_with("authentication {\nauth_type AH\nauth_pass_file credential:vrrp\n}");
  ASSERT_TRUE(password.ok) << report(password);
  EXPECT_EQ(password.configuration.instances.front().authentication.password.reveal(), "secret");
  EXPECT_EQ(report(password), "");
  const LoadResult open = load_with("authentication {\nauth_type AH\nauth_pass_file /etc/open-to-all\n}");
  EXPECT_EQ(open.configuration.instances.front().authentication.password.reveal(), "longer t");
  EXPECT_TRUE(report(open).contains("/etc/open-to-all can be read by others")) << report(open);
  EXPECT_FALSE(report(open).contains("longer than")) << report(open);
  for (const char* where : {"credential:none", "credential:../hmac", "/none"}) {
    EXPECT_FALSE(load_with(fmt::format("authentication {{\nauth_type AH\nauth_pass_file {}\n}}", where)).ok) << where;
  }
}

TEST(VrrpInstance, unicast) {
  const Instance instance =
      instance_of("unicast_src_ip 10.0.20.14\nunicast_peer {\n10.0.20.15\n10.0.20.16 min_ttl 254 max_ttl 255\n}");
  EXPECT_EQ(to_string(*instance.source), "10.0.20.14");
  ASSERT_EQ(instance.peers.size(), 2U);
  EXPECT_EQ(instance.peers[1].min_ttl, 254);
  EXPECT_TRUE(instance.check_unicast_source);  // a TTL limit turns it on
}

TEST(VrrpInstance, a_source_may_carry_a_prefix_length) {
  EXPECT_EQ(to_string(*instance_of("mcast_src_ip 10.0.20.14/24").source), "10.0.20.14");
}

TEST(VrrpInstance, ipv6_is_version_3) {
  const LoadResult result = load_text(
      "vrrp_instance VI {\ninterface eth0\nvirtual_router_id 1\nvirtual_ipaddress {\nfe80::1/64\n2001:db8::1\n}\n}");
  const Instance& instance = result.configuration.instances.front();
  EXPECT_EQ(instance.version, 3);
  EXPECT_EQ(instance.family, Family::ipv6);
  EXPECT_EQ(to_string(instance.multicast_group), "ff02::12");
  EXPECT_EQ(instance.addresses[0].preferred_seconds, std::nullopt);
  EXPECT_EQ(instance.addresses[1].preferred_seconds, 0U);  // a /128 is deprecated, so that nobody takes it as a source
}

TEST(VrrpInstance, nopreempt_needs_state_backup) {
  EXPECT_FALSE(instance_of("nopreempt").preempt);
  EXPECT_TRUE(instance_of("nopreempt\npreempt").preempt);
  EXPECT_TRUE(instance_of("state MASTER\npriority 100\nnopreempt").preempt);
  EXPECT_EQ(instance_of("preempt_delay 30").preempt_delay, 30s);
  EXPECT_EQ(instance_of("nopreempt\npreempt_delay 30").preempt_delay, 0s);
}

TEST(VrrpInstance, strict_mode_forces_the_rfc) {
  const Instance instance = instance_of("strict_mode\nauthentication { auth_type PASS\nauth_pass x }");
  EXPECT_EQ(instance.authentication, Authentication{});
  EXPECT_FALSE(instance.accept);
  EXPECT_TRUE(instance.owner_ignore_adverts);
  EXPECT_TRUE(instance.lower_prio_no_advert);
  EXPECT_EQ(instance.announcements.lower_prio_repeat, 0U);
  EXPECT_TRUE(instance_of("strict_mode\npriority 255").accept);
}

TEST(VrrpInstance, notify_commands_and_their_users) {
  const Instance instance = instance_of("notify \"/usr/bin/logger 'a b' c\" root root\nnotify_deleted");
  ASSERT_TRUE(instance.notifications.any);
  EXPECT_THAT(instance.notifications.any->arguments, ElementsAre("/usr/bin/logger", "a b", "c"));
  EXPECT_EQ(instance.notifications.any->line, "/usr/bin/logger 'a b' c");
  EXPECT_EQ(instance.notifications.any->account, (Account{"root", "root"}));
  EXPECT_TRUE(instance.notifications.report_deleted);
}

TEST(VrrpInstance, hooks_are_waited_for_a_second_or_as_long_as_is_given) {
  EXPECT_EQ(instance_of("").awaited, AwaitedHooks{});
  const AwaitedHooks awaited =
      instance_of(
          "before_announce \"/usr/bin/announce it\" root root\nbefore_release /usr/bin/release\nconntrackd_sync")
          .awaited;
  ASSERT_TRUE(awaited.before_announce && awaited.before_release && awaited.conntrackd);
  EXPECT_THAT(awaited.before_announce->arguments, ElementsAre("/usr/bin/announce", "it"));
  EXPECT_EQ(awaited.before_announce->account, (Account{"root", "root"}));
  EXPECT_EQ(*awaited.conntrackd, "");
  EXPECT_EQ(awaited.timeout, 1s);
  EXPECT_EQ(instance_of("hook_timeout 2.5").awaited.timeout, 2500ms);
  EXPECT_EQ(instance_of("hook_timeout 11").awaited.timeout, 1s) << "out of range";
  EXPECT_EQ(*instance_of("conntrackd_sync /etc/ct.conf").awaited.conntrackd, "/etc/ct.conf");
  EXPECT_FALSE(instance_of("conntrackd_sync ct.conf").awaited.conntrackd) << "relative to what?";
}

TEST(VrrpInstance, a_brace_on_the_next_line) {
  const Instance instance =
      instance_of("track_script\n{\nchk\n}", "vrrp_script chk {\nscript \"killall -0 nginx\"\nweight 4\n}\n");
  ASSERT_EQ(instance.trackers.scripts.size(), 1U);
  EXPECT_EQ(instance.trackers.scripts[0].weight, 4);
}

TEST(VrrpInstance, an_address_written_twice_stays_twice_in_the_advert) {
  EXPECT_EQ(instance_of("virtual_ipaddress {\n10.0.20.50\n}").addresses.size(), 2U);
}

TEST(VrrpInstance, what_fits_no_advert_is_excluded) {
  const Instance instance = instance_of("virtual_ipaddress {\n~SEQ(i, 254) 10.0.21.$i\n10.0.22.1\n}");
  EXPECT_EQ(instance.addresses.size(), 255U);
  ASSERT_EQ(instance.excluded_addresses.size(), 1U);
  EXPECT_EQ(to_string(instance.excluded_addresses[0].address), "10.0.22.1/32");
}

TEST(VrrpInstance, what_stops_keepalived_stops_us) {
  EXPECT_FALSE(load_text("vrrp_instance V {\nvirtual_router_id 1\nvirtual_ipaddress { 10.0.0.1 }\n}").ok);
  EXPECT_FALSE(load_text("vrrp_instance V {\ninterface eth0\nvirtual_ipaddress { 10.0.0.1 }\n}").ok);
  EXPECT_FALSE(load_text("vrrp_instance V {\ninterface eth0\nvirtual_router_id 1\nversion 3\n}").ok);
  EXPECT_FALSE(load_text(instance_text("") + instance_text("", "VI_2")).ok);
  EXPECT_FALSE(load_text(instance_text("state")).ok);
}

TEST(VrrpInstance, a_warning_stops_strict_alone) {
  EXPECT_TRUE(load_text(instance_text("prioritty 100")).ok);
  EXPECT_FALSE(load_text(instance_text("prioritty 100"), {.strict = true}).ok);
  EXPECT_TRUE(load_text(instance_text("") + "global_defs {\nprocess_names\n}\n", {.strict = true}).ok);  // a note
}

TEST(VrrpInstance, equal_whatever_the_lines_are) {
  EXPECT_EQ(load_text(instance_text("priority 50")).configuration,
            load_text("# a comment\n\n" + instance_text("  priority   50 # here too")).configuration);
  EXPECT_NE(load_text(instance_text("priority 50")).configuration,
            load_text(instance_text("priority 51")).configuration);
}

}  // namespace
}  // namespace baton::config
