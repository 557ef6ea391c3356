// The worker's side of its runner: the programs that it runs and follows for us, FIFO lines, mails and webhooks' news;
// and what no runner has carried out yet, for the next runner or for the worker that follows. Waits for nobody: while
// there is no runner, or it does not read, messages wait within a bound, and what finds no room is counted.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "daemon/outbox.h"
#include "daemon/setup.h"
#include "daemon/unfinished.h"
#include "daemon/unsaid.h"
#include "kernel/channel.h"
#include "log/logger.h"
#include "log/rate_limit.h"
#include "loop/loop.h"
#include "process/runner_protocol.h"

namespace baton::daemon {

namespace limits {
// Of messages that wait for a runner: a FIFO's line, a mail and a webhook's news of each of them.
inline constexpr std::size_t bytes_for_a_runner = std::size_t{8} << 20;
}  // namespace limits

class RunnerDesk {
 public:
  RunnerDesk(const Setup& setup, log::Logger& log, loop::Loop& loop)
      : setup_(setup), log_(log), outbox_(loop, limits::bytes_for_a_runner) {}

  // A runner is told its scripts, files, processes and FIFOs; it answers with everything it knows of them. `at_start`:
  // of the daemon, the time of init_file. Then again what no runner before it has carried out, and what waited.
  void meet(kernel::Channel runner, bool at_start);
  void on_gone() { is_there_ = false; }
  bool has_runner() const { return is_there_; }
  const kernel::Channel& runner() const { return outbox_.reader(); }

  // Scripts of a state: the next runner is told of the latest one again, until they have ended.
  void run_for_state(process::Notify scripts);
  // Of something that happened.
  void run_once(const process::Notify& scripts);
  // Numbered: somebody waits for them, and may have given up when another runner comes.
  void run_hook(const process::Notify& scripts);
  // Kept until a runner has done it.
  void tell(process::WriteFifos news);
  void tell(process::SendMail news);
  void tell(process::TellWebhooks news);
  void on_finished(const process::NotifyFinished& finished) { unfinished_.on_finished(finished); }
  void on_done(const process::NewsDone& done) { unfinished_.on_done(done); }

  // The last message of a worker that nobody follows, sent within this time or not at all.
  void stop(Duration bound);
  // For the worker that follows: what no runner has been told. Without a runner, what none has carried out.
  std::vector<Unsaid> leave();
  // From the worker before.
  void take_up(std::span<const Unsaid> messages);

 private:
  template <typename Message>
  std::optional<Bytes> encoded(const Message& message) const;
  template <typename Message>
  void send(const Message& message, Outbox::For whom);
  template <typename Message>
  void send_news(Message message);
  void put(Bytes message, Outbox::For whom);
  void take(std::vector<Bytes>& greeting, process::Messages messages, std::string_view what) const;

  const Setup& setup_;
  log::Logger& log_;
  Outbox outbox_;
  bool is_there_ = false;
  Unfinished unfinished_{static_cast<std::uint64_t>(loop::now().time_since_epoch().count()),
                         limits::bytes_for_a_runner};
  std::uint64_t told_lost_ = 0;  // of what found no room
  log::RateLimit limit_{std::chrono::seconds(10), 1};
};

}  // namespace baton::daemon
