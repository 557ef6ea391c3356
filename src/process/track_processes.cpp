#include "process/track_processes.h"

#include <fmt/format.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "process/proc_files.h"

namespace baton::process {

namespace {

constexpr std::size_t comm_size = 15;  // TASK_COMM_LEN less its NUL, proc(5)
constexpr std::uint32_t unlimited = std::numeric_limits<std::uint32_t>::max();

QuorumRules rules_of(const TrackedProcess& process) {
  return {.least = process.quorum,
          .most = process.quorum_max,
          .fork_delay = process.fork_delay,
          .terminate_delay = process.terminate_delay};
}

std::string describe(std::uint32_t count, const TrackedProcess& wanted) {
  const std::uint32_t least = std::min(wanted.quorum, wanted.quorum_max);
  if (wanted.quorum_max == unlimited) return fmt::format("{} running, at least {} wanted", count, least);
  return fmt::format("{} running, {} to {} wanted", count, least, wanted.quorum_max);
}

bool is_same(const TrackedProcess& one, TrackedProcess other) {
  other.id = one.id;
  return one == other;
}

}  // namespace

bool matches(const TrackedProcess& wanted, std::string_view comm, std::span<const std::string> argv) {
  if (!wanted.full_command) return comm == std::string_view(wanted.process).substr(0, comm_size);
  if (argv.empty() || argv.front() != wanted.process) return false;
  const auto given = argv.subspan(1);
  const std::vector<std::string>& expected = wanted.arguments;
  switch (wanted.match) {
    case TrackedProcess::Match::ignore: return true;
    case TrackedProcess::Match::none: return given.empty();
    case TrackedProcess::Match::exact: return std::ranges::equal(given, expected);
    case TrackedProcess::Match::partial:
      return given.size() >= expected.size() && std::ranges::equal(given.first(expected.size()), expected);
    case TrackedProcess::Match::initial:
      if (expected.empty()) return true;
      return given.size() >= expected.size() &&
             std::ranges::equal(given.first(expected.size() - 1), std::span(expected).first(expected.size() - 1)) &&
             given[expected.size() - 1].starts_with(expected.back());
  }
  std::unreachable();
}

void TrackProcesses::set(std::vector<TrackedProcess> processes) {
  const std::vector<Tracked> before = std::exchange(tracked_, {});
  processes_.clear();
  next_search_.reset();
  needs_command_lines_ = std::ranges::any_of(processes, &TrackedProcess::full_command);
  for (TrackedProcess& process : processes) {
    const auto old = std::ranges::find_if(before, [&](const Tracked& it) { return is_same(process, it.settings); });
    Tracked tracked{.settings = std::move(process), .quorum = ProcessQuorum({})};
    tracked.quorum = old == before.end() ? ProcessQuorum(rules_of(tracked.settings)) : old->quorum;
    tracked.was_told = old != before.end();
    tracked_.push_back(std::move(tracked));
  }
  if (!tracked_.empty()) search(loop::now());
}

std::optional<Instant> TrackProcesses::next_timeout() const {
  std::optional<Instant> next = next_search_;
  for (const Tracked& tracked : tracked_) {
    const auto change = tracked.quorum.next_timeout();
    if (change && (!next || *change < *next)) next = change;
  }
  return next;
}

void TrackProcesses::on_timeout(Instant now) {
  if (next_search_ && *next_search_ <= now) search(now);
  for (Tracked& tracked : tracked_) {
    if (tracked.quorum.on_timeout(now)) tell(tracked);
  }
}

void TrackProcesses::search(Instant now) {
  const Duration used_before = processor_time();
  std::set<pid_t> seen;
  for_each_process([&](pid_t pid) { look_at(pid, seen); });
  std::erase_if(processes_, [&](const auto& entry) { return !seen.contains(entry.first); });
  count(now);
  const Duration pause = (processor_time() - used_before) * limits::search_share;
  next_search_ = now + std::max<Duration>(limits::search_interval, pause);
}

// One that has ended does not count, even while its parent has not asked how.
void TrackProcesses::look_at(pid_t pid, std::set<pid_t>& seen) {
  const auto status = status_of(pid);
  if (!status || status->state == 'Z' || status->state == 'X') return;
  std::vector<std::string> argv;
  if (needs_command_lines_) argv = command_line_of(pid);
  std::set<std::size_t> meant_by;
  for (std::size_t index = 0; index < tracked_.size(); ++index) {
    if (matches(tracked_[index].settings, status->comm, argv)) meant_by.insert(index);
  }
  if (meant_by.empty()) return;
  seen.insert(pid);
  const auto known = processes_.find(pid);
  // The number may be another process's by now.
  const bool is_known =
      known != processes_.end() && (!known->second.pidfd || is_still_there(known->second.pidfd.get()));
  if (is_known) {
    known->second.meant_by = std::move(meant_by);
  } else {
    watch(pid, std::move(meant_by));
  }
}

void TrackProcesses::watch(pid_t pid, std::set<std::size_t> meant_by) {
  Process process{.pidfd = {}, .watch = {}, .meant_by = std::move(meant_by)};
  if (processes_.size() < limits::watched_processes) {
    process.pidfd.reset(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  }
  if (process.pidfd) {
    process.watch = loop_.watch(process.pidfd.get(), loop::Ready::readable, [this, pid] {
      processes_.erase(pid);
      count(loop::now());
    });
  }
  processes_.insert_or_assign(pid, std::move(process));
}

void TrackProcesses::count(Instant now) {
  std::vector<std::uint32_t> counts(tracked_.size());
  for (const auto& [pid, process] : processes_) {
    for (const std::size_t index : process.meant_by) ++counts[index];
  }
  for (std::size_t index = 0; index < tracked_.size(); ++index) {
    Tracked& tracked = tracked_[index];
    const bool has_changed = tracked.quorum.on_count(counts[index], now);
    if (has_changed || !tracked.is_told) tell(tracked);
  }
}

void TrackProcesses::tell(Tracked& tracked) {
  const auto news = tracked.is_told    ? ScriptResult::News::changed
                    : tracked.was_told ? ScriptResult::News::known
                                       : ScriptResult::News::first;
  tracked.is_told = true;
  on_result_({.id = tracked.settings.id,
              .is_up = tracked.quorum.is_up().value(),
              .news = news,
              .text = describe(tracked.quorum.count(), tracked.settings)});
}

}  // namespace baton::process
