#include "kernel/nft_batch.h"

#include <libnftnl/chain.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>
#include <libnftnl/udata.h>
#include <linux/netfilter/nfnetlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>

#include "base/result.h"
#include "kernel/netlink_message.h"

namespace baton::kernel::nft {
namespace {

constexpr std::size_t interface_name_size = 16;  // IFNAMSIZ
constexpr std::size_t elements_a_message = 500;  // an attribute has 64 KiB
constexpr std::size_t message_size = 128UZ * 1024;
constexpr int send_buffer = 16 * 1024 * 1024;
constexpr std::size_t user_data_size = 256;  // NFT_USERDATA_MAXLEN

using Table = std::unique_ptr<nftnl_table, Freer<nftnl_table_free>>;
using Chain = std::unique_ptr<nftnl_chain, Freer<nftnl_chain_free>>;
using Set = std::unique_ptr<nftnl_set, Freer<nftnl_set_free>>;
using RuleObject = std::unique_ptr<nftnl_rule, Freer<nftnl_rule_free>>;
using UserData = std::unique_ptr<nftnl_udata_buf, Freer<nftnl_udata_buf_free>>;

// How nft(8) is to read keys and values of a set: in the machine's own byte order (libnftables keeps that in attributes
// of its own; 0 is the key's, 1 the value's).
constexpr std::array<std::uint8_t, 12> host_order = {0, 4, 1, 0, 0, 0, 1, 4, 1, 0, 0, 0};

UserData comment_data(std::string_view comment, std::uint8_t type) {
  UserData data(::nftnl_udata_buf_alloc(user_data_size));
  (void)::nftnl_udata_put_strz(data.get(), type,
                               std::string(comment.substr(0, NFTNL_UDATA_COMMENT_MAXLEN - 1)).c_str());
  return data;
}

Chain make_chain(const std::string& table, const std::string& name) {
  Chain chain(::nftnl_chain_alloc());
  ::nftnl_chain_set_str(chain.get(), NFTNL_CHAIN_TABLE, table.c_str());
  ::nftnl_chain_set_str(chain.get(), NFTNL_CHAIN_NAME, name.c_str());
  return chain;
}

void put_chain(Batch& batch, std::uint16_t type, std::uint16_t family, std::uint16_t flags, const Chain& chain) {
  batch.add(type, family, flags, [&](nlmsghdr* message) { ::nftnl_chain_nlmsg_build_payload(message, chain.get()); });
}

void put_table(Batch& batch, std::uint16_t type, std::uint16_t flags, const std::string& name, std::uint16_t family) {
  const Table table(::nftnl_table_alloc());
  ::nftnl_table_set_str(table.get(), NFTNL_TABLE_NAME, name.c_str());
  ::nftnl_table_set_u32(table.get(), NFTNL_TABLE_FAMILY, family);
  batch.add(type, family, flags, [&](nlmsghdr* message) { ::nftnl_table_nlmsg_build_payload(message, table.get()); });
}

Set make_set(const SetShape& shape) {
  Set set(::nftnl_set_alloc());
  ::nftnl_set_set_str(set.get(), NFTNL_SET_TABLE, shape.table.c_str());
  ::nftnl_set_set_str(set.get(), NFTNL_SET_NAME, shape.name.c_str());
  ::nftnl_set_set_u32(set.get(), NFTNL_SET_FAMILY, shape.family);
  if (shape.id != 0) ::nftnl_set_set_u32(set.get(), NFTNL_SET_ID, shape.id);
  return set;
}

nftnl_set_elem* make_element(const Element& one) {
  nftnl_set_elem* element = ::nftnl_set_elem_alloc();
  ::nftnl_set_elem_set(element, NFTNL_SET_ELEM_KEY, one.key.data(), static_cast<std::uint32_t>(one.key.size()));
  if (!one.value.empty()) {
    ::nftnl_set_elem_set(element, NFTNL_SET_ELEM_DATA, one.value.data(), static_cast<std::uint32_t>(one.value.size()));
  }
  if (!one.chain.empty()) {
    ::nftnl_set_elem_set_u32(element, NFTNL_SET_ELEM_VERDICT, static_cast<std::uint32_t>(NFT_GOTO));
    ::nftnl_set_elem_set_str(element, NFTNL_SET_ELEM_CHAIN, one.chain.c_str());
  }
  if (!one.comment.empty()) {
    const UserData data = comment_data(one.comment, NFTNL_UDATA_SET_ELEM_COMMENT);
    ::nftnl_set_elem_set(element, NFTNL_SET_ELEM_USERDATA, ::nftnl_udata_buf_data(data.get()),
                         ::nftnl_udata_buf_len(data.get()));
  }
  return element;
}

void put_elements(Batch& batch, std::uint16_t type, std::uint16_t flags, const SetShape& shape,
                  std::span<const Element> elements) {
  for (std::size_t begin = 0; begin < elements.size(); begin += elements_a_message) {
    const Set part = make_set(shape);
    for (const Element& one : elements.subspan(begin, std::min(elements_a_message, elements.size() - begin))) {
      ::nftnl_set_elem_add(part.get(), make_element(one));  // which owns it
    }
    batch.add(type, shape.family, flags,
              [&](nlmsghdr* message) { ::nftnl_set_elems_nlmsg_build_payload(message, part.get()); });
  }
}

}  // namespace

// ---------------------------------------------------------------- a batch

SysResult<UniqueFd> open_socket() {
  UniqueFd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER));
  if (!fd) return last_error("open a netfilter socket");
  netlink::make_room(fd.get());
  if (::setsockopt(fd.get(), SOL_SOCKET, SO_SNDBUFFORCE, &send_buffer, sizeof(send_buffer)) < 0) {
    (void)::setsockopt(fd.get(), SOL_SOCKET, SO_SNDBUF, &send_buffer, sizeof(send_buffer));
  }
  return fd;
}

