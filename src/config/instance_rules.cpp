// What the settings of one vrrp_instance mean together: defaults that depend on each other, and contradictions, which
// are repaired as keepalived repairs them, and said. Each rule is a function; their order matters where one reads what
// another has settled.
#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/limits.h"
#include "config/instance_draft.h"

namespace baton::config {
namespace {

using namespace std::chrono_literals;

constexpr unsigned owner_priority = 255;            // RFC 9568 §5.2.4
constexpr unsigned default_priority = 100;          // RFC 9568 §5.2.4
constexpr Duration longest_interval_v3 = 40'950ms;  // 12 bits of centiseconds, RFC 9568 §5.2.7
constexpr std::size_t most_addresses_v4 = 255;      // one byte, RFC 9568 §5.2.5
constexpr std::size_t most_addresses_v6 = 90;       // an Ethernet frame: (1500 - 40 - 8) / 16

class InstanceRules {
 public:
  InstanceRules(const Context& context, const Defaults& defaults, InstanceDraft& draft)
      : context_(context), defaults_(defaults), draft_(draft), instance_(draft.instance) {}

  void settle() {
    settle_plain_defaults();
    settle_router_id();
    settle_family();
    settle_version();
    settle_state_and_priority();
    settle_advert_interval();
    settle_addresses();
    settle_unicast();
    settle_witnesses();
    settle_interface();
    settle_authentication();
    settle_strict();
    settle_virtual_interface();
    settle_preemption();
    settle_trackers();
  }

 private:
  void warn(std::string_view id, const Position& position, std::string message, std::string mend) {
    context_.diagnostics.warn(id, position, std::move(message), std::move(mend));
  }
  void error(std::string_view id, const Position& position, std::string message, std::string mend) {
    context_.diagnostics.error(id, position, std::move(message), std::move(mend));
  }
  std::string name() const { return quoted(instance_.name); }
  bool is_v3() const { return instance_.version == 3; }
  bool is_owner() const { return instance_.priority == owner_priority; }

  void settle_plain_defaults() {
    instance_.announcements = draft_.announcements.over(defaults_.announcements);
    instance_.smtp_alert = draft_.smtp_alert.value_or(defaults_.alerts());
    instance_.notifications.priority_changes = draft_.priority_changes;
    instance_.strict = draft_.strict.value_or(defaults_.strict);
    instance_.skip_check_adv_addr = draft_.skip_check_adv_addr.value_or(defaults_.skip_check_adv_addr);
    instance_.lower_prio_no_advert = draft_.lower_prio_no_advert.value_or(defaults_.lower_prio_no_advert);
    instance_.higher_prio_send_advert = draft_.higher_prio_send_advert.value_or(defaults_.higher_prio_send_advert);
    instance_.owner_ignore_adverts = draft_.owner_ignore_adverts.value_or(defaults_.owner_ignore_adverts);
    instance_.v3_checksum_as_v2 = draft_.v3_checksum_as_v2.value_or(defaults_.v3_checksum_as_v2);
    instance_.announcements_given = draft_.announcements.is_given() || defaults_.announcement_settings.is_given() ||
                                    defaults_.minimal_announcements;
    instance_.verified_takeover = draft_.verified_takeover.value_or(defaults_.verified_takeover);
    instance_.make_before_break = draft_.make_before_break.value_or(defaults_.make_before_break);
    instance_.down_timer_adverts = draft_.down_timer_adverts.value_or(defaults_.down_timer_adverts);
    instance_.check_unicast_source = draft_.check_unicast_source.value_or(defaults_.check_unicast_source);
    instance_.accept = draft_.accept.value_or(true);
    instance_.extra_announcements = draft_.extra_announcements.value_or(defaults_.extra_announcements);
  }

  void settle_router_id() {
    if (instance_.vrid != 0) return;
    error("missing-vrid", draft_.at("virtual_router_id"),
          fmt::format("vrrp_instance {} has no usable virtual_router_id", name()),
          "add virtual_router_id NUMBER, 1 to 255, the same on all nodes");
  }

