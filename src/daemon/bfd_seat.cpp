#include "daemon/bfd_seat.h"

#include <utility>

namespace baton::daemon {

BfdSeat::BfdSeat(loop::Loop& loop, log::Logger& log, log::Options role_log, bool real_time, Readers readers)
    : log_(log),
      role_log_(std::move(role_log)),
      real_time_(real_time),
      readers_(std::move(readers)),
      role_(loop, log, plan()) {}

void BfdSeat::follow(const Setup& setup) {
  const config::Configuration& configuration = setup.configuration;
  const bool is_same =
      wanted_.sessions == configuration.bfd_sessions && wanted_.process == configuration.globals.bfd_process;
  if (is_same && (role_.is_running() || wanted_.sessions.empty())) return;
  wanted_ = {.sessions = configuration.bfd_sessions,
             .process = configuration.globals.bfd_process,
             .scheduling = setup.bfd_scheduling};
  if (wanted_.sessions.empty()) return role_.dismiss();
  if (memory_.data() == nullptr) {
    auto memory = kernel::SharedMemory::create(BfdLedger::size(), kernel::SharedMemory::Pages::when_touched);
    if (memory) memory_ = std::move(*memory);
    ledger_ = BfdLedger(memory_.data());
  }
  std::vector<BfdKey> heirs;
  for (const config::BfdSession& session : wanted_.sessions) heirs.push_back(wire_key_of(session));
  ledger_.set_heirs(heirs);
  if (role_.is_running()) (void)role_.tell(bfd_has_heirs);
  role_.replace();
}

SideRole::Plan BfdSeat::plan() {
  return {.name = "baton-bfd",
          .loss = "BFD sessions count as they did until the next one is there",
          .parent_death_signal = 0,  // its channel ends with us, and it says goodbye
          .prepare = [this]() -> SysResult<std::vector<int>> {
            ledger_.turn();
            return std::vector<int>();
          },
          .main = [this](kernel::Channel guardian) { return run(std::move(guardian)); },
          .started =
              [this] {
                auto to_worker = connect_worker();
                to_worker ? readers_.worker(std::move(*to_worker)) : log_.error(to_string(to_worker.error()));
                auto to_checker = connect_checker();
                to_checker ? readers_.checker(std::move(*to_checker)) : log_.error(to_string(to_checker.error()));
              },
          .beats = [this] { return ledger_.beats(); }};
}

int BfdSeat::run(kernel::Channel guardian) {
  return run_bfd({.sessions = std::move(wanted_.sessions),
                  .scheduling = wanted_.scheduling,
                  .real_time = real_time_,
                  .ledger = ledger_,
                  .log = role_log_,
                  .guardian = std::move(guardian)});
}

}  // namespace baton::daemon
