#include "lab/reactor.h"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <ctime>

#include "base/assert.h"
#include "lab/clock.h"

namespace baton::lab {

namespace {

// The lab runs before everybody else on the machine (lab.cpp): a condition that reads all of /proc and is asked at
// every ping would leave no processor to the daemons that it waits for.
constexpr int rest_for_asking = 4;

Duration processor_time() {
  timespec time{};
  ASSERT(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time) == 0);
  return std::chrono::seconds(time.tv_sec) + Duration(time.tv_nsec);
}

}  // namespace

Reactor::Reactor() : epoll_(epoll_create1(EPOLL_CLOEXEC)) {
  ASSERT(epoll_.get() >= 0);
}

Reactor::Token Reactor::watch(int fd, std::uint32_t events, Handler handler) {
  const Token token = ++last_token_;
  epoll_event event{.events = events, .data = {.u64 = token}};
  ASSERT(epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0);
  watches_.emplace(token, Watch{.fd = fd, .handler = std::make_shared<Handler>(std::move(handler))});
  return token;
}

void Reactor::change(Token token, std::uint32_t events) {
  const auto found = watches_.find(token);
  if (found == watches_.end()) return;
  epoll_event event{.events = events, .data = {.u64 = token}};
  ASSERT(epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, found->second.fd, &event) == 0);
}

void Reactor::unwatch(Token token) {
  const auto found = watches_.find(token);
  if (found == watches_.end()) return;
  ASSERT(epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, found->second.fd, nullptr) == 0);
  watches_.erase(found);
}

void Reactor::every(Duration period, std::function<void()> work) {
  periodic_.push_back({.period = period, .next = now() + period, .work = std::move(work)});
}

bool Reactor::run_until(const std::function<bool()>& condition, Instant deadline) {
  for (;;) {
    const Duration before = processor_time();
    if (condition()) return true;
    const Duration spent = processor_time() - before;
    const Instant answered = now();
    if (answered >= deadline) return false;
    const Instant again = std::min(deadline, answered + rest_for_asking * spent);
    turn(deadline);
    while (now() < again) turn(again);
  }
}

void Reactor::turn(Instant deadline) {
  Instant wake = deadline;
  for (const Periodic& periodic : periodic_) wake = std::min(wake, periodic.next);
  const Duration wait = std::max(wake - now(), Duration::zero());
  const timespec timeout{.tv_sec = wait / std::chrono::seconds(1), .tv_nsec = (wait % std::chrono::seconds(1)).count()};

  std::array<epoll_event, 64> events{};
  const int count = epoll_pwait2(epoll_.get(), events.data(), events.size(), &timeout, nullptr);
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    const auto found = watches_.find(event.data.u64);
    if (found == watches_.end()) continue;  // unwatched by a handler before it
    const std::shared_ptr<Handler> handler = found->second.handler;
    (*handler)(event.events);
  }
  run_periodic();
}

void Reactor::run_periodic() {
  const Instant time = now();
  for (Periodic& periodic : periodic_) {
    if (periodic.next > time) continue;
    periodic.next += periodic.period * ((time - periodic.next) / periodic.period + 1);
    periodic.work();
  }
}

}  // namespace baton::lab
