#include "daemon/checker_seat.h"

#include <signal.h>

#include <algorithm>
#include <memory>
#include <set>
#include <utility>
#include <variant>

#include "daemon/check_list.h"
#include "process/runner.h"
#include "process/script_ledger.h"

namespace baton::daemon {

namespace {

// Those that a FILE_CHECK names.
std::vector<config::TrackedFile> files_for(const std::vector<ListedCheck>& checks,
                                           const std::vector<config::TrackedFile>& all) {
  std::set<std::string_view> names;
  for (const ListedCheck& listed : checks) {
    if (const auto* file = std::get_if<config::FileCheck>(&listed.check.kind)) names.insert(file->file);
  }
  std::vector<config::TrackedFile> files;
  std::ranges::copy_if(all, std::back_inserter(files),
                       [&](const config::TrackedFile& file) { return names.contains(file.name); });
  return files;
}

}  // namespace

CheckerSeat::CheckerSeat(loop::Loop& loop, log::Logger& log, log::Options checker_log, Readers readers,
                         CallRunner call_runner)
    : log_(log),
      checker_log_(std::move(checker_log)),
      readers_(std::move(readers)),
      checker_(loop, log, checker_plan()),
      runner_(loop, log, runner_plan(std::move(call_runner))) {}

bool CheckerSeat::serves(const config::Configuration& before, const Setup& setup) const {
  const config::Configuration& after = setup.configuration;
  return checker_.is_running() && list_the_same_checks(before, after) && before.files == after.files &&
         before.check_tls == after.check_tls && wanted_.script_rules == setup.script_rules &&
         tls_files_ == tls_files(wanted_.checks, wanted_.tls);
}

void CheckerSeat::follow(const Setup& setup) {
  wanted_ = {.checks = list_checks(setup.configuration, log_),
             .files = {},
             .tls = setup.configuration.check_tls,
             .script_rules = setup.script_rules};
  wanted_.files = files_for(wanted_.checks, setup.configuration.files);
  if (wanted_.checks.empty()) {
    checker_.dismiss();
    return runner_.dismiss();
  }
  if (memory_.data() == nullptr) {
    auto memory = kernel::SharedMemory::create(CheckLedger::size(), kernel::SharedMemory::Pages::when_touched);
    if (memory) memory_ = std::move(*memory);
    ledger_ = CheckLedger(memory_.data());
  }
  if (runner_memory_.data() == nullptr) {
    auto memory =
        kernel::SharedMemory::create(process::ScriptLedger::size(), kernel::SharedMemory::Pages::when_touched);
    if (memory) runner_memory_ = std::move(*memory);
  }
  if (!needs_runner()) {
    runner_.dismiss();
  } else if (!runner_.is_running()) {
    runner_.replace();
  }
  checker_.replace();
}

void CheckerSeat::forget_secrets(setup::Secrets kept) {
  if (kept != setup::Secrets::checks && wanted_.tls) wanted_.tls->password = {};
}

bool CheckerSeat::needs_runner() const {
  return !wanted_.files.empty() || std::ranges::any_of(wanted_.checks, [](const ListedCheck& listed) {
    return std::holds_alternative<config::MiscCheck>(listed.check.kind);
  });
}

bool CheckerSeat::needs_sessions() const {
  return std::ranges::any_of(wanted_.checks, [](const ListedCheck& listed) { return listed.session.has_value(); });
}

void CheckerSeat::hand_sessions(const kernel::Channel& channel) {
  if (!checker_.is_running() || !needs_sessions()) return;
  if (const auto told = checker_.tell(new_session_channel, channel.fd()); !told) log_.error(to_string(told.error()));
}

SideRole::Plan CheckerSeat::checker_plan() {
  return {.name = "baton-check",
          .loss = "what it checks keeps its last verdict until the next one is there",
          .parent_death_signal = SIGKILL,
          .prepare = [this]() -> SysResult<std::vector<int>> {
            ledger_.turn();
            tls_files_ = tls_files(wanted_.checks, wanted_.tls);
            return std::vector<int>();
          },
          .secrets = setup::Secrets::checks,
          .main = [this](kernel::Channel guardian) { return run(std::move(guardian)); },
          .started =
              [this] {
                join_runner();
                auto to_balancer = connect();
                to_balancer ? readers_.balancer(std::move(*to_balancer)) : log_.error(to_string(to_balancer.error()));
                auto to_worker = connect_worker();
                to_worker ? readers_.worker(std::move(*to_worker)) : log_.error(to_string(to_worker.error()));
                if (needs_sessions() && readers_.sessions) readers_.sessions();
              },
          .beats = [this] { return ledger_.beats(); }};
}

SideRole::Plan CheckerSeat::runner_plan(CallRunner call_runner) {
  return {.name = "baton-checkrun",
          .loss = "MISC_CHECK and FILE_CHECK keep their last verdict until the next one is there",
          .parent_death_signal = 0,  // its channels end with us
          .prepare = {},
          .main =
              [this](kernel::Channel guardian) {
                return process::run_runner(guardian.release(), {.script_ledger = runner_memory_.data()});
              },
          .started = [this] { join_runner(); },
          .call = call_runner ? [this, call = std::move(call_runner)] { return call(runner_memory_); }
                              : std::function<SysResult<kernel::Channel>()>(),
          .beats = [this] { return process::ScriptLedger(runner_memory_.data()).beats(); }};
}

void CheckerSeat::join_runner() {
  if (!runner_.is_running() || !checker_.is_running()) return;  // whoever comes second joins them
  const auto channel = runner_.connect();
  const auto told = channel ? checker_.tell(new_check_runner_channel, channel->fd()) : std::unexpected(channel.error());
  if (!told) log_.error(to_string(told.error()));
}

int CheckerSeat::run(kernel::Channel guardian) {
  return run_checker({.checks = std::move(wanted_.checks),
                      .tls = std::exchange(wanted_.tls, std::nullopt),
                      .files = std::move(wanted_.files),
                      .script_rules = wanted_.script_rules,
                      .ledger = ledger_,
                      .log = checker_log_,
                      .guardian = std::move(guardian)});
}

void CheckerSeat::stay_down() {
  checker_.stay_down();
  runner_.stay_down();
}

void CheckerSeat::end(std::function<void()> ended) {
  const auto one_ended = [left = std::make_shared<int>(2), ended = std::move(ended)] {
    if (--*left == 0) ended();
  };
  checker_.end(one_ended);
  runner_.end(one_ended);
}

void CheckerSeat::kill() {
  checker_.kill();
  runner_.kill();
}

}  // namespace baton::daemon
