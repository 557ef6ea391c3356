#include "daemon/companions.h"

#include <signal.h>
#include <unistd.h>

#include "dbus/service.h"

namespace baton::daemon {

Companions::Companions(loop::Loop& loop, log::Logger& log, const Options& options, log::Options log_options)
    : options_(options), log_options_(std::move(log_options)), dbus_(loop, log, dbus_plan()) {}

void Companions::follow(const config::Globals& globals) {
  const config::Globals before = std::exchange(globals_, globals);
  const bool is_other_place = before.net_namespace != globals.net_namespace || before.instance != globals.instance;
  if (!globals.dbus.is_wanted) {
    dbus_.dismiss();
  } else if (before.dbus != globals.dbus || is_other_place) {
    dbus_.replace();
  }
}

void Companions::stay_down() {
  dbus_.stay_down();
}

void Companions::end(std::function<void()> ended) {
  dbus_.end(std::move(ended));
}

void Companions::kill() {
  dbus_.kill();
}

SideRole::Plan Companions::dbus_plan() {
  return {.name = "baton-dbus",
          .loss = "nothing is told on the D-Bus until the next one is there",
          .parent_death_signal = SIGTERM,
          .prepare = {},
          .main = [this](kernel::Channel channel) { return run_dbus(std::move(channel)); },
          .started = [] {}};
}

int Companions::run_dbus(kernel::Channel channel) const {
  log::Options log = log_options_;
  log.identifier = "baton-dbus";
  return dbus::run({.control_socket = options_.control_socket(),
                    .service = globals_.dbus.service,
                    .naming = {.net_namespace = globals_.net_namespace,
                               .instance = globals_.instance,
                               .no_interface = globals_.dbus.no_interface},
                    .log = std::move(log),
                    .guardian = channel.release(),
                    .tell_guardian = [guardian = ::getppid()](int number) {
                      if (::getppid() == guardian) (void)::kill(guardian, number);  // it may be gone
                    }});
}

}  // namespace baton::daemon
