// The bytes of netlink, for the rooms' own sources that speak it: attributes read and written, one datagram in, one
// out. Nobody outside src/kernel includes this.
#pragma once

#include <libmnl/libmnl.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "base/bytes.h"
#include "base/ip_address.h"
#include "base/result.h"
#include "base/sys_error.h"

namespace baton::kernel::netlink {

inline constexpr std::size_t read_size = 64UZ * 1024;
inline constexpr int answer_timeout_ms = 5000;  // the kernel answers at once; this only ends a wait that cannot end
inline constexpr std::size_t most_a_request = 16UZ * 1024;  // bytes of one message of ours: a route of 64 nexthops

using Buffer = std::array<char, read_size>;

std::uint32_t to_number(const nlattr* attribute);  // 0 when it is shorter than four bytes
std::string to_text(const nlattr* attribute);      // up to its end or a zero
IpAddress to_address(const nlattr* attribute);
bool holds_address(const nlattr* attribute);
void put_address(nlmsghdr* message, std::uint16_t type, const IpAddress& address);

// The whole messages of a datagram, one after the other; a length that does not fit ends them. (mnl_nlmsg_ok() takes a
// length above INT_MAX for a negative one, and mnl_nlmsg_next() stays where it is.)
class Messages {
 public:
  explicit Messages(ByteView datagram) : rest_(datagram) {}
  // nullptr: there are no more.
  const nlmsghdr* next() {
    if (rest_.size() < sizeof(nlmsghdr)) return nullptr;
    const auto* message = reinterpret_cast<const nlmsghdr*>(rest_.data());
    if (message->nlmsg_len < sizeof(nlmsghdr) || message->nlmsg_len > rest_.size()) return nullptr;
    rest_ = rest_.subspan(std::min<std::size_t>(NLMSG_ALIGN(message->nlmsg_len), rest_.size()));
    return message;
  }

 private:
  ByteView rest_;
};

// Every attribute behind a fixed header of `offset` bytes; a length that does not fit ends the list.
template <typename Take>
void for_each_attribute(const nlmsghdr* message, std::size_t offset, Take&& take) {
  const auto* attribute = static_cast<const nlattr*>(::mnl_nlmsg_get_payload_offset(message, offset));
  const auto* end = reinterpret_cast<const char*>(message) + message->nlmsg_len;
  while (::mnl_attr_ok(attribute, static_cast<int>(end - reinterpret_cast<const char*>(attribute)))) {
    take(attribute);
    attribute = ::mnl_attr_next(attribute);
  }
}

// The attributes inside an attribute.
template <typename Take>
void for_each_nested(const nlattr* nest, Take&& take) {
  const auto* attribute = static_cast<const nlattr*>(::mnl_attr_get_payload(nest));
  const auto* end = static_cast<const char*>(::mnl_attr_get_payload(nest)) + ::mnl_attr_get_payload_len(nest);
  while (::mnl_attr_ok(attribute, static_cast<int>(end - reinterpret_cast<const char*>(attribute)))) {
    take(attribute);
    attribute = ::mnl_attr_next(attribute);
  }
}

// For every netlink socket that hears of what it asks for, or of what others do: each address added makes two events,
// and a takeover adds thousands; of as many steps that are refused each has an answer. Answers come without the
// request.
void make_room(int fd);

// One datagram, which stands in the buffer; EAGAIN when nothing came within the timeout.
SysResult<ByteView> receive(int fd, Buffer& buffer, int timeout_ms);
SysResult<void> send_all(int fd, const void* bytes, std::size_t size);

// Requests as messages, many a send, in order; returns when the kernel has done all of them. `put` writes the message
// of an index behind its header (type, flags without NLM_F_ACK, payload: at most `most_a_request` bytes); `on_error`
// hears of each that failed. Only errors and the last message of a send are acknowledged, so that any number fits the
// receive buffer.
SysResult<void> carry_out(int fd, std::uint32_t& sequence, std::size_t count,
                          const std::function<void(nlmsghdr*, std::size_t)>& put,
                          const std::function<void(std::size_t, int)>& on_error);

}  // namespace baton::kernel::netlink
