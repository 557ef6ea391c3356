#include "kernel/channel.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cstring>

#include "base/assert.h"
#include "base/limits.h"

namespace baton::kernel {

namespace {

constexpr int buffer_size = 1024 * 1024;  // room for a burst of messages; the bound on what a silent reader can hold up

}  // namespace

SysResult<std::pair<Channel, Channel>> Channel::make_pair() {
  int fds[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) < 0) return last_error("socketpair");
  for (const int fd : fds) (void)::setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &buffer_size, sizeof(buffer_size));
  return std::pair(Channel(UniqueFd(fds[0])), Channel(UniqueFd(fds[1])));
}

SysResult<Channel> Channel::connect(const std::string& path) {
  const std::string what = "connect to " + path;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) return std::unexpected(SysError{what, ENAMETOOLONG});
  std::memcpy(address.sun_path, path.c_str(), path.size());
  UniqueFd fd(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd || ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) < 0) {
    return last_error(what);
  }
  return Channel(std::move(fd));
}

void Channel::finish() const {
  (void)::shutdown(fd_.get(), SHUT_WR);
}

SysResult<void> Channel::send(ByteView message, int passed_fd) const {
  ASSERT(!message.empty() && message.size() <= limits::message_size);
  iovec vector{.iov_base = const_cast<std::uint8_t*>(message.data()), .iov_len = message.size()};
  msghdr header{};
  header.msg_iov = &vector;
  header.msg_iovlen = 1;
  alignas(cmsghdr) std::uint8_t control[CMSG_SPACE(sizeof(int))] = {};
  if (passed_fd >= 0) {
    header.msg_control = control;
    header.msg_controllen = sizeof(control);
    cmsghdr* part = CMSG_FIRSTHDR(&header);
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(part), &passed_fd, sizeof(int));
  }
  if (::sendmsg(fd_.get(), &header, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) return last_error("send to another role");
  return {};
}

std::expected<Channel::Message, Channel::Nothing> Channel::receive() const {
  static thread_local std::array<std::uint8_t, limits::message_size> bytes;
  iovec vector{.iov_base = bytes.data(), .iov_len = bytes.size()};
  msghdr header{};
  header.msg_iov = &vector;
  header.msg_iovlen = 1;
  alignas(cmsghdr) std::uint8_t control[CMSG_SPACE(sizeof(int))] = {};
  header.msg_control = control;
  header.msg_controllen =
      CMSG_LEN(sizeof(int));  // exactly one descriptor: CMSG_SPACE has room for a second, unseen one
  const auto next = [&] { return ::recvmsg(fd_.get(), &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC); };
  ssize_t count = next();
  // A peer that left something unread is told of once, before what it had said.
  if (count < 0 && errno == ECONNRESET) count = next();
  if (count < 0) return std::unexpected(errno == EAGAIN || errno == EINTR ? Nothing::yet : Nothing::any_more);
  Message message{.bytes = Bytes(bytes.begin(), bytes.begin() + count)};
  for (cmsghdr* part = CMSG_FIRSTHDR(&header); part != nullptr; part = CMSG_NXTHDR(&header, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    int fd = -1;
    std::memcpy(&fd, CMSG_DATA(part), sizeof(fd));
    message.passed_fd = UniqueFd(fd);
  }
  if (count == 0 || (header.msg_flags & MSG_TRUNC) != 0) return std::unexpected(Nothing::any_more);
  return message;
}

}  // namespace baton::kernel
