// What the worker hears of its vrrp_check (check_verdict.h). A checker role that is gone takes no verdict with it: the
// last one stands until the next checker, whom the guardian starts, says another.
#pragma once

#include <functional>
#include <string>
#include <unordered_map>

#include "daemon/check_ledger.h"
#include "daemon/setup.h"
#include "kernel/channel.h"
#include "vrrp/effective_priority.h"

namespace baton::daemon {

class CheckDesk {
 public:
  // `checker` may be replaced by its owner at any time.
  CheckDesk(const Setup& setup, const kernel::Channel& checker);

  // Reads what it says; false when it is gone.
  bool receive(const std::function<void(vrrp::TrackerId, vrrp::TrackerValue)>& on_value);
  // For people: "connection refused", and that nobody looks any more.
  std::string text(vrrp::TrackerId tracker) const;
  bool is_heard() const { return static_cast<bool>(checker_); }

 private:
  const kernel::Channel& checker_;
  std::unordered_map<CheckKey, vrrp::TrackerId> by_key_;
  std::unordered_map<vrrp::TrackerId, std::string> texts_;
};

}  // namespace baton::daemon
