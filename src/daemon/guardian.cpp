#include "daemon/guardian.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "daemon/api_role.h"
#include "daemon/channel.h"
#include "daemon/companions.h"
#include "daemon/dump_file.h"
#include "daemon/firewall_role.h"
#include "daemon/last_words.h"
#include "daemon/leftovers.h"
#include "daemon/once_script.h"
#include "daemon/pid_file.h"
#include "daemon/reload.h"
#include "daemon/reload_schedule.h"
#include "daemon/role.h"
#include "daemon/side_role.h"
#include "daemon/succession.h"
#include "daemon/virtual_interface_setup.h"
#include "daemon/watch_policy.h"
#include "daemon/worker_role.h"
#include "kernel/advert_socket.h"
#include "kernel/interface_table.h"
#include "kernel/memory_file.h"
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
// A worker of a reload prepares beside the one that serves, which waits for nothing.
constexpr Duration prepare_bound = std::chrono::seconds(5);
constexpr Duration prepare_bound_an_address = std::chrono::microseconds(500);
constexpr mode_t control_socket_mode = 0660;

double utc_seconds(WallTime time) {
  return std::chrono::duration<double>(time.time_since_epoch()).count();
}

std::size_t address_count(const Setup& setup) {
  std::size_t count = 0;
  for (const RouterSetup& router : setup.routers) count += router.addresses.size();
  return count;
}

// A reload on its way: the next worker prepares while the one before serves.
struct Succession {
  std::unique_ptr<WorkerRole> next;
  Leftovers leftovers;  // of configurations before the next one
  std::vector<VirtualInterfaceSetup> leftover_interfaces;
  ReloadOrder order;
  nlohmann::json report;  // for who asked
};

// A reload that is undone when nobody confirms it.
struct Unconfirmed {
  std::unique_ptr<Setup> before;
  WallTime read_at;
  WallTime until;
};

class Guardian {
 public:
  Guardian(const Options& options, log::Options log_options, Reload reload)
      : options_(options),
        log_options_(std::move(log_options)),
        log_(log_options_),
        reload_(std::move(reload)),
        runner_(loop_, log_, runner_plan()),
        api_(loop_, log_, api_plan()),
        companions_(loop_, log_, options_, log_options_),
        firewall_(loop_, role_log("baton-firewall"), options_.firewall_marker(), [this] { update_firewall(); }) {}

  int run(std::unique_ptr<Setup> setup);

 private:
  SysResult<std::unique_ptr<WorkerRole>> make_worker(std::unique_ptr<Setup> setup, WallTime read_at);
  SideRole::Plan runner_plan();
  SideRole::Plan api_plan();
  void ask_for(Dump dump);
  void note_worker();
  int run_api_role(kernel::Channel channel);
  SysResult<void> start_worker(bool resume);
  WorkerStart launch(const Setup& setup, LastWill& will) const;
  void carry_out_last_will(StaticEntries statics);
  void note_managed();
  void join(SideRole& role, std::uint8_t kind);

  void choose_names(Setup& setup);
  void update_firewall() {
    if (!stopping_) firewall_.set(succession_ ? succession_->next->setup() : setup());
  }
  void run_once_script(const OnceScript& script, std::string_view what);

  void on_tick();
  void on_worker_said(std::uint8_t what);
  void on_worker_death(const WorkerRole& worker);
  void after_death(RestartPolicy::Verdict verdict, Instant now);
  void start_worker_again();

  void on_api_message(const Bytes& message);
  void reload(const ReloadOrder& order);
  NextConfiguration read_again(bool is_rehearsal);
  void begin_succession(std::unique_ptr<Setup> setup, WallTime read_at, const ReloadOrder& order,
                        nlohmann::json report);
  SysResult<void> start_successor(std::vector<Vanished> gone);
  void succeed();
  RouterWills hand_down(WorkerRole& next);
  void follow_setup();
  void give_up_succession(const std::string& why);
  void end_reload();
  void await_confirmation(const ReloadOrder& order, WorkerRole& before);
  void confirm(const ReloadOrder& order);
  void undo();
  void answer(const ReloadOrder& order, const nlohmann::json& report);

