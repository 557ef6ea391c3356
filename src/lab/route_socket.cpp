#include "lab/route_socket.h"

#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <functional>
#include <optional>

#include <fmt/format.h>

#include "base/assert.h"
#include "base/result.h"

namespace baton::lab {
namespace {

constexpr std::size_t receive_size = 32'768;

template <typename T>
ByteView bytes_of(const T& value) {
  return {reinterpret_cast<const std::uint8_t*>(&value), sizeof(value)};
}

ByteView bytes_of(const std::string& text) {  // with its terminating zero
  return {reinterpret_cast<const std::uint8_t*>(text.c_str()), text.size() + 1};
}

std::uint8_t kernel_family(const IpAddress& address) {
  return address.is_v4() ? AF_INET : AF_INET6;
}

SysResult<UniqueFd> open_netlink(std::uint32_t groups) {
  UniqueFd fd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  if (!fd) return last_error("open a netlink socket");
  const int size = 64 << 20;                                                    // ten thousand addresses come at once
  (void)setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));  // smaller works too
  const sockaddr_nl address{.nl_family = AF_NETLINK, .nl_pad = 0, .nl_pid = 0, .nl_groups = groups};
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return last_error("bind a netlink socket");
  }
  return fd;
}

// Walks the messages of one datagram.
void for_each_message(ByteView datagram, const std::function<void(const nlmsghdr&)>& visit) {
  auto length = static_cast<std::uint32_t>(datagram.size());
  for (auto* header = reinterpret_cast<const nlmsghdr*>(datagram.data()); NLMSG_OK(header, length);
       header = NLMSG_NEXT(header, length)) {
    visit(*header);
  }
}

std::optional<HeldAddress> decode_address(const nlmsghdr& header) {
  const auto* info = static_cast<const ifaddrmsg*>(NLMSG_DATA(&header));
  auto length = static_cast<int>(header.nlmsg_len - NLMSG_LENGTH(sizeof(*info)));
  std::optional<IpAddress> address;
  for (auto* attribute = IFA_RTA(info); RTA_OK(attribute, length); attribute = RTA_NEXT(attribute, length)) {
    const ByteView value{static_cast<const std::uint8_t*>(RTA_DATA(attribute)), RTA_PAYLOAD(attribute)};
    if (value.size() != 4 && value.size() != 16) continue;
    // IFA_LOCAL is ours where both are given: IFA_ADDRESS is the other end then (point to point).
    if (attribute->rta_type == IFA_LOCAL) address = IpAddress::from_bytes(value);
    if (attribute->rta_type == IFA_ADDRESS && !address) address = IpAddress::from_bytes(value);
  }
  if (!address) return std::nullopt;
  return HeldAddress{.interface = info->ifa_index, .address = {.address = *address, .length = info->ifa_prefixlen}};
}

}  // namespace

// A request under construction: header, family header, attributes.
class RouteSocket::Message {
 public:
  template <typename Family>
  Message(std::uint16_t type, std::uint16_t flags, const Family& family) {
    const nlmsghdr header{.nlmsg_len = 0,
                          .nlmsg_type = type,
                          .nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags),
                          .nlmsg_seq = 0,
                          .nlmsg_pid = 0};
    append(bytes_of(header));
    append(bytes_of(family));
  }

  void put(std::uint16_t type, ByteView value) {
    const rtattr attribute{.rta_len = static_cast<std::uint16_t>(RTA_LENGTH(value.size())), .rta_type = type};
    append(bytes_of(attribute));
    append(value);
  }
  void put_u8(std::uint16_t type, std::uint8_t value) { put(type, bytes_of(value)); }
  void put_u32(std::uint16_t type, std::uint32_t value) { put(type, bytes_of(value)); }

  // An attribute that holds what `fill` adds.
  void nest(std::uint16_t type, const std::function<void()>& fill) {
    const std::size_t start = bytes_.size();
    put(type, {});
    fill();
    const auto length = static_cast<std::uint16_t>(bytes_.size() - start);
    std::memcpy(bytes_.data() + start, &length, sizeof(length));
  }
  void append(ByteView value) {
    bytes_.insert(bytes_.end(), value.begin(), value.end());
    bytes_.resize(NLMSG_ALIGN(bytes_.size()));
  }

  ByteView finish(std::uint32_t sequence) {
    auto* header = reinterpret_cast<nlmsghdr*>(bytes_.data());
    header->nlmsg_len = static_cast<std::uint32_t>(bytes_.size());
    header->nlmsg_seq = sequence;
    return bytes_;
  }

 private:
  Bytes bytes_;
};

