// The vrrp_scripts: when each runs, what its runs mean (ScriptVerdict), and what the worker is told. A script whose
// command asks about processes also runs at once when one of those ends or appears (ProcessWatch); it alone judges.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/time.h"
#include "base/timer_queue.h"
#include "loop/loop.h"
#include "process/children.h"
#include "process/process_watch.h"
#include "process/program.h"
#include "process/runner_protocol.h"
#include "process/script_ledger.h"
#include "process/script_verdict.h"

namespace baton::process {

namespace limits {

inline constexpr std::size_t running_scripts = 64;  // at once; more that are due wait for their turn. One that hangs in
                                                    // the kernel counts until it got SIGKILL
// A runner that stood still finds that nobody has ended before it has looked: so long it looks.
inline constexpr Duration second_look = std::chrono::milliseconds(100);
inline constexpr std::size_t starts_per_turn = 8;                       // then what else has happened gets its turn
inline constexpr Duration wake_up_gap = std::chrono::milliseconds(10);  // from one run at once to the next
// How long a run that somebody ended with SIGTERM is not judged: whoever ends the whole service may reach the script a
// moment before he reaches us, and a stop is no failure.
inline constexpr Duration doubt = std::chrono::milliseconds(100);

}  // namespace limits

// "exited with status 1", "killed by signal 9 (Killed)", "did not end in time".
std::string describe(const RunEnd& end, const std::string& report);

class TrackScripts {
 public:
  struct Outlets {
    std::function<void(ScriptResult result)> result;
    std::function<void(RunnerEvent event)> event;
    // A run is over: how, and how long it took if it was started.
    std::function<void(const TrackScript& script, RunResult result, std::optional<Duration> took)> ran;
  };

  TrackScripts(loop::Loop& loop, Children& children, Users& users, std::string search_path, RunnerCounters& counters,
               Outlets outlets);

  // Replaces the list; then tells every verdict that is known.
  void set(const ScriptRules& rules, std::vector<TrackScript> scripts);
  // Ends all of them; no result is told any more.
  void stop();

  std::optional<Instant> next_timeout() const;
  void on_timeout(Instant now);

 private:
  // Our own number of a script: it stays when the worker numbers its scripts anew.
  using Key = std::uint64_t;

  struct Script {
    explicit Script(const TrackScript& script) : verdict(script.rise, script.fall, script.initial) {}

    Key key = 0;
    TrackScript settings;
    std::optional<ProcessQuery> query;
    ScriptVerdict verdict;
    std::optional<Children::Id> child;
    bool is_due = false;         // in due_
    Instant next_run{};          // the next regular one: an interval after the time of the last, however late that was
    Instant waits_since{};       // while is_due
    bool waits_in_vain = false;  // nobody has come to an end since; once more, and it counts
    bool is_overdue = false;     // the running child is past its timeout and has been counted as a failure
    bool has_wavered = false;    // a result against the verdict was counted since the last regular run
    std::string reason;          // why the run that is due or running is made at once; empty: its time has come
    std::optional<ProcessWatch::News> next_news;  // another run shall follow that one
    Duration wake_up_gap = limits::wake_up_gap;
    Instant last_wake_up{};
    std::optional<RunEnd> doubtful_end;  // limits::doubt
    std::optional<RunEnd> last_end;
    std::string last_text;
    std::string last_warning;
  };

  // A run at its time; one in between because of a wake-up; one that is due has had no turn within its timeout; the end
  // of a run is judged after all.
  enum class Timer : std::uint8_t { regular, wake_up, no_turn, doubt };

  void adopt(TrackScript settings, std::map<Key, Script>& before);
  void tell_known_verdicts();

  void on_timer(Key key, Timer timer, Instant now);
  void on_time(Key key, Script& script, Instant now);
  void on_process_news(const ProcessQuery& query, const ProcessWatch::News& news);
  void wake_up(Key key, Script& script, const ProcessWatch::News& news, Instant now);
  void run_at_once(Key key, Script& script, Instant now);
  void run_when_possible(Key key, Script& script);
  bool can_start() const;
  void start_due();
  void start(Key key, Script& script);
  void on_end(Key key, const ChildEnd& end, Duration took);
  void on_deadline(Key key);
  void on_killed(Key key);
  void conclude_doubtful(Script& script);
  void on_no_turn(Key key, Script& script, Instant now);
  void conclude(Script& script, const RunEnd& end, const std::string& report);
  void tell(const Script& script, ScriptResult::News news);

  Children& children_;
  Users& users_;
  std::string search_path_;
  RunnerCounters& counters_;
  Outlets outlets_;
  ScriptRules rules_;
  ProcessWatch watch_;
  std::map<Key, Script> scripts_;
  std::map<ProcessQuery, std::vector<Key>> asking_;  // who asks about what
  std::deque<Key> due_;
  std::set<Key> slots_;  // whose child counts as running
  Instant last_end_{};   // of any of them
  Key last_key_ = 0;
  TimerQueue<std::pair<Key, Timer>> timers_;
};

}  // namespace baton::process
