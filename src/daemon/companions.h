// Roles that show Baton to others: the D-Bus role and the SNMP agent. Each runs when the configuration asks for it, and
// lives on the control socket alone, so that the worker does not know of it and the guardian only starts it.
#pragma once

#include <functional>
#include <string>

#include "config/model.h"
#include "daemon/options.h"
#include "daemon/side_role.h"
#include "log/logger.h"
#include "loop/loop.h"

namespace baton::daemon {

class Companions {
 public:
  Companions(loop::Loop& loop, log::Logger& log, const Options& options, log::Options log_options);

  // Starts who is wanted now and does not run, dismisses who is not, replaces who is wanted otherwise.
  void follow(const config::Globals& globals);
  void stay_down();
  // They tell the last they have heard and end; `ended` runs when all have.
  void end(std::function<void()> ended);
  void kill();

 private:
  SideRole::Plan dbus_plan();
  int run_dbus(kernel::Channel channel) const;
  SideRole::Plan snmp_plan();
  // Said, where it is missing: the packages have it apart.
  bool has_snmp_program() const;
  int run_snmp(kernel::Channel channel) const;
  // A state entered from now on is news to the role that is about to start.
  SysResult<std::vector<int>> note_begin();

  log::Logger& log_;
  const Options& options_;
  log::Options log_options_;
  struct Wanted {
    config::Dbus dbus;
    config::Snmp snmp;
    std::string net_namespace;
    std::string instance;
  };
  Wanted wanted_;
  WallTime begin_{};
  SideRole dbus_;
  SideRole snmp_;
};

}  // namespace baton::daemon
