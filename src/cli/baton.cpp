// baton: the operator's tool.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
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

namespace {

// A disk that is full, a pipe that nobody reads: what was to be said is not all there.
int complain_of_output() {
  std::fputs("baton: standard output cannot be written; is its disk full, or has its reader ended?\n", stderr);
  return 1;
}

constexpr int usage = 2;

std::vector<std::string> commands_of(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(command->get_name());
  }
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
  CLI::App app{
      "Baton's operator tool: asks a running batond, checks configurations, and plays their failures on this machine.",
      "baton"};
  app.set_version_flag("--version", fmt::format("Baton v{}", baton::version));
  app.require_subcommand(1);
  int exit_code = 0;
  baton::cli::add_commands(app, exit_code);
  const std::vector<std::string> commands = commands_of(app);
  if (const std::string_view word = argc > 1 ? argv[1] : "-";
      !word.starts_with('-') && std::ranges::find(commands, word) == commands.end()) {
    return complain_of(word, commands);
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : usage;
  } catch (const std::system_error&) {  // fmt, when it cannot write
    return complain_of_output();
  }
  return std::fflush(stdout) == 0 && std::ferror(stdout) == 0 ? exit_code : complain_of_output();
}
