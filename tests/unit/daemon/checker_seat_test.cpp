// The seat of the checker, with a real checker in it: the balancer that hears it is the test.
#include "daemon/checker_seat.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <string>

#include "daemon/check_verdict.h"
#include "kernel/tcp_listener.h"
#include "unit/daemon/made_setup.h"

namespace baton::daemon {
namespace {

using namespace std::chrono_literals;

constexpr Duration patience = 60s;

const IpAddress loopback = *IpAddress::parse("127.0.0.1");

// While it is there, no memory can be had that is shared with others: a file of no size is as large as one may be.
class NoSharedMemory {
 public:
  NoSharedMemory() {
    before_ = ::signal(SIGXFSZ, SIG_IGN);
    (void)::getrlimit(RLIMIT_FSIZE, &limit_);
    const rlimit none{.rlim_cur = 0, .rlim_max = limit_.rlim_max};
    (void)::setrlimit(RLIMIT_FSIZE, &none);
  }
  NoSharedMemory(const NoSharedMemory&) = delete;
  NoSharedMemory& operator=(const NoSharedMemory&) = delete;
  ~NoSharedMemory() {
    (void)::setrlimit(RLIMIT_FSIZE, &limit_);
    (void)::signal(SIGXFSZ, before_);
  }

 private:
  rlimit limit_{};
  sighandler_t before_ = nullptr;
};

class CheckerSeatTest : public testing::Test {
 protected:
  ~CheckerSeatTest() override { seat_.kill(); }

  void follow(std::uint16_t port) {
    setup_ = setup_of(
        "virtual_server 127.0.0.1 80 {\n  delay_loop 0.1\n  protocol TCP\n  lb_algo rr\n  lb_kind NAT\n"
        "  real_server 127.0.0.1 " +
        std::to_string(port) + " {\n    TCP_CHECK {\n      warmup 0\n      retry 0\n    }\n  }\n}\n");
    seat_.follow(setup_);
  }
  void hear() {
    while (const auto message = balancer_.receive()) {
      const auto verdict = decode_verdict(message->bytes);
      EXPECT_TRUE(verdict);
      if (verdict) is_up_ = verdict->is_up;
    }
  }
  bool becomes(bool is_up) {
    const Instant deadline = loop::now() + patience;
    while (is_up_ != is_up && loop::now() < deadline) {
      loop_.turn(50ms);
      hear();
    }
    return is_up_ == is_up;
  }

  loop::Loop loop_;
  log::Options log_options_{.syslog = false};
  log::Logger log_{log_options_};
  daemon::Setup setup_;
  int starts_ = 0;
  std::optional<bool> is_up_;
  kernel::Channel balancer_;
  CheckerSeat seat_{loop_,
                    log_,
                    log_options_,
                    {.balancer =
                         [this](kernel::Channel channel) {
                           ++starts_;
                           balancer_ = std::move(channel);
                         },
                     .worker = [](const kernel::Channel&) {}}};
};

// Its beats are nowhere to be seen then, for longer than one that hangs is let live.
TEST_F(CheckerSeatTest, a_checker_without_shared_memory_checks_and_nobody_kills_it) {
  std::optional<kernel::TcpListener> server = *kernel::TcpListener::open(loopback, 0);
  {
    const NoSharedMemory none;
    follow(server->port());
  }
  EXPECT_FALSE(seat_.ledger().beats());
  ASSERT_TRUE(becomes(true));
  const Instant end = loop::now() + limits::silence_of_a_role + limits::between_looks;
  while (loop::now() < end) loop_.turn(end - loop::now());
  EXPECT_TRUE(seat_.is_running());
  server.reset();
  EXPECT_TRUE(becomes(false));
  EXPECT_EQ(starts_, 1);
}

TEST_F(CheckerSeatTest, a_checker_with_shared_memory_shows_its_beats) {
  const auto server = kernel::TcpListener::open(loopback, 0);
  follow(server->port());
  ASSERT_TRUE(becomes(true));
  const auto before = seat_.ledger().beats();
  ASSERT_TRUE(before);
  const Instant deadline = loop::now() + patience;
  while (seat_.ledger().beats() == before && loop::now() < deadline) loop_.turn(100ms);
  EXPECT_GT(*seat_.ledger().beats(), *before);
  EXPECT_EQ(seat_.ledger().read().checks.size(), 1U);
}

// Renewed every sixty days, under the same names.
TEST_F(CheckerSeatTest, a_checker_that_speaks_tls_reads_its_files_again_when_they_are_others) {
  std::string name = "/tmp/baton-seat-XXXXXX";
  const std::filesystem::path folder = ::mkdtemp(name.data());
  const auto write = [&](const char* file, const char* text) {
    std::ofstream(folder / "new") << text;
    std::filesystem::rename(folder / "new", folder / file);
  };
  const auto follow = [&](const std::string& ssl, const std::string& check) {
    setup_ = setup_of(ssl +
                      "virtual_server 127.0.0.1 80 {\n  protocol TCP\n  lb_algo rr\n  lb_kind NAT\n"
                      "  real_server 127.0.0.1 9 {\n    " +
                      check + "\n  }\n}\n");
    seat_.follow(setup_);
  };
  const auto serves = [&] { return seat_.serves(setup_.configuration, setup_); };
  const std::string ssl =
      "SSL {\n  certificate " + (folder / "cert.pem").string() + "\n  key " + (folder / "key.pem").string() + "\n}\n";
  write("cert.pem", "one");
  follow(ssl, "SSL_GET {\n url {\n path /\n }\n }");
  EXPECT_TRUE(serves());
  write("cert.pem", "two");
  EXPECT_FALSE(serves());
  seat_.follow(setup_);
  EXPECT_TRUE(serves());
  write("key.pem", "there is one now");
  EXPECT_FALSE(serves());

  ASSERT_EQ(::setenv("SSL_CERT_FILE", (folder / "ca.pem").c_str(), 1), 0);
  follow({}, "TLS_CHECK {\n tls_verify www.example.org\n }");
  EXPECT_TRUE(serves());
  write("ca.pem", "an authority");
  EXPECT_FALSE(serves());
  follow(ssl, "TCP_CHECK {\n }");
  write("cert.pem", "three");
  write("ca.pem", "another one");
  EXPECT_TRUE(serves());
  ASSERT_EQ(::unsetenv("SSL_CERT_FILE"), 0);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace baton::daemon
