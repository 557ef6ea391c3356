// The blocks authentication (VRRPv2) and auth_hmac.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "config/blocks.h"
#include "config/secret_file.h"

namespace baton::config {
namespace {

constexpr std::size_t longest_password = 8;  // RFC 2338 §5.3.6.1
constexpr std::size_t shortest_key = 32;     // keepalived 2.4.2
constexpr std::size_t longest_key = 64;

// --- authentication ---

void set_type(Authentication& authentication, const Arguments& arguments) {
  constexpr auto words = std::to_array<std::string_view>({"PASS", "AH"});
  if (const auto index = arguments.choice(words, "there is no authentication")) {
    authentication.type = *index == 0 ? AuthType::pass : AuthType::ah;
  }
}

// A # or ! within a password ends it, and nobody sees that.
void warn_of_comment(const Arguments& arguments) {
  const Position at = arguments.at();
  const std::string_view line = at.line->text;
  const std::size_t end = at.column - 1 + at.width;
  if (at.column == 0 || end >= line.size() || (line[end] != '#' && line[end] != '!')) return;
  if (line.substr(at.column - 1, at.width) != arguments.word()) return;  // it came from a variable
  arguments.diagnostics().warn("comment-in-password", arguments.at(),
                               fmt::format("the password ends before the '{}', which begins a comment", line[end]),
                               "put the password into double quotes, on all nodes, or a blank before the comment");
}

void cut_password(Authentication& authentication, const Arguments& arguments) {
  const std::string& password = authentication.password.reveal();
  if (password.size() <= longest_password) return;
  arguments.diagnostics().warn(
      "long-password", arguments.at(),
      fmt::format("the password has {} bytes; VRRPv2 uses the first {}", password.size(), longest_password),
      "shorten it on all nodes, so that nobody thinks the rest protects anything");
  authentication.password = Secret(password.substr(0, longest_password));
}

void set_password(Authentication& authentication, const Arguments& arguments) {
  if (!arguments.read(authentication.password)) return;
  warn_of_comment(arguments);
  cut_password(authentication, arguments);
}

// auth_pass_file PATH | credential:NAME
void set_password_file(Authentication& authentication, const Arguments& arguments) {
  if (arguments.count() == 0) return arguments.missing("the path of a file, or credential:NAME");
  std::optional<Secret> password = read_secret_file(arguments, 0, arguments.word(), "bad-password");
  if (!password) return;
  authentication.password = std::move(*password);
  cut_password(authentication, arguments);
}

constexpr Setting<Authentication> authentication_settings[] = {
    {"auth_type", set_type}, {"auth_pass", set_password}, {"auth_pass_file", set_password_file}};

// --- auth_hmac ---

struct HmacDraft {
  HmacAuthentication hmac;
  std::optional<std::uint32_t> time_window;
  Position active_key_at;
};

std::optional<std::string> decode_hex(std::string_view digits) {
  if (digits.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  for (std::size_t index = 0; index < digits.size(); index += 2) {
    unsigned value = 0;
    for (const char digit : digits.substr(index, 2)) {
      const std::size_t nibble = std::string_view("0123456789abcdef").find(static_cast<char>(std::tolower(digit)));
      if (nibble == std::string_view::npos) return std::nullopt;
      value = value << 4 | static_cast<unsigned>(nibble);
    }
    bytes += static_cast<char>(value);
  }
  return bytes;
}

// "hex:...", "file:PATH" or "credential:NAME" whose content is one of the others, or the key itself. Nothing, reported,
// when it is none.
std::optional<Secret> key_bytes(const Arguments& arguments, std::string_view text) {
  constexpr std::string_view file_prefix = "file:";
  constexpr std::string_view hex_prefix = "hex:";
  std::optional<Secret> content;
  if (text.starts_with(file_prefix) || text.starts_with("credential:")) {
    if (text.starts_with(file_prefix)) text.remove_prefix(file_prefix.size());
    content = read_secret_file(arguments, 1, text, "bad-key");
    if (!content) return std::nullopt;
    text = content->reveal();
  }
  std::optional<std::string> bytes =
      text.starts_with(hex_prefix) ? decode_hex(text.substr(hex_prefix.size())) : std::string(text);
  if (bytes && bytes->size() >= shortest_key && bytes->size() <= longest_key) return Secret(std::move(*bytes));
  arguments.diagnostics().warn(
      "bad-key", arguments.at(1),
      bytes ? fmt::format("the key is too short or too long ({} bytes) and is ignored", bytes->size())
            : std::string("the key is no even number of hexadecimal digits and is ignored"),
      fmt::format("a key has {} to {} bytes: openssl rand -hex {}", shortest_key, longest_key, shortest_key));
  return std::nullopt;
}

void add_key(HmacDraft& draft, const Arguments& arguments) {
  if (arguments.count() < 2) return arguments.missing("a number and a key");
  const std::optional<std::int64_t> id = parse_integer(arguments.word());
  if (!id || *id < 1 || *id > 255) return arguments.invalid(0, "a key number from 1 to 255");
  const auto key_id = static_cast<std::uint8_t>(*id);
  if (std::ranges::find(draft.hmac.keys, key_id, &HmacKey::id) != draft.hmac.keys.end()) {
    arguments.diagnostics().warn("given-twice", arguments.at(),
                                 fmt::format("key {} was given before; the first one stays", key_id),
                                 "give it another number");
    return;
  }
  std::optional<Secret> secret = key_bytes(arguments, arguments.word(1));
  if (secret) draft.hmac.keys.push_back({.id = key_id, .secret = std::move(*secret)});
}

void set_active_key(HmacDraft& draft, const Arguments& arguments) {
  (void)arguments.read(draft.hmac.active_key);
  draft.active_key_at = arguments.at();
}

void set_anti_replay(HmacDraft& draft, const Arguments& arguments) {
  constexpr auto words = std::to_array<std::string_view>({"time", "monotonic"});
  if (const auto index = arguments.choice(words, "time is used")) {
    draft.hmac.anti_replay = static_cast<AntiReplay>(*index);
  }
}

void set_mode(HmacDraft& draft, const Arguments& arguments) {
  constexpr auto words = std::to_array<std::string_view>({"enforce", "permissive", "receive-only"});
  if (const auto index = arguments.choice(words, "enforce is used")) draft.hmac.mode = static_cast<HmacMode>(*index);
}

constexpr Setting<HmacDraft> hmac_settings[] = {
    {"key", add_key},
    {"active_key", set_active_key},
    {"time_window", set<&HmacDraft::time_window>},
    {"anti_replay", set_anti_replay},
    {"mode", set_mode},
};

}  // namespace

void read_authentication(const Context& context, const Statement& block,
                         std::optional<Authentication>& authentication) {
  if (!authentication) authentication.emplace();
  apply_settings(context, block, authentication_settings, *authentication);
}

void read_hmac(const Context& context, const Statement& block, Duration advert_interval,
               Rarely<HmacAuthentication>& hmac) {
  HmacDraft draft;
  apply_settings(context, block, hmac_settings, draft);
  if (std::ranges::find(draft.hmac.keys, draft.hmac.active_key, &HmacKey::id) == draft.hmac.keys.end()) {
    const bool is_given = draft.active_key_at.line != nullptr;
    context.diagnostics.error("bad-key", is_given ? draft.active_key_at : block.position(),
                              is_given ? "active_key names no usable key" : "auth_hmac has no active_key",
                              "add a key, and active_key with its number");
    return;
  }
  const auto interval = std::chrono::ceil<std::chrono::seconds>(3 * advert_interval).count();
  draft.hmac.time_window_seconds =
      draft.time_window.value_or(static_cast<std::uint32_t>(std::max<std::int64_t>(interval, 5)));
  hmac = std::move(draft.hmac);
}

}  // namespace baton::config
