// use_vmac and use_ipvlan: the words behind them, in any order. A word that is no MAC address, no address and no option
// is the interface's name.
#include <fmt/format.h>

#include <charconv>

#include "config/virtual_interface.h"

namespace baton::config {
namespace {

constexpr std::size_t longest_interface_name = 15;   // Linux IFNAMSIZ - 1
constexpr std::int64_t most_groups = 4'294'967'295;  // IFLA_GROUP has 32 bits

bool is_interface_name(std::string_view name) {
  return !name.empty() && name.size() <= longest_interface_name && name != "." && name != ".." &&
         name.find_first_of("/ \t:") == std::string_view::npos;
}

// Two to six groups of hexadecimal digits between colons.
bool looks_like_mac(std::string_view word) {
  return word.find(':') != std::string_view::npos &&
         word.find_first_not_of("0123456789abcdefABCDEF:") == std::string_view::npos;
}

std::string with_vrid(std::string_view word) {
  if (word.ends_with(':')) word.remove_suffix(1);
  return std::string(word);
}

class VirtualInterfaceLine {
 public:
  VirtualInterfaceLine(const Arguments& arguments, VirtualInterface& result) : arguments_(arguments), result_(result) {}

  void read() {
    for (; index_ < arguments_.count(); ++index_) read_word(arguments_.word(index_));
  }

 private:
  bool is_macvlan() const { return result_.kind == VirtualInterface::Kind::macvlan; }
  void warn(std::string message, std::string mend) {
    arguments_.diagnostics().warn("bad-value", arguments_.at(index_), std::move(message), std::move(mend));
  }

  void read_word(std::string_view word) {
    if (word == "name") return name(value());
    if (word == "group") return group(value());
    if (word == "netlink_notify_msg" && is_macvlan()) return;  // keepalived's own way to hear of the interface
    if (is_macvlan() && looks_like_mac(word)) return mac(word);
    if (is_macvlan()) return name(word);
    if (word == "bridge") return mode(VirtualInterface::IpvlanMode::bridge);
    if (word == "private") return mode(VirtualInterface::IpvlanMode::isolated);
    if (word == "vepa") return mode(VirtualInterface::IpvlanMode::vepa);
    const std::size_t slash = word.find('/');
    if (const auto address = IpAddress::parse(word.substr(0, slash))) return own_address(*address, word, slash);
    name(word);
  }

  std::string_view value() {
    if (index_ + 1 < arguments_.count()) return arguments_.word(++index_);
    warn(fmt::format("'{}' needs a value and is ignored", arguments_.word(index_)), "add it");
    return {};
  }

  void name(std::string_view word) {
    if (word.empty()) return;
    if (!result_.name.empty()) {
      return warn(fmt::format("the interface has a name already; {} is ignored", quoted(word)), "remove one of them");
    }
    if (!is_interface_name(word)) {
      return warn(fmt::format("{} cannot be the name of an interface; the usual one is used", quoted(word)),
                  fmt::format("a name has 1 to {} bytes, without '/' and ':'", longest_interface_name));
    }
    result_.name = word;
  }

  // Five octets: the virtual_router_id becomes the sixth.
  void mac(std::string_view word) {
    const std::string octets = with_vrid(word);
    std::optional<MacAddress> mac = MacAddress::parse(octets);
    const bool lacks_last = !mac;
    if (lacks_last) mac = MacAddress::parse(octets + ":00");
    if (!mac || (mac->bytes[0] & 1) != 0) {
      return warn(fmt::format("{} is no MAC address of a host; the usual one is used", quoted(word)),
                  "write six octets, as 02:00:00:00:00:01, or five, to which the virtual_router_id is added");
    }
    const auto& bytes = mac->bytes;
    constexpr std::uint8_t reserved[] = {0x00, 0x00, 0x5e, 0x00};  // RFC 9568 §7.3
    if (std::equal(std::begin(reserved), std::end(reserved), bytes.begin()) && (bytes[4] == 1 || bytes[4] == 2)) {
      return warn(
          fmt::format("{} is one of VRRP's own MAC addresses, which follow from the virtual_router_id; the usual "
                      "one is used",
                      quoted(word)),
          "remove it, or write another");
    }
    result_.mac = mac;
    result_.mac_lacks_last = lacks_last;
  }

  void mode(VirtualInterface::IpvlanMode mode) { result_.mode = mode; }

  void own_address(const IpAddress& address, std::string_view word, std::size_t slash) {
    unsigned length = address.is_v4() ? 32 : 128;
    if (slash != std::string_view::npos) {
      const std::string_view digits = word.substr(slash + 1);
      unsigned given = 0;
      const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), given);
      if (error == std::errc{} && end == digits.data() + digits.size() && given <= length) {
        length = given;
      } else {
        warn(fmt::format("'/{}' is no prefix length; /{} is used", digits, length), "write a number");
      }
    }
    result_.address = IpPrefix{.address = address, .length = static_cast<std::uint8_t>(length)};
  }

  void group(std::string_view word) {
    if (word.empty()) return;
    const std::optional<std::int64_t> number = parse_integer(word);
    if (!number || *number < 0 || *number > most_groups) {
      return warn(fmt::format("{} is no link group; it is ignored", quoted(word)), "write a number, see ip-link(8)");
    }
    result_.group = static_cast<std::uint32_t>(*number);
  }

  const Arguments& arguments_;
  VirtualInterface& result_;
  std::size_t index_ = 0;
};

}  // namespace

VirtualInterface read_virtual_interface(const Arguments& arguments, VirtualInterface::Kind kind) {
  VirtualInterface result{.kind = kind, .place = arguments.place()};
  VirtualInterfaceLine(arguments, result).read();
  return result;
}

std::optional<ExtraAnnouncements> read_extra_announcements(const Arguments& arguments, bool may_be_zero) {
  ExtraAnnouncements result;
  std::size_t index = 0;
  if (arguments.word() == "all") {
    result.all = true;
    ++index;
  }
  constexpr std::int64_t longest = 86'400;  // a day
  const std::optional<std::int64_t> seconds = parse_integer(arguments.word(index));
  if (!seconds || *seconds < (may_be_zero ? 0 : 1) || *seconds > longest) {
    arguments.diagnostics().warn(
        "bad-value", index < arguments.count() ? arguments.at(index) : arguments.position(),
        fmt::format("'{}' needs seconds from {} to {}; the line is ignored", arguments.name(), may_be_zero ? 0 : 1,
                    longest),
        "write [all] SECONDS; a third of the time after which your switches forget a MAC address is right");
    return std::nullopt;
  }
  result.interval = std::chrono::seconds(*seconds);
  return result;
}

}  // namespace baton::config
