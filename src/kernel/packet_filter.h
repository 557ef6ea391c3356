// Socket filters (classic BPF, socket(7) SO_ATTACH_FILTER): what is not for us is thrown away in the kernel, before it
// costs a wake-up.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/ip_address.h"
#include "base/sys_error.h"

struct sock_filter;

namespace baton::kernel {

namespace limits {

inline constexpr std::size_t filtered_addresses = 64;  // a jump of classic BPF reaches 255 instructions

}  // namespace limits

// A set of VRIDs, one bit each.
class VridSet {
 public:
  void insert(std::uint8_t vrid) { words_[vrid / 32] |= 1U << (vrid % 32); }
  void insert_all() { std::ranges::fill(words_, ~0U); }
  bool contains(std::uint8_t vrid) const { return (words_[vrid / 32] >> (vrid % 32) & 1) != 0; }

 private:
  std::uint32_t words_[8] = {};
};

// For a raw socket of protocol 112 or 51 and that family: passes packets whose VRID is in the set (looking through AH),
// and those too short to have one, so that they are counted as truncated.
std::vector<sock_filter> advert_filter(Family family, bool authentication_header, const VridSet& vrids);

// For a packet socket: passes ARP packets whose sender, ARP replies whose target, and neighbour advertisements whose
// target or destination is one of these addresses (IPv6: ends like one of these, in its last four bytes). With nullopt,
// and with more addresses than limits::filtered_addresses, all of them.
std::vector<sock_filter> announcement_filter(std::optional<std::span<const IpAddress>> addresses);

// For a netlink socket of rtnetlink: passes all but messages of routes that are none of these protocols and take no
// other's place. At most 64 protocols.
std::vector<sock_filter> routing_filter(std::span<const std::uint8_t> protocols);

// For a netlink socket: passes all but messages that the socket with this port number caused. All messages of a
// datagram are of one transaction, and so of one sender.
std::vector<sock_filter> other_senders_filter(std::uint32_t port);

// Passes nothing: for a socket that only sends, or is not bound yet.
std::vector<sock_filter> drop_all_filter();

// Takes the place of the one before, if any, between two packets.
SysResult<void> attach_filter(int fd, std::span<const sock_filter> program);

}  // namespace baton::kernel
