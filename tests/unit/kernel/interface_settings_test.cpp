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

}  // namespace
}  // namespace baton::kernel