Batch::Batch() {
  frame(NFNL_MSG_BATCH_BEGIN);
}

nlmsghdr* Batch::begin(std::uint16_t type, std::uint16_t family, std::uint16_t flags) {
  scratch_.resize(message_size);
  ++messages_;
  return ::nftnl_nlmsg_build_hdr(scratch_.data(), type, family, flags, ++sequence_);
}

void Batch::frame(std::uint16_t type) {
  scratch_.resize(message_size);
  append(type == NFNL_MSG_BATCH_BEGIN ? ::nftnl_batch_begin(scratch_.data(), ++sequence_)
                                      : ::nftnl_batch_end(scratch_.data(), ++sequence_));
}

void Batch::append(const nlmsghdr* message) {
  last_ = bytes_.size();
  const char* start = reinterpret_cast<const char*>(message);
  bytes_.insert(bytes_.end(), start, start + MNL_ALIGN(message->nlmsg_len));
}

SysResult<void> Batch::commit() {
  const UniqueFd fd = TRY(open_socket());
  return commit(fd.get());
}

SysResult<void> Batch::commit(int fd) {
  if (is_empty()) return {};
  reinterpret_cast<nlmsghdr*>(bytes_.data() + last_)->nlmsg_flags |= NLM_F_ACK;
  const std::uint32_t last_sequence = sequence_;
  frame(NFNL_MSG_BATCH_END);
  TRY_VOID(netlink::send_all(fd, bytes_.data(), bytes_.size()));
  netlink::Buffer buffer;
  for (;;) {
    netlink::Messages answers(TRY(netlink::receive(fd, buffer, netlink::answer_timeout_ms)));
    while (const nlmsghdr* part = answers.next()) {
      if (part->nlmsg_type != NLMSG_ERROR) continue;
      const int code = -static_cast<const nlmsgerr*>(::mnl_nlmsg_get_payload(part))->error;
      if (code == 0 && part->nlmsg_seq == last_sequence) return {};
      if (code == 0) continue;
      while (netlink::receive(fd, buffer, 0)) {
      }  // what else it says of this batch, all of which is there now
      return std::unexpected(SysError{"change nftables", code});
    }
  }
}

// ---------------------------------------------------------------- keys

Key bytes_of(const IpAddress& address) {
  const auto* data = static_cast<const std::uint8_t*>(static_cast<const void*>(address.bytes().data()));
  return {data, data + address.size()};
}

Key bytes_of(const std::string& interface) {
  Key key(interface_name_size, 0);
  std::copy_n(interface.begin(), std::min(interface.size(), interface_name_size - 1), key.begin());
  return key;
}

Key bytes_of(std::uint32_t number) {
  Key key(sizeof(number));
  std::memcpy(key.data(), &number, sizeof(number));
  return key;
}

Key port_bytes(std::uint16_t port) {
  return {static_cast<std::uint8_t>(port >> 8), static_cast<std::uint8_t>(port & 0xff), 0, 0};
}

Key protocol_bytes(std::uint8_t protocol) {
  return {protocol, 0, 0, 0};
}

