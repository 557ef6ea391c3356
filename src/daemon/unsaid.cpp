#include "daemon/unsaid.h"

#include <cstdint>
#include <cstring>

#include "base/limits.h"

namespace baton::daemon {

namespace {

// Both sides are the same program.
struct Head {
  std::uint32_t size = 0;  // 1 to limits::message_size
  Outbox::For whom = Outbox::For::whoever_comes;
};

}  // namespace

std::string pack(std::span<const Unsaid> messages) {
  std::string text;
  for (const Unsaid& each : messages) {
    const Head head{.size = static_cast<std::uint32_t>(each.message.size()), .whom = each.whom};
    char bytes[sizeof head];
    std::memcpy(bytes, &head, sizeof head);
    text.append(bytes, sizeof head);
    text.append(each.message.begin(), each.message.end());
  }
  return text;
}

std::vector<Unsaid> unpack(std::string_view text) {
  std::vector<Unsaid> messages;
  while (text.size() > sizeof(Head)) {
    Head head;
    std::memcpy(&head, text.data(), sizeof head);
    text.remove_prefix(sizeof head);
    const bool is_known = head.whom == Outbox::For::whoever_comes || head.whom == Outbox::For::this_reader;
    if (!is_known || head.size == 0 || head.size > limits::message_size || head.size > text.size()) break;
    messages.push_back({.whom = head.whom, .message = Bytes(text.begin(), text.begin() + head.size)});
    text.remove_prefix(head.size);
  }
  return messages;
}

}  // namespace baton::daemon
