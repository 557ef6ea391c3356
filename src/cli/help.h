// What every --help ends with.
#pragma once

#include <string>
#include <string_view>

namespace baton::cli {

inline constexpr std::string_view exit_codes_of_questions =
    "0 success, 1 failure, 2 usage, 3 no such vrrp_instance, 4 no batond answers";

// The example and the exit codes.
inline std::string footer(std::string_view example, std::string_view exit_codes) {
  return "Example: " + std::string(example) + "\nExit codes: " + std::string(exit_codes);
}

}  // namespace baton::cli
