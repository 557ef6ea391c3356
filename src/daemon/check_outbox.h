// The verdicts for the balancer, or for the worker: of each check the latest, as bytes (check_verdict.h), kept until
// the channel takes it. Who comes anew hears all there are. Nothing is lost, and nothing grows.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "kernel/channel.h"
#include "loop/loop.h"

namespace baton::daemon {

class CheckOutbox {
 public:
  CheckOutbox(loop::Loop& loop, std::size_t checks) : loop_(loop), latest_(checks), is_waiting_(checks) {}

  void put(std::uint32_t check, Bytes verdict);
  // The one before hears nothing more.
  void connect(kernel::Channel reader);
  bool is_connected() const { return static_cast<bool>(reader_); }

 private:
  void flush();
  void on_readable();

  loop::Loop& loop_;
  kernel::Channel reader_;
  loop::Subscription writable_;
  loop::Subscription readable_;  // it says nothing; its end is heard
  std::vector<std::optional<Bytes>> latest_;
  std::vector<bool> is_waiting_;
  std::deque<std::uint32_t> waiting_;
};

}  // namespace baton::daemon
