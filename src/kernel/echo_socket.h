// Is somebody there? An ICMP echo (RFC 792, RFC 4443 §4.1) through one interface, on a raw socket: a ping socket would
// need a setting of this machine (ping_group_range), and CAP_NET_RAW is there for VRRP anyway. Never blocks.
#pragma once

#include <cstdint>
#include <string>

#include "base/ip_address.h"
#include "base/sys_error.h"
#include "base/unique_fd.h"

namespace baton::kernel {

namespace limits {
inline constexpr int echoes_a_turn = 16;  // packets looked at in one turn; more are looked at in the next
}  // namespace limits

class EchoSocket {
 public:
  // Hears nobody but `to`. ENODEV: there is no such interface; EPERM: no CAP_NET_RAW.
  static SysResult<EchoSocket> open(const IpAddress& to, const std::string& interface);

  int fd() const { return fd_.get(); }
  SysResult<void> ask();
  // An answer to a question of this socket is among what has come.
  bool hears_answer();

 private:
  EchoSocket(UniqueFd fd, Family family, std::uint64_t cookie) : fd_(std::move(fd)), family_(family), cookie_(cookie) {}
  bool is_answer(ByteView packet) const;

  UniqueFd fd_;
  Family family_;
  std::uint64_t cookie_;  // whoever has not seen the question does not know it
  std::uint16_t sequence_ = 0;
};

}  // namespace baton::kernel
