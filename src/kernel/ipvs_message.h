// IPVS' part of generic netlink as bytes (<linux/ip_vs.h>, net/netfilter/ipvs/ip_vs_ctl.c of the kernel): for this
// room's own sources, and their tests.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "base/service_table.h"
#include "kernel/ipvs_socket.h"
#include "kernel/netlink_message.h"

namespace baton::kernel::ipvs {

// Type, flags and payload behind the header that stands there. `family`: IPVS' number in this kernel.
void put_operation(nlmsghdr* message, std::uint16_t family, const TableOperation& operation);
void put_service_dump(nlmsghdr* message, std::uint16_t family);
void put_destination_dump(nlmsghdr* message, std::uint16_t family, const ServiceKey& service);
void put_timeouts(nlmsghdr* message, std::uint16_t family, const IpvsTimeouts& timeouts);
void put_question(nlmsghdr* message, std::uint16_t family, std::uint8_t command);  // IPVS_CMD_GET_CONFIG, _FLUSH
void put_sync_daemon(nlmsghdr* message, std::uint16_t family, const IpvsSyncDaemon& daemon, bool runs);
void put_daemon_dump(nlmsghdr* message, std::uint16_t family);
// "What number has the family of this name?"
void put_family_question(nlmsghdr* message, const char* name);

// An answer that lacks what makes it one is none.
std::optional<std::pair<ServiceKey, ServiceOptions>> decode_service(const nlmsghdr* message);
std::optional<std::pair<DestinationKey, Destination>> decode_destination(const nlmsghdr* message, Family of_service);
// Of the same answer as decode_destination().
ServerTraffic decode_traffic(const nlmsghdr* message);
std::optional<IpvsTimeouts> decode_timeouts(const nlmsghdr* message);
std::optional<IpvsSyncDaemon> decode_sync_daemon(const nlmsghdr* message);
std::optional<std::uint16_t> decode_family(const nlmsghdr* message);

}  // namespace baton::kernel::ipvs
