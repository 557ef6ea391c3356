// keep_connection: one connection for many tries, and whatever a server does with it between them is no failure.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <spawn.h>
#include <sys/socket.h>

#include <algorithm>
#include <sstream>
#include <vector>

#include "checker/engine.h"
#include "unit/checker/servers.h"

extern char** environ;

namespace baton::checker {
namespace {

using namespace std::chrono_literals;
using health::Failure;

config::HealthCheck kept_check(std::uint16_t port, bool tls = false, Duration timeout = 20s) {
  config::HttpCheck http{.tls = tls, .keep_connection = true, .pages = {{.path = "/", .status_codes = {{}}}}};
  return {.kind = std::move(http),
          .target = {.address = *IpAddress::parse("127.0.0.1"), .port = port, .timeout = timeout},
          .delay_loop = 20ms,
          .retry = 0,
          .delay_before_retry = 10ms,
          .warmup = {}};
}

// What came of so many tries, one after the other.
std::vector<Failure> outcomes(const config::HealthCheck& check, std::size_t tries) {
  loop::Loop loop;
  std::vector<Failure> ended;
  Engine engine(loop, {check}, {}, 1,
                {.verdict = [](Engine::Index, const health::Verdict&) {},
                 .ended =
                     [&](Engine::Index, const health::Check& now) {
                       if (ended.size() < tries) ended.push_back(now.last_outcome().failure);
                     }});
  engine.start({});
  const auto give_up = std::chrono::steady_clock::now() + patience;
  while (ended.size() < tries && std::chrono::steady_clock::now() < give_up) loop.turn(100ms);
  return ended;
}

std::vector<int> numbers_in(const std::string& text) {
  std::istringstream in(text);
  std::vector<int> numbers;
  for (int number = 0; in >> number;) numbers.push_back(number);
  return numbers;
}

// Which answer of its connection each was: the first `tries` of them.
std::vector<int> answers(const std::string& server, std::size_t tries) {
  std::vector<int> numbers = numbers_in(Servers::get().text(server));
  numbers.resize(std::min(numbers.size(), tries));
  return numbers;
}

TEST(KeptConnection, many_tries_use_it_and_a_new_one_is_made_now_and_then) {
  constexpr std::size_t tries = limits::tries_of_connection + 2;
  EXPECT_EQ(outcomes(kept_check(Servers::get().port("kept")), tries), std::vector(tries, Failure::none));
  const std::vector<int> numbers = answers("kept", tries);
  ASSERT_EQ(numbers.size(), tries);
  for (std::size_t i = 0; i < limits::tries_of_connection; ++i) EXPECT_EQ(numbers[i], static_cast<int>(i + 1));
  EXPECT_EQ(numbers[limits::tries_of_connection], 1);
  EXPECT_EQ(numbers.back(), 2);
}

class WhatServersDo : public testing::TestWithParam<const char*> {};

TEST_P(WhatServersDo, with_a_kept_connection_is_no_failure) {
  const std::string server = GetParam();
  config::HealthCheck check = kept_check(Servers::get().port(server), false, 2s);
  check.delay_loop = 500ms;  // what the server does behind its answer has come by then
  EXPECT_EQ(outcomes(check, 6), std::vector(6, Failure::none));
  EXPECT_EQ(answers(server, 5), (std::vector{1, 2, 1, 2, 1}));
}

INSTANTIATE_TEST_SUITE_P(KeptConnection, WhatServersDo,
                         testing::Values("kept_until_answered", "kept_until_asked", "kept_until_silent",
                                         "kept_until_late"),
                         [](const auto& test) { return std::string(test.param); });

TEST(KeptConnection, a_server_that_is_gone_is_a_failure_at_once) {
  EXPECT_EQ(outcomes(kept_check(1), 2), std::vector(2, Failure::refused));
}

TEST(KeptConnection, without_the_option_each_try_has_its_own) {
  config::HealthCheck check = kept_check(Servers::get().port("page"));
  std::get<config::HttpCheck>(check.kind).keep_connection = false;
  EXPECT_EQ(outcomes(check, 3), std::vector(3, Failure::none));
}

TEST(KeptConnection, tls_is_kept_with_it) {
  EXPECT_EQ(outcomes(kept_check(Servers::get().port("tls_kept"), true), 6), std::vector(6, Failure::none));
  EXPECT_EQ(answers("tls_kept", 5), (std::vector{1, 2, 3, 1, 2}));
}

// nginx in the foreground, three requests a connection; its log says which of its connection each request was.
class Nginx {
 public:
  Nginx() : folder_(Servers::get().file("nginx")) {
    std::filesystem::create_directory(folder_);
    std::ofstream(folder_ / "nginx.conf")
        << "daemon off; master_process off; pid nginx.pid; error_log error.log; events {}\n"
        << "http { log_format n '$connection_requests'; access_log requests n; keepalive_requests 3;\n"
        << "  client_body_temp_path t; proxy_temp_path t; fastcgi_temp_path t; uwsgi_temp_path t; scgi_temp_path t;\n"
        << "  server { listen 127.0.0.1:" << port_ << "; location / { return 200 hello; } } }\n";
    const std::string folder = folder_;
    const std::string config = folder_ / "nginx.conf";
    const std::string log = folder_ / "error.log";
    std::array<const char*, 8> words{"nginx", "-p", folder.c_str(), "-c", config.c_str(), "-e", log.c_str(), nullptr};
    EXPECT_EQ(::posix_spawn(&pid_, "/usr/sbin/nginx", nullptr, nullptr, const_cast<char**>(words.data()), environ), 0);
  }
  ~Nginx() {
    (void)::kill(pid_, SIGKILL);
    (void)::waitpid(pid_, nullptr, 0);
  }
  Nginx(const Nginx&) = delete;
  Nginx& operator=(const Nginx&) = delete;

