// The BFD role: speaks BFD with the neighbours of the configuration's bfd_instance blocks (src/bfd decides) and tells
// the VRRP worker and the checker what is news (check_verdict.h). A process of its own, so that nothing else makes a
// packet late (docs/decisions/0040). It reads what strangers send, so it keeps no capability once it begins, and a
// filter of system calls.
#pragma once

#include <cstdint>
#include <vector>

#include "config/model.h"
#include "daemon/bfd_ledger.h"
#include "kernel/channel.h"
#include "log/logger.h"
#include "setup/setup.h"

namespace baton::daemon {

// The descriptor of a channel comes to the role behind one of these.
inline constexpr std::uint8_t new_session_reader = 'W';   // the worker's
inline constexpr std::uint8_t new_session_checker = 'K';  // the checker's
// Another role follows, and goes on with the sessions that the ledger names.
inline constexpr std::uint8_t bfd_has_heirs = 'H';

struct BfdStart {
  std::vector<config::BfdSession> sessions;
  setup::Scheduling scheduling;
  bool real_time = true;
  BfdLedger ledger;
  bool begins_anew = false;  // what is known counts as down by now
  log::Options log;
  kernel::Channel guardian;  // when it closes, the role ends its sessions and itself
};

// Returns the exit status.
int run_bfd(BfdStart start);

}  // namespace baton::daemon
