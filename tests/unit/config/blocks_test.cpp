// global_defs, scripts, tracked files and processes, groups, address lines.
#include "config/blocks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ctime>

#include "unit/config/loading.h"

namespace baton::config {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

Globals globals_of(const std::string& lines) {
  return load_text("global_defs {\n" + lines + "\n}\n").configuration.globals;
}

TEST(GlobalDefs, names_come_from_the_host) {
  const Globals globals = globals_of("");
  EXPECT_EQ(globals.router_id, "web1.example.net");
  EXPECT_EQ(globals.mail.from, "root@web1.example.net");
  EXPECT_EQ(globals.mail.helo_name, "web1.example.net");
}

TEST(GlobalDefs, mail) {
  const Globals globals = globals_of(
      "notification_email {\na@example.net b@example.net\n\"C <c@example.net>\"\n}\nnotification_email_from "
      "ops@example.net\n"
      "smtp_server mail.example.net 587\nsmtp_connect_timeout 10\nsmtp_tls starttls\nsmtp_user u\nsmtp_password p");
  EXPECT_THAT(globals.mail.recipients, ElementsAre("a@example.net", "b@example.net", "C <c@example.net>"));
  EXPECT_EQ(globals.mail.relay, (MailRelay{"mail.example.net", 587}));
  EXPECT_EQ(globals.mail.connect_timeout, 10s);
  EXPECT_EQ(globals.mail.security, MailSecurity::starttls);
  EXPECT_EQ(globals.mail.password.reveal(), "p");
}

TEST(GlobalDefs, blocks_add_up) {
  const LoadResult result =
      load_text("global_defs {\nrouter_id one\nvrrp_strict\n}\nglobal_defs {\nrouter_id two\n}\n");
  EXPECT_EQ(result.configuration.globals.router_id, "two");
}

TEST(GlobalDefs, vrrp_min_garp_means_one_and_no_second_burst) {
  const Instance instance = instance_of("", "global_defs {\nvrrp_min_garp\n}\n");
  EXPECT_EQ(instance.announcements.master_repeat, 1U);
  EXPECT_EQ(instance.announcements.master_delay, 0s);
}

TEST(GlobalDefs, the_zeros_of_the_shipped_sample_are_quiet) {  // vrrp_garp_interval 0 is in every copied file
  EXPECT_THAT(ids(load_text("global_defs {\nvrrp_garp_interval 0\nvrrp_gna_interval 0\n}\n" + instance_text(""))),
              IsEmpty());
}

TEST(GlobalDefs, fifo_and_its_script) {
  const Globals globals = globals_of("vrrp_notify_fifo /run/f root\nvrrp_notify_fifo_script \"/usr/bin/cat x\"");
  ASSERT_TRUE(globals.vrrp_notify_fifo);
  EXPECT_EQ(globals.vrrp_notify_fifo->path, "/run/f");
  EXPECT_EQ(globals.vrrp_notify_fifo->owner.user, "root");
  EXPECT_THAT(globals.vrrp_notify_fifo->script->arguments, ElementsAre("/usr/bin/cat", "x"));
}

TEST(WebhookBlock, says_what_it_says) {
  const LoadResult result = load_text(R"(
webhook ops {
  url "https://chat.example.org:8443/hooks/x?y=z"
  header Authorization: Bearer token
  header "X-A: b"
  format teams
  events MASTER FAULT
  events MASTER
  timeout 0.5
  retries 0
  ca_file /etc/own.pem
  proxy "http://u:p@proxy:3128"
}
webhook plain { url http://h }
)");
  const std::vector<Webhook>& webhooks = result.configuration.webhooks;
  ASSERT_EQ(webhooks.size(), 2U) << report(result);
  Webhook wanted{.name = "ops",
                 .url = Secret("https://chat.example.org:8443/hooks/x?y=z"),
                 .headers = {},
                 .format = WebhookFormat::teams,
                 .events = {"MASTER", "FAULT"},
                 .timeout = std::chrono::milliseconds(500),
                 .retries = 0,
                 .ca_file = "/etc/own.pem",
                 .proxy = Secret("http://u:p@proxy:3128")};
  wanted.headers.emplace_back("Authorization: Bearer token");
  wanted.headers.emplace_back("X-A: b");
  EXPECT_TRUE(webhooks[0] == wanted);
  EXPECT_TRUE(webhooks[1] == (Webhook{.name = "plain", .url = Secret("http://h"), .headers = {}, .proxy = {}}));
}

TEST(WebhookBlock, those_above_the_bound_are_ignored_and_said) {
  std::string text;
  for (int i = 0; i < 17; ++i) text += "webhook w" + std::to_string(i) + " {\n  url http://h\n}\n";
  const LoadResult result = load_text(text);
  EXPECT_EQ(result.configuration.webhooks.size(), 16U);
  EXPECT_TRUE(report(result).contains("more than 16 webhooks"));
}

TEST(GlobalDefs, umask_in_numbers_and_names) {
  EXPECT_EQ(globals_of("umask 022").file_mask, 022U);
  EXPECT_EQ(globals_of("umask IWGRP | IWOTH").file_mask, 022U);
}

LoadResult load_script(const std::string& lines) {
  return load_text("vrrp_script chk {\n" + lines + "\n}\n" + instance_text("track_script {\nchk\n}"));
}

TEST(VrrpScript, defaults) {
  const LoadResult result = load_script("script \"killall -0 nginx\"\ninterval 2");
  ASSERT_EQ(result.configuration.scripts.size(), 1U);
  const Script& script = result.configuration.scripts.front();
  EXPECT_THAT(script.command.arguments, ElementsAre("killall", "-0", "nginx"));
  EXPECT_EQ(script.interval, 2s);
  EXPECT_EQ(script.timeout, 2s);  // the interval
  EXPECT_EQ(script.weight, 0);
  EXPECT_EQ(script.rise, 1U);
  EXPECT_EQ(script.fall, 1U);
}

TEST(VrrpScript, everything_given) {
  const Script script = load_script(
                            "script /usr/bin/true\ninterval 0.5\ntimeout 3\nweight -10 reverse\nrise 3\nfall 2\n"
                            "user root root\ninit_fail")
                            .configuration.scripts.front();
  EXPECT_EQ(script.interval, 500ms);
  EXPECT_EQ(script.timeout, 3s);
  EXPECT_EQ(script.weight, -10);
  EXPECT_TRUE(script.reverse);
  EXPECT_EQ(script.rise, 3U);
  EXPECT_EQ(script.fall, 2U);
  EXPECT_EQ(script.command.account, (Account{"root", "root"}));
  EXPECT_TRUE(script.init_fail);
}

TEST(VrrpScript, weight_254_means_253_and_more_means_nothing) {
  EXPECT_EQ(load_script("script /usr/bin/true\nweight 254").configuration.scripts.front().weight, 253);
  EXPECT_EQ(load_script("script /usr/bin/true\nweight 300").configuration.scripts.front().weight, 0);
}

TEST(VrrpScript, an_interval_of_zero_is_one_second) {
  EXPECT_EQ(load_script("script /usr/bin/true\ninterval 0").configuration.scripts.front().interval, 1s);
}

TEST(VrrpScript, tracking_may_have_a_weight_of_its_own) {
  const LoadResult result = load_text("vrrp_script chk {\nscript /usr/bin/true\nweight 4\n}\n" +
                                      instance_text("track_script {\nchk weight -20 reverse\n}"));
  const Tracking& tracking = result.configuration.instances.front().trackers.scripts.front();
  EXPECT_EQ(tracking.weight, -20);
  EXPECT_TRUE(tracking.reverse);
}

TEST(VrrpScript, the_one_that_was_meant_is_guessed_a_hundred_times) {
  std::string entries;
  for (int i = 0; i < 150; ++i)
    entries += "chk_1" + std::string(1, static_cast<char>('a' + i / 10)) + std::to_string(i % 10) + "\n";
  const LoadResult result =
      load_text("vrrp_script chk_1x0 {\nscript /bin/true\n}\n" + instance_text("track_script {\n" + entries + "}"));
  EXPECT_EQ(std::ranges::count(result.diagnostics, "not-defined", &Diagnostic::id), 150);
  EXPECT_EQ(std::ranges::count(result.diagnostics, "did you mean 'chk_1x0'?", &Diagnostic::mend), 100);
}

TEST(VrrpScript, a_word_as_long_as_a_line_is_compared_with_no_name) {
  std::string text;
  for (int i = 0; i < 1'000; ++i) {
    text += "vrrp_script " + std::to_string(i) + std::string(200, 'x') + " {\nscript /bin/true\n}\n";
  }
  const std::clock_t start = std::clock();
  (void)load_text(text + instance_text("track_script {\n" + std::string(60'000, 'x') + "\n}"));
  EXPECT_LT(std::clock() - start, 8 * CLOCKS_PER_SEC);  // compared: half a minute and more
}

TEST(TrackedThings, files_and_processes) {
  const LoadResult result = load_text(
      "track_file f {\nfile /run/f\nweight -2\ninit_file 7 overwrite\n}\n"
      "vrrp_track_file g {\nfile /run/g\n}\n"
      "vrrp_track_process p {\nprocess nginx -c x\nquorum 2\ndelay 0.5\n}\n" +
      instance_text("track_file {\nf\ng weight 5\n}\ntrack_process {\np\n}\ntrack_interface {\neth1 weight 10\n}"));
  EXPECT_EQ(result.configuration.files[0].weight, -2);
  EXPECT_EQ(result.configuration.files[0].init_value, 7);
  EXPECT_TRUE(result.configuration.files[0].init_overwrite);
  EXPECT_EQ(result.configuration.files[1].weight, 1);
  EXPECT_TRUE(result.configuration.processes[0].full_command);
  EXPECT_EQ(result.configuration.processes[0].fork_delay, 500ms);
  const Trackers& trackers = result.configuration.instances[0].trackers;
  EXPECT_EQ(trackers.files[1].weight, 5);
  EXPECT_EQ(trackers.processes[0].name, "p");
  EXPECT_EQ(trackers.interfaces[0].weight, 10);
}

TEST(SyncGroup, members_may_be_defined_later) {
  const LoadResult result =
      load_text("vrrp_sync_group G {\ngroup {\nVI_1 VI_2\n}\nnotify /usr/bin/true\nsmtp_alert\n}\n" +
                instance_text("") + instance_text("", "VI_2", "51"));
  ASSERT_EQ(result.configuration.groups.size(), 1U);
  EXPECT_THAT(result.configuration.groups[0].members, ElementsAre("VI_1", "VI_2"));
  EXPECT_TRUE(result.configuration.groups[0].smtp_alert);
  EXPECT_TRUE(result.ok);
}

VirtualAddress address_of(const std::string& line) {
  LoadResult result =
      load_text("vrrp_instance V {\ninterface eth0\nvirtual_router_id 1\nvirtual_ipaddress {\n" + line + "\n}\n}\n");
  const Instance& instance = result.configuration.instances.front();
  return instance.addresses.empty() ? VirtualAddress{} : instance.addresses.front();
}

TEST(AddressLine, everything_given) {
  const VirtualAddress address =
      address_of("10.0.0.9/24 brd + dev eth1 label eth1:v scope link no_track preferred_lft 60");
  EXPECT_EQ(to_string(address.address), "10.0.0.9/24");
  EXPECT_EQ(to_string(*address.broadcast), "10.0.0.255");
  EXPECT_EQ(address.device, "eth1");
  EXPECT_EQ(address.label, "eth1:v");
  EXPECT_EQ(address.scope, 253);
  EXPECT_FALSE(address.track);
  EXPECT_EQ(address.preferred_seconds, 60U);
}

TEST(AddressLine, broadcast_is_worked_out) {
  EXPECT_EQ(to_string(*address_of("10.0.0.9/24 brd -").broadcast), "10.0.0.0");
  EXPECT_EQ(to_string(*address_of("10.0.0.9/0 brd +").broadcast), "255.255.255.255");
  EXPECT_EQ(address_of("10.0.0.9/31 brd +").broadcast, std::nullopt);
  EXPECT_EQ(to_string(*address_of("10.0.0.9/24 broadcast 10.0.0.7").broadcast), "10.0.0.7");
}

TEST(AddressLine, what_nearly_is_a_prefix_length) {
  EXPECT_EQ(address_of("10.0.0.9/24;").address.length, 24);
  EXPECT_EQ(address_of("10.0.0.9/33").address.length, 32);
  EXPECT_EQ(address_of("10.0.0.9/").address.length, 32);  // keepalived makes /0 of it
}

TEST(AddressLine, ipv6_flags) {
  const VirtualAddress address = address_of("2001:db8::9/64 -nodad home mngtmpaddr noprefixroute autojoin");
  EXPECT_TRUE(address.detect_duplicates && address.home && address.manage_temporary && address.no_prefix_route &&
              address.auto_join);
}

TEST(StaticAddresses, have_the_default_interface) {
  const LoadResult result = load_text("global_defs {\ndefault_interface eth7\n}\nstatic_ipaddress {\n10.0.0.1/24\n}\n");
  ASSERT_EQ(result.configuration.static_addresses.size(), 1U);
  EXPECT_EQ(result.configuration.static_addresses[0].device, "eth7");
}

LoadResult load_check(const std::string& lines, const std::string& entry = "chk") {
  return load_text("vrrp_check chk {\n" + lines + "\n}\n" + instance_text("track_check {\n" + entry + "\n}"));
}

TEST(VrrpCheck, defaults_are_those_of_a_script_and_the_service_is_our_own) {
  const LoadResult result = load_check("HTTP_GET {\nurl {\npath /\n}\n}");
  EXPECT_THAT(ids(result), IsEmpty());
  ASSERT_EQ(result.configuration.checks.size(), 1U);
  const TrackedCheck& tracked = result.configuration.checks.front();
  EXPECT_EQ(tracked.name, "chk");
  EXPECT_EQ(tracked.weight, 0);
  EXPECT_TRUE(std::holds_alternative<HttpCheck>(tracked.check.kind));
  EXPECT_EQ(to_string(tracked.check.target.address), "127.0.0.1");
  EXPECT_EQ(tracked.check.target.port, 80);
  EXPECT_EQ(tracked.check.target.timeout, 1s);  // the interval
  EXPECT_EQ(tracked.check.delay_loop, 1s);
  EXPECT_EQ(tracked.check.delay_before_retry, 1s);
  EXPECT_EQ(tracked.check.warmup, 0s);
  EXPECT_EQ(tracked.check.rise, 1U);
  EXPECT_EQ(tracked.check.retry, 0U);  // fall 1
  EXPECT_FALSE(tracked.check.alpha);
  EXPECT_TRUE(tracked.check.first_decides);
}

TEST(VrrpCheck, everything_given) {
  const TrackedCheck tracked = load_check(
                                   "interval 10\nrise 3\nfall 2\ninit_fail\nweight -20 reverse\nTCP_CHECK "
                                   "{\nconnect_ip 192.0.2.7\nconnect_port 5432\n}")
                                   .configuration.checks.front();
  EXPECT_EQ(tracked.weight, -20);
  EXPECT_TRUE(tracked.reverse);
  EXPECT_EQ(to_string(tracked.check.target.address), "192.0.2.7");
  EXPECT_EQ(tracked.check.target.port, 5432);
  EXPECT_EQ(tracked.check.target.timeout, 5s);  // and no longer
  EXPECT_EQ(tracked.check.delay_loop, 10s);
  EXPECT_EQ(tracked.check.rise, 3U);
  EXPECT_EQ(tracked.check.retry, 1U);
  EXPECT_TRUE(tracked.check.alpha);
}

TEST(VrrpCheck, protocols_have_their_ports) {
  const auto port = [](const std::string& block) {
    return load_check(block).configuration.checks.front().check.target.port;
  };
  EXPECT_EQ(port("SSL_GET {\nurl {\npath /\n}\n}"), 443);
  EXPECT_EQ(port("TLS_CHECK {\n}"), 443);
  EXPECT_EQ(port("SMTP_CHECK {\n}"), 25);
  EXPECT_EQ(port("DNS_CHECK {\n}"), 53);
}

TEST(VrrpCheck, is_tracked_with_a_weight_of_its_own_by_instances_and_groups) {
  const std::string check = "vrrp_check chk {\nTCP_CHECK {\nconnect_port 80\n}\nweight 4\n}\n";
  const LoadResult result = load_text(check + instance_text("track_check {\nchk weight -20 reverse\n}") +
                                      "vrrp_sync_group G {\ngroup {\nVI_1\n}\ntrack_check {\nchk\n}\n}\n");
  const Tracking& tracking = result.configuration.instances.front().trackers.checks.front();
  EXPECT_EQ(tracking.weight, -20);
  EXPECT_TRUE(tracking.reverse);
  EXPECT_EQ(result.configuration.groups.front().trackers.checks.front().weight, 4);
}

}  // namespace
}  // namespace baton::config
