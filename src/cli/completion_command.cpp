#include "cli/completion_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

#include "cli/answer.h"
#include "cli/help.h"
#include "command_line/command_line.h"
#include "control/client.h"

namespace baton::cli {

namespace {

struct Flag {
  std::string name;  // without the dashes
  std::string meaning;
};

struct Command {
  std::string name;
  std::string meaning;
  std::vector<Flag> flags;
  std::vector<std::string> words;  // what may follow it, beside names and files
  bool takes_instance = false;
};

std::vector<Command> commands_of(const command_line::Command& app) {
  std::vector<Command> commands;
  for (const command_line::Command& each : app.commands()) {
    Command command{.name = each.name(), .meaning = each.what()};
    for (const command_line::Option& option : each.options()) {
      for (const std::string& name : option.long_names()) command.flags.push_back({name, option.what()});
      command.takes_instance |= option.name() == "NAME";
    }
    if (command.name == "completion") command.words = {"bash", "zsh", "fish"};
    if (command.name == "maintenance") command.words = {"on", "off"};
    commands.push_back(std::move(command));
  }
  return commands;
}

// Within single quotes of a shell.
std::string quoted(std::string_view text, std::string_view quote_inside) {
  std::string result = "'";
  for (const char letter : text) result += letter == '\'' ? std::string(quote_inside) : std::string(1, letter);
  return result + "'";
}

// One that no shell does anything with. Others are completed by whoever types them.
bool is_plain(std::string_view name) {
  constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
  return !name.empty() && !name.starts_with('-') && name.find_first_not_of(plain) == std::string_view::npos;
}

constexpr std::string_view ask_for_names = "baton completion names 2>/dev/null";

}  // namespace

std::string bash_completion(const command_line::Command& app) {
  std::string all;
  std::string cases;
  for (const Command& command : commands_of(app)) {
    all += command.name + " ";
    std::string words;
    for (const std::string& word : command.words) words += word + " ";
    for (const Flag& flag : command.flags) words += "--" + flag.name + " ";
    if (command.takes_instance) words += fmt::format("$({})", ask_for_names);
    cases += fmt::format("      {}) words=\"{}\" ;;\n", command.name, words);
  }
  return fmt::format(
      "# bash completion of baton; source it, or put it into /usr/share/bash-completion/completions/baton\n"
      "_baton() {{\n"
      "  local current=${{COMP_WORDS[COMP_CWORD]}} words=\n"
      "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
      "    words=\"{}--help --version\"\n"
      "  else\n"
      "    case ${{COMP_WORDS[1]}} in\n{}    esac\n"
      "  fi\n"
      "  COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
      "}}\n"
      "complete -o default -F _baton baton\n",
      all, cases);
}

std::string zsh_completion(const command_line::Command& app) {
  std::string all;
  std::string cases;
  for (const Command& command : commands_of(app)) {
    all += fmt::format("      {}\n", quoted(command.name + ":" + command.meaning, "'\\''"));
    std::string words;
    for (const std::string& word : command.words) words += word + " ";
    for (const Flag& flag : command.flags) words += "--" + flag.name + " ";
    cases += fmt::format("    {}) compadd -- {}{} ;;\n", command.name, words,
                         command.takes_instance ? fmt::format("${{(f)\"$({})\"}}", ask_for_names) : "");
  }
  return fmt::format(
      "#compdef baton\n"
      "# zsh completion of baton; put it as _baton into a directory of $fpath\n"
      "_baton() {{\n"
      "  if (( CURRENT == 2 )); then\n"
      "    local -a commands=(\n{}    )\n"
      "    _describe command commands\n"
      "    return\n"
      "  fi\n"
      "  case $words[2] in\n{}  esac\n"
      "  _files\n"
      "}}\n"
      "compdef _baton baton\n",
      all, cases);
}

std::string fish_completion(const command_line::Command& app) {
  constexpr std::string_view inside = "\\'";
  std::string text = "# fish completion of baton; put it as baton.fish into ~/.config/fish/completions\n";
  for (const Command& command : commands_of(app)) {
    text += fmt::format("complete -c baton -n __fish_use_subcommand -a {} -d {}\n", command.name,
                        quoted(command.meaning, inside));
    const std::string seen = fmt::format("complete -c baton -n '__fish_seen_subcommand_from {}'", command.name);
    for (const Flag& flag : command.flags) {
      text += fmt::format("{} -l {} -d {}\n", seen, flag.name, quoted(flag.meaning, inside));
    }
    for (const std::string& word : command.words) text += fmt::format("{} -a {}\n", seen, word);
    if (command.takes_instance) text += fmt::format("{} -f -a '({})'\n", seen, ask_for_names);
  }
  return text;
}

namespace {

// The names of the instances, for the scripts above. Nothing when batond does not answer: a shell has no use for why.
int print_names() {
  constexpr auto patience = std::chrono::milliseconds(500);
  const auto status = control::ask(control::default_control_socket, {.path = "/v1/status?view=brief"}, patience);
  if (!status) return exit_code::no_answer;
  for (const auto& instance : status->at("instances")) {
    if (const std::string name = instance.value("name", ""); is_plain(name)) fmt::print("{}\n", name);
  }
  return exit_code::success;
}

int run_completion(const command_line::Command& app, const std::string& shell) {
  if (shell == "names") return print_names();
  fmt::print("{}", shell == "bash"  ? bash_completion(app)
                   : shell == "zsh" ? zsh_completion(app)
                                    : fish_completion(app));
  return exit_code::success;
}

}  // namespace

void add_completion_command(command_line::Command& app, int& result) {
  auto shell = std::make_shared<std::string>();
  command_line::Command command =
      app.add_command("completion", "What bash, zsh or fish needs to complete these commands");
  command.add_option("SHELL", *shell, "bash, zsh or fish; names: the instances, a line each")
      .required()
      .one_of({"bash", "zsh", "fish", "names"});
  command.set_footer(footer("source <(baton completion bash)", "0 success, 2 usage, 4 no batond answers (names)"));
  command.on_call([&app, shell, &result] { result = run_completion(app, *shell); });
}

}  // namespace baton::cli