  void stop();
  void finish();

  const Setup& setup() const { return worker_->setup(); }
  log::Options role_log(const char* identifier) const {
    log::Options options = log_options_;
    options.identifier = log_identifier(options_, identifier);
    return options;
  }

  const Options& options_;
  Leftovers leftovers_;
  std::vector<VirtualInterfaceSetup> leftover_interfaces_;  // of configurations before this one
  log::Options log_options_;
  log::Logger log_;
  Reload reload_;
  loop::Loop loop_;

  std::unique_ptr<WorkerRole> worker_;
  std::unique_ptr<WorkerRole> predecessor_;  // has left; its end is awaited
  std::optional<Succession> succession_;
  bool reload_again_ = false;  // somebody asked while one was on its way
  std::optional<Unconfirmed> unconfirmed_;
  RestartPolicy policy_;
  Instant next_watchdog_{};
  bool told_ready_ = false;
  bool has_started_ = false;  // a worker, some time

  SideRole runner_;
  SideRole api_;
  Companions companions_;
  std::optional<kernel::UnixListener> control_socket_;  // ours, so that clients of the next api role wait in its queue
  FirewallRole firewall_;
  ReloadSchedule reload_schedule_{loop_, log_, [this] { reload({}); }};
  loop::Timer tick_;
  loop::Timer restart_;
  loop::Timer give_up_;
  loop::Timer prepared_by_;
  loop::Timer undo_;
  std::vector<loop::Subscription> signals_;
  std::optional<PidFile> pid_file_;
  bool stopping_ = false;
  int exit_status_ = exit_code::success;
};

int Guardian::run(std::unique_ptr<Setup> first) {
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
  for (const std::string& sentence : first->not_carried_out) log_.warning(sentence);
  choose_names(*first);
  auto made = make_worker(std::move(first), loop::wall_now());
  if (!made) {
    log_.error(to_string(made.error()));
    return exit_code::failure;
  }
  worker_ = std::move(*made);
  leftovers_.add(read_managed(options_.run_directory));
  note_managed();

  const auto on = [&](int number, auto handler) { signals_.push_back(loop_.on_signal(number, handler)); };
  on(SIGTERM, [this] { stop(); });
  on(SIGINT, [this] {
    if (!options_.ignore_sigint) stop();
  });
  on(SIGHUP, [this] { reload({}); });
  const std::pair<int, Dump> dumps[] = {
      {SIGUSR1, Dump::data}, {SIGUSR2, Dump::stats}, {SIGRTMIN + 2, Dump::json}, {SIGRTMAX - 1, Dump::stats_clear}};
  for (const auto& [number, dump] : dumps) on(number, [this, dump] { ask_for(dump); });
  tick_ = loop_.timer([this] { on_tick(); });
  restart_ = loop_.timer([this] { start_worker_again(); });
  give_up_ = loop_.timer([this] { finish(); });
  prepared_by_ = loop_.timer([this] { give_up_succession("the next VRRP worker was not ready in time"); });
  undo_ = loop_.timer([this] { undo(); });

  run_once_script(setup().startup_script, "startup_script");
  reload_schedule_.follow(setup().reload_times);
  firewall_.set(setup());
  auto started = runner_.start();
  if (started) started = api_.start();
  companions_.follow(setup().configuration.globals);
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
  run_once_script(setup().shutdown_script, "shutdown_script");
  return exit_status_;
}

void Guardian::run_once_script(const OnceScript& script, std::string_view what) {
  if (script.command.argv.empty()) return;
  const Duration bound = script.timeout + std::chrono::seconds(10);
  (void)::sd_notify(0, fmt::format("EXTEND_TIMEOUT_USEC={}", bound / std::chrono::microseconds(1)).c_str());
  run_once(script, what, setup().script_rules, log_options_);
}

