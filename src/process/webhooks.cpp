#include "process/webhooks.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "loop/loop.h"
#include "process/powerless.h"
#include "process/webhook_child.h"

namespace baton::process {

void Webhooks::set(std::vector<notify::Webhook> webhooks) {
  std::list<Hook> former = std::exchange(hooks_, {});
  for (notify::Webhook& webhook : webhooks) {
    const auto same = std::ranges::find_if(former, [&](const Hook& hook) { return hook.webhook.name == webhook.name; });
    if (same != former.end()) {
      hooks_.splice(hooks_.end(), former, same);
      hooks_.back().queue.set_retries(webhook.retries);
      hooks_.back().webhook = std::move(webhook);
    } else {
      const std::uint32_t retries = webhook.retries;
      hooks_.push_back({.webhook = std::move(webhook), .queue = notify::WebhookQueue(retries)});
    }
  }
  for (const Hook& gone : former) {
    if (gone.queue.pending() == 0) continue;
    say(Level::warning, gone,
        fmt::format("it was removed, and {} that it had not been told are dropped", gone.queue.pending()));
  }
}

void Webhooks::tell(const TellWebhooks& order) {
  const auto let_go = [this, number = order.number](const notify::WebhookNews* news) {
    delete news;
    handlers_.done(number);
  };
  const std::shared_ptr<const notify::WebhookNews> news(new notify::WebhookNews(order.news), let_go);
  for (Hook& hook : hooks_) {
    if ((hook.webhook.states & notify::bit(news->state)) == 0) continue;
    if (!hook.queue.add(news)) {
      ++counters_.webhooks_dropped;
      if (hook.queue.lost() == 1) {
        say(Level::warning, hook,
            fmt::format("more than {} wait for it; the oldest are dropped, and it will be told how many",
                        notify::limits::webhook_news));
      }
    }
    start_next(hook);
  }
}

std::size_t Webhooks::pending() const {
  std::size_t pending = 0;
  for (const Hook& hook : hooks_) pending += hook.queue.pending();
  return pending;
}

void Webhooks::stop_retrying() {
  for (Hook& hook : hooks_) {
    hook.queue.hurry();
    start_next(hook);
  }
}

std::optional<Instant> Webhooks::next_timeout() const {
  std::optional<Instant> next;
  for (const Hook& hook : hooks_) {
    const auto its = hook.queue.next_timeout();
    if (its && (!next || *its < *next)) next = its;
  }
  return next;
}

void Webhooks::on_timeout(Instant now) {
  for (Hook& hook : hooks_) {
    if (const auto at = hook.queue.next_timeout(); at && *at <= now) start_next(hook);
  }
}

void Webhooks::start_next(Hook& hook) {
  while (const auto attempt = hook.queue.next_attempt(loop::now())) {
    const std::string body = notify::webhook_body(hook.webhook.format, attempt->news, attempt->lost);
    // The number of the child is known when it has been started, and it ends in a later turn.
    const auto number = std::make_shared<Children::Id>();
    const auto child =
        children_.start(powerless(users_),
                        [webhook = hook.webhook, body](std::string& report) {
                          return static_cast<int>(tell_webhook(webhook, body, report));
                        },
                        hook.webhook.timeout + std::chrono::seconds(1),
                        {.on_end = [this, number](const ChildEnd& end, Duration) { on_end(*number, end); }});
    if (child) {
      hook.child = *number = *child;
    } else {
      on_failure(hook, to_string(child.error()), true);
    }
  }
}

void Webhooks::on_end(Children::Id child, const ChildEnd& end) {
  const auto hook = std::ranges::find(hooks_, child, &Hook::child);
  if (hook == hooks_.end()) return;  // removed meanwhile
  hook->child.reset();
  if (end.end.is_success()) {
    ++counters_.webhooks_sent;
    hook->queue.on_delivered();
  } else {
    const bool refused = end.end == RunEnd{RunEnd::Kind::exited, static_cast<int>(SendOutcome::refused)};
    on_failure(*hook, end.report.empty() ? "it took too long" : end.report, !refused);
  }
  start_next(*hook);
}

void Webhooks::on_failure(Hook& hook, const std::string& why, bool may_pass) {
  using Queue = notify::WebhookQueue;
  const std::uint32_t attempts = hook.queue.attempts();
  const auto outcome =
      hook.queue.on_failed(loop::now(), may_pass ? Queue::Failure::may_pass : Queue::Failure::is_final);
  if (outcome == Queue::Outcome::given_up) {
    ++counters_.webhooks_failed;
    say(Level::warning, hook,
        fmt::format(
            "given up after {} attempt{}: {}; check its url and its headers, and that it can be reached from here",
            attempts, attempts == 1 ? "" : "s", why));
  } else if (attempts == 1) {
    say(Level::notice, hook, fmt::format("{}; trying again", why));
  }
}

void Webhooks::say(Level level, const Hook& hook, const std::string& text) {
  handlers_.event({level, fmt::format("webhook {}: {}", hook.webhook.name, text)});
}

}  // namespace baton::process
