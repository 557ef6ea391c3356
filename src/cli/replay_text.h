// A step of a replay, for people and for programs.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "recorder/replay.h"

namespace baton::cli {

// 2026-11-27T12:31:06.123456Z
std::string utc_text(WallTime time);

class StepText {
 public:
  StepText(const recorder::Recording& recording, Instant begun) : recording_(recording), begun_(begun) {}

  std::string text(const recorder::Step& step) const;
  nlohmann::ordered_json json(const recorder::Step& step) const;

 private:
  const vrrp::NodeParameters& parameters(const recorder::Step& step) const {
    return recording_.lives[step.life].parameters;
  }

  const recorder::Recording& recording_;
  Instant begun_;
};

}  // namespace baton::cli
