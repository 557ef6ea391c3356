// Recordings for tests: a node that is recorded in memory of the test's own, and what is left of it as a file.
#pragma once

#include <chrono>
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

// Two routers of a group, a check, an advert, a link that goes and comes.
inline Bytes small_file() {
  using namespace std::chrono_literals;
  vrrp::NodeParameters parameters{.trackers = {{.name = "check"}}};
  parameters.routers.push_back(
      {.name = "VI_1", .router = {.base_priority = 100}, .tracking = {{.weight = 4}}, .links = {"eth0"}});
  parameters.routers.push_back(parameters.routers.front());
  parameters.groups.push_back({.name = "G", .members = {0, 1}});
  Tape tape(parameters);
  vrrp::Node node(parameters);
  const auto recorder = tape.record(node);
  vrrp::NodeActions out;
  Instant now{1000s};
  node.on_source(0, IpAddress::parse("10.0.0.1"), now, out);
  node.start(now, out);
  node.on_tracker(0, {.status = vrrp::TrackerStatus::up}, now, out);
  for (int i = 0; i < 12; ++i) {
    now = *node.next_timeout();
    node.on_timeout(now, out);
    if (i == 6) node.on_advert(0, {.source = *IpAddress::parse("10.0.0.2"), .priority = 200, .interval = 1s}, now, out);
    if (i == 8) node.on_link("eth0", false, now, out);
    if (i == 8) node.on_link("eth0", true, now + 1ms, out);
  }
  return file_of({tape.life()});
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
