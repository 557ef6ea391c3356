// What is wrong with a host or its wire, as the doctor says it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/diagnostic.h"

namespace baton::doctor {

using config::Severity;

// One thing that `baton doctor` looks for; its number stays.
struct Rule {
  std::string_view id;  // "D010"; D0xx: the host, D1xx: the wire
  std::string_view name;
  Severity severity = Severity::warning;
  std::string_view title;        // a line
  std::string_view explanation;  // whole sentences
};

struct Finding {
  const Rule* rule = nullptr;
  Severity severity = Severity::warning;
  std::string interface;  // may be empty
  std::string instance;   // of the configuration; may be empty
  std::string seen;       // one sentence, no full stop
  std::string means;      // likewise
  std::string mend;       // likewise
};

}  // namespace baton::doctor
