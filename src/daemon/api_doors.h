// Where the control API listens: the Unix socket, and a loopback address where --http asks for one.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/sys_error.h"
#include "daemon/options.h"
#include "kernel/tcp_listener.h"
#include "kernel/unix_listener.h"
#include "log/logger.h"

namespace baton::daemon {

class ApiDoors {
 public:
  ApiDoors(const Options& options, log::Logger& log) : options_(options), log_(log) {}

  // What is not open yet. A port that is taken is told and tried again at the next call: it costs the page and the
  // metrics, and no address.
  SysResult<void> open();

  // After open():
  const kernel::UnixListener& control_socket() const { return *control_socket_; }
  const kernel::TcpListener* tcp_listener() const { return tcp_listener_ ? &*tcp_listener_ : nullptr; }
  // What allows to write through TCP; empty: nothing does.
  const std::string& token() const { return token_; }
  std::vector<int> descriptors() const;

 private:
  void open_tcp();
  void read_token_file();

  const Options& options_;
  log::Logger& log_;
  std::optional<kernel::UnixListener> control_socket_;
  std::optional<kernel::TcpListener> tcp_listener_;
  std::string token_;
};

}  // namespace baton::daemon
