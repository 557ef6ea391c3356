#include "daemon/balancer_role.h"

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <set>
#include <string>

#include "balance/table_difference.h"
#include "balance/weight_ramp.h"
#include "daemon/address_watch.h"
#include "daemon/balance_news.h"
#include "daemon/check_verdict.h"
#include "daemon/connection_sync.h"
#include "daemon/data_plane.h"
#include "daemon/options.h"
#include "kernel/confinement.h"
#include "kernel/process_settings.h"
#include "loop/loop.h"
#include "setup/balance_setup.h"

namespace baton::daemon {
namespace {

constexpr int verdicts_a_turn = 1'000;
constexpr std::size_t most_sentences = 1'000;                    // that are not said twice
constexpr Duration look_interval = std::chrono::seconds(60);     // at a table that others may change
constexpr Duration look_again_after = std::chrono::seconds(10);  // where something was refused, or nothing serves
constexpr Duration least_between_repairs = std::chrono::milliseconds(500);  // of what others changed; the first at once
constexpr Duration count_interval = std::chrono::seconds(5);                // what servers got; at most
constexpr int most_of_a_core = 100;  // one part of so many of the time, for counting
constexpr Duration beat_interval = std::chrono::seconds(1);
constexpr Duration first_look_after = std::chrono::seconds(1);       // one before us may have finished something
constexpr Duration predecessor_may_write = std::chrono::seconds(1);  // the transaction that it was killed in
constexpr Duration last_words_within = std::chrono::seconds(2);      // scripts and mail of the end, to the runner

// Under all of the service's keys.
ServerTraffic traffic_of(const balance::Service& service, const balance::RealServer& server,
                         const TrafficTable& table) {
  ServerTraffic sum;
  for (const ServiceKey& key : service.keys) {
    const auto servers = table.find(key);
    if (servers == table.end()) continue;
    const auto of_key = servers->second.find(balance::under(key, server.key, server.settings.method));
    if (of_key != servers->second.end()) sum = sum + of_key->second;
  }
  return sum;
}

// net_namespace_ipvs.
SysResult<void> enter_namespace(const BalancerStart& start) {
  const auto& wanted = start.setup.configuration.globals.ipvs.net_namespace;
  if (!wanted) return {};
  if (!wanted->empty()) return kernel::enter_network_namespace(*wanted);
  if (start.first_network_namespace < 0) return {};
  return kernel::enter_network_namespace(start.first_network_namespace);
}

// The number of each service's first real server.
std::vector<std::size_t> first_servers(const std::vector<balance::Service>& services) {
  std::vector<std::size_t> firsts;
  std::size_t next = 0;
  for (const balance::Service& service : services) {
    firsts.push_back(next);
    next += service.servers.size();
  }
  return firsts;
}

class Balancing {
 public:
  explicit Balancing(BalancerStart start);
  int run();

 private:
  void remember();
  void on_guardian();
  void on_checker();
  void take_drains(balance::Actions& actions);
  void begin_rises(const balance::Actions& actions);
  void begin_rise(std::size_t service, std::size_t server, Instant began);
  void rise();
  void settle();
  void look();
  void on_plane();
  bool open();
  bool read_actual();
  void begin_table();
  void watch_addresses();
  void synchronise();
  TableService wanted(std::size_t service, const ServiceKey& key);
  bool may_be_our_predecessor(Instant now) const {  // who changes the table
    return !start_.is_first && now - began_ < predecessor_may_write;
  }
  void forget_inherited();
  void note_settled();
  void reconcile_all();
  void carry_out(const TableOperations& operations);
  void tell(const balance::Actions& actions);
  void note_quorum();
  void count();
  void tell_traffic(const TrafficTable& traffic);
  void beat();
  void leave();
  void take_off();
  void say_once(log::Level level, const std::string& sentence);
  void set_look(Duration after) { look_.set(loop::now() + after); }

