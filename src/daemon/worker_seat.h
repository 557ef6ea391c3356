// Who is the VRRP worker: the one that serves, the one that prepares to follow it at a reload (docs/decisions/0008),
// and what is done when one dies (docs/decisions/0002). Whatever happens, no two of them speak for this node.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/last_words.h"
#include "daemon/leftovers.h"
#include "daemon/options.h"
#include "daemon/side_role.h"
#include "daemon/succession.h"
#include "daemon/watch_policy.h"
#include "daemon/worker_role.h"
#include "log/logger.h"
#include "loop/loop.h"

namespace baton::daemon {

class WorkerSeat {
 public:
  struct Events {
    std::function<void()> serves;  // a worker does; told more than once
    std::function<void()> firewall_outdated;
    // After follow(): the next one serves with its configuration. The one before is handed over for an undo.
    std::function<void(std::unique_ptr<Setup> before, WallTime read_at)> followed;
    // The one before goes on. What was to follow is handed back, if there is something.
    std::function<void(const std::string& why, std::unique_ptr<Setup> next)> given_up;
    std::function<void(bool in_order)> ended;  // no worker runs, and none will
    std::function<void()> begun{};             // another worker is the one that serves, or will soon
    // The answer to a maintenance that was asked for: nobody is in the way, or these are, as JSON.
    std::function<void(std::optional<ByteView> in_the_way)> maintenance{};
  };
  // What a worker does; a test has its own.
  using Main = std::function<int(WorkerStart start)>;
  // New workers are connected with runner and api, which outlive us.
  WorkerSeat(loop::Loop& loop, log::Logger& log, const Options& options, log::Options worker_log, SideRole& runner,
             SideRole& api, Events events, Main main = run_worker);

  // Takes note of what there is to be cleaned up one day; nobody serves yet.
  SysResult<void> prepare(std::unique_ptr<Setup> setup);
  SysResult<void> start();

  const Setup& setup() const { return worker_->setup(); }
  const Setup& latest_setup() const { return next_ ? next_->setup() : setup(); }
  WallTime read_at() const { return worker_->read_at(); }
  LastWill& will() { return worker_->will(); }
  // What the flight recorder has of the configuration and of the one before it, as a file (docs/replay.md). In the
  // guardian and in what it has forked; the worker does not notice.
  // Virtual interfaces that a worker has to remove when it ends: its own, and those of configurations before.
  std::size_t interface_count() const { return setup().virtual_interfaces.size() + before_.interfaces().size(); }
  Bytes recording() const { return recording_of(record_before_.get(), *worker_, std::nullopt); }
  bool is_running() const { return worker_->is_running(); }
  // In a role, of every configuration that there is.
  void forget_secrets(setup::Secrets kept);

  // A reload: `followed` or `given_up` is told some time after this. Not while is_changing().
  void follow(std::unique_ptr<Setup> next, WallTime read_at);
  bool is_changing() const { return is_changing_; }

  // Every worker that starts from now on is held down, or is not.
  void set_maintenance(bool held) { in_maintenance_ = held; }
  // One of maintenance_off ... to the worker that serves; false: none runs.
  bool tell(std::uint8_t what);

  // Gives a living worker its end of a role's channel; the next worker gets one in any case.
  void join(SideRole& role, std::uint8_t kind);
  // The same with an end that somebody else has made.
  void hand(std::uint8_t kind, const kernel::Channel& channel);
  // In order, within setup().stop_bound and the time that its addresses take; then kill().
  void stop();
  void kill() { worker_->kill(); }

 private:
  SysResult<std::unique_ptr<WorkerRole>> make(std::unique_ptr<Setup> setup, WallTime read_at);
  WorkerStart launch(const Setup& setup, LastWill& will) const;
  SysResult<void> start_worker(bool resume);
  SysResult<void> start_next(std::vector<Vanished> gone);
  void look();  // a worker that hangs, or does not serve in time, is ended
  void on_said(const WorkerRole& worker, std::uint8_t what, ByteView behind);
  void on_death(const WorkerRole& worker);
  void replace_dead(bool has_failed);
  void after_death(RestartPolicy::Verdict verdict, Instant now);
  void start_again();
  void change();
  // Those that nobody goes on as.
  using Orphans = std::vector<std::pair<std::size_t, RouterWill>>;
  Orphans hand_wills_down();
  // Of a worker, behind that of the configuration before its own.
  static Bytes recording_of(const FlightRecord* before, const WorkerRole& worker, std::optional<std::uint64_t> last);
  void keep_recording(const FlightRecord* before, const WorkerRole& worker, std::uint64_t last);
  void lose_next(const std::string& why);  // it died, or prepares for too long
  void say_goodbye_for(const Orphans& orphans, const Setup& before);
  void give_up(const std::string& why);
  void retire(std::unique_ptr<WorkerRole> worker);
  void carry_out_last_will(StaticEntries statics);
  void note_worker();
  void note_managed();

  loop::Loop& loop_;
  log::Logger& log_;
  const Options& options_;
  log::Options worker_log_;
  SideRole& runner_;
  SideRole& api_;
  Events events_;
  Main main_;

  std::unique_ptr<WorkerRole> worker_;           // that serves, or died and is started again
  std::unique_ptr<WorkerRole> next_;             // prepares
  std::unique_ptr<WorkerRole> retired_;          // has left, or was given up; its end may be told yet
  Remains remains_;                              // of those before it
  std::unique_ptr<FlightRecord> record_before_;  // of the configuration before that of worker_
  Leftovers before_;                             // of configurations before that of worker_
  Leftovers before_next_;                        // and before that of next_
  Heirs heirs_;                                  // who of next_ goes on as whom
  RestartPolicy policy_;
  loop::Timer look_;
  loop::Timer restart_;
  loop::Timer prepared_by_;
  bool has_started_ = false;  // a worker, some time
  bool is_changing_ = false;
  bool has_failed_ = false;  // worker_, which died while next_ prepares: it never served
  bool stopping_ = false;
  bool in_maintenance_ = false;
};

// Of all routers.
std::size_t address_count(const Setup& setup);

}  // namespace baton::daemon
