#include "sim/runner.h"

#include <fmt/format.h>

#include <algorithm>

namespace baton::sim {
namespace {

using namespace std::chrono_literals;

// RunnerOptions::notify_patience, and Notifications' bounds.
constexpr Duration patience = 60s;
constexpr std::size_t running_at_once = 128;
// One that hangs does so until somebody ends it.
constexpr Duration forever = std::chrono::hours(24 * 365);

}  // namespace

Runner::Runner(const TrackScript& script, std::size_t routers, Instant now)
    : script_(script),
      verdict_(script.rise, script.fall, process::InitialVerdict::unknown),
      started_(routers),
      next_run_(now) {}

void Runner::end_hanging(Instant now) {
  set_hanging(false, false);
  if (run_ends_) run_ends_ = std::min(*run_ends_, now);
  for (Running& each : running_) each.ends_at = std::min(each.ends_at, now);
}

void Runner::notify(vrrp::RouterId router, std::uint64_t number, Instant now, Random& random) {
  const auto dropped = queue_.push({.key = key_of(router), .number = number});
  if (dropped) ++started_[router].dropped;
  if (queue_.waiting() > process::limits::notifications_per_key * started_.size()) problem_ = "too many scripts wait";
  start_waiting(now, random);
}

void Runner::on_timeout(Instant now, Random& random) {
  if (run_ends_ && *run_ends_ <= now) {
    run_ends_.reset();
    (void)verdict_.on_result(run_succeeds_);  // the world asks for the verdict
  }
  if (next_run_ <= now) run_script(now, random);
  for (Running& each : running_) {
    if (each.is_lingering || std::min(each.ends_at, each.patience_at) > now) continue;
    each.is_lingering = true;  // ended, or nobody waits for it any more
    queue_.finished(each.script.key);
  }
  std::erase_if(running_, [&](const Running& each) {
    if (each.ends_at > now) return false;
    ended_.push_back(each.script);
    return true;
  });
  start_waiting(now, random);
}

// One that is still running when the next run is due has that one skipped.
void Runner::run_script(Instant now, Random& random) {
  next_run_ += script_.interval;
  if (run_ends_) return;
  run_succeeds_ = service_up_ && !track_hangs_;
  run_ends_ = now + (track_hangs_ ? script_.interval - 1ms : random.between(1ms, 20ms));
}

void Runner::start_waiting(Instant now, Random& random) {
  while (running_.size() < running_at_once) {
    const auto next = queue_.take();
    if (!next) return;
    note_start(static_cast<vrrp::RouterId>(std::stoul(next->key)), next->number);
    running_.push_back({.script = {.key = next->key, .number = next->number},
                        .ends_at = now + (notify_hangs_ ? forever : random.between(1ms, 30ms)),
                        .patience_at = now + patience});
  }
}

void Runner::note_start(vrrp::RouterId router, std::uint64_t number) {
  Started& started = started_[router];
  if (started.last) {
    const std::uint64_t expected = *started.last + 1;
    if (number < expected || number > expected + started.dropped) {
      problem_ =
          fmt::format("router {}: the script for transition {} follows that for {}", router, number, *started.last);
    }
  }
  started = {.last = number, .dropped = 0};
}

std::optional<Instant> Runner::next_timeout() const {
  Instant next = next_run_;
  if (run_ends_) next = std::min(next, *run_ends_);
  for (const Running& each : running_) {
    next = std::min(next, each.is_lingering ? each.ends_at : std::min(each.ends_at, each.patience_at));
  }
  return next;
}

}  // namespace baton::sim
