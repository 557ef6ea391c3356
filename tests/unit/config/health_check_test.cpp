// The blocks of health checks: what is settled, and what is said of mistakes.
#include "config/health_check.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/blocks.h"
#include "config/keyword_check.h"
#include "config/preprocessor.h"
#include "unit/config/loading.h"

namespace baton::config {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

// A block, read for the real server 10.0.0.2 8080.
struct Reading {
  std::optional<HealthCheck> check;
  std::vector<std::string> ids;  // of what was said, but for notes and what is not carried out yet
};

Reading read_check(const std::string& check, CheckDefaults defaults = {}) {
  MemoryFileReader reader(MemoryFileReader::Files{
      {"test.conf", "virtual_server 10.0.0.1 80 {\nreal_server 10.0.0.2 8080 {\n" + check + "\n}\n}\n"}});
  Sources sources;
  Diagnostics diagnostics;
  TreeBuilder builder(diagnostics);
  const LoadOptions options;
  Preprocessor preprocessor(reader, options, sources, diagnostics, builder);
  EXPECT_TRUE(preprocessor.read_main("test.conf"));
  Tree tree = builder.finish();
  check_keywords(tree, diagnostics);
  Programs programs(reader);
  Configuration configuration;
  configuration.files.push_back({.name = "load", .path = "/tmp/load", .weight = 3});
  const Definitions definitions(configuration);
  defaults.address = *IpAddress::parse("10.0.0.2");
  defaults.port = 8080;
  const Statement& real_server = tree.root.children.front().children.front();
  Reading reading{.check = read_health_check({diagnostics, reader, sources, programs}, real_server.children.front(),
                                             defaults, definitions),
                  .ids = {}};
  for (const Diagnostic& diagnostic : diagnostics.take()) {
    if (diagnostic.severity != Severity::note && diagnostic.id != "not-yet") reading.ids.push_back(diagnostic.id);
  }
  return reading;
}

HealthCheck check_of(const std::string& check, const CheckDefaults& defaults = {}) {
  const Reading reading = read_check(check, defaults);
  EXPECT_TRUE(reading.check) << check;
  return reading.check.value_or(HealthCheck{});
}

template <typename Kind>
Kind kind_of(const std::string& check) {
  const HealthCheck read = check_of(check);
  const Kind* kind = std::get_if<Kind>(&read.kind);
  EXPECT_NE(kind, nullptr);
  return kind != nullptr ? *kind : Kind{};
}

CheckedPage page_of(const std::string& lines) {
  const auto http = kind_of<HttpCheck>("HTTP_GET {\nurl {\npath /\n" + lines + "\n}\n}");
  return http.pages.empty() ? CheckedPage{} : http.pages.front();
}

TEST(HealthCheck, defaults_are_keepalived_s) {
  const HealthCheck check = check_of("TCP_CHECK {\n}");
  EXPECT_EQ(check.target, (CheckTarget{.address = *IpAddress::parse("10.0.0.2"), .port = 8080, .timeout = 5s}));
  EXPECT_EQ(check.delay_loop, 60s);
  EXPECT_EQ(check.retry, 1U);
  EXPECT_EQ(check.delay_before_retry, 1s);
  EXPECT_EQ(check.warmup, 60s);
  EXPECT_FALSE(check.alpha);
}

TEST(HealthCheck, each_kind_has_retries_of_its_own) {
  const HealthCheck http = check_of("HTTP_GET {\nurl {\npath /\n}\n}");
  EXPECT_EQ(http.retry, 1U);
  EXPECT_EQ(http.delay_before_retry, 3s);
  const HealthCheck dns = check_of("DNS_CHECK {\ndelay_loop 7\n}");
  EXPECT_EQ(dns.retry, 3U);
  EXPECT_EQ(dns.delay_before_retry, 7s);
  EXPECT_EQ(check_of("MISC_CHECK {\nmisc_path /usr/bin/true\n}").retry, 0U);
}

TEST(HealthCheck, says_what_its_servers_say_unless_it_says_more) {
  const CheckDefaults outer{
      .connect_timeout = 2s, .delay_loop = 10s, .retry = 5, .delay_before_retry = 4s, .warmup = 0s, .alpha = true};
  const HealthCheck check = check_of("TCP_CHECK {\n}", outer);
  EXPECT_EQ(check.delay_loop, 10s);
  EXPECT_EQ(check.retry, 5U);
  EXPECT_EQ(check.target.timeout, 2s);
  EXPECT_EQ(check.warmup, 0s);
  EXPECT_EQ(check.delay_before_retry, 4s);
  EXPECT_TRUE(check.alpha);
  EXPECT_EQ(check_of("TCP_CHECK {\ndelay_loop 0.25\n}", outer).delay_loop, 250ms);
}

TEST(HealthCheck, where_it_connects) {
  const HealthCheck check = check_of(
      "TCP_CHECK {\nconnect_ip 10.0.0.9\nconnect_port 9\nbindto 10.0.0.3\nbind_port 1000\nbind_if eth1\nfwmark 7\n"
      "connect_timeout 1.5\nlog_all_failures\nalpha\n}");
  EXPECT_EQ(check.target, (CheckTarget{.address = *IpAddress::parse("10.0.0.9"),
                                       .port = 9,
                                       .source = *IpAddress::parse("10.0.0.3"),
                                       .source_port = 1000,
                                       .interface = "eth1",
                                       .mark = 7,
                                       .timeout = 1500ms}));
  EXPECT_TRUE(check.log_all_failures);
  EXPECT_TRUE(check.alpha);
}

TEST(HealthCheck, a_source_of_another_family_is_ignored) {
  const Reading reading = read_check("TCP_CHECK {\nbindto 2001:db8::1\n}");
  EXPECT_THAT(reading.ids, Contains("other-family"));
  EXPECT_FALSE(reading.check->target.source);
}

TEST(HttpCheck, pages) {
  const auto http = kind_of<HttpCheck>(
      "SSL_GET {\nhttp_protocol 1.1\nenable_sni\nfast_recovery\nkeep_connection\nvirtualhost a.example.org\nurl "
      "{\npath /x\n}\nurl "
      "{\npath y\nvirtualhost b.example.org\nstatus_code 200-204 301\ndigest 9b3a0c85a887a256d6939da88aabd8cd\n}\n}");
  EXPECT_TRUE(http.tls && http.enable_sni && http.fast_recovery && http.keep_connection);
  EXPECT_EQ(http.protocol, HttpProtocol::http_1_1);
  ASSERT_EQ(http.pages.size(), 2U);
  EXPECT_EQ(http.pages[0], (CheckedPage{.path = "/x", .virtualhost = "a.example.org", .status_codes = {{200, 299}}}));
  EXPECT_EQ(http.pages[1].path, "/y");
  EXPECT_EQ(http.pages[1].virtualhost, "b.example.org");
  EXPECT_THAT(http.pages[1].status_codes, ElementsAre(StatusRange{200, 204}, StatusRange{301, 301}));
  EXPECT_EQ(http.pages[1].digest->front(), 0x9b);
}

TEST(HttpCheck, http_2_certificates_and_json) {
  const auto http = kind_of<HttpCheck>(
      "SSL_GET {\nhttp_protocol 2\ntls_verify www.example.org\ntls_min_days 14\nurl {\npath /\njson /a/0 ok\njson \"/b "
      "c\" "
      "\"all is well\"\njson \"\" 3\n}\n}");
  EXPECT_EQ(http.protocol, HttpProtocol::http_2);
  EXPECT_EQ(http.certificate, (CertificateDemands{.verify = true, .name = "www.example.org", .min_days = 14}));
  EXPECT_THAT(http.pages[0].json, ElementsAre(JsonExpectation{.pointer = "/a/0", .value = "ok"},
                                              JsonExpectation{.pointer = "/b c", .value = "all is well"},
                                              JsonExpectation{.pointer = "", .value = "3"}));
}

TEST(HttpCheck, certificates_are_taken_as_they_are_unless_told_otherwise) {
  EXPECT_EQ(kind_of<HttpCheck>("SSL_GET {\nurl {\npath /\n}\n}").certificate, CertificateDemands{});
  EXPECT_EQ(kind_of<HttpCheck>("SSL_GET {\ntls_verify\nurl {\npath /\n}\n}").certificate,
            CertificateDemands{.verify = true});
}

TEST(HttpCheck, an_http_2_connection_is_not_kept) {
  const Reading reading = read_check("HTTP_GET {\nhttp_protocol 2\nkeep_connection\nurl {\npath /\n}\n}");
  EXPECT_THAT(reading.ids, ElementsAre("no-effect"));
  EXPECT_FALSE(std::get<HttpCheck>(reading.check->kind).keep_connection);
}

TEST(HttpCheck, json_that_cannot_be_used) {
  const auto said = [](const std::string& line) {
    return read_check("HTTP_GET {\nurl {\npath /\n" + line + "\n}\n}").ids;
  };
  EXPECT_THAT(said("json /a"), ElementsAre("missing-value"));
  EXPECT_THAT(said("json a ok"), ElementsAre("bad-value"));
  EXPECT_THAT(said("json /a~ ok"), ElementsAre("bad-value"));
  EXPECT_THAT(said("json /a~2 ok"), ElementsAre("bad-value"));
  EXPECT_THAT(said("json /a all is well"), ElementsAre("bad-value"));
  EXPECT_THAT(said("json /a " + std::string(1'001, 'x')), ElementsAre("bad-value"));
  std::string many;
  for (int i = 0; i < 33; ++i) many += "json /a ok\n";
  EXPECT_THAT(said(many), ElementsAre("too-many"));
}

TEST(GrpcCheck, everything) {
  EXPECT_EQ(kind_of<GrpcCheck>("GRPC_CHECK {\nservice shop.Cart\nvirtualhost a.example.org\ntls\nsni_name "
                               "b.example.org\ntls_verify c.example.org\ntls_min_days 0\n}"),
            (GrpcCheck{.service = "shop.Cart",
                       .virtualhost = "a.example.org",
                       .tls = true,
                       .enable_sni = true,
                       .sni_name = "b.example.org",
                       .certificate = {.verify = true, .name = "c.example.org", .min_days = 0}}));
  EXPECT_EQ(kind_of<GrpcCheck>("GRPC_CHECK {\n}"), GrpcCheck{});
  const HealthCheck inherits = check_of("GRPC_CHECK {\n}", {.virtualhost = "a.example.org"});
  EXPECT_EQ(std::get<GrpcCheck>(inherits.kind).virtualhost, "a.example.org");
}

TEST(GrpcCheck, without_tls_there_is_no_certificate) {
  const Reading reading = read_check("GRPC_CHECK {\ntls_verify\ntls_min_days 3\nenable_sni\n}");
  EXPECT_THAT(reading.ids, ElementsAre("no-effect", "no-effect", "no-effect"));
  EXPECT_EQ(std::get<GrpcCheck>(reading.check->kind), GrpcCheck{});
}

TEST(TlsCheck, everything) {
  EXPECT_EQ(kind_of<TlsCheck>("TLS_CHECK {\nsni_name a.example.org\ntls_verify\ntls_min_days 14\n}"),
            (TlsCheck{.sni_name = "a.example.org", .certificate = {.verify = true, .name = "", .min_days = 14}}));
}

TEST(HttpCheck, a_regex) {
  const CheckedPage page = page_of(
      "regex \"^a\\\\d+ b$\"\nregex_options caseless dotall\nregex_min_offset 3\nregex_max_offset 9\nregex_no_match");
  ASSERT_TRUE(page.regex);
  EXPECT_EQ(page.regex->pattern, "^a\\d+ b$");
  EXPECT_THAT(page.regex->options, ElementsAre(RegexOption::caseless, RegexOption::dotall));
  EXPECT_EQ(page.regex->min_offset, 3U);
  EXPECT_EQ(page.regex->max_offset, 9U);
  EXPECT_TRUE(page.regex->no_match);
}

TEST(HttpCheck, mistakes_are_told) {
  EXPECT_THAT(read_check("HTTP_GET {\n}").ids, Contains("incomplete-block"));
  EXPECT_THAT(read_check("HTTP_GET {\nurl {\nstatus_code 200\n}\n}").ids, Contains("incomplete-block"));
  for (const char* line : {"status_code 999", "status_code 300-200", "digest 12", "regex_options nonsense",
                           "regex_stack 9 8", "regex_min_offset -1"}) {
    EXPECT_THAT(read_check(std::string("HTTP_GET {\nurl {\npath /\n") + line + "\n}\n}").ids, Contains("bad-value"))
        << line;
  }
}

TEST(SmtpCheck, hosts) {
  EXPECT_EQ(kind_of<SmtpCheck>("SMTP_CHECK {\nhelo_name lb.example.org\n}"),
            (SmtpCheck{.helo_name = "lb.example.org",
                       .hosts = {{.address = *IpAddress::parse("10.0.0.2"), .port = 8080, .timeout = 5s}}}));
  const auto check = kind_of<SmtpCheck>(
      "SMTP_CHECK {\nconnect_timeout 3\nhost {\nconnect_ip 10.0.0.7\nconnect_port 25\n}\nhost {\nconnect_ip "
      "10.0.0.8\n}\n}");
  ASSERT_EQ(check.hosts.size(), 2U);
  EXPECT_EQ(check.hosts[0].port, 25);
  EXPECT_EQ(check.hosts[0].timeout, 3s);
  EXPECT_EQ(check.hosts[1].port, 8080);
  EXPECT_EQ(check_of("SMTP_CHECK {\nhost {\nretry 7\n}\n}").retry, 7U);
}

TEST(DnsCheck, type_and_name) {
  EXPECT_EQ(kind_of<DnsCheck>("DNS_CHECK {\n}"), (DnsCheck{.type = DnsType::soa, .name = "."}));
  EXPECT_EQ(kind_of<DnsCheck>("DNS_CHECK {\ntype aaaa\nname www.example.org\n}"),
            (DnsCheck{.type = DnsType::aaaa, .name = "www.example.org"}));
  EXPECT_THAT(read_check("DNS_CHECK {\nname a..b\n}").ids, Contains("bad-value"));
  EXPECT_THAT(read_check("DNS_CHECK {\ntype PTR\n}").ids, Contains("bad-value"));
}

TEST(UdpCheck, hexadecimal_digits_as_keepalived_reads_them) {  // its manual's example
  const auto check = kind_of<UdpCheck>(
      "UDP_CHECK {\npayload Ab12f 3 456 546443123\nrequire_reply 4x X1\nmin_reply_length 2\nmax_reply_length 90\n}");
  EXPECT_THAT(check.payload, ElementsAre(0xab, 0x12, 0x0f, 0x03, 0x45, 0x06, 0x54, 0x64, 0x43, 0x12, 0x03));
  EXPECT_TRUE(check.requires_reply);
  EXPECT_THAT(check.reply,
              ElementsAre(MaskedByte{.value = 0x40, .mask = 0xf0}, MaskedByte{.value = 0x01, .mask = 0x0f}));
  EXPECT_EQ(check.min_reply_bytes, 2);
  EXPECT_EQ(check.max_reply_bytes, 90);
}

TEST(UdpCheck, mistakes_are_told) {
  EXPECT_THAT(read_check("UDP_CHECK {\npayload xy\n}").ids, Contains("bad-value"));
  EXPECT_THAT(read_check("UDP_CHECK {\nmin_reply_length 9\nmax_reply_length 3\n}").ids, Contains("bad-value"));
  EXPECT_TRUE(kind_of<UdpCheck>("UDP_CHECK {\nrequire_reply\n}").reply.empty());
}

TEST(MiscCheck, command_user_and_time) {
  const auto check =
      kind_of<MiscCheck>("MISC_CHECK {\nmisc_path \"/usr/bin/test -e /x\"\nmisc_timeout 7\nmisc_dynamic\nuser root\n}");
  EXPECT_THAT(check.command.arguments, ElementsAre("/usr/bin/test", "-e", "/x"));
  EXPECT_EQ(check.command.account.user, "root");
  EXPECT_EQ(check.timeout, 7s);
  EXPECT_TRUE(check.is_dynamic);
  EXPECT_EQ(kind_of<MiscCheck>("MISC_CHECK {\ndelay_loop 9\nmisc_path /usr/bin/true\n}").timeout, 9s);
  EXPECT_THAT(read_check("MISC_CHECK {\nmisc_timeout 1\n}").ids, Contains("incomplete-block"));
}

// As keepalived: the real server is up without it, so that a typing error takes no service away.
TEST(MiscCheck, without_its_program_or_user_is_left_out) {
  for (const std::string_view lines :
       {"misc_path /opt/gone", "misc_path /etc/passwd", "misc_path /usr/bin/true\nuser nobody_here"}) {
    const Reading reading = read_check(fmt::format("MISC_CHECK {{\n{}\n}}", lines));
    EXPECT_FALSE(reading.check) << lines;
    EXPECT_THAT(reading.ids, Contains("script-disabled")) << lines;
  }
}

TEST(FileCheck, takes_the_weight_of_its_file_unless_it_has_one) {
  EXPECT_EQ(kind_of<FileCheck>("FILE_CHECK {\ntrack_file load\n}"), (FileCheck{.file = "load", .weight = 3}));
  EXPECT_EQ(kind_of<FileCheck>("FILE_CHECK {\ntrack_file load\nweight -1 reverse\n}"),
            (FileCheck{.file = "load", .weight = -1, .reverse = true}));
  EXPECT_THAT(read_check("FILE_CHECK {\ntrack_file nothing\n}").ids, Contains("not-defined"));
}

TEST(PingCheck, needs_no_port) {
  EXPECT_EQ(kind_of<PingCheck>("PING_CHECK {\n}"), PingCheck{});
}

TEST(HealthCheck, a_right_one_says_nothing) {
  for (const char* check :
       {"TCP_CHECK {\n}", "HTTP_GET {\nurl {\npath /\n}\n}", "SSL_GET {\nurl {\npath /\n}\n}", "SMTP_CHECK {\n}",
        "DNS_CHECK {\n}", "UDP_CHECK {\n}", "PING_CHECK {\n}", "MISC_CHECK {\nmisc_path /usr/bin/true\nuser root\n}",
        "FILE_CHECK {\ntrack_file load\n}"}) {
    EXPECT_THAT(read_check(check).ids, IsEmpty()) << check;
    EXPECT_TRUE(read_check(check).check) << check;
  }
}

TEST(Ssl, files_and_a_password_that_nobody_prints) {
  const LoadResult result = load_text("SSL {\nca /a\ncertificate /b\nkey /c\npassword secret\n}\n" + instance_text(""));
  EXPECT_EQ(result.configuration.check_tls,
            (CheckTls{.ca_file = "/a", .certificate_file = "/b", .key_file = "/c", .password = Secret("secret")}));
}

}  // namespace
}  // namespace baton::config
