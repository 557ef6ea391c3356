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
#include "daemon/bfd_seat.h"
#include "daemon/channel.h"
#include "daemon/companions.h"
#include "daemon/dump_file.h"
#include "daemon/dump_writer.h"
#include "daemon/firewall_role.h"
#include "daemon/load_balancing.h"
#include "daemon/maintenance_office.h"
#include "daemon/once_script.h"
#include "daemon/pid_file.h"
#include "daemon/reload_office.h"
#include "daemon/reload_schedule.h"
#include "daemon/remains.h"
#include "daemon/role.h"
#include "daemon/runner_service.h"
#include "daemon/service_watchdog.h"
#include "daemon/side_role.h"
#include "daemon/succession.h"
#include "daemon/virtual_interface_setup.h"
#include "daemon/worker_seat.h"
#include "kernel/advert_socket.h"
#include "kernel/memory_file.h"
#include "kernel/process_settings.h"
#include "loop/loop.h"
#include "process/child.h"
#include "process/runner.h"
#include "process/script_ledger.h"

namespace baton::daemon {

namespace {

constexpr Duration stop_bound_an_address = std::chrono::microseconds(500);
constexpr Duration stop_bound_an_interface = std::chrono::milliseconds(20);
constexpr Duration runner_stop_bound = std::chrono::seconds(3);  // for the runner to finish what is queued

double utc_seconds(WallTime time) {
  return std::chrono::duration<double>(time.time_since_epoch()).count();
}

std::string host_name() {
  std::array<char, 256> name{};
  (void)::gethostname(name.data(), name.size() - 1);
  return name.data();
}

class Guardian {
 public:
  Guardian(const Options& options, log::Options log_options, Reload reload)
      : options_(options),
        log_options_(std::move(log_options)),
        log_(log_options_),
        runner_(loop_, log_, runner_plan()),
        api_(loop_, log_, api_plan()),
        seat_(loop_, log_, options_, role_log("baton-vrrp"), runner_, api_, seat_events()),
        maintenance_(loop_, log_, options_.maintenance_file(), maintenance_events()),
        companions_(loop_, log_, options_, log_options_),
        balancing_(
            loop_, log_, options_, log_options_, [this]() -> const Setup& { return setup(); }, runner_,
            [this](const kernel::Channel& checker) { seat_.hand(new_checker_channel, checker); },
            [this] { join_bfd_and_checker(); }),
        bfd_(loop_, log_, role_log("baton-bfd"), options_.real_time,
             {.worker = [this](const kernel::Channel& bfd) { seat_.hand(new_bfd_channel, bfd); },
              .checker = [this](const kernel::Channel& bfd) { balancing_.hand_sessions(bfd); }}),
        firewall_(loop_, role_log("baton-firewall"), options_.firewall_marker(), [this] { update_firewall(); }),
        reloads_(loop_, log_, options_, seat_, firewall_, watchdog_, std::move(reload), reload_events()) {}

  int run(std::unique_ptr<Setup> setup);

 private:
  WorkerSeat::Events seat_events();
  MaintenanceOffice::Events maintenance_events();
  ReloadOffice::Events reload_events();
  SideRole::Plan runner_plan();
  SideRole::Plan api_plan();
  void ask_for(Dump dump);
  int run_api_role(kernel::Channel channel);

  void forget_secrets(setup::Secrets kept);
  void update_firewall() {
    if (!stopping_) firewall_.set(seat_.latest_setup());
  }
  void run_once_script(const OnceScript& script, std::string_view what);

  void on_api_message(const kernel::Channel::Message& message);
  void put(Dump dump, const UniqueFd& text);
  void follow_setup();
  void tell_api(std::uint8_t what, const nlohmann::json& value);
  nlohmann::json maintenance_now() const;

  void join_bfd();
  void join_bfd_and_checker();
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
  loop::Loop loop_;
  ServiceWatchdog watchdog_{loop_};
  bool told_ready_ = false;

