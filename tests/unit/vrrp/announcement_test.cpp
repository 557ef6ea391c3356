#include "vrrp/announcement.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/checksum.h"
#include "unit/vrrp/codec_bench.h"
#include "vrrp/address_probe.h"

namespace baton::vrrp {
namespace {

const MacAddress mac = *MacAddress::parse("02:00:00:00:00:01");

// Makes the ICMPv6 checksum of an 86-byte advertisement fit again.
void fix_icmpv6(Bytes& frame) {
  ByteWriter(frame).put_u16(56, 0);
  InternetChecksum sum;
  sum.add(ByteView(frame).subspan(22, 32));
  sum.add_u32(static_cast<std::uint32_t>(frame.size() - 54));
  sum.add_u16(58);
  sum.add(ByteView(frame).subspan(54));
  ByteWriter(frame).put_u16(56, sum.value());
}

TEST(Announcement, gratuitous_arp_is_a_request_to_all_ones) {
  const Bytes expected{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2,    0,    0,    0,    0,  1, 8,  6,
                       0,    1,    8,    0,    6,    4,    0,    1,    2,    0,    0,  0, 0,  1,
                       10,   0,    20,   100,  0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 10, 0, 20, 100};
  EXPECT_EQ(gratuitous_arp(ip("10.0.20.100"), mac), expected);
}

TEST(Announcement, the_router_flag_is_the_callers_word) {  // RFC 4861 §4.4
  const Bytes host = unsolicited_neighbour_advertisement(ip("fe80::1"), mac, false);
  const Bytes router = unsolicited_neighbour_advertisement(ip("fe80::1"), mac, true);
  ASSERT_EQ(host.size(), 86u);
  EXPECT_EQ(host[58], 0x20);
  EXPECT_EQ(router[58], 0xa0);
  EXPECT_EQ(decode_announcement(host), decode_announcement(router));
}

TEST(Announcement, any_arp_says_where_its_sender_is) {
  Bytes frame = gratuitous_arp(ip("10.0.20.100"), mac);
  frame[21] = 2;  // a reply
  frame.resize(60);
  EXPECT_EQ(decode_announcement(frame), (HeardAnnouncement{ip("10.0.20.100"), mac}));
}

TEST(Announcement, an_arp_probe_claims_nothing) {  // RFC 5227 §1.1
  EXPECT_EQ(decode_announcement(gratuitous_arp(IpAddress(), mac)), std::nullopt);
}

TEST(Announcement, frames_that_say_nothing) {
  const Bytes arp = gratuitous_arp(ip("10.0.20.100"), mac);
  for (std::size_t size = 0; size < arp.size(); ++size) {
    EXPECT_EQ(decode_announcement(ByteView(arp).first(size)), std::nullopt);
  }
  for (const std::size_t byte : {12u, 15u, 16u, 18u, 19u}) {  // other type, hardware, protocol, sizes
    Bytes other = arp;
    other[byte] ^= 0x40;
    EXPECT_EQ(decode_announcement(other), std::nullopt) << byte;
  }
  EXPECT_EQ(decode_announcement(gratuitous_arp(ip("224.0.0.18"), mac)), std::nullopt);
  EXPECT_EQ(decode_announcement(gratuitous_arp(ip("10.0.20.100"), MacAddress{})), std::nullopt);
  EXPECT_EQ(decode_announcement(gratuitous_arp(ip("10.0.20.100"), *MacAddress::parse("01:00:5e:00:00:12"))),
            std::nullopt);
}

TEST(Announcement, neighbour_advertisements_that_are_not_valid) {  // RFC 4861 §7.1.2
  const Bytes good = unsolicited_neighbour_advertisement(ip("fe80::1"), mac, false);
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_EQ(decode_announcement(ByteView(good).first(size)), std::nullopt);
  }
  const auto with = [&](std::size_t byte, std::uint8_t value) {
    Bytes frame = good;
    frame[byte] = value;
    fix_icmpv6(frame);
    return decode_announcement(frame);
  };
  EXPECT_TRUE(with(58, 0x60));             // solicited
  EXPECT_EQ(with(20, 17), std::nullopt);   // UDP
  EXPECT_EQ(with(21, 254), std::nullopt);  // crossed a router
  EXPECT_EQ(with(54, 135), std::nullopt);  // a solicitation
  EXPECT_EQ(with(55, 1), std::nullopt);    // code
  EXPECT_EQ(with(78, 1), std::nullopt);    // another option alone
  EXPECT_EQ(with(79, 0), std::nullopt);    // an option of no length
  EXPECT_EQ(with(79, 2), std::nullopt);    // an option that ends outside
  Bytes damaged = good;
  damaged[70] ^= 1;
  EXPECT_EQ(decode_announcement(damaged), std::nullopt);
}

TEST(Announcement, the_target_option_is_found_behind_others) {
  Bytes frame = unsolicited_neighbour_advertisement(ip("2001:db8::1"), mac, false);
  frame.insert(frame.begin() + 78, {14, 1, 1, 2, 3, 4, 5, 6});  // a nonce (RFC 3971 §5.3.2)
  ByteWriter(frame).put_u16(18, 40);
  fix_icmpv6(frame);
  EXPECT_EQ(decode_announcement(frame), (HeardAnnouncement{ip("2001:db8::1"), mac}));
}

// What a neighbour makes of our question: a reply to where it believes the sender to be.
Bytes arp_reply() {
  const MacAddress neighbour = *MacAddress::parse("02:00:00:00:00:09");
  Bytes frame;
  ByteWriter out(frame);
  out.bytes(mac.bytes);
  out.bytes(neighbour.bytes);
  out.u16(0x0806), out.u16(1), out.u16(0x0800), out.u16(0x0604), out.u16(2);
  out.bytes(neighbour.bytes);
  out.bytes(ip("10.0.20.9").bytes());
  out.bytes(mac.bytes);
  out.bytes(ip("10.0.20.100").bytes());
  return frame;
}

TEST(Answer, of_arp_says_who_believes_our_address_to_be_where) {
  EXPECT_EQ(decode_answer(arp_reply()), (HeardAnswer{ip("10.0.20.100"), mac, ip("10.0.20.9")}));
  EXPECT_EQ(decode_answer(gratuitous_arp(ip("10.0.20.100"), mac)), std::nullopt) << "a request is no answer";
  for (std::size_t size = 0; size < arp_reply().size(); ++size)
    EXPECT_EQ(decode_answer(ByteView(arp_reply()).first(size)), std::nullopt) << size;
}

TEST(Answer, of_neighbour_discovery_is_an_advertisement_to_our_address) {
  Bytes frame = unsolicited_neighbour_advertisement(ip("2001:db8::9"), *MacAddress::parse("02:00:00:00:00:09"), false);
  std::ranges::copy(mac.bytes, frame.begin());
  std::ranges::copy(ip("2001:db8::64").bytes(), frame.begin() + 38);
  fix_icmpv6(frame);
  EXPECT_EQ(decode_answer(frame), (HeardAnswer{ip("2001:db8::64"), mac, ip("2001:db8::9")}));
}

TEST(Question, teaches_by_its_sender_and_goes_to_one_or_to_all) {
  const MacAddress neighbour = *MacAddress::parse("02:00:00:00:00:09");
  const Bytes to_one = teaching_question(ip("10.0.20.100"), mac, ip("10.0.20.9"), neighbour);
  const Bytes expected{2, 0, 0, 0, 0, 9, 2, 0,  0, 0,  0,   1, 8, 6, 0, 1, 8, 0,  6, 4,  0,
                       1, 2, 0, 0, 0, 0, 1, 10, 0, 20, 100, 0, 0, 0, 0, 0, 0, 10, 0, 20, 9};
  EXPECT_EQ(to_one, expected);
  EXPECT_EQ(decode_announcement(to_one), (HeardAnnouncement{ip("10.0.20.100"), mac}));
  const Bytes to_all = teaching_question(ip("10.0.20.100"), mac, ip("10.0.20.9"), std::nullopt);
  EXPECT_TRUE(std::ranges::all_of(ByteView(to_all).first(6), [](std::uint8_t byte) { return byte == 0xff; }));
  EXPECT_EQ(teaching_question(ip("2001:db8::64"), mac, ip("2001:db8::9"), neighbour),
            neighbour_solicitation(ip("2001:db8::9"), ip("2001:db8::64"), mac));
}

}  // namespace
}  // namespace baton::vrrp
