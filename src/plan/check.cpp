#include "plan/check.h"

#include <algorithm>

#include "process/process_query.h"

namespace baton::plan {

namespace {

constexpr Duration appears_after = std::chrono::milliseconds(100);  // process::ProcessWatch looks so often

bool is_tracked_in_reverse(const setup::Setup& setup, vrrp::TrackerId id) {
  const auto in_reverse = [&](const auto& owner) {
    return std::ranges::any_of(owner.tracking,
                               [&](const vrrp::Tracking& each) { return each.tracker == id && each.reverse; });
  };
  return std::ranges::any_of(setup.node.routers, in_reverse) || std::ranges::any_of(setup.node.groups, in_reverse);
}

}  // namespace

Check::Check(const setup::Setup& setup, vrrp::TrackerId id)
    : kind_(setup.node.trackers[id].kind), name_(setup.node.trackers[id].name) {
  const auto script = std::ranges::find(setup.scripts, id, &process::TrackScript::id);
  const auto process = std::ranges::find(setup.processes, id, &process::TrackedProcess::id);
  const auto file = std::ranges::find(setup.files, id, &process::TrackedFile::id);
  well_is_down_ = is_tracked_in_reverse(setup, id);
  if (script != setup.scripts.end()) {
    settings_ = *script;
    const Duration runs = limits::longest_detection / (std::int64_t{std::max(script->rise, script->fall)} + 1);
    interval_ = std::clamp<Duration>(script->interval, std::chrono::milliseconds(1),
                                     std::max<Duration>(runs, std::chrono::milliseconds(1)));
    if (const auto query = process::process_query(script->command.argv); query && !query->names.empty()) {
      process_ = query->names.front();
    }
  } else if (process != setup.processes.end()) {
    process_ = process->process;
    rules_ = process::QuorumRules{.least = process->quorum,
                                  .most = process->quorum_max,
                                  .fork_delay = process->fork_delay,
                                  .terminate_delay = process->terminate_delay};
    count_well_ = std::min(std::max(rules_->least, 1U), rules_->most);
    const bool may_be_gone = std::min(rules_->least, rules_->most) == 0;
    if (may_be_gone) count_ill_ = count_well_ + 1;
    can_fail_ = !may_be_gone || rules_->most == count_well_;
    if (well_is_down_) std::swap(count_well_, count_ill_);
    well_is_down_ = count_ill_ > count_well_;
  } else if (file != setup.files.end()) {
    number_ = file->made_with;
    can_fail_ = false;
    well_is_down_ = false;
  } else {  // an interface: World says whether it is up
    can_fail_ = false;
    well_is_down_ = false;
  }
}

void Check::start(Instant now) {
  regular_ = now;
  told_.reset();
  next_look_.reset();
  if (settings_) {
    script_.emplace(settings_->rise, settings_->fall, settings_->initial);
    told_ = script_->is_up();
  }
  if (rules_) quorum_.emplace(*rules_);
}

void Check::set_well(bool well, Instant now) {
  is_well_ = well;
  regular_ = now;
}

Duration Check::first_look() const {
  if (!settings_) return Duration::zero();
  if (process_.empty()) return interval_;
  return is_up_now() ? appears_after : Duration::zero();
}

bool Check::look(Instant now) {
  next_look_.reset();
  std::optional<bool> says = true;
  if (script_) {
    script_->on_result(is_up_now());
    says = script_->is_up();
    if (says != is_up_now()) {
      while (regular_ <= now) regular_ += interval_;
      next_look_ = regular_;
    }
  } else if (quorum_) {
    quorum_->on_count(is_well_ ? count_well_ : count_ill_, now);
    says = quorum_->is_up();
    next_look_ = quorum_->next_timeout();
  }
  return std::exchange(told_, says) != says;
}

vrrp::TrackerValue Check::value() const {
  using enum vrrp::TrackerStatus;
  if (!told_) return {};
  return {.status = *told_ ? up : down, .number = number_};
}

}  // namespace baton::plan
