// A recording as a file: who wrote it and when, and for each configuration what its node was made of and the segments
// that the ring had of it. Little-endian, numbers in as few bytes as they need.
//
//   "BATONREC" | version | program | node | written: boot time, UTC | lives
//   a life:    size, parameters | segments
//   a segment: sequence | size, bytes
//   8 bytes, the digest of all before
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "recorder/ring.h"
#include "vrrp/node.h"

namespace baton::recorder {

inline constexpr std::uint64_t format_version = 10;

// What one configuration has left: parameters as bytes (parameters.h), and what its ring holds.
struct LifeBytes {
  Bytes parameters;
  std::vector<Segment> segments;
};
struct Origin {
  std::string program;  // version of Baton
  std::string node;     // the machine's name
  Instant boot{};       // when it was written, by both clocks
  WallTime wall{};
};

Bytes recording_file(const Origin& origin, const std::vector<LifeBytes>& lives);

struct Life {
  vrrp::NodeParameters parameters;
  std::vector<Segment> segments;
};
struct Recording {
  Origin origin;
  std::vector<Life> lives;

  WallTime wall(Instant at) const { return origin.wall + (at - origin.boot); }
};

// Why it is none, as a sentence.
std::expected<Recording, std::string> read_recording(ByteView file);

}  // namespace baton::recorder
