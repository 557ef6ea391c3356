// The runner's end of the channel to the worker: takes messages in, keeps what the worker has not read yet. There may
// be no worker for a while, or one that does not read: results are kept as the latest of each script or file,
// everything else in a queue whose oldest entry makes room.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <expected>
#include <functional>
#include <map>
#include <optional>

#include "base/unique_fd.h"
#include "loop/loop.h"
#include "process/runner_protocol.h"

namespace baton::process {

namespace limits {

inline constexpr std::size_t waiting_events = 1'000;
inline constexpr int messages_per_turn = 64;  // read from a channel before others get a turn
inline constexpr int last_messages = 10'000;  // more than a channel holds

}  // namespace limits

class WorkerLink {
 public:
  struct Handlers {
    std::function<void(ToRunner message)> on_message;
    std::function<void(ProtocolError error)> on_bad_message;
    std::function<void()> on_closed;
  };

  WorkerLink(loop::Loop& loop, Handlers handlers) : loop_(loop), handlers_(std::move(handlers)) {}

  // A new worker takes the place of the one before. What that one has said is heard first, to its end.
  void connect(UniqueFd channel);
  bool is_connected() const { return static_cast<bool>(channel_); }

  void send(FromRunner message);
  // Writes what the channel takes now; the rest follows when it takes more.
  void flush();
  bool is_flushed() const { return results_.empty() && events_.empty(); }
  // The numbers of what is tracked are the worker's own: results are of use only after it has set its scripts.
  void begin_results() {
    results_.clear();
    wants_results_ = true;
  }
  std::uint64_t dropped() const { return dropped_; }

 private:
  enum class Sent { yes, no_room, closed };
  Sent send_now(const FromRunner& message);
  bool add_to_last(const NewsDone& done);
  template <typename Result>
  void keep_latest(Result result);
  enum class Received { message, nothing, end };
  Received receive();
  void on_readable();
  void disconnect();

  loop::Loop& loop_;
  Handlers handlers_;
  UniqueFd channel_;
  loop::Subscription readable_;
  loop::Subscription writable_;
  bool wants_results_ = false;
  std::map<std::uint32_t, FromRunner> results_;  // of what is tracked, by its number
  std::deque<FromRunner> events_;
  std::uint64_t dropped_ = 0;
};

}  // namespace baton::process
