// The lines of virtual_ipaddress and its like: ADDRESS[/LENGTH] [dev NAME] [label NAME] [scope NAME] [brd ADDRESS|+|-]
// ...
#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "config/entry_line.h"

namespace baton::config {
namespace {

// One line on its way to a VirtualAddress.
class AddressLine {
 public:
  AddressLine(const Context& context, const Statement& line) : context_(context), line_(line) {}

  // Nothing, reported, when the line cannot be used.
  std::optional<VirtualAddress> read() {
    result_.place = make_place(line_.position());
    if (!read_prefix()) return std::nullopt;
    if (result_.address.address.is_v6() && result_.address.length == 128) result_.preferred_seconds = 0;
    for (index_ = 1; index_ < line_.words.size() && is_usable_; ++index_) read_option(line_.words[index_].text);
    if (!is_usable_) return std::nullopt;
    settle_broadcast();
    return std::move(result_);
  }

 private:
  using Option = void (AddressLine::*)();

  void warn(std::size_t index, std::string message, std::string mend) {
    context_.diagnostics.warn("bad-address", line_.at(index), std::move(message), std::move(mend));
  }

  bool read_prefix() {
    const std::string_view word = line_.words.front().text;
    const std::size_t slash = word.find('/');
    const std::optional<IpAddress> address = IpAddress::parse(word.substr(0, slash));
    if (!address || address->is_unspecified() || address->is_multicast()) {
      warn(0, fmt::format("{} is no address a host can have; the line is ignored", quoted(word)),
           "write a numeric address, as 10.0.0.1/24, without leading zeros");
      return false;
    }
    const unsigned longest = address->is_v4() ? 32 : 128;
    result_.address = {.address = *address, .length = static_cast<std::uint8_t>(longest)};
    if (slash == std::string_view::npos) return true;
    const std::string_view digits = word.substr(slash + 1);
    unsigned length = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
    const bool is_length = error == std::errc{} && length <= longest;
    if (is_length) result_.address.length = static_cast<std::uint8_t>(length);
    if (!is_length || end != digits.data() + digits.size()) {
      warn(0, fmt::format("'/{}' is no prefix length; /{} is used", digits, result_.address.length),
           fmt::format("write a number from 0 to {}", longest));
    }
    return true;
  }

  void read_option(std::string_view word) {
    static constexpr std::pair<std::string_view, Option> options[] = {
        {"dev", &AddressLine::device},
        {"label", &AddressLine::label},
        {"scope", &AddressLine::scope},
        {"brd", &AddressLine::broadcast},
        {"broadcast", &AddressLine::broadcast},
        {"peer", &AddressLine::peer},
        {"preferred_lft", &AddressLine::preferred_lifetime},
        {"track_group", &AddressLine::track_group}};
    static constexpr std::pair<std::string_view, bool VirtualAddress::*> flags[] = {
        {"home", &VirtualAddress::home},
        {"mngtmpaddr", &VirtualAddress::manage_temporary},
        {"noprefixroute", &VirtualAddress::no_prefix_route},
        {"autojoin", &VirtualAddress::auto_join},
        {"-nodad", &VirtualAddress::detect_duplicates}};
    for (const auto& [name, option] : options) {
      if (word == name) return (this->*option)();
    }
    for (const auto& [name, flag] : flags) {
      if (word != name) continue;
      result_.*flag = true;
      return;
    }
    if (word == "no_track") {
      result_.track = false;
    } else if (word == "use_vmac") {
      result_.use_vmac = true;
    } else {
      const bool is_address = IpAddress::parse(word.substr(0, word.find('/'))).has_value();
      warn(index_, fmt::format("unknown word {} is ignored", quoted(word)),
           is_address ? "write one address a line" : "see docs/configuration.md for what may follow an address");
    }
  }

  // The word behind the present one; empty, reported, when there is none.
  std::string_view value() {
    if (index_ + 1 < line_.words.size()) return line_.words[++index_].text;
    warn(index_ + 1, fmt::format("'{}' needs a value and is ignored", line_.words[index_].text), "add it");
    return {};
  }

