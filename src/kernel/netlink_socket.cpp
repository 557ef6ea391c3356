#include "kernel/netlink_socket.h"

#include <linux/filter.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cstring>

#include "base/assert.h"
#include "base/result.h"
#include "kernel/netlink_decode.h"
#include "kernel/netlink_message.h"
#include "kernel/packet_filter.h"

namespace baton::kernel {

namespace {

using netlink::answer_timeout_ms;
using netlink::Buffer;
using netlink::put_address;
using netlink::receive;
using netlink::send_all;

constexpr int send_buffer = 16 * 1024 * 1024;
constexpr int reads_a_call = 128;  // of read_changes(): one change each, about 1 us
constexpr int dump_tries = 8;      // while the kernel's list changes under the dump

void put_request(nlmsghdr* message, const AddressRequest& request) {
  const bool add = request.operation == AddressRequest::Operation::add;
  const InterfaceAddress& address = request.address;
  const IpAddress& ip = address.address.address;
  message->nlmsg_type = add ? RTM_NEWADDR : RTM_DELADDR;
  message->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | (add ? NLM_F_CREATE | NLM_F_REPLACE : 0));
  auto* info = static_cast<ifaddrmsg*>(::mnl_nlmsg_put_extra_header(message, sizeof(ifaddrmsg)));
  info->ifa_family = ip.is_v4() ? AF_INET : AF_INET6;
  info->ifa_prefixlen = address.address.length;
  info->ifa_scope = address.scope;
  info->ifa_index = address.interface_index;
  put_address(message, IFA_LOCAL, ip);
  put_address(message, IFA_ADDRESS, address.peer.value_or(ip));
  if (!add) return;
  if (address.broadcast) put_address(message, IFA_BROADCAST, *address.broadcast);
  if (!address.label.empty()) ::mnl_attr_put_strz(message, IFA_LABEL, address.label.c_str());
  if (address.flags != 0) ::mnl_attr_put_u32(message, IFA_FLAGS, address.flags);
  if (address.preferred_seconds) {
    constexpr std::uint32_t forever = 0xffffffff;
    ifa_cacheinfo lifetimes{.ifa_prefered = *address.preferred_seconds, .ifa_valid = forever, .cstamp = 0, .tstamp = 0};
    ::mnl_attr_put(message, IFA_CACHEINFO, sizeof(lifetimes), &lifetimes);
  }
}

// A route or a rule.
bool is_done_already(bool add, int code) {
  if (add) return code == EEXIST;
  return code == ESRCH || code == ENOENT || code == ENODEV || code == EAFNOSUPPORT;
}

bool is_done_already(AddressRequest::Operation operation, int code) {
  switch (operation) {
    case AddressRequest::Operation::add: return code == EEXIST;
    case AddressRequest::Operation::remove: return code == EADDRNOTAVAIL || code == ENODEV;
  }
  return false;
}

// Asks for everything of a type and hands each message to `take`. False: the list changed meanwhile, and what was told
// may have gaps (NLM_F_DUMP_INTR, netlink(7)).
template <typename Take>
SysResult<bool> dump(int fd, std::uint32_t sequence, std::uint16_t type, Take&& take) {
  std::array<char, 256> request{};
  nlmsghdr* message = ::mnl_nlmsg_put_header(request.data());
  message->nlmsg_type = type;
  message->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  message->nlmsg_seq = sequence;
  static_cast<rtgenmsg*>(::mnl_nlmsg_put_extra_header(message, sizeof(rtgenmsg)))->rtgen_family = AF_UNSPEC;
  TRY_VOID(send_all(fd, message, message->nlmsg_len));
  Buffer buffer;
  bool is_whole = true;
  for (;;) {
    netlink::Messages answers(TRY(receive(fd, buffer, answer_timeout_ms)));
    while (const nlmsghdr* part = answers.next()) {
      if (part->nlmsg_seq != sequence) continue;
      if ((part->nlmsg_flags & NLM_F_DUMP_INTR) != 0) is_whole = false;
      if (part->nlmsg_type == NLMSG_DONE) return is_whole;
      if (part->nlmsg_type == NLMSG_ERROR) {
        const auto* error = static_cast<const nlmsgerr*>(::mnl_nlmsg_get_payload(part));
        return std::unexpected(SysError{"netlink dump", -error->error});
      }
      take(part);
    }
  }
}

// The values of a dump that nothing disturbed. `convert` gives a value or nullopt.
template <typename Value, typename Convert>
SysResult<std::vector<Value>> undisturbed_dump(int fd, std::uint32_t& sequence, std::uint16_t type, bool accept_gaps,
                                               Convert&& convert) {
  for (int i = 0; i < dump_tries; ++i) {
    std::vector<Value> values;
    const bool is_whole = TRY(dump(fd, ++sequence, type, [&](const nlmsghdr* message) {
      if (auto value = convert(message)) values.push_back(std::move(*value));
    }));
    if (is_whole || (accept_gaps && i == dump_tries - 1)) return values;
  }
  return std::unexpected(SysError{"netlink dump", EBUSY});
}

}  // namespace

