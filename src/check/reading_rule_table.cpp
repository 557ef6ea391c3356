// What reading a file says (config::load), each under a number of its own: docs/configuration.md has the same list.
#include <array>

#include "check/rule.h"

namespace baton::check {
namespace {

using enum Severity;

constexpr auto table = std::to_array<Rule>({
    {"B201", "ah-master", note, "AH with state MASTER",
     "keepalived treats such an instance as BACKUP, because a master that starts anew with a sequence number of 1 "
     "would be "
     "taken for a replay. The outcome is the same as with any state MASTER below priority 255."},
    {"B202", "authentication", warning, "authentication that is dropped or incomplete",
     "VRRPv3 and strict mode know no authentication block; a password without auth_type, or the other way round, is "
     "none. "
     "The node then sends plain adverts, and partners that authenticate throw them away."},
    {"B203", "bad-address", warning, "an address that cannot be used",
     "The line is ignored, or the word after the address. Addresses are numeric, without leading zeros, one a line."},
    {"B204", "bad-include", note, "an included file that cannot be read",
     "What should stand there is missing. Directories and files with an x bit are refused, as keepalived does."},
    {"B205", "bad-interface", error, "a name that no VRRP interface can have",
     "Linux takes 1 to 15 bytes; adverts cannot leave through lo."},
    {"B206", "bad-key", warning, "an auth_hmac key that cannot be used",
     "A key has 32 to 64 bytes; active_key names one."},
    {"B207", "bad-quote", warning, "typographic quotes around a command",
     "They come from a web page or a word processor. To the daemon they are letters of the command, which then does "
     "not "
     "exist."},
    {"B208", "bad-repetition", warning, "~SEQ or ~LST that cannot be read", "The line is dropped."},
    {"B209", "bad-route", warning, "a route that cannot be used", "The line is ignored as a whole."},
    {"B210", "bad-rule", warning, "a rule that cannot be used", "The line is ignored as a whole."},
    {"B211", "bad-value", warning, "a value of the wrong form or range",
     "keepalived says so, keeps the default and goes on: a priority of 300 is 100, which may make another node "
     "master."},
    {"B212", "bad-variable", warning, "a built-in variable with wrong parameters", "It stays in the text as it is."},
    {"B213", "byte-order-mark", warning, "the file begins with a byte-order mark",
     "keepalived takes it for a part of the first word and ignores that line, and the block that it opens."},
    {"B214", "carriage-return", warning, "lines that end in CR alone", "The whole file is one line to the daemon."},
    {"B215", "comment-in-password", warning, "a password with a comment sign in it",
     "# and ! begin a comment anywhere outside double quotes, so that the password ends before them. Two nodes with "
     "the same "
     "line agree by chance; one that quotes it does not."},
    {"B216", "defined-later", warning, "something is used above its definition",
     "keepalived does not find it there and tracks nothing, with a line in the log. Baton finds it. Move the "
     "definition up."},
    {"B217", "duplicate-address", warning, "two instances with one address",
     "When one of them leaves MASTER it takes the address away from the other."},
    {"B218", "duplicate-vrid", error, "two instances with one VRID on one interface",
     "They cannot be told apart; the daemon does not start."},
    {"B219", "empty-block", warning, "a list without entries", "It does nothing; was something forgotten?"},
    {"B220", "endless-variable", warning, "a variable that contains itself", "It is not replaced."},
    {"B221", "extra-words", warning, "a command or a name that must be quoted",
     "Of a command with arguments the second word is taken for a user. Quote it as a whole."},
    {"B222", "given-twice", warning, "something that may be there once",
     "Of two blocks with one name, or two notify scripts, the first counts; the second is ignored."},
    {"B223", "group-weight", warning, "weights of a sync group's member",
     "They would move one member alone, so they do not count. Track it in the group, or write "
     "sync_group_tracking_weight."},
    {"B224", "include-loop", error, "a file that includes itself", "It is not read again."},
    {"B225", "incomplete-block", warning, "a block without what it cannot be without", "It is ignored."},
    {"B226", "link-delay", warning, "a link that may be down for longer than peers wait",
     "The delay of interface_up_down_delays must be less than twice the advert_int, or a partner takes over before "
     "this node "
     "gives up."},
    {"B227", "lonely-group", warning, "a sync group of one",
     "There is nothing to keep in step. A member may be misspelt."},
    {"B228", "long-line", warning, "a line that keepalived does not read whole",
     "It loses the first 1,023 bytes and reads the rest as lines of their own."},
    {"B229", "long-password", warning, "a password of more than eight characters",
     "VRRPv2 has room for eight. The rest protects nothing."},
    {"B230", "many-addresses", warning, "more addresses than an advert holds",
     "The rest is set, but not advertised. Put them into virtual_ipaddress_excluded, on all nodes alike."},
    {"B231", "missing-brace", warning, "an opening brace is missing", "What follows is read as the block."},
    {"B232", "missing-file", error, "there is no such file", "Nothing could be read."},
    {"B233", "missing-interface", error, "an instance without an interface", "It cannot send."},
    {"B234", "missing-value", warning, "a keyword without its value", "It is ignored; keepalived does not start."},
    {"B235", "missing-vrid", error, "an instance without a virtual_router_id", "The daemon does not start."},
    {"B236", "multi-line-variable", warning, "a multi-line variable in the middle of a line", "It is not replaced."},
    {"B237", "no-address", warning, "an instance without a virtual address",
     "There is nothing to fail over; VRRPv3 and strict mode do not start. Often all its lines were refused."},
    {"B238", "no-effect", warning, "a keyword that lacks the one it needs", "It does nothing alone."},
    {"B239", "no-peers", warning, "unicast keywords without a peer",
     "unicast_src_ip alone does not make it unicast: multicast is used, and a partner with peers hears nothing."},
    {"B240", "no-preference", warning, "a rule without a preference",
     "Which rule comes first depends on the order in which they were set. Write one."},
    {"B241", "nftables", note, "iptables keywords", "The rules go to an nftables table of their own."},
    {"B242", "nopreempt", warning, "nopreempt that has no effect",
     "With state MASTER or priority 255 it is ignored: the address travels back. Write state BACKUP on all nodes."},
    {"B243", "not-defined", warning, "a name that nobody defined",
     "The script, file or instance is not tracked and not in the group: a check that is misspelt checks nothing."},
    {"B244", "not-yet", warning, "a keyword that Baton does not carry out yet",
     "keepalived does. Whoever moves to Baton loses it; `baton keywords` lists all of them."},
    {"B245", "nothing-to-do", note, "no vrrp_instance", "The file has no virtual router."},
    {"B246", "nul-byte", warning, "a NUL byte", "The line is ignored. The file may be damaged."},
    {"B247", "old-spelling", warning, "an old spelling of a keyword", "There is a present one."},
    {"B248", "open-block", warning, "the last brace is missing", "The file may have been cut."},
    {"B249", "open-quote", warning, "a quote that is never closed", "The rest of the line is dropped."},
    {"B250", "other-family", warning, "IPv4 and IPv6 mixed",
     "An instance is of the family of its first address; what is of the other is ignored. virtual_ipaddress_excluded "
     "may "
     "hold both."},
    {"B251", "outside-block", warning, "something stands outside of its block",
     "A brace too many has closed the block early, and what follows is ignored: the instance may run without its "
     "addresses."},
    {"B252", "own-interface", warning, "the instance's own interface is tracked", "It is tracked anyway."},
    {"B253", "own-peer", warning, "a node that is its own peer",
     "It is ignored. Was the file copied from the other node?"},
    {"B254", "owner", warning, "priority 255 without saying so",
     "state MASTER without a priority means 255: this node owns the addresses, takes them at once, and its weights do "
     "not "
     "count."},
    {"B255", "preempt-delay", warning, "preempt_delay that has no effect",
     "With state MASTER, nopreempt or strict mode it is ignored."},
    {"B256", "rounded", warning, "an interval that the wire cannot say",
     "VRRPv2 sends whole seconds: 0.5 becomes 1. Partners that round otherwise do not hear each other."},
    {"B257", "run-on-block", warning, "a closing brace is missing", "What follows is read in the wrong block."},
    {"B258", "script-disabled", warning, "a check that cannot run checks nothing",
     "The program or the user does not exist: keepalived drops the check and runs on without it, and -t prints "
     "nothing."},
    {"B259", "script-not-found", warning, "no such program",
     "It does not exist, or is not executable, on this machine."},
    {"B260", "script-user", warning, "script security without a user",
     "With enable_script_security and no script_user nobody may run the command."},
    {"B261", "several-files", warning, "the path matches several files", "All of them are read, in order."},
    {"B262", "several-statements", warning, "a second statement on a line",
     "It is ignored, without a word from keepalived."},
    {"B263", "shell-syntax", warning, "a command written for a shell",
     "No shell is involved: |, &&, > and $() are arguments of the program. Put the line into a script, or call sh -c."},
    {"B264", "strict", warning, "what strict mode forbids",
     "vrrp_strict drops authentication and changes state, unicast and more; newer versions of keepalived refuse to "
     "start."},
    {"B265", "surplus-brace", warning, "a closing brace too many",
     "It closes the block around, and what follows stands outside."},
    {"B266", "too-large", error, "a limit is exceeded", "docs/configuration.md lists the limits."},
    {"B267", "two-groups", warning, "an instance in two sync groups", "The first counts."},
    {"B268", "undefined-variable", warning, "a variable that is not defined", "Its name stays in the text."},
    {"B269", "unexpected-brace", warning, "a brace where no block is", "It is ignored."},
    {"B270", "unknown-block", warning, "a block that nobody knows",
     "Baton ignores all of it; keepalived ignores its first line, and its closing brace closes the block around."},
    {"B271", "unknown-keyword", warning, "a keyword that nobody knows",
     "The line is ignored: a misspelt priority is 100, or 255 with state MASTER."},
    {"B272", "unknown-user", warning, "no such account", "Often an argument that was not quoted with its command."},
    {"B273", "unreadable-file", error, "the file cannot be read",
     "It is a directory, a FIFO, too large, has an x bit, or may not be read."},
    {"B274", "unused-script", warning, "a script that nobody tracks",
     "It is not run. Was it left out of track_script?"},
    {"B275", "version", warning, "VRRPv2 with IPv6", "Version 3 is used."},
    {"B276", "virtual-interface", warning, "use_vmac, use_ipvlan or vrf with another effect than written",
     "The message says what happens instead."},
    {"B277", "without-effect", note, "nothing to do for a keyword", "Baton has no use for it, for the reason given."},
});

}  // namespace

std::span<const Rule> reading_rules() {
  return table;
}

}  // namespace baton::check
