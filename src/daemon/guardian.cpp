#include "daemon/guardian.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <set>

#include "base/result.h"
#include "daemon/api_doors.h"
#include "daemon/api_role.h"
#include "daemon/channel.h"
#include "daemon/companions.h"
#include "daemon/dump_file.h"
#include "daemon/dump_writer.h"
#include "daemon/firewall_role.h"
#include "daemon/forgetful_memory.h"
#include "daemon/load_balancing.h"
#include "daemon/maintenance_office.h"
#include "daemon/once_script.h"
#include "daemon/pid_file.h"
#include "daemon/reload.h"
#include "daemon/reload_schedule.h"
#include "daemon/remains.h"
#include "daemon/role.h"
#include "daemon/runner_service.h"
#include "daemon/side_role.h"
#include "daemon/succession.h"
#include "daemon/virtual_interface_setup.h"
#include "daemon/worker_seat.h"
#include "kernel/advert_socket.h"
#include "kernel/interface_table.h"
#include "kernel/memory_file.h"
#include "kernel/netlink_socket.h"
#include "kernel/process_settings.h"
#include "loop/loop.h"
#include "process/child.h"
#include "process/runner.h"
#include "process/script_ledger.h"

namespace baton::daemon {

namespace {

constexpr Duration stop_bound_an_address = std::chrono::microseconds(500);
constexpr Duration runner_stop_bound = std::chrono::seconds(3);  // for the runner to finish what is queued
constexpr Duration undo_again_after = std::chrono::seconds(1);   // when a reload is on its way
constexpr Duration reading_bound = std::chrono::minutes(1);      // of the configuration, on a disk that is slow
constexpr Duration watchdog_interval = std::chrono::seconds(1);  // of the service manager, which waits for seconds

double utc_seconds(WallTime time) {
  return std::chrono::duration<double>(time.time_since_epoch()).count();
}

std::string host_name() {
  std::array<char, 256> name{};
  (void)::gethostname(name.data(), name.size() - 1);
  return name.data();
}

// A reload that is carried out, and who asked for it.
struct Reloading {
  ReloadOrder order;
  nlohmann::json report;
  std::optional<WallTime> undoes{};  // it goes back to the configuration that was read then
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
        seat_(loop_, log_, options_, role_log("baton-vrrp"), runner_, api_, seat_events()),
        maintenance_(loop_, log_, options_.maintenance_file(), maintenance_events()),
        companions_(loop_, log_, options_, log_options_),
        balancing_(
            loop_, log_, options_, log_options_, [this]() -> const Setup& { return setup(); }, runner_,
            [this](const kernel::Channel& checker) { seat_.hand(new_checker_channel, checker); }),
        firewall_(loop_, role_log("baton-firewall"), options_.firewall_marker(), [this] { update_firewall(); }) {}

  int run(std::unique_ptr<Setup> setup);

 private:
  WorkerSeat::Events seat_events();
  MaintenanceOffice::Events maintenance_events();
  SideRole::Plan runner_plan();
  SideRole::Plan api_plan();
  void ask_for(Dump dump);
  int run_api_role(kernel::Channel channel);

  void forget_secrets(setup::Secrets kept);
  void choose_names(Setup& setup);
  SysResult<kernel::InterfaceTable> read_interfaces() const;
  void update_firewall() {
    if (!stopping_) firewall_.set(seat_.latest_setup());
  }
  void run_once_script(const OnceScript& script, std::string_view what);

  void show_life();
  void let_watchdog_wait(std::optional<Duration> bound) const;

