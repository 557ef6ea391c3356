#include "daemon/bfd_seat.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "daemon/check_verdict.h"

namespace baton::daemon {

BfdSeat::BfdSeat(loop::Loop& loop, log::Logger& log, log::Options role_log, bool real_time, Readers readers)
    : log_(log),
      role_log_(std::move(role_log)),
      real_time_(real_time),
      readers_(std::move(readers)),
      patience_(loop.timer([this] { on_silence(); })),
      for_worker_(loop, BfdLedger::most),
      for_checker_(loop, BfdLedger::most),
      role_(loop, log, plan()) {}

void BfdSeat::follow(const Setup& setup) {
  const config::Configuration& configuration = setup.configuration;
  const bool is_same =
      wanted_.sessions == configuration.bfd_sessions && wanted_.process == configuration.globals.bfd_process;
  if (is_same && (role_.is_running() || wanted_.sessions.empty())) return;
  wanted_ = {.sessions = configuration.bfd_sessions,
             .process = configuration.globals.bfd_process,
             .scheduling = setup.bfd_scheduling};
  const bool is_served = role_.is_running() && ledger_.is_spoken_for();
  if (is_served || wanted_.sessions.empty()) {
    patience_.cancel();
    are_given_up_ = false;
  }
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
          .died = [this] { on_death(); },
          .beats = [this] { return ledger_.beats(); }};
}

SysResult<kernel::Channel> BfdSeat::connect(std::uint8_t what, CheckOutbox& ours) {
  if (role_.is_running() || !are_given_up_) return role_.connect(what);
  auto pair = kernel::Channel::make_pair();
  if (!pair) return std::unexpected(pair.error());
  ours.connect(std::move(pair->second));
  return std::move(pair->first);
}

// What it has said stands for a while. One that could not say anything has taken the readers of our own word with it.
void BfdSeat::on_death() {
  if (ledger_.is_spoken_for()) {
    are_given_up_ = false;
    patience_.set(loop::now() + limits::sessions_stand);
  } else if (are_given_up_) {
    give_up_sessions();
  } else if (!patience_.when()) {
    patience_.set(loop::now() + limits::sessions_stand);
  }
}

void BfdSeat::on_silence() {
  if (role_.is_running()) {
    if (!ledger_.is_spoken_for()) patience_.set(loop::now() + std::chrono::seconds(1));
    return;
  }
  log_.error(fmt::format("nobody has spoken BFD here for {} s; its sessions count as down",
                         limits::sessions_stand / std::chrono::seconds(1)));
  give_up_sessions();
}

// A server is what `alpha` says until its session has been up, as with the role.
void BfdSeat::give_up_sessions() {
  are_given_up_ = true;
  const BfdLedger::Sessions known = ledger_.read().sessions;
  for (std::uint32_t i = 0; i < std::min(wanted_.sessions.size(), BfdLedger::most); ++i) {
    const config::BfdSession& session = wanted_.sessions[i];
    const Bytes verdict =
        encode_tracked({.key = verdict_key_of(session), .is_up = false, .reason = "nobody speaks BFD here"});
    const auto found = known.find(wire_key_of(session));
    if (session.for_vrrp) for_worker_.put(i, verdict);
    if (session.for_checkers && found != known.end() && found->second.memory.was_up) for_checker_.put(i, verdict);
  }
  if (auto to_worker = connect_worker()) readers_.worker(std::move(*to_worker));
  if (auto to_checker = connect_checker()) readers_.checker(std::move(*to_checker));
}

int BfdSeat::run(kernel::Channel guardian) {
  return run_bfd({.sessions = std::move(wanted_.sessions),
                  .scheduling = wanted_.scheduling,
                  .real_time = real_time_,
                  .ledger = ledger_,
                  .begins_anew = are_given_up_,
                  .log = role_log_,
                  .guardian = std::move(guardian)});
}

}  // namespace baton::daemon
