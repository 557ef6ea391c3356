// The runner: the small process that starts children on behalf of the others. Track scripts with their verdicts, notify
// scripts in order, FIFOs, mail, webhooks. It is started by the guardian before the worker and lives across worker
// restarts and reloads, so that a script's verdict and its running child survive them. It knows no virtual router.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "base/program_search_path.h"
#include "base/sys_error.h"
#include "base/time.h"
#include "base/unique_fd.h"

namespace baton::process {

struct RunnerOptions {
  // Where a command without a slash is looked up, and PATH of every child.
  std::string search_path{program_search_path};
  // How long the scripts of an instance wait for a notify script before them (Notifications).
  Duration notify_patience = std::chrono::seconds(60);
  // How long a worker that outlives the guardian may take to say Stop.
  Duration orphan_bound = std::chrono::seconds(5);
  // How long notifications and mails may take after the worker and the guardian are gone.
  Duration stop_bound = std::chrono::seconds(1);
  // Where the runs of scripts are counted: a ScriptLedger's memory, shared with who reads it. Nullptr: nowhere, until
  // the guardian passes one.
  void* script_ledger = nullptr;
  bool lives_with_parent = true;  // the parent is the guardian: its death is ours to notice
  // Of one that does not, and cannot be killed by the guardian: who has not turned its loop for so long has been
  // replaced, and ends when it wakes. Less than the silence that the guardian notices.
  Duration overslept = std::chrono::seconds(10);
};

// What the guardian says with a descriptor: the channel of a new worker, or, first of all, the memory of a ScriptLedger
// (a memfd of that size).
inline constexpr std::uint8_t guardian_passes_worker = 0;
// One more that may notify and send mail, and hears nothing.
inline constexpr std::uint8_t guardian_passes_client = 1;
inline constexpr std::uint8_t guardian_passes_ledger = 'L';

// The runner's main(); returns the exit status, to be given to _exit(). Call it in a process of its own, forked while
// the caller is small and has one thread; every inherited descriptor above 2 but the channel is closed.
// `guardian_channel` is one end of an AF_UNIX SOCK_SEQPACKET pair: over it come the worker's channels
// (guardian_passes_worker, with the descriptor), its end of file means that the guardian is gone. SIGTERM and SIGINT
// mean the same as that end of file: the worker may still say its last words. Without guardian and worker the runner
// ends its children and exits.
int run_runner(UniqueFd guardian_channel, const RunnerOptions& options);

}  // namespace baton::process