  std::uint16_t port() const { return port_; }
  bool listens() const {
    const auto give_up = std::chrono::steady_clock::now() + patience;
    while (outcomes(kept_check(port_), 1) != std::vector{Failure::none}) {
      if (std::chrono::steady_clock::now() > give_up) return false;
      ::poll(nullptr, 0, 10);
    }
    return true;
  }
  // Its log follows its answers.
  std::vector<int> requests(std::size_t wanted) const {
    const auto give_up = std::chrono::steady_clock::now() + patience;
    for (;;) {
      std::vector<int> numbers = numbers_in(Servers::get().text("nginx/requests"));
      if (numbers.size() >= wanted || std::chrono::steady_clock::now() > give_up) {
        numbers.resize(wanted);
        return numbers;
      }
      ::poll(nullptr, 0, 10);
    }
  }

 private:
  static std::uint16_t free_port() {
    const UniqueFd bound(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{.sin_family = AF_INET, .sin_port = 0, .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_zero = {}};
    (void)::bind(bound.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address));
    socklen_t size = sizeof(address);
    (void)::getsockname(bound.get(), reinterpret_cast<sockaddr*>(&address), &size);
    return ntohs(address.sin_port);
  }

  std::filesystem::path folder_;
  std::uint16_t port_ = free_port();
  pid_t pid_ = -1;
};

TEST(KeptConnection, nginx_ends_it_after_three_requests_and_nobody_minds) {
  if (!std::filesystem::exists("/usr/sbin/nginx")) GTEST_SKIP() << "no nginx here";
  const Nginx nginx;
  ASSERT_TRUE(nginx.listens());
  EXPECT_EQ(outcomes(kept_check(nginx.port()), 7), std::vector(7, Failure::none));
  EXPECT_EQ(nginx.requests(7), (std::vector{1, 1, 2, 3, 1, 2, 3}));  // the first one asked whether it listens
}

}  // namespace
}  // namespace baton::checker
