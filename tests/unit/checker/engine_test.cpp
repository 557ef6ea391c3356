// Checks of real servers on loopback, good ones and hostile ones: what comes of them, in bounded time.
#include "checker/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <array>

#include "health/page_digest.h"
#include "kernel/check_socket.h"
#include "unit/checker/servers.h"
#include "unit/kernel/network.h"

namespace baton::checker {
namespace {

using namespace std::chrono_literals;
using health::Failure;
using testing::HasSubstr;

config::CheckTarget loopback(std::uint16_t port, Duration timeout = 20s) {
  return {.address = *IpAddress::parse("127.0.0.1"), .port = port, .timeout = timeout};
}

config::HealthCheck check_of(config::HealthCheck::Kind kind, std::uint16_t port, Duration timeout = 20s) {
  return {.kind = std::move(kind),
          .target = loopback(port, timeout),
          .delay_loop = 50ms,
          .retry = 0,
          .delay_before_retry = 10ms,
          .warmup = {}};
}

config::HttpCheck http(config::CheckedPage page = {}) {
  if (page.path.empty()) page.path = "/";
  if (page.status_codes.empty()) page.status_codes.emplace_back();
  return {.pages = {std::move(page)}};
}
config::HttpCheck https() {
  config::HttpCheck check = http();
  check.tls = true;
  return check;
}

// A check on a loop of its own until its first try has ended.
class Trial {
 public:
  explicit Trial(config::HealthCheck check, const std::optional<config::CheckTls>& tls = {}) {
    Engine engine(loop_, {std::move(check)}, tls, 1,
                  {.verdict = [this](Engine::Index, const health::Verdict& told) { verdict = told; },
                   .ended = [this](Engine::Index, const health::Check& ended) { outcome = ended.last_outcome(); }});
    engine.start({});
    const auto begin = std::chrono::steady_clock::now();
    while (!outcome && std::chrono::steady_clock::now() < begin + patience) loop_.turn(100ms);
    took = std::chrono::steady_clock::now() - begin;
    EXPECT_TRUE(outcome);
  }

  Failure failure() const { return outcome ? outcome->failure : Failure::none; }
  std::string sentence() const { return outcome ? health::sentence(*outcome) : "nothing came of it"; }

  std::optional<health::Outcome> outcome;
  std::optional<health::Verdict> verdict;
  Duration took{};

