// vrrp_instance: its settings as they are written. What they mean together is settled in instance_rules.cpp.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "config/entry_line.h"
#include "config/instance_draft.h"
#include "config/virtual_interface.h"

namespace baton::config {
namespace {

using D = InstanceDraft;
using I = Instance;
using N = Notifications;
using A = AnnouncementSettings;

// MASTER stays when BACKUP follows; any other word counts as BACKUP.
void set_state(D& draft, const Arguments& arguments) {
  constexpr auto words = std::to_array<std::string_view>({"BACKUP", "MASTER"});
  const auto index = arguments.choice(words, "BACKUP is used");
  if (!draft.state || (index && *index == 1)) draft.state = static_cast<WantedState>(index.value_or(0));
}

void set_interface(D& draft, const Arguments& arguments) {
  if (arguments.count() == 0) return arguments.missing("the name of an interface");
  const std::string_view name = arguments.word();
  if (name.empty() || name.size() > longest_interface_name || name.find_first_of("/$") != std::string_view::npos) {
    arguments.diagnostics().error(
        "bad-interface", arguments.at(), fmt::format("{} cannot be the name of an interface", quoted(name)),
        fmt::format("a name has 1 to {} bytes; `ip link` shows those of this machine", longest_interface_name));
  } else if (name == "lo") {
    arguments.diagnostics().error("bad-interface", arguments.at(),
                                  "adverts cannot leave through the loopback interface",
                                  "name the interface the other nodes are reached by");
  }
  draft.instance.interface = name;
}

// keepalived takes a prefix length here and makes nothing of it.
template <bool is_unicast>
void set_source(D& draft, const Arguments& arguments) {
  draft.source_at = arguments.at();
  if (is_unicast) draft.wants_unicast = arguments.position();
  const std::string_view word = arguments.word();
  const std::optional<IpAddress> address = IpAddress::parse(word.substr(0, word.find('/')));
  if (address) {
    draft.instance.source = address;
  } else {
    (void)arguments.read(draft.instance.source);
  }
}

void set_multicast_group(D& draft, const Arguments& arguments) {
  std::optional<IpAddress> address;
  if (!arguments.read(address)) return;
  if (!address->is_multicast()) return arguments.invalid(0, "a multicast address", "the default is used");
  draft.multicast_group = address;
}

// ADDRESS [min_ttl N] [max_ttl N], one a line.
void add_peers(D& draft, const Arguments& arguments) {
  draft.wants_unicast = arguments.position();
  Diagnostics& diagnostics = arguments.diagnostics();
  for (const Statement& line : arguments.statement().children) {
    const std::optional<IpAddress> address = IpAddress::parse(line.keyword());
    if (!address || address->is_multicast() || address->is_unspecified()) {
      diagnostics.warn("bad-address", line.position(),
                       fmt::format("{} is no address of a peer and is ignored", quoted(line.keyword())),
                       "write a numeric address");
      continue;
    }
    UnicastPeer peer{.address = *address, .place = make_place(line.position())};
    for (std::size_t index = 1; index < line.words.size(); ++index) {
      const std::string_view word = line.words[index].text;
      const bool is_limit = word == "min_ttl" || word == "max_ttl";
      const std::optional<std::int64_t> ttl =
          is_limit && index + 1 < line.words.size() ? parse_integer(line.words[index + 1].text) : std::nullopt;
      if (!ttl || *ttl < 0 || *ttl > 255) {
        diagnostics.warn("bad-value", line.at(index), fmt::format("{} is ignored", quoted(word)),
                         "after a peer may follow min_ttl NUMBER and max_ttl NUMBER, from 0 to 255");
        if (is_limit) ++index;
        continue;
      }
      (word == "min_ttl" ? peer.min_ttl : peer.max_ttl) = static_cast<std::uint8_t>(*ttl);
      ++index;
    }
    if (!draft.peers.insert(peer.address).second) {
      diagnostics.warn("given-twice", line.position(), fmt::format("{} is a peer already", line.keyword()),
                       "remove one of them");
      continue;
    }
    draft.instance.peers.push_back(std::move(peer));
  }
}

template <auto List>
void add_addresses(D& draft, const Arguments& arguments) {
  std::ranges::move(read_addresses(arguments.context(), arguments.statement()),
                    std::back_inserter(draft.instance.*List));
}

void add_routes(D& draft, const Arguments& arguments) {
  std::ranges::move(read_routes(arguments.context(), draft.names, arguments.statement()),
                    std::back_inserter(draft.instance.routes));
}
void add_rules(D& draft, const Arguments& arguments) {
  std::ranges::move(read_rules(arguments.context(), draft.names, arguments.statement()),
                    std::back_inserter(draft.instance.rules));
}

void set_notify_deleted(D& draft, const Arguments& arguments) {
  draft.instance.notifications.report_deleted = true;
  if (arguments.count() > 0) set_once<&D::instance, &I::notifications, &N::deleted>(draft, arguments);
}

// timer_expired_backup [PRIORITY].
void set_rival_priority(D& draft, const Arguments& arguments) {
  constexpr std::int64_t highest = 254;
  const std::optional<std::int64_t> given = arguments.count() == 0 ? highest : parse_integer(arguments.word());
  if (!given || *given < 1 || *given > highest) {
    return arguments.invalid(0, fmt::format("nothing, or a priority from 1 to {}", highest));
  }
  draft.instance.rival_priority = static_cast<std::uint8_t>(*given);
}

constexpr std::size_t most_witnesses = 4;

// witness ADDRESS...
void set_conntrackd_sync(D& draft, const Arguments& arguments) {
  read_conntrackd_sync(arguments, draft.instance.awaited);
}

void add_witnesses(D& draft, const Arguments& arguments) {
  if (arguments.count() == 0) return arguments.missing("the address of a router or host that answers to ping");
  std::vector<IpAddress>& witnesses = draft.instance.witnesses;
  for (std::size_t i = 0; i < arguments.count(); ++i) {
    const std::optional<IpAddress> address = IpAddress::parse(arguments.word(i));
    if (!address || address->is_multicast() || address->is_unspecified()) {
      arguments.invalid(i, "the address of one router or host");
    } else if (witnesses.size() == most_witnesses) {
      return arguments.invalid(i, fmt::format("at most {} witnesses", most_witnesses));
    } else if (std::ranges::find(witnesses, *address) == witnesses.end()) {
      witnesses.push_back(*address);
    }
  }
}

void set_fault_without_peers(D& draft, const Arguments& arguments) {
  draft.wants_unicast = arguments.position();
  draft.instance.fault_without_peers = true;
}

void set_nopreempt(D& draft, const Arguments&) {
  draft.instance.preempt = false;
}
void set_preempt(D& draft, const Arguments&) {
  draft.instance.preempt = true;
}
void set_accept(D& draft, const Arguments&) {
  draft.accept = true;
}
void set_no_accept(D& draft, const Arguments&) {
  draft.accept = false;
}

template <VirtualInterface::Kind kind>
void set_virtual_interface(D& draft, const Arguments& arguments) {
  Rarely<VirtualInterface>& interface = draft.instance.virtual_interface;
  if (interface && interface->kind != kind) {
    arguments.diagnostics().warn("given-twice", arguments.position(),
                                 fmt::format("'{}' takes the place of the one before", arguments.name()),
                                 "use_vmac and use_ipvlan exclude each other; remove one");
  }
  interface = read_virtual_interface(arguments, kind);
}

void set_extra_announcements(D& draft, const Arguments& arguments) {
  if (const auto extra = read_extra_announcements(arguments, true)) draft.extra_announcements = extra;
}

void add_authentication(D& draft, const Arguments& arguments) {
  draft.authentication_at = arguments.position();
  read_authentication(arguments.context(), arguments.statement(), draft.authentication);
}
void add_hmac(D& draft, const Arguments& arguments) {
  draft.hmac_block = &arguments.statement();
}

void track_interfaces(D& draft, const Arguments& arguments) {
  read_tracked_interfaces(arguments.context(), arguments.statement(), draft.instance.trackers, draft.tracked);
}
template <auto Read>
void track(D& draft, const Arguments& arguments) {
  Read(arguments.context(), arguments.statement(), draft.definitions, draft.instance.trackers, draft.tracked);
}

// lvs_sync_daemon_interface is read with global_defs.
void read_elsewhere(D&, const Arguments&) {}

constexpr Setting<D> instance_settings[] = {
    {"state", set_state},
    {"interface", set_interface},
    {"virtual_router_id", set<&D::instance, &I::vrid>},
    {"priority", set<&D::priority>},
    {"advert_int", set<&D::advert_interval>},
    {"version", set<&D::version>},
    {"virtual_ipaddress", add_addresses<&I::addresses>},
    {"virtual_ipaddress_excluded", add_addresses<&I::excluded_addresses>},
    {"virtual_routes", add_routes},
    {"virtual_rules", add_rules},
    {"no_virtual_ipaddress", set<&D::may_lack_addresses>},
    {"authentication", add_authentication},
    {"auth_hmac", add_hmac},
    {"mcast_src_ip", set_source<false>},
    {"unicast_src_ip", set_source<true>},
    {"unicast_peer", add_peers},
    {"unicast_fault_no_peer", set_fault_without_peers},
    {"unicast_ttl", set<&D::instance, &I::ttl>},
    {"check_unicast_src", set<&D::check_unicast_source>},
    {"mcast_dst_ip", set_multicast_group},
    {"track_src_ip", set<&D::instance, &I::track_source>},
    {"nopreempt", set_nopreempt},
    {"preempt", set_preempt},
    {"preempt_delay", set<&D::instance, &I::preempt_delay>},
    {"garp_master_delay", set<&D::announcements, &A::master_delay>},
    {"garp_master_repeat", set_at_least_one<&D::announcements, &A::master_repeat>},
    {"garp_master_refresh", set<&D::announcements, &A::master_refresh>},
    {"garp_master_refresh_repeat", set_at_least_one<&D::announcements, &A::master_refresh_repeat>},
    {"garp_lower_prio_delay", set<&D::announcements, &A::lower_prio_delay>},
    {"garp_lower_prio_repeat", set<&D::announcements, &A::lower_prio_repeat>},
    {"track_interface", track_interfaces},
    {"track_script", track<read_tracked_scripts>},
    {"track_file", track<read_tracked_files>},
    {"track_process", track<read_tracked_processes>},
    {"track_check", track<read_tracked_checks>},
    {"track_bfd", track<read_tracked_sessions>},
    {"use_vmac", set_virtual_interface<VirtualInterface::Kind::macvlan>},
    {"use_ipvlan", set_virtual_interface<VirtualInterface::Kind::ipvlan>},
    {"use_vmac_addr", set<&D::instance, &I::use_vmac_addr>},
    {"vmac_xmit_base", set<&D::instance, &I::transmit_on_base>},
    {"vrf", set<&D::instance, &I::vrf>},
    {"garp_extra_if", set_extra_announcements},
    {"vmac_garp_intvl", set_extra_announcements},
    {"linkbeat_use_polling", set<&D::instance, &I::polls_link>},
    {"dont_track_primary", set<&D::instance, &I::dont_track_primary>},
    {"notify", set_once<&D::instance, &I::notifications, &N::any>},
    {"notify_master", set_once<&D::instance, &I::notifications, &N::master>},
    {"notify_backup", set_once<&D::instance, &I::notifications, &N::backup>},
    {"notify_fault", set_once<&D::instance, &I::notifications, &N::fault>},
    {"notify_stop", set_once<&D::instance, &I::notifications, &N::stop>},
    {"notify_deleted", set_notify_deleted},
    {"notify_master_rx_lower_pri", set_once<&D::instance, &I::notifications, &N::master_hears_lower>},
    {"notify_priority_changes", set<&D::priority_changes>},
    {"smtp_alert", set<&D::smtp_alert>},
    {"accept", set_accept},
    {"no_accept", set_no_accept},
    {"strict_mode", set<&D::strict>},
    {"lvs_sync_daemon_interface", read_elsewhere},
    {"skip_check_adv_addr", set<&D::skip_check_adv_addr>},
    {"lower_prio_no_advert", set<&D::lower_prio_no_advert>},
    {"higher_prio_send_advert", set<&D::higher_prio_send_advert>},
    {"owner_ignore_adverts", set<&D::owner_ignore_adverts>},
    {"v3_checksum_as_v2", set<&D::v3_checksum_as_v2>},
    {"down_timer_adverts", set<&D::down_timer_adverts>},
    {"timer_expired_backup", set_rival_priority},
    {"thread_timer_expired", set_rival_priority},
    {"promote_secondaries", set<&D::instance, &I::promote_secondaries>},
    {"make_before_break", set<&D::make_before_break>},
    {"verified_takeover", set<&D::verified_takeover>},
    {"witness", add_witnesses},
    {"before_announce", set_once<&D::instance, &I::awaited, &AwaitedHooks::before_announce>},
    {"before_release", set_once<&D::instance, &I::awaited, &AwaitedHooks::before_release>},
    {"conntrackd_sync", set_conntrackd_sync},
    {"hook_timeout", set<&D::instance, &I::awaited, &AwaitedHooks::timeout>},
};

}  // namespace

std::optional<Instance> read_instance(const Context& context, const Statement& block, const Defaults& defaults,
                                      const Definitions& definitions, NameTables& names) {
  const std::optional<std::string> name = read_name(context, block);
  if (!name) return std::nullopt;
  InstanceDraft draft{.block = block, .definitions = definitions, .names = names};
  draft.instance.name = *name;
  draft.instance.place = make_place(block.position());
  apply_settings(context, block, instance_settings, draft);
  settle_instance(context, defaults, draft);
  return std::move(draft.instance);
}

}  // namespace baton::config
