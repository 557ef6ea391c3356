// Checks that do not check: commands that cannot fail, never end, or see the wrong thing.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "check/file_rules.h"
#include "config/whole_rules.h"

namespace baton::check {
namespace {

using namespace std::chrono_literals;
using config::Command;
using config::Script;

// The name of a program without its directory.
std::string_view program_of(const Command& command) {
  const std::string_view path = command.arguments.front();
  return path.substr(path.rfind('/') + 1);
}

bool is_one_of(std::string_view word, std::span<const std::string_view> words) {
  return std::ranges::find(words, word) != words.end();
}

// What a shell is given to run, or the line itself.
std::string_view command_line(const Command& command) {
  constexpr auto shells = std::to_array<std::string_view>({"sh", "bash", "dash"});
  if (is_one_of(program_of(command), shells) && command.arguments.size() > 2 && command.arguments[1].ends_with('c')) {
    return command.arguments[2];
  }
  return command.line;
}

bool has_option(const Command& command, std::initializer_list<char> letters, std::string_view long_form) {
  return std::ranges::any_of(command.arguments, [&](const std::string& word) {
    if (!long_form.empty() && word.starts_with(long_form)) return true;
    if (word.size() < 2 || word[0] != '-' || word[1] == '-') return false;
    return std::ranges::any_of(letters, [&](char letter) { return word.find(letter) != std::string::npos; });
  });
}

class ScriptRules {
 public:
  ScriptRules(const CheckedFile& file, Report& report) : file_(file), report_(report) {}

  void check() {
    for (const Script& script : file_.configuration().scripts) {
      check_timing(script);
      check_command(script);
    }
    const std::vector<const Command*> commands = config::commands_of(file_.configuration());
    for (const Command* command : commands) check_for_stop(*command);
    check_account(commands);
  }

 private:
  void add(std::string_view rule, const config::Place& place, std::string message, std::string mend) {
    report_.add(rule, file_, place, std::move(message), std::move(mend));
  }
  static double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

  void check_timing(const Script& script) {
    if (script.timeout > script.interval) {
      add("script-outlives-interval", file_.keyword(script.place, "timeout"),
          fmt::format("{} may take {:g} s and is due every {:g} s: keepalived 2.2.7 starts a second one beside it",
                      script.name, seconds(script.timeout), seconds(script.interval)),
          "write a timeout that is no longer than the interval");
    }
    constexpr Duration patient = 30s;
    const Duration detection = script.interval * static_cast<int>(std::min(script.fall, 10'000U)) + script.timeout;
    if (detection > patient) {
      add("slow-check", script.place,
          fmt::format("a failure is noticed by {} after up to {:g} s", script.name, seconds(detection)),
          "shorten interval, timeout or fall");
    }
    if (script.init_fail) {
      add("init-fail", file_.keyword(script.place, "init_fail"),
          fmt::format("keepalived makes nothing of init_fail: {} counts for nothing until its first result",
                      script.name),
          "do not rely on it where keepalived reads this file");
    }
  }

  void check_command(const Script& script) {
    const std::string_view program = program_of(script.command);
    const std::string_view line = command_line(script.command);
    constexpr auto certain = std::to_array<std::string_view>({"true", ":", "echo"});
    if (is_one_of(program, certain) || line.ends_with("|| true") || line.ends_with("; true") ||
        line.ends_with("|| :") || line.ends_with("exit 0")) {
      add("check-cannot-fail", script.command.place, fmt::format("{} always succeeds: nothing is checked", script.name),
          "let it fail when the service does");
    }
    constexpr auto endless = std::to_array<std::string_view>({"watch", "top", "yes"});
    if ((program == "ping" && !has_option(script.command, {'c', 'w'}, "")) || is_one_of(program, endless) ||
        (program == "tail" && has_option(script.command, {'f', 'F'}, "--follow"))) {
      add("endless-check", script.command.place,
          fmt::format("'{}' does not end by itself: it is killed after {:g} s, and {} always fails", program,
                      seconds(script.timeout), script.name),
          program == "ping"   ? "add -c 1 -W 1"
          : program == "tail" ? "leave out -f (-F, --follow)"
                              : "let it end with an exit code");
    }
    if (program == "curl" && !has_option(script.command, {'f'}, "--fail")) {
      add("curl-without-fail", script.command.place,
          fmt::format("curl succeeds with every answer, an error 500 as well: {} sees only whether there is one",
                      script.name),
          "add -f (--fail)");
    }
    check_for_zombies(script, program);
  }

  void check_for_zombies(const Script& script, std::string_view program) {
    constexpr auto finders = std::to_array<std::string_view>({"pidof", "pgrep"});
    const bool is_signal = (program == "killall" || program == "kill" || program == "pkill") &&
                           std::ranges::find(script.command.arguments, "-0") != script.command.arguments.end();
    if (!is_signal && !is_one_of(program, finders)) return;
    add("zombie-check", script.command.place,
        fmt::format("'{}' succeeds as long as a process of that name exists, one that hangs or is a zombie too",
                    program),
        "ask the service itself, or use vrrp_track_process, which notices an end at once");
  }

  // The way of many tutorials to make an address move.
  void check_for_stop(const Command& command) {
    const std::string_view line = command_line(command);
    constexpr auto stops = std::to_array<std::string_view>(
        {"stop keepalived", "keepalived stop", "killall keepalived", "pkill keepalived", "stop batond", "baton stop"});
    if (std::ranges::none_of(stops, [&](std::string_view each) { return line.find(each) != line.npos; })) return;
    add("stops-the-daemon", command.place,
        "a command that stops the daemon: this node takes no part any more until somebody starts it again",
        "let the check fail: weight 0 gives the address up, and takes it again when all is well");
  }

  void check_account(std::span<const Command* const> commands) {
    const config::Globals& globals = file_.configuration().globals;
    if (globals.script_security || !globals.script_user.user.empty()) return;
    const auto is_roots = [](const Command* command) { return command->account.user.empty(); };
    const auto first = std::ranges::find_if(commands, is_roots);
    if (first == commands.end()) return;
    add("scripts-as-root", (*first)->place,
        "commands run as the account keepalived_script, or as root where there is none, whoever may write to them; "
        "`keepalived -t` calls this a security violation and exits with 6",
        "add script_user NAME and enable_script_security to global_defs");
  }

  const CheckedFile& file_;
  Report& report_;
};

}  // namespace

void check_scripts(const CheckedFile& file, Report& report) {
  ScriptRules(file, report).check();
}

}  // namespace baton::check
