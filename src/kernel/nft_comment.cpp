#include "kernel/nft_comment.h"

#include <fmt/format.h>

#include <charconv>
#include <concepts>

namespace baton::kernel::nft {
namespace {

constexpr std::string_view layout = "v1";  // another one when the rules become others: a table of before is replaced

class Words {
 public:
  explicit Words(std::string_view text) : rest_(text) {}

  std::string_view next() {
    const std::size_t end = rest_.find(' ');
    const std::string_view word = rest_.substr(0, end);
    rest_ = end == std::string_view::npos ? std::string_view{} : rest_.substr(end + 1);
    return word;
  }
  template <std::integral Number>
  bool next_number(Number& number) {
    return parse(next(), number);
  }
  template <std::integral Number>
  static bool parse(std::string_view word, Number& number) {
    const auto result = std::from_chars(word.data(), word.data() + word.size(), number);
    return result.ec == std::errc{} && result.ptr == word.data() + word.size();
  }
  bool is_empty() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

bool parse_key(Words& words, ServiceKey& key) {
  const std::string_view kind = words.next();
  if (kind == "fwmark" || kind == "fwmark6") {
    key.family = kind == "fwmark" ? Family::ipv4 : Family::ipv6;
    return words.next_number(key.mark) && key.mark != 0;
  }
  if (kind != "protocol" || !words.next_number(key.protocol)) return false;
  const auto address = IpAddress::parse(words.next());
  if (!address) return false;
  key.address = *address;
  key.family = address->family();
  return words.next_number(key.port);
}

bool parse_option(Words& words, ServiceOptions& options) {
  const std::string_view word = words.next();
  if (word == "flags") return words.next_number(options.flags);
  if (word == "engine") {
    options.persistence_engine = words.next();
    return true;
  }
  if (word == "masquerade") {
    options.masquerade = true;
    return true;
  }
  if (word != "persistent") return false;
  const std::string_view both = words.next();
  const std::size_t slash = both.find('/');
  return slash != std::string_view::npos && Words::parse(both.substr(0, slash), options.persistence_seconds) &&
         Words::parse(both.substr(slash + 1), options.persistence_prefix);
}

}  // namespace

std::string describe(const ServiceKey& key, const ServiceOptions& options) {
  std::string text = key.mark != 0
                         ? fmt::format("{} {} {}", layout, key.family == Family::ipv4 ? "fwmark" : "fwmark6", key.mark)
                         : fmt::format("{} protocol {} {} {}", layout, key.protocol, to_string(key.address), key.port);
  text +=
      fmt::format(" {} persistent {}/{}", options.scheduler, options.persistence_seconds, options.persistence_prefix);
  if (options.flags != 0) text += fmt::format(" flags {}", options.flags);
  if (!options.persistence_engine.empty()) text += " engine " + options.persistence_engine;
  if (options.masquerade) text += " masquerade";
  return text;
}

std::optional<std::pair<ServiceKey, ServiceOptions>> parse_service(std::string_view comment) {
  Words words(comment);
  if (words.next() != layout) return std::nullopt;
  std::pair<ServiceKey, ServiceOptions> result;
  if (!parse_key(words, result.first)) return std::nullopt;
  result.second.scheduler = words.next();
  while (!words.is_empty()) {
    if (!parse_option(words, result.second)) return std::nullopt;
  }
  return result;
}

std::string describe(std::uint32_t service, const DestinationKey& server) {
  return fmt::format("{} {} of {}", to_string(server.address), server.port, service);
}

std::optional<std::pair<std::uint32_t, DestinationKey>> parse_server(std::string_view comment) {
  Words words(comment);
  std::pair<std::uint32_t, DestinationKey> result;
  const auto address = IpAddress::parse(words.next());
  if (!address || !words.next_number(result.second.port) || words.next() != "of" || !words.next_number(result.first) ||
      !words.is_empty()) {
    return std::nullopt;
  }
  result.second.address = *address;
  return result;
}

std::string describe(const Destination& settings) {
  return fmt::format("{} weight {} upper {} lower {}",
                     settings.method == ForwardMethod::direct ? "direct" : "masquerade", settings.weight,
                     settings.upper_threshold, settings.lower_threshold);
}

std::optional<Destination> parse_destination(std::string_view comment) {
  Words words(comment);
  Destination result;
  const std::string_view method = words.next();
  if (method != "direct" && method != "masquerade") return std::nullopt;
  result.method = method == "direct" ? ForwardMethod::direct : ForwardMethod::masquerade;
  while (!words.is_empty()) {
    const std::string_view word = words.next();
    bool is_read = false;
    if (word == "weight") is_read = words.next_number(result.weight);
    if (word == "upper") is_read = words.next_number(result.upper_threshold);
    if (word == "lower") is_read = words.next_number(result.lower_threshold);
    if (!is_read) return std::nullopt;
  }
  return result;
}

}  // namespace baton::kernel::nft
