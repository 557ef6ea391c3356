#include "lab/advert_log.h"

#include <gtest/gtest.h>

namespace baton::lab {
namespace {

using namespace std::chrono_literals;

constexpr std::array<std::uint8_t, 12> macs{0x01, 0x00, 0x5e, 0, 0, 0x12, 0x02, 0, 0, 0, 0, 1};

Bytes frame(std::uint16_t ethertype, const std::vector<Bytes>& parts) {
  Bytes bytes(macs.begin(), macs.end());
  ByteWriter(bytes).u16(ethertype);
  for (const Bytes& part : parts) bytes.insert(bytes.end(), part.begin(), part.end());
  return bytes;
}

Bytes ipv4_header(std::uint8_t protocol) {
  Bytes header(20, 0);
  header[0] = 0x45;
  header[9] = protocol;
  return header;
}

const Bytes v2{0x21, 50, 104, 1, 1, 2, 0, 0, 10, 0, 20, 100};        // advert_int 2
const Bytes v3{0x31, 51, 150, 1, 0x00, 0x32, 0, 0, 10, 0, 20, 101};  // 0.5 s

TEST(DecodeAdvert, reads_vrrp_version_2) {
  const auto advert = decode_advert(frame(0x0800, {ipv4_header(112), v2}));
  ASSERT_TRUE(advert);
  EXPECT_EQ(advert->vrid, 50);
  EXPECT_EQ(advert->priority, 104);
  EXPECT_EQ(advert->interval, 2s);
}

TEST(DecodeAdvert, looks_through_an_authentication_header) {
  Bytes ah(24, 0);
  ah[0] = 112;
  ah[1] = 4;  // length in 32-bit words less 2 (RFC 4302 §2.2)
  const auto advert = decode_advert(frame(0x0800, {ipv4_header(51), ah, v2}));
  ASSERT_TRUE(advert);
  EXPECT_EQ(advert->priority, 104);
}

TEST(DecodeAdvert, reads_vrrp_version_3_over_ipv6) {
  Bytes header(40, 0);
  header[0] = 0x60;
  header[6] = 112;
  const auto advert = decode_advert(frame(0x86dd, {header, v3}));
  ASSERT_TRUE(advert);
  EXPECT_EQ(advert->family, Family::ipv6);
  EXPECT_EQ(advert->version, 3);
  EXPECT_EQ(advert->interval, 500ms);
}

TEST(DecodeAdvert, refuses_what_is_cut_off_or_something_else) {
  const Bytes whole = frame(0x0800, {ipv4_header(112), v2});
  for (std::size_t size = 0; size < 40; ++size) EXPECT_FALSE(decode_advert(ByteView(whole).first(size))) << size;
  EXPECT_FALSE(decode_advert(frame(0x0800, {ipv4_header(17), v2})));
  EXPECT_FALSE(decode_advert(frame(0x0806, {ipv4_header(112), v2})));
}

TEST(AdvertGaps, are_those_of_one_router_on_one_node) {
  std::vector<AdvertRecord> records;
  const auto add = [&](Duration time, NodeId node, std::uint8_t vrid) {
    records.push_back({.at = Instant(time), .node = node, .advert = {.vrid = vrid}});
  };
  for (int second = 0; second < 10; ++second) add(second * 1s, 0, 50);
  add(500ms, 1, 50);
  add(600ms, 0, 51);
  add(12s, 0, 50);
  std::ranges::sort(records, {}, &AdvertRecord::at);
  const GapStatistics gaps = advert_gaps(records, 0, 50, Instant(0s), Instant(1min));
  EXPECT_EQ(gaps.count, 10U);
  EXPECT_EQ(gaps.median, 1s);
  EXPECT_EQ(gaps.longest, 3s);
}

}  // namespace
}  // namespace baton::lab