  // The first virtual address decides; without one, what the adverts travel between.
  void settle_family() {
    if (!instance_.addresses.empty()) {
      instance_.family = instance_.addresses.front().address.address.family();
    } else if (!instance_.peers.empty()) {
      instance_.family = instance_.peers.front().address.family();
    } else if (instance_.source) {
      instance_.family = instance_.source->family();
    }
    std::erase_if(instance_.addresses, [&](const VirtualAddress& address) {
      if (address.address.address.family() == instance_.family) return false;
      warn("other-family", position_of(address),
           fmt::format("{} is of another family than the first virtual address; it is ignored",
                       to_string(address.address)),
           "put it into virtual_ipaddress_excluded, or into an instance of its own");
      return true;
    });
  }

  void settle_version() {
    const bool is_v6 = instance_.family == Family::ipv6;
    if (is_v6 && draft_.version == 2U) {
      warn("version", draft_.at("version"), "VRRPv2 has no IPv6; version 3 is used", "write version 3");
    }
    instance_.version = static_cast<std::uint8_t>(is_v6 ? 3 : draft_.version.value_or(defaults_.version.value_or(2)));
  }

  // Each is derived from the other when it is not given (keepalived does so too).
  void settle_state_and_priority() {
    const bool wants_master = draft_.state == WantedState::master;
    if (draft_.priority) {
      instance_.priority = static_cast<std::uint8_t>(*draft_.priority);
    } else if (draft_.has("priority")) {  // given, and of no use: that makes nobody the owner
      instance_.priority = default_priority;
    } else {
      instance_.priority = static_cast<std::uint8_t>(wants_master ? owner_priority : default_priority);
      if (wants_master) {
        warn("owner", draft_.at("state"),
             "state MASTER without a priority means priority 255: this node owns the address and takes it at once",
             "add priority NUMBER, 1 to 254, highest on the node that should be master");
      }
    }
    instance_.state = draft_.state.value_or(is_owner() ? WantedState::master : WantedState::backup);
  }

  void settle_advert_interval() {
    const Duration given = draft_.advert_interval.value_or(1s);
    Duration used = given;
    if (is_v3()) {
      used = std::clamp<Duration>(std::chrono::round<std::chrono::duration<std::int64_t, std::centi>>(given), 10ms,
                                  longest_interval_v3);
    } else {
      used = std::max<Duration>(std::chrono::floor<std::chrono::seconds>(given + 500ms), 1s);
    }
    instance_.advert_interval = used;
    if (used == given) return;
    const double seconds = std::chrono::duration<double>(used).count();
    warn("rounded", draft_.at("advert_int"),
         fmt::format("VRRPv{} knows {} only; {} s is used", instance_.version,
                     is_v3() ? "steps of 0.01 s up to 40.95 s" : "whole seconds", seconds),
         is_v3() ? "write a multiple of 0.01 up to 40.95" : "write whole seconds, or version 3 on all nodes");
  }

  void settle_addresses() {
    report_repeated_addresses();
    move_surplus_addresses();
    const std::size_t count = instance_.addresses.size() + instance_.excluded_addresses.size();
    if (count > baton::limits::addresses_per_router) {
      error("too-large", draft_.block.position(),
            fmt::format("{} addresses in one instance; at most {} are possible", count,
                        baton::limits::addresses_per_router),
            "spread them over several instances of one vrrp_sync_group");
    }
    if (!instance_.addresses.empty() || draft_.may_lack_addresses) return;
    if (is_v3() || instance_.strict) {
      error("no-address", draft_.block.position(), fmt::format("vrrp_instance {} has no virtual address", name()),
            "add virtual_ipaddress { ADDRESS }, or no_virtual_ipaddress");
    } else {
      warn("no-address", draft_.block.position(), fmt::format("vrrp_instance {} has no virtual address", name()),
           "add virtual_ipaddress { ADDRESS }, or no_virtual_ipaddress");
    }
  }

