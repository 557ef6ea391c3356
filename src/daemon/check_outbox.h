// The verdicts for the balancer: of each check the latest, kept until its channel takes it. A balancer that comes anew
// hears all there are. Nothing is lost, and nothing grows.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "daemon/check_verdict.h"
#include "kernel/channel.h"
#include "loop/loop.h"

namespace baton::daemon {

class CheckOutbox {
 public:
  CheckOutbox(loop::Loop& loop, std::size_t checks) : loop_(loop), latest_(checks), is_waiting_(checks) {}

  void put(CheckVerdict verdict);
  // The one before hears nothing more.
  void connect(kernel::Channel balancer);
  bool is_connected() const { return static_cast<bool>(balancer_); }

 private:
  void flush();
  void on_readable();

  loop::Loop& loop_;
  kernel::Channel balancer_;
  loop::Subscription writable_;
  loop::Subscription readable_;  // it says nothing; its end is heard
  std::vector<std::optional<CheckVerdict>> latest_;
  std::vector<bool> is_waiting_;
  std::deque<std::uint32_t> waiting_;
};

}  // namespace baton::daemon
