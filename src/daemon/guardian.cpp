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
#include "daemon/firewall.h"
#include "daemon/last_words.h"
#include "daemon/leftovers.h"
#include "daemon/pid_file.h"
#include "daemon/role.h"
#include "daemon/succession.h"
#include "daemon/virtual_interface_setup.h"
#include "daemon/watch_policy.h"
#include "daemon/worker.h"
#include "kernel/advert_socket.h"
#include "kernel/interface_table.h"
#include "kernel/netlink_socket.h"
#include "kernel/process_settings.h"
#include "loop/loop.h"
#include "process/child.h"
#include "process/runner.h"

namespace baton::daemon {

namespace {

constexpr Duration stop_bound = std::chrono::seconds(5);  // for the worker to leave in order (child_wait_time)
constexpr Duration stop_bound_an_address = std::chrono::microseconds(500);
constexpr Duration runner_stop_bound = std::chrono::seconds(3);  // for the runner to finish what is queued
constexpr Duration start_again_after = std::chrono::seconds(1);  // when a worker could not be started
constexpr Duration watchdog_interval = std::chrono::seconds(1);  // of the service manager, which waits for seconds
constexpr int worker_leave_bound_ms = 200;                       // at a reload
constexpr int firewall_bound_ms = 1000;                          // for others who change nftables meanwhile

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
        reload_(std::move(reload)) {}

  int run();

 private:
  SysResult<void> make_memory();
  SysResult<void> start_runner();
  SysResult<void> start_api();
  SysResult<void> start_worker(bool resume);
  void carry_out_last_will(StaticEntries statics);
  void note_managed();
  SysResult<kernel::Channel> connect_runner();
  SysResult<kernel::Channel> connect_api();
  SysResult<void> join(const SysResult<kernel::Channel>& channel, std::uint8_t kind);

  void choose_names(Setup& setup);
  void set_firewall(const Setup& setup);
  void wait_for_firewall();
  void remove_firewall_at_end();
  void on_worker_message();

  void on_tick();
  void on_worker_death();
  void on_runner_death();
  void on_api_death();
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
    options.identifier = identifier;
    return options;
  }
  // A role that nobody waits for, whose timer has run out.
  void start_again(SysResult<void> (Guardian::*start)(), loop::Timer& timer, BackOff& back_off) {
    const Instant now = loop::now();
    back_off.on_start(now);
    const auto started = (this->*start)();
    if (started) return;
    log_.error(to_string(started.error()));
    timer.set(now + back_off.on_death(now));
  }

  const Options& options_;
  std::unique_ptr<Setup> setup_;
  Leftovers leftovers_;
  std::vector<VirtualInterfaceSetup> leftover_interfaces_;  // of configurations before this one
  log::Options log_options_;
  log::Logger log_;
  Reload reload_;
  loop::Loop loop_;

  kernel::SharedMemory memory_;
  std::optional<LastWill> will_;
  RestartPolicy policy_;
  HangDetector hang_detector_;
  std::optional<Instant> must_serve_by_;  // a resumed worker
  BackOff runner_back_off_;
  BackOff api_back_off_;
  Instant next_watchdog_{};
  bool worker_is_killed_ = false;  // its end is awaited
  bool told_ready_ = false;
  bool has_started_ = false;  // a worker, some time

  RoleProcess worker_;
  RoleProcess runner_;
  RoleProcess api_;
  RoleProcess firewall_;  // lives for a moment
  bool firewall_is_outdated_ = false;
  kernel::Channel worker_channel_;
  kernel::Channel runner_channel_;
  kernel::Channel api_channel_;
  loop::Subscription worker_readable_;
  loop::Subscription firewall_death_;
  loop::Subscription worker_death_;
  loop::Subscription runner_death_;
  loop::Subscription api_death_;
  loop::Timer tick_;
  loop::Timer restart_;
  loop::Timer runner_restart_;
  loop::Timer api_restart_;
  loop::Timer give_up_;
  std::vector<loop::Subscription> signals_;
  std::optional<PidFile> pid_file_;
  bool api_is_outdated_ = false;
  bool stopping_ = false;
  int exit_status_ = exit_code::success;
};

