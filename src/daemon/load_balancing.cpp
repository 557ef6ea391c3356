#include "daemon/load_balancing.h"

#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "daemon/connection_sync.h"
#include "daemon/runner_service.h"
#include "kernel/nft_balance.h"
#include "setup/balance_setup.h"

namespace baton::daemon {

namespace {

constexpr Duration silence_a_server = std::chrono::milliseconds(5);

log::Options checker_log(const Options& options, log::Options log) {
  log.identifier = log_identifier(options, "baton-check");
  return log;
}

CheckerSeat::CallRunner runner_caller(const Options& options) {
  if (!options.has_runner_service()) return {};
  return [path = options.runner_service](const kernel::SharedMemory& ledger) { return call_runner(path, ledger); };
}

}  // namespace

LoadBalancing::LoadBalancing(loop::Loop& loop, log::Logger& log, const Options& options, log::Options log_options,
                             std::function<const Setup&()> setup, SideRole& runner,
                             std::function<void(kernel::Channel)> worker, std::function<void()> sessions,
                             BalancingParts parts)
    : log_(log),
      options_(options),
      log_options_(std::move(log_options)),
      setup_(std::move(setup)),
      runner_(runner),
      worker_(std::move(worker)),
      parts_(std::move(parts)),
      balancer_(loop, log, balancer_plan()),
      checker_(loop, log, checker_log(options, log_options_),
               {.balancer = [this](kernel::Channel channel) { hand_checker(channel); },
                .worker = [this](kernel::Channel channel) { worker_(std::move(channel)); },
                .sessions = std::move(sessions)},
               runner_caller(options)) {
  log_options_.identifier = log_identifier(options_, "baton-balance");
}

void LoadBalancing::follow(const config::Configuration* before) {
  const config::Configuration& configuration = setup_().configuration;
  const bool keeps_checker = before != nullptr && checker_.serves(*before, setup_());
  if (configuration.virtual_servers.empty()) {
    if (before != nullptr && !before->virtual_servers.empty()) dismiss_balancer(*before);
  } else if (before == nullptr || before->virtual_servers != configuration.virtual_servers ||
             before->globals != configuration.globals ||
             ConnectionSync::of(*before) != ConnectionSync::of(configuration) || !balancer_.is_running()) {
    if (!keeps_checker) checker_.retire();
    replace_balancer(before);
  }
  if (!keeps_checker) checker_.follow(setup_());
}

// It takes its services off, as long as it likes, unless another one follows meanwhile.
void LoadBalancing::dismiss_balancer(const config::Configuration& before) {
  finish_clearing();
  const bool was_running = balancer_.is_running();
  if (was_running) inherit(before);
  (void)balancer_.tell(balancer_is_dismissed);
  balancer_.dismiss();
  is_dismissed_ = was_running;
  if (was_running) return;
  take_off(before);
  inherited_.clear();  // off with them
}

void LoadBalancing::inherit(const config::Configuration& before) {
  const bool is_settled = this->is_settled();
  if (is_settled) inherited_.clear();
  inherited_.merge(setup::service_keys(before));
  inherited_sync_ = before.globals.ipvs.sync_daemon.has_value() || (is_dismissed_ && !is_settled && inherited_sync_);
}

// What configurations before had is off.
bool LoadBalancing::is_settled() const {
  return is_dismissed_ ? balancer_.predecessor_has_finished() : board_.plane().is_settled;
}

void LoadBalancing::replace_balancer(const config::Configuration* before) {
  const config::Configuration& configuration = setup_().configuration;
  finish_clearing();
  if (before != nullptr) inherit(*before);
  // It may be in the midst of a large table, and two that write do not get along: what it has told stands on its board.
  const bool moves = is_other_plane();
  const bool is_off = is_dismissed_ && balancer_.predecessor_has_finished();
  const bool clears = moves && balancer_.tell(balancer_clears);
  if (clears) clearing_ = board_.plane().kind;
  if (!clears) balancer_.kill();
  if (moves && !clears && !is_off && !configuration.globals.ipvs.net_namespace) {
    remove(board_.plane().kind, inherited_);  // the next one does not look there
  }
  is_dismissed_ = false;
  setup::BalanceMemory known;
  if (before != nullptr && board_memory_.data() != nullptr) {
    setup::BalanceMemory memory = memory_of(board_);
    known = carry_over(*before, memory, configuration);
    if (!moves) left_ = {.configuration = before, .memory = std::move(memory), .plane = board_.plane().kind};
  }
  if (const auto made = make_board(known); !made) return log_.error(to_string(made.error()));
  balancer_.replace();
  left_.reset();
}

// One that takes its services off because another plane was to follow is killed when the next one goes, and nobody
// looks there again.
void LoadBalancing::finish_clearing() {
  const PlaneKind kind = std::exchange(clearing_, PlaneKind::none);
  if (kind == PlaneKind::none || balancer_.predecessor_has_finished()) return;
  balancer_.kill_remains();  // which would put its services back
  if (!setup_().configuration.globals.ipvs.net_namespace) remove(kind, inherited_);
}

void LoadBalancing::take_off_rest() {
  finish_clearing();
  const bool stay = options_.keep_services && !is_dismissed_;
  if (board_memory_.data() != nullptr && !stay) take_off(setup_().configuration);
}

// Whatever a balancer that died, or did not end in its time, has left.
void LoadBalancing::take_off(const config::Configuration& configuration) const {
  if (configuration.globals.ipvs.net_namespace) {
    return log_.warning("net_namespace_ipvs: what virtual servers have left there is not looked for");
  }
  std::set<ServiceKey> keys = setup::service_keys(configuration);
  if (!is_settled()) keys.insert(inherited_.begin(), inherited_.end());  // else they are somebody else's
  remove(board_.plane().kind, keys);
}

void LoadBalancing::remove(PlaneKind served, const std::set<ServiceKey>& keys) const {
  if (served != PlaneKind::ipvs) {
    if (const auto removed = kernel::NftBalance::remove_table(); !removed && served == PlaneKind::nftables) {
      log_.error(to_string(removed.error()));
    }
  }
  if (served == PlaneKind::nftables) return;
  const auto plane = parts_.ipvs();
  if (!plane) return;
  TableOperations operations;
  for (const ServiceKey& key : keys) {
    operations.push_back({.kind = TableOperation::Kind::remove_service, .service = key});
  }
  if (const auto done = (*plane)->carry_out(operations); !done) log_.error(to_string(done.error()));
}

// What serves now is not what shall serve.
bool LoadBalancing::is_other_plane() const {
  const PlaneKind serves = board_.plane().kind;
  const config::PlaneChoice wanted = setup_().configuration.globals.ipvs.plane;
  return (serves == PlaneKind::nftables && wanted == config::PlaneChoice::ipvs) ||
         (serves == PlaneKind::ipvs && wanted == config::PlaneChoice::nftables);
}

SysResult<void> LoadBalancing::make_board(const setup::BalanceMemory& known) {
  const config::Configuration& configuration = setup_().configuration;
  CheckBoard::Shape shape{.checks = checks_of(configuration).size(), .services = configuration.virtual_servers.size()};
  for (const config::VirtualServer& service : configuration.virtual_servers) {
    shape.servers += service.real_servers.size();
  }
  auto created = kernel::SharedMemory::create(CheckBoard::size_for(shape));
  if (!created) return std::unexpected(created.error());
  CheckBoard board(created->data(), shape);
  board_memory_ = std::move(*created);
  board_ = board;
  note(known, board_);
  return {};
}

nlohmann::json LoadBalancing::drain(const DrainOrder& order) {
  nlohmann::json report = carry_out(order, setup_().configuration, board_);
  if (!report.contains("error")) {
    log_.notice(fmt::format("real server {} {}", order.server,
                            order.is_drained ? "is drained: it gets no new connections" : "takes part again"));
    if (balancer_.is_running()) (void)balancer_.tell(balancer_drains);  // the next one reads the board
  }
  return report;
}

void LoadBalancing::join_runner() {
  if (!balancer_.is_running() || !runner_.is_running()) return;
  const auto channel = runner_.connect(process::guardian_passes_client);
  const auto told = channel ? balancer_.tell(balancer_hears_runner, channel->fd()) : std::unexpected(channel.error());
  if (!told) log_.error(to_string(told.error()));
}

void LoadBalancing::join_worker() {
  if (!checker_.is_running()) return;  // the next one brings its channel
  auto channel = checker_.connect_worker();
  channel ? worker_(std::move(*channel)) : log_.error(to_string(channel.error()));
}

ServicesSource LoadBalancing::shown() const {
  ServicesSource source{.board = board_, .ledger = checker_.ledger(), .keys = {}};
  for (const ListedCheck& check : checker_.checks()) source.keys.push_back(check.key);
  return source;
}

// A balancer that is new: its end of a channel to the checker that runs, if one does.
void LoadBalancing::join_checker() {
  if (const auto channel = checker_.connect()) hand_checker(*channel);
}

void LoadBalancing::hand_checker(const kernel::Channel& channel) {
  if (!balancer_.is_running()) return;
  const auto told = balancer_.tell(balancer_hears_checker, channel.fd());
  if (!told) log_.error(to_string(told.error()));
}

void LoadBalancing::end(std::function<void()> ended) {
  const auto one_ended = [left = std::make_shared<int>(2), ended = std::move(ended)] {
    if (--*left == 0) ended();
  };
  checker_.end(one_ended);
  balancer_.end(one_ended);
}

void LoadBalancing::kill() {
  checker_.kill();
  balancer_.kill();
}

SideRole::Plan LoadBalancing::balancer_plan() {
  return {.name = "baton-balance",
          .loss = "the services stay as they are until the next one is there",
          .parent_death_signal = 0,  // its channel ends with us, and it takes its services off
          .prepare = [this]() -> SysResult<std::vector<int>> {
            if (options_.first_network_namespace < 0) return std::vector<int>();
            return std::vector{options_.first_network_namespace};
          },
          .secrets = setup::Secrets::mail,
          .main =
              [this](kernel::Channel channel) {
                return parts_.balancer({.setup = setup_(),
                                        .board = board_,
                                        .left = left_ ? &*left_ : nullptr,
                                        .inherited = board_.plane().is_settled ? std::set<ServiceKey>() : inherited_,
                                        .inherited_sync = inherited_sync_,
                                        .is_first = !has_started_,
                                        .keeps_services = options_.keep_services,
                                        .first_network_namespace = options_.first_network_namespace,
                                        .log = log_options_,
                                        .guardian = std::move(channel)});
              },
          .started =
              [this] {
                has_started_ = true;
                join_runner();
                join_checker();
              },
          .beats = [this] { return board_.beats(); },
          // A large table is one turn of its loop: minutes where the machine is slow.
          .silence =
              [this] {
                return limits::silence_of_a_role + static_cast<Duration::rep>(board_.server_count()) * silence_a_server;
              }};
}

}  // namespace baton::daemon
