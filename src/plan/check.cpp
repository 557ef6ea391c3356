#include "plan/check.h"

#include <algorithm>
#include <cstdlib>

#include "process/process_query.h"

namespace baton::plan {

namespace {

constexpr int longest_run = 1'000;                                  // intervals, of a script that hangs
constexpr Duration appears_after = std::chrono::milliseconds(100);  // process::ProcessWatch looks so often

std::optional<vrrp::Tracking> tracking_of(const setup::Setup& setup, vrrp::TrackerId id) {
  const auto find = [&](const auto& owners) -> std::optional<vrrp::Tracking> {
    for (const auto& owner : owners) {
      const auto found = std::ranges::find(owner.tracking, id, &vrrp::Tracking::tracker);
      if (found != owner.tracking.end()) return *found;
    }
    return std::nullopt;
  };
  const auto by_router = find(setup.node.routers);
  return by_router ? by_router : find(setup.node.groups);
}

bool is_tracked_in_reverse(const setup::Setup& setup, vrrp::TrackerId id) {
  const auto in_reverse = [&](const auto& owner) {
    return std::ranges::any_of(owner.tracking,
                               [&](const vrrp::Tracking& each) { return each.tracker == id && each.reverse; });
  };
  return std::ranges::any_of(setup.node.routers, in_reverse) || std::ranges::any_of(setup.node.groups, in_reverse);
}

// A vrrp_check comes to its verdicts as a script does (health::Check with first_decides).
process::TrackScript as_script(const setup::CheckSetup& check) {
  return {.name = check.name,
          .command = {},
          .interval = check.interval,
          .timeout = check.timeout,
          .rise = check.rise,
          .fall = check.fall,
          .initial = check.init_fail ? process::InitialVerdict::down : process::InitialVerdict::unknown};
}

}  // namespace

Check::Check(const setup::Setup& setup, vrrp::TrackerId id)
    : kind_(setup.node.trackers[id].kind), name_(setup.node.trackers[id].name) {
  const auto script = std::ranges::find(setup.scripts, id, &process::TrackScript::id);
  const auto process = std::ranges::find(setup.processes, id, &process::TrackedProcess::id);
  const auto file = std::ranges::find(setup.files, id, &process::TrackedFile::id);
  well_is_down_ = is_tracked_in_reverse(setup, id);
  const auto check = std::ranges::find(setup.checks, id, &setup::CheckSetup::id);
  if (check != setup.checks.end()) {
    follow(as_script(*check));
  } else if (script != setup.scripts.end()) {
    follow(*script);
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
    is_file_ = true;
    number_ = file->made_with;
    well_is_down_ = false;
    find_failing_number(setup, id);
  } else if (kind_ == vrrp::TrackerKind::bfd) {
    is_session_ = true;
    const auto& sessions = setup.configuration.bfd_sessions;
    const auto session = std::ranges::find(sessions, name_, &config::BfdSession::name);
    if (session != sessions.end()) {
      detection_ = std::max(session->min_rx, session->min_tx) * session->multiplier;
    }
  } else {  // an interface: World says whether it is up
    can_fail_ = false;
    well_is_down_ = false;
  }
}

void Check::follow(process::TrackScript settings) {
  const Duration runs = limits::longest_detection / (std::int64_t{std::max(settings.rise, settings.fall)} + 1);
  interval_ = std::clamp<Duration>(settings.interval, std::chrono::milliseconds(1),
                                   std::max<Duration>(runs, std::chrono::milliseconds(1)));
  settings_ = std::move(settings);
}

// The number nearest to 0 that is a fault, for who tracks it first.
void Check::find_failing_number(const setup::Setup& setup, vrrp::TrackerId id) {
  constexpr int fault = 254;  // number times weight, below 0
  const auto tracking = tracking_of(setup, id);
  const auto is_fault = [&](int number) {
    return vrrp::contribution(kind_, *tracking, {.status = vrrp::TrackerStatus::up, .number = number}).fault;
  };
  can_fail_ = tracking && !is_fault(number_);
  if (!can_fail_) return;
  const int weight = tracking->reverse ? -tracking->weight : tracking->weight;
  if (weight == 0) {
    failing_number_ = tracking->reverse ? 0 : 1;
  } else {
    const int number = (fault + std::abs(weight) - 1) / std::abs(weight);
    failing_number_ = weight > 0 ? -number : number;
  }
  can_fail_ = is_fault(failing_number_);
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
  is_hanging_ = false;
  regular_ = now;
}

void Check::hang(Instant now) {
  is_hanging_ = true;
  regular_ = now + timeout() + interval_ - step();
}

Duration Check::timeout() const {
  return settings_->timeout > Duration::zero() ? std::min<Duration>(settings_->timeout, interval_ * longest_run)
                                               : interval_;
}

// From one run to the next: when one is due and the last has ended.
Duration Check::step() const {
  return is_hanging_ ? (timeout() + interval_ - Duration(1)) / interval_ * interval_ : interval_;
}

Duration Check::first_look() const {
  constexpr Duration session_comes_up = std::chrono::seconds(1);
  if (is_session_) return is_up_now() ? session_comes_up : detection_;
  if (!settings_) return Duration::zero();
  if (is_hanging_) return interval_ + timeout();
  if (process_.empty()) return interval_;
  return is_up_now() ? appears_after : Duration::zero();
}

bool Check::look(Instant now) {
  next_look_.reset();
  if (is_file_) {
    const bool is_news = !told_ || told_number_ != number_when(is_well_);
    told_ = true;
    told_number_ = number_when(is_well_);
    return is_news;
  }
  std::optional<bool> says = !is_session_ || is_up_now();
  if (script_) {
    script_->on_result(is_up_now());
    says = script_->is_up();
    if (says != is_up_now()) {
      while (regular_ <= now) regular_ += step();
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
  return {.status = *told_ ? up : down, .number = told_number_};
}

}  // namespace baton::plan
