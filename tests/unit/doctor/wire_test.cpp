#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "doctor/heard_advert.h"
#include "patient.h"
#include "vrrp/announcement.h"

namespace baton::doctor {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using vrrp::CodecParameters;

CodecParameters settings() {
  return router().codec;
}
// What is found when a peer speaks with these settings.
Report meet(const CodecParameters& theirs, const CodecParameters& ours = settings()) {
  Patient met = patient();
  met.setup.routers[0].codec = ours;
  hear(met, {advert_frame(theirs, "10.0.20.15")});
  return examine(met);
}

TEST(Wire, a_peer_of_the_same_mind_is_no_finding) {
  const Report report = meet(settings());
  EXPECT_THAT(ids(report), IsEmpty());
  ASSERT_EQ(report.heard.size(), 1U);
  EXPECT_EQ(report.heard[0].instance, "VI_1");
  EXPECT_FALSE(report.heard[0].here);
  EXPECT_FALSE(report.heard[0].there);
}

TEST(Wire, another_version_is_thrown_away_on_both_sides) {
  CodecParameters theirs = settings();
  theirs.version = vrrp::Version::v3;
  const Report report = meet(theirs);
  ASSERT_THAT(ids(report), ElementsAre("D102 error"));
  EXPECT_EQ(report.heard[0].here, vrrp::RejectReason::version);
  EXPECT_EQ(report.heard[0].there, vrrp::RejectReason::version);
  EXPECT_THAT(report.findings[0].means, HasSubstr("there ours is thrown away for the same reason"));
}

TEST(Wire, another_interval_counts_in_version_2_alone) {
  CodecParameters theirs = settings();
  theirs.advert_interval = std::chrono::seconds(2);
  EXPECT_EQ(meet(theirs).heard[0].here, vrrp::RejectReason::interval);
  CodecParameters ours = settings();
  ours.version = theirs.version = vrrp::Version::v3;
  EXPECT_THAT(ids(meet(theirs, ours)), IsEmpty());
}

vrrp::Authentication authentication(vrrp::AuthType type, std::uint8_t letter) {
  vrrp::Authentication made{.type = type};
  made.password.fill(letter);
  return made;
}

TEST(Wire, a_password_and_a_kind_of_authentication_must_be_the_same) {
  for (const vrrp::AuthType type : {vrrp::AuthType::pass, vrrp::AuthType::ah}) {
    CodecParameters ours = settings();
    ours.authentication = authentication(type, 'a');
    EXPECT_THAT(ids(meet(ours, ours)), IsEmpty());
    CodecParameters theirs = ours;
    theirs.authentication = authentication(type, 'b');
    EXPECT_THAT(ids(meet(theirs, ours)), ElementsAre("D102 error"));
    EXPECT_THAT(ids(meet(settings(), ours)), ElementsAre("D102 error")) << "none against one";
    EXPECT_THAT(ids(meet(ours, settings())), ElementsAre("D102 error")) << "one against none";
  }
}

TEST(Wire, another_list_is_a_warning_and_none_in_common_a_collision) {
  CodecParameters theirs = settings();
  theirs.addresses.push_back(ip("10.0.20.101"));
  EXPECT_THAT(ids(meet(theirs)), ElementsAre("D103 warning"));
  theirs.addresses = {ip("10.0.20.200")};
  EXPECT_THAT(ids(meet(theirs)), ElementsAre("D101 error"));
}

TEST(Wire, the_checksums_reading_is_told_apart) {
  CodecParameters ours = settings();
  ours.version = vrrp::Version::v3;
  CodecParameters theirs = ours;
  theirs.checksum_v3 = vrrp::ChecksumV3::message_only;
  const Report report = meet(theirs, ours);
  EXPECT_THAT(ids(report), ElementsAre("D104 warning"));
  EXPECT_EQ(report.heard[0].speaker.advert.checksum, ChecksumReading::message);
  EXPECT_EQ(meet(ours, ours).heard[0].speaker.advert.checksum, ChecksumReading::pseudo_header);
}

TEST(Wire, an_ipv6_advert_is_read_too) {
  CodecParameters ours{.version = vrrp::Version::v3,
                       .family = Family::ipv6,
                       .vrid = 50,
                       .advert_interval = std::chrono::seconds(1),
                       .addresses = {ip("fe80::100")},
                       .multicast_group = ip("ff02::12")};
  Patient met = patient();
  met.setup.routers[0].codec = ours;
  met.setup.routers[0].addresses.clear();
  met.host.interfaces["eth0"].addresses.push_back({.address = {.address = ip("fe80::1"), .length = 64}});
  hear(met, {advert_frame(ours, "fe80::2")});
  EXPECT_THAT(ids(met), IsEmpty());
  ASSERT_EQ(met.wire.speakers.size(), 1U);
  EXPECT_EQ(met.wire.speakers[0].advert.checksum, ChecksumReading::pseudo_header);
}

TEST(Wire, silence_and_goodbyes_are_no_master) {
  Patient silent = patient();
  hear(silent, {});
  EXPECT_THAT(ids(silent), ElementsAre("D106 warning"));
  hear(silent, {advert_frame(settings(), "10.0.20.15", 0)});
  EXPECT_THAT(ids(silent), ElementsAre("D106 warning"));
  Patient speaking = patient();
  hear(speaking, {advert_frame(settings(), "10.0.20.14", 200, our_mac)}, Origin::here);
  EXPECT_THAT(ids(speaking), IsEmpty()) << "this host is MASTER";
}

TEST(Wire, who_speaks_in_turns_are_two_masters_and_a_change_is_none) {
  const Bytes one = advert_frame(settings(), "10.0.20.15");
  const Bytes other = advert_frame(settings(), "10.0.20.16", 100, {{2, 0, 0, 0, 0, 3}});
  Patient changed = patient();
  hear(changed, {one, one, other, other});
  EXPECT_THAT(ids(changed), IsEmpty());
  Patient split = patient();
  hear(split, {one, other, one, other, one});
  EXPECT_THAT(ids(split), ElementsAre("D105 error"));
}

TEST(Wire, our_own_address_from_elsewhere) {
  Patient doubled = patient();
  hear(doubled, {advert_frame(settings(), "10.0.20.14")});
  EXPECT_THAT(ids(doubled), ElementsAre("D107 error"));
}

TEST(Wire, answers_are_compared_with_the_master) {
  const MacAddress stranger{{2, 0, 0, 0, 0, 9}};
  const auto probed = [&](const std::vector<MacAddress>& answering, bool is_here = false) {
    Patient asked = patient();
    std::vector<Bytes> frames;
    for (const MacAddress& mac : answering) frames.push_back(vrrp::gratuitous_arp(ip("10.0.20.100"), mac));
    if (!is_here) frames.push_back(advert_frame(settings(), "10.0.20.15"));
    hear(asked, frames);
    if (is_here) {
      hear(asked, {advert_frame(settings(), "10.0.20.14", 200, our_mac)}, Origin::here);
      asked.host.interfaces["eth0"].addresses.push_back({.address = {.address = ip("10.0.20.100"), .length = 24}});
    }
    asked.wire.probed.insert({"eth0", ip("10.0.20.100")});
    return ids(asked);
  };
  EXPECT_THAT(probed({peer_mac}), IsEmpty());
  EXPECT_THAT(probed({MacAddress{{0, 0, 0x5e, 0, 1, 50}}}), IsEmpty()) << "the virtual MAC address";
  EXPECT_THAT(probed({peer_mac, stranger}), ElementsAre("D108 error"));
  EXPECT_THAT(probed({stranger}), ElementsAre("D110 error"));
  EXPECT_THAT(probed({}), ElementsAre("D109 warning"));
  EXPECT_THAT(probed({}, true), IsEmpty());
  EXPECT_THAT(probed({stranger}, true), ElementsAre("D108 error"));
}

// A switch that hears the virtual MAC address from a BACKUP would send it the MASTER's packets.
TEST(Wire, nobody_asks_from_a_virtual_mac_address) {
  const MacAddress virtual_mac{{0, 0, 0x5e, 0, 1, 50}};
  Patient asked = patient();
  setup::RouterSetup& vmac = asked.setup.routers[0];
  vmac.addresses[0].device = "vrrp.50";
  EXPECT_EQ(asking_interface(asked.host, vmac, vmac.addresses[0]), "eth0") << "the macvlan is not there yet";
  asked.host.interfaces["vrrp.50"] = {.name = "vrrp.50", .mac = virtual_mac, .base = "eth0"};
  EXPECT_EQ(asking_interface(asked.host, vmac, vmac.addresses[0]), "eth0");
  hear(asked, {advert_frame(settings(), "10.0.20.15", 200, virtual_mac),
               vrrp::gratuitous_arp(ip("10.0.20.100"), virtual_mac)});
  asked.wire.probed.insert({"eth0", ip("10.0.20.100")});
  EXPECT_THAT(ids(asked), IsEmpty()) << "the master's answer bears the address of our own macvlan";
}

TEST(Wire, nonsense_is_passed_over_and_bounded) {
  Bytes frame = advert_frame(settings(), "10.0.20.15");
  for (std::size_t size = 0; size < frame.size(); ++size) {
    (void)dissect(ByteView(frame).first(size));  // no read beyond the end: sanitizers watch
  }
  WireLog log;
  for (unsigned i = 0; i < 2 * limits::speakers; ++i) {
    frame[26] = static_cast<std::uint8_t>(i >> 8);  // the source address
    frame[27] = static_cast<std::uint8_t>(i);
    log.on_frame("eth0", Origin::there, frame, noon);
  }
  WireFacts facts;
  std::move(log).take(facts);
  EXPECT_EQ(facts.speakers.size(), limits::speakers);
  EXPECT_EQ(facts.not_shown, limits::speakers);
}

TEST(Wire, listening_lasts_four_intervals) {
  Patient slow = patient();
  EXPECT_EQ(wanted_listening(slow.setup), std::chrono::seconds(4));
  slow.setup.routers[0].codec.advert_interval = std::chrono::seconds(3);
  EXPECT_EQ(wanted_listening(slow.setup), std::chrono::seconds(12));
}

}  // namespace
}  // namespace baton::doctor
