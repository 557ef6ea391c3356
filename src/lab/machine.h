// One server of the lab: a network, process, mount, IPC and host-name namespace whose pid 1 is a small init of ours,
// and the cables that plug it into the lab's switches. Its /run, /dev, /proc and /sys are its own; of all other files
// it has its own view (own_files.h). Nothing of it is left when its init is gone.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/mac_address.h"
#include "base/sys_error.h"
#include "base/unique_fd.h"
#include "lab/net_namespace.h"
#include "lab/route_socket.h"

namespace baton::lab {

// A program started in a machine.
struct Program {
  pid_t pid = 0;    // as the lab sees it
  UniqueFd output;  // what it writes to standard output and error, non-blocking
};

class Machine {
 public:
  static SysResult<Machine> boot(const std::string& host_name);
  Machine(Machine&&) noexcept;
  Machine& operator=(Machine&&) noexcept;
  ~Machine();  // power off

  // All processes of the machine end at once and none can say goodbye.
  void power_off();

  // Starts a program, looked up in the usual PATH, as a child of the machine's init.
  SysResult<Program> start(const std::vector<std::string>& arguments);

  SysResult<void> write_file(const std::string& path, std::string_view text);
  // A path of the machine as the lab can open it.
  std::string outside_path(const std::string& path) const;

  pid_t init() const { return init_; }
  const NetNamespace& network() const { return network_; }
  RouteSocket& route() { return route_; }

 private:
  Machine(pid_t init, NetNamespace network, RouteSocket route)
      : init_(init), network_(std::move(network)), route_(std::move(route)) {}

  pid_t init_ = 0;
  NetNamespace network_;
  RouteSocket route_;
};

}  // namespace baton::lab
