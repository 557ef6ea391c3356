#include "kernel/ipvs_message.h"

#include <arpa/inet.h>
#include <linux/genetlink.h>
#include <linux/ip_vs.h>
#include <sys/socket.h>

#include <algorithm>
#include <bit>
#include <cstring>

namespace baton::kernel::ipvs {
namespace {

constexpr std::size_t header_size = sizeof(genlmsghdr);

std::uint16_t address_family(Family family) {
  return family == Family::ipv4 ? AF_INET : AF_INET6;
}

void put_command(nlmsghdr* message, std::uint16_t family, std::uint8_t command, std::uint16_t flags,
                 std::uint8_t version = IPVS_GENL_VERSION) {
  message->nlmsg_type = family;
  message->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
  auto* header = static_cast<genlmsghdr*>(::mnl_nlmsg_put_extra_header(message, header_size));
  header->cmd = command;
  header->version = version;
}

// IPVS wants 16 bytes of any family's address.
void put_wide_address(nlmsghdr* message, std::uint16_t type, const IpAddress& address) {
  std::array<std::uint8_t, 16> bytes{};
  std::ranges::copy(address.bytes(), bytes.begin());
  ::mnl_attr_put(message, type, bytes.size(), bytes.data());
}

void put_service_key(nlmsghdr* message, const ServiceKey& key) {
  ::mnl_attr_put_u16(message, IPVS_SVC_ATTR_AF, address_family(key.family));
  if (key.mark != 0) return ::mnl_attr_put_u32(message, IPVS_SVC_ATTR_FWMARK, key.mark);
  ::mnl_attr_put_u16(message, IPVS_SVC_ATTR_PROTOCOL, key.protocol);
  put_wide_address(message, IPVS_SVC_ATTR_ADDR, key.address);
  ::mnl_attr_put_u16(message, IPVS_SVC_ATTR_PORT, ::htons(key.port));
}

// A mask in network order for IPv4, a length for IPv6.
std::uint32_t netmask(Family family, std::uint8_t length) {
  if (family == Family::ipv6) return length;
  return length == 0 ? 0 : ::htonl(~0U << (32U - std::min<std::uint8_t>(length, 32)));
}

void put_service_options(nlmsghdr* message, Family family, const ServiceOptions& options) {
  ::mnl_attr_put_strz(message, IPVS_SVC_ATTR_SCHED_NAME, options.scheduler.c_str());
  if (!options.persistence_engine.empty()) {
    ::mnl_attr_put_strz(message, IPVS_SVC_ATTR_PE_NAME, options.persistence_engine.c_str());
  }
  const ip_vs_flags flags{.flags = options.flags, .mask = ~0U};
  ::mnl_attr_put(message, IPVS_SVC_ATTR_FLAGS, sizeof(flags), &flags);
  ::mnl_attr_put_u32(message, IPVS_SVC_ATTR_TIMEOUT, options.persistence_seconds);
  ::mnl_attr_put_u32(message, IPVS_SVC_ATTR_NETMASK, netmask(family, options.persistence_prefix));
}

void put_destination(nlmsghdr* message, const DestinationKey& key, const Destination* settings) {
  nlattr* nest = ::mnl_attr_nest_start(message, IPVS_CMD_ATTR_DEST);
  ::mnl_attr_put_u16(message, IPVS_DEST_ATTR_ADDR_FAMILY, address_family(key.address.family()));
  put_wide_address(message, IPVS_DEST_ATTR_ADDR, key.address);
  ::mnl_attr_put_u16(message, IPVS_DEST_ATTR_PORT, ::htons(key.port));
  if (settings != nullptr) {
    ::mnl_attr_put_u32(message, IPVS_DEST_ATTR_FWD_METHOD, static_cast<std::uint32_t>(settings->method));
    ::mnl_attr_put_u32(message, IPVS_DEST_ATTR_WEIGHT, static_cast<std::uint32_t>(settings->weight));
    ::mnl_attr_put_u32(message, IPVS_DEST_ATTR_U_THRESH, settings->upper_threshold);
    ::mnl_attr_put_u32(message, IPVS_DEST_ATTR_L_THRESH, settings->lower_threshold);
    if (settings->method == ForwardMethod::tunnel) {
      ::mnl_attr_put_u8(message, IPVS_DEST_ATTR_TUN_TYPE, static_cast<std::uint8_t>(settings->tunnel));
      ::mnl_attr_put_u16(message, IPVS_DEST_ATTR_TUN_PORT, ::htons(settings->tunnel_port));
      ::mnl_attr_put_u16(message, IPVS_DEST_ATTR_TUN_FLAGS, static_cast<std::uint16_t>(settings->tunnel_checks));
    }
  }
  ::mnl_attr_nest_end(message, nest);
}

std::optional<std::uint64_t> to_u64(const nlattr* attribute) {
  std::uint64_t number = 0;
  if (::mnl_attr_get_payload_len(attribute) < sizeof(number)) return std::nullopt;
  std::memcpy(&number, ::mnl_attr_get_payload(attribute), sizeof(number));  // aligned to four bytes only
  return number;
}

std::uint16_t to_u16(const nlattr* attribute) {
  std::uint16_t number = 0;
  if (::mnl_attr_get_payload_len(attribute) >= sizeof(number)) {
    std::memcpy(&number, ::mnl_attr_get_payload(attribute), sizeof(number));
  }
  return number;
}

std::uint8_t to_u8(const nlattr* attribute) {
  return ::mnl_attr_get_payload_len(attribute) == 0 ? 0 : ::mnl_attr_get_u8(attribute);
}

// Of the 16 bytes, as many as the family has.
std::optional<IpAddress> to_narrow_address(const nlattr* attribute, Family family) {
  const std::size_t size = family == Family::ipv4 ? 4 : 16;
  if (::mnl_attr_get_payload_len(attribute) < size) return std::nullopt;
  return IpAddress::from_bytes({static_cast<const std::uint8_t*>(::mnl_attr_get_payload(attribute)), size});
}

const nlattr* find(const nlmsghdr* message, std::uint16_t type) {
  const nlattr* found = nullptr;
  netlink::for_each_attribute(message, header_size, [&](const nlattr* attribute) {
    if (::mnl_attr_get_type(attribute) == type) found = attribute;
  });
  return found;
}

std::optional<Family> to_family(std::uint16_t number) {
  if (number == AF_INET) return Family::ipv4;
  if (number == AF_INET6) return Family::ipv6;
  return std::nullopt;
}

// The attributes of a nest, by their numbers.
template <std::size_t count>
std::array<const nlattr*, count> by_type(const nlattr* nest) {
  std::array<const nlattr*, count> attributes{};
  netlink::for_each_nested(nest, [&](const nlattr* attribute) {
    const std::uint16_t type = ::mnl_attr_get_type(attribute);
    if (type < count) attributes[type] = attribute;
  });
  return attributes;
}

std::uint8_t prefix_of(Family family, std::uint32_t mask) {
  return static_cast<std::uint8_t>(family == Family::ipv4 ? std::popcount(mask) : static_cast<int>(mask & 0xff));
}

}  // namespace

void put_operation(nlmsghdr* message, std::uint16_t family, const TableOperation& operation) {
  using enum TableOperation::Kind;
  std::uint8_t command = IPVS_CMD_NEW_SERVICE;
  switch (operation.kind) {
    case add_service: command = IPVS_CMD_NEW_SERVICE; break;
    case change_service: command = IPVS_CMD_SET_SERVICE; break;
    case remove_service: command = IPVS_CMD_DEL_SERVICE; break;
    case add_destination: command = IPVS_CMD_NEW_DEST; break;
    case change_destination: command = IPVS_CMD_SET_DEST; break;
    case remove_destination: command = IPVS_CMD_DEL_DEST; break;
  }
  put_command(message, family, command, 0);
  nlattr* nest = ::mnl_attr_nest_start(message, IPVS_CMD_ATTR_SERVICE);
  put_service_key(message, operation.service);
  if (operation.kind == add_service || operation.kind == change_service) {
    put_service_options(message, operation.service.family, operation.options);
  }
  ::mnl_attr_nest_end(message, nest);
  const bool sets = operation.kind == add_destination || operation.kind == change_destination;
  if (sets || operation.kind == remove_destination) {
    put_destination(message, operation.destination, sets ? &operation.settings : nullptr);
  }
}

void put_service_dump(nlmsghdr* message, std::uint16_t family) {
  put_command(message, family, IPVS_CMD_GET_SERVICE, 0);
}

void put_destination_dump(nlmsghdr* message, std::uint16_t family, const ServiceKey& service) {
  put_command(message, family, IPVS_CMD_GET_DEST, 0);
  nlattr* nest = ::mnl_attr_nest_start(message, IPVS_CMD_ATTR_SERVICE);
  put_service_key(message, service);
  ::mnl_attr_nest_end(message, nest);
}

void put_timeouts(nlmsghdr* message, std::uint16_t family, const IpvsTimeouts& timeouts) {
  put_command(message, family, IPVS_CMD_SET_CONFIG, 0);
  ::mnl_attr_put_u32(message, IPVS_CMD_ATTR_TIMEOUT_TCP, timeouts.tcp);
  ::mnl_attr_put_u32(message, IPVS_CMD_ATTR_TIMEOUT_TCP_FIN, timeouts.tcp_fin);
  ::mnl_attr_put_u32(message, IPVS_CMD_ATTR_TIMEOUT_UDP, timeouts.udp);
}

void put_question(nlmsghdr* message, std::uint16_t family, std::uint8_t command) {
  put_command(message, family, command, 0);
}

void put_sync_daemon(nlmsghdr* message, std::uint16_t family, const IpvsSyncDaemon& daemon, bool runs) {
  put_command(message, family, runs ? IPVS_CMD_NEW_DAEMON : IPVS_CMD_DEL_DAEMON, 0);
  nlattr* nest = ::mnl_attr_nest_start(message, IPVS_CMD_ATTR_DAEMON);
  ::mnl_attr_put_u32(message, IPVS_DAEMON_ATTR_STATE, static_cast<std::uint32_t>(daemon.role));
  ::mnl_attr_put_strz(message, IPVS_DAEMON_ATTR_MCAST_IFN, daemon.interface.c_str());
  ::mnl_attr_put_u32(message, IPVS_DAEMON_ATTR_SYNC_ID, daemon.id);
  if (daemon.most_bytes != 0) ::mnl_attr_put_u16(message, IPVS_DAEMON_ATTR_SYNC_MAXLEN, daemon.most_bytes);
  if (daemon.port != 0) ::mnl_attr_put_u16(message, IPVS_DAEMON_ATTR_MCAST_PORT, daemon.port);
  if (daemon.ttl != 0) ::mnl_attr_put_u8(message, IPVS_DAEMON_ATTR_MCAST_TTL, daemon.ttl);
  if (daemon.group) {
    netlink::put_address(message, daemon.group->is_v4() ? IPVS_DAEMON_ATTR_MCAST_GROUP : IPVS_DAEMON_ATTR_MCAST_GROUP6,
                         *daemon.group);
  }
  ::mnl_attr_nest_end(message, nest);
}

void put_daemon_dump(nlmsghdr* message, std::uint16_t family) {
  put_command(message, family, IPVS_CMD_GET_DAEMON, 0);
}

void put_family_question(nlmsghdr* message, const char* name) {
  put_command(message, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 0, 1);
  ::mnl_attr_put_strz(message, CTRL_ATTR_FAMILY_NAME, name);
}

std::optional<std::pair<ServiceKey, ServiceOptions>> decode_service(const nlmsghdr* message) {
  const nlattr* nest = find(message, IPVS_CMD_ATTR_SERVICE);
  if (nest == nullptr) return std::nullopt;
  const auto attributes = by_type<IPVS_SVC_ATTR_MAX + 1>(nest);
  if (attributes[IPVS_SVC_ATTR_AF] == nullptr) return std::nullopt;
  const auto family = to_family(to_u16(attributes[IPVS_SVC_ATTR_AF]));
  if (!family) return std::nullopt;
  ServiceKey key{.family = *family};
  if (const nlattr* mark = attributes[IPVS_SVC_ATTR_FWMARK]; mark != nullptr) key.mark = netlink::to_number(mark);
  if (key.mark == 0) {
    if (attributes[IPVS_SVC_ATTR_ADDR] == nullptr || attributes[IPVS_SVC_ATTR_PORT] == nullptr ||
        attributes[IPVS_SVC_ATTR_PROTOCOL] == nullptr) {
      return std::nullopt;
    }
    const auto address = to_narrow_address(attributes[IPVS_SVC_ATTR_ADDR], *family);
    if (!address) return std::nullopt;
    key.address = *address;
    key.port = ::ntohs(to_u16(attributes[IPVS_SVC_ATTR_PORT]));
    key.protocol = static_cast<std::uint8_t>(to_u16(attributes[IPVS_SVC_ATTR_PROTOCOL]));
  }
  ServiceOptions options;
  if (const nlattr* name = attributes[IPVS_SVC_ATTR_SCHED_NAME]; name != nullptr) {
    options.scheduler = netlink::to_text(name);
  }
  if (const nlattr* name = attributes[IPVS_SVC_ATTR_PE_NAME]; name != nullptr) {
    options.persistence_engine = netlink::to_text(name);
  }
  if (const nlattr* flags = attributes[IPVS_SVC_ATTR_FLAGS]; flags != nullptr) {
    options.flags = netlink::to_number(flags) & service_flag::ours;  // the first of two numbers
  }
  if (const nlattr* timeout = attributes[IPVS_SVC_ATTR_TIMEOUT]; timeout != nullptr) {
    options.persistence_seconds = netlink::to_number(timeout);
  }
  if (const nlattr* mask = attributes[IPVS_SVC_ATTR_NETMASK]; mask != nullptr) {
    options.persistence_prefix = prefix_of(*family, netlink::to_number(mask));
  }
  return std::pair(key, options);
}

std::optional<std::pair<DestinationKey, Destination>> decode_destination(const nlmsghdr* message, Family of_service) {
  const nlattr* nest = find(message, IPVS_CMD_ATTR_DEST);
  if (nest == nullptr) return std::nullopt;
  const auto attributes = by_type<IPVS_DEST_ATTR_MAX + 1>(nest);
  const nlattr* own = attributes[IPVS_DEST_ATTR_ADDR_FAMILY];
  const auto family = own == nullptr ? std::optional(of_service) : to_family(to_u16(own));
  if (!family || attributes[IPVS_DEST_ATTR_ADDR] == nullptr || attributes[IPVS_DEST_ATTR_PORT] == nullptr) {
    return std::nullopt;
  }
  const auto address = to_narrow_address(attributes[IPVS_DEST_ATTR_ADDR], *family);
  if (!address) return std::nullopt;
  const DestinationKey key{.address = *address, .port = ::ntohs(to_u16(attributes[IPVS_DEST_ATTR_PORT]))};
  const auto number = [&](std::size_t type) {
    return attributes[type] == nullptr ? 0U : netlink::to_number(attributes[type]);
  };
  Destination settings{.method = static_cast<ForwardMethod>(number(IPVS_DEST_ATTR_FWD_METHOD) & IP_VS_CONN_F_FWD_MASK),
                       .weight = static_cast<std::int32_t>(number(IPVS_DEST_ATTR_WEIGHT)),
                       .upper_threshold = number(IPVS_DEST_ATTR_U_THRESH),
                       .lower_threshold = number(IPVS_DEST_ATTR_L_THRESH)};
  if (settings.method != ForwardMethod::tunnel) return std::pair(key, settings);
  if (const nlattr* kind = attributes[IPVS_DEST_ATTR_TUN_TYPE]; kind != nullptr) {
    settings.tunnel = static_cast<TunnelKind>(to_u8(kind));
  }
  if (const nlattr* port = attributes[IPVS_DEST_ATTR_TUN_PORT]; port != nullptr) {
    settings.tunnel_port = ::ntohs(to_u16(port));
  }
  if (const nlattr* checks = attributes[IPVS_DEST_ATTR_TUN_FLAGS]; checks != nullptr) {
    settings.tunnel_checks = static_cast<TunnelChecks>(to_u16(checks));
  }
  return std::pair(key, settings);
}

ServerTraffic decode_traffic(const nlmsghdr* message) {
  const nlattr* nest = find(message, IPVS_CMD_ATTR_DEST);
  if (nest == nullptr) return {};
  const auto of_server = by_type<IPVS_DEST_ATTR_MAX + 1>(nest);
  ServerTraffic traffic;
  if (const nlattr* open = of_server[IPVS_DEST_ATTR_ACTIVE_CONNS]; open != nullptr) {
    traffic.active = netlink::to_number(open);
  }
  if (const nlattr* closing = of_server[IPVS_DEST_ATTR_INACT_CONNS]; closing != nullptr) {
    traffic.inactive = netlink::to_number(closing);
  }
  if (of_server[IPVS_DEST_ATTR_STATS64] == nullptr) return traffic;
  const auto counts = by_type<IPVS_STATS_ATTR_MAX + 1>(of_server[IPVS_DEST_ATTR_STATS64]);
  const auto count = [&](std::size_t type) { return counts[type] == nullptr ? std::nullopt : to_u64(counts[type]); };
  traffic.connections = count(IPVS_STATS_ATTR_CONNS);
  traffic.packets_in = count(IPVS_STATS_ATTR_INPKTS);
  traffic.packets_out = count(IPVS_STATS_ATTR_OUTPKTS);
  traffic.bytes_in = count(IPVS_STATS_ATTR_INBYTES);
  traffic.bytes_out = count(IPVS_STATS_ATTR_OUTBYTES);
  return traffic;
}

std::optional<IpvsTimeouts> decode_timeouts(const nlmsghdr* message) {
  const nlattr* tcp = find(message, IPVS_CMD_ATTR_TIMEOUT_TCP);
  const nlattr* tcp_fin = find(message, IPVS_CMD_ATTR_TIMEOUT_TCP_FIN);
  const nlattr* udp = find(message, IPVS_CMD_ATTR_TIMEOUT_UDP);
  if (tcp == nullptr || tcp_fin == nullptr || udp == nullptr) return std::nullopt;
  return IpvsTimeouts{
      .tcp = netlink::to_number(tcp), .tcp_fin = netlink::to_number(tcp_fin), .udp = netlink::to_number(udp)};
}

std::optional<IpvsSyncDaemon> decode_sync_daemon(const nlmsghdr* message) {
  const nlattr* nest = find(message, IPVS_CMD_ATTR_DAEMON);
  if (nest == nullptr) return std::nullopt;
  const auto attributes = by_type<IPVS_DAEMON_ATTR_MAX + 1>(nest);
  const nlattr* role = attributes[IPVS_DAEMON_ATTR_STATE];
  const nlattr* interface = attributes[IPVS_DAEMON_ATTR_MCAST_IFN];
  if (role == nullptr || interface == nullptr) return std::nullopt;
  const std::uint32_t state = netlink::to_number(role);
  if (state != IP_VS_STATE_MASTER && state != IP_VS_STATE_BACKUP) return std::nullopt;
  IpvsSyncDaemon daemon{.role = static_cast<IpvsSyncDaemon::Role>(state), .interface = netlink::to_text(interface)};
  if (const nlattr* id = attributes[IPVS_DAEMON_ATTR_SYNC_ID]; id != nullptr) {
    daemon.id = static_cast<std::uint8_t>(netlink::to_number(id));
  }
  if (const nlattr* size = attributes[IPVS_DAEMON_ATTR_SYNC_MAXLEN]; size != nullptr) daemon.most_bytes = to_u16(size);
  if (const nlattr* port = attributes[IPVS_DAEMON_ATTR_MCAST_PORT]; port != nullptr) daemon.port = to_u16(port);
  if (const nlattr* ttl = attributes[IPVS_DAEMON_ATTR_MCAST_TTL]; ttl != nullptr) daemon.ttl = to_u8(ttl);
  for (const std::size_t type : {IPVS_DAEMON_ATTR_MCAST_GROUP, IPVS_DAEMON_ATTR_MCAST_GROUP6}) {
    if (attributes[type] != nullptr && netlink::holds_address(attributes[type])) {
      daemon.group = netlink::to_address(attributes[type]);
    }
  }
  return daemon;
}

std::optional<std::uint16_t> decode_family(const nlmsghdr* message) {
  const nlattr* id = find(message, CTRL_ATTR_FAMILY_ID);
  if (id == nullptr) return std::nullopt;
  return to_u16(id);
}

}  // namespace baton::kernel::ipvs
