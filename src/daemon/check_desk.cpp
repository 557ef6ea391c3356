#include "daemon/check_desk.h"

#include "daemon/check_list.h"
#include "daemon/check_verdict.h"

namespace baton::daemon {

namespace {

constexpr int messages_per_turn = 64;

}  // namespace

CheckDesk::CheckDesk(const Setup& setup, const kernel::Channel& checker) : checker_(checker) {
  for (std::size_t i = 0; i < setup.checks.size(); ++i) {
    by_key_.emplace(key_of(setup.configuration.checks[i]), setup.checks[i].id);
  }
}

bool CheckDesk::receive(const std::function<void(vrrp::TrackerId, vrrp::TrackerValue)>& on_value) {
  for (int i = 0; i < messages_per_turn; ++i) {
    const auto message = checker_.receive();
    if (!message) return message.error() == kernel::Channel::Nothing::yet;
    const auto verdict = decode_tracked(message->bytes);
    if (!verdict) continue;
    const auto found = by_key_.find(verdict->key);
    if (found == by_key_.end()) continue;  // of another configuration
    texts_[found->second] = verdict->reason;
    on_value(found->second,
             {.status = verdict->is_up ? vrrp::TrackerStatus::up : vrrp::TrackerStatus::down, .number = 0});
  }
  return true;
}

std::string CheckDesk::text(vrrp::TrackerId tracker) const {
  const auto found = texts_.find(tracker);
  const std::string text = found == texts_.end() ? std::string() : found->second;
  if (is_heard()) return text;
  return text + (text.empty() ? "" : "; ") + "nobody checks it now, what was known stands";
}

}  // namespace baton::daemon
