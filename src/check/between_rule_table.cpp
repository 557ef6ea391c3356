// The rules about what stands between files. A number stays with its rule for ever; one that goes leaves a gap.
#include <array>

#include "check/rule.h"

namespace baton::check {
namespace {

using enum Severity;

constexpr auto table = std::to_array<Rule>({
    {"B101", "address-lists-differ", error, "nodes with different virtual addresses",
     "The list of virtual addresses is part of every advert. keepalived up to 2.3.2, Debian 12's among them, throws "
     "adverts "
     "with another list away: both nodes become master. Later versions and Baton accept and warn; then an address that "
     "only "
     "one node has is gone while the other is master. Write the same list on all nodes; the order does not matter."},
    {"B102", "excluded-lists-differ", warning, "nodes with different excluded addresses",
     "virtual_ipaddress_excluded is not in the adverts, so no node notices. An address that one node lacks is gone "
     "when that "
     "one is master."},
    {"B103", "lengths-differ", warning, "one address with two prefix lengths",
     "The length brings the route to its network. With another one the address works on both nodes, and the way back "
     "to the "
     "clients may not."},
    {"B104", "intervals-differ", error, "nodes that send at different intervals",
     "VRRPv2 throws an advert with another interval away, silently and without counting it: both nodes become master, "
     "and "
     "no log says why. VRRPv3 takes the master's interval over, so that only the speed of a takeover differs (a "
     "warning)."},
    {"B105", "authentication-differs", error, "nodes with different authentication",
     "Type and password must be the same; each node throws the other's adverts away otherwise and both become master. "
     "Of a "
     "password the first eight characters count, and # and ! end it unless it is quoted."},
    {"B106", "versions-differ", error, "nodes with different VRRP versions",
     "A VRRPv2 node does not understand VRRPv3 and the other way round: both become master. IPv6 is always VRRPv3."},
    {"B107", "checksums-differ", warning, "nodes that read the VRRPv3 checksum differently",
     "RFC 5798 was read in two ways over IPv4: with the addresses of the packet in the sum, as keepalived sends it, or "
     "without, as RFC 9568 has it. v3_checksum_as_v2 sends the second form and accepts both; keepalived without it "
     "accepts the first alone. Baton "
     "accepts both in any case."},
    {"B108", "transport-differs", error, "unicast on one node and multicast on the other",
     "A node with unicast_peer sends to its peers alone and listens for them; one without listens to the multicast "
     "group. "
     "Neither hears the other."},
    {"B109", "multicast-groups-differ", error, "nodes in different multicast groups",
     "vrrp_mcast_group4, vrrp_mcast_group6 and mcast_dst_ip must be the same on all nodes."},
    {"B110", "vrid-twice", error, "one VRID for two virtual routers",
     "On one LAN a virtual_router_id is the name of a router. Two clusters that share it take each other's adverts for "
     "their "
     "partner's: one of them has no master, or both fight. Give each its own number, 1 to 255, the same on its nodes."},
    {"B111", "vrids-differ", error, "one address with two VRIDs",
     "The nodes of one address must have the same virtual_router_id. With different ones neither minds the other's "
     "adverts, "
     "and both are master from the first second on."},
    {"B112", "same-priority", warning, "nodes with the same priority",
     "They wait equally long and take over in the same moment; the higher address wins, after both were master. Which "
     "node "
     "will hold the address cannot be read from the files. Give each node its own priority, also with nopreempt."},
    {"B113", "same-source", error, "nodes with the same address",
     "Two nodes send from one address: one of the files was copied and not changed. Each takes the other for itself."},
    {"B114", "weight-too-small", warning, "a failing check does not move the address",
     "When everything is well the node with the highest effective priority is master. When this check fails its "
     "priority "
     "falls by the weight, and it is still not below the best of the others: nothing happens. The weight must be more "
     "than "
     "the distance of the priorities; or write weight 0, with which a failure gives the address up whatever the "
     "priorities are. A note where such weights move it together: they may be meant to fail together."},
    {"B115", "weights-against-nopreempt", warning, "the partner's nopreempt keeps weights from working",
     "nopreempt is about the one who would take the address: a backup with it accepts a living master whose priority "
     "has "
     "fallen below its own. So the master's weights move nothing."},
    {"B116", "nopreempt-one-sided", warning, "nopreempt where it has no effect",
     "nopreempt keeps a node with the higher priority from taking the address back when it returns. On the lower one "
     "alone "
     "it does nothing of the kind. Write it on all nodes, each with state BACKUP."},
    {"B117", "several-masters", note, "state MASTER on several nodes",
     "The word decides nothing: a node with state MASTER waits like any other, unless its priority is 255. It clears "
     "nopreempt and preempt_delay, on each of these nodes."},
    {"B118", "state-against-priority", warning, "state MASTER on a node that will not be master",
     "The highest priority is master, not the word. Who reads this file believes something that is not so."},
    {"B119", "two-owners", error, "two nodes with priority 255",
     "Only one node can own the addresses. With state MASTER each takes them when it starts, without listening first, "
     "beside the other; and nothing that is tracked lowers 255, so that a failing check moves them on neither."},
    {"B120", "peer-not-named", error, "a unicast peer is missing",
     "Adverts go to the peers that are named and to nobody else. A node that another does not name never hears it, and "
     "becomes master beside it. With three nodes each must name the two others."},
    {"B121", "peer-without-file", note, "a peer that is none of these nodes",
     "Either the address is mistyped, or the peer's file was not given."},
    {"B122", "source-unknown", note, "a unicast node that does not say its address",
     "Without unicast_src_ip the first address of the interface is used, which is not in the file. The peers that the "
     "others "
     "name cannot be compared with it, and another address on that interface may change it."},
    {"B123", "ttl-out-of-range", error, "a peer's adverts arrive with too low a TTL",
     "min_ttl of a unicast peer is more than the TTL it sends with; all its adverts are thrown away."},
    {"B124", "subnets-differ", warning, "nodes in different subnets",
     "The nodes send from addresses that are not of one subnet. Multicast adverts are not routed, so that neither "
     "hears the "
     "other; and an address that moves is looked for by ARP in its own subnet alone. Where no length is known this is "
     "a "
     "guess by /24 or /64, and a note."},
    {"B125", "nobody-takes-over", warning, "an instance that no other node has",
     "The other files have no instance with this virtual_router_id and any of these addresses. When the node fails its "
     "addresses are gone."},
    {"B126", "nothing-in-common", warning, "a file of another cluster",
     "None of its virtual routers is in any other of the files given: it is another cluster's, or all of its "
     "virtual_router_ids are mistyped, and then nobody takes over what it holds."},
    {"B127", "router-ids-same", note, "one router_id on several nodes",
     "router_id names the node in mails and in SNMP. LVS_DEVEL of the sample file names none."},
    {"B128", "strictness-differs", warning, "strict mode on one node",
     "Strict mode drops authentication, forbids unicast and throws away adverts whose address list differs. One node "
     "with "
     "it and one without disagree about more than they seem to."},
    {"B129", "acceptance-differs", warning, "the address answers on one node only",
     "With no_accept, or strict mode without accept, packets to the virtual address are dropped. A service works or "
     "not "
     "depending on who is master."},
    {"B130", "patience-differs", note, "nodes that wait for different numbers of adverts",
     "The node with the smaller down_timer_adverts takes over first, also with the lower priority. That may be meant."},
    {"B131", "virtual-mac-differs", note, "the virtual MAC address on one node",
     "With use_vmac the address keeps its MAC when it moves; where only one node has it, it does not, and clients need "
     "the "
     "gratuitous ARP."},
    {"B132", "routes-differ", warning, "routes and rules that one node lacks",
     "virtual_routes and virtual_rules come and go with the address. What one node lacks is missing after the move. "
     "Only "
     "their number is compared: interfaces have other names on every node."},
    {"B133", "sync-groups-differ", warning, "another sync group on another node",
     "Instances that move together on one node move apart on the other. Then the halves of a router may be on two "
     "machines."},
    {"B134", "group-torn", warning, "a sync group whose members belong to different nodes",
     "Each node has the highest priority of some members. A group is master only as a whole: when both start, each "
     "pulls "
     "the other's half back, for seconds in which nobody holds the addresses, until one has all; and that one keeps "
     "them, "
     "whatever the priorities are, until it fails."},
    {"B135", "checks-differ", note, "a node that checks less",
     "The other node tracks more scripts, checks, processes or files. This one takes the address whether its service "
     "runs or "
     "not."},
    {"B136", "skews-too-close", note, "backups that take over at the same time",
     "A backup waits (256 - priority) / 256 intervals longer than three of them. With VRRPv3, short intervals and near "
     "priorities the difference is less than a packet's journey: two backups become master at once."},
});

}  // namespace

std::span<const Rule> between_rules() {
  return table;
}

}  // namespace baton::check
