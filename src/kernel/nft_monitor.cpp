#include "kernel/nft_monitor.h"

// clang-format off
#include <netinet/in.h>
#include <linux/filter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
// clang-format on
#include <sys/socket.h>

#include <cerrno>

#include "base/result.h"
#include "kernel/netlink_message.h"
#include "kernel/packet_filter.h"

namespace baton::kernel {
namespace {

constexpr int receive_buffer = 4 * 1024 * 1024;  // a firewall of some ten thousand elements
constexpr int reads_a_turn = 1'000;

// Every message but that of a generation has the name of its table as its first attribute.
static_assert(NFTA_TABLE_NAME == 1 && NFTA_CHAIN_TABLE == 1 && NFTA_RULE_TABLE == 1 && NFTA_SET_TABLE == 1 &&
              NFTA_SET_ELEM_LIST_TABLE == 1 && NFTA_OBJ_TABLE == 1 && NFTA_FLOWTABLE_TABLE == 1);

std::string table_of(const nlmsghdr* message) {
  std::string table;
  if ((message->nlmsg_type & 0xff) == NFT_MSG_NEWGEN) return table;
  netlink::for_each_attribute(message, sizeof(nfgenmsg), [&](const nlattr* attribute) {
    if (::mnl_attr_get_type(attribute) == NFTA_TABLE_NAME) table = netlink::to_text(attribute);
  });
  return table;
}

}  // namespace

SysResult<NftMonitor> NftMonitor::open(std::string table, std::uint32_t own_port) {
  UniqueFd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_NETFILTER));
  if (!fd) return last_error("open a netfilter socket");
  if (::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUFFORCE, &receive_buffer, sizeof(receive_buffer)) < 0) {
    (void)::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer));
  }
  // Of a large table our own changes would fill the buffer, and what is lost counts as another's.
  TRY_VOID(attach_filter(fd.get(), other_senders_filter(own_port)));
  sockaddr_nl address{};  // one without a number of its own hears nothing
  address.nl_family = AF_NETLINK;
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) < 0) {
    return last_error("bind a netfilter socket");
  }
  const int group = NFNLGRP_NFTABLES;
  if (::setsockopt(fd.get(), SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0) {
    return last_error("hear of changes to nftables");
  }
  return NftMonitor(std::move(fd), std::move(table), own_port);
}

bool NftMonitor::was_changed() {
  bool changed = false;
  netlink::Buffer buffer;
  for (int i = 0; i < reads_a_turn; ++i) {
    const auto datagram = netlink::receive(fd_.get(), buffer, 0);
    if (!datagram) return changed || datagram.error().code == ENOBUFS;
    netlink::Messages messages(*datagram);
    while (const nlmsghdr* message = messages.next()) {
      if (message->nlmsg_pid == own_port_ || message->nlmsg_pid == 0) continue;  // 0: the kernel's own
      changed = changed || table_of(message) == table_;
    }
  }
  return changed;
}

}  // namespace baton::kernel
