// What the worker hears of its vrrp_check, and of its BFD sessions (check_verdict.h). A role that is gone takes no
// verdict with it: the last one stands until the next one, whom the guardian starts, says another.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "daemon/check_ledger.h"
#include "daemon/setup.h"
#include "kernel/channel.h"
#include "vrrp/effective_priority.h"

namespace baton::daemon {

class CheckDesk {
 public:
  using Keys = std::unordered_map<CheckKey, vrrp::TrackerId>;
  static Keys checks_of(const Setup& setup);
  static Keys sessions_of(const Setup& setup);

  // `checker` may be replaced by its owner at any time. `silence`: what people are told while there is none.
  CheckDesk(Keys keys, const kernel::Channel& checker, std::string_view silence);
  CheckDesk(const Setup& setup, const kernel::Channel& checker)
      : CheckDesk(checks_of(setup), checker, "nobody checks it now, what was known stands") {}

  // Reads what it says; false when it is gone.
  bool receive(const std::function<void(vrrp::TrackerId, vrrp::TrackerValue)>& on_value);
  // For people: "connection refused", and that nobody looks any more.
  std::string text(vrrp::TrackerId tracker) const;
  bool is_heard() const { return static_cast<bool>(checker_); }

 private:
  const kernel::Channel& checker_;
  std::string_view silence_;
  Keys by_key_;
  std::unordered_map<vrrp::TrackerId, std::string> texts_;
};

}  // namespace baton::daemon
