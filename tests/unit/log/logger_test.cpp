#include "log/logger.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <string>

#include "log/rate_limit.h"

namespace baton::log {
namespace {

using std::chrono::seconds;

// A log daemon: a datagram socket at a path of its own.
class LogDaemon {
 public:
  LogDaemon() : path_(testing::TempDir() + "baton-log-" + std::to_string(::getpid()) + ".sock") {
    (void)::unlink(path_.c_str());
    fd_ = UniqueFd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::ranges::copy(path_, address.sun_path);
    EXPECT_EQ(::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  }
  ~LogDaemon() { (void)::unlink(path_.c_str()); }

  std::string read() const {
    char buffer[8192];
    const ssize_t count = ::recv(fd_.get(), buffer, sizeof(buffer), 0);
    return count < 0 ? std::string() : std::string(buffer, static_cast<std::size_t>(count));
  }
  Options options() const { return {.identifier = "test", .journal_socket = path_, .syslog_socket = "/nonexistent"}; }

 private:
  std::string path_;
  UniqueFd fd_;
};

TEST(Logger, a_journal_entry_carries_its_fields) {
  const LogDaemon daemon;
  Logger log(daemon.options());
  log.notice("(VI_1) Entering MASTER STATE", {{"VRRP_INSTANCE", "VI_1"}});
  const std::string entry = daemon.read();
  EXPECT_NE(entry.find("PRIORITY=5\n"), entry.npos);
  EXPECT_NE(entry.find("MESSAGE=(VI_1) Entering MASTER STATE\n"), entry.npos);
  EXPECT_NE(entry.find("VRRP_INSTANCE=VI_1\n"), entry.npos);
}

TEST(Logger, a_message_cannot_forge_a_second_line) {
  const LogDaemon daemon;
  Logger log(daemon.options());
  log.info("one\nMESSAGE=two\x1b[2J");
  EXPECT_NE(daemon.read().find("MESSAGE=one MESSAGE=two [2J\n"), std::string::npos);
}

TEST(Logger, a_reader_that_hangs_costs_lines_and_they_are_counted) {
  const LogDaemon daemon;
  Logger log(daemon.options());
  constexpr int more_than_the_queue_holds = 100'000;
  for (int i = 0; i < more_than_the_queue_holds && log.lost() == 0; ++i) log.info("line");
  ASSERT_GT(log.lost(), 0U);  // and we are here: nothing waited
  while (!daemon.read().empty()) {
  }
  log.info("the reader reads again");
  EXPECT_NE(daemon.read().find("the reader reads again"), std::string::npos);
  EXPECT_NE(daemon.read().find("log lines were lost"), std::string::npos);
}

TEST(Logger, a_log_daemon_that_was_restarted_gets_the_line) {
  auto daemon = std::make_unique<LogDaemon>();
  Logger log(daemon->options());
  log.info("before");
  daemon.reset();
  daemon = std::make_unique<LogDaemon>();
  log.info("after");
  EXPECT_NE(daemon->read().find("after"), std::string::npos);
  EXPECT_EQ(log.lost(), 0U);
}

TEST(Logger, what_is_below_the_threshold_is_not_written) {
  const LogDaemon daemon;
  Logger log(daemon.options());
  log.debug("detail");
  EXPECT_EQ(daemon.read(), "");
}

TEST(RateLimit, says_a_thing_once_and_then_counts) {
  RateLimit limit(seconds(10));
  const auto at = [](int second) { return Instant(seconds(second)); };
  EXPECT_EQ(limit.allow("a", at(1)), 0U);
  EXPECT_EQ(limit.allow("a", at(2)), std::nullopt);
  EXPECT_EQ(limit.allow("a", at(3)), std::nullopt);
  EXPECT_EQ(limit.allow("b", at(3)), 0U);
  EXPECT_EQ(limit.allow("a", at(11)), 2U);
  EXPECT_EQ(limit.allow("a", at(12)), std::nullopt);
}

TEST(RateLimit, says_a_few_in_a_row) {
  RateLimit limit(seconds(10), 256, 2);
  const Instant start{};
  EXPECT_EQ(limit.allow("a", start), 0U);
  EXPECT_EQ(limit.allow("a", start + seconds(1)), 0U);
  EXPECT_EQ(limit.allow("a", start + seconds(2)), std::nullopt);
  EXPECT_EQ(limit.allow("a", start + seconds(9)), std::nullopt);
  EXPECT_EQ(limit.allow("a", start + seconds(10)), 2U);
  EXPECT_EQ(limit.allow("a", start + seconds(11)), 0U);
  EXPECT_EQ(limit.allow("a", start + seconds(12)), std::nullopt);
}

TEST(RateLimit, remembers_a_bounded_number_of_keys) {
  RateLimit limit(seconds(10), 2);
  const Instant now(seconds(1));
  for (int i = 0; i < 100; ++i) EXPECT_EQ(limit.allow(std::to_string(i), now), 0U);
}

}  // namespace
}  // namespace baton::log
