// The balancer's table of one family as messages of a batch: its sets and base chains, the chain of a service and those
// of its real servers. For nft_balance.cpp.
//
//   prerouting ─ services: protocol . address . port ─▶ service-7 ─ clients-8: who was here lately ─▶ server-8
//                services_any_port, services_marked     │           a number and its slot ───────────▶   counter
//                                                       └─ nobody: reject                                destination
//                                                       NAT
//   direct ───── direct_services ... ─────────────────▶ direct-9 ── connections-10: what is known ──▶ server-10
//                                                                   or as above                       routed by way of
//                                                                   it
//
// The rules are such as nft(8) writes itself: its 1.0.6 ends when it lists a map in whose result something is looked
// up, which is why clients and connections are a set a server and not one map of servers.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/server_selection.h"
#include "base/service_table.h"
#include "kernel/nft_balance.h"
#include "kernel/nft_batch.h"
#include "kernel/nft_rule.h"

namespace baton::kernel::nft {

inline constexpr const char* settings_set = "settings";
inline constexpr const char* masquerading_chain = "prerouting";
inline constexpr const char* direct_chain = "direct";

// A service as it stands in the table. Services and servers have numbers of one row.
struct Place {
  ServiceKey key;
  std::uint32_t number = 0;
  bool is_direct = false;
  std::map<DestinationKey, std::uint32_t> servers{};
};
enum class ChainKind : std::uint8_t { service, direct_service, server };
std::string chain_name(ChainKind kind, std::uint32_t number);
struct ChainName {
  ChainKind kind = ChainKind::service;
  std::uint32_t number = 0;
};
std::optional<ChainName> read_chain_name(std::string_view name);

// A key of the set `settings`.
struct ServerName {
  std::uint32_t number = 0;  // of its service
  DestinationKey server;
};
std::optional<ServerName> read_server(ByteView key, Family family);

class BalanceRules {
 public:
  BalanceRules(Batch& batch, Family family, const DirectTimeouts& timeouts);

  void remove_table();
  void add_table();
  void add_masquerading();
  void add_direct();

  // `place` has a number for each server of the service.
  void add_service(const Place& place, const TableService& service, const ServerSelection& selection);
  // Of a service whose options are the same; `before` has other servers.
  void change_servers(const Place& place, const TableService& now, const ServerSelection& selection,
                      const Place& before, const TableService& then);
  void remove_service(const Place& place, const TableService& service);

 private:
  // What of the service the rules of its chains need to know.
  struct Chain {
    const Place& place;
    const TableService& service;
    const ServerSelection& selection;
    std::string name;
  };

  SetShape set(const char* name, std::uint32_t key_type, std::size_t key_size) const;
  SetShape verdicts(const char* name, std::uint32_t key_type, std::size_t key_size) const;
  SetShape notes(const char* name, std::uint32_t number, std::uint32_t key_type, std::size_t key_size,
                 std::uint32_t most) const;
  SetShape clients(std::uint32_t number) const;
  SetShape connections(const Place& place, std::uint32_t number) const;
  SetShape settings() const;
  SetShape service_map(const Place& place) const;
  SetShape masqueraded_set(const ServiceKey& key) const;
  std::vector<Element> entries(const Place& place, bool with_chain) const;
  void create(SetShape shape);
  void change_settings(const Place& place, const TableService* then, const TableService* now);

  void add_entry_rules(const char* chain, const char* exact, const char* any_port);
  void add_marked_rule(const char* chain, const char* marked);
  void add_masquerade_rules();
  void add_service_rules(const Chain& chain);
  void add_known_rules(const Chain& chain);
  void add_pick_rule(const Chain& chain);
  SetShape add_slots(const Chain& chain);
  void add_server(const Chain& chain, const DestinationKey& server, std::uint32_t number);
  void add_server_rules(const Chain& chain, const DestinationKey& server, std::uint32_t number);
  void add_connection_rules(const Chain& chain, std::uint32_t number);
  void remove_server(const Chain& chain, std::uint32_t number);

  Rule rule(const std::string& chain) const { return {table_, protocol_family_, chain}; }
  Rule& load_client(Rule& rule, const Chain& chain) const;
  Rule& load_connection(Rule& rule, const Place& place) const;
  Rule& load_number(Rule& rule, const Chain& chain) const;
  static bool keeps_connections(const Chain& chain);
  static bool is_persistent(const Chain& chain);

  Batch& batch_;
  Family family_;
  std::uint16_t protocol_family_;
  DirectTimeouts timeouts_;
  std::string table_ = balance_table;
  std::uint32_t address_size_;
  std::uint32_t address_type_;
  std::uint32_t source_offset_;  // in the network header
  std::uint32_t destination_offset_;
  unsigned address_registers_;
};

}  // namespace baton::kernel::nft
