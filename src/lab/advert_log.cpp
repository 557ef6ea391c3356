#include "lab/advert_log.h"

#include <algorithm>

namespace baton::lab {
namespace {

constexpr std::uint16_t ethertype_ipv4 = 0x0800;
constexpr std::uint16_t ethertype_ipv6 = 0x86dd;
constexpr std::uint8_t protocol_vrrp = 112;
constexpr std::uint8_t protocol_ah = 51;

}  // namespace

std::optional<SeenAdvert> decode_advert(ByteView frame) {
  ByteReader reader(frame);
  reader.skip(12);
  SeenAdvert seen;
  std::uint8_t protocol = 0;
  switch (reader.u16()) {
    case ethertype_ipv4: {
      const std::size_t header = (reader.u8() & 0xfU) * 4U;
      reader.skip(8);
      protocol = reader.u8();
      if (header < 20) return std::nullopt;
      reader.skip(header - 10);
      break;
    }
    case ethertype_ipv6:
      seen.family = Family::ipv6;
      reader.skip(6);
      protocol = reader.u8();
      reader.skip(33);
      break;
    default: return std::nullopt;
  }
  if (protocol == protocol_ah) {
    protocol = reader.u8();
    reader.skip((reader.u8() + 2U) * 4U - 2U);
  }
  if (protocol != protocol_vrrp) return std::nullopt;
  seen.version = static_cast<std::uint8_t>(reader.u8() >> 4);
  seen.vrid = reader.u8();
  seen.priority = reader.u8();
  reader.skip(1);
  const std::uint16_t time = reader.u16();
  seen.interval = seen.version == 3 ? Duration(std::chrono::milliseconds(10 * (time & 0xfff)))
                                    : Duration(std::chrono::seconds(time & 0xff));
  if (!reader.ok()) return std::nullopt;
  return seen;
}

GapStatistics advert_gaps(const std::vector<AdvertRecord>& records, NodeId node, std::uint8_t vrid, Instant from,
                          Instant to) {
  std::vector<Duration> gaps;
  std::optional<Instant> last;
  for (const AdvertRecord& record : records) {
    if (record.node != node || record.advert.vrid != vrid || record.at < from || record.at > to) continue;
    if (last) gaps.push_back(record.at - *last);
    last = record.at;
  }
  if (gaps.empty()) return {};
  std::ranges::sort(gaps);
  return {.count = gaps.size(),
          .median = gaps[gaps.size() / 2],
          .p99 = gaps[std::min(gaps.size() - 1, gaps.size() * 99 / 100)],
          .longest = gaps.back()};
}

}  // namespace baton::lab