  BalancerStart start_;
  log::Logger log_;
  loop::Loop loop_;
  BalanceSetup setup_;
  std::vector<std::size_t> first_servers_;
  balance::Balancer balancer_;
  kernel::Channel checker_;
  BalanceNews news_;
  std::unique_ptr<DataPlane> plane_;
  Instant last_repair_;
  ServiceTable actual_;           // what of ours is in the kernel
  std::set<ServiceKey> managed_;  // what is ours
  std::set<std::string> said_;
  bool is_settled_ = false;     // the table was brought to what is wanted once
  bool awaits_repair_ = false;  // somebody changed it: what a single service needs waits for the whole
  Instant began_ = loop::now();
  bool retires_ = false;
  bool is_dismissed_ = false;
  loop::Subscription guardian_readable_;
  loop::Subscription checker_readable_;
  loop::Subscription plane_readable_;
  loop::Subscription signal_term_;
  loop::Timer look_;
  loop::Timer count_;
  loop::Timer beat_;
  balance::WeightRamp ramp_;
  loop::Timer next_step_;
  std::optional<ConnectionSync> sync_;
  AddressWatch addresses_{loop_, [this] { synchronise(); }};
};

Balancing::Balancing(BalancerStart start)
    : start_(std::move(start)),
      log_(start_.log),
      setup_(make_balance_setup(start_.setup.configuration)),
      first_servers_(first_servers(setup_.services)),
      balancer_(setup_.services),
      news_(start_.setup, setup_, log_, loop_),
      managed_(setup::service_keys(start_.setup.configuration)) {
  managed_.insert(start_.inherited.begin(), start_.inherited.end());
}

int Balancing::run() {
  signal_term_ = loop_.on_signal(SIGTERM, [] {});  // the guardian ends us, not the service manager's signal to all
  guardian_readable_ = loop_.watch(start_.guardian.fd(), loop::Ready::readable, [this] { on_guardian(); });
  look_ = loop_.timer([this] { look(); });
  count_ = loop_.timer([this] { count(); });
  next_step_ = loop_.timer([this] { rise(); });
  beat_ = loop_.timer([this] { beat(); });
  beat();
  loop_.before_sleep([this] { settle(); });
  sync_ = ConnectionSync::of(start_.setup.configuration);
  if (sync_) watch_addresses();  // those of VRRP, wherever the services are
  if (const auto entered = enter_namespace(start_); !entered) {
    log_.error(to_string(entered.error()) + "; virtual servers are not served, VRRP goes on");
    return exit_code::failure;
  }
  if (const auto confined = kernel::confine_network_administrator(); !confined) {
    log_.warning(to_string(confined.error()) + "; the balancer has more power than it needs");
  }
  remember();
  balance::Actions actions;
  take_drains(actions);  // said by none: it has not started
  balancer_.start(actions, start_.setup.configuration.globals.ipvs.tells_first_states);
  look();
  tell(actions);
  for (std::size_t server = 0; server < start_.board.server_count(); ++server) start_.board.set_known(server);
  loop_.run();
  return 0;
}

void Balancing::beat() {
  start_.board.beat();
  beat_.set(loop::now() + beat_interval);
}

void Balancing::remember() {
  for (std::uint32_t check = 0; check < balancer_.check_count(); ++check) {
    balancer_.remember(check, start_.board.check(check));
  }
  std::size_t number = 0;
  for (std::size_t service = 0; service < setup_.services.size(); ++service) {
    if (const auto known = start_.board.has_quorum(service)) balancer_.remember_quorum(service, *known);
    for (std::size_t server = 0; server < setup_.services[service].servers.size(); ++server, ++number) {
      if (start_.board.is_known(number)) balancer_.remember_server(service, server);
      if (const auto began = start_.board.rise(number)) begin_rise(service, server, *began);
    }
  }
}

// ---------------------------------------------------------------- who speaks to us

void Balancing::on_guardian() {
  auto message = start_.guardian.receive();
  if (!message) {
    if (message.error() == kernel::Channel::Nothing::yet) return;
    leave();
    return loop_.stop();
  }
  const std::uint8_t what = message->bytes[0];
  if (what == balancer_hears_runner && message->passed_fd) {
    news_.connect(kernel::Channel(std::move(message->passed_fd)));
  } else if (what == balancer_hears_checker && message->passed_fd) {
    checker_readable_.reset();
    checker_ = kernel::Channel(std::move(message->passed_fd));
    checker_readable_ = loop_.watch(checker_.fd(), loop::Ready::readable, [this] { on_checker(); });
  } else if (what == balancer_drains) {
    balance::Actions actions;
    take_drains(actions);
    settle();
    tell(actions);
  } else if (what == balancer_clears) {
    take_off();
    retires_ = true;
    loop_.stop();
  } else if (what == balancer_is_dismissed) {
    is_dismissed_ = true;
  }
}

void Balancing::on_checker() {
  balance::Actions actions;
  std::vector<std::uint32_t> heard;
  for (int i = 0; i < verdicts_a_turn; ++i) {
    const auto message = checker_.receive();
    if (!message) {
      if (message.error() == kernel::Channel::Nothing::any_more) checker_readable_.reset();  // what it said stays true
      break;
    }
    auto verdict = decode_verdict(message->bytes);
    if (!verdict || verdict->check >= balancer_.check_count()) {
      say_once(log::Level::error, "a verdict of the checker makes no sense");
      continue;
    }
    balancer_.on_verdict({.check = verdict->check,
                          .is_up = verdict->is_up,
                          .weight = verdict->weight,
                          .reason = std::move(verdict->reason)},
                         actions);
    heard.push_back(verdict->check);
  }
  begin_rises(actions);
  settle();  // the table first, then whoever wants to know
  tell(actions);
  // Then the board: what stands there has been told, whenever we are killed.
  for (const std::uint32_t check : heard) start_.board.note_check(check, balancer_.memory_of(check), loop::now());
}

void Balancing::take_drains(balance::Actions& actions) {
  std::size_t number = 0;
  for (std::size_t service = 0; service < setup_.services.size(); ++service) {
    for (std::size_t server = 0; server < setup_.services[service].servers.size(); ++server, ++number) {
      const bool was_drained = balancer_.is_drained(service, server);
      balancer_.set_drained(service, server, start_.board.is_drained(number), actions);
      if (was_drained && !balancer_.is_drained(service, server)) begin_rise(service, server, loop::now());
    }
  }
  rise();
}

// slow_start, of those that are back.
void Balancing::begin_rises(const balance::Actions& actions) {
  for (const balance::Action& action : actions) {
    const auto* change = std::get_if<balance::ServerChanged>(&action);
    if (change != nullptr && change->is_up) begin_rise(change->service, change->server, loop::now());
  }
  rise();
}

void Balancing::begin_rise(std::size_t service, std::size_t server, Instant began) {
  const Duration lasts = setup_.services[service].slow_start;
  ramp_.begin(service, server, lasts, began);
  start_.board.set_rise(first_servers_[service] + server, lasts > Duration() ? std::optional(began) : std::nullopt);
}

// One that is over is forgotten: a configuration with another slow_start takes nothing back.
void Balancing::rise() {
  for (const auto& step : ramp_.step(loop::now())) {
    balancer_.set_share(step.service, step.server, step.parts);
    if (step.parts == balance::ramp_steps) {
      start_.board.set_rise(first_servers_[step.service] + step.server, std::nullopt);
    }
  }
  if (const auto next = ramp_.next_at()) next_step_.set(*next);
}

void Balancing::tell(const balance::Actions& actions) {
  for (const balance::Action& action : actions) news_.tell(action);
  note_quorum();
}

void Balancing::note_quorum() {
  for (std::size_t service = 0; service < setup_.services.size(); ++service) {
    start_.board.set_quorum(service, balancer_.has_quorum(service));
  }
}

// ---------------------------------------------------------------- the kernel's table

bool Balancing::open() {
  if (plane_) return true;
  auto plane = open_data_plane(start_.setup.configuration.globals.ipvs.plane, !start_.is_first,
                               [this](const std::string& sentence) { say_once(log::Level::info, sentence); });
  start_.board.set_plane({.state = plane ? PlaneState::serves : PlaneState::missing,
                          .kind = plane ? (*plane)->kind() : PlaneKind::none,
                          .code = plane ? 0 : plane.error().code});
  if (!plane) {
    say_once(log::Level::error, to_string(plane.error()) + "; virtual servers are not served, VRRP goes on");
    return false;
  }
  plane_ = std::move(*plane);
  said_.clear();
  if (plane_->fd() >= 0) plane_readable_ = loop_.watch(plane_->fd(), loop::Ready::readable, [this] { on_plane(); });
  return true;
}

// A firewall that is loaded anew takes our rules with it: they are back at once, unless somebody wants to fight.
void Balancing::on_plane() {
  if (!plane_->was_changed() || retires_) return;
  const Instant now = loop::now();
  if (!may_be_our_predecessor(now)) {
    log_.warning("somebody changed the rules that serve virtual servers; they are put back");
    plane_->distrust();
    awaits_repair_ = true;
  }
  if (now - last_repair_ < least_between_repairs) return set_look(least_between_repairs);
  last_repair_ = now;
  look();
}

bool Balancing::read_actual() {
  auto table = plane_->dump();
  if (!table) {
    say_once(log::Level::error, to_string(table.error()));
    return false;
  }
  if (!plane_->is_ours_alone()) {
    std::erase_if(*table, [this](const auto& entry) { return !managed_.contains(entry.first); });
  }
  actual_ = std::move(*table);
  return true;
}

void Balancing::look() {
  if (!open()) return set_look(look_again_after);
  set_look(is_settled_ ? look_interval : first_look_after);
  if (!is_settled_) begin_table();
  if (!read_actual()) return set_look(look_again_after);
  reconcile_all();
  awaits_repair_ = false;
  forget_inherited();
  synchronise();
  if (!is_settled_) count_.set(loop::now() + count_interval);
  is_settled_ = true;
}

// lvs_flush and lvs_timeouts.
void Balancing::begin_table() {
  const config::Ipvs& settings = start_.setup.configuration.globals.ipvs;
  if (start_.is_first && settings.flush) {
    if (const auto flushed = plane_->flush(); !flushed) say_once(log::Level::error, to_string(flushed.error()));
  }
  if (const auto set = plane_->set_timeouts(settings.timeouts); !set) {
    say_once(log::Level::error, to_string(set.error()));
  }
}

void Balancing::watch_addresses() {
  if (!sync_->problem().empty()) log_.warning(sync_->problem());
  if (const auto opened = addresses_.open(); !opened) {
    log_.error(to_string(opened.error()) + "; lvs_sync_daemon does not follow its instance");
  }
}

// Of a daemon that a configuration before had, only the end.
void Balancing::synchronise() {
  if (!plane_ || retires_ || (!sync_ && !start_.inherited_sync)) return;
  std::vector<kernel::IpvsSyncDaemon> wanted;
  if (sync_) wanted = sync_->wanted([this](const IpAddress& address) { return addresses_.has(address); });
  if (const auto done = plane_->synchronise(wanted); !done) {
    say_once(log::Level::error, to_string(done.error()));
    return set_look(look_again_after);
  }
  start_.inherited_sync = false;
  PlaneMemory plane = start_.board.plane();
  const auto runs = [&](kernel::IpvsSyncDaemon::Role role) {
    return std::ranges::any_of(wanted, [&](const kernel::IpvsSyncDaemon& one) { return one.role == role; });
  };
  plane.tells_connections = runs(kernel::IpvsSyncDaemon::Role::master);
  plane.hears_connections = runs(kernel::IpvsSyncDaemon::Role::backup);
  start_.board.set_plane(plane);
}

TableService Balancing::wanted(std::size_t service, const ServiceKey& key) {
  return plane_->possible(key, balance::under(key, balancer_.wanted(service)),
                          [this](const std::string& sentence) { say_once(log::Level::warning, sentence); });
}

// What a configuration before had is off; from now on it is somebody else's, if it is there.
void Balancing::forget_inherited() {
  if (start_.inherited.empty()) return note_settled();
  if (may_be_our_predecessor(loop::now())) return;
  const std::set<ServiceKey> ours = setup::service_keys(start_.setup.configuration);
  const bool is_off = std::ranges::none_of(
      start_.inherited, [&](const ServiceKey& key) { return !ours.contains(key) && actual_.contains(key); });
  if (!is_off) return;
  managed_ = ours;
  start_.inherited.clear();
  note_settled();
}

void Balancing::note_settled() {
  PlaneMemory plane = start_.board.plane();
  plane.is_settled = true;
  start_.board.set_plane(plane);
}

void Balancing::reconcile_all() {
  (void)balancer_.take_changed();  // all of them are looked at
  ServiceTable wanted_table;
  for (std::size_t service = 0; service < setup_.services.size(); ++service) {
    for (const ServiceKey& key : setup_.services[service].keys) wanted_table.emplace(key, wanted(service, key));
  }
  carry_out(balance::difference(wanted_table, actual_));
}

// What verdicts have changed since the last time.
void Balancing::settle() {
  if (!plane_ || !is_settled_ || retires_ || awaits_repair_) return;
  TableOperations operations;
  for (const std::size_t service : balancer_.take_changed()) {
    for (const ServiceKey& key : setup_.services[service].keys) {
      const TableService table = wanted(service, key);
      const auto actual = actual_.find(key);
      balance::add_difference(key, &table, actual == actual_.end() ? nullptr : &actual->second, operations);
    }
  }
  carry_out(operations);
}

void Balancing::carry_out(const TableOperations& operations) {
  if (operations.empty()) return;
  const auto refused = plane_->carry_out(operations);
  if (!refused) {
    say_once(log::Level::error, to_string(refused.error()));
    return set_look(look_again_after);
  }
  auto next_refused = refused->begin();
  for (std::size_t i = 0; i < operations.size(); ++i) {
    if (next_refused == refused->end() || next_refused->index != i) {
      balance::apply(operations[i], actual_);
      continue;
    }
    const int code = next_refused++->code;
    if (code == EAGAIN) {
      set_look(first_look_after);
      continue;
    }
    say_once(log::Level::error,
             to_string(SysError{std::string(name(plane_->kind())) + ": " + to_string(operations[i]), code}));
    set_look(look_again_after);
  }
}

// What each server got, for whoever asks; what it got at the last count, where there is none now. A table that takes
// long is counted more seldom.
void Balancing::count() {
  if (!plane_ || retires_) return;
  const Instant begin = loop::now();
  std::vector<ServiceKey> keys;
  for (const auto& [key, service] : actual_) keys.push_back(key);
  const auto traffic = plane_->traffic(keys);
  if (traffic) {
    tell_traffic(*traffic);
  } else {
    say_once(log::Level::warning, to_string(traffic.error()));
  }
  const Instant end = loop::now();
  count_.set(end + std::max(count_interval, (end - begin) * most_of_a_core));
}

void Balancing::tell_traffic(const TrafficTable& traffic) {
  std::size_t server = 0;
  for (const balance::Service& service : setup_.services) {
    for (const balance::RealServer& real : service.servers) {
      start_.board.set_traffic(server++, traffic_of(service, real, traffic));
    }
  }
}

// ---------------------------------------------------------------- the end

void Balancing::leave() {
  balance::Actions actions;
  balancer_.stop(actions);
  for (const balance::Action& action : actions) news_.tell(action);
  if (is_dismissed_) {
    take_off();
  } else if (plane_ && !start_.keeps_services) {
    if (start_.setup.configuration.globals.ipvs.flush_on_stop == config::FlushOnStop::everything) {
      if (const auto flushed = plane_->flush(); !flushed) log_.error(to_string(flushed.error()));
    } else {
      take_off();
    }
  }
  news_.finish(last_words_within);
}

// All that is ours.
void Balancing::take_off() {
  if (!plane_) return;
  carry_out(balance::difference({}, actual_));
  if (sync_) {
    if (const auto ended = plane_->synchronise({}); !ended) log_.error(to_string(ended.error()));
  }
  if (const auto closed = plane_->close(); !closed) log_.error(to_string(closed.error()));
}

void Balancing::say_once(log::Level level, const std::string& sentence) {
  if (said_.size() >= most_sentences || !said_.insert(sentence).second) return;
  log_.write(level, sentence);
}

// After a reload of thousands of services their table takes long to read. What the configurations have differently is
// put there at once: what is refused is found when the table is read.
void change_unseen(const BalancerStart& start, const BalancerStart::Left& left) {
  const auto unheard = [](const std::string&) {};
  if (left.plane != PlaneKind::ipvs) return;  // the other one has to be read before anything is changed
  const auto plane = open_data_plane(config::PlaneChoice::ipvs, true, unheard);
  if (!plane) return;
  const BalanceMemory known = memory_of(start.board);
  ServiceShift shift = service_shift(*left.configuration, left.memory, start.setup.configuration, known, loop::now());
  for (ServiceTable* table : {&shift.before, &shift.after}) {
    for (auto& [key, service] : *table) service = (*plane)->possible(key, std::move(service), unheard);
  }
  (void)(*plane)->carry_out(balance::difference(shift.after, shift.before));
}

}  // namespace

int run_balancer(BalancerStart start) {
  const BalancerStart::Left* const left = std::exchange(start.left, nullptr);
  if (left != nullptr && !start.setup.configuration.globals.ipvs.net_namespace) change_unseen(start, *left);
  return Balancing(std::move(start)).run();
}

}  // namespace baton::daemon