  // An address written twice stays twice in the advert: keepalived 2.2.7 sends it so, and refuses adverts that do not.
  void report_repeated_addresses() {
    std::set<IpAddress> seen;
    for (const VirtualAddress& address : instance_.addresses) {
      if (seen.insert(address.address.address).second) continue;
      warn("given-twice", position_of(address),
           fmt::format("{} is an address of this instance already; the advert carries it twice",
                       to_string(address.address.address)),
           "remove one of them, on all nodes");
    }
    std::erase_if(instance_.excluded_addresses, [&](const VirtualAddress& address) {
      if (seen.insert(address.address.address).second) return false;
      warn("given-twice", position_of(address),
           fmt::format("{} is an address of this instance already; it is ignored here",
                       to_string(address.address.address)),
           "remove one of them");
      return true;
    });
  }

  void move_surplus_addresses() {
    const std::size_t most = instance_.family == Family::ipv4 ? most_addresses_v4 : most_addresses_v6;
    if (instance_.addresses.size() <= most) return;
    warn("many-addresses", position_of(instance_.addresses[most]),
         fmt::format("{} addresses, and an advert holds {}: from here on they are set but not advertised",
                     instance_.addresses.size(), most),
         "put them into virtual_ipaddress_excluded on all nodes");
    const auto surplus = instance_.addresses.begin() + static_cast<std::ptrdiff_t>(most);
    instance_.excluded_addresses.insert(instance_.excluded_addresses.begin(), std::make_move_iterator(surplus),
                                        std::make_move_iterator(instance_.addresses.end()));
    instance_.addresses.erase(surplus, instance_.addresses.end());
  }

  void settle_unicast() {
    const IpAddress& own_group =
        instance_.family == Family::ipv4 ? defaults_.multicast_group4 : defaults_.multicast_group6;
    instance_.multicast_group = draft_.multicast_group.value_or(own_group);
    if (instance_.multicast_group.family() != instance_.family) {
      warn("other-family", draft_.at("mcast_dst_ip"),
           "mcast_dst_ip is of another family than the addresses; the default is used",
           "write a multicast address of the same family");
      instance_.multicast_group = own_group;
    }
    if (instance_.source && instance_.source->family() != instance_.family) {
      warn("other-family", draft_.source_at,
           "the source address is of another family than the virtual addresses; it is ignored",
           "write an address of the same family");
      instance_.source.reset();
    }
    std::erase_if(instance_.peers, [&](const UnicastPeer& peer) { return !is_usable_peer(peer); });
    for (const UnicastPeer& peer : instance_.peers) {
      if (peer.min_ttl > 0 || peer.max_ttl < 255) instance_.check_unicast_source = true;
    }
    if (draft_.wants_unicast && instance_.peers.empty()) {
      warn("no-peers", *draft_.wants_unicast,
           fmt::format("vrrp_instance {} speaks of unicast but has no peer; it {}", name(),
                       instance_.fault_without_peers ? "stays in FAULT" : "uses multicast"),
           instance_.fault_without_peers ? "add unicast_peer { ADDRESS }"
                                         : "add unicast_peer { ADDRESS }, or write mcast_src_ip");
    }
    if (instance_.ttl && instance_.peers.empty()) {  // receivers of multicast want 255
      warn("no-effect", draft_.at("unicast_ttl"), "unicast_ttl has no effect without unicast peers",
           "add unicast_peer { ADDRESS }, or remove it");
      instance_.ttl.reset();
    }
    if (instance_.track_source && !instance_.source) {
      warn("no-effect", draft_.at("track_src_ip"), "track_src_ip has no effect without an address to look for",
           "add mcast_src_ip or unicast_src_ip ADDRESS, or remove it");
      instance_.track_source = false;
    }
  }

  // Asked while nobody else is heard: an address that moves, or another node's, says nothing then.
  void settle_witnesses() {
    std::erase_if(instance_.witnesses, [&](const IpAddress& witness) {
      const auto is_it = [&](const VirtualAddress& address) { return address.address.address == witness; };
      const bool is_virtual =
          std::ranges::any_of(instance_.addresses, is_it) || std::ranges::any_of(instance_.excluded_addresses, is_it);
      const bool is_peer =
          std::ranges::any_of(instance_.peers, [&](const UnicastPeer& peer) { return peer.address == witness; });
      if (!is_virtual && !is_peer && witness != instance_.source) return false;
      warn("witness", draft_.at("witness"),
           fmt::format("witness {} is {}; it is ignored", to_string(witness),
                       is_virtual ? "a virtual address of this instance"
                       : is_peer  ? "another node"
                                  : "this node"),
           "name the gateway, or another address that is there whoever is MASTER");
      return true;
    });
    if (!instance_.witnesses.empty() && instance_.interface.empty()) {
      warn("witness", draft_.at("witness"),
           "a witness is asked through the interface, and there is none; it is ignored",
           "add interface NAME, or remove witness");
      instance_.witnesses.clear();
    }
  }

