#include "notify/webhook_queue.h"

#include <algorithm>
#include <utility>

namespace baton::notify {

namespace {

Duration pause_after(std::uint32_t attempts) {
  Duration pause = limits::first_webhook_pause;
  for (std::uint32_t i = 1; i < attempts && pause < limits::longest_webhook_pause; ++i) pause *= 2;
  return std::min(pause, limits::longest_webhook_pause);
}

}  // namespace

bool WebhookQueue::add(std::shared_ptr<const WebhookNews> news) {
  const bool is_full = waiting_.size() >= limits::webhook_news;
  if (is_full) {
    ++lost_;
    // The one under way may be arriving at this moment.
    waiting_.erase(waiting_.begin() + (is_under_way_ ? 1 : 0));
    if (!is_under_way_) attempts_ = 0;
  }
  waiting_.push_back(std::move(news));
  return !is_full;
}

std::optional<WebhookQueue::Attempt> WebhookQueue::next_attempt(Instant now) {
  if (is_under_way_ || waiting_.empty() || (not_before_ && now < *not_before_)) return std::nullopt;
  not_before_.reset();
  is_under_way_ = true;
  ++attempts_;
  told_lost_ = lost_;
  return Attempt{.news = *waiting_.front(), .lost = told_lost_};
}

void WebhookQueue::on_delivered() {
  lost_ -= told_lost_;
  forget_first();
}

WebhookQueue::Outcome WebhookQueue::on_failed(Instant now, Failure failure) {
  is_under_way_ = false;
  if (failure == Failure::may_pass && !is_hurried_) {
    // Also after giving up: the next one is not for a receiver that failed a moment ago.
    not_before_ = now + pause_after(attempts_);
    if (attempts_ <= retries_) return Outcome::tried_again;
  }
  ++lost_;
  forget_first();
  return Outcome::given_up;
}

void WebhookQueue::hurry() {
  is_hurried_ = true;
  not_before_.reset();
}

std::optional<Instant> WebhookQueue::next_timeout() const {
  return is_under_way_ || waiting_.empty() ? std::nullopt : not_before_;
}

void WebhookQueue::forget_first() {
  waiting_.pop_front();
  attempts_ = 0;
  is_under_way_ = false;
  told_lost_ = 0;
}

}  // namespace baton::notify
