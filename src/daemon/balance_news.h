// Who is told of a real server that comes or goes, and of a quorum: log, scripts, mail.
#pragma once

#include <deque>

#include "balance/balancer.h"
#include "daemon/setup.h"
#include "kernel/channel.h"
#include "log/logger.h"
#include "notify/balance_event.h"
#include "process/runner_protocol.h"
#include "setup/balance_setup.h"

namespace baton::daemon {

namespace limits {
inline constexpr std::size_t news_without_a_runner =
    1'000;  // messages that wait for the next one; then the oldest goes
}

class BalanceNews {
 public:
  // `runner` may be replaced by its owner at any time.
  BalanceNews(const Setup& setup, const BalanceSetup& balance, log::Logger& log, const kernel::Channel& runner)
      : setup_(setup), balance_(balance), log_(log), runner_(runner) {}

  void tell(const balance::Action& action);
  // A runner is there: what waited for it goes to it.
  void on_runner();

 private:
  void tell(const balance::ServerChanged& change);
  void tell(const balance::QuorumChanged& change);
  void run(const notify::BalanceEvent& event, const std::optional<notify::Command>& command);
  void write_fifos(const notify::BalanceEvent& event);
  void mail(const notify::BalanceEvent& event, const std::string& reason);
  void send(const process::ToRunner& message);
  bool send(const Bytes& bytes);

  const Setup& setup_;
  const BalanceSetup& balance_;
  log::Logger& log_;
  const kernel::Channel& runner_;
  std::deque<Bytes> waiting_;
  std::uint64_t lost_ = 0;
};

}  // namespace baton::daemon
