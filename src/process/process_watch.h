// Says when processes that checks ask about end or appear. An end is seen at once, through a pidfd; a process that
// appears is found by looking through /proc: after each run of a check, and every 100 ms while a check is down. One
// that came and went between two looks is news as well.
//
// The price of looking is bounded: one pass serves all queries, and passes take at most a fiftieth of the time.
#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/time.h"
#include "base/unique_fd.h"
#include "loop/loop.h"
#include "process/process_query.h"

namespace baton::process {

namespace limits {

inline constexpr std::size_t watched_processes =
    1'024;  // of one query; those beyond are seen by the regular runs alone
inline constexpr Duration search_interval = std::chrono::milliseconds(100);
inline constexpr int search_share = 50;  // one part in so many of the time goes into looking through /proc
inline constexpr Duration first_zombie_look = std::chrono::milliseconds(1);  // then twice as long each time
inline constexpr Duration last_zombie_look = std::chrono::seconds(1);

}  // namespace limits

class ProcessWatch {
 public:
  struct News {
    std::string text;      // "nginx[123] ended"
    bool is_last = false;  // no process that we know of is left
  };
  using OnNews = std::function<void(const ProcessQuery& query, const News& news)>;
  // A process of ours, which no query means: true for a process group of our children.
  using IsOurs = std::function<bool(pid_t group)>;

  ProcessWatch(loop::Loop& loop, OnNews on_news, IsOurs is_ours)
      : loop_(loop), on_news_(std::move(on_news)), is_ours_(std::move(is_ours)) {}

  // Replaces the set; what is known about a query that stays is kept.
  void set_queries(const std::set<ProcessQuery>& queries);
  // A check of this query has just run: look which processes there are now. While `is_down`, keep looking.
  void checked(const ProcessQuery& query, bool is_down);

  std::optional<Instant> next_timeout() const;
  void on_timeout(Instant now);

 private:
  // A process that has ended stays as a zombie until its parent asks, and `killall -0` still finds it: when that takes
  // long, its end is told twice, now and when it is gone.
  struct Process {
    std::string comm;
    UniqueFd pidfd;
    loop::Subscription watch;
    std::optional<Instant> next_look;  // it is a zombie
    Duration look_interval = limits::first_zombie_look;
    bool is_told = false;
  };
  struct Watched {
    std::map<pid_t, Process> processes;
    std::optional<bool> is_down;     // what the check said last
    bool was_searched = false;       // the first search tells no news
    bool expects_a_process = false;  // the check has come up since the last search: there should be one
  };

  void search(Instant now);
  void search_process(pid_t pid, std::set<std::pair<ProcessQuery, pid_t>>& seen);
  using IsGone = std::function<bool(const ProcessQuery& query, pid_t pid, Process& process)>;
  void forget_gone_processes(const IsGone& is_gone);  // and tells of each
  void add_process(const ProcessQuery& query, Watched& watched, pid_t pid, std::string comm);
  void on_ended(const ProcessQuery& query, pid_t pid);
  void look_at_zombies(Instant now);
  void want_search(Instant when);

  loop::Loop& loop_;
  OnNews on_news_;
  IsOurs is_ours_;
  std::map<ProcessQuery, Watched> watched_;
  std::optional<Instant> next_search_;
  Instant earliest_search_;  // by the share of time that is allowed
};

}  // namespace baton::process
