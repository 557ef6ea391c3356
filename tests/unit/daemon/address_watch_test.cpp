// Which addresses a host has, as roles without a part in VRRP learn it: from a real kernel that tells, and that has
// more to tell than is read.
#include "daemon/address_watch.h"

#include <gtest/gtest.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <functional>

#include "kernel/confinement.h"
#include "unit/kernel/network.h"

namespace baton::daemon {
namespace {

using namespace std::chrono_literals;
using enum kernel::AddressRequest::Operation;

constexpr Duration patience = 20s;
constexpr std::uint32_t many = 500;  // far more than a small buffer holds

IpAddress address(std::uint32_t number) {
  return IpAddress::v4(0x0a010000 + number);
}

class AddressWatchTest : public kernel::Network {
 protected:
  void SetUp() override {
    Network::SetUp();
    if (IsSkipped()) return;
    requests_ = kernel::NetlinkSocket::open(kernel::NetlinkSocket::Purpose::requests).value();
    ens1_ = link().index;
    ASSERT_TRUE(watch_.open());
  }

  void carry_out(kernel::AddressRequest::Operation operation, std::uint32_t first, std::uint32_t last) {
    std::vector<kernel::AddressRequest> batch;
    for (std::uint32_t number = first; number <= last; ++number) {
      batch.push_back({operation, {.interface_index = ens1_, .address = {address(number), 32}}});
    }
    const auto refused = requests_->carry_out(batch);
    EXPECT_TRUE(refused && refused->empty());
  }
  // The socket that hears the kernel's groups holds a few messages from now on.
  static void make_buffer_small() {
    constexpr int small = 4096;
    int found = 0;
    for (int fd = 3; fd < 256; ++fd) {
      sockaddr_nl name{};
      socklen_t size = sizeof(name);
      if (::getsockname(fd, reinterpret_cast<sockaddr*>(&name), &size) < 0 || name.nl_family != AF_NETLINK) continue;
      if (name.nl_groups == 0) continue;
      EXPECT_EQ(::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
      ++found;
    }
    EXPECT_EQ(found, 1);
  }
  bool becomes(const std::function<bool()>& condition) {
    const Instant deadline = loop::now() + patience;
    while (!condition()) {
      const Duration left = deadline - loop::now();
      if (left <= Duration::zero()) return false;
      loop_.turn(left);
    }
    return true;
  }
  // Until nothing more has come for a moment.
  void settle() {
    for (int before = -1, turns = 0; before != changes_ && turns < 10'000; ++turns) {
      before = changes_;
      loop_.turn(200ms);
    }
  }

  loop::Loop loop_;
  int changes_ = 0;
  AddressWatch watch_{loop_, [this] { ++changes_; }};
  std::optional<kernel::NetlinkSocket> requests_;
  std::uint32_t ens1_ = 0;
};

TEST_F(AddressWatchTest, what_is_here_is_known_and_what_comes_and_goes_is_told) {
  EXPECT_TRUE(watch_.has(ip("10.0.0.1")));
  EXPECT_FALSE(watch_.has(address(1)));
  carry_out(add, 1, 1);
  EXPECT_TRUE(becomes([&] { return watch_.has(address(1)); }));
  carry_out(remove, 1, 1);
  EXPECT_TRUE(becomes([&] { return !watch_.has(address(1)); }));
  EXPECT_GE(changes_, 2);
}

TEST_F(AddressWatchTest, what_the_kernel_could_not_tell_is_read) {
  make_buffer_small();
  carry_out(add, 1, many);
  EXPECT_TRUE(becomes([&] { return watch_.has(address(many)); }));
  carry_out(remove, 1, many);
  EXPECT_TRUE(becomes([&] { return !watch_.has(address(many)); }));
  settle();
  EXPECT_TRUE(watch_.has(ip("10.0.0.1")));
  carry_out(add, many, many);  // and it goes on as before
  EXPECT_TRUE(becomes([&] { return watch_.has(address(many)); }));
}

// The first ones still wait to be read when later messages are lost, that these are gone among them.
TEST_F(AddressWatchTest, what_waited_from_before_a_loss_is_not_believed) {
  make_buffer_small();
  carry_out(add, 1, many);
  carry_out(remove, 1, many);
  carry_out(add, many + 1, many + 1);
  EXPECT_TRUE(becomes([&] { return watch_.has(address(many + 1)); }));
  settle();
  EXPECT_TRUE(watch_.has(address(many + 1)));
  for (std::uint32_t number = 1; number <= many; ++number) EXPECT_FALSE(watch_.has(address(number))) << number;
}

// The checker's filter lets it open no netlink socket: those that it has must do.
TEST_F(AddressWatchTest, a_confined_checker_reads_anew_as_well) {
  make_buffer_small();
  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe2(pipe.data(), O_CLOEXEC), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    if (!kernel::confine_client({})) ::_exit(2);
    char byte = 0;
    if (::read(pipe[0], &byte, 1) != 1) ::_exit(3);
    ::_exit(becomes([&] { return watch_.has(address(many)); }) ? 0 : 1);
  }
  carry_out(add, 1, many);
  EXPECT_EQ(::write(pipe[1], "x", 1), 1);
  int status = -1;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  for (const int end : pipe) (void)::close(end);
}

}  // namespace
}  // namespace baton::daemon
