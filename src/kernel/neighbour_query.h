// Whom the kernel has heard on the LAN: its table of neighbours (ARP and ND caches), and the gateway of an interface.
// A large table is read a datagram at a time, so that nobody waits for all of it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "base/ip_address.h"
#include "base/mac_address.h"
#include "base/sys_error.h"
#include "base/unique_fd.h"

namespace baton::kernel {

namespace limits {
inline constexpr std::size_t neighbour_reads = 1024;  // datagrams of one answer, about 300 neighbours each
}  // namespace limits

struct KnownNeighbour {
  std::uint32_t interface_index = 0;
  IpAddress address;
  MacAddress mac;
  std::uint32_t confirmed_ago = 0;  // clock ticks of the kernel (USER_HZ) since it was last known to be there
};

class NeighbourQuery {
 public:
  static SysResult<NeighbourQuery> open();

  // Where packets for hosts far away go that leave through the interface; nullopt: there is no such router. Not while a
  // question is open.
  SysResult<std::optional<IpAddress>> gateway(std::uint32_t interface_index, Family family);

  // Asks for all neighbours that have a MAC address. The answer comes through fd(), and is_open() until it is whole.
  SysResult<void> ask();
  bool is_open() const { return reads_left_ > 0; }
  int fd() const { return fd_.get(); }
  // Hands over one datagram's worth. An error ends the answer.
  SysResult<void> read(const std::function<void(const KnownNeighbour&)>& take);

 private:
  explicit NeighbourQuery(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
  std::uint32_t sequence_ = 0;
  std::size_t reads_left_ = 0;
};

}  // namespace baton::kernel
