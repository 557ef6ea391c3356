#include "kernel/carrier_probe.h"

#include "unit/kernel/network.h"

namespace baton::kernel {
namespace {

using CarrierProbeTest = Network;

// A veth pair has a carrier while its other end is up. It has no MII.
TEST_F(CarrierProbeTest, the_driver_tells_whether_the_other_end_is_there) {
  const auto probe = CarrierProbe::open();
  ASSERT_TRUE(probe);
  for (const bool up : {true, false, true}) {
    there([&] { run(up ? "ip link set ens1 up" : "ip link set ens1 down"); });
    for (int waited_ms = 0; waited_ms < patience_ms && link().is_up != up; ++waited_ms) (void)::poll(nullptr, 0, 1);
    for (const CarrierQuestion question : {CarrierQuestion::any, CarrierQuestion::ethtool, CarrierQuestion::flags}) {
      EXPECT_EQ(probe->has_carrier("ens1", question), up) << static_cast<int>(question);
    }
    EXPECT_EQ(probe->has_carrier("ens1", CarrierQuestion::mii), std::nullopt);
  }
  EXPECT_EQ(probe->has_carrier("ens9", CarrierQuestion::any), std::nullopt);
}

}  // namespace
}  // namespace baton::kernel
