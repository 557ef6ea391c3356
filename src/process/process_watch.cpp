#include "process/process_watch.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

namespace baton::process {

namespace {

struct CloseDirectory {
  void operator()(DIR* directory) const { (void)closedir(directory); }
};

std::optional<pid_t> pid_of(std::string_view name) {
  pid_t pid = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
  if (error != std::errc() || end != name.data() + name.size()) return std::nullopt;
  return pid;
}

// The kernel's short name of a process, proc(5); nullopt: it is gone.
std::optional<std::string> comm_of(pid_t pid) {
  const UniqueFd file(open(fmt::format("/proc/{}/comm", pid).c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return std::nullopt;
  std::array<char, 64> text{};
  const ssize_t size = read(file.get(), text.data(), text.size());
  if (size <= 0) return std::nullopt;
  std::string_view comm(text.data(), static_cast<std::size_t>(size));
  if (comm.ends_with('\n')) comm.remove_suffix(1);
  return std::string(comm);
}

// The parent has not yet asked how it ended.
bool is_still_there(int pidfd) {
  return syscall(SYS_pidfd_send_signal, pidfd, 0, nullptr, 0) == 0 || errno != ESRCH;
}

}  // namespace

void ProcessWatch::set_queries(const std::set<ProcessQuery>& queries) {
  std::erase_if(watched_, [&](const auto& entry) { return !queries.contains(entry.first); });
  for (const ProcessQuery& query : queries) watched_.try_emplace(query);
  if (!watched_.empty()) want_search(loop::now());
}

void ProcessWatch::checked(const ProcessQuery& query, bool is_down) {
  const auto found = watched_.find(query);
  if (found == watched_.end()) return;
  found->second.is_down = is_down;
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
  next_search_.reset();
  const std::unique_ptr<DIR, CloseDirectory> directory(opendir("/proc"));
  std::set<std::pair<ProcessQuery, pid_t>> seen;
  while (const dirent* entry = directory ? readdir(directory.get()) : nullptr) {
    if (const auto pid = pid_of(entry->d_name)) search_process(*pid, seen);
  }
  bool keep_looking = false;
  for (auto& [query, watched] : watched_) {
    std::erase_if(watched.processes, [&](const auto& process) { return !seen.contains({query, process.first}); });
    watched.was_searched = true;
    keep_looking |= watched.is_down;
  }
  const Duration cost = loop::now() - now;
  earliest_search_ = now + std::max(limits::search_interval, cost * limits::search_share);
  if (keep_looking) want_search(now);
}

void ProcessWatch::search_process(pid_t pid, std::set<std::pair<ProcessQuery, pid_t>>& seen) {
  const auto comm = comm_of(pid);
  if (!comm) return;
  for (auto& [query, watched] : watched_) {
    if (!query.matches(*comm) || is_ours_(getpgid(pid))) continue;
    seen.emplace(query, pid);
    const auto known = watched.processes.find(pid);
    if (known != watched.processes.end() && is_still_there(known->second.pidfd.get())) continue;
    if (known != watched.processes.end()) watched.processes.erase(known);  // the number is another process's now
    add_process(query, watched, pid, *comm);
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
  if (watched.was_searched && watched.is_down) on_news_(query, news);
}

void ProcessWatch::on_ended(const ProcessQuery& query, pid_t pid) {
  const auto found = watched_.find(query);
  if (found == watched_.end()) return;
  const auto entry = found->second.processes.find(pid);
  if (entry == found->second.processes.end()) return;
  Process& process = entry->second;
  process.watch.reset();  // it would stay readable
  process.next_look = loop::now() + process.look_interval;
  const bool is_last = std::ranges::all_of(found->second.processes,
                                           [](const auto& other) { return other.second.next_look.has_value(); });
  on_news_(found->first, {.text = fmt::format("{}[{}] ended", process.comm, pid), .is_last = is_last});
}

void ProcessWatch::look_at_zombies(Instant now) {
  std::vector<std::pair<ProcessQuery, News>> all_news;
  for (auto& [query, watched] : watched_) {
    for (auto it = watched.processes.begin(); it != watched.processes.end();) {
      Process& process = it->second;
      if (!process.next_look || *process.next_look > now) {
        ++it;
      } else if (is_still_there(process.pidfd.get())) {
        process.look_interval = std::min(process.look_interval * 2, limits::last_zombie_look);
        process.next_look = now + process.look_interval;
        ++it;
      } else {
        std::string text = fmt::format("{}[{}] ended", process.comm, it->first);
        it = watched.processes.erase(it);
        all_news.emplace_back(query, News{.text = std::move(text), .is_last = watched.processes.empty()});
      }
    }
  }
  for (const auto& [query, news] : all_news) on_news_(query, news);
}

}  // namespace baton::process
