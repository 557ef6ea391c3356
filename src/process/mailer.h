// Mails that wait to be sent: one at a time, each attempt a child of its own, tried again when the failure may pass.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>

#include "base/time.h"
#include "process/children.h"
#include "process/mail_child.h"
#include "process/news_handlers.h"
#include "process/runner_protocol.h"

namespace baton::process {

namespace limits {

inline constexpr std::size_t mails = 200;  // waiting; the oldest makes room
inline constexpr unsigned mail_attempts = 3;
inline constexpr Duration first_mail_retry = std::chrono::seconds(5);  // then five times as long

}  // namespace limits

class Mailer {
 public:
  Mailer(Children& children, Users& users, RunnerCounters& counters, NewsHandlers handlers)
      : children_(children), users_(users), counters_(counters), handlers_(std::move(handlers)) {}

  void send(SendMail order);
  // Not sent yet, the one under way included.
  std::size_t pending() const { return waiting_.size() + (is_sending_ ? 1 : 0); }
  // From now on a failure is final: there is no later, and what waits for it is tried now.
  void stop_retrying();

  std::optional<Instant> next_timeout() const { return retry_at_; }
  void on_timeout(Instant now);

 private:
  struct Order {
    SendMail mail;
    unsigned attempts = 0;
  };

  void start_next();
  void start_attempt();
  void on_end(const ChildEnd& end);
  void on_failure(const std::string& why, bool may_pass);
  void end_current();

  Children& children_;
  Users& users_;
  RunnerCounters& counters_;
  NewsHandlers handlers_;
  std::deque<Order> waiting_;
  Order current_;  // while is_sending_
  bool is_sending_ = false;
  bool retries_ = true;
  std::optional<Instant> retry_at_;
};

}  // namespace baton::process
