#include "recorder/recording.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "base/compact.h"
#include "recorder/parameters.h"
#include "recorder/recorder.h"

namespace baton::recorder {

namespace {

constexpr std::string_view magic = "BATONREC";
constexpr std::size_t digest_size = 8;
constexpr std::size_t name_most = 4096;
constexpr std::int64_t latest_wall = 4'000'000'000'000'000'000;  // ns: the year 2096

ByteView view(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

void write(const LifeBytes& life, CompactWriter& out) {
  out.number(life.parameters.size());
  out.bytes(life.parameters);
  out.number(life.segments.size());
  for (const Segment& segment : life.segments) {
    out.number(segment.sequence);
    out.number(segment.bytes.size());
    out.bytes(segment.bytes);
  }
}

std::size_t size_guess(const std::vector<LifeBytes>& lives) {
  std::size_t size = 4096 + 2 * name_most;
  for (const LifeBytes& life : lives) {
    size += life.parameters.size() + 64;
    for (const Segment& segment : life.segments) size += segment.bytes.size() + 32;
  }
  return size;
}

Life read_life(CompactReader& in) {
  Life life;
  CompactReader parameters(in.bytes(static_cast<std::size_t>(in.number())));
  life.parameters = read_parameters(parameters);
  if (!parameters.ok() || parameters.remaining() > 0) in.fail();
  for (std::uint64_t left = in.number(); left > 0 && in.ok(); --left) {
    Segment& segment = life.segments.emplace_back();
    segment.sequence = in.number();
    const ByteView bytes = in.bytes(static_cast<std::size_t>(in.number()));
    segment.bytes.assign(bytes.begin(), bytes.end());
  }
  return life;
}

}  // namespace

Bytes recording_file(const Origin& origin, const std::vector<LifeBytes>& lives) {
  Bytes file = compact_bytes(
      [&](CompactWriter& out) {
        out.bytes(view(magic));
        out.number(format_version);
        out.text(origin.program.substr(0, name_most));
        out.text(origin.node.substr(0, name_most));
        out.instant(origin.boot);
        out.signed_number(origin.wall.time_since_epoch().count());
        out.number(lives.size());
        for (const LifeBytes& life : lives) write(life, out);
      },
      size_guess(lives));
  const std::uint64_t value = digest(file);
  for (unsigned shift = 0; shift < 64; shift += 8) file.push_back(static_cast<std::uint8_t>(value >> shift));
  return file;
}

std::expected<Recording, std::string> read_recording(ByteView file) {
  if (file.size() < magic.size() + digest_size || !std::ranges::equal(file.first(magic.size()), view(magic))) {
    return std::unexpected("it is no recording of Baton's: it does not begin with BATONREC");
  }
  CompactReader in(file.first(file.size() - digest_size).subspan(magic.size()));
  const std::uint64_t version = in.number();
  if (version != format_version) {
    return std::unexpected(
        fmt::format("it has version {} of the format, and this program reads version {}; use the "
                    "baton that came with the batond that wrote it",
                    version, format_version));
  }
  std::uint64_t expected = 0;
  for (std::size_t i = digest_size; i-- > 0;) expected = expected << 8 | file[file.size() - digest_size + i];
  if (digest(file.first(file.size() - digest_size)) != expected) {
    return std::unexpected("it is cut off or damaged: its digest is not that of its bytes; copy it once more");
  }
  Recording recording;
  recording.origin.program = in.text(name_most);
  recording.origin.node = in.text(name_most);
  recording.origin.boot = in.instant();
  recording.origin.wall = WallTime(Duration(in.between(-latest_wall, latest_wall)));
  for (std::uint64_t left = in.number(); left > 0 && in.ok(); --left) recording.lives.push_back(read_life(in));
  if (!in.ok() || in.remaining() > 0) {
    return std::unexpected(fmt::format("it is not as a recording is, at byte {}", magic.size() + in.position()));
  }
  return recording;
}

}  // namespace baton::recorder
