#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <sstream>

#include "kernel/host_look.h"
#include "kernel/ruleset_dump.h"
#include "kernel/settings_record.h"
#include "probe/probe.h"

namespace baton::probe {

namespace {

using doctor::Patient;

constexpr const char* as_root = "run it as root";

int number_of(const std::optional<std::string>& text) {
  int number = 0;
  if (text) (void)std::from_chars(text->data(), text->data() + text->size(), number);
  return number;
}

// Of IPv4 the larger of `all` and the interface's own value counts.
int larger_setting(const std::string& interface, const std::string& name) {
  const auto read = [&](const std::string& whose) {
    return number_of(kernel::read_setting(fmt::format("ipv4/conf/{}/{}", whose, name)));
  };
  return std::max(read("all"), read(interface));
}

bool is_set(const std::string& setting) {
  return number_of(kernel::read_setting(setting)) != 0;
}

void look_at_interfaces(Patient& patient) {
  constexpr std::uint8_t scope_host = 254;
  auto links = kernel::look_at_links();
  auto socket = kernel::NetlinkSocket::open(kernel::NetlinkSocket::Purpose::requests);
  auto addresses = socket ? socket->dump_addresses() : std::unexpected(socket.error());
  if (!links || !addresses) {
    const SysError& error = links ? addresses.error() : links.error();
    patient.not_looked.push_back({.look = "the interfaces", .why = to_string(error), .mend = as_root});
    return;
  }
  std::map<std::uint32_t, std::string> names;
  for (const kernel::LinkDetails& each : *links) names[each.link.index] = each.link.name;
  const auto name_of = [&](std::uint32_t index) {
    const auto found = names.find(index);
    return found == names.end() ? std::string() : found->second;
  };
  for (const kernel::LinkDetails& each : *links) {
    const kernel::Link& link = each.link;
    doctor::Interface interface{.name = link.name,
                                .index = link.index,
                                .mac = link.mac,
                                .is_enabled = link.is_enabled,
                                .has_carrier = link.is_up,
                                .has_multicast = each.has_multicast,
                                .is_ethernet = link.is_ethernet && !each.is_loopback,
                                .group = link.group,
                                .kind = link.kind,
                                .base = name_of(link.base),
                                .bridge = each.port ? name_of(link.master) : "",
                                .reverse_path_filter = larger_setting(link.name, "rp_filter"),
                                .arp_ignore = larger_setting(link.name, "arp_ignore"),
                                .has_ipv6 = !is_set(fmt::format("ipv6/conf/{}/disable_ipv6", link.name))};
    for (const kernel::InterfaceAddress& held : *addresses) {
      if (held.interface_index != link.index) continue;
      interface.addresses.push_back({.address = held.address,
                                     .is_duplicate = (held.flags & kernel::address_flag::duplicate) != 0,
                                     .is_host_scope = held.scope == scope_host});
    }
    if (each.bridge) {
      doctor::Bridge& bridge = patient.host.bridges[link.name];
      bridge.name = link.name;
      bridge.snoops = each.bridge->snoops;
      bridge.has_querier = each.bridge->has_querier;
      bridge.hears_querier_v4 = each.bridge->hears_querier_v4;
      bridge.hears_querier_v6 = each.bridge->hears_querier_v6;
    }
    if (each.port) {
      patient.host.bridges[name_of(link.master)].ports.push_back({.name = link.name,
                                                                  .is_forwarding = each.port->is_forwarding,
                                                                  .floods_multicast = each.port->floods_multicast,
                                                                  .is_isolated = each.port->is_isolated});
    }
    patient.host.interfaces.emplace(link.name, std::move(interface));
  }
}

void look_at_firewall(Patient& patient) {
  auto ruleset = kernel::dump_ruleset();
  if (ruleset) {
    patient.host.ruleset = std::move(*ruleset);
  } else {
    patient.not_looked.push_back(
        {.look = "the firewall rules (nftables)", .why = to_string(ruleset.error()), .mend = as_root});
  }
  for (const auto& [file, program] : {std::pair{"/proc/net/ip_tables_names", "iptables-legacy"},
                                      std::pair{"/proc/net/ip6_tables_names", "ip6tables-legacy"}}) {
    std::ifstream names(file);
    std::string tables;
    for (std::string line; std::getline(names, line);) tables += (tables.empty() ? "" : ", ") + line;
    if (tables.empty()) continue;
    patient.not_looked.push_back({.look = fmt::format("the rules of {} (tables {})", program, tables),
                                  .why = "they are kept beside nftables, where doctor does not look",
                                  .mend = fmt::format("{}-save | baton check FILE --firewall -", program)});
  }
}

// The addresses that local services listen on, proc(5) /proc/net/tcp: words of four bytes in the machine's order.
void look_at_listeners(const std::string& file, std::string_view wanted_state, std::set<IpAddress>& addresses) {
  constexpr std::size_t most = 100'000;
  std::ifstream lines(file);
  std::string line;
  std::getline(lines, line);  // what the columns are
  for (std::size_t i = 0; i < most && std::getline(lines, line); ++i) {
    std::istringstream words(line);
    std::string slot;
    std::string local;
    std::string remote;
    std::string state;
    words >> slot >> local >> remote >> state;
    const std::string hex = local.substr(0, local.find(':'));
    if (state != wanted_state || (hex.size() != 8 && hex.size() != 32)) continue;
    Bytes bytes;
    for (std::size_t at = 0; at < hex.size(); at += 8) {
      std::uint32_t word = 0;
      (void)std::from_chars(hex.data() + at, hex.data() + at + 8, word, 16);
      const auto* raw = reinterpret_cast<const std::uint8_t*>(&word);
      bytes.insert(bytes.end(), raw, raw + sizeof(word));
    }
    addresses.insert(IpAddress::from_bytes(bytes));
  }
}

}  // namespace

void look_at_host(Patient& patient) {
  look_at_interfaces(patient);
  look_at_firewall(patient);
  patient.host.forwards_v4 = is_set("ipv4/ip_forward");
  patient.host.forwards_v6 = is_set("ipv6/conf/all/forwarding");
  patient.host.binds_foreign_v4 = is_set("ipv4/ip_nonlocal_bind");
  patient.host.binds_foreign_v6 = is_set("ipv6/ip_nonlocal_bind");
  constexpr std::string_view listening = "0A";  // TCP_LISTEN
  constexpr std::string_view bound = "07";      // a UDP socket without a peer
  for (const char* file : {"/proc/net/tcp", "/proc/net/tcp6"}) {
    look_at_listeners(file, listening, patient.host.listened_addresses);
  }
  for (const char* file : {"/proc/net/udp", "/proc/net/udp6"}) {
    look_at_listeners(file, bound, patient.host.listened_addresses);
  }
}

void look_at_routes(Patient& patient) {
  std::set<IpAddress> senders;
  for (const setup::RouterSetup& router : patient.setup.routers) {
    for (const vrrp::UnicastPeer& peer : router.codec.peers) senders.insert(peer.address);
  }
  for (const doctor::Speaker& speaker : patient.wire.speakers) {
    if (speaker.origin == doctor::Origin::there) senders.insert(speaker.advert.source);
  }
  for (const IpAddress& sender : senders) {
    const auto index = kernel::interface_towards(sender);
    if (!index) continue;
    doctor::RouteBack route{.to = sender, .interface = ""};
    for (const auto& [name, interface] : patient.host.interfaces) {
      if (*index && interface.index == **index) route.interface = name;
    }
    patient.host.routes_back.push_back(std::move(route));
  }
}

}  // namespace baton::probe
