// Transactions of nf_tables, and the objects in them, for this room's own sources: libnftnl writes the messages, all of
// a batch happens between two packets or not at all.
#pragma once

// Must stand before <linux/netfilter.h>, which has an in.h of its own.
#include <netinet/in.h>
// clang-format off
#include <libmnl/libmnl.h>
#include <libnftnl/common.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
// clang-format on

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ip_address.h"
#include "base/sys_error.h"
#include "base/unique_fd.h"

namespace baton::kernel::nft {

template <auto Free>
struct Freer {
  void operator()(auto* object) const { Free(object); }
};

// Types of keys, by which nft(8) prints them (libnftables' datatype.h numbers them); several follow each other in six
// bits each.
inline constexpr std::uint32_t type_verdict = 1;
inline constexpr std::uint32_t type_integer = 4;
inline constexpr std::uint32_t type_ipv4 = 7;
inline constexpr std::uint32_t type_ipv6 = 8;
inline constexpr std::uint32_t type_protocol = 12;
inline constexpr std::uint32_t type_port = 13;
inline constexpr std::uint32_t type_mark = 19;
inline constexpr std::uint32_t type_interface_index = 20;
inline constexpr std::uint32_t type_interface_name = 41;
constexpr std::uint32_t types(std::uint32_t only) {
  return only;
}
constexpr std::uint32_t types(std::uint32_t first, auto... rest) {
  constexpr unsigned bits = 6;
  return first << (bits * sizeof...(rest)) | types(rest...);
}

// A netlink socket that may send batches of any size that we make.
SysResult<UniqueFd> open_socket();

// One transaction: all of it or nothing.
class Batch {
 public:
  Batch();

  template <typename Build>
  void add(std::uint16_t type, std::uint16_t family, std::uint16_t flags, Build&& build) {
    nlmsghdr* message = begin(type, family, flags);
    build(message);
    append(message);
  }
  bool is_empty() const { return messages_ == 0; }
  std::uint32_t new_set_id() { return ++last_set_id_; }
  std::size_t size() const { return bytes_.size(); }

  SysResult<void> commit();        // over a socket of its own
  SysResult<void> commit(int fd);  // one of open_socket()

 private:
  nlmsghdr* begin(std::uint16_t type, std::uint16_t family, std::uint16_t flags);
  void frame(std::uint16_t type);
  void append(const nlmsghdr* message);

  std::vector<char> scratch_;
  std::vector<char> bytes_;
  std::size_t messages_ = 0;
  std::size_t last_ = 0;
  std::uint32_t sequence_ = 0;
  std::uint32_t last_set_id_ = 0;
};

using Key = std::vector<std::uint8_t>;

Key bytes_of(const IpAddress& address);
Key bytes_of(const std::string& interface);  // of a fixed size
Key bytes_of(std::uint32_t number);          // as the machine has it
Key port_bytes(std::uint16_t port);          // as a packet has it, padded as in a register
Key protocol_bytes(std::uint8_t protocol);   // likewise
Key operator+(Key left, const Key& right);

struct Element {
  Key key;
  Key value{};            // of a map
  std::string chain{};    // of a verdict map: goto
  std::string comment{};  // at most 127 bytes
};

enum class HostOrder : std::uint8_t { nothing, keys, keys_and_values };  // of one number or name each

// What a set is. A map has a data type; one of verdicts no size of data.
struct SetShape {
  std::string table;
  std::uint16_t family = 0;
  std::string name;
  std::uint32_t id = 0;  // within the transaction; 0: the set is there already
  std::uint32_t flags = 0;
  std::uint32_t key_type = 0;
  std::size_t key_size = 0;
  std::uint32_t data_type = 0;
  std::size_t data_size = 0;
  std::uint32_t most_elements = 0;  // 0: no bound
  bool counts = false;              // every element, who finds it
  HostOrder host_order = HostOrder::nothing;
};

void add_table(Batch& batch, const std::string& table, std::uint16_t family);
// Made first, because what is not there cannot be removed.
void remove_table(Batch& batch, const std::string& table, std::uint16_t family);
struct BaseChain {
  const char* type = "filter";
  std::uint32_t hook = 0;
  std::int32_t priority = 0;
};
void add_base_chain(Batch& batch, const std::string& table, std::uint16_t family, const char* name,
                    const BaseChain& base);
// A chain that others lead to. `comment`: at most 127 bytes.
void add_chain(Batch& batch, const std::string& table, std::uint16_t family, const std::string& name,
               std::string_view comment);
void remove_chain(Batch& batch, const std::string& table, std::uint16_t family, const std::string& name);
void flush_chain(Batch& batch, const std::string& table, std::uint16_t family, const std::string& name);
void add_set(Batch& batch, const SetShape& shape);
void remove_set(Batch& batch, const SetShape& shape);
void add_elements(Batch& batch, const SetShape& shape, std::span<const Element> elements);
void remove_elements(Batch& batch, const SetShape& shape, std::span<const Element> elements);

}  // namespace baton::kernel::nft
