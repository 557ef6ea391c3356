// Where something was written: for people and for diagnostics, and as the model keeps it.
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

// The place a part of the model came from; no part of what it is.
struct Place {
  unsigned file = 0;    // its index in LoadResult::files
  unsigned line = 0;    // 0: nowhere in particular
  unsigned column = 0;  // as above

  bool operator==(const Place&) const { return true; }
};

}  // namespace baton::config
