#include "config/entry_line.h"

#include <charconv>

#include <fmt/format.h>

namespace baton::config {

void EntryLine::warn_at(const Position& position, std::string message, std::string mend) {
  context_.diagnostics.warn(id_, position, std::move(message), std::move(mend));
}

void EntryLine::refuse_at(const Position& position, std::string_view reason, std::string mend) {
  if (is_usable_) warn_at(position, fmt::format("{}; the {} is ignored", reason, what_), std::move(mend));
  is_usable_ = false;
}

bool EntryLine::step_to_value() {
  if (has_next()) {
    ++index_;
    return true;
  }
  context_.diagnostics.error("missing-value", line_.at(index_ + 1),
                             fmt::format("{} needs a value", quoted(line_.words[index_].text)),
                             "add it, or remove the word");
  is_usable_ = false;
  return false;
}

std::optional<std::uint32_t> EntryLine::number(std::uint32_t least, std::uint32_t most) {
  const std::string_view keyword = word();
  if (!step_to_value()) return std::nullopt;
  const std::optional<std::int64_t> value = parse_integer(word());
  if (value && *value >= least && *value <= most) return static_cast<std::uint32_t>(*value);
  refuse(fmt::format("{} is no value for '{}'", quoted(word()), keyword),
         fmt::format("give a whole number from {} to {}", least, most));
  return std::nullopt;
}

std::optional<std::uint64_t> EntryLine::c_number(std::uint64_t most) {
  const std::string_view keyword = word();
  if (!step_to_value()) return std::nullopt;
  const auto value = parse_c_number(word(), most);
  if (!value) {
    refuse(fmt::format("{} is no value for '{}'", quoted(word()), keyword),
           fmt::format("give a whole number from 0 to {}, or the same as 0x...", most));
  }
  return value;
}

std::optional<std::uint32_t> EntryLine::named(NameTables::Table table, std::string_view kind, std::uint32_t most) {
  if (!step_to_value()) return std::nullopt;
  const auto value = names_.find(table, word(), most);
  if (!value) {
    refuse(fmt::format("there is no {} {}", kind, quoted(word())),
           fmt::format("give a number, or a name that iproute2's tables have", kind));
  }
  return value;
}

std::optional<std::uint32_t> EntryLine::realms() {
  constexpr std::uint32_t most_realm = 0xffff;
  if (!step_to_value()) return std::nullopt;
  const std::string_view text = word();
  const std::size_t slash = text.find('/');
  const auto find = [&](std::string_view name) { return names_.find(NameTables::Table::realms, name, most_realm); };
  const auto source = slash == std::string_view::npos ? std::optional(0U) : find(text.substr(0, slash));
  const auto destination = find(slash == std::string_view::npos ? text : text.substr(slash + 1));
  if (source && destination) return *source << 16 | *destination;
  refuse(fmt::format("there are no realms {}", quoted(text)), "write realms [SOURCE/]DESTINATION, numbers or names");
  return std::nullopt;
}

std::optional<std::string> EntryLine::device() {
  if (!step_to_value()) return std::nullopt;
  const std::string_view name = word();
  if (!name.empty() && name.size() <= longest_interface_name) return std::string(name);
  refuse(fmt::format("an interface name has at most {} bytes", longest_interface_name), "correct the name");
  return std::nullopt;
}

std::optional<IpAddress> EntryLine::address() {
  if (!step_to_value()) return std::nullopt;
  const std::optional<IpAddress> address = IpAddress::parse(word());
  if (!address) refuse(fmt::format("{} is no address", quoted(word())), "write a numeric address");
  return address;
}

std::optional<IpPrefix> EntryLine::prefix(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::optional<IpAddress> address = IpAddress::parse(text.substr(0, slash));
  if (!address) return std::nullopt;
  const unsigned longest = address->is_v4() ? 32 : 128;
  IpPrefix prefix{.address = *address, .length = static_cast<std::uint8_t>(longest)};
  if (slash == std::string_view::npos) return prefix;
  const std::optional<std::int64_t> length = parse_integer(text.substr(slash + 1));
  if (length && *length >= 0 && *length <= longest) {
    prefix.length = static_cast<std::uint8_t>(*length);
  } else {
    warn(fmt::format("'{}' is no prefix length; /{} is used", text.substr(slash), longest),
         fmt::format("write a number from 0 to {}", longest));
  }
  return prefix;
}

}  // namespace baton::config
