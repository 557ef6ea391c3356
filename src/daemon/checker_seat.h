// Where the checker role sits: started when the configuration has health checks, replaced when they are others, with a
// runner of its own beside it for MISC_CHECK and FILE_CHECK. Nothing is forgotten meanwhile (CheckLedger).
#pragma once

#include <functional>
#include <vector>

#include "daemon/check_ledger.h"
#include "daemon/checker_role.h"
#include "daemon/setup.h"
#include "daemon/side_role.h"
#include "daemon/tls_files.h"
#include "kernel/process_settings.h"
#include "log/logger.h"
#include "loop/loop.h"

namespace baton::daemon {

class CheckerSeat {
 public:
  // For each checker that starts: the ends of channels to it.
  struct Readers {
    std::function<void(kernel::Channel)> balancer;
    std::function<void(kernel::Channel)> worker;  // what is tracked
    std::function<void()> sessions{};             // it wants to hear of BFD sessions: hand_sessions()
  };
  // `call_runner`: where its runner is a service of its own (SideRole::Plan::call); empty: a child.
  using CallRunner = std::function<SysResult<kernel::Channel>(const kernel::SharedMemory& ledger)>;
  CheckerSeat(loop::Loop& loop, log::Logger& log, log::Options checker_log, Readers readers,
              CallRunner call_runner = {});

  // It runs, and `setup`, which takes the place of `before`, wants nothing else of it: the files of its TLS are the
  // same.
  bool serves(const config::Configuration& before, const Setup& setup) const;
  // Before another balancer starts: a checker whose numbers are others speaks to nobody any more.
  void retire() { checker_.dismiss(); }
  // Another one for `setup`, or none.
  void follow(const Setup& setup);
  // Another balancer: its end. Fails when no checker runs; the next one brings its channel.
  SysResult<kernel::Channel> connect() { return checker_.connect(); }
  // Another worker: likewise.
  SysResult<kernel::Channel> connect_worker() { return checker_.connect(new_tracking_channel); }
  bool is_running() const { return checker_.is_running(); }
  // Its end of a channel to the BFD role.
  void hand_sessions(const kernel::Channel& channel);
  CheckLedger ledger() const { return ledger_; }
  const std::vector<ListedCheck>& checks() const { return wanted_.checks; }

  void stay_down();
  void end(std::function<void()> ended);
  void kill();

  // In a role that is no checker.
  void forget_secrets(setup::Secrets kept);

 private:
  SideRole::Plan checker_plan();
  SideRole::Plan runner_plan(CallRunner call_runner);
  int run(kernel::Channel guardian);
  // What the checker is started with.
  struct Wanted {
    std::vector<ListedCheck> checks;
    std::vector<config::TrackedFile> files;
    std::optional<config::CheckTls> tls;
    process::ScriptRules script_rules;
  };
  bool needs_runner() const;
  bool needs_sessions() const;
  void join_runner();

  log::Logger& log_;
  log::Options checker_log_;
  Readers readers_;
  kernel::SharedMemory runner_memory_;  // without it nobody notices a runner that hangs
  kernel::SharedMemory memory_;         // without it a new checker begins anew
  CheckLedger ledger_;
  Wanted wanted_;
  std::vector<FileIdentity> tls_files_;  // as they were when the checker was started
  SideRole checker_;
  SideRole runner_;
};

}  // namespace baton::daemon