  bool is_usable_peer(const UnicastPeer& peer) {
    if (peer.address.family() != instance_.family) {
      warn("other-family", position_of(peer),
           fmt::format("peer {} is of another family; it is ignored", to_string(peer.address)),
           "write an address of the same family as the virtual addresses");
      return false;
    }
    if (peer.address != instance_.source) return true;
    warn("own-peer", position_of(peer),
         fmt::format("{} is this node's own address; it is ignored", to_string(peer.address)),
         "name the other nodes here");
    return false;
  }

  void settle_interface() {
    if (instance_.interface.empty() && (instance_.peers.empty() || !instance_.source)) {
      error("missing-interface", draft_.at("interface"), fmt::format("vrrp_instance {} has no interface", name()),
            "add interface NAME");
    }
    for (std::vector<VirtualAddress>* list : {&instance_.addresses, &instance_.excluded_addresses}) {
      for (VirtualAddress& address : *list) {
        if (address.device.empty()) address.device = instance_.interface;
      }
    }
  }

  void settle_authentication() {
    if (draft_.hmac_block != nullptr) {
      read_hmac(context_, *draft_.hmac_block, instance_.advert_interval, instance_.hmac);
      if (instance_.hmac && instance_.strict) instance_.hmac->mode = HmacMode::enforce;
    }
    if (!draft_.authentication) return;
    const Authentication& given = *draft_.authentication;
    const Position& at = draft_.authentication_at;
    if (instance_.hmac) {
      warn("authentication", at, "auth_hmac replaces authentication, which is ignored",
           "remove the authentication block");
    } else if (is_v3()) {
      warn("authentication", at, "VRRPv3 has no authentication; it is ignored",
           "remove the block, use version 2, or auth_hmac");
    } else if (instance_.strict) {
      warn("authentication", at, "strict mode has no authentication; it is ignored",
           "remove vrrp_strict, or the block");
    } else if (given.type == AuthType::none && !given.password.empty()) {
      warn("authentication", at, "a password without auth_type: there is no authentication", "add auth_type PASS");
    } else if (given.type != AuthType::none && given.password.empty()) {
      warn("authentication", at, "there is no password, so there is no authentication", "add auth_pass PASSWORD");
    } else {
      instance_.authentication = given;
    }
    if (instance_.authentication.type == AuthType::ah && instance_.state == WantedState::master && !is_owner()) {
      context_.diagnostics.note(
          "ah-master", draft_.at("state"),
          "keepalived starts as BACKUP when state MASTER and AH come together; the outcome is the "
          "same here, MASTER alone gives no head start");
    }
  }

  // RFC behaviour to the letter (vrrp_strict, strict_mode).
  void settle_strict() {
    if (!instance_.strict) return;
    if (!draft_.accept) instance_.accept = is_owner();
    if (draft_.accept == true && !is_v3() && !is_owner()) {
      warn("strict", draft_.at("accept"),
           "strict mode knows accept in version 3 only; packets to the addresses are dropped",
           "remove vrrp_strict, or write version 3 on all nodes");
      instance_.accept = false;
    } else if (!draft_.accept && !is_owner()) {
      context_.diagnostics.note(
          "strict-silence", draft_.strict ? draft_.at("strict_mode") : draft_.block.position(),
          fmt::format("strict mode: as MASTER {} answers ARP for its addresses but drops packets to them, ping as well",
                      name()),
          is_v3() ? "write accept, or remove vrrp_strict" : "remove vrrp_strict");
    }
    if (!instance_.peers.empty()) {
      warn("strict", draft_.at("unicast_peer"),
           "strict mode knows no unicast; newer versions of keepalived refuse to start",
           "remove vrrp_strict, or write strict_mode off");
    }
    if (is_owner() != (instance_.state == WantedState::master)) {
      warn("strict", draft_.at("state"),
           is_owner() ? "strict mode: priority 255 owns the address and starts as MASTER"
                      : "strict mode: only priority 255 may start as MASTER; BACKUP is used",
           is_owner() ? "write state MASTER, or a lower priority" : "write state BACKUP");
      instance_.state = is_owner() ? WantedState::master : WantedState::backup;
    }
    if (instance_.family == Family::ipv6 && !instance_.addresses.empty() &&
        !instance_.addresses.front().address.address.is_link_local()) {
      warn("strict", position_of(instance_.addresses.front()),
           "the first IPv6 address must be link-local (RFC 9568 §5.2.9); it is sent as it is",
           "put a fe80:: address first, on all nodes");
    }
    if (!draft_.owner_ignore_adverts) instance_.owner_ignore_adverts = true;
    instance_.announcements.lower_prio_repeat = 0;
    instance_.announcements.lower_prio_delay = {};
    settle_strict_answers();
  }