SysResult<std::unique_ptr<WorkerRole>> Guardian::make_worker(std::unique_ptr<Setup> setup, WallTime read_at) {
  const auto self = std::make_shared<WorkerRole*>(nullptr);
  auto made = WorkerRole::make(
      loop_, std::move(setup), read_at,
      {.said = [this](std::uint8_t what) { on_worker_said(what); }, .died = [this, self] { on_worker_death(**self); }});
  if (made) *self = made->get();
  return made;
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
          .started = [this] { join(api_, new_api_channel); },
          .said = [this](const Bytes& message) { on_api_message(message); }};
}

int Guardian::run_api_role(kernel::Channel channel) {
  std::array<char, 256> host{};
  (void)::gethostname(host.data(), host.size() - 1);
  return run_api({.setup = setup(),
                  .will = worker_->will(),
                  .log = role_log("baton-api"),
                  .listener = *control_socket_,
                  .configuration = options_.configuration,
                  .node = host.data(),
                  .configuration_read = utc_seconds(worker_->read_at()),
                  .confirm_until = unconfirmed_ ? utc_seconds(unconfirmed_->until) : 0,
                  .guardian_pid = ::getppid(),
                  .guardian = std::move(channel)});
}

// The api role asks the worker and writes the file: neither we nor the worker wait for a disk.
void Guardian::ask_for(Dump dump) {
  if (const auto told = api_.tell(static_cast<std::uint8_t>(dump)); !told) log_.warning(to_string(told.error()));
}

// Gives a living worker its end of a channel; the next worker gets one in any case.
void Guardian::join(SideRole& role, std::uint8_t kind) {
  if (!worker_->is_running()) return;
  const auto channel = role.connect();
  const auto joined = channel ? worker_->tell(kind, channel->fd()) : std::unexpected(channel.error());
  if (!joined) log_.error(to_string(joined.error()));
}

WorkerStart Guardian::launch(const Setup& setup, LastWill& will) const {
  return {.setup = setup,
          .will = will,
          .log = role_log("baton-vrrp"),
          .is_first = !has_started_,
          .keep_addresses = options_.keep_addresses,
          .real_time = options_.real_time,
          .settings_record = options_.settings_record()};
}

SysResult<void> Guardian::start_worker(bool resume) {
  auto runner = runner_.connect();
  auto api = api_.connect();
  // Without runner or api the worker does its main job all the same.
  kernel::Channel to_runner = runner ? std::move(*runner) : kernel::Channel();
  kernel::Channel to_api = api ? std::move(*api) : kernel::Channel();

  const Instant now = loop::now();
  if (worker_->will().is_clean()) leftovers_.clear();
  policy_.on_start(now);
  const int keep[] = {to_runner.fd(), to_api.fd()};
  const auto started = worker_->start(
      [&](const Setup& setup, LastWill& will) {
        WorkerStart start = launch(setup, will);
        start.resume = resume;
        start.leftovers = leftovers_.all();
        start.routing_leftovers = leftovers_.routing();
        start.leftover_interfaces = leftover_interfaces_;
        start.runner = std::move(to_runner);
        start.api = std::move(to_api);
        return start;
      },
      keep);
  if (!started) return started;
  if (resume) worker_->must_serve_soon(now);
  has_started_ = true;
  note_worker();
  return {};
}

// For scripts that look for keepalived's VRRP process.
void Guardian::note_worker() {
  if (options_.worker_pid_file.empty()) return;
  const auto noted = replace_file(options_.worker_pid_file, fmt::format("{}\n", worker_->pid()), 0644);
  if (!noted) log_.warning(to_string(noted.error()));
}

void Guardian::on_worker_said(std::uint8_t what) {
  if (what == firewall_outdated) update_firewall();
  if (what == worker_is_prepared && succession_) succeed();
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
  if (!worker_->is_running() || stopping_ || worker_->is_killed()) return;
  if (worker_->will().is_serving() && !std::exchange(told_ready_, true)) (void)::sd_notify(0, "READY=1");
  switch (worker_->look(now)) {
    case WorkerRole::Health::fine: return;
    case WorkerRole::Health::serves_late:
      log_.error("the resumed worker does not serve in time; its last will is carried out");
      break;
    case WorkerRole::Health::hangs: {
      const auto silence = std::chrono::duration_cast<std::chrono::milliseconds>(now - worker_->will().heartbeat());
      log_.error(fmt::format("the VRRP worker (pid {}) has shown no sign of life for {} ms; it is replaced",
                             worker_->pid(), silence.count()));
      break;
    }
  }
  worker_->kill();
}

