#include "daemon/checker_role.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <random>
#include <variant>

#include "checker/engine.h"
#include "daemon/address_watch.h"
#include "daemon/check_outbox.h"
#include "daemon/check_suspension.h"
#include "daemon/check_verdict.h"
#include "daemon/options.h"
#include "daemon/outbox.h"
#include "kernel/check_socket.h"
#include "kernel/confinement.h"
#include "loop/loop.h"

namespace baton::daemon {

namespace {

constexpr int messages_per_turn = 64;  // from the runner
constexpr unsigned first_free_port = 1024;

// The runner numbers scripts and files together: the files come behind the checks.
std::uint32_t file_number(std::size_t checks, std::size_t file) {
  return static_cast<std::uint32_t>(checks + file);
}

kernel::ClientPowers powers_for(const std::vector<ListedCheck>& checks) {
  kernel::ClientPowers powers;
  const auto look_at = [&](const config::CheckTarget& target) {
    powers.marks |= target.mark != 0;
    powers.low_ports |= target.source_port != 0 && target.source_port < first_free_port;
  };
  for (const ListedCheck& listed : checks) {
    look_at(listed.check.target);
    if (const auto* smtp = std::get_if<config::SmtpCheck>(&listed.check.kind))
      std::ranges::for_each(smtp->hosts, look_at);
  }
  return powers;
}

bool has_ping(const std::vector<ListedCheck>& checks) {
  return std::ranges::any_of(
      checks, [](const ListedCheck& listed) { return std::holds_alternative<config::PingCheck>(listed.check.kind); });
}

std::vector<config::HealthCheck> bare(const std::vector<ListedCheck>& listed) {
  std::vector<config::HealthCheck> checks;
  checks.reserve(listed.size());
  for (const ListedCheck& each : listed) checks.push_back(each.check);
  return checks;
}

std::vector<CheckKey> keys_of(const std::vector<ListedCheck>& listed) {
  std::vector<CheckKey> keys;
  keys.reserve(listed.size());
  for (const ListedCheck& each : listed) keys.push_back(each.key);
  return keys;
}

// What the number in a file means to a check (keepalived.conf(5), "track file").
health::Outcome judge_file(const config::FileCheck& check, std::int64_t number) {
  using Range = std::numeric_limits<std::int32_t>;
  const auto text = fmt::format("{}", number);
  if (check.weight == 0) {
    const bool is_up = (number == 0) != check.reverse;
    return is_up ? health::success() : health::failed(health::Failure::file_value, text);
  }
  const std::int64_t weight = number * check.weight * (check.reverse ? -1 : 1);
  if (weight <= Range::min()) return health::failed(health::Failure::file_value, text);
  health::Outcome outcome = health::success();
  outcome.weight = static_cast<std::int32_t>(std::min<std::int64_t>(weight, Range::max()));
  return outcome;
}

health::Outcome judge_script(const config::MiscCheck& check, const process::ScriptResult& result) {
  using Kind = process::RunEnd::Kind;
  if (!result.is_up) {
    switch (result.end.kind) {
      case Kind::timed_out: return health::failed(health::Failure::script_timeout);
      case Kind::could_not_run: return health::failed(health::Failure::script_not_run, result.text);
      case Kind::exited:
      case Kind::signalled:
      case Kind::not_run: return health::failed(health::Failure::script_failed, result.text);
    }
  }
  health::Outcome outcome = health::success();
  if (check.is_dynamic && result.end.kind == Kind::exited && result.end.code > 1) outcome.weight = result.end.code - 2;
  return outcome;
}

bool is_judged_elsewhere(const config::HealthCheck& check) {
  return std::holds_alternative<config::MiscCheck>(check.kind) ||
         std::holds_alternative<config::FileCheck>(check.kind) || std::holds_alternative<config::BfdCheck>(check.kind);
}

// Failures in a row, the last of which is not survived.
std::uint32_t fall_of(const config::HealthCheck& check) {
  constexpr std::uint32_t most = std::numeric_limits<std::uint32_t>::max();
  return check.retry < most ? check.retry + 1 : most;
}

// What the checker before told of a check that others judge.
health::Verdict verdict_of(const health::Check::State& state, std::string detail) {
  const auto weight = state.has_weight ? std::optional(state.weight) : std::nullopt;
  return {.is_up = state.is_up,
          .weight = weight,
          .reason = health::sentence({.failure = state.last_failure, .detail = std::move(detail), .weight = weight})};
}

class Checker {
 public:
  explicit Checker(CheckerStart start)
      : start_(std::move(start)),
        log_(start_.log),
        outbox_(loop_, start_.checks.size()),
        tracked_(loop_, start_.checks.size()),
        suspension_(start_.checks),
        engine_(loop_, bare(start_.checks), start_.tls, std::random_device()(),
                {.verdict = [this](std::uint32_t index, const health::Verdict& verdict) { tell(index, verdict); },
                 .ended = [this](std::uint32_t index, const health::Check& check) { on_try(index, check); }}) {
    start_.tls.reset();  // its key is read, and nobody needs the password any more
  }

