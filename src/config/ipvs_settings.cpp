// The lvs_* words of global_defs that are more than one value.
#include <algorithm>

#include <fmt/format.h>

#include "config/entry_line.h"
#include "config/limits.h"

namespace baton::config {
namespace {

constexpr std::int64_t longest_timeout = 31LL * 24 * 3600;  // seconds; the kernel takes no longer one
constexpr std::int64_t longest_message = 65'507;            // bytes, of a UDP datagram over IPv4

std::optional<std::int64_t> number_in(const Arguments& arguments, std::size_t index, std::int64_t least,
                                      std::int64_t most) {
  const std::optional<std::int64_t> number = parse_integer(arguments.word(index));
  if (number && *number >= least && *number <= most) return number;
  if (index >= arguments.count()) {
    arguments.missing(fmt::format("a number behind {}", arguments.word(index - 1)));
  } else {
    arguments.invalid(index, fmt::format("{} to {}", least, most), "the word is ignored");
  }
  return std::nullopt;
}

// A word and its value, of lvs_sync_daemon.
void read_option(const Arguments& arguments, std::size_t index, IpvsSyncDaemon& daemon) {
  const std::string_view word = arguments.word(index);
  const std::size_t at = index + 1;
  if (word == "inst") {
    daemon.instance = arguments.word(at);
  } else if (word == "id") {
    if (const auto id = number_in(arguments, at, 0, 255)) daemon.id = static_cast<std::uint8_t>(*id);
  } else if (word == "maxlen") {
    if (const auto size = number_in(arguments, at, 1, longest_message)) {
      daemon.most_bytes = static_cast<std::uint16_t>(*size);
    }
  } else if (word == "port") {
    if (const auto port = number_in(arguments, at, 1, 65'535)) daemon.port = static_cast<std::uint16_t>(*port);
  } else if (word == "ttl") {
    if (const auto ttl = number_in(arguments, at, 1, 255)) daemon.ttl = static_cast<std::uint8_t>(*ttl);
  } else if (word == "group") {
    const std::optional<IpAddress> group = IpAddress::parse(arguments.word(at));
    if (group && group->is_multicast()) {
      daemon.group = group;
    } else {
      arguments.invalid(at, "a multicast address", "the kernel's is used");
    }
  }
}

}  // namespace

// [tcp SECONDS] [tcpfin SECONDS] [udp SECONDS].
void read_ipvs_timeouts(const Arguments& arguments, IpvsTimeouts& timeouts) {
  for (std::size_t index = 0; index < arguments.count(); index += 2) {
    const std::string_view word = arguments.word(index);
    std::optional<std::uint32_t>* const timeout = word == "tcp"      ? &timeouts.tcp
                                                  : word == "tcpfin" ? &timeouts.tcp_fin
                                                  : word == "udp"    ? &timeouts.udp
                                                                     : nullptr;
    if (timeout == nullptr) return arguments.invalid(index, "tcp, tcpfin or udp and seconds", "the rest is ignored");
    if (const auto seconds = number_in(arguments, index + 1, 0, longest_timeout)) {
      *timeout = static_cast<std::uint32_t>(*seconds);
    }
  }
}

// INTERFACE [[inst] INSTANCE] [id N] [maxlen N] [port N] [ttl N] [group ADDRESS]; old files have INSTANCE [N] bare.
void read_ipvs_sync_daemon(const Arguments& arguments, std::optional<IpvsSyncDaemon>& daemon) {
  if (arguments.count() == 0) return arguments.missing("an interface");
  if (arguments.word().empty() || arguments.word().size() > longest_interface_name) {
    return arguments.invalid(0, "the name of an interface");
  }
  IpvsSyncDaemon read{.interface = std::string(arguments.word())};
  static constexpr std::string_view words[] = {"inst", "id", "maxlen", "port", "ttl", "group"};
  const auto is_word = [&](std::size_t index) {
    return std::ranges::find(words, arguments.word(index)) != std::end(words);
  };
  std::size_t index = 1;
  if (index < arguments.count() && !is_word(index)) {
    read.instance = arguments.word(index++);
    if (index < arguments.count() && !is_word(index)) {
      if (const auto id = number_in(arguments, index++, 0, 255)) read.id = static_cast<std::uint8_t>(*id);
    }
  }
  for (; index < arguments.count(); index += 2) {
    if (!is_word(index)) {
      arguments.invalid(index, "inst, id, maxlen, port, ttl or group and a value", "the rest is ignored");
      break;
    }
    read_option(arguments, index, read);
  }
  daemon = std::move(read);
}

void read_ipvs_sync_interfaces(const Context& context, const Statement& root, std::optional<IpvsSyncDaemon>& daemon) {
  for (const Statement& block : root.children) {
    if (block.keyword() != "vrrp_instance" || block.words.size() < 2) continue;
    for (const Statement& line : block.children) {
      if (line.meaning == nullptr || line.keyword() != "lvs_sync_daemon_interface") continue;
      if (daemon) {
        context.diagnostics.warn("given-twice", line.position(),
                                 fmt::format("the kernel has one sync daemon, and it has its interface, {}; this line "
                                             "is ignored",
                                             daemon->interface),
                                 "leave one of them");
        continue;
      }
      read_ipvs_sync_daemon({context, line, *line.meaning}, daemon);
      if (daemon) *daemon = {.interface = daemon->interface, .instance = std::string(block.words[1].text)};
    }
  }
}

}  // namespace baton::config
