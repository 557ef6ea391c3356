#include "process/children.h"

#include <csignal>
#include <utility>

#include "base/result.h"

namespace baton::process {

SysResult<Children::Id> Children::start(const Program& program, std::optional<Duration> deadline, Handlers handlers) {
  return adopt(TRY(process::start(program)), deadline, std::move(handlers));
}

SysResult<Children::Id> Children::start(const Credentials& credentials, const ChildFunction& function,
                                        std::optional<Duration> deadline, Handlers handlers) {
  return adopt(TRY(process::start(credentials, function)), deadline, std::move(handlers));
}

SysResult<Children::Id> Children::start_look_up(const AccountName& account, Duration deadline, Handlers handlers) {
  return adopt(TRY(process::start_look_up(account)), deadline, std::move(handlers));
}

Children::Id Children::adopt(Child child, std::optional<Duration> deadline, Handlers handlers) {
  const Id id = ++last_id_;
  const Instant now = loop::now();
  const int fd = child.pidfd.get();
  by_pid_.emplace(child.pid, id);
  running_.emplace(id, Running{.child = std::move(child),
                               .handlers = std::move(handlers),
                               .started = now,
                               .phase = Phase::running,
                               .watch = loop_.watch(fd, loop::Ready::readable, [this, id] { collect(id); })});
  if (deadline) deadlines_.set(id, now + *deadline);
  return id;
}

void Children::collect(Id id) {
  const auto found = running_.find(id);
  if (found == running_.end()) return;
  // Whoever of the group did not obey as its leader did. Before the leader is reaped: then its number may be another's.
  if (found->second.phase != Phase::running) signal_group(found->second.child, SIGKILL);
  const auto end = reap(found->second.child);
  if (!end) return;
  const Running ended = std::move(found->second);
  running_.erase(found);
  by_pid_.erase(ended.child.pid);
  deadlines_.set(id, std::nullopt);
  if (end->learned && users_ != nullptr) users_->remember(ended.child.account, *end->learned);
  ended.handlers.on_end(*end, loop::now() - ended.started);
}

void Children::on_timeout(Instant now) {
  while (const auto id = deadlines_.pop_due(now)) {
    if (running_.at(*id).phase == Phase::running) collect(*id);  // it may have ended in time while we were away
    const auto found = running_.find(*id);
    if (found == running_.end()) continue;
    Running& running = found->second;
    if (running.phase == Phase::running) {
      send_term(*id, running);
      running.handlers.on_deadline();
    } else {
      const bool is_first = std::exchange(running.phase, Phase::killed) != Phase::killed;
      signal_group(running.child, SIGKILL);
      deadlines_.set(*id, now + limits::kill_interval);
      if (is_first) running.handlers.on_killed();
    }
  }
}

void Children::terminate(Id id) {
  const auto found = running_.find(id);
  if (found != running_.end() && found->second.phase == Phase::running) send_term(id, found->second);
}

void Children::send_term(Id id, Running& running) {
  running.phase = Phase::terminated;
  signal_group(running.child, SIGTERM);
  deadlines_.set(id, loop::now() + limits::time_to_obey);
}

void Children::kill_all() {
  for (const auto& [id, running] : running_) signal_group(running.child, SIGKILL);
}

}  // namespace baton::process
