// A reload tells what changes: whatever two checks differ in is a setting.
#include <gtest/gtest.h>

#include "config/settings.h"

namespace baton::config {
namespace {

using namespace std::chrono_literals;

HealthCheck http(CheckedPage page, bool tls = false) {
  return {.kind = HttpCheck{.tls = tls, .pages = {std::move(page)}}};
}

TEST(HealthCheckSettings, each_difference_is_one) {
  const std::vector<HealthCheck> checks{
      {.kind = TcpCheck{}},
      {.kind = PingCheck{}},
      {.kind = TcpCheck{}, .target = {.port = 1}},
      {.kind = TcpCheck{}, .target = {.source = IpAddress()}},
      {.kind = TcpCheck{}, .target = {.source_port = 1}},
      {.kind = TcpCheck{}, .target = {.interface = "eth0"}},
      {.kind = TcpCheck{}, .target = {.mark = 1}},
      {.kind = TcpCheck{}, .target = {.timeout = 1s}},
      {.kind = TcpCheck{}, .delay_loop = 1s},
      {.kind = TcpCheck{}, .retry = 9},
      {.kind = TcpCheck{}, .delay_before_retry = 9s},
      {.kind = TcpCheck{}, .warmup = 9s},
      {.kind = TcpCheck{}, .alpha = true},
      {.kind = TcpCheck{}, .log_all_failures = true},
      http({.path = "/"}),
      http({.path = "/"}, true),
      http({.path = "/", .virtualhost = "a"}),
      http({.path = "/", .status_codes = {{200, 299}}}),
      http({.path = "/", .digest = std::array<std::uint8_t, 16>{}}),
      http({.path = "/", .regex = PageRegex{.pattern = "a"}}),
      http({.path = "/", .regex = PageRegex{.pattern = "a", .options = {RegexOption::utf}}}),
      http({.path = "/", .regex = PageRegex{.pattern = "a", .no_match = true}}),
      http({.path = "/", .regex = PageRegex{.pattern = "a", .min_offset = 1}}),
      http({.path = "/", .regex = PageRegex{.pattern = "a", .max_offset = 1}}),
      http({.path = "/", .json = {{.pointer = "/a", .value = "b"}}}),
      http({.path = "/", .json = {{.pointer = "/a", .value = "c"}}}),
      {.kind = HttpCheck{.protocol = HttpProtocol::http_2}},
      {.kind = HttpCheck{.certificate = {.verify = true}}},
      {.kind = HttpCheck{.certificate = {.min_days = 0}}},
      {.kind = GrpcCheck{}},
      {.kind = GrpcCheck{.service = "a"}},
      {.kind = GrpcCheck{.virtualhost = "a"}},
      {.kind = GrpcCheck{.tls = true}},
      {.kind = GrpcCheck{.tls = true, .enable_sni = true}},
      {.kind = GrpcCheck{.tls = true, .sni_name = "a"}},
      {.kind = GrpcCheck{.tls = true, .certificate = {.verify = true}}},
      {.kind = TlsCheck{}},
      {.kind = TlsCheck{.sni_name = "a"}},
      {.kind = TlsCheck{.certificate = {.verify = true}}},
      {.kind = TlsCheck{.certificate = {.verify = true, .name = "a"}}},
      {.kind = TlsCheck{.certificate = {.min_days = 1}}},
      {.kind = SmtpCheck{}},
      {.kind = SmtpCheck{.hosts = {{.port = 25}}}},
      {.kind = DnsCheck{}},
      {.kind = DnsCheck{.type = DnsType::a}},
      {.kind = UdpCheck{}},
      {.kind = UdpCheck{.payload = {1}}},
      {.kind = UdpCheck{.requires_reply = true}},
      {.kind = UdpCheck{.requires_reply = true, .reply = {{.value = 1}}}},
      {.kind = MiscCheck{.command = {.line = "a"}}},
      {.kind = MiscCheck{.command = {.line = "a"}, .is_dynamic = true}},
      {.kind = FileCheck{.file = "a"}},
      {.kind = FileCheck{.file = "a", .weight = 2}},
      {.kind = BfdCheck{.session = "a"}},
  };
  for (std::size_t i = 0; i < checks.size(); ++i) {
    for (std::size_t k = 0; k < i; ++k) EXPECT_NE(settings_of(checks[i]), settings_of(checks[k])) << i << " " << k;
    EXPECT_EQ(settings_of(checks[i]), settings_of(HealthCheck(checks[i])));
  }
}

}  // namespace
}  // namespace baton::config
