#include "process/process_query.h"

#include <algorithm>

namespace baton::process {

namespace {

constexpr std::size_t comm_size = 15;  // TASK_COMM_LEN less its NUL, proc(5)
constexpr std::string_view letters_and_digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

std::string_view base_name(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

bool consists_of(std::string_view text, std::string_view more) {
  return std::ranges::all_of(
      text, [&](char character) { return letters_and_digits.contains(character) || more.contains(character); });
}

// A name as a person writes it; no pattern, no path, no option.
bool is_plain_name(std::string_view word) {
  return !word.empty() && !word.starts_with('-') && consists_of(word, "-_.+:@");
}

// The names are everything that is no option; an option that is none of `harmless` makes the whole thing unknown.
std::optional<ProcessQuery> names_with_options(std::span<const std::string> arguments,
                                               std::initializer_list<std::string_view> harmless) {
  ProcessQuery query;
  for (const std::string& argument : arguments) {
    if (std::ranges::find(harmless, argument) != harmless.end()) continue;
    if (!is_plain_name(argument)) return std::nullopt;
    query.names.push_back(argument);
  }
  if (query.names.empty()) return std::nullopt;
  return query;
}

std::optional<ProcessQuery> killall_query(std::span<const std::string> arguments) {
  if (std::ranges::find(arguments, "-0") == arguments.end()) return std::nullopt;
  return names_with_options(arguments, {"-0", "-q", "--quiet", "-e", "--exact"});
}

std::optional<ProcessQuery> pgrep_query(std::span<const std::string> arguments) {
  auto query = names_with_options(arguments, {"-x", "--exact", "-c", "--count", "-l", "-o", "-n"});
  if (!query || query->names.size() != 1) return std::nullopt;
  if (std::ranges::none_of(arguments, [](const auto& argument) { return argument == "-x" || argument == "--exact"; })) {
    query->match = ProcessQuery::Match::substring;
  }
  return query;
}

// The words of a shell command without anything that means something to a shell; empty when there is such a thing.
std::vector<std::string> plain_words(std::string_view text) {
  if (!consists_of(text, "-_.+:@/ ")) return {};
  std::vector<std::string> words;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (end > 0) words.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

std::optional<ProcessQuery> direct_query(std::span<const std::string> argv) {
  if (argv.empty()) return std::nullopt;
  const std::string_view program = base_name(argv.front());
  const auto arguments = argv.subspan(1);
  if (program == "killall") return killall_query(arguments);
  if (program == "pidof") return names_with_options(arguments, {"-s", "-q", "-x", "-c"});
  if (program == "pgrep") return pgrep_query(arguments);
  return std::nullopt;
}

}  // namespace

bool ProcessQuery::matches(std::string_view comm) const {
  return std::ranges::any_of(names, [&](std::string_view name) {
    return match == Match::exact ? comm == name.substr(0, comm_size) : comm.contains(name);
  });
}

std::optional<ProcessQuery> process_query(std::span<const std::string> argv) {
  if (argv.size() == 3 && argv[1] == "-c") {
    const std::string_view shell = base_name(argv[0]);
    if (shell == "sh" || shell == "bash" || shell == "dash") return direct_query(plain_words(argv[2]));
  }
  return direct_query(argv);
}

}  // namespace baton::process
