#include "loop/loop.h"

#include <event2/event.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>

#include "base/assert.h"
#include "base/unique_fd.h"

namespace baton::loop {

namespace {

constexpr int timer_priority = 0;  // served first
constexpr int other_priority = 1;
constexpr int priorities = 2;

Duration read_clock(clockid_t clock) {
  timespec time{};
  ASSERT(::clock_gettime(clock, &time) == 0);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

}  // namespace

Instant now() { return Instant(read_clock(CLOCK_BOOTTIME)); }
WallTime wall_now() { return WallTime(read_clock(CLOCK_REALTIME)); }

namespace detail {

struct Watch {
  event* handle = nullptr;
  Callback callback;
  bool* gone = nullptr;  // set while the callback runs: told when it destroyed its own watch

  ~Watch() {
    if (gone != nullptr) *gone = true;
    if (handle != nullptr) ::event_free(handle);
  }

  static void fire(evutil_socket_t, short, void* context) {
    auto* watch = static_cast<Watch*>(context);
    bool gone = false;
    watch->gone = &gone;
    Callback callback = std::move(watch->callback);  // lives on when the watch does not
    callback();
    if (gone) return;
    watch->gone = nullptr;
    watch->callback = std::move(callback);
  }
};

}  // namespace detail

namespace {

std::unique_ptr<detail::Watch> make_watch(event_base* base, int fd, short what, int priority, Callback callback) {
  auto watch = std::make_unique<detail::Watch>();
  watch->callback = std::move(callback);
  watch->handle = ::event_new(base, fd, what, &detail::Watch::fire, watch.get());
  ASSERT(watch->handle != nullptr);
  ASSERT(::event_priority_set(watch->handle, priority) == 0);
  ASSERT(::event_add(watch->handle, nullptr) == 0);
  return watch;
}

}  // namespace

Subscription::Subscription() = default;
Subscription::Subscription(std::unique_ptr<detail::Watch> watch) : watch_(std::move(watch)) {}
Subscription::Subscription(Subscription&&) noexcept = default;
Subscription& Subscription::operator=(Subscription&&) noexcept = default;
Subscription::~Subscription() = default;
void Subscription::reset() { watch_.reset(); }

struct Timer::State {
  UniqueFd fd;
  std::optional<Instant> when;
  Callback callback;
  Subscription subscription;
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

std::optional<Instant> Timer::when() const { return state_ == nullptr ? std::nullopt : state_->when; }

Loop::Loop() {
  event_config* config = ::event_config_new();
  ASSERT(config != nullptr);
  (void)::event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
  // After so many callbacks look for new events, so that a due timer need not wait for a long list of descriptors.
  constexpr int callbacks_between_looks = 8;
  (void)::event_config_set_max_dispatch_interval(config, nullptr, callbacks_between_looks, other_priority);
  base_ = ::event_base_new_with_config(config);
  ::event_config_free(config);
  ASSERT(base_ != nullptr);
  ASSERT(::event_base_priority_init(base_, priorities) == 0);
}

Loop::~Loop() {
  before_sleep_.clear();
  ::event_base_free(base_);
}

Subscription Loop::watch(int fd, Ready ready, Callback callback) {
  const short what = static_cast<short>((ready == Ready::readable ? EV_READ : EV_WRITE) | EV_PERSIST);
  return Subscription(make_watch(base_, fd, what, other_priority, std::move(callback)));
}

Subscription Loop::on_signal(int number, Callback callback) {
  return Subscription(make_watch(base_, number, EV_SIGNAL | EV_PERSIST, other_priority, std::move(callback)));
}

Timer Loop::timer(Callback callback) {
  auto state = std::make_unique<Timer::State>();
  state->fd = UniqueFd(::timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK));
  ASSERT(state->fd);
  state->callback = std::move(callback);
  Timer::State* raw = state.get();
  const auto fire = [raw] {
    std::uint64_t expirations = 0;
    if (::read(raw->fd.get(), &expirations, sizeof(expirations)) != sizeof(expirations)) return;  // set anew meanwhile
    if (!raw->when) return;
    raw->when.reset();
    raw->callback();
  };
  state->subscription =
      Subscription(make_watch(base_, raw->fd.get(), EV_READ | EV_PERSIST, timer_priority, Callback(fire)));
  return Timer(std::move(state));
}

void Loop::run() {
  stopped_ = false;
  while (!stopped_) turn();
}

void Loop::turn(std::optional<Duration> most) {
  const bool sleep = !std::exchange(once_more_, false);
  int flags = EVLOOP_ONCE;
  if (!sleep || (most && *most <= Duration::zero())) flags |= EVLOOP_NONBLOCK;
  event* bound = nullptr;
  if (most && (flags & EVLOOP_NONBLOCK) == 0) {
    bound = ::event_new(base_, -1, EV_TIMEOUT, [](evutil_socket_t, short, void*) {}, nullptr);
    ASSERT(bound != nullptr);
    const auto micros = std::chrono::ceil<std::chrono::microseconds>(*most);
    const timeval wait{.tv_sec = micros.count() / 1'000'000, .tv_usec = micros.count() % 1'000'000};
    ASSERT(::event_add(bound, &wait) == 0);
  }
  (void)::event_base_loop(base_, flags);
  if (bound != nullptr) ::event_free(bound);
  for (Callback& callback : before_sleep_) callback();
}

}  // namespace baton::loop
