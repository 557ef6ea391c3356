#include "kernel/interface_settings.h"

#include "unit/kernel/network.h"

namespace baton::kernel {
namespace {

using InterfaceSettings = Network;

TEST_F(InterfaceSettings, forwarding_is_read_for_the_interface) {
  EXPECT_FALSE(forwards_ipv6("ens1"));
  run("sysctl -qw net.ipv6.conf.ens1.forwarding=1");
  EXPECT_TRUE(forwards_ipv6("ens1"));
  EXPECT_FALSE(forwards_ipv6("ens9"));
}

TEST_F(InterfaceSettings, forwarding_is_remembered_for_some_seconds) {
  ForwardingMemory memory;
  const Instant now{std::chrono::seconds(100)};
  EXPECT_FALSE(memory.forwards_ipv6("ens1", now));
  run("sysctl -qw net.ipv6.conf.ens1.forwarding=1");
  EXPECT_FALSE(memory.forwards_ipv6("ens1", now + std::chrono::seconds(4)));
  EXPECT_TRUE(memory.forwards_ipv6("ens1", now + std::chrono::seconds(5)));
}

}  // namespace
}  // namespace baton::kernel
