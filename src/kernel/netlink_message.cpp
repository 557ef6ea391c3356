#include "kernel/netlink_message.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "base/assert.h"

namespace baton::kernel::netlink {

namespace {

constexpr std::size_t batch_bytes = 128UZ * 1024;  // of one send

}  // namespace

std::uint32_t to_number(const nlattr* attribute) {
  std::uint32_t number = 0;
  if (::mnl_attr_get_payload_len(attribute) < sizeof(number)) return 0;
  std::memcpy(&number, ::mnl_attr_get_payload(attribute), sizeof(number));
  return number;
}

std::string to_text(const nlattr* attribute) {
  const auto* text = static_cast<const char*>(::mnl_attr_get_payload(attribute));
  return {text, ::strnlen(text, ::mnl_attr_get_payload_len(attribute))};
}

IpAddress to_address(const nlattr* attribute) {
  return IpAddress::from_bytes(
      {static_cast<const std::uint8_t*>(::mnl_attr_get_payload(attribute)), ::mnl_attr_get_payload_len(attribute)});
}

bool holds_address(const nlattr* attribute) {
  const auto size = ::mnl_attr_get_payload_len(attribute);
  return size == 4 || size == 16;
}

void put_address(nlmsghdr* message, std::uint16_t type, const IpAddress& address) {
  ::mnl_attr_put(message, type, address.size(), address.bytes().data());
}

void make_room(int fd) {
  constexpr int receive_buffer = 16 * 1024 * 1024;
  if (::setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &receive_buffer, sizeof(receive_buffer)) < 0) {
    (void)::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer));  // less is possible too
  }
  constexpr int on = 1;
  (void)::setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
}

SysResult<ByteView> receive(int fd, Buffer& buffer, int timeout_ms) {
  pollfd ready{.fd = fd, .events = POLLIN, .revents = 0};
  if (timeout_ms != 0 && ::poll(&ready, 1, timeout_ms) <= 0) {
    return std::unexpected(SysError{"wait for netlink's answer", ETIMEDOUT});
  }
  const ssize_t count = ::recv(fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (count < 0) return last_error("read netlink");
  return ByteView(reinterpret_cast<const std::uint8_t*>(buffer.data()), static_cast<std::size_t>(count));
}

SysResult<void> send_all(int fd, const void* bytes, std::size_t size) {
  if (::send(fd, bytes, size, 0) < 0) return last_error("send to netlink");
  return {};
}

SysResult<void> carry_out(int fd, std::uint32_t& sequence, std::size_t count,
                          const std::function<void(nlmsghdr*, std::size_t)>& put,
                          const std::function<void(std::size_t, int)>& on_error) {
  std::vector<char> bytes;
  std::size_t begin = 0;
  while (begin < count) {
    const std::uint32_t first_sequence = sequence + 1;
    bytes.assign(std::min(batch_bytes, (count - begin) * most_a_request) + most_a_request, 0);
    std::size_t used = 0;
    std::size_t end = begin;
    nlmsghdr* message = nullptr;
    for (; end < count && used < batch_bytes; ++end) {
      message = ::mnl_nlmsg_put_header(bytes.data() + used);
      message->nlmsg_seq = ++sequence;
      put(message, end);
      used += MNL_ALIGN(message->nlmsg_len);
    }
    ASSERT(message != nullptr);
    message->nlmsg_flags = static_cast<std::uint16_t>(message->nlmsg_flags | NLM_F_ACK);
    TRY_VOID(send_all(fd, bytes.data(), used));

    for (bool finished = false; !finished;) {
      Buffer buffer;
      Messages answers(TRY(receive(fd, buffer, answer_timeout_ms)));
      while (const nlmsghdr* part = answers.next()) {
        if (part->nlmsg_type != NLMSG_ERROR || part->nlmsg_seq < first_sequence || part->nlmsg_seq > sequence) continue;
        const int code = -static_cast<const nlmsgerr*>(::mnl_nlmsg_get_payload(part))->error;
        if (code != 0) on_error(begin + (part->nlmsg_seq - first_sequence), code);
        finished = finished || part->nlmsg_seq == sequence;
      }
    }
    begin = end;
  }
  return {};
}

}  // namespace baton::kernel::netlink