  // A lower master is ignored, and a higher one gets no last word (RFC 9568 §6.4.3).
  void settle_strict_answers() {
    if (draft_.lower_prio_no_advert == false) {
      warn("strict", draft_.at("lower_prio_no_advert"), "strict mode answers no lower priority; the word is ignored",
           "remove it, or vrrp_strict");
    }
    if (draft_.higher_prio_send_advert == true) {
      warn("strict", draft_.at("higher_prio_send_advert"),
           "strict mode answers no higher priority; the word is ignored", "remove it, or vrrp_strict");
    }
    instance_.lower_prio_no_advert = true;
    instance_.higher_prio_send_advert = false;
  }

  void settle_virtual_interface() {
    Rarely<VirtualInterface>& own = instance_.virtual_interface;
    const auto drop = [&](std::string_view id, std::string message, std::string mend) {
      warn(id, position_of(*own), std::move(message), std::move(mend));
      own.reset();
    };
    if (own && instance_.interface.empty()) {
      drop("virtual-interface", "use_vmac and use_ipvlan stand on an interface, and there is none; they are ignored",
           "add interface NAME");
    }
    if (own && own->mac && instance_.strict) {
      warn("strict", position_of(*own), "strict mode knows the MAC addresses of RFC 9568 only; the usual one is used",
           "remove the MAC address");
      own->mac.reset();
    }
    if (own && own->mac && own->mac_lacks_last) own->mac->bytes[5] = instance_.vrid;
    if (own) own->mac_lacks_last = false;
    if (own && own->address && own->address->address.family() != instance_.family) {
      warn("other-family", position_of(*own), "the interface's own address is of another family; it is ignored",
           "write an address of the same family as the virtual addresses");
      own->address.reset();
    }
    if (own && own->kind == VirtualInterface::Kind::ipvlan && instance_.family == Family::ipv4 && !own->address &&
        !instance_.source) {
      warn("virtual-interface", position_of(*own),
           fmt::format("use_ipvlan needs an address to send from; {} stays in FAULT", name()),
           "write use_ipvlan ADDRESS");
    }
    settle_transmission();
    if (!instance_.vrf.empty() && !instance_.interface.empty()) {
      warn("virtual-interface", draft_.at("vrf"),
           "vrf is for unicast without an interface; it is ignored, the interface's own VRF is used",
           "remove vrf, or interface");
      instance_.vrf.clear();
    }
  }

  // vmac_xmit_base.
  void settle_transmission() {
    const bool has_macvlan =
        instance_.virtual_interface && instance_.virtual_interface->kind == VirtualInterface::Kind::macvlan;
    if (instance_.transmit_on_base && !instance_.virtual_interface) {
      warn("virtual-interface", draft_.at("vmac_xmit_base"), "vmac_xmit_base has no effect without use_vmac",
           "remove it, or add use_vmac");
      instance_.transmit_on_base = false;
    } else if (instance_.transmit_on_base && instance_.strict) {
      warn("strict", draft_.at("vmac_xmit_base"), "strict mode sends adverts from the virtual MAC address",
           "remove vmac_xmit_base, or vrrp_strict");
      instance_.transmit_on_base = false;
    } else if (!instance_.transmit_on_base && has_macvlan && (!instance_.peers.empty() || draft_.wants_unicast)) {
      warn("virtual-interface", position_of(*instance_.virtual_interface),
           "with unicast keywords adverts cannot leave from the virtual MAC address; they leave from the interface's "
           "own",
           "add vmac_xmit_base, or write mcast_src_ip where multicast is meant");
      instance_.transmit_on_base = true;
    }
  }

