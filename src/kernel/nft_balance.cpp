#include "kernel/nft_balance.h"

#include <libnftnl/chain.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <libnftnl/set.h>
#include <libnftnl/udata.h>
#include <linux/netfilter/nfnetlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <optional>
#include <utility>

#include "base/result.h"
#include "kernel/netlink_dump.h"
#include "kernel/nft_balance_rules.h"
#include "kernel/nft_comment.h"

namespace baton::kernel {
namespace {

constexpr int dump_tries = 8;  // while somebody changes rules
constexpr std::array both{Family::ipv4, Family::ipv6};

using Chain = std::unique_ptr<nftnl_chain, nft::Freer<nftnl_chain_free>>;
using Set = std::unique_ptr<nftnl_set, nft::Freer<nftnl_set_free>>;
using RuleObject = std::unique_ptr<nftnl_rule, nft::Freer<nftnl_rule_free>>;

std::uint16_t protocol_of(Family family) {
  return family == Family::ipv4 ? NFPROTO_IPV4 : NFPROTO_IPV6;
}

// The comment, which both chains and elements have as their first attribute.
static_assert(NFTNL_UDATA_CHAIN_COMMENT == 0 && NFTNL_UDATA_SET_ELEM_COMMENT == 0);
std::string comment_in(ByteView data) {
  constexpr std::size_t header = 2;  // type, length
  if (data.size() < header || data[0] != 0 || data[1] == 0 || data.size() < header + data[1]) return {};
  return {reinterpret_cast<const char*>(data.data()) + header, data[1] - 1UZ};
}

ByteView view(const void* data, std::uint32_t size) {
  if (data == nullptr) return {};
  return {static_cast<const std::uint8_t*>(data), size};
}

SysResult<void> dump_chains(int fd, std::uint32_t& sequence, Family family, auto&& take) {
  return netlink::dump(
      fd, ++sequence,
      [&](nlmsghdr* message) {
        (void)::nftnl_nlmsg_build_hdr(reinterpret_cast<char*>(message), NFT_MSG_GETCHAIN, protocol_of(family), 0, 0);
      },
      [&](const nlmsghdr* message) {
        const Chain chain(::nftnl_chain_alloc());
        if (::nftnl_chain_nlmsg_parse(message, chain.get()) < 0) return;
        const char* table = ::nftnl_chain_get_str(chain.get(), NFTNL_CHAIN_TABLE);
        if (table != nullptr && std::string_view(table) == balance_table) take(chain.get());
      });
}

SysResult<void> dump_rules(int fd, std::uint32_t& sequence, Family family, auto&& take) {
  const auto dumped = netlink::dump(
      fd, ++sequence,
      [&](nlmsghdr* message) {
        (void)::nftnl_nlmsg_build_hdr(reinterpret_cast<char*>(message), NFT_MSG_GETRULE, protocol_of(family), 0, 0);
        const RuleObject rule(::nftnl_rule_alloc());
        ::nftnl_rule_set_str(rule.get(), NFTNL_RULE_TABLE, balance_table);
        ::nftnl_rule_nlmsg_build_payload(message, rule.get());
      },
      [&](const nlmsghdr* message) {
        const RuleObject rule(::nftnl_rule_alloc());
        if (::nftnl_rule_nlmsg_parse(message, rule.get()) < 0) return;
        const char* chain = ::nftnl_rule_get_str(rule.get(), NFTNL_RULE_CHAIN);
        if (chain != nullptr) take(std::string_view(chain), rule.get());
      });
  if (!dumped && dumped.error().code == ENOENT) return {};
  return dumped;
}

// A set that is not there has no elements.
SysResult<void> dump_elements(int fd, std::uint32_t& sequence, Family family, const char* name, auto&& take) {
  const auto dumped = netlink::dump(
      fd, ++sequence,
      [&](nlmsghdr* message) {
        (void)::nftnl_nlmsg_build_hdr(reinterpret_cast<char*>(message), NFT_MSG_GETSETELEM, protocol_of(family), 0, 0);
        const Set set(::nftnl_set_alloc());
        ::nftnl_set_set_str(set.get(), NFTNL_SET_TABLE, balance_table);
        ::nftnl_set_set_str(set.get(), NFTNL_SET_NAME, name);
        ::nftnl_set_elems_nlmsg_build_payload(message, set.get());
      },
      [&](const nlmsghdr* message) {
        const Set set(::nftnl_set_alloc());
        if (::nftnl_set_elems_nlmsg_parse(message, set.get()) < 0) return;
        const auto take_one = [](nftnl_set_elem* element, void* with) {
          std::uint32_t size = 0;
          const void* key = ::nftnl_set_elem_get(element, NFTNL_SET_ELEM_KEY, &size);
          (*static_cast<std::remove_reference_t<decltype(take)>*>(with))(view(key, size), element);
          return 0;
        };
        (void)::nftnl_set_elem_foreach(set.get(), take_one, &take);
      });
  if (!dumped && dumped.error().code == ENOENT) return {};
  return dumped;
}

std::string comment_of(nftnl_set_elem* element) {
  std::uint32_t size = 0;
  const void* data = ::nftnl_set_elem_get(element, NFTNL_SET_ELEM_USERDATA, &size);
  return comment_in(view(data, size));
}

struct Counted {
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
};
std::optional<Counted> counted_by(nftnl_rule* rule) {
  std::optional<Counted> counter;
  const auto read = [](nftnl_expr* expression, void* with) {
    if (std::string_view(::nftnl_expr_get_str(expression, NFTNL_EXPR_NAME)) == "counter") {
      *static_cast<std::optional<Counted>*>(with) =
          Counted{.packets = ::nftnl_expr_get_u64(expression, NFTNL_EXPR_CTR_PACKETS),
                  .bytes = ::nftnl_expr_get_u64(expression, NFTNL_EXPR_CTR_BYTES)};
    }
    return 0;
  };
  (void)::nftnl_expr_foreach(rule, read, &counter);
  return counter;
}

bool is_direct(const TableService& service) {
  return std::ranges::any_of(service.destinations,
                             [](const auto& entry) { return entry.second.method == ForwardMethod::direct; });
}

}  // namespace

SysResult<NftBalance> NftBalance::open() {
  UniqueFd fd = TRY(nft::open_socket());
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  socklen_t size = sizeof(address);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), size) < 0 ||
      ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size) < 0) {
    return last_error("bind a netfilter socket");
  }
  NftBalance balance(std::move(fd), address.nl_pid);
  const auto there = dump_chains(balance.fd_.get(), balance.sequence_, Family::ipv4, [](nftnl_chain*) {});
  if (!there && there.error().code != EINTR) {
    return std::unexpected(SysError{"ask the kernel for nf_tables", there.error().code});
  }
  return balance;
}

