#include "process/process_watch.h"

#include <fmt/format.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "process/proc_files.h"

namespace baton::process {

void ProcessWatch::set_queries(const std::set<ProcessQuery>& queries) {
  std::erase_if(watched_, [&](const auto& entry) { return !queries.contains(entry.first); });
  for (const ProcessQuery& query : queries) watched_.try_emplace(query);
  if (!watched_.empty()) want_search(loop::now());
}

void ProcessWatch::checked(const ProcessQuery& query, bool is_down) {
  const auto found = watched_.find(query);
  if (found == watched_.end()) return;
  Watched& watched = found->second;
  watched.expects_a_process = !is_down && (watched.expects_a_process || watched.is_down != false);
  watched.is_down = is_down;
  want_search(loop::now());
}

std::optional<Instant> ProcessWatch::next_timeout() const {
  std::optional<Instant> next = next_search_;
  for (const auto& [query, watched] : watched_) {
    for (const auto& [pid, process] : watched.processes) {
      if (process.next_look && (!next || *process.next_look < *next)) next = process.next_look;
    }
  }
  return next;
}

void ProcessWatch::on_timeout(Instant now) {
  look_at_zombies(now);
  if (next_search_ && *next_search_ <= now) search(now);
}

void ProcessWatch::want_search(Instant when) {
  when = std::max(when, earliest_search_);
  if (!next_search_ || when < *next_search_) next_search_ = when;
}

// One pass over /proc for all queries.
void ProcessWatch::search(Instant now) {
  const Duration used_before = processor_time();
  next_search_.reset();
  std::set<std::pair<ProcessQuery, pid_t>> seen;
  for_each_process([&](pid_t pid) { search_process(pid, seen); });
  forget_gone_processes(
      [&seen](const ProcessQuery& query, pid_t pid, const Process&) { return !seen.contains({query, pid}); });
  bool keep_looking = false;
  for (auto& [query, watched] : watched_) {
    watched.was_searched = true;
    keep_looking |= watched.is_down == true;
    if (std::exchange(watched.expects_a_process, false) && watched.processes.empty()) {
      on_news_(query, {.text = "no such process any more", .is_last = true});
    }
  }
  earliest_search_ = now + (processor_time() - used_before) * limits::search_share;
  if (keep_looking) want_search(now + limits::search_interval);
}

void ProcessWatch::search_process(pid_t pid, std::set<std::pair<ProcessQuery, pid_t>>& seen) {
  const auto status = status_of(pid);
  if (!status) return;
  for (auto& [query, watched] : watched_) {
    if (!query.matches(status->comm) || is_ours_(getpgid(pid))) continue;
    const auto known = watched.processes.find(pid);
    const bool is_known = known != watched.processes.end();
    // The number may be another process's by now: then ours is gone, and the next pass finds the other one.
    if (is_known && !is_still_there(known->second.pidfd.get())) continue;
    seen.emplace(query, pid);
    if (!is_known) add_process(query, watched, pid, status->comm);
  }
}

void ProcessWatch::add_process(const ProcessQuery& query, Watched& watched, pid_t pid, std::string comm) {
  if (watched.processes.size() >= limits::watched_processes) return;
  UniqueFd pidfd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (!pidfd) return;  // it has just gone, or we hold too many descriptors: the regular runs will see
  const int fd = pidfd.get();
  const News news{.text = fmt::format("{}[{}] appeared", comm, pid), .is_last = false};
  watched.processes.emplace(
      pid, Process{.comm = std::move(comm),
                   .pidfd = std::move(pidfd),
                   .watch = loop_.watch(fd, loop::Ready::readable, [this, query, pid] { on_ended(query, pid); }),
                   .next_look = {}});
  if (watched.was_searched && watched.is_down == true) on_news_(query, news);
}

// Not told yet: in a moment its parent will have asked how it ended, and the check need not run twice.
void ProcessWatch::on_ended(const ProcessQuery& query, pid_t pid) {
  const auto found = watched_.find(query);
  if (found == watched_.end()) return;
  const auto entry = found->second.processes.find(pid);
  if (entry == found->second.processes.end()) return;
  Process& process = entry->second;
  process.next_look = loop::now() + process.look_interval;
  process.watch.reset();  // it would stay readable
}

void ProcessWatch::look_at_zombies(Instant now) {
  std::vector<std::pair<ProcessQuery, News>> zombies;
  forget_gone_processes([&](const ProcessQuery& query, pid_t pid, Process& process) {
    if (!process.next_look || *process.next_look > now) return false;
    if (!is_still_there(process.pidfd.get())) return true;
    process.look_interval = std::min(process.look_interval * 2, limits::last_zombie_look);
    process.next_look = now + process.look_interval;
    if (std::exchange(process.is_told, true)) return false;
    const bool is_last = std::ranges::all_of(watched_.at(query).processes,
                                             [](const auto& other) { return other.second.next_look.has_value(); });
    zombies.emplace_back(query, News{fmt::format("{}[{}] ended", process.comm, pid), is_last});
    return false;
  });
  for (const auto& [query, news] : zombies) on_news_(query, news);
}

void ProcessWatch::forget_gone_processes(const IsGone& is_gone) {
  std::vector<std::pair<ProcessQuery, News>> all_news;
  for (auto& [query, watched] : watched_) {
    for (auto it = watched.processes.begin(); it != watched.processes.end();) {
      auto& [pid, process] = *it;
      if (!is_gone(query, pid, process)) {
        ++it;
        continue;
      }
      News news{.text = fmt::format("{}[{}] ended", process.comm, pid), .is_last = watched.processes.size() == 1};
      all_news.emplace_back(query, std::move(news));
      it = watched.processes.erase(it);
    }
  }
  for (const auto& [query, news] : all_news) on_news_(query, news);
}

}  // namespace baton::process
