// Up or down, from how many processes run: quorum, quorum_max, fork_delay and terminate_delay of a vrrp_track_process.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>

#include "base/time.h"

namespace baton::process {

struct QuorumRules {
  std::uint32_t least = 1;                                         // quorum
  std::uint32_t most = std::numeric_limits<std::uint32_t>::max();  // quorum_max; less than `least`: it counts for both
  Duration fork_delay{};       // how long a new count must hold that more processes made
  Duration terminate_delay{};  // and one that processes that went made

  bool operator==(const QuorumRules&) const = default;
};

// The first count decides at once. Later the verdict changes when the count has asked for it as long as the delay says;
// which delay that is, depends on whether the count rose or fell when it first did.
class ProcessQuorum {
 public:
  explicit ProcessQuorum(const QuorumRules& rules) : rules_(rules) {}

  std::optional<bool> is_up() const { return is_up_; }  // nullopt: not counted yet
  std::uint32_t count() const { return count_; }
  std::optional<Instant> next_timeout() const { return changes_at_; }

  // True when the verdict is another one than before.
  bool on_count(std::uint32_t count, Instant now) {
    const bool has_risen = count > count_;
    count_ = count;
    const bool wanted = count >= std::min(rules_.least, rules_.most) && count <= rules_.most;
    if (!is_up_) {
      is_up_ = wanted;
      return true;
    }
    if (wanted == *is_up_) {
      changes_at_.reset();
      return false;
    }
    if (!changes_at_) changes_at_ = now + (has_risen ? rules_.fork_delay : rules_.terminate_delay);
    return on_timeout(now);
  }
  bool on_timeout(Instant now) {
    if (!changes_at_ || *changes_at_ > now) return false;
    changes_at_.reset();
    is_up_ = !*is_up_;
    return true;
  }

 private:
  QuorumRules rules_;
  std::uint32_t count_ = 0;
  std::optional<bool> is_up_;
  std::optional<Instant> changes_at_;
};

}  // namespace baton::process
