// The rules about one file. A number stays with its rule for ever; one that goes leaves a gap.
#include <array>

#include "check/rule.h"

namespace baton::check {
namespace {

using enum Severity;

constexpr auto table = std::to_array<Rule>({
    {"B001", "nopreempt-weight", warning, "a weight that nopreempt makes useless",
     "With nopreempt a node never takes an address from a living master, whatever the priorities are. A weight changes "
     "the priority and nothing else, so where all nodes have nopreempt a failing check moves nothing: the address "
     "stays "
     "on the node whose service is dead. Given the files of all nodes, it is said only where no other takes it. Use "
     "weight 0 (or no weight): then a failure means FAULT, the address is given up at once, and nopreempt still keeps "
     "it "
     "from travelling back."},
    {"B002", "strict-silence", warning, "strict mode drops packets to the address",
     "vrrp_strict follows the RFC, in which a master that does not own the address forwards packets and answers none: "
     "no "
     "ping, no TCP. ARP is answered, so everything looks well and nothing works. Remove vrrp_strict, which the sample "
     "file "
     "brought to many machines; with VRRPv3 `accept` in the instance is enough."},
    {"B003", "ah-protocol", note, "AH is another IP protocol than VRRP",
     "With auth_type AH adverts are IP protocol 51 with VRRP inside. Rules that let protocol 112 (vrrp) in do not "
     "match "
     "them: nobody hears anybody and every node becomes master. Let 51 in from the other nodes, or use PASS, or "
     "auth_hmac "
     "where both sides know it."},
    {"B004", "vip-is-network", warning, "a virtual address that is its subnet's network or broadcast address",
     "The first and the last address of an IPv4 subnet are no host's. Linux sets them all the same, and clients of "
     "that "
     "subnet do not talk to them. Mostly the length is wrong, or a digit is missing."},
    {"B005", "vip-wide-prefix", warning, "a virtual address with the prefix length of half the Internet",
     "The length of a virtual address brings a route with it: with /0 the node believes that everybody is on its LAN, "
     "as "
     "long as it is master, and loses its way to all of them. Write the network's length, or none (/32, /128)."},
    {"B006", "node-address-is-virtual", error, "a node's own address is a virtual one",
     "Adverts leave from, or go to, an address that only the master has. As BACKUP the node has no source, or the peer "
     "is "
     "itself; then nobody hears anybody. Write the fixed address of the node. An owner (priority 255) is the "
     "exception."},
    {"B007", "vip-is-static", error, "a virtual address in static_ipaddress",
     "Static addresses are on every node all the time; a virtual one must be on one node alone. Both together are a "
     "duplicate address on the LAN."},
    {"B008", "vip-is-no-host", warning, "a virtual address that cannot be on a network",
     "Loopback addresses (127.0.0.0/8, ::1) and 240.0.0.0/4 reach no other machine, so there is nothing to fail over."},
    {"B010", "priority-at-limit", warning, "weights that are cut off at the end of the scale",
     "Effective priorities are 1 to 254. What base and weights are beyond is lost: two nodes that differ on paper are "
     "equal "
     "at 254, and a failing check takes away less than its weight says. Leave room above the base for all weights."},
    {"B011", "owner-priority", note, "priority 255",
     "255 says that the addresses are this node's own. It takes them at once when it starts, before it has heard "
     "anybody; "
     "weights are ignored; nopreempt and preempt_delay as well. Right for an address owner, wrong for everybody else."},
    {"B012", "script-outlives-interval", note, "a check may take longer than its interval",
     "keepalived 2.2.7 starts the next run beside one that hangs, until its timeout; later versions and Baton skip it. "
     "A timeout of at most the interval says clearly when the check has failed."},
    {"B013", "slow-check", note, "a failure is noticed late",
     "From the failure to the verdict it takes up to fall times the interval, and the timeout when the last run hangs. "
     "That is added to the takeover itself."},
    {"B014", "zombie-check", note, "a check that a dead service passes",
     "killall -0, pidof and pgrep ask whether a process of that name exists. One that hangs, is stopped or has become "
     "a "
     "zombie passes, and so does somebody else's of the same name. A request to the service is the better check; "
     "vrrp_track_process does the same as these, without a process for every look, and notices an end at once."},
    {"B015", "stops-the-daemon", warning, "a command stops the daemon",
     "Stopping keepalived gives the address away, once. The node is then out of the cluster, without a fault that "
     "anybody "
     "sees, until somebody starts it by hand; the next failure has nobody left to take over. A failing check with "
     "weight 0 "
     "does the same and comes back by itself."},
    {"B016", "check-cannot-fail", warning, "a check that always succeeds",
     "The command ends with success whatever it finds: true, echo, or a shell line that ends in `|| true` or `exit 0`. "
     "Nothing is checked, and the address stays where the service is dead."},
    {"B017", "endless-check", warning, "a check that never ends",
     "ping without -c, tail -f or watch run until they are killed at their timeout, which counts as a failure: the "
     "check "
     "fails for ever, and with weight 0 the node never holds the address."},
    {"B018", "curl-without-fail", note, "curl takes an error page for success",
     "curl exits with 0 when it got an answer, also when that is an error 500 or 404. With --fail it exits with 22. "
     "Without "
     "it the check sees only whether anything listens."},
    {"B019", "sample-identity", note, "the identity of the sample file",
     "virtual_router_id 51 and the password 1111 are in the sample configuration and in most tutorials. A second "
     "cluster on "
     "the same LAN that kept them is taken for a partner: one of the two has no master."},
    {"B020", "mail-to-nobody", warning, "mail is asked for and cannot be sent",
     "smtp_alert needs smtp_server and notification_email in global_defs. Without one of them no mail is sent, and "
     "nobody "
     "learns of a failover."},
    {"B021", "mail-not-asked-for", note, "recipients, and no mail",
     "notification_email and smtp_server alone send nothing about VRRP: smtp_alert, in the instance or in global_defs, "
     "does. "
     "Most tutorials leave it out."},
    {"B022", "mixed-group", warning, "members of a sync group that want different things",
     "A group moves as a whole: it becomes master when every member wants to, and backup when one is beaten. Members "
     "with "
     "different priorities or nopreempt settings pull at each other, and the weakest decides."},
    {"B023", "no-group", note, "two sides of a router without a sync group",
     "A machine that forwards between two networks has a virtual address on each. Without a vrrp_sync_group a broken "
     "link on "
     "one side moves that address alone; packets then go in on one machine and cannot get out. Servers with two "
     "independent "
     "addresses need none."},
    {"B024", "fault-not-told", note, "notify_backup without notify_fault",
     "A node whose link or check fails enters FAULT, not BACKUP; notify_backup is not called. What notify_master has "
     "started "
     "goes on beside the new master's. Write notify_fault too, or one `notify` for all states."},
    {"B025", "scripts-as-root", note, "commands may run as root",
     "Without script_user commands run as keepalived_script, or as root where that account does not exist; without "
     "enable_script_security nobody looks who may write to them. `keepalived -t` says SECURITY VIOLATION."},
    {"B026", "slow-announcements", warning, "the last address is announced late",
     "vrrp_garp_interval and vrrp_gna_interval hold announcements back so that switches are not flooded. With many "
     "addresses "
     "the last one is announced long after the takeover, and its clients talk to the dead node until then."},
    {"B027", "link-ignored", warning, "a master without a link",
     "dont_track_primary lets an instance stay master when its interface is down. Its partner hears nothing and takes "
     "over: "
     "two masters, which meet when the link comes back."},
    {"B028", "one-lost-advert", warning, "one lost advert moves the address",
     "down_timer_adverts 1 takes over after a single advert that did not come in time. A busy switch or a short pause "
     "of the "
     "master is enough for two masters. Three is the protocol's own number."},
    {"B029", "slow-takeover", note, "a dead master is missed late",
     "A backup waits for down_timer_adverts times advert_int. Until then nobody has the address. VRRPv2 knows whole "
     "seconds; "
     "VRRPv3 intervals of 0.01 s and more."},
    {"B030", "fast-adverts", note, "a short pause moves the address",
     "With such an interval a master that stands still for a moment (another process, a virtual machine that is moved, "
     "a "
     "swapping host) is taken for dead. Real-time scheduling helps against the first alone."},
    {"B031", "duplicate-detection", note, "duplicate address detection on a virtual address",
     "The word -nodad, against its name, switches detection on. When two masters meet for a moment the kernel marks "
     "the "
     "address as a duplicate and it stays dead on that node until it is set again."},
    {"B032", "hmac-not-enforced", note, "unsigned adverts are accepted",
     "mode permissive and receive-only are for the time in which not all nodes sign yet. Until mode enforce is written "
     "anybody on the LAN can take the address with a plain advert."},
    {"B033", "peer-elsewhere", warning, "a unicast peer in another subnet",
     "The virtual address is in this node's subnet and the peer is not. When it takes over it announces the address on "
     "a LAN "
     "where nobody looks for it, and the clients lose it. Addresses that move between subnets need routing, not ARP."},
    {"B034", "init-fail", note, "init_fail means nothing to keepalived",
     "keepalived reads init_fail and resets it when the script is named in a track_script block; the check counts for "
     "nothing "
     "until its first result. Baton carries it out, so that the two differ in their first seconds."},
    {"B035", "address-twice", warning, "one address on two interfaces",
     "Two instances set the same address on different interfaces; both answer for it, with different MAC addresses, "
     "when "
     "they are both master."},
    {"B036", "first-is-global", note, "the first IPv6 address is not link-local",
     "RFC 9568 section 5.2.9 wants the link-local address first. keepalived and Baton do not mind; routers of other "
     "makes "
     "may throw the adverts away."},
    {"B037", "said-twice", warning, "a setting is given twice",
     "Of two lines with the same keyword in one block the last counts, without a word from keepalived (of two states "
     "MASTER "
     "counts). Often a line of a template was left above or below the one that was meant."},
    {"B038", "firewall-other-protocol", warning, "a firewall that lets the wrong protocol in",
     "VRRP is IP protocol 112, and within AH (auth_type AH) it is protocol 51. Rules that name one of them and not the "
     "other "
     "stop every advert of the other kind: no node hears another, and each becomes master. Tutorials show the rule for "
     "112 "
     "and the configuration with AH side by side."},
    {"B039", "firewall-drops", error, "a firewall that drops the adverts",
     "The rules are gone through as the kernel does it: each chain of the hook from its first rule to its policy, for "
     "a "
     "packet of protocol 112, or 51 with AH, to 224.0.0.18, ff02::12 or the unicast peer, on the instance's interface, "
     "in "
     "and out. It is dropped, by a rule or because no rule accepts it. A node that hears nobody becomes master. "
     "Multicast "
     "is never `established`: a rule about connections does not let it in."},
    {"B040", "firewall-unclear", note, "a firewall of which a text does not show what it does",
     "A rule asks something that the files do not say, such as the sender's address, or is not understood, or belongs "
     "to "
     "a set that is filled elsewhere; and what becomes of the adverts depends on it. mcast_src_ip on all nodes says "
     "who "
     "sends; nft list ruleset and iptables-save, run as root, show all rules there are."},
    {"B041", "no-rule-set", error, "a file that is no rule set",
     "What was given as a firewall's rules holds none, or ends in the middle. Nothing can be said about it."},
    {"B042", "file-made-as-fault", warning, "a tracked file that is made with a fault in it",
     "init_file makes the file with that number at the start of the daemon. Number times weight of -254 or less is a "
     "fault, and so is any number but 0 with weight 0: the node stays in FAULT until somebody writes another number."},
});

}  // namespace

std::span<const Rule> file_rules() {
  return table;
}

}  // namespace baton::check
