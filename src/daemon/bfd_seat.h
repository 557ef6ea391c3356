// Where the BFD role sits: started when the configuration has a bfd_instance, replaced when its sessions are others.
// What is the same on the wire goes on in the next role as it was (BfdLedger), and its neighbour notices nothing.
#pragma once

#include <functional>
#include <vector>

#include "daemon/bfd_ledger.h"
#include "daemon/bfd_role.h"
#include "daemon/check_outbox.h"
#include "daemon/setup.h"
#include "daemon/side_role.h"
#include "kernel/process_settings.h"
#include "log/logger.h"
#include "loop/loop.h"

namespace baton::daemon {

namespace limits {
// What a role has said stands for so long behind its death; it is restarted at once, and no later than that as a rule.
inline constexpr Duration sessions_stand = std::chrono::seconds(10);
}  // namespace limits

class BfdSeat {
 public:
  // For each role that starts: the ends of channels to it.
  struct Readers {
    std::function<void(kernel::Channel)> worker;
    std::function<void(kernel::Channel)> checker;
  };
  BfdSeat(loop::Loop& loop, log::Logger& log, log::Options role_log, bool real_time, Readers readers);

  // The role for `setup`: the one that runs, another one, or none.
  void follow(const Setup& setup);
  // Another worker, another checker: its end. Fails when no role runs; the next one brings its channel.
  SysResult<kernel::Channel> connect_worker() { return connect(new_session_reader, for_worker_); }
  SysResult<kernel::Channel> connect_checker() { return connect(new_session_checker, for_checker_); }
  // Somebody has something to say of the sessions: a role, or we in its place.
  bool has_news() const { return role_.is_running() || are_given_up_; }
  BfdLedger ledger() const { return ledger_; }

  void stay_down() {
    patience_.cancel();
    role_.stay_down();
  }
  // Neighbours are told that it is on purpose.
  void end(std::move_only_function<void()> ended) { role_.end(std::move(ended)); }
  void kill() { role_.kill(); }

 private:
  SideRole::Plan plan();
  int run(kernel::Channel guardian);
  SysResult<kernel::Channel> connect(std::uint8_t what, CheckOutbox& ours);
  void on_death();
  void on_silence();
  void give_up_sessions();

  log::Logger& log_;
  log::Options role_log_;
  bool real_time_;
  Readers readers_;
  kernel::SharedMemory memory_;  // without it a new role begins anew
  BfdLedger ledger_;
  struct Wanted {
    std::vector<config::BfdSession> sessions;
    config::BfdProcess process;
    setup::Scheduling scheduling;
  };
  Wanted wanted_;
  // Nobody speaks for a while: what counts as up without anybody to watch it is down, and the guardian says so.
  loop::Timer patience_;
  bool are_given_up_ = false;  // until a role speaks
  CheckOutbox for_worker_;
  CheckOutbox for_checker_;
  SideRole role_;
};

}  // namespace baton::daemon