SysResult<RouteSocket> RouteSocket::open() {
  return RouteSocket(TRY(open_netlink(0)));
}

SysResult<void> RouteSocket::send(const std::string& what, Message& message) {
  const ByteView request = message.finish(++sequence_);
  if (::send(fd_.get(), request.data(), request.size(), 0) < 0) return last_error(what);
  alignas(nlmsghdr) std::array<std::uint8_t, receive_size> buffer{};
  const ssize_t size = recv(fd_.get(), buffer.data(), buffer.size(), 0);
  if (size < 0) return last_error(what);
  int code = EPROTO;
  for_each_message(ByteView(buffer).first(static_cast<std::size_t>(size)), [&](const nlmsghdr& header) {
    if (header.nlmsg_type == NLMSG_ERROR) code = -static_cast<const nlmsgerr*>(NLMSG_DATA(&header))->error;
  });
  if (code != 0) return std::unexpected(SysError{what, code});
  return {};
}

SysResult<std::uint32_t> RouteSocket::index_of(const std::string& name) {
  // if_nametoindex(3) looks in the namespace of the caller; this socket's may be another.
  ifreq request{};
  name.copy(request.ifr_name, IFNAMSIZ - 1);
  if (ioctl(fd_.get(), SIOCGIFINDEX, &request) != 0) return last_error("find interface " + name);
  return static_cast<std::uint32_t>(request.ifr_ifindex);
}

SysResult<void> RouteSocket::add_bridge(const std::string& name) {
  Message message(RTM_NEWLINK, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, ifinfomsg{});
  message.put(IFLA_IFNAME, bytes_of(name));
  message.nest(IFLA_LINKINFO, [&] {
    message.put(IFLA_INFO_KIND, bytes_of(std::string("bridge")));
    message.nest(IFLA_INFO_DATA, [&] {
      message.put_u8(IFLA_BR_MCAST_SNOOPING, 0);  // every multicast to everybody, as the plainest switch
      message.put_u32(IFLA_BR_FORWARD_DELAY, 0);
    });
  });
  TRY_VOID(send("make bridge " + name, message));
  return set_up(name, true);
}

SysResult<void> RouteSocket::add_cable(const std::string& name, const MacAddress& mac, const std::string& peer,
                                       const MacAddress& peer_mac, int peer_namespace) {
  Message message(RTM_NEWLINK, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, ifinfomsg{});
  message.put(IFLA_IFNAME, bytes_of(name));
  message.put(IFLA_ADDRESS, bytes_of(mac.bytes));
  message.nest(IFLA_LINKINFO, [&] {
    message.put(IFLA_INFO_KIND, bytes_of(std::string("veth")));
    message.nest(IFLA_INFO_DATA, [&] {
      message.nest(VETH_INFO_PEER, [&] {
        message.append(bytes_of(ifinfomsg{}));
        message.put(IFLA_IFNAME, bytes_of(peer));
        message.put(IFLA_ADDRESS, bytes_of(peer_mac.bytes));
        message.put_u32(IFLA_NET_NS_FD, static_cast<std::uint32_t>(peer_namespace));
      });
    });
  });
  return send(fmt::format("make cable {} to {}", name, peer), message);
}

SysResult<void> RouteSocket::remove_link(const std::string& name) {
  Message message(RTM_DELLINK, NLM_F_ACK, ifinfomsg{});
  message.put(IFLA_IFNAME, bytes_of(name));
  return send("remove link " + name, message);
}

SysResult<void> RouteSocket::plug_into(const std::string& port, const std::string& bridge) {
  const std::uint32_t master = TRY(index_of(bridge));
  Message message(RTM_NEWLINK, NLM_F_ACK, ifinfomsg{});
  message.put(IFLA_IFNAME, bytes_of(port));
  message.put_u32(IFLA_MASTER, master);
  return send(fmt::format("plug {} into {}", port, bridge), message);
}

SysResult<void> RouteSocket::unplug(const std::string& port) {
  Message message(RTM_NEWLINK, NLM_F_ACK, ifinfomsg{});
  message.put(IFLA_IFNAME, bytes_of(port));
  message.put_u32(IFLA_MASTER, 0);
  return send("unplug " + port, message);
}

SysResult<void> RouteSocket::set_up(const std::string& name, bool up) {
  ifinfomsg info{};
  info.ifi_flags = up ? IFF_UP : 0;
  info.ifi_change = IFF_UP;
  Message message(RTM_NEWLINK, NLM_F_ACK, info);
  message.put(IFLA_IFNAME, bytes_of(name));
  return send(fmt::format("set {} {}", name, up ? "up" : "down"), message);
}

