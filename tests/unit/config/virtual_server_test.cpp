// virtual_server_group, virtual_server, real_server, sorry_server, lvs_*.
#include "config/virtual_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/difference.h"
#include "unit/config/loading.h"

namespace baton::config {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;

const std::string usual = "lvs_sched rr\nlvs_method NAT\nprotocol TCP\n";

std::string server_text(const std::string& lines, const std::string& title = "10.1.0.1 80") {
  return "virtual_server " + title + " {\n" + usual + lines + "\n}\n";
}
std::string real(const std::string& lines = {}, const std::string& title = "10.2.0.1 80") {
  return "real_server " + title + " {\n" + lines + "\n}\n";
}
VirtualServer first(const LoadResult& result) {
  const auto& servers = result.configuration.virtual_servers;
  EXPECT_FALSE(servers.empty()) << report(result);
  return servers.empty() ? VirtualServer{} : servers.front();
}
VirtualServer server_of(const std::string& lines) {
  const LoadResult result = load_text(server_text(lines));
  EXPECT_THAT(result.diagnostics, IsEmpty()) << report(result);
  return first(result);
}
const IpAddress one = IpAddress::v4(0x0a010001);

TEST(VirtualServers, have_keepaliveds_defaults) {
  const VirtualServer server = server_of(real());
  EXPECT_EQ(server.name, "10.1.0.1 80 TCP");
  EXPECT_THAT(server.entries, ElementsAre(GroupEntry{.first = one, .port = 80}));
  EXPECT_EQ(server.transport, Transport::tcp);
  EXPECT_EQ(server.scheduler, Scheduler::rr);
  EXPECT_EQ(server.persistence_seconds, 0U);
  EXPECT_EQ(server.quorum, 1U);
  EXPECT_FALSE(server.smtp_alert);
  ASSERT_EQ(server.real_servers.size(), 1U);
  EXPECT_EQ(server.real_servers[0].weight, 1);
  EXPECT_TRUE(server.real_servers[0].smtp_alert);
}

TEST(VirtualServers, say_what_they_lack) {
  const LoadResult result = load_text("virtual_server 10.1.0.1 80 {\n" + real() + "}\n");
  EXPECT_THAT(ids(result), ElementsAre("incomplete-block", "incomplete-block", "incomplete-block"));
  EXPECT_EQ(first(result).scheduler, Scheduler::wlc);
  EXPECT_EQ(first(result).transport, Transport::udp);
}

TEST(VirtualServers, hand_down_what_real_servers_do_not_say) {
  const VirtualServer server = server_of(
      "weight 7\ninhibit_on_failure\nvirtualhost a\nalpha\n" + real() +
      real("weight 0\ninhibit_on_failure no\nvirtualhost b\nalpha no\nlvs_method DR\nsmtp_alert off", "10.2.0.2"));
  ASSERT_EQ(server.real_servers.size(), 2U);
  const RealServer& inheriting = server.real_servers[0];
  EXPECT_EQ(inheriting.weight, 7);
  EXPECT_TRUE(inheriting.inhibit_on_failure);
  EXPECT_TRUE(inheriting.alpha);
  EXPECT_EQ(inheriting.virtualhost, "a");
  const RealServer& own = server.real_servers[1];
  EXPECT_EQ(own.port, 80);
  EXPECT_EQ(own.weight, 0);
  EXPECT_FALSE(own.inhibit_on_failure);
  EXPECT_FALSE(own.alpha);
  EXPECT_EQ(own.virtualhost, "b");
  EXPECT_FALSE(own.smtp_alert);
  EXPECT_EQ(own.forwarding.method, Forwarding::Method::direct);
}

TEST(VirtualServers, inherit_whatever_the_order) {
  const VirtualServer server = server_of(real() + "weight 7\n");
  EXPECT_EQ(server.real_servers[0].weight, 7);
}

TEST(VirtualServers, forward_in_many_ways) {
  using enum Forwarding::Method;
  const std::pair<std::string, Forwarding> ways[] = {
      {"NAT", {.method = nat}},
      {"DR", {.method = direct}},
      {"TUN", {.method = tunnel}},
      {"TUN type gre csum", {.method = tunnel, .tunnel = TunnelType::gre, .checksum = TunnelChecksum::full}},
      {"TUN type gue port 5555 remcsum",
       {.method = tunnel, .tunnel = TunnelType::gue, .tunnel_port = 5'555, .checksum = TunnelChecksum::remote}}};
  for (const auto& [text, forwarding] : ways) {
    EXPECT_EQ(server_of("lvs_method " + text + "\n" + real()).real_servers[0].forwarding, forwarding) << text;
  }
  EXPECT_THAT(ids(load_text(server_text("lvs_method FNAT\n" + real()))), ElementsAre("bad-value"));
}

TEST(VirtualServers, persist) {
  EXPECT_EQ(server_of("persistence_timeout\n" + real()).persistence_seconds, 360U);
  EXPECT_EQ(server_of("persistence_timeout 50\n" + real()).persistence_seconds, 50U);
  const VirtualServer masked = server_of("persistence_granularity 255.255.255.0\n" + real());
  EXPECT_EQ(masked.persistence_seconds, 360U);
  EXPECT_EQ(masked.persistence_prefix, 24);
  EXPECT_THAT(ids(load_text(server_text("persistence_granularity 255.0.255.0\n" + real()))), ElementsAre("bad-value"));
}

TEST(VirtualServers, flags_belong_to_their_scheduler) {
  const VirtualServer server = server_of("lvs_sched sh\nsh-port\nsh-fallback\n" + real());
  EXPECT_EQ(server.flags, (SchedulerFlags{.first = true, .second = true}));
  const LoadResult other = load_text(server_text("mh-port\n" + real()));
  EXPECT_THAT(ids(other), ElementsAre("bad-value"));
  EXPECT_EQ(first(other).flags, SchedulerFlags{});
}

TEST(VirtualServers, serve_marks) {
  const LoadResult result =
      load_text("virtual_server fwmark 3 {\nlvs_sched rr\nlvs_method DR\n" + real({}, "fd00::1 80") + "}\n");
  EXPECT_THAT(result.diagnostics, IsEmpty()) << report(result);
  EXPECT_EQ(first(result).family, Family::ipv6);
  EXPECT_EQ(first(result).entries[0].mark, 3U);
  EXPECT_EQ(first(result).entries[0].family, Family::ipv6);
}

TEST(VirtualServers, serve_one_mark_of_each_family) {
  const auto block = [](const std::string& family) {
    return "virtual_server fwmark 80 {\nlvs_sched rr\nlvs_method TUN\nip_family " + family + "\n" + real() + "}\n";
  };
  const LoadResult result = load_text(block("inet") + block("inet6") + block("inet6"));
  ASSERT_EQ(result.configuration.virtual_servers.size(), 2U) << report(result);
  EXPECT_EQ(result.configuration.virtual_servers[0].name, "fwmark 80");
  EXPECT_EQ(result.configuration.virtual_servers[1].name, "fwmark 80 inet6");
  EXPECT_THAT(ids(result), ElementsAre("given-twice"));
}

TEST(VirtualServers, serve_groups) {
  const LoadResult result =
      load_text("virtual_server_group G {\n10.1.0.1 80\n10.1.0.5-9 443\nfd00::e-11 80\nfwmark 7 inet6\n}\n" +
                server_text(real(), "group G"));
  EXPECT_THAT(result.diagnostics, IsEmpty()) << report(result);
  EXPECT_THAT(first(result).entries,
              ElementsAre(GroupEntry{.first = one, .port = 80},
                          GroupEntry{.first = IpAddress::v4(0x0a010005), .count = 5, .port = 443},
                          GroupEntry{.first = *IpAddress::parse("fd00::e"), .count = 4, .port = 80},
                          GroupEntry{.mark = 7, .family = Family::ipv6}));
  EXPECT_THAT(ids(load_text(server_text(real(), "group H"))), Contains("not-defined"));
  EXPECT_THAT(ids(load_text("virtual_server_group G {\n10.1.0.9-5 80\n}\n")), Contains("bad-address"));
}

TEST(VirtualServers, one_address_serves_two_protocols) {
  const LoadResult result = load_text(server_text(real()) + server_text("protocol UDP\n" + real()));
  EXPECT_THAT(result.diagnostics, IsEmpty()) << report(result);
  EXPECT_EQ(result.configuration.virtual_servers.size(), 2U);
}

TEST(VirtualServers, nothing_is_served_twice) {
  const LoadResult result = load_text("virtual_server_group G {\n10.1.0.1-3 80\n}\n" + server_text(real(), "group G") +
                                      server_text(real(), "10.1.0.3 80"));
  EXPECT_THAT(ids(result), ElementsAre("given-twice"));
  EXPECT_EQ(result.configuration.virtual_servers.size(), 1U);
  EXPECT_THAT(ids(load_text(server_text(real() + real()))), ElementsAre("given-twice"));
}

TEST(VirtualServers, two_blocks_of_one_service_are_one) {  // as keepalived's table shows them
  const LoadResult result = load_text(server_text(real()) + server_text(real() + real({}, "10.2.0.2 80")));
  EXPECT_THAT(ids(result), ElementsAre("given-twice"));
  EXPECT_EQ(first(result).real_servers.size(), 2U);
}

TEST(VirtualServers, all_blocks_of_one_service_give_it_their_real_servers_once) {
  std::string text = server_text(real());
  for (const int last : {2, 3, 2, 1}) text += server_text(real({}, "10.2.0." + std::to_string(last) + " 80"));
  const LoadResult result = load_text(text);
  EXPECT_EQ(first(result).real_servers.size(), 3U);
  EXPECT_EQ(ids(result), std::vector<std::string>(4, "given-twice"));
}

TEST(VirtualServers, more_services_than_may_be_are_refused_before_they_are_written_out) {
  std::string text = "virtual_server_group G {\n";
  for (int i = 0; i < 20'000; ++i)
    text += "fd00:" + std::to_string(i % 10'000) + "::-ffff 80\n";  // 1.3 thousand million
  const LoadResult result = load_text(text + "}\n" + server_text(real({}, "fd01::1 80"), "group G"));
  EXPECT_THAT(ids(result), Contains("too-large"));
  EXPECT_THAT(result.configuration.virtual_servers, IsEmpty());
}

TEST(VirtualServers, marked_packets_keep_their_port_where_nothing_rewrites_them) {
  const auto port = [](const std::string& method) {
    return first(load_text("virtual_server fwmark 3 {\nlvs_sched rr\nlvs_method " + method + "\n" + real() + "}\n"))
        .real_servers[0]
        .port;
  };
  EXPECT_EQ(port("DR"), 0);
  EXPECT_EQ(port("TUN"), 0);
  EXPECT_EQ(port("NAT"), 80);
}

TEST(VirtualServers, a_port_that_nobody_uses_is_said) {
  const std::string other = real({}, "10.2.0.1 8080");
  EXPECT_THAT(load_text(server_text("lvs_method NAT\n" + other)).diagnostics, IsEmpty());
  EXPECT_THAT(ids(load_text(server_text("lvs_method DR\n" + other))), ElementsAre("bad-value"));
  EXPECT_THAT(load_text(server_text("lvs_method DR\n" + real({}, "10.2.0.1 80"))).diagnostics, IsEmpty());
}

TEST(VirtualServers, quorum_and_hysteresis_are_within_reach) {
  const VirtualServer server = server_of("quorum 2\nhysteresis 1\n" + real("weight 3"));
  EXPECT_EQ(server.quorum, 2U);
  EXPECT_EQ(server.hysteresis, 1U);
  EXPECT_THAT(ids(load_text(server_text("quorum 2\nhysteresis 2\n" + real("weight 9")))), ElementsAre("bad-value"));
  const LoadResult too_much = load_text(server_text("quorum 9\nhysteresis 4\n" + real("weight 6")));
  EXPECT_THAT(ids(too_much), ElementsAre("bad-value"));
  EXPECT_EQ(first(too_much).quorum, 6U);
  EXPECT_EQ(first(too_much).hysteresis, 4U);
}

TEST(VirtualServers, may_have_a_sorry_server) {
  const VirtualServer server =
      server_of("sorry_server 10.2.0.9\nsorry_server_inhibit\nsorry_server_lvs_method DR\n" + real());
  ASSERT_TRUE(server.sorry_server);
  EXPECT_EQ(server.sorry_server->port, 80);
  EXPECT_TRUE(server.sorry_server->inhibit);
  EXPECT_EQ(server.sorry_server->forwarding.method, Forwarding::Method::direct);
}

TEST(VirtualServers, take_mail_from_global_defs) {
  const VirtualServer server =
      first(load_text("global_defs {\nsmtp_alert_checker no\nsmtp_alert yes\n}\n" + server_text(real())));
  EXPECT_FALSE(server.smtp_alert);
  EXPECT_FALSE(server.real_servers[0].smtp_alert);
  EXPECT_TRUE(first(load_text("global_defs {\nsmtp_alert yes\n}\n" + server_text(real()))).smtp_alert);
}

TEST(VirtualServers, a_reload_tells_what_is_otherwise) {
  const Configuration before = load_text(server_text(real())).configuration;
  const Configuration after = load_text(server_text("quorum 1\nlvs_sched wrr\n" + real("weight 2"))).configuration;
  EXPECT_THAT(difference(before, before, {}), IsEmpty());
  std::vector<std::string> keywords;
  for (const Change& change : difference(before, after, {})) keywords.push_back(change.object + ": " + change.keyword);
  EXPECT_THAT(keywords,
              ElementsAre("virtual_server 10.1.0.1 80 TCP: lvs_sched", "virtual_server 10.1.0.1 80 TCP: real_server"));
}

TEST(Ipvs, its_words_in_global_defs) {
  const LoadResult result =
      load_text("global_defs {\nlvs_timeouts tcp 7200 udp 10\nlvs_flush\nlvs_flush_on_stop\n}\n" + server_text(real()));
  EXPECT_THAT(result.diagnostics, IsEmpty()) << report(result);
  const Ipvs& ipvs = result.configuration.globals.ipvs;
  EXPECT_EQ(ipvs.timeouts, (IpvsTimeouts{.tcp = 7'200, .tcp_fin = {}, .udp = 10}));
  EXPECT_TRUE(ipvs.flush);
  EXPECT_EQ(ipvs.flush_on_stop, FlushOnStop::everything);
  const LoadResult only_own = load_text("global_defs {\nlvs_flush_on_stop VS\n}\n" + server_text(real()));
  EXPECT_EQ(only_own.configuration.globals.ipvs.flush_on_stop, FlushOnStop::own);
}

TEST(Ipvs, its_sync_daemon) {
  const auto daemon = [](const std::string& line) {
    return load_text("global_defs {\nlvs_sync_daemon " + line + "\n}\n" + server_text(real()))
        .configuration.globals.ipvs.sync_daemon;
  };
  EXPECT_EQ(daemon("eth0 VI_1"), (IpvsSyncDaemon{.interface = "eth0", .instance = "VI_1"}));
  EXPECT_EQ(daemon("eth0 VI_1 5"), (IpvsSyncDaemon{.interface = "eth0", .instance = "VI_1", .id = 5}));
  EXPECT_EQ(daemon("eth0 inst VI_1 id 5 maxlen 1400 port 9000 ttl 3 group 224.0.0.82"),
            (IpvsSyncDaemon{.interface = "eth0",
                            .instance = "VI_1",
                            .id = 5,
                            .most_bytes = 1'400,
                            .port = 9'000,
                            .ttl = 3,
                            .group = IpAddress::v4(0xe0000052)}));
}

}  // namespace
}  // namespace baton::config
