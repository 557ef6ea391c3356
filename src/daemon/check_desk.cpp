#include "daemon/check_desk.h"

#include <utility>

#include "daemon/bfd_list.h"
#include "daemon/check_list.h"
#include "daemon/check_verdict.h"

namespace baton::daemon {

namespace {

constexpr int messages_per_turn = 64;

}  // namespace

CheckDesk::Keys CheckDesk::checks_of(const Setup& setup) {
  Keys keys;
  for (std::size_t i = 0; i < setup.checks.size(); ++i) {
    keys.emplace(key_of(setup.configuration.checks[i]), setup.checks[i].id);
  }
  return keys;
}

CheckDesk::Keys CheckDesk::sessions_of(const Setup& setup) {
  Keys keys;
  std::unordered_map<std::string_view, vrrp::TrackerId> trackers;
  for (const setup::SessionSetup& session : setup.sessions) trackers.emplace(session.name, session.id);
  for (const config::BfdSession& session : setup.configuration.bfd_sessions) {
    const auto found = trackers.find(session.name);
    if (found != trackers.end()) keys.emplace(verdict_key_of(session), found->second);
  }
  return keys;
}

CheckDesk::CheckDesk(Keys keys, const kernel::Channel& checker, std::string_view silence)
    : checker_(checker), silence_(silence), by_key_(std::move(keys)) {}

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
  return text + (text.empty() ? "" : "; ") + std::string(silence_);
}

}  // namespace baton::daemon