void Guardian::on_worker_death(const WorkerRole& worker) {
  if (&worker == predecessor_.get()) {
    (void)predecessor_->reap();
    predecessor_.reset();
    return;
  }
  if (succession_ && &worker == succession_->next.get()) {
    const pid_t pid = worker.pid();
    return give_up_succession(fmt::format("the next VRRP worker (pid {}) {}", pid, succession_->next->reap()));
  }
  const bool failed_resume = worker_->has_failed_to_resume();
  const pid_t pid = worker_->pid();
  const std::string how = worker_->reap();
  const Instant now = loop::now();
  if (stopping_) {
    const bool left_in_order = how == "exited with status 0";
    if (!left_in_order && !options_.keep_addresses) carry_out_last_will(StaticEntries::go);
    finish();
    return;
  }
  log_.error(fmt::format("the VRRP worker (pid {}) {}", pid, how));
  if (succession_) return;  // the next one is about to go on where this one ended
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
  daemon::carry_out_last_will(setup(), worker_->will().read_all(), leftovers_, statics, options_.settings_record(),
                              log_);
}

// For whoever cleans up after all of us; without the note it goes by the file alone.
void Guardian::note_managed() {
  if (const auto noted = write_managed(options_.run_directory, setup(), leftovers_.all()); !noted) {
    log_.warning(to_string(noted.error()));
  }
}

void Guardian::after_death(RestartPolicy::Verdict verdict, Instant now) {
  if (verdict.resume) {
    const auto started = start_worker(true);
    if (started) {
      log_.notice(fmt::format("a new VRRP worker (pid {}) goes on where the old one ended", worker_->pid()));
      return;
    }
    log_.error(to_string(started.error()));
  }
  carry_out_last_will(StaticEntries::stay);
  worker_->will().forget();
  log_.notice(fmt::format("the next VRRP worker starts in {} s",
                          std::chrono::duration_cast<std::chrono::seconds>(verdict.back_off).count()));
  restart_.set(now + verdict.back_off);
}

void Guardian::start_worker_again() {
  if (stopping_ || worker_->is_running() || succession_) return;
  const auto started = start_worker(false);
  if (started) return;
  log_.error(to_string(started.error()));
  restart_.set(loop::now() + start_again_after);
}

// ---------------------------------------------------------------- reload

void Guardian::on_api_message(const Bytes& message) {
  const auto order = reload_order_of(message);
  if (!order) return;
  if (order->what == ReloadOrder::What::confirm) return confirm(*order);
  reload(*order);
}

