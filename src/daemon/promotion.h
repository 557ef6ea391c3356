// promote_secondaries: the kernel's setting of the routers' interfaces, set while we run and set back (ip-sysctl:
// without it the removal of an interface's primary address takes the secondary ones with it).
#pragma once

#include <map>
#include <string>

#include "daemon/setup.h"
#include "kernel/interface_table.h"
#include "log/logger.h"

namespace baton::daemon {

class Promotion {
 public:
  Promotion(const Setup& setup, log::Logger& log) : setup_(setup), log_(log) {}

  // Sets it where it is wanted, on interfaces that are there, once.
  void follow(const kernel::InterfaceTable& interfaces);
  // An earlier worker has changed it.
  void remember(const std::string& interface) { changed_[interface] = true; }
  bool has_changed(const std::string& interface) const;
  void restore();

 private:
  const Setup& setup_;
  log::Logger& log_;
  std::map<std::string, bool> changed_;  // of each interface that was looked at
};

}  // namespace baton::daemon
