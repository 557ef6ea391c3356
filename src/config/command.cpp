// The arguments that are a command: Arguments::read(Command&).
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/limits.h"
#include "config/arguments.h"
#include "config/lexer.h"

namespace baton::config {
namespace {

// Words that mean something to a shell and nothing to the program that gets them.
constexpr auto shell_words = std::to_array<std::string_view>({"&&", "||", "|", ";", ">", ">>", "<", "2>&1", "&"});

bool is_typographic(std::string_view word) {
  return word.starts_with("\xe2\x80\x9c") || word.starts_with("\xe2\x80\x98");
}

void check_user(const Arguments& arguments, const ScriptWord& word) {
  if (arguments.context().reader.has_user(word.text) != false) return;
  const Position position{.line = arguments.statement().line, .column = word.column, .width = word.width};
  arguments.diagnostics().warn(
      "unknown-user", position, fmt::format("there is no user {}", quoted(word.text)),
      fmt::format("if it is an argument, quote the command as a whole: {} \"COMMAND ARGUMENT\"", arguments.name()));
}

void check_program(const Arguments& arguments, const Command& command, const Position& position) {
  const std::string& program = command.arguments.front();
  if (program.starts_with('<') || program.starts_with('>')) return;  // "this file can be opened"
  const auto shell_word = std::ranges::find_if(command.arguments, [](const std::string& each) {
    return std::ranges::find(shell_words, each) != shell_words.end();
  });
  if (shell_word != command.arguments.end()) {
    arguments.diagnostics().warn(
        "shell-syntax", position,
        fmt::format("no shell reads this command: {} is passed to {} as it is", quoted(*shell_word), quoted(program)),
        "write \"/bin/sh -c 'COMMAND'\", or put the commands into a script");
  }
  const ProgramState state = arguments.context().programs.state(program);
  if (state == ProgramState::missing) {
    arguments.diagnostics().warn("script-not-found", position, fmt::format("there is no program {}", quoted(program)),
                                 "correct the path, or install it");
  } else if (state == ProgramState::not_executable) {
    arguments.diagnostics().warn("script-not-found", position, fmt::format("{} is not executable", quoted(program)),
                                 "chmod a+x it");
  }
}

}  // namespace

bool Arguments::read(Command& value) const {
  bool open_quote = false;
  const std::vector<ScriptWord> words = split_script_line(*statement_.command, open_quote, diagnostics());
  if (words.size() < 2) {
    diagnostics().warn("missing-value", statement_.at(1), fmt::format("'{}' needs a command and is ignored", name()),
                       "add it, or remove the line");
    return false;
  }
  const Position position{.line = statement_.line, .column = words[1].column, .width = words[1].width};
  bool is_open = false;
  value.arguments = split_command(words[1].text, is_open);
  value.line = trim(words[1].text);
  value.place = make_place(position);
  if (open_quote || is_open) {
    diagnostics().warn("open-quote", position,
                       fmt::format("a quote of this command is never closed; '{}' is ignored", name()),
                       "close it, or protect it with \\");
    return false;
  }
  std::size_t size = 0;
  for (const std::string& argument : value.arguments) size += argument.size() + baton::limits::argument_overhead;
  if (size > baton::limits::command_size) {
    diagnostics().error(
        "too-large", position,
        fmt::format("a command of {} bytes; at most {} are possible", size, baton::limits::command_size),
        "put it into a script");
    return false;
  }
  if (value.arguments.empty() || value.arguments.front().empty()) {
    diagnostics().warn("bad-value", position, fmt::format("the command of '{}' is empty and is ignored", name()),
                       "give the path of a program");
    return false;
  }
  const auto word_or_empty = [&](std::size_t index) {
    return index < words.size() ? words[index].text : std::string();
  };
  std::string group = word_or_empty(3);
  if (group.starts_with(':')) group.erase(0, 1);
  value.account = {.user = word_or_empty(2), .group = std::move(group)};
  if (is_typographic(value.arguments.front())) {
    diagnostics().warn("bad-quote", position, "typographic quotes are ordinary characters here", "use \" instead");
    return true;
  }
  const bool takes_account = name() != "script";  // a vrrp_script has `user` for it
  if (takes_account && words.size() > 2) check_user(*this, words[2]);
  check_program(*this, value, position);
  return true;
}

}  // namespace baton::config