SysResult<NetlinkSocket> NetlinkSocket::open(Purpose purpose) {
  UniqueFd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE));
  if (!fd) return last_error("open a netlink socket");
  netlink::make_room(fd.get());
  (void)::setsockopt(fd.get(), SOL_SOCKET, SO_SNDBUF, &send_buffer, sizeof(send_buffer));
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  if (purpose == Purpose::monitor) address.nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR;
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) < 0) {
    return last_error("bind a netlink socket");
  }
  return NetlinkSocket(std::move(fd), purpose);
}

SysResult<std::vector<Link>> NetlinkSocket::dump_links() {
  ASSERT(purpose_ == Purpose::requests);
  return undisturbed_dump<Link>(fd_.get(), sequence_, RTM_GETLINK, accepts_gaps_, to_link);
}

SysResult<std::vector<InterfaceAddress>> NetlinkSocket::dump_addresses() {
  ASSERT(purpose_ == Purpose::requests);
  return undisturbed_dump<InterfaceAddress>(fd_.get(), sequence_, RTM_GETADDR, accepts_gaps_, to_interface_address);
}

SysResult<std::vector<RefusedRequest>> NetlinkSocket::carry_out(std::span<const AddressRequest> requests) {
  ASSERT(purpose_ == Purpose::requests);
  std::vector<RefusedRequest> refused;
  TRY_VOID(netlink::carry_out(
      fd_.get(), sequence_, requests.size(),
      [&](nlmsghdr* message, std::size_t index) { put_request(message, requests[index]); },
      [&](std::size_t index, int code) {
        if (!is_done_already(requests[index].operation, code)) refused.push_back({index, code});
      }));
  return refused;
}

SysResult<std::vector<RefusedRequest>> NetlinkSocket::carry_out(std::span<const RouteRequest> requests,
                                                                const InterfaceTable& interfaces) {
  ASSERT(purpose_ == Purpose::requests);
  std::vector<RefusedRequest> refused;
  TRY_VOID(netlink::carry_out(
      fd_.get(), sequence_, requests.size(),
      [&](nlmsghdr* message, std::size_t index) { kernel::put_request(message, requests[index], interfaces); },
      [&](std::size_t index, int code) {
        if (!is_done_already(requests[index].operation == RouteRequest::Operation::add, code)) {
          refused.push_back({index, code});
        }
      }));
  return refused;
}

SysResult<std::vector<RefusedRequest>> NetlinkSocket::carry_out(std::span<const RuleRequest> requests) {
  ASSERT(purpose_ == Purpose::requests);
  std::vector<RefusedRequest> refused;
  TRY_VOID(netlink::carry_out(
      fd_.get(), sequence_, requests.size(),
      [&](nlmsghdr* message, std::size_t index) { kernel::put_request(message, requests[index]); },
      [&](std::size_t index, int code) {
        if (!is_done_already(requests[index].operation == RuleRequest::Operation::add, code)) {
          refused.push_back({index, code});
        }
      }));
  return refused;
}

SysResult<void> NetlinkSocket::watch_routing(std::span<const std::uint8_t> protocols) {
  ASSERT(purpose_ == Purpose::monitor);
  TRY_VOID(attach_filter(fd_.get(), routing_filter(protocols)));
  for (const unsigned group : {RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE, RTNLGRP_IPV4_RULE, RTNLGRP_IPV6_RULE}) {
    if (::setsockopt(fd_.get(), SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0) {
      return last_error("listen to routes and rules");
    }
  }
  return {};
}

SysResult<std::vector<RefusedRequest>> NetlinkSocket::carry_out(std::span<const LinkRequest> requests) {
  ASSERT(purpose_ == Purpose::requests);
  std::vector<RefusedRequest> refused;
  TRY_VOID(netlink::carry_out(
      fd_.get(), sequence_, requests.size(),
      [&](nlmsghdr* message, std::size_t index) { kernel::put_request(message, requests[index]); },
      [&](std::size_t index, int code) {
        const bool is_gone = requests[index].operation == LinkRequest::Operation::remove && code == ENODEV;
        if (!is_gone) refused.push_back({index, code});
      }));
  return refused;
}

bool NetlinkSocket::is_read_empty() const {
  pollfd waiting{.fd = fd_.get(), .events = POLLIN, .revents = 0};
  return ::poll(&waiting, 1, 0) == 0;
}

SysResult<std::optional<std::vector<Change>>> NetlinkSocket::read_changes() {
  std::vector<Change> changes;
  Buffer buffer;
  for (int i = 0; i < reads_a_call; ++i) {
    const auto received = receive(fd_.get(), buffer, 0);
    if (!received) {
      if (received.error().code == EAGAIN || received.error().code == EINTR) break;
      if (received.error().code == ENOBUFS) return std::optional<std::vector<Change>>{};
      return std::unexpected(received.error());
    }
    decode_changes(*received, changes);
  }
  return std::optional(std::move(changes));
}

}  // namespace baton::kernel
