#include "doctor/rule_table.h"

#include <algorithm>
#include <array>

namespace baton::doctor {

namespace {

using enum Severity;

constexpr auto table = std::to_array<Rule>({
    {"D001", "interface-missing", error, "an interface of the configuration is not there",
     "A vrrp_instance whose interface does not exist stays in FAULT until it comes. Either the name is another on this "
     "machine (ip -br link), or what makes it (VLAN, bond, bridge) has not run."},
    {"D002", "interface-down", error, "an interface is switched off",
     "No advert leaves or comes through an interface that is down: the instance is in FAULT, and its peers become "
     "MASTER. Switch it on: ip link set NAME up, and see why it was off at boot."},
    {"D003", "no-carrier", error, "an interface has no link",
     "The interface is switched on and its driver sees no link: a cable, a switch port, or the other end of a veth. "
     "The instance is in FAULT."},
    {"D004", "no-multicast", error, "an interface without the MULTICAST flag",
     "Adverts go to 224.0.0.18 or ff02::12. An interface without the flag takes no part in groups: some drivers then "
     "throw such frames away. Set it: ip link set NAME multicast on; or use unicast_peer."},
    {"D005", "no-source-address", error, "an interface has no address to send adverts from",
     "An advert bears the primary IPv4 address, or the IPv6 link-local address, of its interface. Without one the "
     "instance stays in FAULT."},
    {"D006", "ipv6-disabled", error, "IPv6 is switched off on an interface that needs it",
     "With net.ipv6.conf.NAME.disable_ipv6=1 an interface has no link-local address and takes no IPv6 address: neither "
     "adverts nor virtual addresses of an IPv6 instance are possible there."},
    {"D007", "duplicate-detected", error, "the kernel has found another owner of an IPv6 address",
     "Duplicate address detection heard somebody else with this address, and the kernel does not use it: it is on the "
     "interface and answers nobody. Find the other owner, remove and add the address."},
    {"D010", "reverse-path", error, "rp_filter drops the adverts of a peer",
     "With net.ipv4.conf.*.rp_filter=1 the kernel drops what comes in by another interface than the answer would leave "
     "by; the larger value of `all` and the interface's own counts. It happens with two interfaces in one subnet and "
     "with peers behind asymmetric routes. Nothing is logged, tcpdump shows the adverts, and both nodes are MASTER. "
     "Set it to 2 (loose) for the interface, and `all` to 0 or 2, or mend the route."},
    {"D011", "arp-silent", error, "arp_ignore keeps the virtual address from being found",
     "With arp_ignore=8 an interface answers no ARP request, with 3 none for an address of scope host, with 1 and 2 "
     "none for an address that is on another interface, lo for example. The address is held, and nobody on the LAN "
     "finds it. Such settings come with LVS direct routing, where they are for real servers."},
    {"D012", "not-forwarding", warning, "a router that does not forward",
     "The configuration moves addresses on several interfaces together, or routes, as a router does, and "
     "net.ipv4.ip_forward (net.ipv6.conf.all.forwarding) is 0: whoever uses the address as a gateway gets no "
     "further. A note where a service of this host listens on one of the addresses: a proxy forwards nothing."},
    {"D013", "nonlocal-bind", warning, "a service cannot bind to a virtual address that is elsewhere",
     "A service that listens on the virtual address itself, not on all addresses, fails to start on the node that does "
     "not hold it; after a failover nobody listens. With net.ipv4.ip_nonlocal_bind=1 (net.ipv6.ip_nonlocal_bind) it "
     "starts everywhere. A warning where such a service was seen, else a note."},
    {"D014", "multicast-not-flooded", error, "a bridge port passes no multicast",
     "Adverts to 224.0.0.18 reach the other ports of a bridge by flooding. A port with `mcast_flood off`, one that is "
     "not in the state forwarding (spanning tree: for 30 s after it came up), and two isolated ports do not get them. "
     "An "
     "error where no port is left that passes, else a note: who is behind which port is not known."},
    {"D015", "snooping-without-querier", warning, "a bridge that snoops, and nobody who asks for members",
     "With multicast snooping a bridge sends a group only to ports that have asked for it, once it has heard a "
     "querier; "
     "memberships are renewed when a querier asks. Linux and most switches except 224.0.0.x, but not ff02::12 and not "
     "a group of mcast_dst_ip: they work until a querier speaks, and when it goes silent some switches stop to pass "
     "them. Switch a querier on (ip link set BRIDGE type bridge mcast_querier 1), or snooping off."},
    {"D016", "firewall-drops", error, "a packet filter drops adverts",
     "Adverts are IP protocol 112, with auth_type AH protocol 51, to 224.0.0.18 or ff02::12 (or to a unicast peer). "
     "The rules of nftables, which iptables-nft, firewalld and ufw write as well, drop them on the way in: this node "
     "hears "
     "nobody and becomes MASTER beside another one; or on the way out: nobody hears this node. `ct state established` "
     "does not let them in: nobody answers a group."},
    {"D017", "firewall-unclear", note, "a rule may drop adverts",
     "Whether the rule matches depends on something that cannot be known from outside (a rate limit, a set that "
     "changes, the sender). Look at it yourself: nft -a list chain FAMILY TABLE CHAIN."},
    {"D018", "missing-capability", error, "a capability that VRRP needs cannot be had",
     "Raw sockets need CAP_NET_RAW, addresses CAP_NET_ADMIN. In a container they are taken away unless asked for: "
     "docker run --cap-add NET_ADMIN --cap-add NET_RAW; under systemd look at CapabilityBoundingSet."},
    {"D019", "other-daemon", error, "another VRRP daemon runs on this host",
     "Two daemons with the same virtual router on one host both put its addresses on and take them off, and hear each "
     "other not at all or as a stranger. Stop and disable one: systemctl disable --now keepalived. A note where it is "
     "the only one: Baton and it must not run together."},
    {"D020", "address-without-daemon", warning, "a virtual address is here and no VRRP daemon is",
     "The address stays when another node becomes MASTER: two owners. It is configured statically (and must be taken "
     "out "
     "of there), or a daemon was killed and nobody cleaned up."},
    {"D101", "vrid-collision", error, "another virtual router uses the same VRID",
     "One LAN has 255 VRIDs for everybody. What is heard has none of our addresses, so it is another router: both sets "
     "of nodes throw away each other's adverts, or obey them, and with virtual MAC addresses they share one. Choose a "
     "VRID that nobody uses; the table of what was heard shows the others."},
    {"D102", "not-understood", error, "adverts are thrown away",
     "A node of this virtual router is heard, and by this configuration its adverts are thrown away: as if it were not "
     "there. Both become MASTER. What is said is the reason that `baton status` would count; where ours would be "
     "thrown "
     "away there for the same or another reason, that is said too."},
    {"D103", "not-believed", warning, "adverts are taken here and not there",
     "What is heard fits this configuration, and an advert of ours would not fit what the other side announces, as far "
     "as that shows it: it would not yield to this node. Of address lists: keepalived before 2.3.3 and FRR throw away "
     "adverts with another list, Baton and keepalived from 2.3.3 take them."},
    {"D104", "checksum-reading", warning, "the VRRPv3 checksum is read another way",
     "VRRPv3 over IPv4 is summed with a pseudo-header (keepalived) or over the message alone (RFC 9568, many "
     "routers). Baton takes both; others take their own alone. Send theirs: v3_checksum_as_v2 (message alone) in the "
     "instance, or without it (pseudo-header)."},
    {"D105", "two-masters", error, "two nodes are MASTER at the same time",
     "Two senders announce one virtual router in turns: they do not hear or do not believe each other. A firewall, "
     "rp_filter or a switch on one of them, another authentication, version or interval: doctor on each node "
     "says which."},
    {"D106", "nobody-speaks", warning, "nobody is MASTER",
     "No advert was heard for longer than a backup waits before it takes over, neither from here nor from elsewhere: "
     "the daemon does not run, or is in FAULT on every node (baton status), or the adverts do not reach this "
     "interface."},
    {"D107", "own-address", error, "somebody else sends from this host's address",
     "An advert came in whose source is an address of this host: another machine has the same address, or the switch "
     "returns our own frames. Baton throws such adverts away."},
    {"D108", "address-twice", error, "two machines answer for a virtual address",
     "Clients reach whichever answered last. Two nodes are MASTER, or a machine has the address statically, or a "
     "router "
     "answers by proxy ARP."},
    {"D109", "address-unanswered", warning, "a master speaks and nobody answers for its address",
     "Adverts are heard, and an ARP probe (IPv6: a neighbour solicitation) for the address has no answer: the master "
     "has no such address, or does not answer (arp_ignore, a packet filter, another VLAN)."},
    {"D110", "address-elsewhere", error, "another machine than the master answers for a virtual address",
     "The address is answered for by a machine that is no master of its virtual router: it has the address statically, "
     "or is a MASTER whose adverts do not come here. As soon as a master is elected there are two owners."},
});

}  // namespace

std::span<const Rule> rules() {
  return table;
}

const Rule* find_rule(std::string_view id_or_name) {
  const auto found =
      std::ranges::find_if(table, [&](const Rule& rule) { return rule.id == id_or_name || rule.name == id_or_name; });
  return found == table.end() ? nullptr : &*found;
}

}  // namespace baton::doctor