// In memory of its own, whatever its size: nobody is waited for.
void Guardian::answer(const ReloadOrder& order, const nlohmann::json& report) {
  if (order.id == 0) return;
  const auto file = kernel::memory_file(report.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  const auto told = file ? api_.tell(reload_report_file, file->get()) : std::unexpected(file.error());
  if (!told) log_.warning(to_string(told.error()));
}

// The files are read and judged as a whole: what is refused changes nothing.
NextConfiguration Guardian::read_again(bool is_rehearsal) {
  std::optional<ReloadMarker> marker;
  if (!is_rehearsal) marker.emplace(setup().reload_times, options_.reload_marker(), log_);
  NextConfiguration next = reload_();
  if (next.setup == nullptr) return next;
  if (const auto name = loses_all_addresses(setup(), *next.setup)) {
    next.problems.push_back(
        fmt::format("vrrp_instance {} would lose all its addresses; take the instance out to give them up", *name));
    next.setup.reset();
  }
  return next;
}

void Guardian::reload(const ReloadOrder& order) {
  if (stopping_) return;
  if (succession_) {
    if (order.id == 0) reload_again_ = true;
    return answer(order, reload_report(order, ReloadResult::failed, "a reload is on its way; ask again"));
  }
  const bool is_rehearsal = order.what == ReloadOrder::What::rehearse;
  if (!is_rehearsal) {
    (void)::sd_notify(0, "RELOADING=1");
    log_.notice("reloading " + options_.configuration);
  }
  NextConfiguration next = read_again(is_rehearsal);
  if (!is_rehearsal) log_reading(next, log_);
  if (next.setup == nullptr) {
    if (!is_rehearsal) log_.error("the configuration is refused; the one before goes on");
    answer(order, reload_report(order, options_.configuration, ReloadResult::refused, next, nullptr));
    return is_rehearsal ? void() : end_reload();
  }
  nlohmann::json report;
  if (order.id != 0) {
    const ReloadPlan plan = plan_reload(setup(), *next.setup, worker_->will().read_all(), loop::now());
    report = reload_report(order, options_.configuration,
                           is_rehearsal ? ReloadResult::rehearsed : ReloadResult::carried_out, next, &plan);
  }
  if (is_rehearsal) return answer(order, report);
  begin_succession(std::move(next.setup), loop::wall_now(), order, std::move(report));
}

void Guardian::end_reload() {
  (void)::sd_notify(0, "READY=1");
  if (std::exchange(reload_again_, false)) reload({});
}

// A reload is a planned change of worker (docs/decisions/0004): the next one prepares beside the one that serves, which
// then ends with everything left as it is; the next goes on with the new configuration, and the difference between the
// two is carried out like any other.
void Guardian::begin_succession(std::unique_ptr<Setup> next_setup, WallTime read_at, const ReloadOrder& order,
                                nlohmann::json report) {
  choose_names(*next_setup);
  firewall_.set(*next_setup);  // rules are there before what they are for
  firewall_.wait();
  std::vector<Vanished> gone = vanished(setup(), *next_setup, worker_->will().read_all());
  succession_ = {.next = {},
                 .leftovers = worker_->will().is_clean() ? Leftovers() : leftovers_,
                 .leftover_interfaces = setup().virtual_interfaces,
                 .order = order,
                 .report = std::move(report)};
  succession_->leftovers.add(setup());
  prepared_by_.set(loop::now() + prepare_bound + address_count(*next_setup) * prepare_bound_an_address);
  auto next = make_worker(std::move(next_setup), read_at);
  if (!next) return give_up_succession(to_string(next.error()));
  succession_->next = std::move(*next);
  if (const auto started = start_successor(std::move(gone)); !started) give_up_succession(to_string(started.error()));
}

SysResult<void> Guardian::start_successor(std::vector<Vanished> gone) {
  return succession_->next->start(
      [&](const Setup& setup, LastWill& will) {
        WorkerStart start = launch(setup, will);
        start.resume = true;
        start.takes_over = true;
        start.leftovers = succession_->leftovers.all();
        start.routing_leftovers = succession_->leftovers.routing();
        start.leftover_interfaces = succession_->leftover_interfaces;
        start.vanished = std::move(gone);
        start.repeats_states = setup.repeats_states;
        return start;
      },
      {});
}

// The next worker is prepared. Until it has taken over nobody speaks for this node: nothing here waits.
void Guardian::succeed() {
  prepared_by_.cancel();
  Succession succession = *std::exchange(succession_, std::nullopt);
  worker_->leave();
  const RouterWills without_heir = hand_down(*succession.next);
  std::unique_ptr<WorkerRole> before = std::exchange(worker_, std::move(succession.next));
  join(runner_, new_runner_channel);
  join(api_, new_api_channel);
  if (const auto told = worker_->tell(take_over); !told) log_.error(to_string(told.error()));
  policy_.on_start(loop::now());
  worker_->must_serve_soon(loop::now());

  say_goodbye(before->setup(), without_heir, log_);
  leftovers_ = std::move(succession.leftovers);
  leftover_interfaces_ = std::move(succession.leftover_interfaces);
  note_worker();
  note_managed();
  await_confirmation(succession.order, *before);
  if (before->is_running()) {
    if (predecessor_) (void)predecessor_->reap();
    predecessor_ = std::move(before);
  }
  follow_setup();
  answer(succession.order, succession.report);
  api_.replace();  // it shows the old setup; the next one shows the new
  log_.notice("reload complete");
  end_reload();
}

// Who goes on as whom. The wills of those that nobody goes on as.
RouterWills Guardian::hand_down(WorkerRole& next) {
  LastWill& before = worker_->will();
  next.will().set_left(before.left().value_or(loop::now()));
  Inheritance inherited = inheritance(setup(), next.setup(), before.read_all());
  for (std::size_t i = 0; i < inherited.wills.size(); ++i) {
    if (inherited.wills[i]) next.will().write(i, *inherited.wills[i]);
  }
  const auto places = successors(setup(), next.setup());
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (places[i]) next.will().write_statistics(*places[i], before.statistics(i));
  }
  return std::move(inherited.gone);
}

