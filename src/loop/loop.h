// The event loop: descriptors, signals, timers and the clock; the only room that asks what time it is. libevent
// underneath, one thread. libevent only says what is ready; the order of service is decided here, so that nobody
// starves:
//
//   a turn:  wait → look (after_waiting) → every due timer → settle (before_sleep) → the one descriptor or signal that
//   waited longest → settle
//
// A due timer waits for one handler at most, however many descriptors are flooded, provided that a handler reads a
// bounded batch; and what a timer sent is flushed before the next descriptor is looked at. A timer that is always due
// leaves each turn one descriptor. Where a timer may wait longer, serve_at_once() makes thousands of descriptors cheap.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/time.h"

struct event;
struct event_base;

namespace baton::loop {

using Callback = std::move_only_function<void()>;

Instant now();        // CLOCK_BOOTTIME
WallTime wall_now();  // CLOCK_REALTIME

// `anew`: what can be read or written was less before (EPOLLET of epoll(7)). Whoever watches so reads until there is
// nothing any more, or says call_again().
enum class Ready : std::uint8_t { readable, writable, anew };

namespace detail {
struct Watch;
}

// Watches something until it is destroyed; may be destroyed inside its own callback. Must not outlive its Loop.
class Subscription {
 public:
  Subscription();
  explicit Subscription(std::unique_ptr<detail::Watch> watch);
  Subscription(Subscription&&) noexcept;
  Subscription& operator=(Subscription&&) noexcept;
  ~Subscription();
  explicit operator bool() const { return watch_ != nullptr; }
  void reset();
  // Once more without anything new, when others have had their turn. Not after reset().
  void call_again();

 private:
  std::unique_ptr<detail::Watch> watch_;
};

// Calls once at or soon after an instant (a timerfd on CLOCK_BOOTTIME: right also after the machine slept). May be set
// again at any time, also from its own callback. Must not outlive its Loop.
class Timer {
 public:
  Timer();
  Timer(Timer&&) noexcept;
  Timer& operator=(Timer&&) noexcept;
  ~Timer();

  void set(Instant when);  // a past instant fires in the next turn
  void cancel();
  std::optional<Instant> when() const;

 private:
  friend class Loop;
  struct State;
  explicit Timer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

class Loop {
 public:
  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  [[nodiscard]] Subscription watch(int fd, Ready ready, Callback callback);
  // Blocks the signal's own action for the process from now on (sigprocmask(2)); a child resets its mask before exec.
  [[nodiscard]] Subscription on_signal(int number, Callback callback);
  [[nodiscard]] Timer timer(Callback callback);

  // Runs after each wait, before anything that is ready is served: the place to look at the clock.
  void after_waiting(Callback callback) { after_waiting_ = std::move(callback); }
  // Runs when run() begins and after callbacks, before the loop sleeps: the place to flush and to settle. May run with
  // nothing to do. `once_more()` asks for another turn without sleeping.
  void before_sleep(Callback callback) { before_sleep_.push_back(std::move(callback)); }
  void once_more() { once_more_ = true; }
  // So many descriptors a turn instead of one; at least 1.
  void serve_at_once(std::size_t descriptors) { descriptors_a_turn_ = descriptors; }

  void run();                       // until stop()
  void stop() { stopped_ = true; }  // at the end of the turn
  // One turn: waits at most so long (nullopt: until something happens) and serves what is ready.
  void turn(std::optional<Duration> most = std::nullopt);

 private:
  friend struct detail::Watch;
  using ReadyList = std::deque<detail::Watch*>;

  void look(std::optional<Duration> most);
  static void serve_first(ReadyList& ready);
  void settle();

  event_base* base_;
  ReadyList ready_timers_;
  ReadyList ready_others_;
  Callback after_waiting_;
  std::vector<Callback> before_sleep_;
  std::size_t descriptors_a_turn_ = 1;
  bool stopped_ = false;
  bool once_more_ = false;
};

}  // namespace baton::loop
