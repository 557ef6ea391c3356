// One thing that is wrong, and where.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "config/diagnostic.h"

namespace baton::check {

struct Finding {
  std::string_view id;  // of a Rule
  config::Severity severity = config::Severity::warning;
  config::SourcePlace place;
  std::string message;  // one sentence, no full stop
  std::string mend;     // what to do about it, likewise; may be empty

  bool operator==(const Finding&) const = default;
};

struct Findings {
  std::vector<Finding> findings;  // in the order of files and lines
  std::size_t dropped = 0;        // beyond limits::findings_of_a_rule
};

}  // namespace baton::check
