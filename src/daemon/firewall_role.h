// The guardian's side of nftables: a short-lived process that may wait for others who change rules on this machine,
// while neither the guardian nor the worker does.
#pragma once

#include <functional>
#include <string>

#include "daemon/role.h"
#include "daemon/setup.h"
#include "log/logger.h"
#include "loop/loop.h"

namespace baton::daemon {

class FirewallRole {
 public:
  // `marker`: a file that says which table there is (daemon/firewall.h). `outdated`: set() was called while a process
  // ran; it is to be called again.
  FirewallRole(loop::Loop& loop, log::Options log_options, std::string marker, std::function<void()> outdated);

  // The rules are to become those of this setup.
  void set(const Setup& setup);
  // Before a worker that may put addresses on interfaces at once. Bounded.
  void wait();
  // Last: the table keeps a dying interface from speaking for the virtual MAC address.
  void end(bool keep_table);

 private:
  void on_death();
  bool ends_within(int milliseconds) const;

  loop::Loop& loop_;
  log::Options log_options_;
  log::Logger log_;
  std::string marker_;
  std::function<void()> outdated_;
  bool is_outdated_ = false;
  RoleProcess process_;
  loop::Subscription death_;
};

}  // namespace baton::daemon
