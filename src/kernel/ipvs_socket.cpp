#include "kernel/ipvs_socket.h"

#include <linux/ip_vs.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

#include "base/result.h"
#include "kernel/ipvs_message.h"
#include "kernel/netlink_dump.h"
#include "kernel/netlink_message.h"

namespace baton::kernel {
namespace {

constexpr int dump_tries = 8;  // while somebody changes the table

// One request and its answer; `take` gets every message before the acknowledgement.
template <typename Put, typename Take>
SysResult<void> exchange(int fd, std::uint32_t sequence, std::string_view what, Put&& put, Take&& take) {
  std::array<char, 1024> request{};
  nlmsghdr* message = ::mnl_nlmsg_put_header(request.data());
  put(message);
  message->nlmsg_flags = static_cast<std::uint16_t>(message->nlmsg_flags | NLM_F_ACK);
  message->nlmsg_seq = sequence;
  TRY_VOID(netlink::send_all(fd, message, message->nlmsg_len));
  netlink::Buffer buffer;
  for (;;) {
    netlink::Messages answers(TRY(netlink::receive(fd, buffer, netlink::answer_timeout_ms)));
    while (const nlmsghdr* part = answers.next()) {
      if (part->nlmsg_seq != sequence) continue;
      if (part->nlmsg_type != NLMSG_ERROR) {
        take(part);
        continue;
      }
      const int code = -static_cast<const nlmsgerr*>(::mnl_nlmsg_get_payload(part))->error;
      if (code != 0) return std::unexpected(SysError{std::string(what), code});
      return {};
    }
  }
}

}  // namespace

SysResult<IpvsSocket> IpvsSocket::open() {
  UniqueFd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC));
  if (!fd) return last_error("open a generic netlink socket");
  netlink::make_room(fd.get());
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) < 0) {
    return last_error("bind a generic netlink socket");
  }
  std::optional<std::uint16_t> family;
  TRY_VOID(exchange(
      fd.get(), 1, "ask the kernel for IPVS",
      [](nlmsghdr* message) { ipvs::put_family_question(message, IPVS_GENL_NAME); },
      [&](const nlmsghdr* message) { family = ipvs::decode_family(message); }));
  if (!family) return std::unexpected(SysError{"ask the kernel for IPVS", ENOENT});
  IpvsSocket socket(std::move(fd), *family);
  socket.sequence_ = 1;
  return socket;
}

SysResult<ServiceTable> IpvsSocket::dump() {
  for (int tries = 1;; ++tries) {
    auto table = dump_once();
    if (table || table.error().code != EINTR || tries == dump_tries) return table;
  }
}

SysResult<ServiceTable> IpvsSocket::dump_once() {
  ServiceTable table;
  TRY_VOID(netlink::dump(
      fd_.get(), ++sequence_, [this](nlmsghdr* message) { ipvs::put_service_dump(message, family_); },
      [&](const nlmsghdr* message) {
        if (auto service = ipvs::decode_service(message)) table[service->first].options = std::move(service->second);
      }));
  for (auto& [key, service] : table) {
    const auto dumped = netlink::dump(
        fd_.get(), ++sequence_, [&](nlmsghdr* message) { ipvs::put_destination_dump(message, family_, key); },
        [&](const nlmsghdr* message) {
          if (auto destination = ipvs::decode_destination(message, key.family)) {
            service.destinations.insert(*destination);
          }
        });
    if (!dumped) return std::unexpected(dumped.error());
  }
  return table;
}

SysResult<TrafficTable> IpvsSocket::traffic(std::span<const ServiceKey> services) {
  TrafficTable table;
  for (const ServiceKey& key : services) {
    const auto dumped = netlink::dump(
        fd_.get(), ++sequence_, [&](nlmsghdr* message) { ipvs::put_destination_dump(message, family_, key); },
        [&](const nlmsghdr* message) {
          if (const auto destination = ipvs::decode_destination(message, key.family)) {
            table[key][destination->first] = ipvs::decode_traffic(message);
          }
        });
    // One that changes or goes meanwhile is counted the next time.
    if (!dumped && dumped.error().code != EINTR && dumped.error().code != ESRCH) {
      return std::unexpected(dumped.error());
    }
  }
  return table;
}

SysResult<std::vector<IpvsSocket::Refused>> IpvsSocket::carry_out(std::span<const TableOperation> operations) {
  std::vector<Refused> refused;
  TRY_VOID(netlink::carry_out(
      fd_.get(), sequence_, operations.size(),
      [&](nlmsghdr* message, std::size_t index) { ipvs::put_operation(message, family_, operations[index]); },
      [&](std::size_t index, int code) {
        using enum TableOperation::Kind;
        const TableOperation::Kind kind = operations[index].kind;
        const bool removes = kind == remove_service || kind == remove_destination;
        if (removes && (code == ESRCH || code == ENOENT)) return;
        refused.push_back({index, code});
      }));
  return refused;
}

template <typename Put>
SysResult<void> IpvsSocket::ask(std::string_view what, Put&& put) {
  return exchange(fd_.get(), ++sequence_, what, put, [](const nlmsghdr*) {});
}

SysResult<void> IpvsSocket::flush() {
  return ask("flush IPVS", [this](nlmsghdr* message) { ipvs::put_question(message, family_, IPVS_CMD_FLUSH); });
}

SysResult<IpvsTimeouts> IpvsSocket::timeouts() {
  std::optional<IpvsTimeouts> timeouts;
  TRY_VOID(exchange(
      fd_.get(), ++sequence_, "read the timeouts of IPVS",
      [this](nlmsghdr* message) { ipvs::put_question(message, family_, IPVS_CMD_GET_CONFIG); },
      [&](const nlmsghdr* message) { timeouts = ipvs::decode_timeouts(message); }));
  if (!timeouts) return std::unexpected(SysError{"read the timeouts of IPVS", EBADMSG});
  return *timeouts;
}

SysResult<void> IpvsSocket::set_timeouts(const IpvsTimeouts& timeouts) {
  return ask("set the timeouts of IPVS", [&](nlmsghdr* message) { ipvs::put_timeouts(message, family_, timeouts); });
}

SysResult<std::vector<IpvsSyncDaemon>> IpvsSocket::sync_daemons() {
  std::vector<IpvsSyncDaemon> daemons;
  TRY_VOID(netlink::dump(
      fd_.get(), ++sequence_, [this](nlmsghdr* message) { ipvs::put_daemon_dump(message, family_); },
      [&](const nlmsghdr* message) {
        if (auto daemon = ipvs::decode_sync_daemon(message)) daemons.push_back(std::move(*daemon));
      }));
  return daemons;
}

SysResult<void> IpvsSocket::start(const IpvsSyncDaemon& daemon) {
  return ask("start the sync daemon of IPVS",
             [&](nlmsghdr* message) { ipvs::put_sync_daemon(message, family_, daemon, true); });
}

SysResult<void> IpvsSocket::stop(const IpvsSyncDaemon& daemon) {
  return ask("stop the sync daemon of IPVS",
             [&](nlmsghdr* message) { ipvs::put_sync_daemon(message, family_, daemon, false); });
}

}  // namespace baton::kernel
