// Which processes a check asks about, read from its command line: `killall -0 nginx`, `pidof nginx`, `pgrep -x nginx`.
// Only used to know when the check is worth running; what it says is never guessed.
#pragma once

#include <compare>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace baton::process {

struct ProcessQuery {
  enum class Match { exact, substring };

  Match match = Match::exact;
  std::vector<std::string> names;

  // `comm` as the kernel has it in /proc/PID/comm: at most 15 bytes of the program's name.
  bool matches(std::string_view comm) const;
  auto operator<=>(const ProcessQuery&) const = default;
};

// nullopt: not a command of this kind, or one with options that we do not know well enough. `sh -c` before the command
// is looked through when what it runs is a plain row of words.
std::optional<ProcessQuery> process_query(std::span<const std::string> argv);

}  // namespace baton::process
