#include "daemon/runner_service.h"

#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>

#include <cstdio>

#include "base/result.h"
#include "daemon/options.h"
#include "process/runner.h"

namespace baton::daemon {

namespace {

// Scripts do what their senders say, as root if they say so.
bool is_from_root(int connection) {
  ucred peer{};
  socklen_t size = sizeof(peer);
  return ::getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == 0;
}

}  // namespace

SysResult<kernel::Channel> call_runner(const std::string& socket_path, const kernel::SharedMemory& ledger) {
  auto channel = TRY(kernel::Channel::connect(socket_path));
  if (ledger.fd() >= 0) TRY(channel.send({&process::guardian_passes_ledger, 1}, ledger.fd()));
  return channel;
}

int serve_as_runner() {
  const int passed = ::sd_listen_fds(1);
  if (passed != 1 || ::sd_is_socket_unix(SD_LISTEN_FDS_START, SOCK_SEQPACKET, 0, nullptr, 0) <= 0) {
    fmt::print(stderr, "batond: --runner is for baton-runner.socket, which passes a connection of batond\n");
    return exit_code::failure;
  }
  UniqueFd connection(SD_LISTEN_FDS_START);
  if (!is_from_root(connection.get())) {
    fmt::print(stderr, "batond: --runner: the connection is not root's\n");
    return exit_code::permission;
  }
  (void)::prctl(PR_SET_NAME, "baton-run");
  return process::run_runner(std::move(connection), {.lives_with_parent = false});
}

}  // namespace baton::daemon
