// Configurations made for the occasion, by tests and benchmarks: text that a real daemon reads from its machine's /run,
// and the same text read by the lab itself.
#pragma once

#include <expected>
#include <string>

#include "lab/lab.h"

namespace baton::lab {

struct MadeNode {
  std::string name;
  std::string config;
  Daemon daemon = Daemon::keepalived;
  bool has_web = true;
  bool log_to_syslog = false;
};

// A lab of these nodes, switched on, no daemon started yet. `options.nodes` is filled in.
std::expected<std::unique_ptr<Lab>, LabError> open_made_lab(const std::vector<MadeNode>& nodes, LabOptions options);

}  // namespace baton::lab
