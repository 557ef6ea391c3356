// room: doctor
// Any bytes as a frame on the wire: taken apart, and compared with a configuration.
#include "doctor/mirror.h"

using namespace baton;
using namespace baton::doctor;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto advert = dissect(ByteView(data, size));
  if (!advert) return 0;
  setup::RouterSetup router;
  const bool is_v4 = advert->family == Family::ipv4;
  router.codec = {.version = is_v4 && advert->version == 2 ? vrrp::Version::v2 : vrrp::Version::v3,
                  .family = advert->family,
                  .vrid = advert->vrid == 0 ? std::uint8_t{1} : advert->vrid,
                  .advert_interval = std::chrono::seconds(1),
                  .addresses = advert->addresses,
                  .multicast_group = vrrp::spec::multicast_group(advert->family)};
  const IpAddress ours = IpAddress::parse(is_v4 ? "10.0.0.1" : "fe80::1").value();
  const Speaker speaker{.interface = "eth0", .advert = std::move(*advert)};
  (void)compare(router, ours, speaker);
  return 0;
}