  void settle_preemption() {
    const bool wants_master = draft_.state == WantedState::master;
    if (!instance_.preempt && (wants_master || is_owner())) {
      warn("nopreempt", draft_.at("nopreempt"),
           fmt::format("nopreempt has no effect with {}", is_owner() ? "priority 255" : "state MASTER"),
           "write state BACKUP on all nodes");
      instance_.preempt = true;
    }
    if (instance_.preempt_delay > 0s && (wants_master || !instance_.preempt || instance_.strict)) {
      const std::string_view with = wants_master ? "state MASTER" : !instance_.preempt ? "nopreempt" : "strict mode";
      warn("preempt-delay", draft_.at("preempt_delay"), fmt::format("preempt_delay has no effect with {}", with),
           wants_master ? "write state BACKUP on all nodes" : "remove one of the two");
      instance_.preempt_delay = {};
    }
    if (instance_.rival_priority && instance_.preempt) {
      warn("no-effect", draft_.at("timer_expired_backup"), "timer_expired_backup has no effect without nopreempt",
           "add nopreempt, or remove it");
      instance_.rival_priority.reset();
    }
    note_useless_weight();
  }

  // The first stands for all.
  void note_useless_weight() {
    if (instance_.preempt) return;
    const Trackers& trackers = instance_.trackers;
    for (const auto* list :
         {&trackers.scripts, &trackers.interfaces, &trackers.processes, &trackers.files, &trackers.checks}) {
      const auto weighted = std::ranges::find_if(*list, [](const Tracking& each) { return each.weight != 0; });
      if (weighted == list->end()) continue;
      context_.diagnostics.note(
          "nopreempt-weight", draft_.at("nopreempt"),
          fmt::format(
              "where the other nodes have nopreempt too, a lower priority never moves the address: the weight of "
              "{} has no effect",
              quoted(weighted->name)),
          "use weight 0, which gives the address up when the check fails");
      return;
    }
  }

  void settle_trackers() {
    Trackers& trackers = instance_.trackers;
    std::erase_if(trackers.interfaces, [&](const Tracking& tracking) {
      if (tracking.name != instance_.interface) return false;
      warn("own-interface", position_of(tracking),
           fmt::format("{} is the instance's own interface, which counts anyway; the entry is ignored",
                       quoted(tracking.name)),
           "remove it");
      return true;
    });
    if (!is_owner()) return;
    for (std::vector<Tracking>* list :
         {&trackers.interfaces, &trackers.scripts, &trackers.files, &trackers.processes, &trackers.checks}) {
      std::erase_if(*list, [&](const Tracking& tracking) {
        if (tracking.weight == 0) return false;
        warn("owner", position_of(tracking),
             fmt::format("priority 255 never changes, so {} with a weight is not tracked", quoted(tracking.name)),
             "use weight 0, or a lower priority");
        return true;
      });
    }
  }

  Position position_of(const auto& part) const { return context_.position_of(part); }

  const Context& context_;
  const Defaults& defaults_;
  InstanceDraft& draft_;
  Instance& instance_;
};

}  // namespace

bool InstanceDraft::has(std::string_view keyword) const {
  return std::ranges::any_of(block.children, [&](const Statement& one) { return one.keyword() == keyword; });
}

Position InstanceDraft::at(std::string_view keyword) const {
  Position position = block.position();
  for (const Statement& statement : block.children) {
    if (statement.keyword() == keyword) position = statement.position();
  }
  return position;
}

void settle_instance(const Context& context, const Defaults& defaults, InstanceDraft& draft) {
  InstanceRules(context, defaults, draft).settle();
}

}  // namespace baton::config