  void run();

 private:
  void confine();
  void note_begun(const CheckLedger::States& states);
  void look_at_addresses();
  void beat();
  void on_guardian_message();
  void set_runner();
  void take_runner(kernel::Channel runner);
  void on_runner_message();
  void hear(const process::FromRunner& message);
  void on_script(const process::ScriptResult& result);
  void on_file(const process::FileResult& result);
  void judge(std::uint32_t index, const health::Outcome& outcome);
  void take_sessions(kernel::Channel bfd);
  void on_bfd_message();
  void judge_session(std::uint32_t index);

  void on_try(std::uint32_t index, const health::Check& check);
  void tell(std::uint32_t index, const health::Verdict& verdict);
  void put(std::uint32_t index, const health::Verdict& verdict);

  CheckerStart start_;
  log::Logger log_;
  loop::Loop loop_;
  CheckOutbox outbox_;   // for the balancer
  CheckOutbox tracked_;  // for the worker
  CheckSuspension suspension_;
  AddressWatch addresses_{loop_, [this] { look_at_addresses(); }};
  checker::Engine engine_;
  Outbox to_runner_{loop_, SIZE_MAX};  // its lists alone wait, the last one each
  loop::Timer beat_{loop_.timer([this] { beat(); })};
  loop::Subscription guardian_readable_;
  loop::Subscription runner_readable_;
  kernel::Channel bfd_;
  loop::Subscription bfd_readable_;
  std::map<CheckKey, TrackedVerdict> sessions_;  // what was told last
};

void Checker::run() {
  // Before the filter, which allows no netlink socket; without it all checks run.
  const auto watched = suspension_.is_wanted() ? addresses_.open() : SysResult<void>();
  if (!watched) log_.warning(to_string(watched.error()) + "; ha_suspend has no effect");
  confine();
  guardian_readable_ = loop_.watch(start_.guardian.fd(), loop::Ready::readable, [this] { on_guardian_message(); });
  const auto known = start_.ledger.take_over(keys_of(start_.checks));
  if (!known) return;  // the next one has begun, and nobody listens to us any more
  const CheckLedger::States& states = *known;
  engine_.start([&](std::uint32_t index) { return states[index]; });
  note_begun(states);
  for (std::uint32_t index = 0; index < states.size(); ++index) {
    const ListedCheck& listed = start_.checks[index];
    if (states[index] && states[index]->was_told) {
      put(index, is_judged_elsewhere(listed.check) ? verdict_of(*states[index], start_.ledger.detail(index))
                                                   : engine_.check(index).verdict());
    } else if (listed.is_tracked && listed.check.alpha) {
      put(index, {.is_up = false, .weight = {}, .reason = "counts as failed until it succeeds (init_fail)"});
    }
  }
  if (suspension_.is_wanted() && watched) look_at_addresses();
  beat();
  loop_.run();
}

// Who has not been tried yet either goes on in the next checker: down where it starts so, and when it was due.
void Checker::note_begun(const CheckLedger::States& states) {
  for (std::uint32_t index = 0; index < states.size(); ++index) {
    if (!states[index] && !is_judged_elsewhere(start_.checks[index].check)) {
      start_.ledger.put(index, engine_.check(index).state());
    }
  }
}

void Checker::beat() {
  constexpr Duration again = std::chrono::seconds(1);
  start_.ledger.beat();
  beat_.set(loop::now() + again);
}

void Checker::look_at_addresses() {
  const auto changes = suspension_.look([this](const IpAddress& address) { return addresses_.has(address); });
  for (const CheckSuspension::Change& change : changes) {
    const std::size_t count = change.checks.size();
    log_.info(fmt::format("{} {} of the virtual server at {} {} {}: its address is{} on this host", count,
                          count == 1 ? "check" : "checks", change.address, count == 1 ? "is" : "are",
                          change.is_suspended ? "suspended" : "active", change.is_suspended ? " not" : ""));
    for (const std::uint32_t check : change.checks) {
      change.is_suspended ? engine_.suspend(check) : engine_.go_on(check);
      start_.ledger.set_suspended(check, change.is_suspended);
      judge_session(check);
    }
  }
  if (!changes.empty()) set_runner();
}

// Files are read by now, and the library of TLS is loaded.
void Checker::confine() {
  if (has_ping(start_.checks)) {
    if (const auto allowed = kernel::allow_ping(); !allowed) {
      log_.warning(to_string(allowed.error()) + "; PING_CHECK will fail");
    }
  }
  if (const auto confined = kernel::confine_client(powers_for(start_.checks)); !confined) {
    log_.warning(to_string(confined.error()) + "; the checker role keeps its power");
  }
}

void Checker::on_guardian_message() {
  auto message = start_.guardian.receive();
  if (!message) {
    if (message.error() == kernel::Channel::Nothing::any_more) loop_.stop();
    return;
  }
  if (!message->passed_fd || message->bytes.size() != 1) return;
  kernel::Channel channel(std::move(message->passed_fd));
  if (message->bytes.front() == new_check_runner_channel) return take_runner(std::move(channel));
  if (message->bytes.front() == new_tracking_channel) return tracked_.connect(std::move(channel));
  if (message->bytes.front() == new_session_channel) return take_sessions(std::move(channel));
  outbox_.connect(std::move(channel));
}

// ---------------------------------------------------------------- what the runner judges

void Checker::take_runner(kernel::Channel runner) {
  to_runner_.clear();
  to_runner_.connect(std::move(runner));
  runner_readable_ = loop_.watch(to_runner_.reader().fd(), loop::Ready::readable, [this] { on_runner_message(); });
  set_runner();
}

// Programs of checks that are suspended do not run. What files hold is told again, for checks that go on.
void Checker::set_runner() {
  if (!to_runner_.reader()) return;
  std::vector<process::TrackedFile> files;
  for (std::size_t i = 0; i < start_.files.size(); ++i) {
    const config::TrackedFile& file = start_.files[i];
    files.push_back({.id = file_number(start_.checks.size(), i), .name = file.name, .path = file.path});
  }
  const auto send_all = [&](const process::Messages& messages) {
    if (!messages) return;
    for (const Bytes& message : *messages) to_runner_.put(message);
  };
  to_runner_.clear();
  std::vector<process::TrackScript> scripts = scripts_of(start_.checks);
  std::erase_if(scripts, [this](const process::TrackScript& script) { return suspension_.is_suspended(script.id); });
  send_all(process::encode_scripts(start_.script_rules, scripts));
  send_all(process::encode_files(false, files));
}

void Checker::on_runner_message() {
  for (int i = 0; i < messages_per_turn; ++i) {
    const auto message = to_runner_.reader().receive();
    if (!message) {
      if (message.error() == kernel::Channel::Nothing::any_more) {
        runner_readable_.reset();  // the next one comes from the guardian; verdicts stay
        to_runner_.close();
      }
      return;
    }
    if (const auto decoded = process::decode_from_runner(message->bytes)) hear(*decoded);
  }
}

void Checker::hear(const process::FromRunner& message) {
  if (const auto* script = std::get_if<process::ScriptResult>(&message)) return on_script(*script);
  if (const auto* file = std::get_if<process::FileResult>(&message)) return on_file(*file);
  if (const auto* event = std::get_if<process::RunnerEvent>(&message)) {
    log_.write(static_cast<log::Level>(event->level), event->text);
  }
}

void Checker::on_script(const process::ScriptResult& result) {
  if (result.id >= start_.checks.size()) return;
  const auto* check = std::get_if<config::MiscCheck>(&start_.checks[result.id].check.kind);
  if (check != nullptr) judge(result.id, judge_script(*check, result));
}

void Checker::on_file(const process::FileResult& result) {
  if (result.id < start_.checks.size() || result.id - start_.checks.size() >= start_.files.size()) return;
  const std::string& name = start_.files[result.id - start_.checks.size()].name;
  for (std::uint32_t index = 0; index < start_.checks.size(); ++index) {
    const auto* check = std::get_if<config::FileCheck>(&start_.checks[index].check.kind);
    if (check != nullptr && check->file == name) judge(index, judge_file(*check, result.number));
  }
}

// Its retries are the runner's, so that what comes is news.
void Checker::judge(std::uint32_t index, const health::Outcome& outcome) {
  if (suspension_.is_suspended(index)) return;
  start_.ledger.count(outcome.failure);
  start_.ledger.put(index,
                    {.is_up = outcome.is_success(),
                     .was_told = true,
                     .has_weight = outcome.weight.has_value(),
                     .weight = outcome.weight.value_or(0),
                     .last_failure = outcome.failure},
                    outcome.detail);
  tell(index, {.is_up = outcome.is_success(), .weight = outcome.weight, .reason = health::sentence(outcome)});
}

// ---------------------------------------------------------------- what the BFD role says

void Checker::take_sessions(kernel::Channel bfd) {
  bfd_ = std::move(bfd);
  bfd_readable_ = loop_.watch(bfd_.fd(), loop::Ready::readable, [this] { on_bfd_message(); });
}

void Checker::on_bfd_message() {
  for (int i = 0; i < messages_per_turn; ++i) {
    const auto message = bfd_.receive();
    if (!message) {
      if (message.error() == kernel::Channel::Nothing::any_more) {
        bfd_readable_.reset();  // the next one comes from the guardian; verdicts stay
        bfd_.close();
      }
      return;
    }
    const auto verdict = decode_tracked(message->bytes);
    if (!verdict) continue;
    const CheckKey key = verdict->key;
    sessions_.insert_or_assign(key, *verdict);
    for (std::uint32_t index = 0; index < start_.checks.size(); ++index) {
      if (start_.checks[index].session == key) judge_session(index);
    }
  }
}

void Checker::judge_session(std::uint32_t index) {
  const auto& key = start_.checks[index].session;
  const auto told = key ? sessions_.find(*key) : sessions_.end();
  if (told == sessions_.end()) return;
  judge(index,
        told->second.is_up ? health::success() : health::failed(health::Failure::session_down, told->second.reason));
}

// ---------------------------------------------------------------- what the engine says

void Checker::on_try(std::uint32_t index, const health::Check& check) {
  start_.ledger.count(check.last_outcome().failure);
  start_.ledger.put(index, check.state(), check.last_outcome().detail);
  const ListedCheck& listed = start_.checks[index];
  if (check.last_outcome().is_success() || !check.is_up() || !listed.check.log_all_failures) return;
  log_.info(fmt::format("{}: {} (failure {} in a row)", listed.label, health::sentence(check.last_outcome()),
                        check.failures_in_a_row()));
}

void Checker::tell(std::uint32_t index, const health::Verdict& verdict) {
  const std::string weight = verdict.weight ? fmt::format(", weight {}", *verdict.weight) : std::string();
  log_.write(
      verdict.is_up ? log::Level::info : log::Level::notice,
      fmt::format("{} is {}: {}{}", start_.checks[index].label, verdict.is_up ? "up" : "down", verdict.reason, weight));
  put(index, verdict);
}

void Checker::put(std::uint32_t index, const health::Verdict& verdict) {
  const ListedCheck& listed = start_.checks[index];
  if (listed.is_tracked) {
    tracked_.put(index, encode_tracked({.key = listed.key, .is_up = verdict.is_up, .reason = verdict.reason}));
  } else {
    outbox_.put(index,
                encode({.check = index, .is_up = verdict.is_up, .weight = verdict.weight, .reason = verdict.reason}));
  }
}

}  // namespace

std::vector<process::TrackScript> scripts_of(const std::vector<ListedCheck>& checks) {
  std::vector<process::TrackScript> scripts;
  for (std::size_t i = 0; i < checks.size(); ++i) {
    const config::HealthCheck& check = checks[i].check;
    const auto* misc = std::get_if<config::MiscCheck>(&check.kind);
    if (misc == nullptr) continue;
    scripts.push_back({.id = static_cast<std::uint32_t>(i),
                       .name = checks[i].label,
                       .command = {.argv = misc->command.arguments,
                                   .user = misc->command.account.user,
                                   .group = misc->command.account.group},
                       .interval = check.delay_loop,
                       .timeout = misc->timeout,
                       .rise = 1,
                       .fall = fall_of(check),
                       .wake_up = false,
                       .retry_interval = check.delay_before_retry,
                       .codes_are_weights = misc->is_dynamic});
  }
  return scripts;
}

int run_checker(CheckerStart start) {
  if (const auto allowed = kernel::allow_many_sockets(); !allowed)
    log::Logger(start.log).warning(to_string(allowed.error()));
  Checker(std::move(start)).run();
  return exit_code::success;
}

}  // namespace baton::daemon