 private:
  loop::Loop loop_;
};

Trial run(config::HealthCheck::Kind kind, const std::string& server, Duration timeout = 20s) {
  return Trial(check_of(std::move(kind), Servers::get().port(server), timeout));
}

// Of a server that goes on a little at a time. A server that gets no processor is silent, which is another failure:
// then it is asked again.
Failure slow_failure(const std::function<Trial()>& attempt) {
  Failure failure{};
  for (int tries = 0; tries < 5; ++tries) {
    failure = attempt().failure();
    if (failure != Failure::reply_timeout && failure != Failure::tls_handshake) break;
  }
  return failure;
}

TEST(TcpCheck, a_connection_is_enough) {
  EXPECT_EQ(run(config::TcpCheck{}, "silent").sentence(), "success");
}

TEST(TcpCheck, nobody_listens) {
  const Trial refused(check_of(config::TcpCheck{}, 1));
  EXPECT_EQ(refused.sentence(), "connection refused");
  ASSERT_TRUE(refused.verdict);
  EXPECT_EQ(*refused.verdict, (health::Verdict{.is_up = false, .weight = {}, .reason = "connection refused"}));
}

TEST(TcpCheck, an_address_that_is_not_ours_is_our_own_fault) {
  config::HealthCheck check = check_of(config::TcpCheck{}, 1);
  check.target.source = *IpAddress::parse("192.0.2.77");
  EXPECT_EQ(Trial(check).failure(), Failure::source_unusable);
}

TEST(TcpCheck, a_server_is_not_blamed_where_every_port_to_it_is_taken) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root: makes a network namespace";
  const UniqueFd before(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
  const kernel::Namespace small;
  std::ofstream("/proc/sys/net/ipv4/ip_local_port_range") << "40000 40000";
  const UniqueFd server(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in address{.sin_family = AF_INET, .sin_port = htons(80), .sin_addr = {}, .sin_zero = {}};
  EXPECT_EQ(::bind(server.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  EXPECT_EQ(::listen(server.get(), 8), 0);
  const kernel::CheckEndpoint endpoint{.address = *IpAddress::parse("127.0.0.1"), .port = 80};
  const auto taken = kernel::open_check_socket(kernel::CheckSocket::stream, endpoint);
  EXPECT_TRUE(taken && kernel::connect_check_socket(taken->get(), kernel::CheckSocket::stream, endpoint));
  const Trial trial(check_of(config::TcpCheck{}, 80));
  EXPECT_EQ(trial.failure(), Failure::no_resources);
  EXPECT_FALSE(trial.verdict);
  EXPECT_EQ(::setns(before.get(), CLONE_NEWNET), 0);
}

TEST(TcpCheck, a_source_and_its_port_are_used_again_and_again) {
  loop::Loop loop;
  config::HealthCheck check = check_of(config::TcpCheck{}, Servers::get().port("closing"));
  check.target.source = *IpAddress::parse("127.0.0.9");
  int ended = 0;
  Engine engine(loop, {check}, {}, 1,
                {.verdict = [](Engine::Index, const health::Verdict&) {},
                 .ended =
                     [&](Engine::Index, const health::Check& now) {
                       EXPECT_EQ(health::sentence(now.last_outcome()), "success");
                       ++ended;
                     }});
  engine.start({});
  const auto give_up = std::chrono::steady_clock::now() + patience;
  while (ended < 5 && std::chrono::steady_clock::now() < give_up) loop.turn(100ms);
  EXPECT_GE(ended, 5);
}

TEST(HttpCheck, a_page_is_there) {
  EXPECT_EQ(run(http(), "page").sentence(), "success");
  EXPECT_THAT(Servers::get().text("requests"), HasSubstr("GET / HTTP/1.0\r\n"));
  EXPECT_EQ(run(http(), "until_close").sentence(), "success");
}

TEST(HttpCheck, statuses) {
  EXPECT_EQ(run(http(), "unavailable").sentence(), "status 503");
  EXPECT_EQ(run(http(), "redirect").sentence(), "status 302");
}

TEST(HttpCheck, hostile_servers_cost_one_failed_check) {
  EXPECT_EQ(run(http(), "endless_header").failure(), Failure::http_header_too_long);
  EXPECT_EQ(run(http({.path = "/", .digest = health::Digest{}}), "endless_page").failure(), Failure::reply_too_long);
  EXPECT_EQ(run(http(), "garbage").failure(), Failure::http_malformed);
  // Which of the two, the order of packets decides.
  for (const char* server : {"closing", "resetting"}) {
    EXPECT_THAT((std::array{Failure::connection_broken, Failure::closed_early}),
                testing::Contains(run(http(), server).failure()));
  }
}

TEST(HttpCheck, a_packed_page_is_not_unpacked) {
  EXPECT_EQ(run(http(), "bomb").sentence(), "success");
  const Trial digest = run(http({.path = "/", .digest = health::Digest{}}), "bomb");
  EXPECT_EQ(digest.failure(), Failure::http_digest);
  // Ten thousand bytes are looked at, not ten million, of which each would match.
  config::CheckedPage page{.path = "/", .regex = config::PageRegex{.pattern = "^\\x00{1000}"}};
  EXPECT_EQ(run(http(page), "bomb").failure(), Failure::http_no_match);
}

TEST(HttpCheck, chunks_of_any_size_and_headers_without_end_are_bounded) {
  const Failure chunk = run(http({.path = "/", .digest = health::Digest{}}), "chunks").failure();
  EXPECT_THAT((std::array{Failure::reply_too_long, Failure::http_malformed}), testing::Contains(chunk));
  EXPECT_EQ(run(http(), "continues").failure(), Failure::http_malformed);
}

TEST(HttpCheck, silence_ends) {
  const Trial silent = run(http(), "silent", 200ms);
  EXPECT_EQ(silent.failure(), Failure::reply_timeout);
  EXPECT_GE(silent.took, 200ms);
}

TEST(HttpCheck, one_byte_after_the_other_ends) {
  EXPECT_EQ(slow_failure([] { return run(http(), "drip", 200ms); }), Failure::too_slow);
  EXPECT_EQ(slow_failure([] { return run(http(), "drip_page", 200ms); }), Failure::too_slow);
}

TEST(SslCheck, a_page_is_there) {
  EXPECT_EQ(run(https(), "tls").sentence(), "success");
}

TEST(SslCheck, the_name_is_told_when_asked_for) {
  config::HttpCheck check = https();
  check.enable_sni = true;
  check.pages.front().virtualhost = "www.example.org";
  EXPECT_EQ(run(check, "tls").sentence(), "success");
  EXPECT_THAT(Servers::get().text("names"), HasSubstr("www.example.org"));
}

TEST(SslCheck, hostile_servers_cost_one_failed_check) {
  EXPECT_EQ(run(https(), "garbage").failure(), Failure::tls_handshake);
  EXPECT_EQ(run(https(), "page", 300ms).failure(), Failure::tls_handshake);
  EXPECT_THAT((std::array{Failure::tls_handshake, Failure::connection_broken}),
              testing::Contains(run(https(), "closing").failure()));
  EXPECT_EQ(run(https(), "silent", 200ms).sentence(), "no TLS handshake (it does not go on)");
  EXPECT_EQ(run(https(), "tls_endless_header").failure(), Failure::http_header_too_long);
  EXPECT_EQ(slow_failure([] { return run(https(), "tls_drip", 300ms); }), Failure::too_slow);
}

TEST(SslCheck, a_file_that_is_missing_is_named) {
  const Trial trial(check_of(https(), Servers::get().port("tls")), config::CheckTls{.ca_file = "/nowhere/ca.pem"});
  EXPECT_EQ(trial.failure(), Failure::tls_unavailable);
  EXPECT_THAT(trial.sentence(), HasSubstr("/nowhere/ca.pem"));
}

TEST(SslCheck, certificate_and_key_of_our_own_are_read) {
  const Servers& servers = Servers::get();
  const config::CheckTls tls{.ca_file = servers.file("cert.pem"),
                             .certificate_file = servers.file("cert.pem"),
                             .key_file = servers.file("key.pem")};
  EXPECT_EQ(Trial(check_of(https(), servers.port("tls")), tls).sentence(), "success");
}

// What a server's certificate must be like: that of these servers is its own authority, for 127.0.0.1 and two days.
Trial verify(const config::CertificateDemands& demands, bool knows_authority = true) {
  const Servers& servers = Servers::get();
  std::optional<config::CheckTls> tls;
  if (knows_authority) tls = config::CheckTls{.ca_file = servers.file("cert.pem")};
  return Trial(check_of(config::TlsCheck{.certificate = demands}, servers.port("tls")), tls);
}

TEST(TlsCheck, a_handshake_is_enough) {
  EXPECT_EQ(run(config::TlsCheck{}, "tls").sentence(), "success");
  EXPECT_EQ(run(config::TlsCheck{}, "garbage").failure(), Failure::tls_handshake);
  EXPECT_EQ(run(config::TlsCheck{}, "silent", 200ms).failure(), Failure::tls_handshake);
}

TEST(TlsCheck, the_name_is_told) {
  EXPECT_EQ(run(config::TlsCheck{.sni_name = "told.example.org"}, "tls").sentence(), "success");
  EXPECT_THAT(Servers::get().text("names"), HasSubstr("told.example.org"));
}

TEST(TlsCheck, a_certificate_is_believed_or_not) {
  EXPECT_EQ(verify({.verify = true}).sentence(), "success");  // the address is its name
  EXPECT_EQ(verify({.verify = true, .name = "127.0.0.1", .min_days = 1}).sentence(), "success");
  EXPECT_EQ(verify({.verify = true, .name = "127.0.0.2"}).sentence(), "the certificate is not for 127.0.0.2");
  EXPECT_EQ(verify({.verify = true, .name = "www.example.org"}).sentence(),
            "the certificate is not for www.example.org");
  EXPECT_THAT(Servers::get().text("names"), HasSubstr("www.example.org"));  // who verifies it tells it
  EXPECT_THAT((std::array{Failure::tls_untrusted, Failure::tls_unavailable}),
              testing::Contains(verify({.verify = true}, false).failure()));
}

TEST(TlsCheck, without_an_authority_of_its_own_it_believes_those_of_the_machine) {
  ASSERT_EQ(::setenv("SSL_CERT_FILE", Servers::get().file("cert.pem").c_str(), 1), 0);
  EXPECT_EQ(verify({.verify = true}, false).sentence(), "success");
  ASSERT_EQ(::setenv("SSL_CERT_FILE", "/nowhere/ca.pem", 1), 0);
  EXPECT_EQ(verify({.verify = true}, false).sentence(),
            "TLS cannot be spoken here (this machine believes nobody: install ca-certificates)");
  EXPECT_EQ(verify({}, false).sentence(), "success");  // who asks nothing is not held up
  ASSERT_EQ(::unsetenv("SSL_CERT_FILE"), 0);
}

TEST(TlsCheck, a_certificate_has_days_left) {
  EXPECT_EQ(verify({.min_days = 0}).sentence(), "success");
  EXPECT_THAT(verify({.min_days = 14}).sentence(),  // two within its first second
              testing::ContainsRegex("the certificate expires in [12] days?, fewer than 14"));
}

TEST(TlsCheck, a_server_without_http_2_does_not_agree) {
  config::HttpCheck check = https();
  check.protocol = config::HttpProtocol::http_2;
  EXPECT_EQ(run(check, "tls").sentence(), "the server does not agree on HTTP/2");
  EXPECT_EQ(run(config::GrpcCheck{.tls = true}, "tls").failure(), Failure::tls_no_h2);
}

TEST(Http2Check, hostile_servers_cost_one_failed_check) {
  config::HttpCheck check = http();
  check.protocol = config::HttpProtocol::http_2;
  EXPECT_EQ(run(check, "unavailable").failure(), Failure::http2_malformed);
  EXPECT_EQ(run(check, "garbage").failure(), Failure::http2_malformed);
  EXPECT_EQ(run(check, "silent", 200ms).failure(), Failure::reply_timeout);
  // Its first nine bytes are no frame.
  EXPECT_EQ(slow_failure([&] { return run(check, "drip", 200ms); }), Failure::http2_malformed);
}

config::SmtpCheck smtp(const std::string& server, Duration timeout = 20s) {
  return {.helo_name = "lb.example.org", .hosts = {loopback(Servers::get().port(server), timeout)}};
}

TEST(SmtpCheck, a_mail_server_answers) {
  EXPECT_EQ(Trial(check_of(smtp("smtp"), 0)).sentence(), "success");
}

TEST(SmtpCheck, hostile_servers_cost_one_failed_check) {
  EXPECT_EQ(Trial(check_of(smtp("endless_smtp"), 0)).failure(), Failure::reply_too_long);
  EXPECT_EQ(Trial(check_of(smtp("silent", 200ms), 0)).failure(), Failure::reply_timeout);
  EXPECT_EQ(slow_failure([] { return Trial(check_of(smtp("drip", 200ms), 0)); }), Failure::too_slow);
}

TEST(DnsCheck, a_name_server_answers) {
  EXPECT_EQ(run(config::DnsCheck{.type = config::DnsType::a, .name = "www.example.org"}, "dns").sentence(), "success");
  EXPECT_EQ(run(config::DnsCheck{.name = "nobody.example.org"}, "dns").sentence(), "the name server answered NXDOMAIN");
  EXPECT_EQ(run(config::DnsCheck{.name = "loop"}, "dns").sentence(), "success");  // its pointer is not followed
}

TEST(UdpCheck, a_reply_comes_back) {
  EXPECT_EQ(
      run(config::UdpCheck{.payload = {'a', 'b'}, .requires_reply = true, .reply = {{'a'}, {'b'}}}, "echo").sentence(),
      "success");
}

TEST(UdpCheck, an_empty_reply_is_a_reply) {
  EXPECT_EQ(run(config::UdpCheck{.requires_reply = true}, "blank").sentence(), "success");
  EXPECT_EQ(run(config::UdpCheck{.requires_reply = true, .min_reply_bytes = 1}, "blank").sentence(),
            "the reply has the wrong length: 0 bytes");
}

TEST(UdpCheck, a_closed_port_is_told_by_the_other_side) {
  EXPECT_EQ(Trial(check_of(config::UdpCheck{}, 1)).sentence(), "connection refused");
}

TEST(UdpCheck, silence_is_success_where_no_reply_is_required) {
  const UniqueFd bound(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{.sin_family = AF_INET, .sin_port = 0, .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_zero = {}};
  ASSERT_EQ(::bind(bound.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  socklen_t size = sizeof(address);
  ASSERT_EQ(::getsockname(bound.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  const std::uint16_t port = ntohs(address.sin_port);
  EXPECT_EQ(Trial(check_of(config::UdpCheck{}, port, 100ms)).sentence(), "success");
  EXPECT_EQ(Trial(check_of(config::UdpCheck{.requires_reply = true}, port, 100ms)).failure(), Failure::reply_timeout);
}

TEST(Engine, no_more_tries_go_to_one_address_than_the_limit_lets) {
  loop::Loop loop;
  std::vector<config::HealthCheck> checks(3 * limits::tries_of_address,
                                          check_of(http(), Servers::get().port("silent"), 300ms));
  std::size_t ended = 0;
  std::size_t most = 0;
  Engine engine(loop, checks, {}, 1,
                {.verdict = [](Engine::Index, const health::Verdict&) {},
                 .ended = [&](Engine::Index, const health::Check&) { ++ended; }});
  engine.start({});
  const auto give_up = std::chrono::steady_clock::now() + patience;
  while (ended < checks.size() && std::chrono::steady_clock::now() < give_up) {
    loop.turn(100ms);
    most = std::max(most, engine.under_way());
  }
  EXPECT_GE(ended, checks.size());
  EXPECT_EQ(most, limits::tries_of_address);
  EXPECT_GT(engine.counters().delayed, 0U);
}

TEST(Engine, the_place_of_one_that_is_suspended_before_its_turn_goes_to_the_next) {
  loop::Loop loop;
  config::HealthCheck check = check_of(http(), Servers::get().port("silent"));
  check.delay_loop = 1h;
  constexpr std::size_t most = limits::tries_of_address;
  Engine engine(loop, std::vector(most + 2, check), {}, 1, {.verdict = [](Engine::Index, const health::Verdict&) {}});
  const Instant now = loop::now();  // one after the other
  engine.start([&](Engine::Index index) { return health::Check::State{.next_try = now + index * 1us}; });
  const auto turn_until = [&](const auto& is_so) {
    const auto give_up = std::chrono::steady_clock::now() + patience;
    while (!is_so() && std::chrono::steady_clock::now() < give_up) loop.turn(10ms);
    return is_so();
  };
  ASSERT_TRUE(turn_until([&] { return engine.counters().delayed == 2; }));
  ASSERT_EQ(engine.under_way(), most);
  engine.suspend(0);     // wakes
  engine.suspend(most);  // which does not begin
  EXPECT_TRUE(turn_until([&] { return engine.under_way() == most; }));
}

TEST(CheckSocket, there_may_be_as_many_as_the_hard_limit_lets) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit lowered{.rlim_cur = 100, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &lowered), 0);
  ASSERT_TRUE(kernel::allow_many_sockets());
  rlimit after{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &after), 0);
  EXPECT_EQ(after.rlim_cur, before.rlim_max);
}

TEST(Engine, goes_on_where_one_before_it_was) {
  loop::Loop loop;
  std::vector<health::Verdict> told;
  config::HealthCheck check = check_of(config::TcpCheck{}, Servers::get().port("closing"));
  Engine engine(loop, {check}, {}, 1,
                {.verdict = [&](Engine::Index, const health::Verdict& verdict) { told.push_back(verdict); }});
  engine.start([](Engine::Index) {
    return health::Check::State{
        .is_up = false, .was_told = true, .last_failure = Failure::refused, .tries = 7, .next_try = loop::now()};
  });
  EXPECT_FALSE(engine.check(0).is_up());
  EXPECT_EQ(engine.check(0).verdict().reason, "connection refused");
  const auto give_up = std::chrono::steady_clock::now() + patience;
  while (told.empty() && std::chrono::steady_clock::now() < give_up) loop.turn(100ms);
  ASSERT_EQ(told.size(), 1U);
  EXPECT_TRUE(told.front().is_up);
}

}  // namespace
}  // namespace baton::checker