// What else depends on the configuration.
void Guardian::follow_setup() {
  companions_.follow(setup().configuration.globals);
  for (const std::string& sentence : setup().not_carried_out) log_.warning(sentence);
  reload_schedule_.follow(setup().reload_times);
}

// The configuration before goes on.
void Guardian::give_up_succession(const std::string& why) {
  prepared_by_.cancel();
  const Succession succession = *std::exchange(succession_, std::nullopt);
  if (succession.next && succession.next->is_running()) {
    succession.next->kill();
    (void)succession.next->reap();
  }
  const std::string sentence = why + "; the configuration before goes on";
  log_.error(sentence);
  answer(succession.order, reload_report(succession.order, ReloadResult::failed, sentence));
  if (stopping_) return;
  firewall_.set(setup());
  if (!worker_->is_running()) after_death(policy_.on_death(loop::now()), loop::now());
  end_reload();
}

// ---------------------------------------------------------------- confirmation

// What an undo goes back to is what was confirmed last, whatever was reloaded since.
void Guardian::await_confirmation(const ReloadOrder& order, WorkerRole& before) {
  if (!order.confirm_within) return;
  if (!unconfirmed_) unconfirmed_ = {.before = before.release_setup(), .read_at = before.read_at(), .until = {}};
  unconfirmed_->until = loop::wall_now() + *order.confirm_within;
  undo_.set(loop::now() + *order.confirm_within);
}

void Guardian::confirm(const ReloadOrder& order) {
  if (!unconfirmed_) {
    return answer(order, reload_report(order, ReloadResult::failed, "no reload waits for a confirmation"));
  }
  unconfirmed_.reset();
  undo_.cancel();
  log_.notice("the reload is confirmed");
  answer(order, reload_report(order, ReloadResult::confirmed, {}));
}

void Guardian::undo() {
  if (stopping_ || !unconfirmed_) return;
  if (succession_) {
    undo_.set(loop::now() + start_again_after);
    return;
  }
  log_.warning("nobody has confirmed the reload; the configuration before comes back");
  Unconfirmed unconfirmed = *std::exchange(unconfirmed_, std::nullopt);
  begin_succession(std::move(unconfirmed.before), unconfirmed.read_at, {}, {});
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
  if (succession_) give_up_succession("the daemon stops");
  if (!worker_->is_running()) return finish();
  worker_->signal(SIGTERM);
  const Duration bound = setup().stop_bound + address_count(setup()) * stop_bound_an_address;
  (void)::sd_notify(0, fmt::format("EXTEND_TIMEOUT_USEC={}", bound / std::chrono::microseconds(1)).c_str());
  give_up_.set(loop::now() + bound);
}

// The worker is gone, or has not left within its bound. Then the runner finishes what is queued and ends by itself when
// its channel ends.
void Guardian::finish() {
  if (worker_->is_running()) {
    log_.error("the VRRP worker did not leave within its bound; its last will is carried out");
    worker_->kill();
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
  Guardian guardian(options, log, std::move(reload));
  return guardian.run(std::move(setup));
}

}  // namespace baton::daemon
