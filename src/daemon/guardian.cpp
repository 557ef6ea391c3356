#include "daemon/guardian.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>

#include "daemon/api_role.h"
#include "daemon/channel.h"
#include "daemon/companions.h"
#include "daemon/dump_file.h"
#include "daemon/firewall_role.h"
#include "daemon/last_words.h"
#include "daemon/leftovers.h"
#include "daemon/once_script.h"
#include "daemon/pid_file.h"
#include "daemon/reload_schedule.h"
#include "daemon/role.h"
#include "daemon/side_role.h"
#include "daemon/succession.h"
#include "daemon/virtual_interface_setup.h"
#include "daemon/watch_policy.h"
#include "daemon/worker.h"
#include "kernel/advert_socket.h"
#include "kernel/interface_table.h"
#include "kernel/netlink_socket.h"
#include "kernel/process_settings.h"
#include "kernel/unix_listener.h"
#include "loop/loop.h"
#include "process/child.h"
#include "process/runner.h"

namespace baton::daemon {

namespace {

constexpr Duration stop_bound_an_address = std::chrono::microseconds(500);
constexpr Duration runner_stop_bound = std::chrono::seconds(3);  // for the runner to finish what is queued
constexpr Duration start_again_after = std::chrono::seconds(1);  // when a worker could not be started
constexpr Duration watchdog_interval = std::chrono::seconds(1);  // of the service manager, which waits for seconds
constexpr int worker_leave_bound_ms = 200;                       // at a reload
constexpr mode_t control_socket_mode = 0660;

// utime and stime are fields 14 and 15 of /proc/PID/stat, counted behind the name, which may hold anything.
ProcessState read_process_state(pid_t pid) {
  ProcessState result;
  const UniqueFd fd(::open(fmt::format("/proc/{}/stat", pid).c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 1024> buffer{};
  const ssize_t count = fd ? ::read(fd.get(), buffer.data(), buffer.size() - 1) : -1;
  if (count <= 0) return result;
  const std::string_view text(buffer.data(), static_cast<std::size_t>(count));
  const std::size_t name_end = text.rfind(')');
  if (name_end == text.npos || name_end + 2 >= text.size()) return result;
  const char* at = text.data() + name_end + 2;
  result.state = *at;
  constexpr int utime = 11;  // fields behind the state
  constexpr int stime = 12;
  for (int field = 0; field <= stime && at != nullptr; ++field) {
    if (field == utime || field == stime) result.cpu_ticks += std::strtoull(at, nullptr, 10);
    at = std::strchr(at, ' ');
    if (at != nullptr) ++at;
  }
  return result;
}

double utc_seconds(WallTime time) {
  return std::chrono::duration<double>(time.time_since_epoch()).count();
}

Duration shortest_advert_interval(const Setup& setup) {
  Duration shortest = Duration::max();
  for (const RouterSetup& router : setup.routers) shortest = std::min(shortest, router.codec.advert_interval);
  return shortest;
}

class Guardian {
 public:
  Guardian(const Options& options, std::unique_ptr<Setup> setup, log::Options log_options, Reload reload)
      : options_(options),
        setup_(std::move(setup)),
        log_options_(std::move(log_options)),
        log_(log_options_),
        reload_(std::move(reload)),
        runner_(loop_, log_, runner_plan()),
        api_(loop_, log_, api_plan()),
        companions_(loop_, log_, options_, log_options_),
        firewall_(loop_, role_log("baton-firewall"), options_.firewall_marker(), [this] { update_firewall(); }) {}

  int run();

 private:
  SysResult<void> make_memory();
  SideRole::Plan runner_plan();
  SideRole::Plan api_plan();
  void ask_for(Dump dump);
  void note_worker();
  int run_api_role(kernel::Channel channel);
  SysResult<void> start_worker(bool resume);
  void carry_out_last_will(StaticEntries statics);
  void note_managed();
  void join(SideRole& role, std::uint8_t kind);

  void choose_names(Setup& setup);
  void update_firewall() {
    if (!stopping_) firewall_.set(*setup_);
  }
  void on_worker_message();
  void run_once_script(const OnceScript& script, std::string_view what);

  void on_tick();
  void on_worker_death();
  void after_death(RestartPolicy::Verdict verdict, Instant now);
  void start_worker_again();
  void reload();
  void stop();
  void finish();
  void end_worker_for_reload();
  void kill_worker() {
    worker_.signal(SIGKILL);
    worker_is_killed_ = true;
  }

  log::Options role_log(const char* identifier) const {
    log::Options options = log_options_;
    options.identifier = log_identifier(options_, identifier);
    return options;
  }

  const Options& options_;
  std::unique_ptr<Setup> setup_;
  Leftovers leftovers_;
  std::vector<VirtualInterfaceSetup> leftover_interfaces_;  // of configurations before this one
  log::Options log_options_;
  log::Logger log_;
  Reload reload_;
  WallTime configuration_read_ = loop::wall_now();
  loop::Loop loop_;

  kernel::SharedMemory memory_;
  std::optional<LastWill> will_;
  RestartPolicy policy_;
  HangDetector hang_detector_;
  std::optional<Instant> must_serve_by_;  // a resumed worker
  Instant next_watchdog_{};
  bool worker_is_killed_ = false;  // its end is awaited
  bool told_ready_ = false;
  bool has_started_ = false;  // a worker, some time
  bool is_reloading_ = false;
  std::vector<Vanished> vanished_;  // that nobody has been told of

  RoleProcess worker_;
  kernel::Channel worker_channel_;
  loop::Subscription worker_readable_;
  loop::Subscription worker_death_;
  SideRole runner_;
  SideRole api_;
  Companions companions_;
  std::optional<kernel::UnixListener> control_socket_;  // ours, so that clients of the next api role wait in its queue
  FirewallRole firewall_;
  ReloadSchedule reload_schedule_{loop_, log_, [this] { reload(); }};
  loop::Timer tick_;
  loop::Timer restart_;
  loop::Timer give_up_;
  std::vector<loop::Subscription> signals_;
  std::optional<PidFile> pid_file_;
  bool stopping_ = false;
  int exit_status_ = exit_code::success;
};

int Guardian::run() {
  process::raise_descriptor_limit();  // the worker needs two for each interface; scripts get the former limit back
  (void)::signal(SIGPIPE, SIG_IGN);   // whoever read our stderr may go
  make_directories(options_.run_directory);  // the pid file says what is wrong
  if (options_.as_keepalived && !options_.name().empty()) make_directories("/run/keepalived");
  auto pid_file = PidFile::create(options_.pid_file);
  if (!pid_file) {
    log_.error(pid_file.error().sentence);
    return options_.as_keepalived && pid_file.error().is_held ? exit_code::success : exit_code::failure;
  }
  pid_file_ = std::move(*pid_file);
  // Opened to see whether it may be, and closed: a worker that may not would fail for ever.
  const auto probe = kernel::AdvertSocket::open({.family = Family::ipv4, .protocol = vrrp::spec::protocol_vrrp});
  if (!probe && probe.error().code == EPERM) {
    log_.error(to_string(probe.error()) + ": start batond as root, or with CAP_NET_RAW and CAP_NET_ADMIN");
    return exit_code::permission;
  }
  for (const std::string& sentence : setup_->not_carried_out) log_.warning(sentence);
  choose_names(*setup_);
  leftovers_.add(read_managed(options_.run_directory));
  note_managed();

  const auto on = [&](int number, auto handler) { signals_.push_back(loop_.on_signal(number, handler)); };
  on(SIGTERM, [this] { stop(); });
  on(SIGINT, [this] {
    if (!options_.ignore_sigint) stop();
  });
  on(SIGHUP, [this] { reload(); });
  const std::pair<int, Dump> dumps[] = {
      {SIGUSR1, Dump::data}, {SIGUSR2, Dump::stats}, {SIGRTMIN + 2, Dump::json}, {SIGRTMAX - 1, Dump::stats_clear}};
  for (const auto& [number, dump] : dumps) on(number, [this, dump] { ask_for(dump); });
  tick_ = loop_.timer([this] { on_tick(); });
  restart_ = loop_.timer([this] { start_worker_again(); });
  give_up_ = loop_.timer([this] { finish(); });

  run_once_script(setup_->startup_script, "startup_script");
  reload_schedule_.follow(setup_->reload_times);
  firewall_.set(*setup_);
  auto started = make_memory();
  if (started) started = runner_.start();
  if (started) started = api_.start();
  companions_.follow(setup_->configuration.globals);
  firewall_.wait();
  if (started) started = start_worker(false);
  if (!started) {
    log_.error(to_string(started.error()));
    return exit_code::failure;
  }
  tick_.set(loop::now());
  loop_.run();
  (void)::sd_notify(0, "STOPPING=1");
  if (!options_.worker_pid_file.empty()) (void)::unlink(options_.worker_pid_file.c_str());
  firewall_.end(options_.keep_addresses);
  run_once_script(setup_->shutdown_script, "shutdown_script");
  return exit_status_;
}

void Guardian::run_once_script(const OnceScript& script, std::string_view what) {
  if (script.command.argv.empty()) return;
  const Duration bound = script.timeout + std::chrono::seconds(10);
  (void)::sd_notify(0, fmt::format("EXTEND_TIMEOUT_USEC={}", bound / std::chrono::microseconds(1)).c_str());
  run_once(script, what, setup_->script_rules, log_options_);
}

SysResult<void> Guardian::make_memory() {
  auto memory = kernel::SharedMemory::create(LastWill::size_for(setup_->routers.size()));
  if (!memory) return std::unexpected(memory.error());
  memory_ = std::move(*memory);
  will_.emplace(memory_.data(), setup_->routers.size());
  return {};
}

SideRole::Plan Guardian::runner_plan() {
  return {.name = "baton-run",
          .loss = "scripts keep their last verdict until the next one is there",
          .parent_death_signal = 0,  // its channel ends with us, and the worker may still speak
          .prepare = {},
          .main = [](kernel::Channel channel) { return process::run_runner(channel.release(), {}); },
          .started = [this] { join(runner_, new_runner_channel); }};
}

SideRole::Plan Guardian::api_plan() {
  return {.name = "baton-api",
          .loss = "`baton status` waits for the next one",
          .parent_death_signal = SIGKILL,
          .prepare = [this]() -> SysResult<std::vector<int>> {
            if (!control_socket_) {
              auto socket = kernel::UnixListener::open(options_.control_socket(), control_socket_mode);
              if (!socket) return std::unexpected(socket.error());
              control_socket_ = std::move(*socket);
            }
            return std::vector{control_socket_->fd()};
          },
          .main = [this](kernel::Channel channel) { return run_api_role(std::move(channel)); },
          .started = [this] { join(api_, new_api_channel); }};
}

int Guardian::run_api_role(kernel::Channel channel) {
  std::array<char, 256> host{};
  (void)::gethostname(host.data(), host.size() - 1);
  return run_api({.setup = *setup_,
                  .will = *will_,
                  .log = role_log("baton-api"),
                  .listener = *control_socket_,
                  .configuration = options_.configuration,
                  .node = host.data(),
                  .configuration_read = utc_seconds(configuration_read_),
                  .guardian_pid = ::getppid(),
                  .guardian = std::move(channel)});
}

// The api role asks the worker and writes the file: neither we nor the worker wait for a disk.
void Guardian::ask_for(Dump dump) {
  if (const auto told = api_.tell(static_cast<std::uint8_t>(dump)); !told) log_.warning(to_string(told.error()));
}

// Gives a living worker its end of a channel; the next worker gets one in any case.
void Guardian::join(SideRole& role, std::uint8_t kind) {
  if (!worker_) return;
  const auto channel = role.connect();
  const auto joined = channel ? worker_channel_.send({&kind, 1}, channel->fd()) : std::unexpected(channel.error());
  if (!joined) log_.error(to_string(joined.error()));
}

SysResult<void> Guardian::start_worker(bool resume) {
  auto runner = runner_.connect();
  auto api = api_.connect();
  auto pair = kernel::Channel::make_pair();
  if (!pair) return std::unexpected(pair.error());
  auto& [ours, theirs] = *pair;
  // Without runner or api the worker does its main job all the same.
  kernel::Channel to_runner = runner ? std::move(*runner) : kernel::Channel();
  kernel::Channel to_api = api ? std::move(*api) : kernel::Channel();

  const Instant now = loop::now();
  if (will_->is_clean()) leftovers_.clear();
  will_->begin_generation(now);
  policy_.on_start(now);
  hang_detector_.reset(now);
  must_serve_by_ = resume ? std::optional(now + resume_bound(shortest_advert_interval(*setup_))) : std::nullopt;
  const int keep[] = {theirs.fd(), to_runner.fd(), to_api.fd()};
  auto started = start_role({.name = "baton-vrrp",
                             .parent_death_signal = SIGTERM,  // the guardian is gone: leave in order
                             .keep = keep,
                             .main = [&] {
                               return run_worker({.setup = *setup_,
                                                  .will = *will_,
                                                  .log = role_log("baton-vrrp"),
                                                  .is_first = !has_started_,
                                                  .resume = resume,
                                                  .keep_addresses = options_.keep_addresses,
                                                  .real_time = options_.real_time,
                                                  .leftovers = leftovers_.all(),
                                                  .routing_leftovers = leftovers_.routing(),
                                                  .leftover_interfaces = leftover_interfaces_,
                                                  .vanished = vanished_,
                                                  .repeats_states = setup_->repeats_states && is_reloading_,
                                                  .settings_record = options_.settings_record(),
                                                  .guardian = std::move(theirs),
                                                  .runner = std::move(to_runner),
                                                  .api = std::move(to_api)});
                             }});
  if (!started) return std::unexpected(started.error());
  has_started_ = true;
  vanished_.clear();
  worker_ = std::move(*started);
  note_worker();
  worker_is_killed_ = false;
  worker_channel_ = std::move(ours);
  worker_readable_ = loop_.watch(worker_channel_.fd(), loop::Ready::readable, [this] { on_worker_message(); });
  worker_death_ = loop_.watch(worker_.pidfd.get(), loop::Ready::readable, [this] { on_worker_death(); });
  return {};
}

// For scripts that look for keepalived's VRRP process.
void Guardian::note_worker() {
  if (options_.worker_pid_file.empty()) return;
  const auto noted = replace_file(options_.worker_pid_file, fmt::format("{}\n", worker_.pid), 0644);
  if (!noted) log_.warning(to_string(noted.error()));
}

void Guardian::on_worker_message() {
  auto message = worker_channel_.receive();
  if (!message) {
    if (message.error() == kernel::Channel::Nothing::any_more) worker_readable_.reset();  // its death is told elsewhere
    return;
  }
  if (message->bytes.size() == 1 && message->bytes[0] == firewall_outdated) update_firewall();
}

// Of interfaces that the routers will have, beside those that are there already.
void Guardian::choose_names(Setup& setup) {
  if (setup.virtual_interfaces.empty()) return;
  auto socket = kernel::NetlinkSocket::open(kernel::NetlinkSocket::Purpose::requests);
  auto links = socket ? socket->dump_links() : std::unexpected(socket.error());
  if (!links) return log_.error(to_string(links.error()));
  kernel::InterfaceTable interfaces;
  interfaces.replace(std::move(*links), {});
  avoid_taken_names(setup, interfaces);
}

void Guardian::on_tick() {
  const Instant now = loop::now();
  tick_.set(now + limits::guardian_tick);
  if (now >= next_watchdog_) {  // also while no worker runs: it is we who are watched
    next_watchdog_ = now + watchdog_interval;
    (void)::sd_notify(0, "WATCHDOG=1");
  }
  if (!worker_ || stopping_ || worker_is_killed_) return;
  if (will_->is_serving()) {
    must_serve_by_.reset();
    if (!std::exchange(told_ready_, true)) (void)::sd_notify(0, "READY=1");
  } else if (must_serve_by_ && now >= *must_serve_by_) {
    log_.error("the resumed worker does not serve in time; its last will is carried out");
    kill_worker();
    return;
  }
  const bool starts_from_scratch = !will_->is_serving() && !must_serve_by_;
  const Duration patience = starts_from_scratch ? limits::hang_at_start : limits::hang;
  const auto state = [this] { return read_process_state(worker_.pid); };
  if (hang_detector_.is_hung(will_->heartbeat(), now, state, patience)) {
    log_.error(fmt::format("the VRRP worker (pid {}) has shown no sign of life for {} ms; it is replaced", worker_.pid,
                           std::chrono::duration_cast<std::chrono::milliseconds>(now - will_->heartbeat()).count()));
    kill_worker();
    return;
  }
}

void Guardian::on_worker_death() {
  worker_death_.reset();
  worker_readable_.reset();
  worker_channel_.close();
  const bool failed_resume = must_serve_by_.has_value() && !will_->is_serving();
  const pid_t pid = worker_.pid;
  const std::string how = reap(worker_);
  const Instant now = loop::now();
  if (stopping_) {
    const bool left_in_order = how == "exited with status 0";
    if (!left_in_order && !options_.keep_addresses) carry_out_last_will(StaticEntries::go);
    finish();
    return;
  }
  log_.error(fmt::format("the VRRP worker (pid {}) {}", pid, how));
  if (!options_.respawn) {
    carry_out_last_will(StaticEntries::go);
    exit_status_ = exit_code::failure;
    stopping_ = true;
    finish();
    return;
  }
  after_death(failed_resume ? policy_.on_failed_resume(now) : policy_.on_death(now), now);
}

void Guardian::carry_out_last_will(StaticEntries statics) {
  daemon::carry_out_last_will(*setup_, will_->read_all(), leftovers_, statics, options_.settings_record(), log_);
}

// For whoever cleans up after all of us; without the note it goes by the file alone.
void Guardian::note_managed() {
  if (const auto noted = write_managed(options_.run_directory, *setup_, leftovers_.all()); !noted) {
    log_.warning(to_string(noted.error()));
  }
}

void Guardian::after_death(RestartPolicy::Verdict verdict, Instant now) {
  if (verdict.resume) {
    const auto started = start_worker(true);
    if (started) {
      log_.notice(fmt::format("a new VRRP worker (pid {}) goes on where the old one ended", worker_.pid));
      return;
    }
    log_.error(to_string(started.error()));
  }
  carry_out_last_will(StaticEntries::stay);
  will_->forget();
  log_.notice(fmt::format("the next VRRP worker starts in {} s",
                          std::chrono::duration_cast<std::chrono::seconds>(verdict.back_off).count()));
  restart_.set(now + verdict.back_off);
}

void Guardian::start_worker_again() {
  if (stopping_ || worker_) return;
  const auto started = start_worker(false);
  if (started) return;
  log_.error(to_string(started.error()));
  restart_.set(loop::now() + start_again_after);
}

// A reload is a planned change of worker: the old one ends with everything left as it is, the new one goes on with the
// new configuration, and the difference between the two is carried out like any other.
void Guardian::reload() {
  if (stopping_) return;
  (void)::sd_notify(0, "RELOADING=1");
  log_.notice("reloading " + options_.configuration);
  std::unique_ptr<Setup> next;
  {
    const ReloadMarker marker(setup_->reload_times, options_.reload_marker(), log_);
    next = reload_();
  }
  if (next != nullptr) {
    if (const auto name = loses_all_addresses(*setup_, *next)) {
      log_.error(
          fmt::format("vrrp_instance {} would lose all its addresses; take the instance out to give them up", *name));
      next.reset();
    }
  }
  if (next == nullptr) {
    log_.error("the configuration is refused; the one before goes on");
    (void)::sd_notify(0, "READY=1");
    return;
  }
  configuration_read_ = loop::wall_now();
  choose_names(*next);
  firewall_.set(*next);  // rules are there before what they are for
  firewall_.wait();
  end_worker_for_reload();
  const auto old_wills = will_->read_all();
  if (will_->is_clean()) leftovers_.clear();
  leftovers_.add(*setup_);
  leftover_interfaces_ = setup_->virtual_interfaces;
  const std::unique_ptr<Setup> old = std::exchange(setup_, std::move(next));
  const kernel::SharedMemory old_memory = std::move(memory_);
  memory_ = {};
  if (const auto made = make_memory(); !made) {
    log_.error(to_string(made.error()));
    daemon::carry_out_last_will(*old, old_wills, leftovers_, StaticEntries::go, options_.settings_record(), log_);
    exit_status_ = exit_code::failure;
    stopping_ = true;
    finish();
    return;
  }
  vanished_ = vanished(*old, *setup_, old_wills);
  const Inheritance inherited = inheritance(*old, *setup_, old_wills);
  for (std::size_t i = 0; i < inherited.wills.size(); ++i) {
    if (inherited.wills[i]) will_->write(i, *inherited.wills[i]);
  }
  say_goodbye(*old, inherited.gone, log_);
  note_managed();
  is_reloading_ = true;
  const auto started = start_worker(true);
  is_reloading_ = false;
  if (!started) {
    log_.error(to_string(started.error()));
    after_death({.resume = false, .back_off = start_again_after}, loop::now());
  }
  companions_.follow(setup_->configuration.globals);
  api_.replace();  // it shows the old setup; the next one shows the new
  for (const std::string& sentence : setup_->not_carried_out) log_.warning(sentence);
  reload_schedule_.follow(setup_->reload_times);
  (void)::sd_notify(0, "READY=1");
  log_.notice("reload complete");
}

void Guardian::end_worker_for_reload() {
  if (!worker_) return;
  worker_death_.reset();
  worker_readable_.reset();
  // One that does not serve yet may not hear SIGQUIT yet, and would dump core.
  worker_.signal(will_->is_serving() ? SIGQUIT : SIGKILL);
  pollfd ended{.fd = worker_.pidfd.get(), .events = POLLIN, .revents = 0};
  if (::poll(&ended, 1, worker_leave_bound_ms) != 1) worker_.signal(SIGKILL);
  (void)reap(worker_);
  worker_channel_.close();
}

void Guardian::stop() {
  if (stopping_) return;
  stopping_ = true;
  log_.notice("stopping");
  (void)::sd_notify(0, "STOPPING=1");
  restart_.cancel();
  runner_.stay_down();
  api_.stay_down();
  companions_.stay_down();
  if (!worker_) return finish();
  worker_.signal(SIGTERM);
  std::size_t addresses = 0;
  for (const RouterSetup& router : setup_->routers) addresses += router.addresses.size();
  const Duration bound = setup_->stop_bound + addresses * stop_bound_an_address;
  (void)::sd_notify(0, fmt::format("EXTEND_TIMEOUT_USEC={}", bound / std::chrono::microseconds(1)).c_str());
  give_up_.set(loop::now() + bound);
}

// The worker is gone, or has not left within its bound. Then the runner finishes what is queued and ends by itself when
// its channel ends.
void Guardian::finish() {
  if (worker_) {
    log_.error("the VRRP worker did not leave within its bound; its last will is carried out");
    worker_.signal(SIGKILL);
    return;  // on_worker_death() comes back here
  }
  api_.end([] {});
  give_up_ = loop_.timer([this] {
    runner_.kill();
    companions_.kill();
    loop_.stop();
  });
  give_up_.set(loop::now() + runner_stop_bound);
  const auto one_ended = [this, left = std::make_shared<int>(2)] {
    if (--*left == 0) loop_.stop();
  };
  companions_.end(one_ended);
  runner_.end(one_ended);
}

}  // namespace

int run_guardian(const Options& options, std::unique_ptr<Setup> setup, const log::Options& log, Reload reload) {
  Guardian guardian(options, std::move(setup), log, std::move(reload));
  return guardian.run();
}

}  // namespace baton::daemon
