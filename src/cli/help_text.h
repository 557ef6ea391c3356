// How every --help looks: what the command is for, how it is called, its options, examples and exit codes, on one
// screen of 24 lines of 80 columns (a test holds it for all commands).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace baton::command_line {
class Command;
}

namespace baton::cli {

inline constexpr std::size_t help_columns = 80;
inline constexpr std::size_t help_lines = 24;

std::string help_text(const command_line::Command& command, std::string_view name);

}  // namespace baton::cli
