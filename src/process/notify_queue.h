// Notify scripts that wait for their turn: first come first served, but one at a time for each key, so that an
// instance's scripts see its transitions in order while a script that hangs holds up nobody else. PURE.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/time.h"
#include "notify/command.h"
#include "process/runner_protocol.h"

namespace baton::process {

namespace limits {

inline constexpr std::size_t notifications_per_key = 100;
inline constexpr std::size_t notifications = 20'000;

}  // namespace limits

struct Notification {
  std::string key;
  ScriptRules rules;
  notify::Command command;
  Duration deadline = Duration::zero();
  std::uint64_t number = 0;

  bool operator==(const Notification&) const = default;
};

class NotifyQueue {
 public:
  // When the key or all keys together have too many, the key's oldest one makes room: what a script must hear is the
  // latest state. Returns the one that was dropped: the new one itself when its key had none to give.
  std::optional<Notification> push(Notification notification) {
    Line& line = lines_[notification.key];
    const bool gets_ready = !line.is_busy && line.waiting.empty();
    std::optional<Notification> dropped;
    if (line.waiting.size() >= limits::notifications_per_key || size_ >= limits::notifications) {
      if (line.waiting.empty()) {
        if (!line.is_busy) lines_.erase(notification.key);
        return notification;
      }
      dropped = std::move(line.waiting.front());
      line.waiting.pop_front();
      --size_;
    }
    if (gets_ready) ready_.push_back(notification.key);
    line.waiting.push_back(std::move(notification));
    ++size_;
    return dropped;
  }

  // The next one whose key is not busy; its key is busy from now on, until finished().
  std::optional<Notification> take() {
    if (ready_.empty()) return std::nullopt;
    Line& line = lines_.at(ready_.front());
    ready_.pop_front();
    line.is_busy = true;
    Notification next = std::move(line.waiting.front());
    line.waiting.pop_front();
    --size_;
    return next;
  }

  void finished(const std::string& key) {
    const auto found = lines_.find(key);
    if (found == lines_.end()) return;
    found->second.is_busy = false;
    if (found->second.waiting.empty()) {
      lines_.erase(found);
    } else {
      ready_.push_back(key);
    }
  }

  std::size_t waiting() const { return size_; }
  // What waits for the one of this key that was taken, the next one first.
  const std::deque<Notification>& waiting(const std::string& key) const {
    static const std::deque<Notification> none;
    const auto found = lines_.find(key);
    return found == lines_.end() ? none : found->second.waiting;
  }

 private:
  struct Line {
    bool is_busy = false;
    std::deque<Notification> waiting;
  };

  std::unordered_map<std::string, Line> lines_;
  std::deque<std::string> ready_;  // keys that are not busy and have something waiting, each once
  std::size_t size_ = 0;
};

}  // namespace baton::process
