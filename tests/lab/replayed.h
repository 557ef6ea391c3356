// Whatever a node of the lab has decided, it decides again: its flight recording is played by the same core.
#pragma once

#include <gtest/gtest.h>

#include "control/client.h"
#include "lab/lab.h"
#include "recorder/replay.h"

namespace baton::lab {

inline ByteView view(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// The steps, when all of them are as they were.
inline std::vector<recorder::Step> expect_replays(const std::string& file, const std::string& whose) {
  std::vector<recorder::Step> steps;
  const auto recording = recorder::read_recording(view(file));
  if (!recording) {
    ADD_FAILURE() << whose << ": " << recording.error();
    return steps;
  }
  recorder::Replay replay(*recording);
  for (;;) {
    auto step = replay.next();
    if (!step) ADD_FAILURE() << whose << ": " << step.error();
    if (!step || !*step) return steps;
    if ((*step)->difference)
      ADD_FAILURE() << whose << ": step " << (*step)->number << ": " << (*step)->difference->what;
    steps.push_back(std::move(**step));
  }
}

inline std::optional<std::string> recording_of(Lab& lab, NodeId node) {
  auto file =
      control::fetch(lab.machine(node).outside_path(control::default_control_socket), {.path = "/v1/recording"});
  return file ? std::optional(std::move(*file)) : std::nullopt;
}

// At the end of a lab: of those that answer still.
inline void expect_all_replay(Lab& lab) {
  for (NodeId node = 0; node < lab.topology().nodes.size(); ++node) {
    if (lab.daemon(node) != Daemon::batond || !lab.is_on(node) || !lab.daemon_runs(node)) continue;
    if (const auto file = recording_of(lab, node)) (void)expect_replays(*file, lab.plan(node).name);
  }
}

}  // namespace baton::lab
