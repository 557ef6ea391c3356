#include "daemon/worker.h"

#include <signal.h>
#include <time.h>

#include <fmt/format.h>

#include <filesystem>

#include "daemon/node_shell.h"
#include "daemon/options.h"
#include "daemon/scheduling.h"
#include "daemon/watch_policy.h"
#include "kernel/confinement.h"
#include "kernel/memory_file.h"
#include "loop/loop.h"

namespace baton::daemon {

namespace {

class Worker {
 public:
  explicit Worker(WorkerStart start);
  int run();

 private:
  void begin_listening();
  void serve();
  void go_on(const UniqueFd& unsaid);
  void take_up(const UniqueFd& unsaid);
  void say_left();
  void leave_as_it_is();
  void stop();
  void on_stopped();
  void on_guardian_message();
  void tell_of_maintenance(vrrp::Maintenance maintenance);
  void watch_channels();
  void beat();

  LastWill& will_;
  WorkerStart start_;
  log::Logger log_;
  loop::Loop loop_;
  NodeShell shell_;
  loop::Timer beat_timer_;
  Instant rested_{};
  loop::Subscription guardian_readable_;
  std::vector<loop::Subscription> subscriptions_;
  loop::Subscription runner_readable_;
  loop::Subscription api_readable_;
  loop::Subscription checker_readable_;
  loop::Subscription bfd_readable_;
  bool stopping_ = false;
  bool has_left_ = false;  // for a worker that goes on as ours
  int exit_status_ = exit_code::success;
};

Worker::Worker(WorkerStart start)
    : will_(start.will),
      start_(std::move(start)),
      log_(start_.log),
      shell_(start_, loop_, log_,
             {.on_firewall_outdated = [this] { return start_.guardian.send({&firewall_outdated, 1}).has_value(); },
              .on_maintenance = [this](vrrp::Maintenance maintenance) { tell_of_maintenance(maintenance); },
              .on_stopped = [this] { on_stopped(); }}) {}

int Worker::run() {
  schedule(start_.setup.scheduling, start_.real_time, log_);  // first: others must not delay what follows
  const std::string writable[] = {"/proc/sys/net", std::filesystem::path(start_.settings_record).parent_path()};
  if (const auto confined = kernel::confine_worker(writable); !confined) {
    log_.warning(to_string(confined.error()) + "; the worker has more power than it needs");
  }
  if (const auto opened = shell_.open(); !opened) {
    log_.error(to_string(opened.error()));
    return exit_code::failure;
  }
  will_.beat(loop::now());
  begin_listening();
  // On a slow machine, or with a large configuration, it takes longer than who serves or resumes may be silent.
  const bool locks_late = start_.resume && !start_.takes_over;
  if (!locks_late) lock_memory(log_);
  if (start_.takes_over) {
    shell_.prepare();
    (void)start_.guardian.send({&worker_is_prepared, 1});  // else we are given up
  } else {
    serve();
  }
  if (locks_late) lock_memory(log_);
  loop_.run();
  say_left();
  return exit_status_;
}

// The last words. What no runner has been told is for the worker that follows, if there is one, and the will says that
// it was told only when that one gets it: who is killed before that leaves states that are told anew.
void Worker::say_left() {
  const std::vector<Unsaid> unsaid = shell_.take_unsaid();
  UniqueFd file;
  std::string trouble;
  if (has_left_ && !unsaid.empty()) {
    auto made = kernel::memory_file(pack(unsaid));
    if (made) {
      file = std::move(*made);
    } else {
      trouble = to_string(made.error()) + "; ";
    }
  }
  if (!unsaid.empty() && !file) {
    log_.warning(fmt::format("{}{} messages for scripts, FIFOs, mail and webhooks are lost with this worker", trouble,
                             unsaid.size()));
  }
  shell_.say_last_lines();
  if (unsaid.empty() || file) shell_.entrust();
  if (has_left_) (void)start_.guardian.send({&worker_has_left, 1}, file ? file.get() : -1);
}

void Worker::begin_listening() {
  beat_timer_ = loop_.timer([this] { beat(); });
  beat_timer_.set(loop::now());
  guardian_readable_ = loop_.watch(start_.guardian.fd(), loop::Ready::readable, [this] { on_guardian_message(); });
  subscriptions_.push_back(loop_.on_signal(SIGTERM, [this] { stop(); }));
  subscriptions_.push_back(loop_.on_signal(SIGQUIT, [this] { leave_as_it_is(); }));
  subscriptions_.push_back(loop_.on_signal(
      SIGXCPU, [this] { log_.warning("the worker ran for longer than vrrp_rlimit_rttime without a pause"); }));
  watch_channels();
  loop_.after_waiting([this] {
    if (shell_.wakes_up()) shell_.settle();
  });
  loop_.before_sleep([this] {
    if (shell_.has_begun()) shell_.settle();
  });
}

void Worker::serve() {
  shell_.begin();
  watch_channels();  // the runner's is there now
  shell_.settle();
  will_.set_serving();
}

// The worker before has left. What it heard before that is in its last will.
void Worker::go_on(const UniqueFd& unsaid) {
  if (const auto caught_up = shell_.catch_up(); !caught_up) {
    log_.error(to_string(caught_up.error()));
    exit_status_ = exit_code::failure;
    return loop_.stop();
  }
  serve();
  take_up(unsaid);
  shell_.replay_early_packets(will_.left().value_or(loop::now()));
}

// No runner has it from the worker before.
void Worker::take_up(const UniqueFd& unsaid) {
  if (!unsaid) return;
  constexpr std::size_t most = 4 * limits::bytes_for_a_runner;  // what waits and what is kept, with their heads
  const auto text = kernel::read_memory_file(unsaid, most);
  if (!text) {
    return log_.error(to_string(text.error()) + "; messages for scripts, FIFOs, mail and webhooks are lost");
  }
  shell_.take_up(unpack(*text));
}

// For a worker that goes on as we do.
void Worker::leave_as_it_is() {
  shell_.leave_as_it_is();
  will_.set_left(loop::now());
  has_left_ = true;
  loop_.stop();
}

void Worker::stop() {
  if (stopping_) return;
  stopping_ = true;
  if (!shell_.has_begun()) {  // nothing is held; not "in order", so that the guardian looks after what the worker
                              // before held
    exit_status_ = exit_code::failure;
    return loop_.stop();
  }
  if (start_.keep_addresses) return loop_.stop();
  shell_.stop();
}

void Worker::on_stopped() {
  if (shell_.has_refused()) exit_status_ = exit_code::failure;  // the last will tries once more
  loop_.stop();
}

void Worker::on_guardian_message() {
  auto message = start_.guardian.receive();
  if (!message) {
    // The guardian is gone, and SIGTERM, its parent-death signal, is on its way; but not when the whole process
    // namespace is killed: what is killed says no goodbye.
    if (message.error() == kernel::Channel::Nothing::any_more) guardian_readable_.reset();
    return;
  }
  if (message->bytes == Bytes{take_over} && !shell_.has_begun()) return go_on(message->passed_fd);
  if (message->bytes == Bytes{maintenance_off}) return shell_.maintain(vrrp::MaintenanceTold::Wish::off);
  if (message->bytes == Bytes{maintenance_asked}) return shell_.maintain(vrrp::MaintenanceTold::Wish::ask);
  if (message->bytes == Bytes{maintenance_forced}) return shell_.maintain(vrrp::MaintenanceTold::Wish::force);
  if (message->bytes.size() != 1 || !message->passed_fd) return;
  if (message->bytes[0] == new_runner_channel) {
    runner_readable_.reset();
    shell_.on_new_runner(kernel::Channel(std::move(message->passed_fd)));
  } else if (message->bytes[0] == new_api_channel) {
    api_readable_.reset();
    start_.api = kernel::Channel(std::move(message->passed_fd));
  } else if (message->bytes[0] == new_checker_channel) {
    checker_readable_.reset();
    start_.checker = kernel::Channel(std::move(message->passed_fd));
  } else if (message->bytes[0] == new_bfd_channel) {
    bfd_readable_.reset();
    start_.bfd = kernel::Channel(std::move(message->passed_fd));
  }
  watch_channels();
}

void Worker::tell_of_maintenance(vrrp::Maintenance maintenance) {
  const bool is_refused = maintenance == vrrp::Maintenance::refused;
  Bytes message{is_refused ? maintenance_refused : maintenance_begun};
  if (is_refused) {
    const std::string text = in_the_way(shell_.node(), start_.setup);
    message.insert(message.end(), text.begin(), text.end());
  }
  (void)start_.guardian.send(message);  // who hears nothing asks again
}

void Worker::watch_channels() {
  if (shell_.runner()) {
    runner_readable_ = loop_.watch(shell_.runner().fd(), loop::Ready::readable, [this] {
      if (!shell_.hear_runner()) runner_readable_.reset();  // the guardian starts another and sends its channel
    });
  }
  if (start_.api) {
    api_readable_ = loop_.watch(start_.api.fd(), loop::Ready::readable, [this] {
      if (!shell_.serve_api()) api_readable_.reset();
    });
  }
  if (start_.checker) {
    checker_readable_ = loop_.watch(start_.checker.fd(), loop::Ready::readable, [this] {
      if (shell_.hear_checker()) return;
      checker_readable_.reset();  // verdicts stay, and the next one comes with its channel
      start_.checker.close();
    });
  }
  if (start_.bfd) {
    bfd_readable_ = loop_.watch(start_.bfd.fd(), loop::Ready::readable, [this] {
      if (shell_.hear_bfd()) return;
      bfd_readable_.reset();  // likewise
      start_.bfd.close();
    });
  }
}

// Shows life. A real-time process that never sleeps is ended by the kernel (RLIMIT_RTTIME), so a worker that is flooded
// sleeps on purpose: for less than a late advert, and seldom enough to cost nothing.
void Worker::beat() {
  const Instant now = loop::now();
  beat_timer_.set(now + limits::worker_beat);
  shell_.beat();
  constexpr Duration rest_interval = std::chrono::milliseconds(300);
  if (now - rested_ < rest_interval) return;
  rested_ = now;
  constexpr timespec moment{.tv_sec = 0, .tv_nsec = 20'000};
  (void)::nanosleep(&moment, nullptr);
}

}  // namespace

int run_worker(WorkerStart start) {
  // Never taken apart: the kernel is quicker with the memory of thousands of routers.
  static Worker* const worker = new Worker(std::move(start));
  return worker->run();
}

}  // namespace baton::daemon
