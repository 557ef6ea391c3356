// The D-Bus role: a process of its own, so that no bus is ever in VRRP's way. Asks the control socket and listens to
// its events; puts what it hears on the system bus.
#pragma once

#include <functional>
#include <string>

#include "base/unique_fd.h"
#include "dbus/objects.h"
#include "log/logger.h"

namespace baton::dbus {

struct Start {
  std::string control_socket;
  std::string service;  // the name on the bus
  double since = 0;     // UTC seconds: states entered before are no news
  Naming naming;
  log::Options log;
  UniqueFd guardian;                              // readable when it is time to leave
  std::function<void(int number)> tell_guardian;  // a signal
};

// Returns the exit status.
int run(Start start);

}  // namespace baton::dbus
