// What adverts look like: nodes that do not write the same do not hear each other.
#include <fmt/format.h>

#include "check/between_rules.h"

namespace baton::check {
namespace {

double seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

std::string_view on_off(bool value) {
  return value ? "on" : "off";
}

class AdvertRules : RouterRules {
 public:
  using RouterRules::RouterRules;

  void check() {
    check_version();
    check_interval();
    check_checksum();
    check_transport();
    check_group();
    check_acceptance();
    check_patience();
    check_virtual_mac();
    check_routes();
  }

 private:
  void check_version() {
    find_odd_ones(
        router_, [](const Member& each) { return each.instance->version; },
        [&](const Member& member, const Member& other) {
          add("versions-differ", member, "version",
              fmt::format("{} speaks VRRPv{} here and VRRPv{} in {}: neither hears the other, and both become master",
                          member.instance->name, member.instance->version, other.instance->version,
                          where(other, "version")),
              fmt::format("write version {} on all nodes", other.instance->version));
        });
  }

  void check_interval() {
    find_odd_ones(
        router_, [](const Member& each) { return each.instance->advert_interval; },
        [&](const Member& member, const Member& other) {
          const bool is_v3 = member.instance->version == 3 && other.instance->version == 3;
          add("intervals-differ", member, "advert_int",
              fmt::format("{} sends every {:g} s here and every {:g} s in {}: {}", member.instance->name,
                          seconds(member.instance->advert_interval), seconds(other.instance->advert_interval),
                          where(other, "advert_int"),
                          is_v3 ? "how fast a takeover is depends on who is master"
                                : "VRRPv2 throws such adverts away, and both become master"),
              fmt::format("write advert_int {:g} on all nodes", seconds(other.instance->advert_interval)),
              is_v3 ? Severity::warning : Severity::error);
        });
  }

  // What a sum covers is disputed for VRRPv3 over IPv4 alone.
  void check_checksum() {
    if (router_.members.front().instance->version != 3) return;
    if (router_.members.front().instance->family != Family::ipv4) return;
    find_odd_ones(
        router_, [](const Member& each) { return each.instance->v3_checksum_as_v2; },
        [&](const Member& member, const Member& other) {
          add("checksums-differ", member, "v3_checksum_as_v2",
              fmt::format(
                  "v3_checksum_as_v2 is {} for {} here and {} in {}: keepalived without it throws the adverts of a "
                  "node with it away",
                  on_off(member.instance->v3_checksum_as_v2), member.instance->name,
                  on_off(other.instance->v3_checksum_as_v2), where(other, "v3_checksum_as_v2")),
              "write v3_checksum_as_v2 on all nodes, or on none");
        });
  }

  void check_transport() {
    find_odd_ones(
        router_, [](const Member& each) { return each.instance->peers.empty(); },
        [&](const Member& member, const Member& other) {
          const bool is_multicast = member.instance->peers.empty();
          add("transport-differs", member, "unicast_peer",
              fmt::format("{} sends by {} here and by {} in {}: neither hears the other, and both become master",
                          member.instance->name, is_multicast ? "multicast" : "unicast",
                          is_multicast ? "unicast" : "multicast", where(other, "unicast_peer")),
              "write unicast_peer on all nodes, or on none");
        });
  }

  void check_group() {
    find_odd_ones(
        router_,
        [](const Member& each) {
          return each.instance->peers.empty() ? std::optional(each.instance->multicast_group) : std::nullopt;
        },
        [&](const Member& member, const Member& other) {
          if (!member.instance->peers.empty() || !other.instance->peers.empty()) return;  // said above
          add("multicast-groups-differ", member, "mcast_dst_ip",
              fmt::format("{} sends to {} here and to {} in {}: neither hears the other, and both become master",
                          member.instance->name, to_string(member.instance->multicast_group),
                          to_string(other.instance->multicast_group), where(other, "mcast_dst_ip")),
              fmt::format("write {} on all nodes", to_string(other.instance->multicast_group)));
        });
  }

  // Which packets to the address are answered must not depend on who holds it.
  void check_acceptance() {
    find_odd_ones(
        router_, [](const Member& each) { return each.instance->accept; },
        [&](const Member& member, const Member& other) {
          add("acceptance-differs", member, "no_accept",
              fmt::format("packets to the addresses of {} are {} here and {} in {}: it depends on the master whether "
                          "they can be used",
                          member.instance->name, member.instance->accept ? "answered" : "dropped",
                          other.instance->accept ? "answered" : "dropped", where(other, "no_accept")),
              "write accept, no_accept and vrrp_strict alike on all nodes");
        });
    find_odd_ones(
        router_, [](const Member& each) { return each.instance->strict; },
        [&](const Member& member, const Member& other) {
          add("strictness-differs", member, "strict_mode",
              fmt::format("strict mode is {} for {} here and {} in {}: with it there is no authentication, and more "
                          "adverts are refused",
                          on_off(member.instance->strict), member.instance->name, on_off(other.instance->strict),
                          where(other, "strict_mode")),
              "write vrrp_strict on all nodes, or on none");
        });
  }

  void check_patience() {
    find_odd_ones(
        router_, [](const Member& each) { return each.instance->down_timer_adverts; },
        [&](const Member& member, const Member& other) {
          add("patience-differs", member, "down_timer_adverts",
              fmt::format("{} waits for {} adverts here and for {} in {}", member.instance->name,
                          member.instance->down_timer_adverts, other.instance->down_timer_adverts,
                          where(other, "down_timer_adverts")),
              "write down_timer_adverts alike, unless one node shall be more patient");
        });
  }

  void check_virtual_mac() {
    const auto has_macvlan = [](const Member& each) {
      const auto& own = each.instance->virtual_interface;
      return own && own->kind == config::VirtualInterface::Kind::macvlan;
    };
    find_odd_ones(router_, has_macvlan, [&](const Member& member, const Member& other) {
      add("virtual-mac-differs", member, "use_vmac",
          fmt::format("use_vmac is {} for {} here and {} in {}: the address changes its MAC address when it moves",
                      on_off(has_macvlan(member)), member.instance->name, on_off(has_macvlan(other)),
                      where(other, "use_vmac")),
          "write use_vmac on all nodes, or on none");
    });
  }

  // Their text names each node's own interfaces, so that only their number can be compared.
  void check_routes() {
    find_odd_ones(
        router_,
        [](const Member& each) { return std::pair(each.instance->routes.size(), each.instance->rules.size()); },
        [&](const Member& member, const Member& other) {
          add("routes-differ", member, "virtual_routes",
              fmt::format("{} brings {} routes and {} rules here, {} and {} in {}: something is missing after a move",
                          member.instance->name, member.instance->routes.size(), member.instance->rules.size(),
                          other.instance->routes.size(), other.instance->rules.size(), where(other, "virtual_routes")),
              "write virtual_routes and virtual_rules alike on all nodes");
        });
  }
};

}  // namespace

void compare_adverts(const Cluster& cluster, Report& report) {
  for (const VirtualRouter& router : cluster.routers) AdvertRules(router, report).check();
}

}  // namespace baton::check