SysResult<void> NftBalance::remove_table() {
  nft::Batch batch;
  for (const Family family : both) nft::BalanceRules(batch, family, {}).remove_table();
  return batch.commit();
}

// ---------------------------------------------------------------- what there is

void NftBalance::distrust() {
  v4_.must_be_replaced = true;
  v6_.must_be_replaced = true;
}

SysResult<ServiceTable> NftBalance::dump() {
  ServiceTable table;
  for (const Family family : both) {
    if (state(family).must_be_replaced) continue;
    for (int tries = 1;; ++tries) {
      ServiceTable part;
      const auto done = read(family, part);
      if (done) {
        table.merge(part);
        break;
      }
      if (done.error().code != EINTR || tries == dump_tries) return std::unexpected(done.error());
    }
  }
  return table;
}

SysResult<void> NftBalance::read(Family family, ServiceTable& table) {
  FamilyState found;
  TRY_VOID(read_chains(family, found, table));
  if (!found.must_be_replaced) TRY_VOID(read_settings(family, found, table));
  if (found.must_be_replaced) {
    table.clear();
    found.services.clear();
  }
  state(family) = std::move(found);
  return {};
}

SysResult<void> NftBalance::read_chains(Family family, FamilyState& found, ServiceTable& table) {
  std::map<std::uint32_t, std::map<DestinationKey, std::uint32_t>> servers;  // by the number of their service
  TRY_VOID(dump_chains(fd_.get(), sequence_, family, [&](nftnl_chain* chain) {
    found.has_table = true;
    const std::string_view text = ::nftnl_chain_get_str(chain, NFTNL_CHAIN_NAME);
    found.has_masquerading = found.has_masquerading || text == nft::masquerading_chain;
    found.has_direct = found.has_direct || text == nft::direct_chain;
    const auto name = nft::read_chain_name(text);
    if (!name) return;
    found.last_number = std::max(found.last_number, name->number);
    std::uint32_t size = 0;
    const void* data = ::nftnl_chain_get_data(chain, NFTNL_CHAIN_USERDATA, &size);
    const std::string comment = comment_in(view(data, size));
    if (name->kind == nft::ChainKind::server) {
      if (const auto server = nft::parse_server(comment)) servers[server->first][server->second] = name->number;
      return;
    }
    auto service = nft::parse_service(comment);
    found.must_be_replaced = found.must_be_replaced || !service;
    if (!service) return;
    found.services[service->first] = {.number = name->number,
                                      .is_direct = name->kind == nft::ChainKind::direct_service};
    table[service->first].options = std::move(service->second);
  }));
  for (auto& [key, known] : found.services) known.servers = std::move(servers[known.number]);
  return {};
}

