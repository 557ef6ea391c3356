// Runs all checks of a configuration: begins each try when its time has come, as many at once as the limits let, and
// hands what came of it to health::Check. Says what is news.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/timer_queue.h"
#include "checker/attempt.h"
#include "checker/limits.h"
#include "config/health_check.h"
#include "health/check.h"
#include "health/http_page.h"
#include "loop/loop.h"

namespace baton::checker {

// Since the engine began.
struct Counters {
  std::uint64_t tries = 0;
  std::uint64_t delayed = 0;  // tries that had to wait for a limit
  std::array<std::uint64_t, health::failure_count> failures{};
};

class Engine {
 public:
  using Index = std::uint32_t;  // of a check in the list

  struct Events {
    std::function<void(Index, const health::Verdict&)> verdict;
    // A try has failed: for the log, and for what outlives us.
    std::function<void(Index, const health::Check&)> ended;
  };
  // What remains of a check from an engine before; nullopt: nothing.
  using Before = std::function<std::optional<health::Check::State>(Index)>;

  // Checks that connect are run: not MISC_CHECK, FILE_CHECK and BFD_CHECK, which others judge.
  Engine(loop::Loop& loop, std::vector<config::HealthCheck> checks, const std::optional<config::CheckTls>& tls,
         std::uint64_t seed, Events events);
  ~Engine();

  // `before` says where each check goes on.
  void start(const Before& before);

  // No try until go_on(); one that is on its way is given up and says nothing. After start().
  void suspend(Index index);
  void go_on(Index index);

  const health::Check& check(Index index) const;
  std::size_t size() const { return items_.size(); }
  const Counters& counters() const { return counters_; }
  std::size_t under_way() const { return under_way_; }

 private:
  struct Target;
  struct Item;
  using Queue = std::list<Index>;  // a check leaves it from the middle when it is suspended

  void on_timer();
  void arm();
  void serve_timers(Instant now);
  void begin_or_wait(Index index, Instant now);
  void begin(Index index, Instant now);
  void end(Index index, const health::Outcome& outcome, Connection left = {});
  Attempt::Plan plan_of(Item& item, unsigned page);
  void leave(Item& item);
  void put(Queue& queue, Index index);
  void take_out(Item& item);
  void wake_one(Target& target);
  Connection take_kept(Item& item);
  std::uint64_t nonce();

  loop::Loop& loop_;
  Events events_;
  std::expected<std::shared_ptr<TlsContext>, std::string> tls_ = nullptr;
  std::vector<std::unique_ptr<Item>> items_;
  std::unordered_map<IpAddress, Target> targets_;
  Queue due_;
  Queue waiting_;  // for limits::tries
  std::size_t under_way_ = 0;
  std::size_t kept_ = 0;  // connections between tries
  std::size_t most_kept_ = 0;
  TimerQueue<Index, DensePlaces<Index>> timers_;
  loop::Timer timer_;
  Duration grid_ = limits::longest_wait;  // of the instants when tries begin
  std::uint64_t random_;
  Counters counters_;
};

}  // namespace baton::checker
