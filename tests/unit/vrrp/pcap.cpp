#include "unit/vrrp/pcap.h"

#include <algorithm>
#include <bit>
#include <fstream>
#include <iterator>

namespace baton::vrrp {
namespace {

constexpr std::uint32_t magic = 0xa1b2c3d4;
constexpr std::uint32_t ethernet = 1;

std::uint32_t swapped(std::uint32_t value) {
  return __builtin_bswap32(value);
}

}  // namespace

std::vector<Bytes> read_pcap(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const Bytes content{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  ByteReader reader(content);
  const bool is_swapped = reader.u32() == swapped(magic);
  const auto number = [&] { return is_swapped ? swapped(reader.u32()) : reader.u32(); };
  reader.skip(16);  // version, time zone, accuracy, longest frame
  if (number() != ethernet) return {};
  std::vector<Bytes> frames;
  while (reader.remaining() > 0 && reader.ok()) {
    reader.skip(8);  // time
    const std::uint32_t size = number();
    reader.skip(4);  // size on the wire
    const ByteView frame = reader.take(size);
    if (reader.ok()) frames.emplace_back(frame.begin(), frame.end());
  }
  return frames;
}

bool write_pcap(const std::string& path, const std::vector<Bytes>& frames) {
  Bytes content;
  ByteWriter writer(content);
  writer.u32(magic);
  writer.u16(2);
  writer.u16(4);
  writer.zeros(8);
  writer.u32(65535);
  writer.u32(ethernet);
  for (const Bytes& frame : frames) {
    writer.zeros(8);
    writer.u32(static_cast<std::uint32_t>(frame.size()));
    writer.u32(static_cast<std::uint32_t>(frame.size()));
    writer.bytes(frame);
  }
  std::ofstream file(path, std::ios::binary);
  std::ranges::copy(content, std::ostreambuf_iterator<char>(file));
  return file.good();
}

}  // namespace baton::vrrp
