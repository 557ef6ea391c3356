// Who is told of a real server that comes or goes, and of a quorum: log, scripts, mail.
#pragma once

#include <utility>

#include "balance/balancer.h"
#include "daemon/outbox.h"
#include "daemon/setup.h"
#include "kernel/channel.h"
#include "log/logger.h"
#include "notify/balance_event.h"
#include "process/runner_protocol.h"
#include "setup/balance_setup.h"

namespace baton::daemon {

namespace limits {
// Of news that wait for a runner: a script and a mail of each of 20,000 real servers.
inline constexpr std::size_t waiting_news_bytes = std::size_t{16} << 20;
}  // namespace limits

class BalanceNews {
 public:
  BalanceNews(const Setup& setup, const BalanceSetup& balance, log::Logger& log, loop::Loop& loop)
      : setup_(setup), balance_(balance), log_(log), outbox_(loop, limits::waiting_news_bytes) {}

  void tell(const balance::Action& action);
  // What waited for a runner goes to it.
  void connect(kernel::Channel runner) { outbox_.connect(std::move(runner)); }
  // The end: within this time the runner gets what waits.
  void finish(Duration bound) { outbox_.finish(bound); }

 private:
  void tell(const balance::ServerChanged& change);
  void tell(const balance::QuorumChanged& change);
  void run(const notify::BalanceEvent& event, const std::optional<notify::Command>& command);
  void write_fifos(const notify::BalanceEvent& event);
  void mail(const notify::BalanceEvent& event, const std::string& reason);
  void send(const process::ToRunner& message);

  const Setup& setup_;
  const BalanceSetup& balance_;
  log::Logger& log_;
  Outbox outbox_;
  std::uint64_t told_lost_ = 0;
};

}  // namespace baton::daemon
