#include "daemon/companions.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <memory>

#include "dbus/service.h"
#include "kernel/confinement.h"

namespace baton::daemon {

namespace {

double utc_seconds(WallTime time) {
  return std::chrono::duration<double>(time.time_since_epoch()).count();
}

// The system bus, an AgentX master and our control socket want to see root; none of them wants its powers.
void renounce(const log::Options& log) {
  if (const auto done = kernel::give_up_capabilities(); !done) {
    log::Logger(log).warning(to_string(done.error()) + "; going on with more power than is needed");
  }
}

// Beside us, where an installation and a build have it.
std::string snmp_program() {
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  return (error ? std::filesystem::path("/usr/sbin") : self.parent_path()) / "baton-snmp";
}

}  // namespace

Companions::Companions(loop::Loop& loop, log::Logger& log, const Options& options, log::Options log_options)
    : log_(log),
      options_(options),
      log_options_(std::move(log_options)),
      dbus_(loop, log, dbus_plan()),
      snmp_(loop, log, snmp_plan()) {}

void Companions::follow(const config::Globals& globals) {
  const Wanted before = std::exchange(wanted_, {.dbus = globals.dbus,
                                                .snmp = globals.snmp,
                                                .net_namespace = globals.net_namespace,
                                                .instance = globals.instance});
  const bool is_other_place = before.net_namespace != globals.net_namespace || before.instance != globals.instance;
  if (!globals.dbus.is_wanted) {
    dbus_.dismiss();
  } else if (before.dbus != globals.dbus || is_other_place) {
    dbus_.replace();
  }
  if (!globals.snmp.is_wanted() || !has_snmp_program()) {
    snmp_.dismiss();
  } else if (before.snmp != globals.snmp || !snmp_.is_running()) {
    snmp_.replace();
  }
}

bool Companions::has_snmp_program() const {
  const std::string program = snmp_program();
  if (::access(program.c_str(), X_OK) == 0) return true;
  log_.warning(
      fmt::format("nothing is shown by SNMP, and no trap is sent: there is no program {}, which enable_snmp_* "
                  "needs; install baton-snmp and reload",
                  program));
  return false;
}

void Companions::stay_down() {
  dbus_.stay_down();
  snmp_.stay_down();
}

void Companions::end(std::function<void()> ended) {
  const auto one_ended = [left = std::make_shared<int>(2), ended = std::move(ended)] {
    if (--*left == 0) ended();
  };
  dbus_.end(one_ended);
  snmp_.end(one_ended);
}

void Companions::kill() {
  dbus_.kill();
  snmp_.kill();
}

SideRole::Plan Companions::dbus_plan() {
  return {.name = "baton-dbus",
          .loss = "nothing is told on the D-Bus until the next one is there",
          .parent_death_signal = SIGTERM,
          .prepare = [this] { return note_begin(); },
          .main = [this](kernel::Channel channel) { return run_dbus(std::move(channel)); },
          .started = [] {}};
}

int Companions::run_dbus(kernel::Channel channel) const {
  log::Options log = log_options_;
  log.identifier = "baton-dbus";
  renounce(log);
  return dbus::run({.control_socket = options_.control_socket(),
                    .service = wanted_.dbus.service,
                    .since = utc_seconds(begin_),
                    .naming = {.net_namespace = wanted_.net_namespace,
                               .instance = wanted_.instance,
                               .no_interface = wanted_.dbus.no_interface},
                    .log = std::move(log),
                    .guardian = channel.release(),
                    .tell_guardian = [guardian = ::getppid()](int number) {
                      if (::getppid() == guardian) (void)::kill(guardian, number);  // it may be gone
                    }});
}

SysResult<std::vector<int>> Companions::note_begin() {
  begin_ = loop::wall_now();
  return std::vector<int>();
}

SideRole::Plan Companions::snmp_plan() {
  return {.name = "baton-snmp",
          .loss = "SNMP shows nothing until the next one is there",
          .parent_death_signal = SIGTERM,
          .prepare = [this] { return note_begin(); },
          .main = [this](kernel::Channel channel) { return run_snmp(std::move(channel)); },
          .started = [] {}};
}

// A program of its own: Net-SNMP's agent library brings two dozen others along, which have no place in the worker.
int Companions::run_snmp(kernel::Channel channel) const {
  const config::Snmp& snmp = wanted_.snmp;
  std::vector<std::string> words{snmp_program(),
                                 "--control-socket",
                                 options_.control_socket(),
                                 "--since",
                                 fmt::format("{:.6f}", utc_seconds(begin_)),
                                 "--guardian",
                                 std::to_string(channel.fd()),
                                 "--facility",
                                 std::to_string(log_options_.facility)};
  if (!snmp.socket.empty()) words.insert(words.end(), {"--agent", snmp.socket});
  if (snmp.vrrp) words.emplace_back("--vrrp");
  if (snmp.rfc_v2) words.emplace_back("--rfc-v2");
  if (snmp.rfc_v3) words.emplace_back("--rfc-v3");
  if (snmp.traps) words.emplace_back("--traps");
  if (log_options_.console) words.emplace_back("--console");
  if (!log_options_.syslog) words.emplace_back("--no-syslog");
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  log::Options log = log_options_;
  log.identifier = "baton-snmp";
  renounce(log);
  (void)::fcntl(channel.fd(), F_SETFD, 0);
  (void)::execv(arguments[0], arguments.data());
  log::Logger(log).error(to_string(last_error(words[0]).error()) + "; enable_snmp_* needs the program baton-snmp");
  return exit_code::failure;
}

}  // namespace baton::daemon