SysResult<void> NftBalance::read_settings(Family family, FamilyState& found, ServiceTable& table) {
  std::map<std::uint32_t, std::pair<const Known*, TableService*>> by_number;
  for (const auto& [key, known] : found.services) by_number[known.number] = {&known, &table[key]};
  std::size_t servers = 0;
  std::size_t read = 0;
  for (const auto& [key, known] : found.services) servers += known.servers.size();
  TRY_VOID(dump_elements(fd_.get(), sequence_, family, nft::settings_set, [&](ByteView key, nftnl_set_elem* element) {
    const auto name = nft::read_server(key, family);
    const auto settings = nft::parse_destination(comment_of(element));
    const auto service = name ? by_number.find(name->number) : by_number.end();
    if (!settings || service == by_number.end() || !service->second.first->servers.contains(name->server)) return;
    if (service->second.second->destinations.emplace(name->server, *settings).second) ++read;
  }));
  found.must_be_replaced = found.must_be_replaced || read != servers;
  return {};
}

SysResult<TrafficTable> NftBalance::traffic() {
  for (int tries = 1;; ++tries) {
    auto table = traffic_once();
    if (table || table.error().code != EINTR || tries == dump_tries) return table;
  }
}

SysResult<TrafficTable> NftBalance::traffic_once() {
  TrafficTable table;
  for (const Family family : both) {
    struct Place {
      ServerTraffic* traffic;
      bool is_direct;
    };
    std::map<std::uint32_t, Place> by_number;
    for (const auto& [key, known] : state(family).services) {
      for (const auto& [server, number] : known.servers) {
        by_number.emplace(number, Place{.traffic = &table[key][server], .is_direct = known.is_direct});
      }
    }
    TRY_VOID(dump_rules(fd_.get(), sequence_, family, [&](std::string_view chain, nftnl_rule* rule) {
      const auto name = nft::read_chain_name(chain);
      if (!name || name->kind != nft::ChainKind::server) return;
      const auto server = by_number.find(name->number);
      if (const auto counted = counted_by(rule); counted && server != by_number.end()) {
        const auto& [traffic, is_direct] = server->second;
        if (is_direct) *traffic = {.packets_in = counted->packets, .bytes_in = counted->bytes};
        // Conntrack knows the server from the second packet on, so that the first one is a connection.
        if (!is_direct) *traffic = {.connections = counted->packets};
      }
    }));
  }
  return table;
}

// ---------------------------------------------------------------- changes

// What a batch makes of the tables; it is known of once the kernel has taken it.
class NftBalance::Transaction {
 public:
  explicit Transaction(NftBalance& balance) : balance_(balance) {}

