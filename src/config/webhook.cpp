// webhook: who is told of changes of state by HTTP. Baton's own block; it stands at the top level, because keepalived
// reads on after an unknown block there, and within global_defs would take its end for that of global_defs (0014).
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "config/blocks.h"
#include "config/limits.h"

namespace baton::config {
namespace {

// What stands in the line may be a secret: it is not repeated.
void refuse(const Arguments& arguments, std::string_view what, const std::string& mend) {
  arguments.diagnostics().warn("bad-value", arguments.position(),
                               fmt::format("{} is no {}; the line is ignored", arguments.name(), what), mend);
}

bool is_graphic(std::string_view text) {
  return std::ranges::all_of(text, [](char each) { return each > ' ' && each < '\x7f'; });
}

bool is_url(std::string_view text) {
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (!text.starts_with(scheme)) continue;
    const std::string_view rest = text.substr(scheme.size());
    const std::string_view host = rest.substr(0, rest.find_first_of("/?"));
    return !host.empty() && !host.starts_with(':') && is_graphic(text) && text.size() <= limits::url_bytes;
  }
  return false;
}

void set_url(Webhook& webhook, const Arguments& arguments) {
  if (arguments.count() == 0) return arguments.missing("a URL");
  const std::string_view url = arguments.word();
  if (!is_url(url)) return refuse(arguments, "http or https URL", "write url \"https://HOST/PATH\"");
  if (const auto scheme = url.find("://") + 3; url.substr(0, url.find('/', scheme)).contains('@')) {
    return refuse(arguments, "place for a password", "write header \"Authorization: ...\"");
  }
  webhook.url = Secret(std::string(url));
}

void set_proxy(Webhook& webhook, const Arguments& arguments) {
  if (arguments.count() == 0) return arguments.missing("a URL");
  if (!is_url(arguments.word())) return refuse(arguments, "http or https URL", "write proxy \"http://HOST:PORT\"");
  webhook.proxy = Secret(std::string(arguments.word()));
}

// A name as RFC 9110 §5.1 has it, a colon, a value. Quoted or not.
void add_header(Webhook& webhook, const Arguments& arguments) {
  if (arguments.count() == 0) return arguments.missing("a header");
  std::string header(arguments.word());
  for (std::size_t index = 1; index < arguments.count(); ++index) header += fmt::format(" {}", arguments.word(index));
  const std::size_t colon = header.find(':');
  const auto is_name = [](char each) {
    return std::isalnum(static_cast<unsigned char>(each)) != 0 || std::string_view("!#$%&'*+-.^_`|~").contains(each);
  };
  const auto is_value = [](char each) { return each == '\t' || (each >= ' ' && each != '\x7f'); };
  const bool is_header = colon != std::string::npos && colon > 0 && header.size() <= limits::header_bytes &&
                         std::all_of(header.begin(), header.begin() + static_cast<std::ptrdiff_t>(colon), is_name) &&
                         std::ranges::all_of(header, is_value) &&
                         header.find_first_not_of(" \t", colon + 1) != std::string::npos;
  if (!is_header) return refuse(arguments, "header", "write header \"NAME: VALUE\"");
  if (webhook.headers.size() >= limits::headers) {
    return refuse(arguments, fmt::format("line for a webhook with {} others", limits::headers), "remove some");
  }
  webhook.headers.emplace_back(std::move(header));
}

void set_format(Webhook& webhook, const Arguments& arguments) {
  constexpr auto words = std::to_array<std::string_view>({"json", "chat", "teams"});
  if (const auto index = arguments.choice(words, "json is used")) webhook.format = static_cast<WebhookFormat>(*index);
}

void add_events(Webhook& webhook, const Arguments& arguments) {
  if (arguments.count() == 0) return arguments.missing("states");
  constexpr auto known =
      std::to_array<std::string_view>({"MASTER", "BACKUP", "FAULT", "STOP", "DELETED", "TWO_OWNERS"});
  for (std::size_t index = 0; index < arguments.count(); ++index) {
    const std::string_view word = arguments.word(index);
    if (std::ranges::find(known, word) == known.end()) {
      arguments.invalid(index, "MASTER, BACKUP, FAULT, STOP, DELETED or TWO_OWNERS", "the word is ignored");
    } else if (std::ranges::find(webhook.events, word) == webhook.events.end()) {
      webhook.events.emplace_back(word);
    }
  }
}

void set_certificates(Webhook& webhook, const Arguments& arguments) {
  if (arguments.count() == 0) return arguments.missing("a path");
  if (!arguments.word().starts_with('/')) {
    return arguments.invalid(0, "an absolute path", "the system's certificates are used");
  }
  webhook.ca_file = arguments.word();
}

constexpr Setting<Webhook> webhook_settings[] = {
    {"url", set_url},
    {"header", add_header},
    {"format", set_format},
    {"events", add_events},
    {"timeout", set<&Webhook::timeout>},
    {"retries", set<&Webhook::retries>},
    {"ca_file", set_certificates},
    {"proxy", set_proxy},
};

}  // namespace

std::optional<Webhook> read_webhook(const Context& context, const Statement& block) {
  const std::optional<std::string> name = read_name(context, block);
  if (!name) return std::nullopt;
  if (name->contains("://")) {
    context.diagnostics.warn("bad-value", block.at(1), "a webhook has a name here, and its URL inside; it is ignored",
                             "write webhook NAME { url \"https://HOST/PATH\" }");
    return std::nullopt;
  }
  Webhook webhook{.name = *name, .url = {}, .proxy = {}, .place = make_place(block.position())};
  apply_settings(context, block, webhook_settings, webhook);
  if (!webhook.url.empty()) return webhook;
  context.diagnostics.warn("incomplete-block", block.position(),
                           fmt::format("webhook {} has no url and is ignored", quoted(*name)),
                           "add url \"https://HOST/PATH\"");
  return std::nullopt;
}

}  // namespace baton::config
