// A webhook and what it is told: one JSON document a change of state, in one of three shapes.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"
#include "notify/event.h"

namespace baton::notify {

enum class WebhookFormat : std::uint8_t {
  json,   // what happened, field by field
  chat,   // {"text": ...}: Slack, Mattermost, Rocket.Chat, Matrix hookshot
  teams,  // a message with an Adaptive Card: Microsoft Teams
};

struct Webhook {
  std::string name;
  std::string url;                   // secret: whoever knows it may post
  std::vector<std::string> headers;  // "Name: value"; secret
  WebhookFormat format = WebhookFormat::json;
  Duration timeout = std::chrono::seconds(5);  // of one attempt
  std::uint32_t retries = 4;                   // after the first attempt
  std::uint32_t states = 0;                    // told of those: bit(state)
  std::string ca_file;                         // certificates to trust instead of the system's; empty: the system's
  std::string proxy;                           // empty: none; secret

  bool operator==(const Webhook&) const = default;
};

// States, and two owners, are what a webhook can be told of.
constexpr std::uint32_t bit(EventState state) {
  return std::uint32_t{1} << static_cast<unsigned>(state);
}
inline constexpr std::uint32_t all_states = bit(EventState::master) | bit(EventState::backup) | bit(EventState::fault) |
                                            bit(EventState::stop) | bit(EventState::deleted) |
                                            bit(EventState::two_owners);

struct WebhookNews {
  std::string node;  // router_id
  Subject subject = Subject::instance;
  std::string name;
  EventState state = EventState::backup;
  std::uint32_t priority = 0;  // effective; of an instance
  std::string reason;          // a word, as in the API's events; may be empty
  std::string detail;          // of two owners: who, and what comes of it
  std::uint64_t at_ms = 0;     // since 1970

  bool operator==(const WebhookNews&) const = default;
};

// `lost`: how many before this one did not arrive.
std::string webhook_body(WebhookFormat format, const WebhookNews& news, std::uint64_t lost);

}  // namespace baton::notify
