// The children that run now: each with a deadline, after which its process group gets SIGTERM and two seconds later, or
// when its leader has ended, SIGKILL; and a word to its owner when it has ended.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <unordered_map>

#include "base/sys_error.h"
#include "base/time.h"
#include "base/timer_queue.h"
#include "loop/loop.h"
#include "process/child.h"
#include "process/program.h"

namespace baton::process {

namespace limits {

inline constexpr Duration time_to_obey = std::chrono::seconds(2);  // from SIGTERM to SIGKILL
inline constexpr Duration kill_interval =
    std::chrono::seconds(10);  // one that SIGKILL does not end hangs in the kernel

}  // namespace limits

class Children {
 public:
  using Id = std::uint64_t;
  struct Handlers {
    std::function<void(const ChildEnd& end, Duration took)> on_end;
    std::function<void()> on_deadline = [] {};  // the deadline has passed; on_end follows
    std::function<void()> on_killed = [] {};    // SIGKILL was sent; on_end follows, but may take for ever (disk, NFS)
  };

  // `users` learns whom children have looked up.
  explicit Children(loop::Loop& loop, Users* users = nullptr) : loop_(loop), users_(users) {}

  // How many run at once is for the owners to bound.
  SysResult<Id> start(const Program& program, std::optional<Duration> deadline, Handlers handlers);
  SysResult<Id> start_look_up(const AccountName& account, Duration deadline, Handlers handlers);
  SysResult<Id> start(const Credentials& credentials, const ChildFunction& function, std::optional<Duration> deadline,
                      Handlers handlers);

  // Ends it before its deadline; on_end follows, on_deadline does not.
  void terminate(Id id);
  void kill_all();

  std::size_t running() const { return running_.size(); }
  // The process group is that of one of our children.
  bool owns_group(pid_t group) const { return by_pid_.contains(group); }

  std::optional<Instant> next_timeout() const { return deadlines_.next(); }
  void on_timeout(Instant now);

 private:
  enum class Phase { running, terminated, killed };
  struct Running {
    Child child;
    Handlers handlers;
    Instant started;
    Phase phase = Phase::running;
    loop::Subscription watch;
  };

  Id adopt(Child child, std::optional<Duration> deadline, Handlers handlers);
  void collect(Id id);  // if it has ended
  void send_term(Id id, Running& running);

  loop::Loop& loop_;
  Users* users_;
  Id last_id_ = 0;
  std::unordered_map<Id, Running> running_;
  std::unordered_map<pid_t, Id> by_pid_;
  TimerQueue<Id> deadlines_;
};

}  // namespace baton::process
