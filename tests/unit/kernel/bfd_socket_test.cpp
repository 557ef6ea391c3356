#include "kernel/bfd_socket.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <array>
#include <vector>

#include "unit/kernel/network.h"

namespace baton::kernel {
namespace {

constexpr std::uint16_t port = 3784;
constexpr int many = 40;  // senders, each with a source port of its own: the kernel may spread what comes by it

class BfdListening : public Network {
 protected:
  void speak(Family family) {
    const IpAddress to = ip(family == Family::ipv4 ? "127.0.0.1" : "::1");
    for (std::uint16_t i = 0; i < many; ++i) {
      const auto sender = BfdSender::open(family, to, static_cast<std::uint16_t>(50000 + i), 255);
      ASSERT_TRUE(sender) << to_string(sender.error());
      constexpr std::array<std::uint8_t, 1> bytes{7};
      ASSERT_TRUE(sender->send(to, port, bytes));
    }
  }
  static int heard_by(const BfdListener& listener) {
    int heard = 0;
    while (!listener.receive([&](const BfdDatagram&) { ++heard; })) {
    }
    return heard;
  }
};

// At a reload the next role listens while the one before still speaks for its sessions.
TEST_F(BfdListening, whoever_came_last_hears_everything) {
  for (const Family family : {Family::ipv4, Family::ipv6}) {
    const auto before = BfdListener::open(family, port).value();
    {
      const auto heir = BfdListener::open(family, port);
      ASSERT_TRUE(heir) << to_string(heir.error());
      speak(family);
      EXPECT_EQ(heard_by(*heir), many);
      EXPECT_EQ(heard_by(before), 0);
    }
    speak(family);
    EXPECT_EQ(heard_by(before), many) << "it is alone again";
  }
}

TEST_F(BfdListening, an_heir_hears_everything_when_the_one_before_has_gone) {
  auto before = std::make_optional(BfdListener::open(Family::ipv4, port).value());
  const auto heir = BfdListener::open(Family::ipv4, port).value();
  before.reset();
  speak(Family::ipv4);
  EXPECT_EQ(heard_by(heir), many);
  const auto next = BfdListener::open(Family::ipv4, port).value();
  speak(Family::ipv4);
  EXPECT_EQ(heard_by(next), many);
  EXPECT_EQ(heard_by(heir), 0);
}

TEST_F(BfdListening, nobody_of_another_user_shares_the_port) {
  const auto ours = BfdListener::open(Family::ipv4, port);
  ASSERT_TRUE(ours);
  for (const std::vector<int>& options : {std::vector{SO_REUSEADDR}, {SO_REUSEPORT}, {SO_REUSEADDR, SO_REUSEPORT}}) {
    const pid_t child = ::fork();
    if (child == 0) {
      if (::setresuid(65534, 65534, 65534) != 0) ::_exit(1);
      const int fd = ::socket(AF_INET, SOCK_DGRAM, 0);
      constexpr int yes = 1;
      for (const int option : options) {
        if (::setsockopt(fd, SOL_SOCKET, option, &yes, sizeof(yes)) != 0) ::_exit(2);
      }
      sockaddr_in any{};
      any.sin_family = AF_INET;
      any.sin_port = htons(port);
      const bool is_shared = ::bind(fd, reinterpret_cast<const sockaddr*>(&any), sizeof(any)) == 0;
      ::_exit(is_shared ? 3 : errno == EADDRINUSE ? 0 : 4);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(WEXITSTATUS(status), 0);
  }
}

}  // namespace
}  // namespace baton::kernel
