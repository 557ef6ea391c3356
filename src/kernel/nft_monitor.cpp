#include "kernel/nft_monitor.h"

// clang-format off
#include <netinet/in.h>
#include <linux/filter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
// clang-format on
#include <sys/socket.h>

#include <cerrno>
#include <cstddef>
#include <iterator>

#include "base/result.h"
#include "kernel/netlink_message.h"

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

// What we change ourselves is not heard: of a large table it would fill the buffer, and what is lost counts as
// another's. All messages of a datagram are of one transaction, and so of one sender.
SysResult<void> ignore_sender(int fd, std::uint32_t port) {
  const auto number_of_sender = static_cast<std::uint32_t>(offsetof(nlmsghdr, nlmsg_pid));
  sock_filter program[] = {
      {.code = BPF_LD | BPF_W | BPF_ABS, .jt = 0, .jf = 0, .k = number_of_sender},  // read as big-endian
      {.code = BPF_JMP | BPF_JEQ | BPF_K, .jt = 0, .jf = 1, .k = htonl(port)},
      {.code = BPF_RET | BPF_K, .jt = 0, .jf = 0, .k = 0},
      {.code = BPF_RET | BPF_K, .jt = 0, .jf = 0, .k = 0xffffffff},
  };
  const sock_fprog filter{.len = std::size(program), .filter = program};
  if (::setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)) < 0) {
    return last_error("filter a netfilter socket");
  }
  return {};
}

}  // namespace

SysResult<NftMonitor> NftMonitor::open(std::string table, std::uint32_t own_port) {
  UniqueFd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_NETFILTER));
  if (!fd) return last_error("open a netfilter socket");
  if (::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUFFORCE, &receive_buffer, sizeof(receive_buffer)) < 0) {
    (void)::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer));
  }
  TRY_VOID(ignore_sender(fd.get(), own_port));
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