  void device() {
    const std::string_view name = value();
    if (name.size() > longest_interface_name) {
      warn(index_, fmt::format("an interface name has at most {} bytes; the line is ignored", longest_interface_name),
           "correct the name");
      is_usable_ = false;
    }
    result_.device = name;
  }

  void label() {
    const std::string_view name = value();
    if (name.empty()) return;
    if (result_.address.address.is_v6())
      return warn(index_, "IPv6 addresses have no label; it is ignored", "remove it");
    if (name.size() > longest_interface_name) {
      warn(index_, fmt::format("a label has at most {} bytes; the line is ignored", longest_interface_name),
           "shorten the label");
      is_usable_ = false;
    }
    result_.label = name;
  }

  void scope() {
    static constexpr std::pair<std::string_view, std::uint8_t> names[] = {
        {"global", 0}, {"site", 200}, {"link", 253}, {"host", 254}, {"nowhere", 255}};  // rtnetlink(7)
    const std::string_view name = value();
    if (name.empty()) return;
    if (result_.address.address.is_v6())
      return warn(index_, "the kernel sets the scope of IPv6 addresses", "remove it");
    const auto* const found = std::ranges::find(names, name, &std::pair<std::string_view, std::uint8_t>::first);
    const std::optional<std::int64_t> number = parse_integer(name);
    if (found != std::end(names)) {
      result_.scope = found->second;
    } else if (number && *number >= 0 && *number <= 255) {
      result_.scope = static_cast<std::uint8_t>(*number);
    } else {
      warn(index_, fmt::format("{} is no scope; global is used", quoted(name)),
           "write global, site, link, host, nowhere or a number");
    }
  }

  void broadcast() {
    const std::string_view word = value();
    if (word.empty()) return;
    if (result_.address.address.is_v6()) return warn(index_, "IPv6 has no broadcast; it is ignored", "remove it");
    if (word == "+" || word == "-") {
      computed_broadcast_ = word.front();
      return;
    }
    const std::optional<IpAddress> address = IpAddress::parse(word);
    if (!address || !address->is_v4()) {
      return warn(index_, fmt::format("{} is no IPv4 address; no broadcast is set", quoted(word)),
                  "write an address, + or -");
    }
    result_.broadcast = address;
  }

  // brd + sets the host bits, brd - clears them, where there are at least two.
  void settle_broadcast() {
    if (computed_broadcast_ == 0 || result_.address.length > 30) return;
    const std::uint32_t host_bits = result_.address.length == 0 ? ~0U : (1U << (32 - result_.address.length)) - 1;
    const std::uint32_t address = result_.address.address.v4_host_order();
    result_.broadcast = IpAddress::v4(computed_broadcast_ == '+' ? address | host_bits : address & ~host_bits);
  }

  void peer() {
    const std::string_view word = value();
    if (word.empty()) return;
    const std::optional<IpAddress> address = IpAddress::parse(word);
    if (!address || address->family() != result_.address.address.family()) {
      return warn(index_, fmt::format("{} is no address of the same family; it is ignored", quoted(word)),
                  "write an address without a prefix length");
    }
    result_.peer = address;
  }

  void preferred_lifetime() {
    const std::string_view word = value();
    if (word.empty()) return;
    const std::optional<std::int64_t> seconds = parse_integer(word);
    if (word == "forever") {
      result_.preferred_seconds.reset();
    } else if (seconds && *seconds >= 0 && std::in_range<std::uint32_t>(*seconds)) {
      result_.preferred_seconds = static_cast<std::uint32_t>(*seconds);
    } else {
      warn(index_, fmt::format("{} is no lifetime; it is ignored", quoted(word)), "write seconds, or forever");
    }
  }

  void track_group() { result_.track_group = value(); }

  const Context& context_;
  const Statement& line_;
  VirtualAddress result_;
  std::size_t index_ = 0;
  char computed_broadcast_ = 0;
  bool is_usable_ = true;
};

}  // namespace

std::vector<VirtualAddress> read_addresses(const Context& context, const Statement& list) {
  std::vector<VirtualAddress> addresses;
  for (const Statement& line : list.children) {
    if (std::optional<VirtualAddress> address = AddressLine(context, line).read()) {
      addresses.push_back(std::move(*address));
    }
  }
  return addresses;
}

}  // namespace baton::config
