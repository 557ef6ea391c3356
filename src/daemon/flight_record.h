// Where the worker's flight recorder writes (src/recorder, docs/replay.md): memory that the guardian shares with its
// workers and the api role, so that it outlives whoever wrote it; and how it becomes a file.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/sys_error.h"
#include "kernel/process_settings.h"
#include "recorder/recording.h"
#include "recorder/ring.h"
#include "vrrp/node.h"

namespace baton::daemon {

namespace limits {
inline constexpr int crash_recordings = 3;  // files that are kept
}  // namespace limits

// Of one configuration, whichever workers carry it out.
class FlightRecord {
 public:
  // Nothing when there is no memory for it: the daemon does without.
  static std::unique_ptr<FlightRecord> make(const vrrp::NodeParameters& parameters);

  recorder::Ring ring() const { return recorder::Ring(memory_.data(), memory_.size()); }
  // Up to that segment; nullopt: all.
  recorder::LifeBytes life(std::optional<std::uint64_t> last = std::nullopt) const;

 private:
  FlightRecord(Bytes parameters, kernel::SharedMemory memory)
      : parameters_(std::move(parameters)), memory_(std::move(memory)) {}

  Bytes parameters_;
  kernel::SharedMemory memory_;
};

// The file that `baton replay` reads.
Bytes recording_file(const std::vector<recorder::LifeBytes>& lives);

// crash-1.recording in `directory`, for root alone; earlier ones are crash-2 and crash-3, and what was that is removed.
// Returns the path.
SysResult<std::string> keep_crash_recording(const std::string& directory, ByteView file);

}  // namespace baton::daemon
