#include "kernel/packet_filter.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

namespace baton::kernel {

namespace {

constexpr std::uint32_t pass = 0xffffffff;
constexpr std::uint32_t drop = 0;

sock_filter statement(unsigned code, std::uint32_t value) {
  return {.code = static_cast<std::uint16_t>(code), .jt = 0, .jf = 0, .k = value};
}
sock_filter jump(unsigned code, std::uint32_t value, std::uint8_t if_true, std::uint8_t if_false) {
  return {.code = static_cast<std::uint16_t>(code), .jt = if_true, .jf = if_false, .k = value};
}

}  // namespace

std::vector<sock_filter> advert_filter(Family family, bool authentication_header, const VridSet& vrids) {
  constexpr std::uint32_t vrid_offset = 1;  // in the VRRP header
  constexpr std::uint32_t ah_size = 24;
  const std::uint32_t offset = vrid_offset + (authentication_header ? ah_size : 0);
  std::vector<sock_filter> program;
  // X = where the VRRP (or AH) header begins. A raw IPv4 socket gives the IP header, a raw IPv6 socket does not.
  if (family == Family::ipv4) {
    program.push_back(statement(BPF_LDX | BPF_B | BPF_MSH, 0));
  } else {
    program.push_back(statement(BPF_LDX | BPF_IMM, 0));
  }
  // A packet that ends before its VRID: let it through, the decoder counts it (a load beyond the end would drop it).
  program.push_back(statement(BPF_LD | BPF_W | BPF_LEN, 0));
  program.push_back(statement(BPF_ALU | BPF_SUB | BPF_X, 0));
  program.push_back(jump(BPF_JMP | BPF_JGT | BPF_K, offset, 1, 0));
  program.push_back(statement(BPF_RET | BPF_K, pass));
  program.push_back(statement(BPF_LD | BPF_B | BPF_IND, offset));
  for (unsigned vrid = 0; vrid < 256; ++vrid) {
    if (!vrids.contains(static_cast<std::uint8_t>(vrid))) continue;
    program.push_back(jump(BPF_JMP | BPF_JEQ | BPF_K, vrid, 0, 1));
    program.push_back(statement(BPF_RET | BPF_K, pass));
  }
  program.push_back(statement(BPF_RET | BPF_K, drop));
  return program;
}

namespace {

// Passes when the four bytes at `offset` are the last four of one of the addresses; else it goes on behind.
void pass_if_listed(std::vector<sock_filter>& program, std::uint32_t offset, Family family,
                    std::span<const IpAddress> addresses) {
  std::vector<std::uint32_t> ends;
  for (const IpAddress& address : addresses) {
    if (address.family() == family) ends.push_back(ByteReader(address.bytes().last(4)).u32());
  }
  program.push_back(statement(BPF_LD | BPF_W | BPF_ABS, offset));
  for (std::size_t i = 0; i < ends.size(); ++i) {
    const auto to_pass = static_cast<std::uint8_t>(ends.size() - i);
    program.push_back(jump(BPF_JMP | BPF_JEQ | BPF_K, ends[i], to_pass, 0));
  }
  program.push_back(statement(BPF_JMP | BPF_JA, 1));
  program.push_back(statement(BPF_RET | BPF_K, pass));
}

// Of ARP: whose sender, or to whose question an answer it is.
std::vector<sock_filter> arp_filter(std::span<const IpAddress> addresses) {
  constexpr std::uint32_t operation = 14 + 6;
  constexpr std::uint32_t sender = 14 + 14;
  constexpr std::uint32_t target = 14 + 24;
  constexpr std::uint32_t reply = 2;
  std::vector<sock_filter> program;
  pass_if_listed(program, sender, Family::ipv4, addresses);
  program.push_back(statement(BPF_LD | BPF_H | BPF_ABS, operation));
  program.push_back(jump(BPF_JMP | BPF_JEQ | BPF_K, reply, 1, 0));
  program.push_back(statement(BPF_RET | BPF_K, drop));
  pass_if_listed(program, target, Family::ipv4, addresses);
  program.push_back(statement(BPF_RET | BPF_K, drop));
  return program;
}

// Of neighbour advertisements: whose target, or whose destination.
std::vector<sock_filter> advertisement_filter(std::span<const IpAddress> addresses) {
  constexpr std::uint32_t target_end = 14 + 40 + 8 + 12;
  constexpr std::uint32_t destination_end = 14 + 24 + 12;
  std::vector<sock_filter> program;
  pass_if_listed(program, target_end, Family::ipv6, addresses);
  pass_if_listed(program, destination_end, Family::ipv6, addresses);
  program.push_back(statement(BPF_RET | BPF_K, drop));
  return program;
}

}  // namespace

std::vector<sock_filter> announcement_filter(std::optional<std::span<const IpAddress>> addresses) {
  constexpr std::uint32_t ethertype = 12;
  constexpr std::uint32_t ipv6_next_header = 14 + 6;
  constexpr std::uint32_t icmpv6_type = 14 + 40;
  constexpr std::uint32_t icmpv6 = 58;
  constexpr std::uint32_t neighbour_advertisement = 136;
  std::vector<sock_filter> of_arp{statement(BPF_RET | BPF_K, pass)};
  std::vector<sock_filter> of_target = of_arp;
  if (addresses && addresses->size() <= limits::filtered_addresses) {
    of_arp = arp_filter(*addresses);
    of_target = advertisement_filter(*addresses);
  }
  std::vector<sock_filter> program = {
      statement(BPF_LD | BPF_H | BPF_ABS, ethertype),
      jump(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_ARP, 0, static_cast<std::uint8_t>(of_arp.size())),
  };
  program.insert(program.end(), of_arp.begin(), of_arp.end());
  const sock_filter reject = statement(BPF_RET | BPF_K, drop);
  const std::vector<sock_filter> neighbour = {
      jump(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IPV6, 1, 0),
      reject,
      statement(BPF_LD | BPF_B | BPF_ABS, ipv6_next_header),
      jump(BPF_JMP | BPF_JEQ | BPF_K, icmpv6, 1, 0),
      reject,
      statement(BPF_LD | BPF_B | BPF_ABS, icmpv6_type),
      jump(BPF_JMP | BPF_JEQ | BPF_K, neighbour_advertisement, 1, 0),
      reject,
  };
  program.insert(program.end(), neighbour.begin(), neighbour.end());
  program.insert(program.end(), of_target.begin(), of_target.end());
  return program;
}

std::vector<sock_filter> routing_filter(std::span<const std::uint8_t> protocols) {
  constexpr std::uint32_t type_offset = 4;           // in nlmsghdr, in the machine's byte order
  constexpr std::uint32_t flags_offset = 6;          // in nlmsghdr
  constexpr std::uint32_t protocol_offset = 16 + 5;  // in rtmsg behind nlmsghdr
  std::vector<sock_filter> program = {
      statement(BPF_LD | BPF_H | BPF_ABS, type_offset),
      jump(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_DELROUTE), 5, 0),  // to its protocol
      jump(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_NEWROUTE), 0, 3),
      statement(BPF_LD | BPF_H | BPF_ABS, flags_offset),
      jump(BPF_JMP | BPF_JSET | BPF_K, htons(NLM_F_REPLACE), 1, 0),
      statement(BPF_RET | BPF_K, drop),
      statement(BPF_RET | BPF_K, pass),
      statement(BPF_LD | BPF_B | BPF_ABS, protocol_offset),
  };
  for (const std::uint8_t protocol : protocols) {
    program.push_back(jump(BPF_JMP | BPF_JEQ | BPF_K, protocol, 0, 1));
    program.push_back(statement(BPF_RET | BPF_K, pass));
  }
  program.push_back(statement(BPF_RET | BPF_K, drop));
  return program;
}

std::vector<sock_filter> other_senders_filter(std::uint32_t port) {
  constexpr std::uint32_t port_offset = 12;  // in nlmsghdr
  return {
      statement(BPF_LD | BPF_W | BPF_ABS, port_offset),
      jump(BPF_JMP | BPF_JEQ | BPF_K, htonl(port), 0, 1),
      statement(BPF_RET | BPF_K, drop),
      statement(BPF_RET | BPF_K, pass),
  };
}

std::vector<sock_filter> drop_all_filter() {
  return {statement(BPF_RET | BPF_K, drop)};
}

SysResult<void> attach_filter(int fd, std::span<const sock_filter> program) {
  const sock_fprog filter{.len = static_cast<std::uint16_t>(program.size()),
                          .filter = const_cast<sock_filter*>(program.data())};
  if (::setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)) < 0)
    return last_error("attach a socket filter");
  return {};
}

}  // namespace baton::kernel
