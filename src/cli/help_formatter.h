// How every --help looks: what the command is for, how it is called, its options, examples and exit codes, on one
// screen of 24 lines of 80 columns (a test holds it for all commands).
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace baton::cli {

inline constexpr std::size_t help_columns = 80;
inline constexpr std::size_t help_lines = 24;

class HelpFormatter : public CLI::FormatterBase {
 public:
  std::string make_help(const CLI::App* app, std::string name, CLI::AppFormatMode mode) const override;
};

}  // namespace baton::cli
