#include "loop/loop.h"

#include <event2/event.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "base/unique_fd.h"

namespace baton::loop {

namespace {

Duration read_clock(clockid_t clock) {
  timespec time{};
  ASSERT(::clock_gettime(clock, &time) == 0);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

short event_flags(Ready ready) {
  switch (ready) {
    case Ready::readable: return EV_READ | EV_PERSIST;
    case Ready::writable: return EV_WRITE | EV_PERSIST;
    case Ready::anew: return EV_READ | EV_WRITE | EV_PERSIST | EV_ET;
  }
  return 0;
}

}  // namespace

Instant now() {
  return Instant(read_clock(CLOCK_BOOTTIME));
}
WallTime wall_now() {
  return WallTime(read_clock(CLOCK_REALTIME));
}

namespace detail {

// One thing libevent looks at. Ready, it stands in its loop's list until it is served.
struct Watch {
  Watch(event_base* base, int fd, short what, std::deque<Watch*>& list, Callback to_call)
      : ready(list), callback(std::move(to_call)), handle(::event_new(base, fd, what, &Watch::on_ready, this)) {
    ASSERT(handle != nullptr);
    ASSERT(::event_add(handle, nullptr) == 0);
  }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;
  ~Watch() {
    if (gone != nullptr) *gone = true;
    if (is_listed) std::erase(ready, this);
    ::event_free(handle);
  }

  static void on_ready(evutil_socket_t, short, void* context) { static_cast<Watch*>(context)->list(); }

  void list() {
    if (!std::exchange(is_listed, true)) ready.push_back(this);
  }

  void serve() {
    bool is_gone = false;
    gone = &is_gone;
    Callback running = std::move(callback);  // lives on when the watch does not
    running();
    if (is_gone) return;
    gone = nullptr;
    callback = std::move(running);
  }

  std::deque<Watch*>& ready;
  Callback callback;
  event* handle;
  bool is_listed = false;
  bool* gone = nullptr;  // set while the callback runs: told when it destroyed its own watch
};

}  // namespace detail

Subscription::Subscription() = default;
Subscription::Subscription(std::unique_ptr<detail::Watch> watch) : watch_(std::move(watch)) {}
Subscription::Subscription(Subscription&&) noexcept = default;
Subscription& Subscription::operator=(Subscription&&) noexcept = default;
Subscription::~Subscription() = default;
void Subscription::reset() {
  watch_.reset();
}
void Subscription::call_again() {
  watch_->list();
}

struct Timer::State {
  UniqueFd fd;
  std::optional<Instant> when;
  Subscription subscription;

