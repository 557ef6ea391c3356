// What the readers of check blocks hand to one another.
#pragma once

#include <optional>
#include <string>

#include "config/arguments.h"
#include "config/health_check.h"

namespace baton::config {

// As far as it has been said.
struct CheckDraft {
  CheckTarget target;
  Duration delay_loop{};
  std::optional<unsigned> retry;
  std::optional<Duration> delay_before_retry;
  std::optional<Duration> warmup;
  bool alpha = false;
  bool log_all_failures = false;
};

// HTTP_GET, SSL_GET. Nothing, reported: there is no page to ask for.
std::optional<HttpCheck> read_http(const Context& context, const Statement& block, const std::string& virtualhost);

}  // namespace baton::config
