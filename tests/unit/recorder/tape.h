// Recordings for tests: a node that is recorded in memory of the test's own, and what is left of it as a file.
#pragma once

#include <memory>
#include <vector>

#include "recorder/parameters.h"
#include "recorder/recorder.h"
#include "recorder/recording.h"
#include "recorder/replay.h"

namespace baton::recorder {

class Tape {
 public:
  explicit Tape(const vrrp::NodeParameters& parameters, std::size_t size)
      : parameters_(compact_bytes([&](CompactWriter& out) { write(parameters, out); })),
        size_(size),
        memory_(size / sizeof(Line) + 1) {}
  explicit Tape(const vrrp::NodeParameters& parameters) : Tape(parameters, Ring::size_for(parameters.routers.size())) {}

  Ring ring() { return Ring(memory_.data(), size_); }
  std::unique_ptr<Recorder> record(vrrp::Node& node) { return std::make_unique<Recorder>(ring(), node); }
  LifeBytes life() { return {.parameters = parameters_, .segments = ring().read()}; }

 private:
  struct alignas(64) Line {
    std::byte bytes[64];
  };
  Bytes parameters_;
  std::size_t size_;
  std::vector<Line> memory_;
};

inline Bytes file_of(std::vector<LifeBytes> lives) {
  return recording_file({.program = "test", .node = "web1", .boot = Instant(std::chrono::seconds(1000))}, lives);
}

struct Played {
  std::vector<Step> steps;
  std::vector<std::size_t> different;  // steps, by number
  std::string error;
};
inline Played play_all(const Recording& recording, Replay::Unfinished unfinished = Replay::Unfinished::shown) {
  Played played;
  Replay replay(recording, unfinished);
  for (;;) {
    auto step = replay.next();
    if (!step) {
      played.error = step.error();
      return played;
    }
    if (!*step) return played;
    if ((*step)->difference) played.different.push_back((*step)->number);
    played.steps.push_back(std::move(**step));
  }
}
// Of a file that must be one.
inline Played play_file(const Bytes& file) {
  const auto recording = read_recording(file);
  if (!recording) return {.error = recording.error()};
  return play_all(*recording);
}

}  // namespace baton::recorder
