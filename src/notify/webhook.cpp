#include "notify/webhook.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

namespace baton::notify {

namespace {

using Json = nlohmann::ordered_json;

// "web1: instance VI_1 is MASTER, priority 100 (master_down)", for a person.
std::string sentence(const WebhookNews& news, std::uint64_t lost) {
  const bool is_instance = news.subject == Subject::instance;
  const std::string_view verb = is_state(news.state) ? "is" : "has";
  std::string text =
      fmt::format("{}: {} {} {} {}", news.node, is_instance ? "instance" : "group", news.name, verb, name(news.state));
  if (is_instance) text += fmt::format(", priority {}", news.priority);
  if (!news.reason.empty()) text += fmt::format(" ({})", news.reason);
  if (!news.detail.empty()) text += ": " + news.detail;
  if (lost > 0) text += fmt::format("; {} earlier messages were lost", lost);
  return text;
}

// The fields of the API's events, docs/status.md, and two more.
Json fields(const WebhookNews& news, std::uint64_t lost) {
  const bool is_instance = news.subject == Subject::instance;
  Json body{{"node", news.node},
            {"event", is_instance ? "instance" : "group"},
            {"name", news.name},
            {"state", name(news.state)},
            {"at", static_cast<double>(news.at_ms) / 1e3}};
  if (is_instance) body["priority"] = news.priority;
  if (!news.reason.empty()) body["reason"] = news.reason;
  if (!news.detail.empty()) body["detail"] = news.detail;
  if (lost > 0) body["lost"] = lost;
  body["text"] = sentence(news, lost);
  return body;
}

Json card(const std::string& text) {
  const Json line{{"type", "TextBlock"}, {"text", text}, {"wrap", true}};
  return {{"type", "message"},
          {"attachments", Json::array({{{"contentType", "application/vnd.microsoft.card.adaptive"},
                                        {"content",
                                         {{"$schema", "http://adaptivecards.io/schemas/adaptive-card.json"},
                                          {"type", "AdaptiveCard"},
                                          {"version", "1.2"},
                                          {"body", Json::array({line})}}}}})}};
}

Json document(WebhookFormat format, const WebhookNews& news, std::uint64_t lost) {
  switch (format) {
    case WebhookFormat::json: return fields(news, lost);
    case WebhookFormat::chat: return {{"text", sentence(news, lost)}};
    case WebhookFormat::teams: return card(sentence(news, lost));
  }
  std::unreachable();
}

}  // namespace

std::string webhook_body(WebhookFormat format, const WebhookNews& news, std::uint64_t lost) {
  return document(format, news, lost).dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace baton::notify
