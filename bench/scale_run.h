// One run of the scale table: so many instances of one daemon at one interval, through start, steady work, reload,
// stop and loss of the master.
#pragma once

#include <expected>
#include <optional>
#include <string>

#include "advert_capture.h"
#include "stage.h"

namespace baton::bench {

struct ScaleFigures {
  // Steady, one MASTER of all, nobody captures. Seconds of processor time a minute.
  double cpu_all = 0;
  double cpu_worker = 0;
  double cpu_backup = 0;            // of the backup that hears all of it
  std::uint64_t memory_worker = 0;  // KiB
  std::uint64_t memory_guardian = 0;
  std::uint64_t memory_all = 0;
  GapDeviation gaps;
  // Beyond what the timers allow.
  std::optional<Duration> start;     // exec to the last address
  std::optional<Duration> takeover;  // SIGTERM to the last address of the peer
  std::optional<Duration> loss;      // everything SIGKILLed
  std::optional<Duration> gone;      // from the last act after SIGTERM to the end of the process
  // Reload, one instance changed.
  std::optional<Duration> reload;  // SIGHUP to the change on the interface
  GapDeviation reload_gaps;
};

struct ScaleOptions {
  std::string batond;
  Duration steady{};  // how long CPU is counted, and gaps
};

std::expected<ScaleFigures, std::string> run_scale(Daemon daemon, const Scale& scale, const ScaleOptions& options);

}  // namespace baton::bench
