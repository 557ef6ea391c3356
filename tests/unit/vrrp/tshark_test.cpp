// tshark as a judge of what we send: nothing malformed, no checksum wrong that it knows how to sum.
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>

#include "base/unique_fd.h"
#include "unit/vrrp/codec_bench.h"
#include "unit/vrrp/pcap.h"
#include "vrrp/announcement.h"
#include "vrrp/message_checksum.h"

namespace baton::vrrp {
namespace {

using namespace std::chrono_literals;

const MacAddress mac = *MacAddress::parse("02:00:00:00:00:01");

// What kernel and driver put around a packet of ours.
Bytes frame_of(const OutgoingPacket& packet, const IpAddress& source) {
  Bytes frame;
  ByteWriter writer(frame);
  writer.bytes(mac.bytes);
  writer.bytes(mac.bytes);
  writer.u16(source.is_v4() ? 0x0800 : 0x86dd);
  if (source.is_v6()) {
    writer.u32(0x6c000000);
    writer.u16(static_cast<std::uint16_t>(packet.bytes.size()));
    writer.u8(spec::protocol_vrrp);
    writer.u8(255);
    writer.bytes(source.bytes());
    writer.bytes(packet.destination.bytes());
  }
  writer.bytes(packet.bytes);
  if (source.is_v4()) writer.put_u16(14 + 10, message_checksum(ByteView(frame).subspan(14, 20)));
  return frame;
}

std::vector<Bytes> frames_of(const CodecParameters& parameters) {
  const std::string own = host(parameters, 1);
  std::vector<Bytes> frames;
  for (const bool is_unicast : {false, true}) {
    const std::vector<std::string> peers{host(parameters, 2), host(parameters, 3)};
    AdvertCodec codec = node(is_unicast ? with_peers(parameters, peers) : parameters, own);
    for (const auto priority : {spec::priority_default, spec::priority_stop}) {
      for (const OutgoingPacket& packet : codec.encode(priority, 1s, noon)) frames.push_back(frame_of(packet, ip(own)));
    }
  }
  return frames;
}

class TsharkTest : public testing::Test {
 protected:
  void SetUp() override {
    if (std::system("command -v tshark >/dev/null") != 0) GTEST_SKIP() << "tshark is not installed";
  }

  // The lines of the frames a display filter picks. The file lives in memory that tshark inherits: nothing to remove.
  static std::string picked(const std::vector<Bytes>& frames, const std::string& filter) {
    const UniqueFd memory(::memfd_create("frames.pcap", 0));
    const std::string file = "/dev/fd/" + std::to_string(memory.get());
    EXPECT_TRUE(write_pcap(file, frames));
    const std::string command = "tshark -n -o ip.check_checksum:TRUE -r " + file + " -Y '" + filter + "' 2>&1";
    std::string output;
    FILE* const pipe = ::popen(command.c_str(), "r");
    if (pipe == nullptr) return "popen failed";
    std::array<char, 4096> buffer;
    while (std::fgets(buffer.data(), buffer.size(), pipe) != nullptr) {
      const std::string line(buffer.data());
      if (!line.starts_with("Running as user")) output += line;
    }
    EXPECT_EQ(::pclose(pipe), 0) << output;
    return output;
  }
};

constexpr const char* bad =
    "_ws.malformed || _ws.expert.severity == \"Error\" || vrrp.checksum.status == 0 || "
    "ip.checksum.status == 0 || icmpv6.checksum.status == 0";

TEST_F(TsharkTest, finds_nothing_wrong) {
  std::vector<Bytes> frames;
  const auto add = [&](const std::vector<Bytes>& more) { frames.insert(frames.end(), more.begin(), more.end()); };
  for (const CodecParameters& parameters :
       {v2_plain(), v2_with(AuthType::pass), v2_with(AuthType::ah), v3_ipv4(), v3_ipv6()}) {
    add(frames_of(parameters));
  }
  add({gratuitous_arp(ip("10.0.20.100"), mac), unsolicited_neighbour_advertisement(ip("fe80::20:100"), mac, true)});
  EXPECT_EQ(picked(frames, bad), "");
  const std::string seen =
      picked(frames, "vrrp.checksum.status == 1 || arp.isgratuitous || icmpv6.checksum.status == 1");
  EXPECT_EQ(static_cast<std::size_t>(std::ranges::count(seen, '\n')), frames.size()) << seen;
}

TEST_F(TsharkTest, finds_the_authenticated_trailer_in_place) {  // it does not know it, nor what the checksum covers
  std::vector<Bytes> frames = frames_of(with_hmac(v3_ipv6()));
  for (const Bytes& frame : frames_of(with_hmac(v2_plain()))) frames.push_back(frame);
  EXPECT_EQ(picked(frames, "_ws.malformed"), "");
}

TEST_F(TsharkTest, would_find_a_wrong_checksum) {
  std::vector<Bytes> frames = frames_of(v3_ipv4());
  frames.front()[36] ^= 1;
  EXPECT_NE(picked(frames, bad), "");
}

}  // namespace
}  // namespace baton::vrrp
