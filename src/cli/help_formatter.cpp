#include "cli/help_formatter.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

namespace baton::cli {

namespace {

constexpr std::size_t description_column = 24;

// `text` behind what stands in the line already, broken between words; further lines begin in that column.
std::string wrapped(std::string line, std::string_view text, std::size_t column) {
  std::string lines;
  bool is_first = true;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    if (!is_first && line.size() + 1 + word.size() > help_columns) {
      lines += line + "\n";
      line = std::string(column, ' ');
      is_first = true;
    }
    if (!std::exchange(is_first, false)) line += ' ';
    line += word;
  }
  return lines + line + "\n";
}

std::string row(std::string name, const std::string& description) {
  name = "  " + name;
  std::string lines;
  if (name.size() + 2 > description_column) {
    lines = std::exchange(name, {}) + "\n";
  }
  name.resize(description_column, ' ');
  return lines + wrapped(std::move(name), description, description_column);
}

// "FILE...", "SECONDS"; empty of a flag.
std::string operand(const CLI::Option& option) {
  if (option.get_type_size() == 0) return {};
  std::string type = option.get_type_name();
  type = type.substr(0, type.find(':'));
  return type + (option.get_expected_max() > 1 ? "..." : "");
}

std::string description_of(const CLI::Option& option) {
  const std::string preset = option.get_default_str();
  return option.get_description() + (preset.empty() ? "" : fmt::format(" ({})", preset));
}

std::string option_row(const CLI::Option& option) {
  std::string name = option.get_name(false, true);
  if (const auto comma = name.find(','); comma != std::string::npos) name.insert(comma + 1, " ");
  const std::string what = operand(option);
  return row(what.empty() ? name : name + " " + what, description_of(option));
}

std::string positional_name(const CLI::Option& option) {
  return option.get_name(true, false) + (option.get_expected_max() > 1 ? "..." : "");
}

}  // namespace

std::string HelpFormatter::make_help(const CLI::App* app, std::string name, CLI::AppFormatMode) const {
  const auto commands = app->get_subcommands([](const CLI::App*) { return true; });
  const auto positionals = app->get_options([](const CLI::Option* option) { return option->get_positional(); });
  const auto options = app->get_options([](const CLI::Option* option) { return option->nonpositional(); });

  std::string usage = name + " [OPTIONS]";
  for (const CLI::Option* each : positionals) {
    const std::string positional = positional_name(*each);
    usage += each->get_required() ? " " + positional : " [" + positional + "]";
  }
  if (!commands.empty()) usage += " COMMAND";

  std::string text = wrapped({}, app->get_description(), 0) + "Usage: " + usage + "\n";
  for (const CLI::Option* each : positionals) text += row(positional_name(*each), description_of(*each));
  for (const CLI::Option* each : options) text += option_row(*each);
  if (!commands.empty()) text += "Commands:\n";
  for (const CLI::App* each : commands) text += row(each->get_name(), each->get_description());
  const std::string all = app->get_footer();
  std::string_view footer = all;
  while (!footer.empty()) {
    const std::string_view line = footer.substr(0, footer.find('\n'));
    footer.remove_prefix(std::min(footer.size(), line.size() + 1));
    text += wrapped({}, line, 2);
  }
  return text;
}

}  // namespace baton::cli
