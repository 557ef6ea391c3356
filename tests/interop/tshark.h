// tshark as a judge of captured frames.
#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"

namespace baton::interop {

bool has_tshark();

// The summary lines of the frames that a display filter picks, or tshark's complaint. Leaves no file behind.
std::string picked(const std::vector<Bytes>& frames, const std::string& filter);

// Frames with anything malformed, or a checksum (IP, VRRP) that is wrong.
inline constexpr const char* bad_frames =
    "_ws.malformed || _ws.expert.severity == \"Error\" || vrrp.checksum.status == 0 || ip.checksum.status == 0";
// Frames whose VRRP checksum tshark has summed and found right.
inline constexpr const char* good_frames = "vrrp.checksum.status == 1";

}  // namespace baton::interop
