// A role beside the worker (runner, api): the guardian starts it, starts it again when it dies, at once and then after
// 1, 2, 4 ... 60 s, and hands it one end of a channel for each new worker. VRRP does not wait for it.
#pragma once

#include <signal.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "daemon/remains.h"
#include "daemon/role.h"
#include "daemon/watch_policy.h"
#include "kernel/channel.h"
#include "log/logger.h"
#include "loop/loop.h"

namespace baton::daemon {

namespace limits {

// A role whose number of beats is the same at every look for so long hangs. Looks are counted, not time: who slept
// together with it has looked once.
inline constexpr Duration silence_of_a_role = std::chrono::seconds(15);
inline constexpr Duration between_looks = std::chrono::seconds(3);

}  // namespace limits

class SideRole {
 public:
  struct Plan {
    std::string name;             // "baton-api"
    std::string loss;             // what its death means to the administrator, behind "the api role exited ...; "
    int parent_death_signal = 0;  // sent to it when the guardian is gone
    std::function<SysResult<std::vector<int>>()> prepare;  // before each start: the descriptors it keeps
    setup::Secrets secrets = setup::Secrets::none;         // that it needs
    std::function<int(kernel::Channel guardian)> main;     // in the child
    // It is there again while a worker may live without it: connect() makes the worker's end.
    std::function<void()> started;
    std::function<void()> died{};                                 // and another one follows, now or later
    std::function<void(const kernel::Channel::Message&)> said{};  // a message from it
    // Where it is a service of its own: our end of a channel to a new one. Where that fails we start our own.
    std::function<SysResult<kernel::Channel>()> call{};
    // A number that it makes another as long as it turns its loop. One that stands still is replaced after `silence`.
    // Without it, and while it is not known, nobody looks.
    std::function<std::optional<std::uint64_t>()> beats{};
    std::function<Duration()> silence = [] { return limits::silence_of_a_role; };
  };

  SideRole(loop::Loop& loop, log::Logger& log, Plan plan);

  SysResult<void> start();
  // A new pair: one end goes to the role, which is told `what` it is, the other is for the worker.
  SysResult<kernel::Channel> connect(std::uint8_t what = 0);
  // One byte on its channel, and a descriptor.
  SysResult<void> tell(std::uint8_t what, int passed_fd = -1) const { return channel_.send({&what, 1}, passed_fd); }
  // A new process in place of the one that runs, if one does. The old one loses its channel and finishes what it has
  // begun; those before it, which have had their time, are killed.
  void replace();
  // The same without a new one; replace() may follow some day.
  void dismiss();

  bool is_running() const { return process_ || is_called_; }
  bool has_remains() const { return !remains_.is_empty(); }  // one that was dismissed has not finished yet
  void kill_remains() const { remains_.kill(); }
  // The last one that was dismissed or replaced has, and was not killed before.
  bool predecessor_has_finished() const { return remains_.is_empty() && remains_.last_has_finished(); }
  void stay_down();  // when it dies it is not started again
  void end(
      std::move_only_function<void()> ended);  // closes its channel; `ended` runs when it is gone, at once if it is
  void kill();                                 // and those that were dismissed

 private:
  SysResult<void> start_process();
  bool call();
  void on_message();
  void on_death(const std::string& how);
  void start_again();
  void watch_beats();
  void look_for_beat();

  loop::Loop& loop_;
  log::Logger& log_;
  Plan plan_;
  RoleProcess process_;
  bool is_called_ = false;  // it is no child of ours: the end of the channel is its death
  kernel::Channel channel_;
  loop::Subscription death_;
  loop::Subscription readable_;
  loop::Timer restart_;
  loop::Timer look_;
  std::optional<std::uint64_t> last_beats_;
  Duration silence_{};  // so many looks long
  BackOff back_off_;
  Remains remains_;  // of predecessors, which finish what they have begun
  bool stays_down_ = false;
  std::move_only_function<void()> ended_;
};

}  // namespace baton::daemon