  // Takes an expiry. False: the timer was set anew or cancelled after it had become ready.
  bool expire() {
    std::uint64_t expirations = 0;
    if (::read(fd.get(), &expirations, sizeof(expirations)) != sizeof(expirations)) return false;
    return std::exchange(when, std::nullopt).has_value();
  }
};

Timer::Timer() = default;
Timer::Timer(std::unique_ptr<State> state) : state_(std::move(state)) {}
Timer::Timer(Timer&&) noexcept = default;
Timer& Timer::operator=(Timer&&) noexcept = default;
Timer::~Timer() = default;

void Timer::set(Instant when) {
  ASSERT(state_ != nullptr);
  if (state_->when == when) return;
  state_->when = when;
  const Duration since_boot = std::max<Duration>(when.time_since_epoch(), Duration(1));  // zero would disarm
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since_boot);
  const itimerspec setting{.it_interval = {},
                           .it_value = {.tv_sec = seconds.count(), .tv_nsec = (since_boot - seconds).count()}};
  ASSERT(::timerfd_settime(state_->fd.get(), TFD_TIMER_ABSTIME, &setting, nullptr) == 0);
}

void Timer::cancel() {
  if (state_ == nullptr || !state_->when) return;
  state_->when.reset();
  const itimerspec never{};
  ASSERT(::timerfd_settime(state_->fd.get(), 0, &never, nullptr) == 0);
}

std::optional<Instant> Timer::when() const {
  return state_ == nullptr ? std::nullopt : state_->when;
}

Loop::Loop() {
  event_config* config = ::event_config_new();
  ASSERT(config != nullptr);
  (void)::event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
  base_ = ::event_base_new_with_config(config);
  ::event_config_free(config);
  ASSERT(base_ != nullptr);
}

Loop::~Loop() {
  after_waiting_ = nullptr;
  before_sleep_.clear();
  ::event_base_free(base_);
}

Subscription Loop::watch(int fd, Ready ready, Callback callback) {
  return Subscription(
      std::make_unique<detail::Watch>(base_, fd, event_flags(ready), ready_others_, std::move(callback)));
}

// A signalfd(2), not libevent's own way: that keeps one loop a process in a global, and a forked role has its parent's.
Subscription Loop::on_signal(int number, Callback callback) {
  sigset_t mask;
  ::sigemptyset(&mask);
  ::sigaddset(&mask, number);
  ASSERT(::sigprocmask(SIG_BLOCK, &mask, nullptr) == 0);
  UniqueFd fd(::signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK));
  ASSERT(fd);
  const int readable = fd.get();
  return watch(readable, Ready::readable, [fd = std::move(fd), callback = std::move(callback)]() mutable {
    signalfd_siginfo information{};
    while (::read(fd.get(), &information, sizeof(information)) == sizeof(information)) callback();
  });
}

// A timerfd, not libevent's own timer: epoll_wait(2) counts in milliseconds, and CLOCK_BOOTTIME is ours alone.
Timer Loop::timer(Callback callback) {
  auto state = std::make_unique<Timer::State>();
  state->fd = UniqueFd(::timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK));
  ASSERT(state->fd);
  auto fire = [state = state.get(), callback = std::move(callback)]() mutable {
    if (state->expire()) callback();
  };
  constexpr short what = EV_READ | EV_PERSIST;
  state->subscription =
      Subscription(std::make_unique<detail::Watch>(base_, state->fd.get(), what, ready_timers_, std::move(fire)));
  return Timer(std::move(state));
}

void Loop::run() {
  stopped_ = false;
  settle();
  while (!stopped_) turn();
}

void Loop::turn(std::optional<Duration> most) {
  const bool sleep = !std::exchange(once_more_, false) && ready_others_.empty();
  look(sleep ? most : Duration::zero());
  if (after_waiting_) after_waiting_();
  if (!ready_timers_.empty()) {
    for (std::size_t due = ready_timers_.size(); due > 0 && !ready_timers_.empty(); --due) serve_first(ready_timers_);
    settle();
    if (ready_others_.empty()) return;
  }
  for (std::size_t served = 0; served < descriptors_a_turn_ && !ready_others_.empty(); ++served) {
    serve_first(ready_others_);
  }
  settle();
}

// Asks libevent what is ready; its callbacks only fill the lists.
void Loop::look(std::optional<Duration> most) {
  const bool wait = !most || *most > Duration::zero();
  event* bound = nullptr;
  if (wait && most) {
    bound = ::event_new(base_, -1, EV_TIMEOUT, [](evutil_socket_t, short, void*) {}, nullptr);
    ASSERT(bound != nullptr);
    const auto micros = std::chrono::ceil<std::chrono::microseconds>(*most);
    const timeval time{.tv_sec = micros.count() / 1'000'000, .tv_usec = micros.count() % 1'000'000};
    ASSERT(::event_add(bound, &time) == 0);
  }
  (void)::event_base_loop(base_, wait ? EVLOOP_ONCE : EVLOOP_ONCE | EVLOOP_NONBLOCK);
  if (bound != nullptr) ::event_free(bound);
}

void Loop::serve_first(ReadyList& ready) {
  detail::Watch* watch = ready.front();
  ready.pop_front();
  watch->is_listed = false;
  watch->serve();
}

void Loop::settle() {
  for (Callback& callback : before_sleep_) callback();
}

}  // namespace baton::loop