Key operator+(Key left, const Key& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

// ---------------------------------------------------------------- objects

void add_table(Batch& batch, const std::string& table, std::uint16_t family) {
  put_table(batch, NFT_MSG_NEWTABLE, NLM_F_CREATE, table, family);
}

void remove_table(Batch& batch, const std::string& table, std::uint16_t family) {
  add_table(batch, table, family);
  put_table(batch, NFT_MSG_DELTABLE, 0, table, family);
}

void add_base_chain(Batch& batch, const std::string& table, std::uint16_t family, const char* name,
                    const BaseChain& base) {
  const Chain chain = make_chain(table, name);
  ::nftnl_chain_set_str(chain.get(), NFTNL_CHAIN_TYPE, base.type);
  ::nftnl_chain_set_u32(chain.get(), NFTNL_CHAIN_HOOKNUM, base.hook);
  ::nftnl_chain_set_s32(chain.get(), NFTNL_CHAIN_PRIO, base.priority);
  ::nftnl_chain_set_u32(chain.get(), NFTNL_CHAIN_POLICY, NF_ACCEPT);
  put_chain(batch, NFT_MSG_NEWCHAIN, family, NLM_F_CREATE, chain);
}

void add_chain(Batch& batch, const std::string& table, std::uint16_t family, const std::string& name,
               std::string_view comment) {
  const Chain chain = make_chain(table, name);
  const UserData data = comment_data(comment, NFTNL_UDATA_CHAIN_COMMENT);
  ::nftnl_chain_set_data(chain.get(), NFTNL_CHAIN_USERDATA, ::nftnl_udata_buf_data(data.get()),
                         ::nftnl_udata_buf_len(data.get()));
  put_chain(batch, NFT_MSG_NEWCHAIN, family, NLM_F_CREATE, chain);
}

void remove_chain(Batch& batch, const std::string& table, std::uint16_t family, const std::string& name) {
  put_chain(batch, NFT_MSG_DELCHAIN, family, 0, make_chain(table, name));
}

void flush_chain(Batch& batch, const std::string& table, std::uint16_t family, const std::string& name) {
  const RuleObject rule(::nftnl_rule_alloc());
  ::nftnl_rule_set_str(rule.get(), NFTNL_RULE_TABLE, table.c_str());
  ::nftnl_rule_set_str(rule.get(), NFTNL_RULE_CHAIN, name.c_str());
  batch.add(NFT_MSG_DELRULE, family, 0,
            [&](nlmsghdr* message) { ::nftnl_rule_nlmsg_build_payload(message, rule.get()); });
}

void add_set(Batch& batch, const SetShape& shape) {
  const Set set = make_set(shape);
  ::nftnl_set_set_u32(set.get(), NFTNL_SET_KEY_TYPE, shape.key_type);
  ::nftnl_set_set_u32(set.get(), NFTNL_SET_KEY_LEN, static_cast<std::uint32_t>(shape.key_size));
  ::nftnl_set_set_u32(set.get(), NFTNL_SET_FLAGS, shape.flags);
  if (shape.host_order != HostOrder::nothing) {
    const bool is_of_keys = shape.host_order == HostOrder::keys;
    ::nftnl_set_set_data(set.get(), NFTNL_SET_USERDATA, host_order.data(),
                         static_cast<std::uint32_t>(host_order.size() / (is_of_keys ? 2 : 1)));
  }
  if (shape.data_type == type_verdict) {
    ::nftnl_set_set_u32(set.get(), NFTNL_SET_DATA_TYPE, static_cast<std::uint32_t>(NFT_DATA_VERDICT));
    ::nftnl_set_set_u32(set.get(), NFTNL_SET_DATA_LEN, 0);
  } else if (shape.data_type != 0) {
    ::nftnl_set_set_u32(set.get(), NFTNL_SET_DATA_TYPE, shape.data_type);
    ::nftnl_set_set_u32(set.get(), NFTNL_SET_DATA_LEN, static_cast<std::uint32_t>(shape.data_size));
  }
  if (shape.most_elements != 0) ::nftnl_set_set_u32(set.get(), NFTNL_SET_DESC_SIZE, shape.most_elements);
  if (shape.counts) ::nftnl_set_add_expr(set.get(), ::nftnl_expr_alloc("counter"));  // which owns it
  batch.add(NFT_MSG_NEWSET, shape.family, NLM_F_CREATE,
            [&](nlmsghdr* message) { ::nftnl_set_nlmsg_build_payload(message, set.get()); });
}

void remove_set(Batch& batch, const SetShape& shape) {
  const Set set = make_set(shape);
  batch.add(NFT_MSG_DELSET, shape.family, 0,
            [&](nlmsghdr* message) { ::nftnl_set_nlmsg_build_payload(message, set.get()); });
}

void add_elements(Batch& batch, const SetShape& shape, std::span<const Element> elements) {
  put_elements(batch, NFT_MSG_NEWSETELEM, NLM_F_CREATE, shape, elements);
}

void remove_elements(Batch& batch, const SetShape& shape, std::span<const Element> elements) {
  put_elements(batch, NFT_MSG_DELSETELEM, 0, shape, elements);
}

}  // namespace baton::kernel::nft
