#include "daemon/load_balancing.h"

#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <set>

#include "daemon/runner_service.h"

namespace baton::daemon {

namespace {

log::Options checker_log(const Options& options, log::Options log) {
  log.identifier = log_identifier(options, "baton-check");
  return log;
}

CheckerSeat::CallRunner runner_caller(const Options& options) {
  if (!options.has_runner_service()) return {};
  return [path = options.runner_service] { return call_runner(path, {}); };
}

}  // namespace

LoadBalancing::LoadBalancing(loop::Loop& loop, log::Logger& log, const Options& options, log::Options log_options,
                             std::function<const Setup&()> setup, SideRole& runner,
                             std::function<void(kernel::Channel)> worker)
    : log_(log),
      options_(options),
      log_options_(std::move(log_options)),
      setup_(std::move(setup)),
      runner_(runner),
      worker_(std::move(worker)),
      balancer_(loop, log, balancer_plan()),
      checker_(loop, log, checker_log(options, log_options_),
               {.balancer = [this](kernel::Channel channel) { hand_checker(channel); },
                .worker = [this](kernel::Channel channel) { worker_(std::move(channel)); }},
               runner_caller(options)) {
  log_options_.identifier = log_identifier(options_, "baton-balance");
}

void LoadBalancing::follow(const config::Configuration* before) {
  const bool is_wanted = !setup_().configuration.virtual_servers.empty();
  if (!is_wanted) {
    checker_.follow(setup_());
    return balancer_.dismiss();  // it takes its services off
  }
  if (before != nullptr && before->virtual_servers == setup_().configuration.virtual_servers &&
      before->globals == setup_().configuration.globals && balancer_.is_running()) {
    return checker_.follow(setup_());  // of other files than virtual servers
  }
  if (before != nullptr) {
    std::set<ServiceKey> keys(inherited_.begin(), inherited_.end());
    for (const balance::Service& service : make_balance_setup(*before).services) {
      keys.insert(service.keys.begin(), service.keys.end());
    }
    inherited_.assign(keys.begin(), keys.end());
    inherited_sync_ = inherited_sync_ || before->globals.ipvs.sync_daemon.has_value();
  }
  if (balancer_.is_running()) (void)balancer_.tell(balancer_retires);  // one that is dead retires as well
  if (const auto made = make_board(before); !made) return log_.error(to_string(made.error()));
  checker_.retire_unless_same(setup_());
  balancer_.replace();
  checker_.follow(setup_());
}

// What is known is copied: the one that retires may still write into its own.
SysResult<void> LoadBalancing::make_board(const config::Configuration* before) {
  const config::Configuration& configuration = setup_().configuration;
  CheckBoard::Shape shape{.checks = checks_of(configuration).size(), .services = configuration.virtual_servers.size()};
  for (const config::VirtualServer& service : configuration.virtual_servers) {
    shape.servers += service.real_servers.size();
  }
  setup::BalanceMemory known;
  if (before != nullptr && board_memory_.data() != nullptr) known = carry_over(*before, memory(), configuration);
  auto created = kernel::SharedMemory::create(CheckBoard::size_for(shape));
  if (!created) return std::unexpected(created.error());
  CheckBoard board(created->data(), shape);
  if (before != nullptr && board_memory_.data() != nullptr) carry_over_drains(*before, board_, configuration, board);
  board_memory_ = std::move(*created);
  board_ = board;
  for (std::size_t i = 0; i < known.checks.size(); ++i) board_.set_check(i, known.checks[i]);
  for (std::size_t i = 0; i < known.has_quorum.size(); ++i) {
    if (known.has_quorum[i]) board_.set_quorum(i, *known.has_quorum[i]);
  }
  return {};
}

setup::BalanceMemory LoadBalancing::memory() const {
  setup::BalanceMemory result;
  for (std::size_t i = 0; i < board_.check_count(); ++i) result.checks.push_back(board_.check(i));
  for (std::size_t i = 0; i < board_.service_count(); ++i) result.has_quorum.push_back(board_.has_quorum(i));
  return result;
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
          .prepare = {},
          .main =
              [this](kernel::Channel channel) {
                return run_balancer({.setup = setup_(),
                                     .board = board_,
                                     .inherited = inherited_,
                                     .inherited_sync = inherited_sync_,
                                     .is_first = !has_started_,
                                     .keeps_services = options_.keep_services,
                                     .log = log_options_,
                                     .guardian = std::move(channel)});
              },
          .started =
              [this] {
                has_started_ = true;
                join_runner();
                join_checker();
              }};
}

}  // namespace baton::daemon
