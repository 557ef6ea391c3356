// One statement, and its arguments read as the keyword table says they are. Everything that can be wrong with a value
// is said here, once, for every keyword; a reader of a block is then a table of keywords and members.
#pragma once

#include <algorithm>
#include <concepts>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/ip_address.h"
#include "base/time.h"
#include "config/diagnostics.h"
#include "config/file_reader.h"
#include "config/keyword_table.h"
#include "config/model.h"
#include "config/tree.h"

namespace baton::config {

// Programs as the reader knows them; each is looked at once, however many run it.
class Programs {
 public:
  explicit Programs(FileReader& reader) : reader_(reader) {}

  ProgramState state(const std::string& name) {
    const auto [found, is_new] = states_.try_emplace(name);
    if (is_new) found->second = reader_.program(name);
    return found->second;
  }

 private:
  FileReader& reader_;
  std::unordered_map<std::string, ProgramState> states_;
};

// What every reader of a block is given.
struct Context {
  Diagnostics& diagnostics;
  FileReader& reader;
  const Sources& sources;
  Programs& programs;

  // Where a part of the model was written, to speak of it again.
  Position position_of(const auto& part) const { return sources.find(part.place); }
};

// A number as keepalived writes them: decimal digits and a sign, blanks around it.
std::optional<std::int64_t> parse_integer(std::string_view text);
// Seconds with decimals; more than six are rounded.
std::optional<Duration> parse_seconds(std::string_view text);

class Arguments {
 public:
  Arguments(const Context& context, const Statement& statement, const Keyword& keyword)
      : context_(context), statement_(statement), keyword_(keyword) {}

  const Context& context() const { return context_; }
  Diagnostics& diagnostics() const { return context_.diagnostics; }
  const Statement& statement() const { return statement_; }
  const Keyword& keyword() const { return keyword_; }
  std::string_view name() const { return keyword_.name; }

  std::size_t count() const { return statement_.words.size() - 1; }
  // Empty when there is none.
  std::string_view word(std::size_t index = 0) const;
  Position position() const { return statement_.position(); }
  Position at(std::size_t index = 0) const { return statement_.at(index + 1); }
  Place place() const { return make_place(position()); }

  // The first argument as the member's type asks for it. False: reported, and the member is as it was.
  bool read(bool& value) const;
  bool read(Duration& value) const;
  bool read(std::string& value) const;
  bool read(Secret& value) const;
  bool read(IpAddress& value) const;
  bool read(Command& value) const;
  template <std::integral Number>
  bool read(Number& value) const {
    const std::optional<std::int64_t> number = read_number();
    if (number) value = static_cast<Number>(*number);
    return number.has_value();
  }
  template <typename T>
  bool read(std::optional<T>& value) const {
    return read_into<T>(value);
  }
  template <typename T>
  bool read(Rarely<T>& value) const {
    return read_into<T>(value);
  }

  // One of several words; the index of it, or nothing, reported.
  std::optional<std::size_t> choice(std::span<const std::string_view> words, std::string_view otherwise) const;
  // "user [group]" from an argument on.
  Account account(std::size_t index) const;
  // An address at an argument, reported when it is none.
  std::optional<IpAddress> address(std::size_t index) const;
  // Reports that a required argument is missing: keepalived does not start then.
  void missing(std::string_view what) const;
  // Reports an argument that cannot be used.
  void invalid(std::size_t index, std::string_view expected,
               std::string_view consequence = "the line is ignored") const;

 private:
  std::optional<std::int64_t> read_number() const;
  template <typename T>
  bool read_into(auto& value) const {
    T read_value{};
    if (!read(read_value)) return false;
    value = std::move(read_value);
    return true;
  }

  const Context& context_;
  const Statement& statement_;
  const Keyword& keyword_;
};

// A keyword and what it does to the thing being read.
template <typename Target>
struct Setting {
  std::string_view keyword;
  void (*apply)(Target& target, const Arguments& arguments);
};

namespace detail {

template <typename Member>
struct MemberOf;
template <typename Target, typename Value>
struct MemberOf<Value Target::*> {
  using Class = Target;
};

// A member of a member of ...
template <auto First, auto... Rest>
auto& follow(auto& target) {
  if constexpr (sizeof...(Rest) == 0) {
    return target.*First;
  } else {
    return follow<Rest...>(target.*First);
  }
}

template <typename T>
T& plain(T& value) {
  return value;
}
template <typename T>
T& plain(std::optional<T>& value) {
  return *value;
}

}  // namespace detail

template <auto Member>
using ClassOf = typename detail::MemberOf<decltype(Member)>::Class;

// Reads into a member, or a member of a member; the last one given wins.
template <auto First, auto... Rest>
void set(ClassOf<First>& target, const Arguments& arguments) {
  (void)arguments.read(detail::follow<First, Rest...>(target));
}

// As set, but zero is reported and becomes one.
template <auto First, auto... Rest>
void set_at_least_one(ClassOf<First>& target, const Arguments& arguments) {
  auto& member = detail::follow<First, Rest...>(target);
  if (!arguments.read(member)) return;
  auto& value = detail::plain(member);
  using Value = std::remove_cvref_t<decltype(value)>;
  if (value != Value{}) return;
  arguments.invalid(0, "more than 0", "1 is used");
  if constexpr (std::same_as<Value, Duration>) {
    value = std::chrono::seconds(1);
  } else {
    value = 1;
  }
}

// A command; the first one given wins.
template <auto First, auto... Rest>
void set_once(ClassOf<First>& target, const Arguments& arguments) {
  auto& command = detail::follow<First, Rest...>(target);
  if (!command) {
    (void)arguments.read(command);
    return;
  }
  arguments.diagnostics().warn("given-twice", arguments.position(),
                               "'" + std::string(arguments.name()) + "' was given before; the first one stays",
                               "remove one of them");
}

// Applies every statement of a block.
template <typename Target, std::size_t size>
void apply_settings(const Context& context, const Statement& block, const Setting<Target> (&settings)[size],
                    std::type_identity_t<Target>& target) {
  for (const Statement& statement : block.children) {
    if (statement.meaning == nullptr) continue;
    const auto* const setting = std::ranges::find(settings, statement.keyword(), &Setting<Target>::keyword);
    if (setting != std::end(settings)) setting->apply(target, Arguments(context, statement, *statement.meaning));
  }
}

}  // namespace baton::config
