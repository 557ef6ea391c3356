// The words behind a program's name: its commands, their options and operands, what those take, and the help that says
// all this. It is what CLI11 can do, as far as Baton needs it, and it is the only room that knows CLI11, whose header
// takes longer to compile than most sources. Who parses a command line includes this one.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace baton::command_line {

// Where the value of an option goes. What stands there before is the default. (std::size_t and std::uint64_t are one of
// these on every machine.)
template <class Value>
using To = std::reference_wrapper<Value>;
using Target =
    std::variant<To<std::string>, To<int>, To<std::uint16_t>, To<unsigned>, To<unsigned long>, To<double>,
                 To<std::optional<double>>, To<std::vector<std::string>>, To<std::vector<unsigned>>,
                 To<std::vector<unsigned long>>, To<std::vector<unsigned long long>>, To<std::vector<double>>>;

// What is wrong with a value; empty when it may stand.
using Check = std::function<std::string(const std::string& value)>;

// An option ("--socket PATH"), a flag ("--json") or an operand ("FILE"). A handle, as Command is.
class Option {
 public:
  explicit Option(CLI::Option& option) : option_(&option) {}

  // What it takes. Each gives the option again, for the next one.
  Option required() const;
  Option one_of(const std::vector<std::string>& words) const;
  Option between(int least, int most) const;
  Option between(double least, double most) const;
  Option checked_by(Check check) const;
  Option excludes(Option other) const;
  Option split_at(char delimiter) const;  // several values in one word

  // What the help says of it.
  Option named_value(const std::string& name) const;  // "PATH" in "--socket PATH"
  Option shows_default() const;

  bool is_operand() const;
  bool is_required() const;
  bool takes_several() const;
  std::string name() const;                     // "FILE", "-f,--follow"
  std::vector<std::string> long_names() const;  // "follow"
  std::string value_name() const;               // empty of a flag
  std::string what() const;
  std::string default_text() const;  // empty unless it is shown

 private:
  CLI::Option* option_;
};

// A program, or one of its commands. A handle: it is copied freely, and what it stands for lives as long as the
// program.
class Command {
 public:
  explicit Command(CLI::App& app) : app_(&app) {}

  Command add_command(const std::string& name, const std::string& what);
  // One with several values is given several times, -i web1 -i web2: the word behind a value is the next operand.
  Option add_option(const std::string& name, Target target, const std::string& what = {});
  Option add_flag(const std::string& name, bool& target, const std::string& what);
  void set_footer(const std::string& text);
  void on_call(std::function<void()> run);

  std::string name() const;
  std::string what() const;
  std::string footer() const;
  std::vector<Command> commands() const;
  std::vector<Option> options() const;
  // What --help prints, when the words `before` stand before the command.
  std::string help(const std::string& before = {}) const;

 private:
  CLI::App* app_;
};

// The help of a command that is called `name`, with all words before it.
using HelpText = std::function<std::string(const Command& command, std::string_view name)>;

class Program : public Command {
 public:
  // Without a name it is called as it was started.
  explicit Program(const std::string& what = {}, const std::string& name = {});
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  ~Program();

  void set_version(const std::string& text);
  // What --help says of itself, and who writes what it prints: for the program, and for commands that are added later.
  void set_help(const std::string& what, HelpText text);
  void require_command();

  // Fills the targets and runs the command that is called. Nothing when it ran; else the program is to end with this
  // code: 0 when help or version was printed, another one when standard error says what is wrong with the words.
  std::optional<int> parse(int argc, const char* const* argv);
  std::optional<int> parse(std::vector<std::string> words);  // those behind the program's name

 private:
  explicit Program(std::unique_ptr<CLI::App> app);

  std::unique_ptr<CLI::App> app_;
};

}  // namespace baton::command_line
