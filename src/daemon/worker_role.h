// The VRRP worker as the guardian sees it: one configuration, the memory that carries its last will, and the process,
// which after a death may be followed by another with the same memory. A reload makes a second one beside the first.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "daemon/flight_record.h"
#include "daemon/last_will.h"
#include "daemon/role.h"
#include "daemon/setup.h"
#include "daemon/watch_policy.h"
#include "daemon/worker.h"
#include "kernel/channel.h"
#include "kernel/process_settings.h"
#include "loop/loop.h"

namespace baton::daemon {

// Of all routers.
Duration shortest_advert_interval(const Setup& setup);
// Of all routers: as long as a worker that gets no processor is waited for.
Duration starved_bound(const Setup& setup);

class WorkerRole {
 public:
  struct Events {
    std::function<void(std::uint8_t, ByteView behind)> said;  // a message (worker.h): its first byte, and the rest
    std::function<void()> died;                               // reap() is due
  };
  // `read_at`: when the configuration was read.
  static SysResult<std::unique_ptr<WorkerRole>> make(loop::Loop& loop, std::unique_ptr<Setup> setup, WallTime read_at,
                                                     Events events);

  const Setup& setup() const { return *setup_; }
  WallTime read_at() const { return read_at_; }
  LastWill& will() { return will_; }
  const FlightRecord* record() const { return record_.get(); }
  std::unique_ptr<FlightRecord> release_record() { return std::move(record_); }
  // In a process that is no worker.
  void forget_secrets(setup::Secrets kept) {
    if (setup_) setup::forget_secrets(*setup_, kept);
  }
  // For a worker with this configuration some other time; this one is of no use any more.
  std::unique_ptr<Setup> release_setup() { return std::move(setup_); }

  // Its end is somebody else's to see from now on.
  RoleProcess release_process();

  // Runs in the new process, and returns its exit status.
  using Launch = std::function<int(const Setup& setup, LastWill& will, kernel::Channel guardian)>;
  // `keep`: descriptors of channels that the launch hands over. Its bound counts from now.
  SysResult<void> start(const Launch& launch, std::span<const int> keep);
  bool is_running() const { return static_cast<bool>(process_); }
  pid_t pid() const { return process_.pid; }
  SysResult<void> tell(std::uint8_t what, int passed_fd = -1) const { return channel_.send({&what, 1}, passed_fd); }
  void signal(int number) { process_.signal(number); }
  void kill();
  bool is_killed() const { return is_killed_; }
  // Ends it with everything left as it is, for one that goes on as its routers; waits, no longer than a bound. Returns
  // what it could tell no runner, for that one; mostly nothing.
  UniqueFd leave();
  // After Events::died: how it ended.
  std::string reap();

  // A worker that goes on as another serves within a bound from now on; one that gets no processor has as long as the
  // silence of the one before it has left.
  void must_serve_soon(Instant now, Duration silence_before = {});
  enum class Health : std::uint8_t { fine, serves_late, hangs };
  Health look(Instant now);
  Instant next_look(Instant now) const;  // when the next look() is due
  bool has_failed_to_resume() const { return must_serve_since_.has_value() && !will_.is_serving(); }

 private:
  WorkerRole(loop::Loop& loop, std::unique_ptr<Setup> setup, WallTime read_at, kernel::SharedMemory memory,
             Events events);
  void on_message();

  loop::Loop& loop_;
  std::unique_ptr<Setup> setup_;
  WallTime read_at_;
  kernel::SharedMemory memory_;
  LastWill will_;
  std::unique_ptr<FlightRecord> record_;
  Events events_;
  RoleProcess process_;
  kernel::Channel channel_;
  loop::Subscription readable_;
  loop::Subscription death_;
  HangDetector hang_detector_;
  HangDetector service_detector_;  // silent until it serves
  std::optional<Instant> must_serve_since_;
  Duration silence_before_{};  // of the one before it, with this memory
  bool is_killed_ = false;     // its end is awaited
};

}  // namespace baton::daemon
