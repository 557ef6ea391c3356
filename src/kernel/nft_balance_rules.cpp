#include "kernel/nft_balance_rules.h"

#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "kernel/nft_comment.h"

namespace baton::kernel::nft {
namespace {

constexpr std::uint8_t tcp = 6;
constexpr std::uint8_t udp = 17;
constexpr std::uint8_t sctp = 132;
constexpr std::uint32_t tcp_flags = 13;  // in the header
constexpr std::uint8_t fin_or_rst = 0x05;

constexpr std::int32_t priority_raw = -300;   // before conntrack
constexpr std::int32_t priority_mark = -140;  // behind those who set marks, at -150
constexpr std::int32_t priority_destination = -100;
constexpr std::int32_t priority_source = 100;

constexpr std::string_view service_prefix = "service-";
constexpr std::string_view direct_prefix = "direct-";
constexpr std::string_view server_prefix = "server-";
constexpr const char* clients_prefix = "clients-";
constexpr const char* connections_prefix = "connections-";

struct Maps {
  const char* exact;
  const char* any_port;
  const char* marked;
};
constexpr Maps masquerading_maps{"services", "services_any_port", "services_marked"};
constexpr Maps direct_maps{"direct_services", "direct_any_port", "direct_marked"};
constexpr Maps masqueraded_sets{"masqueraded", "masqueraded_any_port", "masqueraded_marked"};

const char* of(const Maps& maps, const ServiceKey& key) {
  if (key.mark != 0) return maps.marked;
  return key.port == 0 ? maps.any_port : maps.exact;
}

Key prefix_mask(std::uint32_t size, std::uint8_t length) {
  Key mask(size, 0);
  for (unsigned bit = 0; bit < length && bit < size * 8; ++bit) {
    mask[bit / 8] = static_cast<std::uint8_t>(mask[bit / 8] | 0x80U >> bit % 8);
  }
  return mask;
}

std::string chain_of(const Place& place) {
  return chain_name(place.is_direct ? ChainKind::direct_service : ChainKind::service, place.number);
}

Key server_key(std::uint32_t number, const DestinationKey& server) {
  return bytes_of(number) + bytes_of(server.address) + port_bytes(server.port);
}

}  // namespace

std::string chain_name(ChainKind kind, std::uint32_t number) {
  switch (kind) {
    case ChainKind::service: return std::string(service_prefix) + std::to_string(number);
    case ChainKind::direct_service: return std::string(direct_prefix) + std::to_string(number);
    case ChainKind::server: return std::string(server_prefix) + std::to_string(number);
  }
  return {};
}

std::optional<ChainName> read_chain_name(std::string_view name) {
  for (const auto& [prefix, kind] :
       {std::pair(service_prefix, ChainKind::service), std::pair(direct_prefix, ChainKind::direct_service),
        std::pair(server_prefix, ChainKind::server)}) {
    if (!name.starts_with(prefix)) continue;
    ChainName result{.kind = kind};
    name.remove_prefix(prefix.size());
    const auto read = std::from_chars(name.data(), name.data() + name.size(), result.number);
    if (read.ec == std::errc{} && read.ptr == name.data() + name.size()) return result;
    return std::nullopt;
  }
  return std::nullopt;
}

std::optional<ServerName> read_server(ByteView key, Family family) {
  const std::size_t address = family == Family::ipv4 ? 4 : 16;
  if (key.size() < sizeof(std::uint32_t) + address + 2) return std::nullopt;
  ServerName name;
  std::memcpy(&name.number, key.data(), sizeof(name.number));
  name.server.address = IpAddress::from_bytes(key.subspan(sizeof(name.number), address));
  const ByteView port = key.subspan(sizeof(name.number) + address);
  name.server.port = static_cast<std::uint16_t>(port[0] << 8 | port[1]);
  return name;
}

BalanceRules::BalanceRules(Batch& batch, Family family, const DirectTimeouts& timeouts)
    : batch_(batch), family_(family), timeouts_(timeouts) {
  const bool is_v4 = family == Family::ipv4;
  protocol_family_ = is_v4 ? NFPROTO_IPV4 : NFPROTO_IPV6;
  address_size_ = is_v4 ? 4 : 16;
  address_type_ = is_v4 ? type_ipv4 : type_ipv6;
  source_offset_ = is_v4 ? 12 : 8;
  destination_offset_ = is_v4 ? 16 : 24;
  address_registers_ = address_size_ / 4;
}

// ---------------------------------------------------------------- sets

SetShape BalanceRules::set(const char* name, std::uint32_t key_type, std::size_t key_size) const {
  return {.table = table_, .family = protocol_family_, .name = name, .key_type = key_type, .key_size = key_size};
}

SetShape BalanceRules::verdicts(const char* name, std::uint32_t key_type, std::size_t key_size) const {
  SetShape shape = set(name, key_type, key_size);
  shape.flags = NFT_SET_MAP;
  shape.data_type = type_verdict;
  return shape;
}

// A set that packets write.
SetShape BalanceRules::notes(const char* name, std::uint32_t number, std::uint32_t key_type, std::size_t key_size,
                             std::uint32_t most) const {
  SetShape shape = set(name, key_type, key_size);
  shape.name += std::to_string(number);
  shape.flags = NFT_SET_TIMEOUT | NFT_SET_EVAL;
  shape.most_elements = most;
  return shape;
}

SetShape BalanceRules::clients(std::uint32_t number) const {
  return notes(clients_prefix, number, address_type_, address_size_, limits::persistent_clients);
}

// By the client's address and port alone where protocol, address and port of the service are known.
SetShape BalanceRules::connections(const Place& place, std::uint32_t number) const {
  const bool is_exact = place.key.mark == 0 && place.key.port != 0;
  return is_exact ? notes(connections_prefix, number, types(address_type_, type_port), address_size_ + 4,
                          limits::direct_connections)
                  : notes(connections_prefix, number,
                          types(address_type_, type_port, type_protocol, address_type_, type_port),
                          2 * (address_size_ + 4) + 4, limits::direct_connections);
}

SetShape BalanceRules::settings() const {
  return set(settings_set, types(type_mark, address_type_, type_port), 4 + address_size_ + 4);
}

SetShape BalanceRules::service_map(const Place& place) const {
  return set(of(place.is_direct ? direct_maps : masquerading_maps, place.key), 0, 0);
}

SetShape BalanceRules::masqueraded_set(const ServiceKey& key) const {
  return set(of(masqueraded_sets, key), 0, 0);
}

void BalanceRules::create(SetShape shape) {
  shape.id = batch_.new_set_id();
  add_set(batch_, shape);
}

// By what packets find the service.
std::vector<Element> BalanceRules::entries(const Place& place, bool with_chain) const {
  const ServiceKey& key = place.key;
  std::vector<Element> result;
  if (key.mark != 0) {
    for (const std::uint8_t protocol : {tcp, udp, sctp}) {
      result.push_back({.key = bytes_of(key.mark) + protocol_bytes(protocol)});
    }
  } else {
    Element& one = result.emplace_back(Element{.key = protocol_bytes(key.protocol) + bytes_of(key.address)});
    if (key.port != 0) one.key = one.key + port_bytes(key.port);
  }
  if (!with_chain) return result;
  for (Element& one : result) one.chain = chain_of(place);
  return result;
}

// ---------------------------------------------------------------- the table

void BalanceRules::remove_table() {
  nft::remove_table(batch_, table_, protocol_family_);
}

void BalanceRules::add_table() {
  nft::add_table(batch_, table_, protocol_family_);
  create(settings());
}

void BalanceRules::add_masquerading() {
  const std::uint32_t exact = types(type_protocol, address_type_, type_port);
  const std::uint32_t any_port = types(type_protocol, address_type_);
  const std::uint32_t marked = types(type_mark, type_protocol);
  create(verdicts(masquerading_maps.exact, exact, 4 + address_size_ + 4));
  create(verdicts(masquerading_maps.any_port, any_port, 4 + address_size_));
  create(verdicts(masquerading_maps.marked, marked, 8));
  create(set(masqueraded_sets.exact, exact, 4 + address_size_ + 4));
  create(set(masqueraded_sets.any_port, any_port, 4 + address_size_));
  create(set(masqueraded_sets.marked, marked, 8));
  for (const auto& [name, hook, priority] : {std::tuple(masquerading_chain, NF_INET_PRE_ROUTING, priority_destination),
                                             std::tuple("output", NF_INET_LOCAL_OUT, priority_destination),
                                             std::tuple("postrouting", NF_INET_POST_ROUTING, priority_source)}) {
    add_base_chain(batch_, table_, protocol_family_, name,
                   {.type = "nat", .hook = static_cast<std::uint32_t>(hook), .priority = priority});
  }
  for (const char* chain : {masquerading_chain, "output"}) {
    add_marked_rule(chain, masquerading_maps.marked);
    add_entry_rules(chain, masquerading_maps.exact, masquerading_maps.any_port);
  }
  add_masquerade_rules();
}

void BalanceRules::add_direct() {
  create(verdicts(direct_maps.exact, types(type_protocol, address_type_, type_port), 4 + address_size_ + 4));
  create(verdicts(direct_maps.any_port, types(type_protocol, address_type_), 4 + address_size_));
  create(verdicts(direct_maps.marked, types(type_mark, type_protocol), 8));
  add_base_chain(batch_, table_, protocol_family_, direct_chain,
                 {.hook = NF_INET_PRE_ROUTING, .priority = priority_raw});
  add_base_chain(batch_, table_, protocol_family_, "direct_by_mark",
                 {.hook = NF_INET_PRE_ROUTING, .priority = priority_mark});
  add_entry_rules(direct_chain, direct_maps.exact, direct_maps.any_port);
  add_marked_rule("direct_by_mark", direct_maps.marked);
}

void BalanceRules::add_entry_rules(const char* chain, const char* exact, const char* any_port) {
  rule(chain)
      .load_meta(NFT_META_L4PROTO)
      .load_network(destination_offset_, address_size_, 1)
      .load_transport(2, 2, 1 + address_registers_)
      .go_where(exact, 0)
      .append_to(batch_);
  rule(chain)
      .load_meta(NFT_META_L4PROTO)
      .load_network(destination_offset_, address_size_, 1)
      .go_where(any_port, 0)
      .append_to(batch_);
}

void BalanceRules::add_marked_rule(const char* chain, const char* marked) {
  rule(chain).load_meta(NFT_META_MARK).load_meta(NFT_META_L4PROTO, 1).go_where(marked, 0).append_to(batch_);
}

// The real server is to answer to us, by no other way.
void BalanceRules::add_masquerade_rules() {
  const std::uint32_t original = family_ == Family::ipv4 ? NFT_CT_DST_IP : NFT_CT_DST_IP6;
  const auto translated = [&] {
    Rule rule(table_, protocol_family_, "postrouting");
    rule.load_connection(NFT_CT_STATUS)
        .mask(bytes_of(std::uint32_t{IPS_DST_NAT}))
        .is_not_equal(bytes_of(std::uint32_t{0}));
    return rule;
  };
  Rule exact = translated();
  exact.load_meta(NFT_META_L4PROTO)
      .load_original(original, 1)
      .load_original(NFT_CT_PROTO_DST, 1 + address_registers_)
      .is_in(masqueraded_sets.exact, 0)
      .masquerade()
      .append_to(batch_);
  Rule any_port = translated();
  any_port.load_meta(NFT_META_L4PROTO)
      .load_original(original, 1)
      .is_in(masqueraded_sets.any_port, 0)
      .masquerade()
      .append_to(batch_);
  Rule marked = translated();
  marked.load_meta(NFT_META_MARK)
      .load_meta(NFT_META_L4PROTO, 1)
      .is_in(masqueraded_sets.marked, 0)
      .masquerade()
      .append_to(batch_);
}

// ---------------------------------------------------------------- a service

void BalanceRules::add_service(const Place& place, const TableService& service, const ServerSelection& selection) {
  const Chain chain{.place = place, .service = service, .selection = selection, .name = chain_of(place)};
  add_chain(batch_, table_, protocol_family_, chain.name, describe(place.key, service.options));
  for (const auto& [server, number] : place.servers) add_server(chain, server, number);
  change_settings(place, nullptr, &service);
  add_service_rules(chain);
  add_elements(batch_, service_map(place), entries(place, true));
  if (service.options.masquerade && !place.is_direct) {
    add_elements(batch_, masqueraded_set(place.key), entries(place, false));
  }
}

void BalanceRules::change_servers(const Place& place, const TableService& now, const ServerSelection& selection,
                                  const Place& before, const TableService& then) {
  const Chain chain{.place = place, .service = now, .selection = selection, .name = chain_of(place)};
  flush_chain(batch_, table_, protocol_family_, chain.name);
  for (const auto& [server, number] : before.servers) {
    if (!place.servers.contains(server)) remove_server(chain, number);
  }
  for (const auto& [server, number] : place.servers) {
    if (!before.servers.contains(server)) add_server(chain, server, number);
  }
  change_settings(place, &then, &now);
  add_service_rules(chain);
}

void BalanceRules::remove_service(const Place& place, const TableService& service) {
  const ServerSelection none;
  const Chain chain{.place = place, .service = service, .selection = none, .name = chain_of(place)};
  remove_elements(batch_, service_map(place), entries(place, false));
  if (service.options.masquerade && !place.is_direct) {
    remove_elements(batch_, masqueraded_set(place.key), entries(place, false));
  }
  remove_chain(batch_, table_, protocol_family_, chain.name);
  for (const auto& [server, number] : place.servers) remove_server(chain, number);
  change_settings(place, &service, nullptr);
}

// What a server is said to be is kept apart from its chain, whose counter goes on when the weight changes.
void BalanceRules::change_settings(const Place& place, const TableService* then, const TableService* now) {
  const auto find = [](const TableService* service, const DestinationKey& server) -> const Destination* {
    if (service == nullptr) return nullptr;
    const auto found = service->destinations.find(server);
    return found == service->destinations.end() ? nullptr : &found->second;
  };
  std::vector<Element> unsaid;
  std::vector<Element> said;
  if (then != nullptr) {
    for (const auto& [server, before] : then->destinations) {
      const Destination* after = find(now, server);
      if (after == nullptr || *after != before) unsaid.push_back({.key = server_key(place.number, server)});
    }
  }
  if (now != nullptr) {
    for (const auto& [server, after] : now->destinations) {
      const Destination* before = find(then, server);
      if (before != nullptr && *before == after) continue;
      said.push_back({.key = server_key(place.number, server), .comment = describe(after)});
    }
  }
  remove_elements(batch_, settings(), unsaid);
  add_elements(batch_, settings(), said);
}

// ---------------------------------------------------------------- its chain

void BalanceRules::add_service_rules(const Chain& chain) {
  // As with IPVS, it is ours while the address is here: a BACKUP leaves alone what passes through it.
  rule(chain.name)
      .load_kind_of_destination()
      .is_not_equal(bytes_of(std::uint32_t{RTN_LOCAL}))
      .verdict(static_cast<std::uint32_t>(NFT_RETURN))
      .append_to(batch_);
  add_known_rules(chain);
  if (!chain.selection.slots.empty()) add_pick_rule(chain);
  rule(chain.name).reject().append_to(batch_);
}

// Packets of one flow may go to different servers where the configuration has them scheduled one by one (ops).
bool BalanceRules::keeps_connections(const Chain& chain) {
  return chain.place.is_direct && (chain.service.options.flags & service_flag::one_packet) == 0;
}

bool BalanceRules::is_persistent(const Chain& chain) {
  return chain.service.options.persistence_seconds != 0;
}

void BalanceRules::add_known_rules(const Chain& chain) {
  if (keeps_connections(chain)) {
    for (const auto& [server, number] : chain.place.servers) {
      Rule known = rule(chain.name);
      load_connection(known, chain.place)
          .is_in(connections(chain.place, number).name.c_str(), 0)
          .go_to(chain_name(ChainKind::server, number))
          .append_to(batch_);
    }
  }
  if (!is_persistent(chain)) return;
  for (const auto& [server, number] : chain.place.servers) {
    Rule known = rule(chain.name);
    load_client(known, chain)
        .is_in(clients(number).name.c_str(), 0)
        .go_to(chain_name(ChainKind::server, number))
        .append_to(batch_);
  }
}

void BalanceRules::add_pick_rule(const Chain& chain) {
  const SetShape slots = add_slots(chain);
  Rule pick = rule(chain.name);
  load_number(pick, chain).go_where(slots.name.c_str(), slots.id).append_to(batch_);
}

// A map of one rule, which goes with it.
SetShape BalanceRules::add_slots(const Chain& chain) {
  SetShape shape = verdicts("__map%d", type_integer, sizeof(std::uint32_t));
  shape.id = batch_.new_set_id();
  shape.flags = NFT_SET_ANONYMOUS | NFT_SET_CONSTANT | NFT_SET_MAP;
  shape.most_elements = static_cast<std::uint32_t>(chain.selection.slots.size());
  shape.host_order = HostOrder::keys;
  add_set(batch_, shape);
  std::vector<Element> elements;
  std::uint32_t slot = 0;
  for (const DestinationKey& server : chain.selection.slots) {
    const auto number = chain.place.servers.find(server);
    if (number == chain.place.servers.end()) continue;
    elements.push_back({.key = bytes_of(slot++), .chain = chain_name(ChainKind::server, number->second)});
  }
  add_elements(batch_, shape, elements);
  return shape;
}

Rule& BalanceRules::load_number(Rule& rule, const Chain& chain) const {
  const auto modulus = static_cast<std::uint32_t>(chain.selection.slots.size());
  switch (chain.selection.pick) {
    case Pick::in_turn: return rule.count_up(modulus);
    case Pick::at_random: return rule.draw(modulus);
    case Pick::by_source: return rule.load_network(source_offset_, address_size_).hash(0, address_size_, modulus);
    case Pick::by_source_and_port:
      return rule.load_network(source_offset_, address_size_)
          .load_transport(0, 2, address_registers_)
          .hash(0, address_size_ + 4, modulus);
    case Pick::by_destination:
      return rule.load_network(destination_offset_, address_size_).hash(0, address_size_, modulus);
  }
  return rule;
}

Rule& BalanceRules::load_client(Rule& rule, const Chain& chain) const {
  rule.load_network(source_offset_, address_size_);
  const std::uint8_t prefix = chain.service.options.persistence_prefix;
  if (prefix < address_size_ * 8) rule.mask(prefix_mask(address_size_, prefix));
  return rule;
}

Rule& BalanceRules::load_connection(Rule& rule, const Place& place) const {
  rule.load_network(source_offset_, address_size_).load_transport(0, 2, address_registers_);
  if (place.key.mark == 0 && place.key.port != 0) return rule;
  const unsigned rest = address_registers_ + 1;
  return rule.load_meta(NFT_META_L4PROTO, rest)
      .load_network(destination_offset_, address_size_, rest + 1)
      .load_transport(2, 2, rest + 1 + address_registers_);
}

// ---------------------------------------------------------------- a server's chain

void BalanceRules::add_server(const Chain& chain, const DestinationKey& server, std::uint32_t number) {
  add_chain(batch_, table_, protocol_family_, chain_name(ChainKind::server, number),
            describe(chain.place.number, server));
  if (is_persistent(chain)) create(clients(number));
  if (keeps_connections(chain)) create(connections(chain.place, number));
  add_server_rules(chain, server, number);
}

void BalanceRules::remove_server(const Chain& chain, std::uint32_t number) {
  remove_chain(batch_, table_, protocol_family_, chain_name(ChainKind::server, number));
  if (is_persistent(chain)) remove_set(batch_, clients(number));
  if (keeps_connections(chain)) remove_set(batch_, connections(chain.place, number));
}

// Where there is no room to note a client or a connection, that rule ends and the next one serves.
void BalanceRules::add_server_rules(const Chain& chain, const DestinationKey& server, std::uint32_t number) {
  const std::string name = chain_name(ChainKind::server, number);
  rule(name).count().append_to(batch_);
  if (is_persistent(chain)) {
    Rule note = rule(name);
    load_client(note, chain)
        .note(clients(number).name.c_str(), std::uint64_t{1'000} * chain.service.options.persistence_seconds)
        .append_to(batch_);
  }
  if (keeps_connections(chain)) add_connection_rules(chain, number);
  Rule send = rule(name);
  send.load_value(bytes_of(server.address));
  if (chain.place.is_direct) {
    return send.duplicate(0).verdict(NF_DROP).append_to(batch_);
  }
  const bool is_any_port = chain.place.key.mark == 0 && chain.place.key.port == 0;
  if (server.port == 0 || is_any_port) return send.translate_destination(0).append_to(batch_);
  send.load_value(port_bytes(server.port), address_registers_).translate_destination(0, address_registers_);
  send.append_to(batch_);
}

void BalanceRules::add_connection_rules(const Chain& chain, std::uint32_t number) {
  const std::string set = connections(chain.place, number).name;
  const std::uint64_t seconds = chain.place.key.protocol == udp ? timeouts_.udp : timeouts_.tcp;
  Rule note = rule(chain_name(ChainKind::server, number));
  load_connection(note, chain.place).note(set.c_str(), 1'000 * seconds).append_to(batch_);
  if (chain.place.key.mark == 0 && chain.place.key.protocol != tcp) return;
  Rule ends = rule(chain_name(ChainKind::server, number));
  ends.load_meta(NFT_META_L4PROTO).is_equal(tcp);
  ends.load_transport(tcp_flags, 1).mask({fin_or_rst}).is_not_equal(Key{0});
  load_connection(ends, chain.place).note(set.c_str(), std::uint64_t{1'000} * timeouts_.tcp_fin).append_to(batch_);
}

}  // namespace baton::kernel::nft
