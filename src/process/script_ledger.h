// What the runs of each vrrp_script came to and how long they took, in memory that the runner writes and others read
// (`/metrics`, the status): the worker is not asked and hears nothing of it. It outlives the runner, so that the counts
// of a name go on when a runner takes the place of one that died, and through reloads. Nobody waits for anybody: each
// number is whole, but a reader may see one run in one number and not yet in another.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/limits.h"
#include "base/time.h"

namespace baton::process {

enum class RunResult : std::uint8_t {
  success,
  failure,        // another exit status than 0, or a signal
  timeout,        // ended by us
  could_not_run,  // not started: no such program, no slot, or the run before still hangs although it was killed
};
inline constexpr std::array run_result_names{"success", "failure", "timeout", "could_not_run"};

// Seconds; the last bucket is for what takes longer than any of them.
inline constexpr std::array duration_bounds{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0};

// Since the name is known.
struct ScriptRuns {
  std::array<std::uint64_t, run_result_names.size()> results{};       // by RunResult
  std::array<std::uint64_t, duration_bounds.size() + 1> durations{};  // runs, by how long they took
  Duration sum{};                                                     // of all runs that were started
  std::optional<Duration> last;                                       // nullopt: none has ended yet

  bool operator==(const ScriptRuns&) const = default;
};

class ScriptLedger {
 public:
  static constexpr std::size_t most = limits::track_scripts;
  static std::size_t size();

  // A view of that many bytes, zeroes at first, which outlive us. Nullptr: nothing is counted.
  explicit ScriptLedger(void* memory = nullptr) : memory_(memory) {}

  // --- the runner: one at a time ---
  // These scripts and no others: counts of a name that was there go on, those of the others are forgotten. Names beyond
  // `most` are not counted.
  void keep(const std::vector<std::string_view>& names);
  // It turns its loop.
  void beat();
  // `took` of a run that was started.
  void count(std::string_view name, RunResult result, std::optional<Duration> took);

  // --- others ---
  // By name; nothing of names that the runner does not know.
  class Reading {
   public:
    std::optional<ScriptRuns> of(std::string_view name) const;

   private:
    friend class ScriptLedger;
    std::unordered_map<std::uint64_t, ScriptRuns> runs_;
  };
  Reading read() const;
  // How often it turned its loop, so that one that hangs is noticed; nullopt: nothing is kept.
  std::optional<std::uint64_t> beats() const;

 private:
  void* memory_;
  std::unordered_map<std::uint64_t, std::size_t> places_;  // the runner's, by key
};

}  // namespace baton::process
