#include "process/mailer.h"

#include <fmt/format.h>

#include <utility>

#include "process/powerless.h"

namespace baton::process {

void Mailer::send(SendMail order) {
  if (waiting_.size() >= limits::mails) {
    handlers_.done(waiting_.front().mail.number);
    waiting_.pop_front();
    ++counters_.mails_dropped;
  }
  waiting_.push_back({.mail = std::move(order), .attempts = 0});
  start_next();
}

void Mailer::on_timeout(Instant now) {
  if (!retry_at_ || *retry_at_ > now) return;
  retry_at_.reset();
  start_attempt();
  start_next();
}

void Mailer::stop_retrying() {
  retries_ = false;
  if (retry_at_) retry_at_ = loop::now();
}

void Mailer::start_next() {
  while (!is_sending_ && !waiting_.empty()) {
    current_ = std::move(waiting_.front());
    waiting_.pop_front();
    is_sending_ = true;
    start_attempt();
  }
}

void Mailer::start_attempt() {
  ++current_.attempts;
  const auto child = children_.start(
      powerless(users_),
      [order = current_.mail](std::string& report) { return static_cast<int>(send_mail(order, report)); },
      limits::mail_time + std::chrono::seconds(1), {.on_end = [this](const ChildEnd& end, Duration) { on_end(end); }});
  if (!child) on_failure(to_string(child.error()), true);
}

void Mailer::on_end(const ChildEnd& end) {
  if (end.end.is_success()) {
    ++counters_.mails_sent;
    end_current();
  } else {
    const bool refused = end.end == RunEnd{RunEnd::Kind::exited, static_cast<int>(SendOutcome::refused)};
    on_failure(end.report.empty() ? "it took too long" : end.report, !refused);
  }
  start_next();
}

void Mailer::end_current() {
  is_sending_ = false;
  handlers_.done(current_.mail.number);
}

void Mailer::on_failure(const std::string& why, bool may_pass) {
  const bool retry = may_pass && retries_ && current_.attempts < limits::mail_attempts;
  const auto& server = current_.mail.server;
  handlers_.event({Level::warning, fmt::format("mail \"{}\" to {}:{} not sent: {}{}", current_.mail.mail.subject,
                                               server.host, server.port, why, retry ? "; trying again" : "")});
  if (!retry) {
    ++counters_.mails_failed;
    return end_current();
  }
  Duration pause = limits::first_mail_retry;
  for (unsigned i = 1; i < current_.attempts; ++i) pause *= 5;
  retry_at_ = loop::now() + pause;
}

}  // namespace baton::process