  void change(const Change& change) {
    Part& part = part_of(change.key.family);
    const auto known = part.state->services.find(change.key);
    const bool is_there = known != part.state->services.end() && change.before != nullptr;
    if (is_there && keeps_chain(change, known->second)) {
      const nft::Place before = place(change.key, known->second);
      nft::Place after{.key = before.key, .number = before.number, .is_direct = before.is_direct};
      for (const auto& [server, settings] : change.after->destinations) {
        const auto number = before.servers.find(server);
        after.servers[server] = number == before.servers.end() ? ++part.last_number : number->second;
      }
      part.rules.change_servers(after, *change.after, change.selection, before, *change.before);
      part.changed.emplace_back(change.key, known_as(after));
      return;
    }
    if (is_there) {
      part.rules.remove_service(place(change.key, known->second), *change.before);
      part.changed.emplace_back(change.key, std::nullopt);
    }
    if (change.after == nullptr) return;
    nft::Place after{.key = change.key, .number = ++part.last_number, .is_direct = is_direct(*change.after)};
    for (const auto& [server, settings] : change.after->destinations) after.servers[server] = ++part.last_number;
    require(part, after.is_direct);
    part.rules.add_service(after, *change.after, change.selection);
    part.changed.emplace_back(change.key, known_as(after));
  }

  SysResult<void> commit() {
    TRY_VOID(batch_.commit(balance_.fd_.get()));
    for (std::optional<Part>* part : {&v4_, &v6_}) {
      if (*part) take_over(**part);
    }
    return {};
  }

 private:
  struct Part {
    FamilyState* state = nullptr;
    nft::BalanceRules rules;
    std::uint32_t last_number = 0;
    bool replaces = false;
    bool has_masquerading = false;
    bool has_direct = false;
    std::vector<std::pair<ServiceKey, std::optional<Known>>> changed{};
  };

  static bool keeps_chain(const Change& change, const Known& known) {
    return change.after != nullptr && change.before->options == change.after->options &&
           (change.after->destinations.empty() || known.is_direct == is_direct(*change.after));
  }
  static nft::Place place(const ServiceKey& key, const Known& known) {
    return {.key = key, .number = known.number, .is_direct = known.is_direct, .servers = known.servers};
  }
  static Known known_as(const nft::Place& place) {
    return {.number = place.number, .is_direct = place.is_direct, .servers = place.servers};
  }

  Part& part_of(Family family) {
    std::optional<Part>& part = family == Family::ipv4 ? v4_ : v6_;
    if (part) return *part;
    FamilyState& state = balance_.state(family);
    if (state.must_be_replaced) {
      state.services.clear();
      state.has_table = state.has_masquerading = state.has_direct = false;
    }
    part.emplace(Part{.state = &state,
                      .rules = nft::BalanceRules(batch_, family, balance_.timeouts_),
                      .last_number = state.last_number,
                      .replaces = state.must_be_replaced,
                      .has_masquerading = state.has_masquerading,
                      .has_direct = state.has_direct});
    if (part->replaces) part->rules.remove_table();
    if (!state.has_table) part->rules.add_table();
    return *part;
  }

  static void require(Part& part, bool direct) {
    if (direct && !std::exchange(part.has_direct, true)) part.rules.add_direct();
    if (!direct && !std::exchange(part.has_masquerading, true)) part.rules.add_masquerading();
  }

  static void take_over(Part& part) {
    FamilyState& state = *part.state;
    state.has_table = true;
    state.must_be_replaced = false;
    state.has_masquerading = part.has_masquerading;
    state.has_direct = part.has_direct;
    state.last_number = part.last_number;
    for (const auto& [key, known] : part.changed) {
      state.services.erase(key);
      if (known) state.services.emplace(key, *known);
    }
  }

  NftBalance& balance_;
  nft::Batch batch_;
  std::optional<Part> v4_;
  std::optional<Part> v6_;
};

SysResult<void> NftBalance::change(std::span<const Change> changes) {
  Transaction transaction(*this);
  for (const Change& change : changes) transaction.change(change);
  return transaction.commit();
}

SysResult<void> NftBalance::flush() {
  nft::Batch batch;
  for (const Family family : both) nft::BalanceRules(batch, family, {}).remove_table();
  TRY_VOID(batch.commit(fd_.get()));
  v4_ = {};
  v6_ = {};
  return {};
}

}  // namespace baton::kernel
