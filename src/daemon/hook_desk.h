// Scripts that are waited for (docs/decisions/0029): before a new MASTER has its addresses, and before a MASTER goes on
// purpose. Of an instance or of a sync group, once for all its members. VRRP waits for nothing, its adverts are on
// their way; the addresses wait, and what follows them, until the runner says that the script has ended, or its
// deadline is over. A runner that is dead or slow is a deadline that is over. Knows neither the runner nor the log:
// Handlers do.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "base/time.h"
#include "daemon/setup.h"
#include "process/runner_protocol.h"
#include "vrrp/node.h"

namespace baton::daemon {

namespace limits {
inline constexpr std::size_t departures_that_wait = 64;  // of operators; one more does not wait
}

class HookDesk {
 public:
  enum class Hook : std::uint8_t { before_announce, before_release };
  enum class Outcome : std::uint8_t { ended, failed, late };
  struct Handlers {
    std::function<void(process::Notify)> run;  // its rules are the caller's
    // `hooks`: index in Setup::hooks. One that was waited for has ended, or its deadline is over.
    std::function<void(std::size_t hooks, Hook hook, Outcome outcome, Duration waited)> on_outcome;
  };
  // `first_number`: of runs; a worker before this one has had lower ones.
  HookDesk(const Setup& setup, std::uint64_t first_number, Handlers handlers);

  // --- what happened ---
  // The router is MASTER: its hooks run, where this is their first. True: its addresses are held back.
  bool on_master(vrrp::RouterId router, Instant now);
  // It was before this worker began, and its addresses may have been there: nothing runs.
  void on_resumed(vrrp::RouterId router);
  // A MASTER has begun to leave, or stays after all. What was to run before it leaves and has not runs beside it; what
  // before_release has stopped begins again, and nothing waits for it.
  void follow(vrrp::RouterId router, bool is_leaving);
  void on_stayed(vrrp::RouterId router);
  void on_left(vrrp::RouterId router);  // it is MASTER no more
  // Another worker goes on, and knows nothing of who is leaving: they stay. The departures that waited are dropped; how
  // many.
  std::size_t on_followed();
  void on_backup_at_start(vrrp::RouterId router);
  void on_finished(const process::NotifyFinished& finished);
  // Calls `then` once before_release of those that are MASTER has ended, or its deadline is over; at once where there
  // is none.
  void prepare_release(std::span<const vrrp::RouterId> routers, Instant now, std::function<void()> then);

  // Once a turn: the routers whose addresses wait no longer, each once; and what prepare_release() was told.
  std::vector<vrrp::RouterId> settle(Instant now);

  // --- questions ---
  bool holds_back(vrrp::RouterId router) const { return held_count_ > 0 && is_held(router); }
  bool is_idle() const { return held_count_ == 0; }
  std::optional<Instant> next_at() const;
  // Until when its addresses wait at the latest; nullopt: they do not.
  std::optional<Instant> waits_until(vrrp::RouterId router) const;

 private:
  struct Run {
    std::uint64_t number = 0;  // the end of an earlier one is another's
    std::size_t awaited = 0;   // ends of commands
    bool has_failed = false;
    Instant begun;
    Instant until;
  };
  struct Desk {                        // of one HookSetup
    std::set<vrrp::RouterId> masters;  // of its members
    std::set<vrrp::RouterId> held;     // of these, those that wait for `announcing`
    std::optional<Run> announcing;
    std::optional<Run> releasing;
    bool has_released = false;  // before_release has run, or runs, since they became MASTER
  };
  struct Departure {
    std::vector<std::size_t> awaited;  // Desks that are releasing
    std::function<void()> then;
  };

  void begin_again(std::size_t index);
  void send(std::size_t index, const std::vector<notify::Command>& commands, Duration deadline);
  std::optional<Run> run(std::size_t index, const std::vector<notify::Command>& commands, Instant now);
  void release_unawaited(std::size_t index);
  // What an ended or late run came to; nullopt: it runs on.
  std::optional<Outcome> take_outcome(std::size_t index, Hook hook, std::optional<Run>& run, Instant now);
  void let_go_of(Desk& desk, vrrp::RouterId router);
  bool is_held(vrrp::RouterId router) const;
  const std::vector<std::size_t>& hooks_of(vrrp::RouterId router) const { return setup_.routers[router].awaited_hooks; }

  const Setup& setup_;
  Handlers handlers_;
  std::vector<Desk> desks_;  // as Setup::hooks
  std::set<vrrp::RouterId> leaving_;
  std::vector<Departure> departures_;
  std::size_t held_count_ = 0;  // of all desks together
  std::uint64_t last_number_;
};

}  // namespace baton::daemon