  SideRole runner_;
  SideRole api_;
  WorkerSeat seat_;
  MaintenanceOffice maintenance_;
  Companions companions_;
  LoadBalancing balancing_;
  BfdSeat bfd_;
  ApiDoors doors_{options_, log_};  // ours, so that clients of the next api role wait in their queues
  struct Told {
    ReloadLedger reloads;
    std::array<std::byte, EventLog::size> events;
  };
  kernel::SharedMemory told_;  // what outlives the roles
  Told& told() const { return *static_cast<Told*>(told_.data()); }
  kernel::SharedMemory script_ledger_;  // the runner's, for the api role; without it nothing is counted
  FirewallRole firewall_;
  ReloadOffice reloads_;
  std::set<Dump> wanted_;  // files that are on their way
  Remains remains_{loop_};
  ReloadSchedule reload_schedule_{loop_, log_, [this] { reloads_.on_order({}); }};
  loop::Timer give_up_;
  std::vector<loop::Subscription> signals_;
  std::optional<PidFile> pid_file_;
  bool stopping_ = false;
  int exit_status_ = exit_code::success;
};

// In a role.
void Guardian::forget_secrets(setup::Secrets kept) {
  seat_.forget_secrets(kept);
  reloads_.forget_secrets(kept);
  balancing_.forget_secrets(kept);
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
  choose_names(*first, log_);
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
  on(SIGHUP, [this] { reloads_.on_order({}); });
  const std::pair<int, Dump> dumps[] = {
      {SIGUSR1, Dump::data}, {SIGUSR2, Dump::stats}, {SIGRTMIN + 2, Dump::json}, {SIGRTMAX - 1, Dump::stats_clear}};
  for (const auto& [number, dump] : dumps) on(number, [this, dump] { ask_for(dump); });
  give_up_ = loop_.timer([this] { finish(); });

  run_once_script(setup().startup_script, "startup_script");
  reload_schedule_.follow(setup().reload_times);
  firewall_.set(setup());
  started = runner_.start();
  bfd_.follow(setup());
  balancing_.follow(nullptr);  // before the api role, which shows what is in its memory
  if (started) started = api_.start();
  companions_.follow(setup().configuration.globals);
  firewall_.wait();
  if (started) started = seat_.start();
  if (!started) {
    log_.error(to_string(started.error()));
    return exit_code::failure;
  }
  watchdog_.begin();
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
  return {.serves =
              [this] {
                if (!std::exchange(told_ready_, true)) (void)::sd_notify(0, "READY=1");
              },
          .firewall_outdated = [this] { update_firewall(); },
          .followed = [this](std::unique_ptr<Setup> before,
                             WallTime read_at) { reloads_.on_followed(std::move(before), read_at); },
          .given_up = [this](const std::string& why,
                             std::unique_ptr<Setup> next) { reloads_.on_given_up(why, std::move(next)); },
          .ended =
              [this](bool in_order) {
                if (!in_order) exit_status_ = exit_code::failure;
                stopping_ = true;
                reloads_.stop();
                finish();
              },
          .begun =
              [this] {
                maintenance_.on_other_worker();
                balancing_.join_worker();
                join_bfd();
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

ReloadOffice::Events Guardian::reload_events() {
  return {.answer = [this](const nlohmann::json& report) { tell_api(report_file, report); },
          .counted = [this](ReloadResult result) { told().reloads.count(result); },
          .follow =
              [this](const config::Configuration& before) {
                bfd_.follow(setup());
                balancing_.follow(&before);
                follow_setup();
              },
          .followed = [this] { api_.replace(); }};  // it shows the old setup; the next one shows the new
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
                  .bfd = bfd_.ledger(),
                  .log = role_log("baton-api"),
                  .doors = doors_,
                  .configuration = options_.configuration,
                  .node = host_name(),
                  .configuration_read = utc_seconds(seat_.read_at()),
                  .confirm_until = reloads_.undone_at() ? utc_seconds(*reloads_.undone_at()) : 0,
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

void Guardian::on_api_message(const kernel::Channel::Message& message) {
  if (const auto dump = dump_of(message.bytes)) return put(*dump, message.passed_fd);
  if (const auto order = maintenance_order_of(message.bytes)) {
    return stopping_ ? void() : maintenance_.on_order(*order);
  }
  if (const auto order = drain_order_of(message.bytes)) {
    return stopping_ ? void() : tell_api(report_file, balancing_.drain(*order));
  }
  if (const auto order = reload_order_of(message.bytes)) reloads_.on_order(*order);
}

// In memory of its own, whatever its size: nobody is waited for.
void Guardian::tell_api(std::uint8_t what, const nlohmann::json& value) {
  const auto file = kernel::memory_file(value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  const auto told = file ? api_.tell(what, file->get()) : std::unexpected(file.error());
  if (!told) log_.warning(to_string(told.error()));
}

// A worker that is new: its end of a channel to whoever tells of BFD sessions.
void Guardian::join_bfd() {
  if (!bfd_.has_news()) return;
  auto channel = bfd_.connect_worker();
  channel ? seat_.hand(new_bfd_channel, *channel) : log_.error(to_string(channel.error()));
}

// A checker that is new: likewise.
void Guardian::join_bfd_and_checker() {
  if (!bfd_.has_news()) return;
  auto channel = bfd_.connect_checker();
  channel ? balancing_.hand_sessions(*channel) : log_.error(to_string(channel.error()));
}

// What else depends on the configuration.
void Guardian::follow_setup() {
  companions_.follow(setup().configuration.globals);
  for (const std::string& sentence : setup().not_carried_out) log_.warning(sentence);
  reload_schedule_.follow(setup().reload_times);
}

void Guardian::stop() {
  if (stopping_) return;
  stopping_ = true;
  reloads_.stop();
  log_.notice("stopping");
  (void)::sd_notify(0, "STOPPING=1");
  runner_.stay_down();
  api_.stay_down();
  companions_.stay_down();
  balancing_.end([] {});
  bfd_.stay_down();
  seat_.stop();
  if (!seat_.is_running()) return finish();
  const Duration bound = setup().stop_bound + address_count(setup()) * stop_bound_an_address +
                         seat_.interface_count() * stop_bound_an_interface;
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
    bfd_.kill();
    loop_.stop();
  });
  give_up_.set(loop::now() + runner_stop_bound);
  const auto one_ended = [this, left = std::make_shared<int>(5)] {
    if (--*left == 0) loop_.stop();
  };
  api_.end(one_ended);
  companions_.end(one_ended);
  balancing_.end(one_ended);
  bfd_.end(one_ended);
  runner_.end(one_ended);
}

}  // namespace

int run_guardian(const Options& options, std::unique_ptr<Setup> setup, const log::Options& log, Reload reload) {
  Guardian guardian(options, log, std::move(reload));
  return guardian.run(std::move(setup));
}

}  // namespace baton::daemon
