// A patient made for a test: one host with eth0 10.0.20.14, one instance VI_1 with VRID 50, and what is on the wire.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "doctor/doctor.h"
#include "vrrp/advert_codec.h"

namespace baton::doctor {

inline const MacAddress our_mac{{2, 0, 0, 0, 0, 1}};
inline const MacAddress peer_mac{{2, 0, 0, 0, 0, 2}};
inline const WallTime noon{std::chrono::seconds(1'800'000'000)};
inline IpAddress ip(const char* text) {
  return IpAddress::parse(text).value();
}

inline setup::RouterSetup router() {
  setup::RouterSetup made{.name = "VI_1", .interface = "eth0", .advert_interface = "eth0", .source_interface = "eth0"};
  made.codec = {.vrid = 50,
                .advert_interval = std::chrono::seconds(1),
                .addresses = {ip("10.0.20.100")},
                .multicast_group = ip("224.0.0.18"),
                .accept_other_address_lists = true};
  made.addresses.push_back({.address = {.address = ip("10.0.20.100"), .length = 24}, .device = "eth0"});
  return made;
}

// All is well.
inline Patient patient() {
  Patient made;
  made.setup.routers.push_back(router());
  made.setup.node.routers.emplace_back();
  made.interfaces = {"eth0"};
  made.host.interfaces["eth0"] = {.name = "eth0",
                                  .index = 2,
                                  .mac = our_mac,
                                  .addresses = {{.address = {.address = ip("10.0.20.14"), .length = 24}}}};
  made.host.forwards_v4 = made.host.forwards_v6 = true;
  made.host.binds_foreign_v4 = made.host.binds_foreign_v6 = true;
  made.host.daemons.push_back({.kind = RivalDaemon::Kind::batond, .name = "batond", .pid = 100});
  made.host.ruleset.emplace();
  return made;
}

// The frame in which a node with these settings would send an advert.
inline Bytes advert_frame(const vrrp::CodecParameters& settings, const char* source, std::uint8_t priority = 200,
                          const MacAddress& mac = peer_mac) {
  auto codec = vrrp::AdvertCodec::make(settings).value();
  codec.set_source(ip(source));
  const auto packets = codec.encode(priority, settings.advert_interval, noon);
  Bytes frame;
  ByteWriter writer(frame);
  writer.bytes(MacAddress{{1, 0, 0x5e, 0, 0, 18}}.bytes);
  writer.bytes(mac.bytes);
  writer.u16(settings.family == Family::ipv4 ? 0x0800 : 0x86dd);
  const vrrp::OutgoingPacket& packet = packets.front();
  if (settings.family == Family::ipv6) {
    writer.u32(6U << 28);
    writer.u16(static_cast<std::uint16_t>(packet.bytes.size()));
    writer.u8(112);
    writer.u8(255);
    writer.bytes(ip(source).bytes());
    writer.bytes(packet.destination.bytes());
  }
  writer.bytes(packet.bytes);
  return frame;
}

inline void hear(Patient& patient, const std::vector<Bytes>& frames, Origin origin = Origin::there) {
  WireLog log;
  for (const Bytes& frame : frames) log.on_frame("eth0", origin, frame, noon);
  std::move(log).take(patient.wire);
  patient.wire.listened = std::chrono::seconds(4);
}

// "D016 error", of every finding.
inline std::vector<std::string> ids(const Report& report) {
  std::vector<std::string> result;
  for (const Finding& finding : report.findings) {
    result.push_back(std::string(finding.rule->id) + " " + std::string(config::name(finding.severity)));
  }
  return result;
}
inline std::vector<std::string> ids(const Patient& patient) {
  return ids(examine(patient));
}

}  // namespace baton::doctor