SysResult<void> RouteSocket::set_port_state(const std::string& port, PortState state) {
  ifinfomsg info{};
  info.ifi_family = AF_BRIDGE;
  info.ifi_index = static_cast<int>(TRY(index_of(port)));
  Message message(RTM_SETLINK, NLM_F_ACK, info);
  message.nest(IFLA_PROTINFO | NLA_F_NESTED,
               [&] { message.put_u8(IFLA_BRPORT_STATE, static_cast<std::uint8_t>(state)); });
  return send("set the state of port " + port, message);
}

SysResult<void> RouteSocket::add_address(const std::string& interface, const IpPrefix& address) {
  const ifaddrmsg info {
    .ifa_family = kernel_family(address.address), .ifa_prefixlen = address.length, .ifa_flags = IFA_F_NODAD,
    .ifa_scope = RT_SCOPE_UNIVERSE, .ifa_index = TRY(index_of(interface))
  };
  Message message(RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE, info);
  message.put(IFA_LOCAL, address.address.bytes());
  message.put(IFA_ADDRESS, address.address.bytes());
  return send(fmt::format("add {} to {}", to_string(address), interface), message);
}

SysResult<void> RouteSocket::remove_address(std::uint32_t interface, const IpPrefix& address) {
  const ifaddrmsg info{.ifa_family = kernel_family(address.address),
                       .ifa_prefixlen = address.length,
                       .ifa_flags = 0,
                       .ifa_scope = 0,
                       .ifa_index = interface};
  Message message(RTM_DELADDR, NLM_F_ACK, info);
  message.put(IFA_LOCAL, address.address.bytes());
  return send("remove " + to_string(address), message);
}

SysResult<void> RouteSocket::add_on_link_route(const std::string& interface, const IpAddress& destination) {
  rtmsg info{};
  info.rtm_family = kernel_family(destination);
  info.rtm_dst_len = static_cast<std::uint8_t>(destination.size() * 8);
  info.rtm_table = RT_TABLE_MAIN;
  info.rtm_protocol = RTPROT_STATIC;
  info.rtm_scope = destination.is_v4() ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
  info.rtm_type = RTN_UNICAST;
  const std::uint32_t index = TRY(index_of(interface));
  Message message(RTM_NEWROUTE, NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE, info);
  message.put(RTA_DST, destination.bytes());
  message.put_u32(RTA_OIF, index);
  return send("add a route to " + to_string(destination), message);
}

SysResult<std::vector<HeldAddress>> RouteSocket::addresses() {
  Message message(RTM_GETADDR, NLM_F_DUMP, ifaddrmsg{});
  const ByteView request = message.finish(++sequence_);
  if (::send(fd_.get(), request.data(), request.size(), 0) < 0) return last_error("ask for the addresses");
  std::vector<HeldAddress> found;
  for (bool done = false; !done;) {
    alignas(nlmsghdr) std::array<std::uint8_t, receive_size> buffer{};
    const ssize_t size = recv(fd_.get(), buffer.data(), buffer.size(), 0);
    if (size < 0) return last_error("read the addresses");
    for_each_message(ByteView(buffer).first(static_cast<std::size_t>(size)), [&](const nlmsghdr& header) {
      if (header.nlmsg_type == NLMSG_DONE || header.nlmsg_type == NLMSG_ERROR) done = true;
      if (header.nlmsg_type != RTM_NEWADDR) return;
      if (const auto address = decode_address(header)) found.push_back(*address);
    });
  }
  return found;
}

SysResult<AddressMonitor> AddressMonitor::open() {
  return AddressMonitor(TRY(open_netlink(RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR)));
}

std::vector<AddressChange> AddressMonitor::read() {
  std::vector<AddressChange> changes;
  for (int datagrams = 0; datagrams < 256; ++datagrams) {
    alignas(nlmsghdr) std::array<std::uint8_t, receive_size> buffer;
    const ssize_t size = recv(fd_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (size <= 0) break;
    for_each_message(ByteView(buffer).first(static_cast<std::size_t>(size)), [&](const nlmsghdr& header) {
      if (header.nlmsg_type != RTM_NEWADDR && header.nlmsg_type != RTM_DELADDR) return;
      if (const auto held = decode_address(header)) {
        changes.push_back(
            {.interface = held->interface, .address = held->address, .present = header.nlmsg_type == RTM_NEWADDR});
      }
    });
  }
  return changes;
}

}  // namespace baton::lab
