// Where something was written, for people and for diagnostics.
#pragma once

#include <string>

namespace baton::config {

struct SourcePlace {
  std::string file;     // as it was asked for; empty: the configuration as a whole
  unsigned line = 0;    // counted from 1; 0: the file as a whole
  unsigned column = 0;  // in bytes, counted from 1; 0: the line as a whole

  bool operator==(const SourcePlace&) const = default;
};

// "web1.conf:12:5", as far as the parts are known.
std::string to_string(const SourcePlace& place);

}  // namespace baton::config
