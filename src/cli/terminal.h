// What is at the other end of standard output.
#pragma once

#include <unistd.h>

#include <cstdlib>
#include <string_view>

namespace baton::cli {

// A terminal that knows colours, and a user who wants them (no-color.org).
inline bool wants_colours() {
  const auto value_of = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string_view(value == nullptr ? "" : value);
  };
  return ::isatty(STDOUT_FILENO) == 1 && value_of("NO_COLOR").empty() && value_of("TERM") != "dumb";
}

}  // namespace baton::cli