  void on_api_message(const kernel::Channel::Message& message);
  void put(Dump dump, const UniqueFd& text);
  void reload(const ReloadOrder& order);
  NextConfiguration read_again(bool is_rehearsal);
  void carry_out(std::unique_ptr<Setup> next, WallTime read_at, Reloading reloading);
  void on_followed(std::unique_ptr<Setup> before, WallTime read_at);
  void on_given_up(const std::string& why, std::unique_ptr<Setup> next);
  void follow_setup();
  void end_reload();
  void await_confirmation(Duration bound, std::unique_ptr<Setup> before, WallTime read_at);
  void confirm(const ReloadOrder& order);
  void undo();
  void answer(const ReloadOrder& order, const nlohmann::json& report);
  void tell_api(std::uint8_t what, const nlohmann::json& value);
  nlohmann::json maintenance_now() const;

  void stop();
  void finish();

  const Setup& setup() const { return seat_.setup(); }
  log::Options role_log(const char* identifier) const {
    log::Options options = log_options_;
    options.identifier = log_identifier(options_, identifier);
    return options;
  }

  const Options& options_;
  log::Options log_options_;
  log::Logger log_;
  Reload reload_;
  loop::Loop loop_;

  std::optional<Reloading> reloading_;
  bool reload_again_ = false;  // somebody asked while one was on its way
  std::optional<Unconfirmed> unconfirmed_;
  Setup* followed_ = nullptr;  // the configuration before, while others follow the next one
  bool told_ready_ = false;

