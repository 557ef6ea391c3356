// lvs_sync_daemon: connections of the director that serves are told to the others, so that they survive when it fails.
// As keepalived has it: with an instance the kernel's daemon tells while this host is its MASTER and hears else;
// without one it does both. Who is MASTER is taken from who holds the instance's addresses (docs/decisions/0035). PURE.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "config/model.h"
#include "kernel/ipvs_socket.h"

namespace baton::daemon {

class ConnectionSync {
 public:
  // nullopt: the configuration has none.
  static std::optional<ConnectionSync> of(const config::Configuration& configuration);

  // What shall run now.
  using HasAddress = std::function<bool(const IpAddress&)>;
  std::vector<kernel::IpvsSyncDaemon> wanted(const HasAddress& here) const;
  // What is wrong with it, a sentence; empty: nothing.
  const std::string& problem() const { return problem_; }

  bool operator==(const ConnectionSync&) const = default;

 private:
  kernel::IpvsSyncDaemon daemon_;
  bool follows_ = false;              // an instance
  std::vector<IpAddress> addresses_;  // of the instance
  std::string problem_;
};

// Of a daemon that runs: is it as wanted? What the kernel chose where nothing was wanted does not count.
bool is_as_wanted(const kernel::IpvsSyncDaemon& running, const kernel::IpvsSyncDaemon& wanted);

}  // namespace baton::daemon
