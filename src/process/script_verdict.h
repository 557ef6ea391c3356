// Up or down, from a row of successes and failures: rise and fall of a vrrp_script.
#pragma once

#include <cstdint>
#include <optional>

#include "process/runner_protocol.h"

namespace baton::process {

// The first result decides at once, whatever rise and fall are: nothing is known yet that should be held on to. From
// then on `fall` failures in a row bring it down and `rise` successes in a row bring it up. With init_fail the script
// counts as failed from the start, so that `rise` successes are needed already then.
class ScriptVerdict {
 public:
  ScriptVerdict(std::uint32_t rise, std::uint32_t fall, InitialVerdict initial) : rise_(rise), fall_(fall) {
    if (initial == InitialVerdict::down) is_up_ = false;
  }

  // nullopt: not known yet.
  std::optional<bool> is_up() const { return is_up_; }

  // True when the verdict is another one than before.
  bool on_result(bool success) {
    if (is_up_ == success) {
      against_ = 0;
      return false;
    }
    ++against_;
    if (is_up_ && against_ < (success ? rise_ : fall_)) return false;
    is_up_ = success;
    against_ = 0;
    return true;
  }

  // A reload changed the numbers; the verdict stays.
  void set_thresholds(std::uint32_t rise, std::uint32_t fall) {
    rise_ = rise;
    fall_ = fall;
  }

 private:
  std::uint32_t rise_;
  std::uint32_t fall_;
  std::optional<bool> is_up_;
  std::uint32_t against_ = 0;  // results in a row that contradict the verdict
};

}  // namespace baton::process
