// baton: the operator's tool.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "base/version.h"
#include "cli/commands.h"
#include "cli/unknown_command.h"
#include "cli/words.h"
#include "command_line/command_line.h"

namespace {

// A disk that is full, a pipe that nobody reads: what was to be said is not all there.
int complain_of_output() {
  std::fputs("baton: standard output cannot be written; is its disk full, or has its reader ended?\n", stderr);
  return 1;
}

constexpr int usage = 2;

std::vector<std::string> commands_of(const baton::command_line::Program& program) {
  std::vector<std::string> names;
  for (const auto& command : program.commands()) names.push_back(command.name());
  return names;
}

int complain_of(std::string_view word, const std::vector<std::string>& known) {
  const std::string meant = baton::cli::nearest_word(word, known);
  fmt::print(stderr, "baton: there is no command '{}'{}\n", baton::cli::bare(word),
             meant.empty() ? "; baton --help lists them" : fmt::format("; did you mean: baton {}", meant));
  return usage;
}

}  // namespace

int main(int argc, char** argv) {
  baton::command_line::Program program{
      "Baton's operator tool: asks a running batond, checks configurations, and plays their failures on this machine.",
      "baton"};
  program.set_version(fmt::format("Baton v{}", baton::version));
  program.require_command();
  int exit_code = 0;
  baton::cli::add_commands(program, exit_code);
  const std::vector<std::string> commands = commands_of(program);
  if (const std::string_view word = argc > 1 ? argv[1] : "-";
      !word.starts_with('-') && std::ranges::find(commands, word) == commands.end()) {
    return complain_of(word, commands);
  }
  try {
    if (const auto code = program.parse(argc, argv)) return *code == 0 ? 0 : usage;
  } catch (const std::system_error&) {  // fmt, when it cannot write
    return complain_of_output();
  }
  return std::fflush(stdout) == 0 && std::ferror(stdout) == 0 ? exit_code : complain_of_output();
}