int Guardian::run() {
  process::raise_descriptor_limit();  // the worker needs two for each interface; scripts get the former limit back
  (void)::signal(SIGPIPE, SIG_IGN);   // whoever read our stderr may go
  (void)::mkdir(options_.run_directory.c_str(), 0755);  // EEXIST is the usual case; the pid file says what is wrong
  auto pid_file = PidFile::create(options_.pid_file);
  if (!pid_file) {
    log_.error(pid_file.error());
    return exit_code::failure;
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
  // keepalived's dumps (DATA, STATS, JSON): nothing is written yet, and nobody who asks ends the daemon.
  for (const int number : {SIGUSR1, SIGUSR2, SIGRTMIN + 2, SIGRTMAX - 1}) {
    on(number, [this] { log_.info("ask with `baton status --json`; dump files are not written yet"); });
  }
  tick_ = loop_.timer([this] { on_tick(); });
  restart_ = loop_.timer([this] { start_worker_again(); });
  runner_restart_ = loop_.timer([this] { start_again(&Guardian::start_runner, runner_restart_, runner_back_off_); });
  api_restart_ = loop_.timer([this] { start_again(&Guardian::start_api, api_restart_, api_back_off_); });
  give_up_ = loop_.timer([this] { finish(); });

  for (const auto& step : {&Guardian::make_memory, &Guardian::start_runner, &Guardian::start_api}) {
    if (const auto done = (this->*step)(); !done) {
      log_.error(to_string(done.error()));
      return exit_code::failure;
    }
  }
  if (needs_firewall(*setup_) || has_firewall(options_.firewall_marker())) {
    set_firewall(*setup_);
    wait_for_firewall();
  }
  if (const auto started = start_worker(false); !started) {
    log_.error(to_string(started.error()));
    return exit_code::failure;
  }
  tick_.set(loop::now());
  loop_.run();
  (void)::sd_notify(0, "STOPPING=1");
  remove_firewall_at_end();
  return exit_status_;
}

SysResult<void> Guardian::make_memory() {
  auto memory = kernel::SharedMemory::create(LastWill::size_for(setup_->routers.size()));
  if (!memory) return std::unexpected(memory.error());
  memory_ = std::move(*memory);
  will_.emplace(memory_.data(), setup_->routers.size());
  return {};
}

SysResult<void> Guardian::start_runner() {
  auto pair = kernel::Channel::make_pair();
  if (!pair) return std::unexpected(pair.error());
  auto& [ours, theirs] = *pair;
  const int keep[] = {theirs.fd()};
  auto started = start_role({.name = "baton-run",
                             .parent_death_signal = 0,  // its channel ends with us, and the worker may still speak
                             .keep = keep,
                             .main = [&] { return process::run_runner(theirs.release(), {}); }});
  if (!started) return std::unexpected(started.error());
  runner_ = std::move(*started);
  runner_channel_ = std::move(ours);
  runner_death_ = loop_.watch(runner_.pidfd.get(), loop::Ready::readable, [this] { on_runner_death(); });
  if (const auto joined = join(connect_runner(), new_runner_channel); !joined) log_.error(to_string(joined.error()));
  return {};
}

SysResult<void> Guardian::start_api() {
  auto pair = kernel::Channel::make_pair();
  if (!pair) return std::unexpected(pair.error());
  auto& [ours, theirs] = *pair;
  const int keep[] = {theirs.fd()};
  std::array<char, 256> host{};
  (void)::gethostname(host.data(), host.size() - 1);
  const int guardian_pid = ::getpid();
  auto started = start_role({.name = "baton-api", .parent_death_signal = SIGKILL, .keep = keep, .main = [&] {
                               return run_api({.setup = *setup_,
                                               .will = *will_,
                                               .log = role_log("baton-api"),
                                               .socket_path = options_.run_directory + "/control.sock",
                                               .configuration = options_.configuration,
                                               .node = host.data(),
                                               .guardian_pid = guardian_pid,
                                               .guardian = std::move(theirs)});
                             }});
  if (!started) return std::unexpected(started.error());
  api_ = std::move(*started);
  api_channel_ = std::move(ours);
  api_death_ = loop_.watch(api_.pidfd.get(), loop::Ready::readable, [this] { on_api_death(); });
  if (const auto joined = join(connect_api(), new_api_channel); !joined) log_.error(to_string(joined.error()));
  return {};
}

// Gives a living worker its end of a channel; the next worker gets one in any case.
SysResult<void> Guardian::join(const SysResult<kernel::Channel>& channel, std::uint8_t kind) {
  if (!worker_) return {};
  if (!channel) return std::unexpected(channel.error());
  return worker_channel_.send({&kind, 1}, channel->fd());
}

// The worker's end of a new pair whose other end the runner has now.
SysResult<kernel::Channel> Guardian::connect_runner() {
  auto pair = kernel::Channel::make_pair();
  if (!pair) return std::unexpected(pair.error());
  auto& [worker_end, runner_end] = *pair;
  const auto sent = process::send_worker_channel(runner_channel_.fd(), runner_end.release());
  if (!sent) return std::unexpected(sent.error());
  return std::move(worker_end);
}

SysResult<kernel::Channel> Guardian::connect_api() {
  auto pair = kernel::Channel::make_pair();
  if (!pair) return std::unexpected(pair.error());
  auto& [worker_end, api_end] = *pair;
  const std::uint8_t kind = new_api_channel;
  const auto sent = api_channel_.send({&kind, 1}, api_end.fd());
  if (!sent) return std::unexpected(sent.error());
  return std::move(worker_end);
}

SysResult<void> Guardian::start_worker(bool resume) {
  auto runner = connect_runner();
  auto api = connect_api();
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
                                                  .settings_record = options_.settings_record(),
                                                  .guardian = std::move(theirs),
                                                  .runner = std::move(to_runner),
                                                  .api = std::move(to_api)});
                             }});
  if (!started) return std::unexpected(started.error());
  has_started_ = true;
  worker_ = std::move(*started);
  worker_is_killed_ = false;
  worker_channel_ = std::move(ours);
  worker_readable_ = loop_.watch(worker_channel_.fd(), loop::Ready::readable, [this] { on_worker_message(); });
  worker_death_ = loop_.watch(worker_.pidfd.get(), loop::Ready::readable, [this] { on_worker_death(); });
  return {};
}

