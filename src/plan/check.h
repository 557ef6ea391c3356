// Something that a node tracks, as time passes: what a failure of it makes the runner tell, and when. The verdicts are
// the runner's own (process::ScriptVerdict, process::ProcessQuorum), and a vrrp_check is as a script. A run takes no
// time, and the last regular one was right before the failure: nothing is noticed later than that. One that hangs takes
// its timeout more. A BFD session is silent for its detection time, as the two ends agree when both have this
// configuration, and needs a second to come up. PURE.
#pragma once

#include <optional>
#include <string>

#include "base/time.h"
#include "process/process_quorum.h"
#include "process/script_verdict.h"
#include "setup/setup.h"
#include "vrrp/effective_priority.h"

namespace baton::plan {

namespace limits {
// Until the runner of a daemon that was started has told what it found.
inline constexpr Duration first_result = std::chrono::milliseconds(10);
// No failure takes longer to be noticed, so that no time overflows.
inline constexpr Duration longest_detection = std::chrono::years(5);
}  // namespace limits

class Check {
 public:
  // Of tracker `id` of this setup.
  Check(const setup::Setup& setup, vrrp::TrackerId id);

  vrrp::TrackerKind kind() const { return kind_; }
  const std::string& name() const { return name_; }
  // Can it fail? A process that may be there or not cannot, and a file only when some number is a fault.
  bool can_fail() const { return can_fail_; }
  // A script that is no question about a process, which is answered at once.
  bool can_hang() const { return can_fail_ && settings_ && process_.empty(); }
  // What a file says then, and what it says when it is well.
  int number_when(bool well) const { return well ? number_ : failing_number_; }
  // Well is what is good for the priority: a script that is tracked in reverse is well as long as it fails.
  bool is_reversed() const { return well_is_down_; }
  // The process whose end makes the script fail, where its command line says so: it is noticed at once.
  const std::string& process() const { return process_; }

  // A new daemon knows nothing. Regular runs come from here on, or from the moment right before the thing itself fails
  // or returns.
  void start(Instant now);
  void set_well(bool well, Instant now);
  // Each run takes its timeout from here on, and counts as a failure.
  void hang(Instant now);
  // The runner looks: true when it tells another value than before.
  bool look(Instant now);
  std::optional<Instant> next_look() const { return next_look_; }
  vrrp::TrackerValue value() const;

  // From set_well() to the first look.
  Duration first_look() const;

 private:
  bool is_up_now() const { return !is_hanging_ && is_well_ != well_is_down_; }
  Duration timeout() const;
  Duration step() const;
  void follow(process::TrackScript settings);
  void find_failing_number(const setup::Setup& setup, vrrp::TrackerId id);

  vrrp::TrackerKind kind_;
  std::string name_;
  std::string process_;
  bool can_fail_ = true;
  bool well_is_down_ = false;
  bool is_well_ = true;
  bool is_file_ = false;
  bool is_session_ = false;
  Duration detection_{};  // of a session
  bool is_hanging_ = false;
  int number_ = 0;  // of a file
  int failing_number_ = 0;
  Duration interval_{};
  Instant regular_{};  // a run at its time
  std::optional<process::TrackScript> settings_;
  std::optional<process::QuorumRules> rules_;
  std::uint32_t count_well_ = 1;
  std::uint32_t count_ill_ = 0;

  std::optional<process::ScriptVerdict> script_;
  std::optional<process::ProcessQuorum> quorum_;
  std::optional<bool> told_;
  int told_number_ = 0;
  std::optional<Instant> next_look_;
};

}  // namespace baton::plan
