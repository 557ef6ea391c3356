#include "cli/help_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "command_line/command_line.h"

namespace baton::cli {

using command_line::Command;
using command_line::Option;

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

// "FILE...", "SECONDS"; empty of a flag. An option takes one value, and is given again for another.
std::string value_of(const Option& option) {
  const std::string name = option.value_name();
  return name.empty() || !option.is_operand() || !option.takes_several() ? name : name + "...";
}

std::string description_of(const Option& option) {
  const std::string preset = option.default_text();
  return option.what() + (preset.empty() ? "" : fmt::format(" ({})", preset));
}

std::string option_row(const Option& option) {
  std::string name = option.name();
  if (const auto comma = name.find(','); comma != std::string::npos) name.insert(comma + 1, " ");
  const std::string value = value_of(option);
  return row(value.empty() ? name : name + " " + value, description_of(option));
}

std::string operand_name(const Option& operand) {
  return operand.name() + (operand.takes_several() ? "..." : "");
}

}  // namespace

std::string help_text(const Command& command, std::string_view name) {
  const std::vector<Command> commands = command.commands();
  std::string usage = std::string(name) + " [OPTIONS]";
  std::string operands;
  std::string options;
  for (const Option& each : command.options()) {
    if (!each.is_operand()) {
      options += option_row(each);
      continue;
    }
    const std::string operand = operand_name(each);
    usage += each.is_required() ? " " + operand : " [" + operand + "]";
    operands += row(operand, description_of(each));
  }
  if (!commands.empty()) usage += " COMMAND";

  std::string text = wrapped({}, command.what(), 0) + "Usage: " + usage + "\n" + operands + options;
  if (!commands.empty()) text += "Commands:\n";
  for (const Command& each : commands) text += row(each.name(), each.what());
  const std::string all = command.footer();
  std::string_view footer = all;
  while (!footer.empty()) {
    const std::string_view line = footer.substr(0, footer.find('\n'));
    footer.remove_prefix(std::min(footer.size(), line.size() + 1));
    text += wrapped({}, line, 2);
  }
  return text;
}

}  // namespace baton::cli
