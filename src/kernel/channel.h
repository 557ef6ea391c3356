// One end of a SOCK_SEQPACKET pair between two roles: whole messages, never blocking, a descriptor may ride along.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "base/bytes.h"
#include "base/sys_error.h"
#include "base/unique_fd.h"

namespace baton::kernel {

class Channel {
 public:
  Channel() = default;
  explicit Channel(UniqueFd fd) : fd_(std::move(fd)) {}
  static SysResult<std::pair<Channel, Channel>> make_pair();
  // To whoever listens at this path. ENOENT, ECONNREFUSED: nobody does.
  static SysResult<Channel> connect(const std::string& path);

  int fd() const { return fd_.get(); }
  explicit operator bool() const { return static_cast<bool>(fd_); }
  UniqueFd release() { return std::move(fd_); }
  void close() { fd_.reset(); }
  void finish() const;  // nothing more will be sent; the other side reads the end of file and may still answer

  // 1 to limits::message_size bytes. EAGAIN: the other side does not read; EPIPE: it is gone.
  SysResult<void> send(ByteView message, int passed_fd = -1) const;

  struct Message {
    Bytes bytes;
    UniqueFd passed_fd;
  };
  enum class Nothing : std::uint8_t { yet, any_more };  // any_more: the other side is gone, or breaks the bound
  std::expected<Message, Nothing> receive() const;

 private:
  UniqueFd fd_;
};

}  // namespace baton::kernel
