// Real interfaces for a test: two network namespaces joined by a veth pair. The test's thread lives in `here`; nothing
// is left when the object is gone, or the process.
//
//   here: ens1 10.0.0.1/24 ──────── ens1 10.0.0.2/24 :there
#pragma once

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <optional>
#include <string>

#include "base/unique_fd.h"
#include "kernel/interface_table.h"
#include "kernel/netlink_socket.h"

namespace baton::kernel {

inline constexpr int patience_ms = 10'000;  // for what must happen; a busy machine is slow

inline void run(const std::string& command) {
  EXPECT_EQ(std::system(command.c_str()), 0) << command;
}

inline bool wait_readable(int fd, int timeout_ms = patience_ms) {
  pollfd ready{.fd = fd, .events = POLLIN, .revents = 0};
  return ::poll(&ready, 1, timeout_ms) == 1;
}

class Namespace {
 public:
  // Makes a new one and enters it. A link's own IPv6 address is usable at once: no duplicate address detection.
  Namespace() {
    EXPECT_EQ(::unshare(CLONE_NEWNET), 0);
    fd_ = UniqueFd(::open("/proc/thread-self/ns/net", O_RDONLY));  // inherited: ip(8) is given its number
    std::ofstream("/proc/sys/net/ipv6/conf/default/accept_dad") << 0;
    run("ip link set lo up");
  }
  void enter() const { EXPECT_EQ(::setns(fd_.get(), CLONE_NEWNET), 0); }
  std::string path() const { return fmt::format("/proc/self/fd/{}", fd_.get()); }

 private:
  UniqueFd fd_;
};

class Network : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root: makes network namespaces";
    original_ = UniqueFd(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
    there_.emplace();
    run("ip link add ens1 type veth peer name ens0");
    here_.emplace();
    there_->enter();
    run("ip link set ens0 netns " + here_->path());
    run("ip address add 10.0.0.2/24 dev ens1 && ip link set ens1 up");
    here_->enter();
    run("ip link set ens0 name ens1 && ip address add 10.0.0.1/24 dev ens1 && ip link set ens1 up");
    wait_until_usable();
    there([] { wait_until_usable(); });
  }
  void TearDown() override {
    if (!original_) return;
    EXPECT_EQ(::setns(original_.get(), CLONE_NEWNET), 0);
  }

  // Carrier, addresses and routes of a new link come a moment after `ip link set up`, by the kernel's own workers.
  static void wait_until_usable() {
    constexpr std::uint32_t tentative = 0x40;
    for (int waited_ms = 0; waited_ms < patience_ms; ++waited_ms) {
      auto requests = NetlinkSocket::open(NetlinkSocket::Purpose::requests);
      ASSERT_TRUE(requests);
      const auto addresses = requests->dump_addresses();
      ASSERT_TRUE(addresses);
      const bool is_settled = std::ranges::any_of(*addresses, [](const InterfaceAddress& it) {
        return it.address.address.is_v6() && it.address.address.is_link_local() && (it.flags & tentative) == 0;
      });
      if (is_settled && link().is_up) return;
      (void)::poll(nullptr, 0, 1);
    }
    FAIL() << "the link did not become usable";
  }

  // Does something on the other side.
  void there(const std::function<void()>& action) {
    there_->enter();
    action();
    here_->enter();
  }

  static InterfaceTable table() {
    auto requests = NetlinkSocket::open(NetlinkSocket::Purpose::requests);
    EXPECT_TRUE(requests);
    auto links = requests->dump_links();
    auto addresses = requests->dump_addresses();
    EXPECT_TRUE(links && addresses);
    InterfaceTable result;
    result.replace(*links, *addresses);
    return result;
  }
  static Link link(const std::string& name = "ens1") {
    const InterfaceTable interfaces = table();
    const Link* found = interfaces.find(name);
    EXPECT_NE(found, nullptr) << name;
    return found == nullptr ? Link{} : *found;
  }
  static IpAddress ip(const std::string& text) { return IpAddress::parse(text).value(); }
  // The link-local address of the interface.
  static IpAddress link_local(const std::string& name = "ens1") {
    const InterfaceTable interfaces = table();
    for (const IpPrefix& prefix : interfaces.addresses_on(interfaces.find(name)->index)) {
      if (prefix.address.is_v6() && prefix.address.is_link_local()) return prefix.address;
    }
    ADD_FAILURE() << "no link-local address on " << name;
    return {};
  }

  std::optional<Namespace> here_;
  std::optional<Namespace> there_;

 private:
  UniqueFd original_;
};

}  // namespace baton::kernel
