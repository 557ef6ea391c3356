// What waits to be told to one webhook, and when it is tried: one at a time, in order, so that nobody reads BACKUP
// after the MASTER that followed it. Time comes in as an argument; who sends is no matter of this room.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>

#include "base/time.h"
#include "notify/webhook.h"

namespace baton::notify {

namespace limits {

inline constexpr std::size_t webhook_news = 200;  // waiting for one webhook; the oldest makes room
inline constexpr Duration first_webhook_pause = std::chrono::seconds(1);  // then twice as long each time
inline constexpr Duration longest_webhook_pause = std::chrono::seconds(60);

}  // namespace limits

class WebhookQueue {
 public:
  enum class Failure { may_pass, is_final };
  enum class Outcome { tried_again, given_up };
  struct Attempt {
    const WebhookNews& news;  // until on_delivered() or on_failed()
    std::uint64_t lost;       // before it, and not told yet
  };

  explicit WebhookQueue(std::uint32_t retries) : retries_(retries) {}

  // One that other webhooks are told as well; let go of when it was told, given up or dropped. False: the oldest that
  // waited was dropped for it.
  bool add(std::shared_ptr<const WebhookNews> news);
  // What is to be sent now, once: the next one only after on_delivered() or on_failed().
  std::optional<Attempt> next_attempt(Instant now);
  void on_delivered();
  Outcome on_failed(Instant now, Failure failure);

  void set_retries(std::uint32_t retries) { retries_ = retries; }
  // There is no later: everything that waits is tried once, without a pause.
  void hurry();
  // What waits for a pause to end can be tried when it has; nullopt: nothing waits for time alone.
  std::optional<Instant> next_timeout() const;
  // Not told yet, the one under way included.
  std::size_t pending() const { return waiting_.size(); }
  std::uint64_t lost() const { return lost_; }
  std::uint32_t attempts() const { return attempts_; }  // at the first one that waits

 private:
  void forget_first();

  std::deque<std::shared_ptr<const WebhookNews>> waiting_;  // the first one is tried
  std::uint32_t retries_;
  std::uint32_t attempts_ = 0;
  bool is_under_way_ = false;
  bool is_hurried_ = false;
  std::optional<Instant> not_before_;
  std::uint64_t lost_ = 0;       // not told yet
  std::uint64_t told_lost_ = 0;  // of those, what the attempt under way tells
};

}  // namespace baton::notify
