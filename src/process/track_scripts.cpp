#include "process/track_scripts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

namespace baton::process {

namespace {

RunResult result_of(const RunEnd& end) {
  switch (end.kind) {
    case RunEnd::Kind::exited: return end.code == 0 ? RunResult::success : RunResult::failure;
    case RunEnd::Kind::signalled: return RunResult::failure;
    case RunEnd::Kind::timed_out: return RunResult::timeout;
    case RunEnd::Kind::could_not_run:
    case RunEnd::Kind::not_run: return RunResult::could_not_run;
  }
  std::unreachable();
}

// Not what fail_open excuses: no slot was free, or this machine has no room for another process or file.
bool is_lack(const RunEnd& end) {
  if (end.kind != RunEnd::Kind::could_not_run) return false;
  return end.code == EAGAIN || end.code == ENOMEM || end.code == EMFILE || end.code == ENFILE;
}

}  // namespace

std::string describe(const RunEnd& end, const std::string& report) {
  switch (end.kind) {
    case RunEnd::Kind::exited: return fmt::format("exited with status {}", end.code);
    case RunEnd::Kind::signalled: return fmt::format("killed by signal {} ({})", end.code, strsignal(end.code));
    case RunEnd::Kind::timed_out: return "did not end in time";
    case RunEnd::Kind::could_not_run: return fmt::format("could not run: {}", report);
    case RunEnd::Kind::not_run: return "counts as failed until it succeeds (init_fail)";
  }
  std::unreachable();
}

TrackScripts::TrackScripts(loop::Loop& loop, Children& children, Users& users, std::string search_path,
                           RunnerCounters& counters, Outlets outlets)
    : children_(children),
      users_(users),
      search_path_(std::move(search_path)),
      counters_(counters),
      outlets_(std::move(outlets)),
      watch_(
          loop, [this](const ProcessQuery& query, const ProcessWatch::News& news) { on_process_news(query, news); },
          [this](pid_t group) { return children_.owns_group(group); }) {}

void TrackScripts::set(const ScriptRules& rules, std::vector<TrackScript> scripts) {
  rules_ = rules;
  asking_.clear();
  std::map<Key, Script> before = std::exchange(scripts_, {});
  for (TrackScript& script : scripts) adopt(std::move(script), before);
  for (const auto& [key, script] : before) {
    if (script.child) children_.terminate(*script.child);
    for (const Timer timer : {Timer::regular, Timer::wake_up, Timer::no_turn, Timer::doubt}) {
      timers_.set({key, timer}, std::nullopt);
    }
  }
  std::erase_if(due_, [&](Key key) { return !scripts_.contains(key); });
  std::set<ProcessQuery> queries;
  for (const auto& [query, keys] : asking_) queries.insert(query);
  watch_.set_queries(queries);
  tell_known_verdicts();
  start_due();
}

// The script that ran the same command before goes on, one of the same name first; else a new one begins.
void TrackScripts::adopt(TrackScript settings, std::map<Key, Script>& before) {
  settings.interval = std::max(settings.interval, limits::shortest_interval);
  const auto same_command = [&](const auto& entry) { return entry.second.settings.command == settings.command; };
  auto old = std::ranges::find_if(
      before, [&](const auto& entry) { return entry.second.settings.name == settings.name && same_command(entry); });
  if (old == before.end()) old = std::ranges::find_if(before, same_command);

  const bool is_old = old != before.end();
  const Key key = is_old ? old->first : ++last_key_;
  if (is_old) {
    scripts_.insert(before.extract(old));
  } else {
    scripts_.emplace(key, Script(settings));
  }
  Script& script = scripts_.at(key);
  script.key = key;
  const bool keeps_its_time = is_old && script.settings.interval == settings.interval;
  script.settings = std::move(settings);
  script.verdict.set_thresholds(script.settings.rise, script.settings.fall);
  script.query = script.settings.wake_up ? process_query(script.settings.command.argv) : std::nullopt;
  if (script.query) asking_[*script.query].push_back(key);
  if (keeps_its_time) return;
  script.next_run = {};
  run_when_possible(key, script);
}

void TrackScripts::tell_known_verdicts() {
  for (const auto& [key, script] : scripts_) {
    if (script.verdict.is_up()) tell(script, ScriptResult::News::known);
  }
}

void TrackScripts::stop() {
  set(rules_, {});
}

std::optional<Instant> TrackScripts::next_timeout() const {
  if (can_start()) return Instant{};
  const auto script = timers_.next();
  const auto search = watch_.next_timeout();
  return script && search ? std::min(script, search) : std::max(script, search);
}

void TrackScripts::on_timeout(Instant now) {
  while (const auto due = timers_.pop_due(now)) on_timer(due->first, due->second, now);
  watch_.on_timeout(now);
  start_due();
}

void TrackScripts::on_timer(Key key, Timer timer, Instant now) {
  Script& script = scripts_.at(key);
  switch (timer) {
    case Timer::regular: return on_time(key, script, now);
    case Timer::wake_up: return run_at_once(key, script, now);
    case Timer::no_turn: return on_no_turn(key, script, now);
    case Timer::doubt: return conclude_doubtful(script);
  }
}

void TrackScripts::on_time(Key key, Script& script, Instant now) {
  script.next_run += script.settings.interval;
  if (script.next_run <= now) script.next_run = now + script.settings.interval;
  timers_.set({key, Timer::regular}, script.next_run);
  script.has_wavered = false;
  script.wake_up_gap = limits::wake_up_gap;
  if (!script.child) {
    script.reason.clear();
    return run_when_possible(key, script);
  }
  // Still running. One that not even SIGKILL has ended has failed once more.
  ++counters_.script_runs_skipped;
  if (!script.is_overdue || slots_.contains(key)) return;
  outlets_.ran(script.settings, RunResult::could_not_run, std::nullopt);
  conclude(script, {RunEnd::Kind::timed_out, 0}, {});
}

// A check that is not made because others hang is not a check that succeeds. Where others come to their end there is
// only too much to do: that says nothing of what is checked, and its turn comes.
void TrackScripts::on_no_turn(Key key, Script& script, Instant now) {
  const bool others_end = last_end_ > script.waits_since;
  const bool is_sure = std::exchange(script.waits_in_vain, !others_end);
  const bool is_second = is_sure && !others_end;
  timers_.set({key, Timer::no_turn},
              now + (others_end || is_second ? script.settings.interval : Duration(limits::second_look)));
  if (others_end) {
    script.waits_since = now;
    ++counters_.script_runs_skipped;
  }
  if (!is_second) return;
  script.reason.clear();
  outlets_.ran(script.settings, RunResult::could_not_run, std::nullopt);
  conclude(script, {RunEnd::Kind::could_not_run, EAGAIN},
           fmt::format("no slot free, {} scripts hang", limits::running_scripts));
}

void TrackScripts::on_process_news(const ProcessQuery& query, const ProcessWatch::News& news) {
  const auto found = asking_.find(query);
  if (found == asking_.end()) return;
  for (const Key key : found->second) wake_up(key, scripts_.at(key), news, loop::now());
  start_due();
}

// At once, but not more often than the gap says, which doubles with every run until the next regular one: processes
// that come and go all the time must not turn a check into a load. When the last one ends there is no waiting.
void TrackScripts::wake_up(Key key, Script& script, const ProcessWatch::News& news, Instant now) {
  if (script.child) {
    const bool was_last = script.next_news && script.next_news->is_last;
    script.next_news = {.text = news.text, .is_last = news.is_last || was_last};
    return;
  }
  if (script.is_due) return;
  script.reason = news.text;
  const Instant allowed = script.last_wake_up + script.wake_up_gap;
  if (!news.is_last && allowed > now) {
    timers_.set({key, Timer::wake_up}, allowed);
  } else {
    run_at_once(key, script, now);
  }
}

void TrackScripts::run_at_once(Key key, Script& script, Instant now) {
  script.last_wake_up = now;
  script.wake_up_gap = std::min(script.wake_up_gap * 2, script.settings.interval);
  ++counters_.wake_ups;
  run_when_possible(key, script);
}

void TrackScripts::run_when_possible(Key key, Script& script) {
  if (script.is_due || script.child) return;
  script.is_due = true;
  script.waits_since = loop::now();
  script.waits_in_vain = false;
  due_.push_back(key);
  timers_.set({key, Timer::no_turn}, script.waits_since + script.settings.time_limit());
}

bool TrackScripts::can_start() const {
  return slots_.size() < limits::running_scripts && !due_.empty();
}

void TrackScripts::start_due() {
  for (std::size_t started = 0; started < limits::starts_per_turn && can_start(); ++started) {
    const Key key = due_.front();
    due_.pop_front();
    start(key, scripts_.at(key));
  }
}

void TrackScripts::start(Key key, Script& script) {
  script.is_due = false;
  script.is_overdue = false;
  script.next_news.reset();
  for (const Timer timer : {Timer::wake_up, Timer::no_turn}) timers_.set({key, timer}, std::nullopt);
  if (script.next_run == Instant{}) {  // the first one
    script.next_run = loop::now() + script.settings.interval;
    timers_.set({key, Timer::regular}, script.next_run);
  }
  ++counters_.script_runs;
  const auto program = resolve(script.settings.command, rules_, search_path_, users_);
  const auto is_impossible = [&](int code, const std::string& why) {
    outlets_.ran(script.settings, RunResult::could_not_run, std::nullopt);
    conclude(script, {RunEnd::Kind::could_not_run, code}, why);
  };
  if (!program) return is_impossible(program.error().code, program.error().text);
  if (std::exchange(script.last_warning, program->warning) != program->warning && !program->warning.empty()) {
    outlets_.event({Level::warning, fmt::format("script {}: {}", script.settings.name, program->warning)});
  }
  const auto child =
      children_.start(*program, script.settings.time_limit(),
                      {.on_end = [this, key](const ChildEnd& end, Duration took) { on_end(key, end, took); },
                       .on_deadline = [this, key] { on_deadline(key); },
                       .on_killed = [this, key] { on_killed(key); }});
  if (!child) return is_impossible(child.error().code, to_string(child.error()));
  script.child = *child;
  slots_.insert(key);
}

void TrackScripts::on_end(Key key, const ChildEnd& end, Duration took) {
  slots_.erase(key);
  last_end_ = loop::now();
  if (const auto found = scripts_.find(key); found != scripts_.end()) {
    Script& script = found->second;
    script.child.reset();
    conclude_doubtful(script);
    if (!script.is_overdue) {
      const bool has_run = end.end.kind != RunEnd::Kind::could_not_run;
      outlets_.ran(script.settings, result_of(end.end), has_run ? std::optional(took) : std::nullopt);
    }
    if (end.end == RunEnd{RunEnd::Kind::signalled, SIGTERM} && !script.is_overdue) {
      script.doubtful_end = end.end;
      timers_.set({key, Timer::doubt}, loop::now() + limits::doubt);
    } else if (!script.is_overdue) {
      conclude(script, end.end, end.report);
    }
    if (const auto news = std::exchange(script.next_news, std::nullopt)) wake_up(key, script, *news, loop::now());
  }
  start_due();
}

void TrackScripts::on_deadline(Key key) {
  const auto found = scripts_.find(key);
  if (found == scripts_.end()) return;
  Script& script = found->second;
  ++counters_.script_timeouts;
  script.is_overdue = true;
  outlets_.ran(script.settings, RunResult::timeout, script.settings.time_limit());
  conclude(script, {RunEnd::Kind::timed_out, 0}, {});
}

void TrackScripts::conclude_doubtful(Script& script) {
  if (const auto end = std::exchange(script.doubtful_end, std::nullopt)) conclude(script, *end, {});
}

// It is not started again while it hangs, but others get their turn.
void TrackScripts::on_killed(Key key) {
  slots_.erase(key);
  start_due();
}

void TrackScripts::conclude(Script& script, const RunEnd& end, const std::string& report) {
  const bool is_weight = script.settings.codes_are_weights && end.kind == RunEnd::Kind::exited && end.code > 1;
  const bool is_excused = rules_.fail_open && end.kind == RunEnd::Kind::could_not_run && !is_lack(end);
  const bool success = end.is_success() || is_weight || is_excused;
  const std::optional<bool> before = script.verdict.is_up();
  const bool has_other_end = script.last_end != end;
  script.last_end = end;
  script.last_text = describe(end, report);
  if (!script.reason.empty()) script.last_text += fmt::format(" (run at once: {})", script.reason);

  // rise and fall count regular runs: those in between count once, however many processes ended one after the other.
  const bool counts = script.reason.empty() || before == success || !script.has_wavered;
  script.has_wavered |= before != success;
  if (counts && script.verdict.on_result(success)) {
    script.has_wavered = false;
    tell(script, before ? ScriptResult::News::changed : ScriptResult::News::first);
  } else if (has_other_end) {
    tell(script, ScriptResult::News::detail);
  }
  if (!success && script.verdict.is_up() == true && script.settings.retry_interval > Duration::zero()) {
    script.next_run = loop::now() + script.settings.retry_interval;
    timers_.set({script.key, Timer::regular}, script.next_run);
  }
  if (script.query) watch_.checked(*script.query, script.verdict.is_up() == false);
}

void TrackScripts::tell(const Script& script, ScriptResult::News news) {
  const RunEnd end = script.last_end.value_or(RunEnd{RunEnd::Kind::not_run, 0});
  outlets_.result({.id = script.settings.id,
                   .is_up = script.verdict.is_up().value(),
                   .news = news,
                   .end = end,
                   .text = script.last_end ? script.last_text : describe(end, {})});
}

}  // namespace baton::process
