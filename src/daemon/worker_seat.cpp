#include "daemon/worker_seat.h"

#include <fmt/format.h>
#include <signal.h>

#include <utility>

#include "daemon/dump_file.h"

namespace baton::daemon {

namespace {

constexpr Duration start_again_after = std::chrono::seconds(1);  // when a worker could not be started
// A worker that prepares is in nobody's way.
constexpr Duration prepare_bound = std::chrono::seconds(5);
constexpr Duration prepare_bound_an_address = std::chrono::microseconds(500);

// 0: it has recorded nothing.
std::uint64_t latest_segment(const WorkerRole& worker) {
  return worker.record() != nullptr ? worker.record()->ring().latest() : 0;
}

}  // namespace

std::size_t address_count(const Setup& setup) {
  std::size_t count = 0;
  for (const RouterSetup& router : setup.routers) count += router.addresses.size();
  return count;
}

WorkerSeat::WorkerSeat(loop::Loop& loop, log::Logger& log, const Options& options, log::Options worker_log,
                       SideRole& runner, SideRole& api, Events events, Main main)
    : loop_(loop),
      log_(log),
      options_(options),
      worker_log_(std::move(worker_log)),
      runner_(runner),
      api_(api),
      events_(std::move(events)),
      main_(std::move(main)),
      remains_(loop) {
  look_ = loop_.timer([this] { look(); });
  restart_ = loop_.timer([this] { start_again(); });
  prepared_by_ = loop_.timer([this] { lose_next("the next VRRP worker was not ready in time"); });
}

SysResult<std::unique_ptr<WorkerRole>> WorkerSeat::make(std::unique_ptr<Setup> setup, WallTime read_at) {
  const auto self = std::make_shared<WorkerRole*>(nullptr);
  auto made =
      WorkerRole::make(loop_, std::move(setup), read_at,
                       {.said = [this, self](std::uint8_t what, ByteView behind) { on_said(**self, what, behind); },
                        .died = [this, self] { on_death(**self); }});
  if (made) *self = made->get();
  return made;
}

SysResult<void> WorkerSeat::prepare(std::unique_ptr<Setup> setup) {
  auto made = make(std::move(setup), loop::wall_now());
  if (!made) return std::unexpected(made.error());
  worker_ = std::move(*made);
  before_.add(read_managed(options_.run_directory));
  note_managed();
  return {};
}

SysResult<void> WorkerSeat::start() {
  return start_worker(false);
}

WorkerStart WorkerSeat::launch(const Setup& setup, LastWill& will) const {
  return {.setup = setup,
          .will = will,
          .log = worker_log_,
          .is_first = !has_started_,
          .in_maintenance = in_maintenance_,
          .keep_addresses = options_.keep_addresses,
          .real_time = options_.real_time,
          .settings_record = options_.settings_record()};
}

SysResult<void> WorkerSeat::start_worker(bool resume) {
  auto runner = runner_.connect();
  auto api = api_.connect();
  // Without runner or api the worker does its main job all the same.
  kernel::Channel to_runner = runner ? std::move(*runner) : kernel::Channel();
  kernel::Channel to_api = api ? std::move(*api) : kernel::Channel();

  const Instant now = loop::now();
  if (will().is_clean()) before_.clear();
  policy_.on_start(now);
  const int keep[] = {to_runner.fd(), to_api.fd()};
  const auto started = worker_->start(
      [&](const Setup& setup, LastWill& will, kernel::Channel guardian) {
        WorkerStart start = launch(setup, will);
        start.guardian = std::move(guardian);
        start.record = worker_->record();
        start.resume = resume;
        start.leftovers = before_.all();
        start.routing_leftovers = before_.routing();
        start.leftover_interfaces = before_.interfaces();
        start.runner = std::move(to_runner);
        start.api = std::move(to_api);
        return main_(std::move(start));
      },
      keep);
  if (!started) return started;
  if (resume) worker_->must_serve_soon(now);
  look_.set(now);
  has_started_ = true;
  note_worker();
  if (events_.begun) events_.begun();
  return {};
}

void WorkerSeat::join(SideRole& role, std::uint8_t kind) {
  if (!worker_ || !worker_->is_running()) return;
  const auto channel = role.connect();
  const auto joined = channel ? worker_->tell(kind, channel->fd()) : std::unexpected(channel.error());
  if (!joined) log_.error(to_string(joined.error()));
}

void WorkerSeat::hand(std::uint8_t kind, const kernel::Channel& channel) {
  if (!worker_ || !worker_->is_running()) return;
  if (const auto told = worker_->tell(kind, channel.fd()); !told) log_.error(to_string(told.error()));
}

// For scripts that look for keepalived's VRRP process.
void WorkerSeat::note_worker() {
  if (options_.worker_pid_file.empty()) return;
  const auto noted = replace_file(options_.worker_pid_file, fmt::format("{}\n", worker_->pid()), 0644);
  if (!noted) log_.warning(to_string(noted.error()));
}

// For whoever cleans up after all of us; without the note it goes by the file alone.
void WorkerSeat::note_managed() {
  const auto noted = write_managed(options_.run_directory, setup(), before_.all());
  if (!noted) log_.warning(to_string(noted.error()));
}

void WorkerSeat::forget_secrets(setup::Secrets kept) {
  for (WorkerRole* worker : {worker_.get(), next_.get(), retired_.get()}) {
    if (worker != nullptr) worker->forget_secrets(kept);
  }
}

bool WorkerSeat::tell(std::uint8_t what) {
  if (!worker_->is_running() || stopping_) return false;
  const auto told = worker_->tell(what);
  if (!told) log_.error(to_string(told.error()));
  return told.has_value();
}

void WorkerSeat::on_said(const WorkerRole& worker, std::uint8_t what, ByteView behind) {
  if (&worker == worker_.get() && events_.maintenance) {
    if (what == maintenance_begun) events_.maintenance(std::nullopt);
    if (what == maintenance_refused) events_.maintenance(behind);
  }
  if (what == firewall_outdated) events_.firewall_outdated();
  if (what == worker_is_prepared && &worker == next_.get()) change();
}

// ---------------------------------------------------------------- life and death

void WorkerSeat::look() {
  if (!worker_->is_running() || stopping_ || worker_->is_killed()) return;
  const Instant now = loop::now();
  const WorkerRole::Health health = worker_->look(now);
  if (will().is_serving()) events_.serves();
  switch (health) {
    case WorkerRole::Health::fine: return look_.set(worker_->next_look(now));
    case WorkerRole::Health::serves_late:
      log_.error("the resumed worker does not serve in time; its last will is carried out");
      break;
    case WorkerRole::Health::hangs: {
      const auto silence = std::chrono::duration_cast<std::chrono::milliseconds>(now - will().heartbeat());
      log_.error(fmt::format("the VRRP worker (pid {}) has shown no sign of life for {} ms; it is replaced",
                             worker_->pid(), silence.count()));
      break;
    }
  }
  worker_->kill();
}

void WorkerSeat::on_death(const WorkerRole& worker) {
  const pid_t pid = worker.pid();
  if (&worker == retired_.get()) return (void)retired_->reap();
  if (&worker == next_.get()) return lose_next(fmt::format("the next VRRP worker (pid {}) {}", pid, next_->reap()));

  const bool failed_resume = worker_->has_failed_to_resume();
  const std::string how = worker_->reap();
  if (stopping_) {
    const bool left_in_order = how == ended_in_order;
    if (!left_in_order && !options_.keep_addresses) carry_out_last_will(StaticEntries::go);
    return events_.ended(true);
  }
  log_.error(fmt::format("the VRRP worker (pid {}) {}", pid, how));
  const std::uint64_t last_segment = latest_segment(*worker_);
  if (next_) {
    // The next one goes on where this one ended, if it is prepared in the time that a resumed worker has.
    has_failed_ = failed_resume;
    prepared_by_.set(loop::now() + resume_bound(shortest_advert_interval(setup())));
  } else {
    replace_dead(failed_resume);
  }
  keep_recording(record_before_.get(), *worker_,
                 last_segment);  // what writes it needs its time, and the address does not wait for it
}

Bytes WorkerSeat::recording_of(const FlightRecord* before, const WorkerRole& worker,
                               std::optional<std::uint64_t> last) {
  std::vector<recorder::LifeBytes> lives;
  if (before != nullptr) lives.push_back(before->life());
  if (worker.record()) lives.push_back(worker.record()->life(last));
  return recording_file(lives);
}

// Of a worker that has died. By a process of a moment, so that nobody here waits for a disk. The worker after it writes
// to segments behind `last`.
void WorkerSeat::keep_recording(const FlightRecord* before, const WorkerRole& worker, std::uint64_t last) {
  if (last == 0) return;
  auto started = start_role({.name = "baton-record", .parent_death_signal = 0, .keep = {}, .main = [&] {
                               log::Logger log(worker_log_);
                               const auto kept =
                                   keep_crash_recording(options_.run_directory, recording_of(before, worker, last));
                               if (kept) log.notice("what the VRRP worker did before it died: baton replay " + *kept);
                               if (!kept) log.warning(to_string(kept.error()));
                               return kept ? 0 : 1;
                             }});
  if (!started) return log_.warning(to_string(started.error()));
  remains_.take(std::move(*started));
}

void WorkerSeat::replace_dead(bool has_failed) {
  if (!options_.respawn) {
    carry_out_last_will(StaticEntries::go);
    stopping_ = true;
    return events_.ended(false);
  }
  const Instant now = loop::now();
  after_death(has_failed ? policy_.on_failed_resume(now) : policy_.on_death(now), now);
}

void WorkerSeat::after_death(RestartPolicy::Verdict verdict, Instant now) {
  if (verdict.resume) {
    const auto started = start_worker(true);
    if (started) {
      log_.notice(fmt::format("a new VRRP worker (pid {}) goes on where the old one ended", worker_->pid()));
      return;
    }
    log_.error(to_string(started.error()));
  }
  carry_out_last_will(StaticEntries::stay);
  will().forget();
  log_.notice(fmt::format("the next VRRP worker starts in {} s",
                          std::chrono::duration_cast<std::chrono::seconds>(verdict.back_off).count()));
  restart_.set(now + verdict.back_off);
}

void WorkerSeat::start_again() {
  if (stopping_ || worker_->is_running() || next_) return;
  const auto started = start_worker(false);
  if (started) return;
  log_.error(to_string(started.error()));
  restart_.set(loop::now() + start_again_after);
}

void WorkerSeat::carry_out_last_will(StaticEntries statics) {
  daemon::carry_out_last_will(setup(), will().read_all(), before_, statics, options_.settings_record(), log_);
}

void WorkerSeat::stop() {
  stopping_ = true;
  restart_.cancel();
  if (is_changing_) give_up("the daemon stops");
  if (!worker_->is_running() && !options_.keep_addresses) carry_out_last_will(StaticEntries::go);
  worker_->signal(SIGTERM);
}

// ---------------------------------------------------------------- reload

// The next worker prepares beside the one that serves; that one ends with everything left as it is, the next goes on
// with the new configuration, and the difference between the two is carried out like any other.
void WorkerSeat::follow(std::unique_ptr<Setup> next_setup, WallTime read_at) {
  is_changing_ = true;
  std::vector<Vanished> gone = vanished(setup(), *next_setup, will().read_all());
  before_next_ = will().is_clean() ? Leftovers() : before_;
  before_next_.add(setup());
  heirs_ = heirs(setup(), *next_setup);
  prepared_by_.set(loop::now() + prepare_bound + address_count(*next_setup) * prepare_bound_an_address);
  auto next = make(std::move(next_setup), read_at);
  if (!next) return give_up(to_string(next.error()));
  next_ = std::move(*next);
  if (const auto started = start_next(std::move(gone)); !started) give_up(to_string(started.error()));
}

SysResult<void> WorkerSeat::start_next(std::vector<Vanished> gone) {
  return next_->start(
      [&](const Setup& setup, LastWill& will, kernel::Channel guardian) {
        WorkerStart start = launch(setup, will);
        start.guardian = std::move(guardian);
        start.record = next_->record();
        start.resume = true;
        start.takes_over = true;
        start.leftovers = before_next_.all();
        start.routing_leftovers = before_next_.routing();
        start.leftover_interfaces = before_next_.interfaces();
        start.vanished = std::move(gone);
        start.repeats_states = setup.repeats_states;
        return main_(std::move(start));
      },
      {});
}

// The next worker is prepared. Between leave() and take_over nobody speaks for this node: nothing there waits, and what
// can be done before is.
void WorkerSeat::change() {
  prepared_by_.cancel();
  (void)will().read_all();  // its pages are ours then
  const UniqueFd unsaid = worker_->leave();
  const Orphans orphans = hand_wills_down();
  std::unique_ptr<WorkerRole> before = std::exchange(worker_, std::move(next_));
  const bool has_own_interfaces = !before->setup().virtual_interfaces.empty();  // the next one takes them away
  if (has_own_interfaces) say_goodbye_for(orphans, before->setup());
  join(runner_, new_runner_channel);
  join(api_, new_api_channel);
  if (const auto told = worker_->tell(take_over, unsaid ? unsaid.get() : -1); !told)
    log_.error(to_string(told.error()));
  policy_.on_start(loop::now());
  worker_->must_serve_soon(loop::now(), loop::now() - before->will().heartbeat());
  look_.set(loop::now());

  if (!has_own_interfaces) say_goodbye_for(orphans, before->setup());
  before_ = std::move(before_next_);
  has_started_ = true;
  restart_.cancel();
  note_worker();
  note_managed();
  is_changing_ = false;
  has_failed_ = false;
  if (events_.begun) events_.begun();
  auto setup_before = before->release_setup();
  record_before_ = before->release_record();
  const WallTime read_at = before->read_at();
  retire(std::move(before));
  events_.followed(std::move(setup_before), read_at);
}

// It was killed, or has ended.
void WorkerSeat::retire(std::unique_ptr<WorkerRole> worker) {
  if (retired_) remains_.take(retired_->release_process());
  retired_ = std::move(worker);
}

WorkerSeat::Orphans WorkerSeat::hand_wills_down() {
  Orphans orphans;
  LastWill& next_will = next_->will();
  next_will.set_left(will().left().value_or(will().heartbeat()));
  hand_down(
      heirs_, [&](std::size_t i) { return will().read(i); },
      [&](std::size_t place, RouterWill will) {
        will.settings = {};  // what the files say counts again
        next_will.write(place, will);
      },
      [&](std::size_t i, const RouterWill& will) { orphans.emplace_back(i, will); });
  for (std::size_t i = 0; i < heirs_.places.size(); ++i) {
    if (const auto place = heirs_.places[i]) next_will.write_statistics(*place, will().statistics(i));
  }
  return orphans;
}

void WorkerSeat::say_goodbye_for(const Orphans& orphans, const Setup& before) {
  if (orphans.empty()) return;
  RouterWills wills(before.routers.size());
  for (const auto& [router, will] : orphans) wills[router] = will;
  say_goodbye(before, wills, log_);
}

void WorkerSeat::lose_next(const std::string& why) {
  keep_recording(worker_->record(), *next_, latest_segment(*next_));
  give_up(why);
}

void WorkerSeat::give_up(const std::string& why) {
  prepared_by_.cancel();
  if (next_ && next_->is_running()) next_->kill();
  std::unique_ptr<Setup> setup = next_ ? next_->release_setup() : nullptr;
  retire(std::move(next_));
  is_changing_ = false;
  log_.error(why + "; the configuration before goes on");
  events_.given_up(why, std::move(setup));
  if (!stopping_ && !next_ && !worker_->is_running()) replace_dead(std::exchange(has_failed_, false));
}

}  // namespace baton::daemon
