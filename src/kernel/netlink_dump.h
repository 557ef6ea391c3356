// A dump of any netlink family, for the room's own sources: one request, every answer handed over.
#pragma once

#include <array>
#include <cstdint>

#include "kernel/netlink_message.h"

namespace baton::kernel::netlink {

// `put` writes type, flags (NLM_F_DUMP is added) and payload; `take` gets every message that is no end and no error.
// EINTR: the list changed meanwhile, and what was told may have gaps.
template <typename Put, typename Take>
SysResult<void> dump(int fd, std::uint32_t sequence, Put&& put, Take&& take) {
  std::array<char, 1024> request{};
  nlmsghdr* message = ::mnl_nlmsg_put_header(request.data());
  put(message);
  message->nlmsg_flags = static_cast<std::uint16_t>(message->nlmsg_flags | NLM_F_REQUEST | NLM_F_DUMP);
  message->nlmsg_seq = sequence;
  TRY_VOID(send_all(fd, message, message->nlmsg_len));
  Buffer buffer;
  bool is_whole = true;
  for (;;) {
    Messages answers(TRY(receive(fd, buffer, answer_timeout_ms)));
    while (const nlmsghdr* part = answers.next()) {
      if (part->nlmsg_seq != sequence) continue;
      if ((part->nlmsg_flags & NLM_F_DUMP_INTR) != 0) is_whole = false;
      if (part->nlmsg_type == NLMSG_DONE) {
        if (is_whole) return {};
        return std::unexpected(SysError{"netlink dump", EINTR});
      }
      if (part->nlmsg_type == NLMSG_ERROR) {
        const int code = -static_cast<const nlmsgerr*>(::mnl_nlmsg_get_payload(part))->error;
        if (code == 0) return {};
        return std::unexpected(SysError{"netlink dump", code});
      }
      take(part);
    }
  }
}

}  // namespace baton::kernel::netlink