void Guardian::on_worker_message() {
  auto message = worker_channel_.receive();
  if (!message) {
    if (message.error() == kernel::Channel::Nothing::any_more) worker_readable_.reset();  // its death is told elsewhere
    return;
  }
  if (message->bytes.size() == 1 && message->bytes[0] == firewall_outdated && !stopping_) set_firewall(*setup_);
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

// By a child that may wait for others who change rules on this machine: neither we nor the worker do.
void Guardian::set_firewall(const Setup& setup) {
  if (firewall_) {
    firewall_is_outdated_ = true;
    return;
  }
  auto started = start_role({.name = "baton-firewall", .parent_death_signal = SIGKILL, .keep = {}, .main = [&] {
                               log::Logger log(role_log("baton-firewall"));
                               return daemon::set_firewall(setup, options_.firewall_marker(), log);
                             }});
  if (!started) return log_.error(to_string(started.error()));
  firewall_ = std::move(*started);
  firewall_death_ = loop_.watch(firewall_.pidfd.get(), loop::Ready::readable, [this] {
    firewall_death_.reset();
    (void)reap(firewall_);
    if (std::exchange(firewall_is_outdated_, false) && !stopping_) set_firewall(*setup_);
  });
}

// Before a worker that may put addresses on interfaces at once.
void Guardian::wait_for_firewall() {
  if (!firewall_) return;
  pollfd ended{.fd = firewall_.pidfd.get(), .events = POLLIN, .revents = 0};
  if (::poll(&ended, 1, firewall_bound_ms) != 1) log_.warning("nftables is held by somebody else; going on without it");
}

// Last: the table keeps a dying interface from speaking for the virtual MAC address.
void Guardian::remove_firewall_at_end() {
  firewall_death_.reset();
  wait_for_firewall();
  if (firewall_) {
    firewall_.signal(SIGKILL);
    (void)reap(firewall_);
  }
  if (options_.keep_addresses || !has_firewall(options_.firewall_marker())) return;
  auto started = start_role({.name = "baton-firewall", .parent_death_signal = 0, .keep = {}, .main = [&] {
                               log::Logger log(role_log("baton-firewall"));
                               return daemon::remove_firewall(options_.firewall_marker(), log);
                             }});
  if (!started) return log_.error(to_string(started.error()));
  firewall_ = std::move(*started);
  wait_for_firewall();
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
  if (hang_detector_.is_hung(will_->heartbeat(), now, [this] { return read_process_state(worker_.pid); })) {
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

void Guardian::on_runner_death() {
  runner_death_.reset();
  const std::string how = reap(runner_);
  if (stopping_) {
    if (!worker_) loop_.stop();
    return;
  }
  log_.error(fmt::format("the runner {}; scripts keep their last verdict until the next one is there", how));
  const Instant now = loop::now();
  runner_restart_.set(now + runner_back_off_.on_death(now));
}

void Guardian::on_api_death() {
  api_death_.reset();
  const std::string how = reap(api_);
  if (stopping_) return;
  const Instant now = loop::now();
  if (std::exchange(api_is_outdated_, false)) {
    api_restart_.set(now);
    return;
  }
  log_.error(fmt::format("the api role {}", how));
  api_restart_.set(now + api_back_off_.on_death(now));
}

// A reload is a planned change of worker: the old one ends with everything left as it is, the new one goes on with the
// new configuration, and the difference between the two is carried out like any other.
void Guardian::reload() {
  if (stopping_) return;
  (void)::sd_notify(0, "RELOADING=1");
  log_.notice("reloading " + options_.configuration);
  auto next = reload_();
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
  choose_names(*next);
  if (needs_firewall(*next)) {  // rules are there before what they are for
    set_firewall(*next);
    wait_for_firewall();
  }
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
  auto gone = old_wills;
  const auto places = successors(*old, *setup_);
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (!places[i] || !gone[i]) continue;
    will_->write(*places[i], *gone[i]);
    gone[i].reset();
  }
  say_goodbye(*old, gone, log_);
  note_managed();
  if (const auto started = start_worker(true); !started) {
    log_.error(to_string(started.error()));
    after_death({.resume = false, .back_off = start_again_after}, loop::now());
  }
  api_is_outdated_ = static_cast<bool>(api_);  // it shows the old setup; the next one shows the new
  api_.signal(SIGKILL);
  for (const std::string& sentence : setup_->not_carried_out) log_.warning(sentence);
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
  runner_restart_.cancel();
  api_restart_.cancel();
  if (!worker_) return finish();
  worker_.signal(SIGTERM);
  std::size_t addresses = 0;
  for (const RouterSetup& router : setup_->routers) addresses += router.addresses.size();
  const Duration bound = stop_bound + addresses * stop_bound_an_address;
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
  api_channel_.close();
  runner_channel_.close();
  if (!runner_) return loop_.stop();
  give_up_ = loop_.timer([this] {
    runner_.signal(SIGKILL);
    loop_.stop();
  });
  give_up_.set(loop::now() + runner_stop_bound);
}

}  // namespace

int run_guardian(const Options& options, std::unique_ptr<Setup> setup, const log::Options& log, Reload reload) {
  Guardian guardian(options, std::move(setup), log, std::move(reload));
  return guardian.run();
}

}  // namespace baton::daemon
