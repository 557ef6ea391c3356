// A line of a list whose words are options with values: a route, a rule. Reads it word by word; what is wrong with a
// word is said here, and whether the line can still be used.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "config/blocks.h"
#include "config/name_tables.h"

namespace baton::config {

inline constexpr std::size_t longest_interface_name = 15;  // Linux IFNAMSIZ - 1

class EntryLine {
 protected:
  // `what`: "route", "rule"; `id`: of the diagnostics.
  EntryLine(const Context& context, NameTables& names, const Statement& line, std::string_view what,
            std::string_view id)
      : context_(context), names_(names), line_(line), what_(what), id_(id) {}

  bool has_next() const { return index_ + 1 < line_.words.size(); }
  bool is_at_end() const { return index_ >= line_.words.size(); }
  std::string_view word() const { return line_.words[index_].text; }
  std::string_view next() const { return has_next() ? line_.words[index_ + 1].text : ""; }
  void advance() { ++index_; }
  // Steps onto the word behind the present one; false, reported as keepalived's reason not to start, when there is
  // none.
  bool step_to_value();

  void warn(std::string message, std::string mend) { warn_at(line_.at(index_), std::move(message), std::move(mend)); }
  void warn_at(const Position& position, std::string message, std::string mend);
  // The line is of no use.
  void refuse(std::string_view reason, std::string mend) { refuse_at(line_.at(index_), reason, std::move(mend)); }
  void refuse_at(const Position& position, std::string_view reason, std::string mend);

  // Values behind the present word. Nothing, and the line refused, when they are not what they should be.
  std::optional<std::uint32_t> number(std::uint32_t least, std::uint32_t most);
  std::optional<std::uint64_t> c_number(std::uint64_t most);
  std::optional<std::uint32_t> named(NameTables::Table table, std::string_view kind, std::uint32_t most = ~0U);
  std::optional<std::uint32_t> realms();  // [SOURCE/]DESTINATION
  std::optional<std::string> device();
  std::optional<IpAddress> address();
  // "10.0.0.0/24"; a length that is too long is reported and becomes the longest. Nothing, unreported: no prefix.
  std::optional<IpPrefix> prefix(std::string_view text);

  const Context& context_;
  NameTables& names_;
  const Statement& line_;
  std::string_view what_;
  std::string_view id_;
  std::size_t index_ = 0;
  bool is_usable_ = true;
};

}  // namespace baton::config
