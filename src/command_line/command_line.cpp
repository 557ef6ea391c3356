#include "command_line/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <utility>

namespace baton::command_line {

Option Option::required() const {
  option_->required();
  return *this;
}

Option Option::one_of(const std::vector<std::string>& words) const {
  option_->check(CLI::IsMember(words));
  return *this;
}

Option Option::between(int least, int most) const {
  option_->check(CLI::Range(least, most));
  return *this;
}

Option Option::between(double least, double most) const {
  option_->check(CLI::Range(least, most));
  return *this;
}

Option Option::checked_by(Check check) const {
  option_->check(std::move(check));
  return *this;
}

Option Option::excludes(Option other) const {
  option_->excludes(other.option_);
  return *this;
}

Option Option::split_at(char delimiter) const {
  option_->delimiter(delimiter);
  return *this;
}

Option Option::named_value(const std::string& name) const {
  option_->type_name(name);
  return *this;
}

Option Option::shows_default() const {
  option_->capture_default_str();
  return *this;
}

bool Option::is_operand() const {
  return option_->get_positional();
}

bool Option::is_required() const {
  return option_->get_required();
}

bool Option::takes_several() const {
  return option_->get_expected_max() > 1;
}

std::string Option::name() const {
  return is_operand() ? option_->get_name(true, false) : option_->get_name(false, true);
}

std::vector<std::string> Option::long_names() const {
  return option_->get_lnames();
}

std::string Option::value_name() const {
  if (option_->get_type_size() == 0) return {};
  const std::string type = option_->get_type_name();
  return type.substr(0, type.find(':'));  // behind it: which values may stand
}

std::string Option::what() const {
  return option_->get_description();
}

std::string Option::default_text() const {
  return option_->get_default_str();
}

Command Command::add_command(const std::string& name, const std::string& what) {
  return Command(*app_->add_subcommand(name, what));
}

Option Command::add_option(const std::string& name, Target target, const std::string& what) {
  const auto add = [&](auto to) { return app_->add_option(name, to.get(), what); };
  CLI::Option* option = std::visit(add, target);
  if (!option->get_positional()) option->allow_extra_args(false);  // the word behind its value is an operand
  return Option(*option);
}

Option Command::add_flag(const std::string& name, bool& target, const std::string& what) {
  return Option(*app_->add_flag(name, target, what));
}

void Command::set_footer(const std::string& text) {
  app_->footer(text);
}

void Command::on_call(std::function<void()> run) {
  app_->callback(std::move(run));
}

std::string Command::name() const {
  return app_->get_name();
}

std::string Command::what() const {
  return app_->get_description();
}

std::string Command::footer() const {
  return app_->get_footer();
}

std::vector<Command> Command::commands() const {
  std::vector<Command> commands;
  for (CLI::App* each : app_->get_subcommands([](CLI::App*) { return true; })) commands.emplace_back(*each);
  return commands;
}

std::vector<Option> Command::options() const {
  std::vector<Option> options;
  for (CLI::Option* each : app_->get_options()) options.emplace_back(*each);
  return options;
}

std::string Command::help(const std::string& before) const {
  return app_->help(before);
}

namespace {

class HelpFormatter : public CLI::FormatterBase {
 public:
  explicit HelpFormatter(HelpText text) : text_(std::move(text)) {}

  std::string make_help(const CLI::App* app, std::string name, CLI::AppFormatMode) const override {
    return text_(Command(const_cast<CLI::App&>(*app)), name);  // a const Command changes nothing
  }

 private:
  HelpText text_;
};

}  // namespace

Program::Program(const std::string& what, const std::string& name) : Program(std::make_unique<CLI::App>(what, name)) {}

Program::Program(std::unique_ptr<CLI::App> app) : Command(*app), app_(std::move(app)) {}

Program::~Program() = default;

void Program::set_version(const std::string& text) {
  app_->set_version_flag("--version", text);
}

void Program::set_help(const std::string& what, HelpText text) {
  app_->formatter(std::make_shared<HelpFormatter>(std::move(text)));
  app_->set_help_flag("-h,--help", what);
}

void Program::require_command() {
  app_->require_subcommand(1);
}

std::optional<int> Program::parse(int argc, const char* const* argv) {
  try {
    app_->parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app_->exit(error);
  }
  return std::nullopt;
}

std::optional<int> Program::parse(std::vector<std::string> words) {
  std::ranges::reverse(words);  // CLI11 takes them from the back
  try {
    app_->parse(std::move(words));
  } catch (const CLI::ParseError& error) {
    return app_->exit(error);
  }
  return std::nullopt;
}

}  // namespace baton::command_line
