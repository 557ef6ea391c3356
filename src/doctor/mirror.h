// What two sides of a virtual router would do with each other's adverts: what we would do with theirs is asked of our
// own codec; what they would do with ours, of a codec with the settings that their advert shows.
#pragma once

#include <optional>

#include "doctor/wire.h"
#include "setup/setup.h"
#include "vrrp/advert_codec.h"

namespace baton::doctor {

struct Mirror {
  std::optional<vrrp::RejectReason> here;   // nullopt: taken
  bool is_other_list = false;               // taken or not, it announces other addresses
  std::optional<vrrp::RejectReason> there;  // nullopt: taken, as far as their advert shows
  bool has_other_checksum = false;          // they sum VRRPv3 over IPv4 in the other way than we
};

// `source`: the address that our adverts bear.
Mirror compare(const setup::RouterSetup& router, const IpAddress& source, const Speaker& speaker);

}  // namespace baton::doctor
