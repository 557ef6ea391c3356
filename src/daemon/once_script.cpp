#include "daemon/once_script.h"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>

#include <algorithm>
#include <string>

#include "base/program_search_path.h"
#include "daemon/role.h"
#include "loop/loop.h"
#include "process/child.h"
#include "process/program.h"
#include "process/runner.h"
#include "process/runner_protocol.h"
#include "process/track_scripts.h"

namespace baton::daemon {

namespace {

using namespace std::chrono_literals;

constexpr Duration time_to_obey = 2s;  // from SIGTERM to SIGKILL
constexpr Duration grace = 2s;         // for a role that is beyond all its bounds

// False: it has not ended by then.
bool wait_for(int pidfd, Duration most) {
  const Instant until = loop::now() + most;
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - loop::now());
    pollfd ended{.fd = pidfd, .events = POLLIN, .revents = 0};
    const int ready = ::poll(&ended, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
    if (ready > 0) return true;
    if (left <= 0ms) return false;
  }
}

int run_here(const OnceScript& script, std::string_view what, const process::ScriptRules& rules, log::Logger& log) {
  process::Users users;
  const process::AccountName account{script.command.user, script.command.group};
  if (const auto known = process::ask_user_database(account)) users.remember(account, *known);
  const auto program = process::resolve(script.command, rules, program_search_path, users);
  if (!program) {
    log.error(fmt::format("{} could not run: {}", what, program.error().text));
    return 1;
  }
  if (!program->warning.empty()) log.warning(program->warning);
  auto child = process::start(*program);
  if (!child) {
    log.error(fmt::format("{} could not run: {}", what, to_string(child.error())));
    return 1;
  }
  const int pidfd = child->pidfd.get();
  if (!wait_for(pidfd, script.timeout)) {
    log.error(fmt::format("{} takes longer than {} s and is ended", what,
                          std::chrono::duration<double>(script.timeout).count()));
    process::signal_group(*child, SIGTERM);
    (void)wait_for(pidfd, time_to_obey);
    process::signal_group(*child, SIGKILL);
    (void)wait_for(pidfd, grace);
    return 1;
  }
  const auto end = process::reap(*child);
  if (!end || end->end.is_success()) return 0;
  log.error(fmt::format("{} {}", what, process::describe(end->end, end->report)));
  return 1;
}

// Until what it says of the script's end is there. False: nothing came in time.
bool hear_the_end(const kernel::Channel& runner, std::string_view what, Duration most, log::Logger& log) {
  const Instant until = loop::now() + most;
  while (wait_for(runner.fd(), until - loop::now())) {
    const auto message = runner.receive();
    if (!message && message.error() == kernel::Channel::Nothing::any_more) return false;
    const auto said =
        message ? process::decode_from_runner(message->bytes) : std::unexpected(process::ProtocolError::truncated);
    if (!said) continue;
    if (const auto* event = std::get_if<process::RunnerEvent>(&*said)) {
      log.write(static_cast<log::Level>(event->level), event->text);
    }
    const auto* finished = std::get_if<process::NotifyFinished>(&*said);
    if (finished == nullptr) continue;
    if (!finished->end.is_success()) log.error(fmt::format("{} {}", what, process::describe(finished->end, {})));
    return true;
  }
  return false;
}

}  // namespace

void run_once(const OnceScript& script, std::string_view what, const process::ScriptRules& rules, log::Logger& log,
              const kernel::Channel& runner) {
  log.notice(fmt::format("running the {} {}", what, script.command.argv.front()));
  auto pair = kernel::Channel::make_pair();
  const auto order = process::encode(process::Notify{
      .key = std::string(what), .rules = rules, .commands = {script.command}, .deadline = script.timeout});
  if (!pair || !order) return log.error(fmt::format("{} could not run", what));
  auto& [ours, theirs] = *pair;
  const auto passed = runner.send({&process::guardian_passes_worker, 1}, theirs.fd());
  theirs.close();
  const auto asked = passed ? ours.send(*order) : passed;
  if (!asked) return log.error(fmt::format("{} could not run: {}", what, to_string(asked.error())));
  if (!hear_the_end(ours, what, script.timeout + time_to_obey + 2 * grace, log)) {
    log.error(fmt::format("of the {} nothing was heard in time", what));
  }
}

void run_once(const OnceScript& script, std::string_view what, const process::ScriptRules& rules,
              const log::Options& log_options) {
  if (script.command.argv.empty()) return;
  log::Logger log(log_options);
  log.notice(fmt::format("running the {} {}", what, script.command.argv.front()));
  auto role = start_role({.name = "baton-script", .parent_death_signal = SIGTERM, .keep = {}, .main = [&] {
                            log::Logger own_log(log_options);
                            return run_here(script, what, rules, own_log);
                          }});
  if (!role) return log.error(to_string(role.error()));
  if (!wait_for(role->pidfd.get(), script.timeout + time_to_obey + 2 * grace)) role->signal(SIGKILL);
  (void)reap(*role);
}

}  // namespace baton::daemon