  SideRole runner_;
  SideRole api_;
  WorkerSeat seat_;
  MaintenanceOffice maintenance_;
  Companions companions_;
  LoadBalancing balancing_;
  ApiDoors doors_{options_, log_};  // ours, so that clients of the next api role wait in their queues
  struct Told {
    ReloadLedger reloads;
    std::array<std::byte, EventLog::size> events;
  };
  kernel::SharedMemory told_;  // what outlives the roles
  Told& told() const { return *static_cast<Told*>(told_.data()); }
  kernel::SharedMemory script_ledger_;  // the runner's, for the api role; without it nothing is counted
  FirewallRole firewall_;
  std::set<Dump> wanted_;  // files that are on their way
  Remains remains_{loop_};
  ReloadSchedule reload_schedule_{loop_, log_, [this] { reload({}); }};
  loop::Timer watchdog_;
  loop::Timer give_up_;
  loop::Timer undo_;
  std::vector<loop::Subscription> signals_;
  std::optional<PidFile> pid_file_;
  bool stopping_ = false;
  int exit_status_ = exit_code::success;
};

// In a role.
void Guardian::forget_secrets(setup::Secrets kept) {
  seat_.forget_secrets(kept);
  if (unconfirmed_) setup::forget_secrets(*unconfirmed_->before, kept);
  if (followed_ != nullptr) setup::forget_secrets(*followed_, kept);
}

int Guardian::run(std::unique_ptr<Setup> first) {
  set_forget_secrets([this](setup::Secrets kept) { forget_secrets(kept); });
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
  if (auto memory = kernel::SharedMemory::create(sizeof(Told))) told_ = std::move(*memory);
  if (told_.data() == nullptr) {
    log_.error("no memory for the last events");
    return exit_code::failure;
  }
  auto ledger = kernel::SharedMemory::create(process::ScriptLedger::size(), kernel::SharedMemory::Pages::when_touched);
  if (ledger) script_ledger_ = std::move(*ledger);
  auto started = seat_.prepare(std::move(first));
  if (!started) {
    log_.error(to_string(started.error()));
    return exit_code::failure;
  }
  maintenance_.begin();

  const auto on = [&](int number, auto handler) { signals_.push_back(loop_.on_signal(number, handler)); };
  on(SIGTERM, [this] { stop(); });
  on(SIGINT, [this] {
    if (!options_.ignore_sigint) stop();
  });
  on(SIGHUP, [this] { reload({}); });
  const std::pair<int, Dump> dumps[] = {
      {SIGUSR1, Dump::data}, {SIGUSR2, Dump::stats}, {SIGRTMIN + 2, Dump::json}, {SIGRTMAX - 1, Dump::stats_clear}};
  for (const auto& [number, dump] : dumps) on(number, [this, dump] { ask_for(dump); });
  watchdog_ = loop_.timer([this] { show_life(); });
  give_up_ = loop_.timer([this] { finish(); });
  undo_ = loop_.timer([this] { undo(); });

  run_once_script(setup().startup_script, "startup_script");
  reload_schedule_.follow(setup().reload_times);
  firewall_.set(setup());
  started = runner_.start();
  balancing_.follow(nullptr);  // before the api role, which shows what is in its memory
  if (started) started = api_.start();
  companions_.follow(setup().configuration.globals);
  firewall_.wait();
  if (started) started = seat_.start();
  if (!started) {
    log_.error(to_string(started.error()));
    return exit_code::failure;
  }
  watchdog_.set(loop::now());
  loop_.run();
  (void)::sd_notify(0, "STOPPING=1");
  balancing_.take_off_rest();
  if (!options_.worker_pid_file.empty()) (void)::unlink(options_.worker_pid_file.c_str());
  firewall_.end(options_.keep_addresses);
  run_once_script(setup().shutdown_script, "shutdown_script");
  return exit_status_;
}

void Guardian::run_once_script(const OnceScript& script, std::string_view what) {
  if (script.command.argv.empty()) return;
  const Duration bound = script.timeout + std::chrono::seconds(10);
  (void)::sd_notify(0, fmt::format("EXTEND_TIMEOUT_USEC={}", bound / std::chrono::microseconds(1)).c_str());
  if (options_.has_runner_service()) {
    const auto runner = call_runner(options_.runner_service, {});
    if (runner) return run_once(script, what, setup().script_rules, log_, *runner);
    log_.warning(to_string(runner.error()) + "; the script is run within our own sandbox");
  }
  run_once(script, what, setup().script_rules, log_options_);
}

WorkerSeat::Events Guardian::seat_events() {
  return {
      .serves =
          [this] {
            if (!std::exchange(told_ready_, true)) (void)::sd_notify(0, "READY=1");
          },
      .firewall_outdated = [this] { update_firewall(); },
      .followed = [this](std::unique_ptr<Setup> before, WallTime read_at) { on_followed(std::move(before), read_at); },
      .given_up = [this](const std::string& why, std::unique_ptr<Setup> next) { on_given_up(why, std::move(next)); },
      .ended =
          [this](bool in_order) {
            if (!in_order) exit_status_ = exit_code::failure;
            stopping_ = true;
            finish();
          },
      .begun =
          [this] {
            maintenance_.on_other_worker();
            balancing_.join_worker();
          },
      .maintenance =
          [this](std::optional<ByteView> in_the_way) {
            if (!in_the_way) return maintenance_.on_held();
            const auto instances = nlohmann::json::parse(in_the_way->begin(), in_the_way->end(), nullptr, false);
            maintenance_.on_refused(instances.is_array() ? instances : nlohmann::json::array());
          }};
}

MaintenanceOffice::Events Guardian::maintenance_events() {
  return {.is_changing = [this] { return seat_.is_changing(); },
          .tell_worker =
              [this](MaintenanceOffice::Wish wish) {
                using enum MaintenanceOffice::Wish;
                return seat_.tell(wish == off ? maintenance_off : wish == ask ? maintenance_asked : maintenance_forced);
              },
          .hold_next_workers = [this](bool held) { seat_.set_maintenance(held); },
          .answer = [this](const nlohmann::json& report) { tell_api(report_file, report); },
          .happened =
              [this](nlohmann::json event) {
                event["name"] = host_name();
                (void)EventLog(told().events.data())
                    .add(event.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
                if (api_.is_running()) tell_api(maintenance_file, maintenance_now());
              }};
}

nlohmann::json Guardian::maintenance_now() const {
  return maintenance_.current() ? to_json(*maintenance_.current()) : nlohmann::json();
}

SideRole::Plan Guardian::runner_plan() {
  return {.name = "baton-run",
          .loss = "scripts keep their last verdict until the next one is there",
          .parent_death_signal = 0,  // its channel ends with us, and the worker may still speak
          .prepare = {},
          .main =
              [this](kernel::Channel channel) {
                return process::run_runner(channel.release(), {.script_ledger = script_ledger_.data()});
              },
          .started =
              [this] {
                seat_.join(runner_, new_runner_channel);
                balancing_.join_runner();
              },
          .call = options_.has_runner_service()
                      ? [this] { return call_runner(options_.runner_service, script_ledger_); }
                      : std::function<SysResult<kernel::Channel>()>(),
          .beats = [this] { return process::ScriptLedger(script_ledger_.data()).beats(); }};
}

SideRole::Plan Guardian::api_plan() {
  return {.name = "baton-api",
          .loss = "`baton status` waits for the next one",
          .parent_death_signal = SIGKILL,
          .prepare = [this]() -> SysResult<std::vector<int>> {
            TRY(doors_.open());
            return doors_.descriptors();
          },
          .main = [this](kernel::Channel channel) { return run_api_role(std::move(channel)); },
          .started = [this] { seat_.join(api_, new_api_channel); },
          .said = [this](const kernel::Channel::Message& message) { on_api_message(message); }};
}

int Guardian::run_api_role(kernel::Channel channel) {
  return run_api({.setup = setup(),
                  .will = seat_.will(),
                  .recording = [this] { return seat_.recording(); },
                  .events = EventLog(told().events.data()),
                  .reloads = told().reloads,
                  .scripts = process::ScriptLedger(script_ledger_.data()),
                  .services = balancing_.shown(),
                  .log = role_log("baton-api"),
                  .doors = doors_,
                  .configuration = options_.configuration,
                  .node = host_name(),
                  .configuration_read = utc_seconds(seat_.read_at()),
                  .confirm_until = unconfirmed_ ? utc_seconds(unconfirmed_->until) : 0,
                  .maintenance = maintenance_now(),
                  .guardian_pid = ::getppid(),
                  .guardian = std::move(channel)});
}

// The api role asks the worker and makes the text.
void Guardian::ask_for(Dump dump) {
  wanted_.insert(dump);
  if (const auto told = api_.tell(static_cast<std::uint8_t>(dump)); !told) log_.warning(to_string(told.error()));
}

// Nobody but the guardian's own may put a file where others may not: into their directories, in the place of theirs.
void Guardian::put(Dump dump, const UniqueFd& text) {
  if (wanted_.erase(dump) == 0) return;  // nobody asked
  auto started = start_role(
      {.name = "baton-dump", .parent_death_signal = 0, .keep = std::array{text.get()}, .main = [this, dump, &text] {
         log::Logger log(role_log("baton-dump"));
         put_dump(dump, setup(), text, log);
         return exit_code::success;
       }});
  if (!started) return log_.error(to_string(started.error()));
  remains_.take(std::move(*started));
}

// Of interfaces that the routers will have, beside those that are there already.
void Guardian::choose_names(Setup& setup) {
  if (setup.virtual_interfaces.empty()) return;
  const auto interfaces = read_interfaces();
  if (!interfaces) return log_.error(to_string(interfaces.error()));
  avoid_taken_names(setup, *interfaces);
}

SysResult<kernel::InterfaceTable> Guardian::read_interfaces() const {
  auto socket = TRY(kernel::NetlinkSocket::open(kernel::NetlinkSocket::Purpose::requests));
  auto links = TRY(socket.dump_links());
  kernel::InterfaceTable interfaces;
  interfaces.replace(std::move(links), TRY(socket.dump_addresses()));
  return interfaces;
}

// Also while no worker runs: it is we who are watched.
void Guardian::show_life() {
  watchdog_.set(loop::now() + watchdog_interval);
  (void)::sd_notify(0, "WATCHDOG=1");
}

// For something that may keep us for so long; nullopt: as the unit file has it. WATCHDOG_USEC of sd_notify(3).
void Guardian::let_watchdog_wait(std::optional<Duration> bound) const {
  std::uint64_t usual = 0;
  if (::sd_watchdog_enabled(0, &usual) <= 0) return;
  const std::uint64_t wanted = bound ? static_cast<std::uint64_t>(*bound / std::chrono::microseconds(1)) : usual;
  (void)::sd_notify(0, fmt::format("WATCHDOG_USEC={}\nWATCHDOG=1", std::max(wanted, usual)).c_str());
}

// ---------------------------------------------------------------- reload

void Guardian::on_api_message(const kernel::Channel::Message& message) {
  if (const auto dump = dump_of(message.bytes)) return put(*dump, message.passed_fd);
  if (const auto order = maintenance_order_of(message.bytes)) {
    return stopping_ ? void() : maintenance_.on_order(*order);
  }
  if (const auto order = drain_order_of(message.bytes)) {
    return stopping_ ? void() : tell_api(report_file, balancing_.drain(*order));
  }
  const auto order = reload_order_of(message.bytes);
  if (!order) return;
  if (order->what == ReloadOrder::What::confirm) return confirm(*order);
  reload(*order);
}

void Guardian::answer(const ReloadOrder& order, const nlohmann::json& report) {
  if (order.id != 0) tell_api(report_file, report);
}

// In memory of its own, whatever its size: nobody is waited for.
void Guardian::tell_api(std::uint8_t what, const nlohmann::json& value) {
  const auto file = kernel::memory_file(value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  const auto told = file ? api_.tell(what, file->get()) : std::unexpected(file.error());
  if (!told) log_.warning(to_string(told.error()));
}

// The files are read and judged as a whole: what is refused changes nothing.
NextConfiguration Guardian::read_again(bool is_rehearsal) {
  std::optional<ReloadMarker> marker;
  if (!is_rehearsal) marker.emplace(setup().reload_times, options_.reload_marker(), log_);
  let_watchdog_wait(reading_bound);
  NextConfiguration next = reload_();
  forget_stack();
  let_watchdog_wait({});
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
  if (seat_.is_changing()) {
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
    if (!is_rehearsal) {
      told().reloads.count(ReloadResult::refused);
      log_.error("the configuration is refused; the one before goes on");
    }
    answer(order, reload_report(order, options_.configuration, ReloadResult::refused, next, nullptr));
    return is_rehearsal ? void() : end_reload();
  }
  choose_names(*next.setup);
  nlohmann::json report;
  if (order.id != 0) {
    const auto interfaces = read_interfaces();
    if (!interfaces) log_.warning(to_string(interfaces.error()) + "; what changes is not told");
    std::optional<ReloadPlan> plan;
    if (interfaces) plan = plan_reload(setup(), *next.setup, seat_.will().read_all(), *interfaces, loop::now());
    report =
        reload_report(order, options_.configuration, is_rehearsal ? ReloadResult::rehearsed : ReloadResult::carried_out,
                      next, plan ? &*plan : nullptr);
  }
  if (is_rehearsal) return answer(order, report);
  carry_out(std::move(next.setup), loop::wall_now(), {.order = order, .report = std::move(report)});
}

void Guardian::end_reload() {
  (void)::sd_notify(0, "READY=1");
  if (std::exchange(reload_again_, false)) reload({});
}

void Guardian::carry_out(std::unique_ptr<Setup> next, WallTime read_at, Reloading reloading) {
  firewall_.set(*next);  // rules are there before what they are for
  firewall_.wait();
  reloading_ = std::move(reloading);
  seat_.follow(std::move(next), read_at);
}

void Guardian::on_followed(std::unique_ptr<Setup> before, WallTime read_at) {
  const Reloading reloading = *std::exchange(reloading_, std::nullopt);
  followed_ = before.get();
  balancing_.follow(&before->configuration);
  follow_setup();
  answer(reloading.order, reloading.report);
  if (const auto bound = reloading.order.confirm_within) await_confirmation(*bound, std::move(before), read_at);
  before.reset();
  followed_ = nullptr;
  api_.replace();  // it shows the old setup; the next one shows the new
  told().reloads.count(ReloadResult::carried_out);
  log_.notice("reload complete");
  end_reload();
}

void Guardian::on_given_up(const std::string& why, std::unique_ptr<Setup> next) {
  Reloading reloading = *std::exchange(reloading_, std::nullopt);
  told().reloads.count(ReloadResult::failed);
  answer(reloading.order, reload_report(reloading.order, ReloadResult::failed, why));
  if (stopping_) return;
  if (reloading.undoes && next) {  // who waits for it may have no other way in
    unconfirmed_ = {.before = std::move(next), .read_at = *reloading.undoes, .until = loop::wall_now()};
    undo_.set(loop::now() + undo_again_after);
  }
  firewall_.set(setup());
  end_reload();
}

// What else depends on the configuration.
void Guardian::follow_setup() {
  companions_.follow(setup().configuration.globals);
  for (const std::string& sentence : setup().not_carried_out) log_.warning(sentence);
  reload_schedule_.follow(setup().reload_times);
}

// ---------------------------------------------------------------- confirmation

// What an undo goes back to is what was confirmed last, whatever was reloaded since.
void Guardian::await_confirmation(Duration bound, std::unique_ptr<Setup> before, WallTime read_at) {
  if (!unconfirmed_) unconfirmed_ = {.before = std::move(before), .read_at = read_at, .until = {}};
  unconfirmed_->until = loop::wall_now() + bound;
  undo_.set(loop::now() + bound);
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
  if (seat_.is_changing()) {
    undo_.set(loop::now() + undo_again_after);
    return;
  }
  log_.warning("nobody has confirmed the reload; the configuration before comes back");
  Unconfirmed unconfirmed = *std::exchange(unconfirmed_, std::nullopt);
  carry_out(std::move(unconfirmed.before), unconfirmed.read_at,
            {.order = {}, .report = {}, .undoes = unconfirmed.read_at});
}

void Guardian::stop() {
  if (stopping_) return;
  stopping_ = true;
  log_.notice("stopping");
  (void)::sd_notify(0, "STOPPING=1");
  runner_.stay_down();
  api_.stay_down();
  companions_.stay_down();
  balancing_.end([] {});
  if (!seat_.is_running() && !seat_.is_changing()) return finish();
  seat_.stop();
  if (!seat_.is_running()) return finish();
  const Duration bound = setup().stop_bound + address_count(setup()) * stop_bound_an_address;
  (void)::sd_notify(0, fmt::format("EXTEND_TIMEOUT_USEC={}", bound / std::chrono::microseconds(1)).c_str());
  give_up_.set(loop::now() + bound);
}

// The worker is gone, or has not left within its bound. Then the runner finishes what is queued and ends by itself when
// its channel ends.
void Guardian::finish() {
  if (seat_.is_running()) {
    log_.error("the VRRP worker did not leave within its bound; its last will is carried out");
    seat_.kill();
    return;  // its end is told, and brings us back here
  }
  give_up_ = loop_.timer([this] {
    runner_.kill();
    companions_.kill();
    balancing_.kill();
    loop_.stop();
  });
  give_up_.set(loop::now() + runner_stop_bound);
  const auto one_ended = [this, left = std::make_shared<int>(4)] {
    if (--*left == 0) loop_.stop();
  };
  api_.end(one_ended);
  companions_.end(one_ended);
  balancing_.end(one_ended);
  runner_.end(one_ended);
}

}  // namespace

int run_guardian(const Options& options, std::unique_ptr<Setup> setup, const log::Options& log, Reload reload) {
  Guardian guardian(options, log, std::move(reload));
  return guardian.run(std::move(setup));
}

}  // namespace baton::daemon
