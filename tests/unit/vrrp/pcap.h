// Capture files (the classic pcap format) with Ethernet frames, for vectors and for showing our packets to tshark.
#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"

namespace baton::vrrp {

// The frames of a file in their order; empty when it cannot be read.
std::vector<Bytes> read_pcap(const std::string& path);
bool write_pcap(const std::string& path, const std::vector<Bytes>& frames);

}  // namespace baton::vrrp
