// The webhooks: each with a queue of its own, so that one that does not answer holds up no other, no mail and no
// script; one attempt at a time, a child of its own.
#pragma once

#include <cstddef>
#include <list>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "notify/webhook_queue.h"
#include "process/children.h"
#include "process/news_handlers.h"
#include "process/runner_protocol.h"

namespace baton::process {

class Webhooks {
 public:
  Webhooks(Children& children, Users& users, RunnerCounters& counters, NewsHandlers handlers)
      : children_(children), users_(users), counters_(counters), handlers_(std::move(handlers)) {}

  // Replaces the list. One of the same name keeps its queue.
  void set(std::vector<notify::Webhook> webhooks);
  // Done when none of them waits for it any more.
  void tell(const TellWebhooks& order);
  // Not told yet, what is under way included.
  std::size_t pending() const;
  // From now on a failure is final: there is no later.
  void stop_retrying();

  std::optional<Instant> next_timeout() const;
  void on_timeout(Instant now);

 private:
  struct Hook {
    notify::Webhook webhook;
    notify::WebhookQueue queue;
    std::optional<Children::Id> child{};
  };

  void start_next(Hook& hook);
  void on_end(Children::Id child, const ChildEnd& end);
  void on_failure(Hook& hook, const std::string& why, bool may_pass);
  void say(Level level, const Hook& hook, const std::string& text);

  Children& children_;
  Users& users_;
  RunnerCounters& counters_;
  NewsHandlers handlers_;
  std::list<Hook> hooks_;  // an element stays where it is
};

}  // namespace baton::process
