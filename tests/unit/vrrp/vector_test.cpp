// keepalived's own packets (tests/vectors): each is accepted and understood, and our codec, given the same parameters
// and memory, sends the same bytes.
#include <gtest/gtest.h>

#include <chrono>

#include "unit/vrrp/pcap.h"
#include "vrrp/advert_codec.h"
#include "vrrp/announcement.h"

namespace baton::vrrp {
namespace {

using namespace std::chrono_literals;

IpAddress ip(const char* text) {
  return *IpAddress::parse(text);
}

struct Vector {
  std::string file;
  CodecParameters parameters;    // without peers
  std::vector<IpAddress> nodes;  // when unicast: every node's address
  std::uint8_t first_priority = 0;
  std::uint8_t second_priority = 0;
};

CodecParameters parameters(Version version, std::vector<const char*> addresses, Duration interval = 1s,
                           std::uint8_t vrid = 50) {
  CodecParameters made{.version = version, .vrid = vrid, .advert_interval = interval};
  for (const char* address : addresses) made.addresses.push_back(ip(address));
  made.family = made.addresses.front().family();
  return made;
}

CodecParameters authenticated(CodecParameters made, AuthType type) {
  made.authentication = {.type = type, .password = {'t', 'u', 'l', 'e'}};
  return made;
}

CodecParameters with_hmac(CodecParameters made) {
  HmacAuthentication hmac{.active_key = 7};
  hmac.keys.push_back({.id = 7});
  for (std::uint8_t byte = 0; byte < 32; ++byte) hmac.keys.front().secret.push_back(byte);
  made.hmac = hmac;
  return made;
}

CodecParameters message_only(CodecParameters made) {
  made.checksum_v3 = ChecksumV3::message_only;
  return made;
}

const std::vector<Vector>& vectors() {
  using enum Version;
  const std::vector<IpAddress> two{ip("10.0.20.14"), ip("10.0.20.15")};
  const std::vector<IpAddress> three{ip("10.0.20.14"), ip("10.0.20.15"), ip("10.0.20.16")};
  const std::vector<IpAddress> three_v6{ip("fe80::ff:fe00:1"), ip("fe80::ff:fe00:2"), ip("fe80::ff:fe00:3")};
  static const std::vector<Vector> all{
      {"v2-noauth", parameters(v2, {"10.0.20.100"}, 2s), {}, 100, 98},
      {"v2-pass", authenticated(parameters(v2, {"10.0.20.100", "10.0.20.101"}), AuthType::pass), {}, 100, 98},
      {"v2-ah", authenticated(parameters(v2, {"10.0.20.100"}), AuthType::ah), {}, 104, 102},
      {"v2-ah-unicast", authenticated(parameters(v2, {"10.0.20.101"}, 1s, 51), AuthType::ah), two, 100, 98},
      {"v2-ah-unicast-2peers", authenticated(parameters(v2, {"10.0.20.100"}), AuthType::ah), three, 150, 110},
      {"v2-hmac-ipv4", with_hmac(parameters(v2, {"10.0.20.100"})), {}, 150, 98},
      {"v3-ipv4", parameters(v3, {"10.0.20.100", "10.0.20.101"}, 500ms), {}, 150, 98},
      {"v3-ipv4-chksum-as-v2", message_only(parameters(v3, {"10.0.20.100"})), {}, 150, 98},
      {"v3-unicast", parameters(v3, {"10.0.20.100"}), two, 150, 98},
      {"v3-ipv6", parameters(v3, {"fe80::20:100", "2001:db8:20::100"}), {}, 150, 98},
      {"v3-ipv6-unicast", parameters(v3, {"fe80::20:100"}), three_v6, 150, 110},
      {"v3-hmac-ipv4", with_hmac(parameters(v3, {"10.0.20.100"})), {}, 150, 98},
      {"v3-hmac-ipv6", with_hmac(parameters(v3, {"fe80::20:100"})), {}, 150, 98},
      {"v3-hmac-unicast", with_hmac(parameters(v3, {"10.0.20.100"})), two, 150, 98},
  };
  return all;
}

// A captured frame that is an advert, as a raw socket gives it.
struct Captured {
  ReceivedPacket packet;
  std::uint64_t hmac_time = 0;
};

std::optional<Captured> captured(ByteView frame, const CodecParameters& parameters) {
  ByteReader reader(frame);
  reader.skip(12);
  const std::uint16_t type = reader.u16();
  Captured found;
  if (type == 0x0800) {
    found.packet.bytes = reader.rest();
    found.packet.source = IpAddress::from_bytes(found.packet.bytes.subspan(12, 4));
    found.packet.destination = IpAddress::from_bytes(found.packet.bytes.subspan(16, 4));
  } else if (type == 0x86dd) {
    reader.skip(6);
    if (reader.u8() != spec::protocol_vrrp) return std::nullopt;
    found.packet.hop_limit = reader.u8();
    found.packet.source = IpAddress::from_bytes(reader.take(16));
    found.packet.destination = IpAddress::from_bytes(reader.take(16));
    found.packet.bytes = reader.rest();
  } else {
    return std::nullopt;
  }
  if (parameters.hmac) found.hmac_time = ByteReader(found.packet.bytes.last(24)).u64();
  return found;
}

std::vector<Captured> adverts(const std::vector<Bytes>& frames, const CodecParameters& parameters) {
  std::vector<Captured> found;
  for (const Bytes& frame : frames) {
    if (const auto advert = captured(frame, parameters)) found.push_back(*advert);
  }
  return found;
}

CodecParameters as_seen_by(const IpAddress& node, const Vector& vector) {
  CodecParameters made = vector.parameters;
  for (const IpAddress& other : vector.nodes) {
    if (other != node) made.peers.push_back({.address = other});
  }
  return made;
}

// The clock that yields this time in a trailer.
WallTime clock_of(std::uint64_t hmac_time) {
  const std::uint64_t fraction = hmac_time >> 16 & 0xffff;
  return WallTime(std::chrono::seconds(hmac_time >> 32) +
                  std::chrono::nanoseconds((fraction * 1'000'000'000 + 65535) / 65536));
}

std::string path_of(const Vector& vector) {
  return BATON_SOURCE_DIR "/tests/vectors/" + vector.file + ".pcap";
}

class KeepalivedVector : public testing::TestWithParam<Vector> {};

TEST_P(KeepalivedVector, is_accepted_and_understood) {
  const auto frames = read_pcap(path_of(GetParam()));
  const auto packets = adverts(frames, GetParam().parameters);
  ASSERT_GE(packets.size(), 3u);
  const IpAddress first = packets.front().packet.source;
  std::size_t stops = 0;
  for (const Captured& advert : packets) {
    const ReceivedPacket& packet = advert.packet;
    // A node with fresh memory, and the one the packet is sent to; with several peers each gets a copy.
    const IpAddress receiver = GetParam().nodes.empty() ? IpAddress() : packet.destination;
    auto codec = AdvertCodec::make(as_seen_by(receiver, GetParam()));
    ASSERT_TRUE(codec);
    const auto decoded = codec->decode(packet, clock_of(advert.hmac_time));
    ASSERT_TRUE(decoded) << name(decoded.error());
    EXPECT_EQ(decoded->source, packet.source);
    EXPECT_EQ(decoded->interval, GetParam().parameters.advert_interval);
    const std::uint8_t usual = packet.source == first ? GetParam().first_priority : GetParam().second_priority;
    if (decoded->priority == spec::priority_stop)
      ++stops;
    else
      EXPECT_EQ(decoded->priority, usual);
    EXPECT_EQ(peek_vrid(GetParam().parameters.family, packet.bytes), GetParam().parameters.vrid);
  }
  EXPECT_EQ(stops, std::max<std::size_t>(1, GetParam().nodes.size() - (GetParam().nodes.empty() ? 0 : 1)));
}

TEST_P(KeepalivedVector, is_a_whole_conversation_to_one_listener) {
  const auto frames = read_pcap(path_of(GetParam()));
  const bool is_unicast = !GetParam().nodes.empty();
  const IpAddress listener = is_unicast ? GetParam().nodes.back() : IpAddress();
  AdvertCodec codec(as_seen_by(listener, GetParam()));
  for (const Captured& advert : adverts(frames, GetParam().parameters)) {
    if (is_unicast && advert.packet.destination != listener) continue;
    const auto decoded = codec.decode(advert.packet, clock_of(advert.hmac_time));
    EXPECT_TRUE(decoded) << name(decoded.error());
    const auto again = codec.decode(advert.packet, clock_of(advert.hmac_time));
    EXPECT_EQ(again.has_value(),
              GetParam().parameters.authentication.type != AuthType::ah && !GetParam().parameters.hmac);
  }
}

TEST_P(KeepalivedVector, is_what_we_send) {
  const auto frames = read_pcap(path_of(GetParam()));
  const auto packets = adverts(frames, GetParam().parameters);
  const std::size_t copies = GetParam().nodes.empty() ? 1 : GetParam().nodes.size() - 1;
  ASSERT_EQ(packets.size() % copies, 0u);
  for (std::size_t i = 0; i < packets.size(); i += copies) {
    const ReceivedPacket& first = packets[i].packet;
    AdvertCodec codec(as_seen_by(first.source, GetParam()));
    codec.set_source(first.source);
    CodecMemory memory;
    std::size_t message = 0;
    if (first.source.is_v4()) {
      const bool has_ah = first.bytes[9] == spec::protocol_ah;
      memory.ip_identification = static_cast<std::uint16_t>(ByteReader(first.bytes.subspan(4)).u16() - 1);
      if (has_ah) memory.ah_sequence = ByteReader(first.bytes.subspan(28)).u32() - 1;
      message = has_ah ? 44 : 20;
    }
    if ((packets[i].hmac_time & 0xffff) != 0) memory.hmac_time = packets[i].hmac_time - 1;
    codec.restore(memory);
    const auto sent =
        codec.encode(first.bytes[message + 2], GetParam().parameters.advert_interval, clock_of(packets[i].hmac_time));
    ASSERT_EQ(sent.size(), copies);
    for (std::size_t copy = 0; copy < copies; ++copy) {
      const ReceivedPacket& expected = packets[i + copy].packet;
      Bytes bytes(expected.bytes.begin(), expected.bytes.end());
      if (expected.source.is_v4()) bytes[10] = bytes[11] = 0;  // the kernel fills in the IPv4 checksum
      EXPECT_EQ(sent[copy].destination, expected.destination);
      EXPECT_EQ(sent[copy].bytes, bytes);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, KeepalivedVector, testing::ValuesIn(vectors()), [](const auto& test) {
  std::string name = test.param.file;
  std::ranges::replace(name, '-', '_');
  return name;
});

TEST(KeepalivedVector, announcements_are_what_we_send_and_hear) {
  const MacAddress mac = *MacAddress::parse("02:00:00:00:00:01");
  const auto arp = [&](const char* file, std::size_t frame, const char* address) {
    const Bytes captured_frame = read_pcap(BATON_SOURCE_DIR "/tests/vectors/" + std::string(file)).at(frame);
    EXPECT_EQ(ip(address).is_v4() ? gratuitous_arp(ip(address), mac)
                                  : unsolicited_neighbour_advertisement(ip(address), mac, false),
              captured_frame);
    EXPECT_EQ(decode_announcement(captured_frame), (HeardAnnouncement{ip(address), mac}));
  };
  arp("v2-pass.pcap", 1, "10.0.20.100");
  arp("v2-pass.pcap", 2, "10.0.20.101");
  arp("v3-ipv4.pcap", 1, "10.0.20.100");
  arp("v3-ipv4.pcap", 2, "10.0.20.101");
  arp("v3-ipv6.pcap", 1, "fe80::20:100");
  arp("v3-ipv6.pcap", 2, "2001:db8:20::100");
}

}  // namespace
}  // namespace baton::vrrp
