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
     "What should stand there is missing: instances, passwords, scripts. Directories and files with an x bit are "
     "refused, as keepalived does. Name the file as it is, relative to the one that includes it."},
    {"B205", "bad-interface", error, "a name that no VRRP interface can have",
     "Linux takes names of 1 to 15 bytes without a slash; adverts cannot leave through lo. The instance cannot send, "
     "and the daemon does not start."},
    {"B206", "bad-key", warning, "an auth_hmac key that cannot be used",
     "A key has 32 to 64 bytes, as text, hex: or file:, and active_key names one of them. Without it nothing is "
     "signed, and partners that enforce signatures hear nothing."},
    {"B207", "bad-quote", warning, "typographic quotes around a command",
     "They come from a web page or a word processor. To the daemon they are letters of the command, which then does "
     "not "
     "exist."},
    {"B208", "bad-repetition", warning, "~SEQ or ~LST that cannot be read",
     "The line is dropped, and with it all that it should have made. ~SEQ takes a variable, start, step and end; ~LST "
     "a variable and its values."},
    {"B209", "bad-route", warning, "a route that cannot be used",
     "The line is ignored as a whole, so the route is missing when this node is master. docs/configuration.md says "
     "what may stand on it."},
    {"B210", "bad-rule", warning, "a rule that cannot be used",
     "The line is ignored as a whole, so the rule is missing when this node is master. docs/configuration.md says what "
     "may stand on it."},
    {"B211", "bad-value", warning, "a value of the wrong form or range",
     "keepalived says so, keeps the default and goes on: a priority of 300 is 100, which may make another node "
     "master."},
    {"B212", "bad-variable", warning, "a built-in variable with wrong parameters",
     "The text stays as it is, and the line then means something else or nothing. docs/configuration.md lists the "
     "built-in variables."},
    {"B213", "byte-order-mark", warning, "the file begins with a byte-order mark",
     "keepalived takes it for a part of the first word and ignores that line, and the block that it opens."},
    {"B214", "carriage-return", warning, "lines that end in CR alone",
     "To the daemon the whole file is one line, of which the first statement counts. Save it with LF or CR LF."},
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
     "They cannot be told apart: every advert belongs to both. The daemon does not start. Give one another number, on "
     "all nodes."},
    {"B219", "empty-block", warning, "a list without entries",
     "It does nothing. Either what should stand in it was forgotten, or the block can go."},
    {"B220", "endless-variable", warning, "a variable that contains itself",
     "It is not replaced, and the text stays as it is. Give it a value that does not lead back to it."},
    {"B221", "extra-words", warning, "a command or a name that must be quoted",
     "Of a command with arguments the second word is taken for a user and the third for a group, and the command runs "
     "without them or not at all. Quote it as a whole."},
    {"B222", "given-twice", warning, "something that may be there once",
     "Of two blocks with one name, or two notify scripts, the first counts and the second is ignored with all that is "
     "in it: an instance that was copied and not renamed does not exist."},
    {"B223", "group-weight", warning, "weights of a sync group's member",
     "They would move one member alone, so they do not count. Track it in the group, or write "
     "sync_group_tracking_weight."},
    {"B224", "include-loop", error, "a file that includes itself",
     "It is not read again, and the daemon does not start. Remove one of the includes of the circle."},
    {"B225", "incomplete-block", warning, "a block without what it cannot be without",
     "A script without a command or a group without members cannot work and is ignored; what names it finds nothing."},
    {"B226", "link-delay", warning, "a link that may be down for longer than peers wait",
     "The delay of interface_up_down_delays must be less than twice the advert_int, or a partner takes over before "
     "this node "
     "gives up."},
    {"B227", "lonely-group", warning, "a sync group of one",
     "There is nothing to keep in step. Often the other member is misspelt, and the two sides of a router move apart."},
    {"B228", "long-line", warning, "a line that keepalived does not read whole",
     "keepalived loses the first 1,023 bytes and reads the rest as lines of their own, also of a comment. Use several "
     "lines."},
    {"B229", "long-password", warning, "a password of more than eight characters",
     "VRRPv2 has room for eight characters, so the rest protects nothing; a partner that was given only eight is "
     "alike. Write eight."},
    {"B230", "many-addresses", warning, "more addresses than an advert holds",
     "The rest is set, but not advertised. Put them into virtual_ipaddress_excluded, on all nodes alike."},
    {"B231", "missing-brace", warning, "an opening brace is missing",
     "What follows is read as the block, up to the next brace that closes it. Put the brace where it belongs before "
     "somebody edits around it."},
    {"B232", "missing-file", error, "there is no such file",
     "Nothing could be read, so nothing else is said of this node. Name a file that exists."},
    {"B233", "missing-interface", error, "an instance without an interface",
     "The instance has no place to send from, and the daemon does not start. Only unicast with unicast_src_ip may go "
     "without."},
    {"B234", "missing-value", warning, "a keyword without its value",
     "The keyword is ignored here; keepalived stops reading and does not start. Write the value, or remove the line."},
    {"B235", "missing-vrid", error, "an instance without a virtual_router_id",
     "Without a number from 1 to 255 there is no virtual router, and the daemon does not start."},
    {"B236", "multi-line-variable", warning, "a multi-line variable in the middle of a line",
     "Such a variable is replaced only at the end of a line; here its name stays in the text."},
    {"B237", "no-address", warning, "an instance without a virtual address",
     "There is nothing to fail over; VRRPv3 and strict mode do not start. Often all its lines were refused."},
    {"B238", "no-effect", warning, "a keyword that lacks the one it needs",
     "It does nothing alone. Add the keyword that the message names, or remove this one."},
    {"B239", "no-peers", warning, "unicast keywords without a peer",
     "unicast_src_ip alone does not make it unicast: multicast is used, and a partner with peers hears nothing."},
    {"B240", "no-preference", warning, "a rule without a preference",
     "Which rule comes first depends on the order in which they were set. Write one."},
    {"B241", "nftables", note, "iptables keywords",
     "Baton keeps the rules of no_accept in an nftables table of its own and changes no iptables chain. Nothing is "
     "lost."},
    {"B242", "nopreempt", warning, "nopreempt that has no effect",
     "With state MASTER or priority 255 it is ignored: the address travels back. Write state BACKUP on all nodes."},
    {"B243", "not-defined", warning, "a name that nobody defined",
     "The script, file or instance is not tracked and not in the group: a check that is misspelt checks nothing."},
    {"B244", "not-yet", warning, "a keyword that Baton does not carry out yet",
     "keepalived does. Whoever moves to Baton loses it; `baton keywords` lists all of them."},
    {"B245", "nothing-to-do", note, "no vrrp_instance",
     "The file has no virtual router, so no address ever moves. For a file that only balances load that is as it "
     "should be, for Baton it is nothing to do."},
    {"B246", "nul-byte", warning, "a line with a NUL byte",
     "keepalived ignores the line, and so does Baton. The file may be damaged, or be no text at all."},
    {"B247", "old-spelling", warning, "an old spelling of a keyword",
     "It works, and newer versions may drop it. Write the present one."},
    {"B248", "open-block", warning, "the last brace is missing",
     "The daemon works with what is there. The file may have been cut while it was written."},
    {"B249", "open-quote", warning, "a quote that is never closed",
     "The rest of the line is dropped, with all that stood there. Close the quote."},
    {"B250", "other-family", warning, "IPv4 and IPv6 mixed",
     "An instance is of the family of its first address; what is of the other is ignored. virtual_ipaddress_excluded "
     "may "
     "hold both."},
    {"B251", "outside-block", warning, "something stands outside of its block",
     "A brace too many has closed the block early, and what follows is ignored: the instance may run without its "
     "addresses."},
    {"B252", "own-interface", warning, "the instance's own interface is tracked",
     "An instance follows its own interface in any case, so the line changes nothing; a weight on it is ignored too."},
    {"B253", "own-peer", warning, "a node that is its own peer",
     "The address is ignored as a peer. Mostly the file was copied from the other node, and then that one is missing "
     "here."},
    {"B254", "owner", warning, "priority 255 without saying so",
     "state MASTER without a priority means 255: this node owns the addresses, takes them at once, and its weights do "
     "not "
     "count."},
    {"B255", "preempt-delay", warning, "preempt_delay that has no effect",
     "With state MASTER, nopreempt or strict mode it is ignored: the address comes back at once, or never. Write state "
     "BACKUP on all nodes, and one of the two."},
    {"B256", "rounded", warning, "an interval that the wire cannot say",
     "VRRPv2 sends whole seconds: 0.5 becomes 1. Partners that round otherwise do not hear each other."},
    {"B257", "run-on-block", warning, "a closing brace is missing",
     "What follows is read in the wrong block, and the instance may lack half of its settings. Close the block where "
     "it ends."},
    {"B258", "script-disabled", warning, "a check that cannot run checks nothing",
     "The program or the user does not exist: keepalived drops the check and runs on without it, and -t prints "
     "nothing."},
    {"B259", "script-not-found", warning, "no such program",
     "The program does not exist or is not executable on this machine. A check is then dropped and a notification "
     "never sent, and keepalived starts without a word."},
    {"B260", "script-user", warning, "script security without a user",
     "With enable_script_security and no script_user nobody but root could run the command, and root must not. Name a "
     "user."},
    {"B261", "several-files", warning, "the path matches several files",
     "All of them are read, in the order of their names. Name one file where one is meant."},
    {"B262", "several-statements", warning, "a second statement on a line",
     "Only the first counts; keepalived drops the rest without a word. Write one statement a line."},
    {"B263", "shell-syntax", warning, "a command written for a shell",
     "No shell is involved: |, &&, > and $() are arguments of the program. Put the line into a script, or call sh -c."},
    {"B264", "strict", warning, "what strict mode forbids",
     "vrrp_strict drops authentication and changes state, unicast and more; newer versions of keepalived refuse to "
     "start."},
    {"B265", "surplus-brace", warning, "a closing brace too many",
     "It closes the block around, and what follows stands outside and is ignored: the instance may run without its "
     "addresses."},
    {"B266", "too-large", error, "a limit is exceeded",
     "Beyond the limit the configuration is refused, so that a mistake cannot eat the machine. docs/configuration.md "
     "lists the limits."},
    {"B267", "two-groups", warning, "an instance in two sync groups",
     "The first group counts. Both groups would have to move as one; put all their members into one group."},
    {"B268", "undefined-variable", warning, "a variable that is not defined",
     "Its name stays in the text, so that the value is a word with a $ in it. Define it above, or correct the name."},
    {"B269", "unexpected-brace", warning, "a brace where no block is",
     "It is ignored, and keepalived may read what follows in another block. Remove it."},
    {"B270", "unknown-block", warning, "a block that nobody knows",
     "Baton ignores all of it; keepalived ignores its first line, and its closing brace closes the block around."},
    {"B271", "unknown-keyword", warning, "a keyword that nobody knows",
     "The line is ignored: a misspelt priority is 100, or 255 with state MASTER."},
    {"B272", "unknown-user", warning, "no such account",
     "Commands of that user cannot run. Often it is an argument that was not quoted with its command."},
    {"B273", "unreadable-file", error, "the file cannot be read",
     "It is a directory, a FIFO, too large, has an x bit, or may not be read. Nothing else is said of this node."},
    {"B274", "unused-script", warning, "a script that nobody tracks",
     "It is not run, and nothing is checked. Mostly it was left out of track_script, or is misspelt there."},
    {"B275", "version", warning, "VRRPv2 with IPv6",
     "VRRPv2 has no IPv6: version 3 is used, whatever is written. Write it, so that the next reader knows."},
    {"B276", "virtual-interface", warning, "use_vmac, use_ipvlan or vrf with another effect than written",
     "The message says what is ignored or done instead; with use_vmac mostly where adverts leave from."},
    {"B277", "without-effect", note, "nothing to do for a keyword",
     "Baton has nothing to do for it, for the reason that the message gives. It may stay for keepalived."},
    {"B278", "bad-password", error, "a password file that cannot be read",
     "auth_pass_file and smtp_password_file name a file, or credential:NAME with LoadCredential= in the unit. Without "
     "the "
     "password the partners would not be heard, so the daemon does not start."},
    {"B279", "open-secret", warning, "a password or key that others can read",
     "Whoever has an account on this machine can read it, and then speak for this node. Give the file to root with "
     "mode 600."},
    {"B280", "witness", warning, "a witness that says nothing about the network",
     "A virtual address, this node, another node, or one without an interface to ask through: none of them shows that "
     "it is the master that is gone and not our own link. It is ignored. Name the gateway, or a host that is always "
     "there."},
    {"B281", "unused-check", warning, "a vrrp_check that nobody tracks",
     "It is not made, and nothing is checked. Mostly it was left out of track_check, or is misspelt there."},
    {"B282", "too-many", warning, "more of these than there may be",
     "A check has at most so many urls, hosts or values, and a node so many webhooks; those beyond are left out, and "
     "what they should have watched or told is not watched or told. Make another check of them."},
    {"B283", "bfd-not-told", warning, "a BFD session that is tracked by those who do not hear of it",
     "bfd_instance says 'vrrp' or 'checker', and the other one names it: it would count as down for ever, so it is not "
     "tracked. Say both, or neither."},
    {"B284", "bfd-slow", warning, "a BFD session of more than ten seconds a packet",
     "min_rx and min_tx are milliseconds. Written as if they were microseconds they make a session that notices "
     "nothing in time."},
});

}  // namespace

std::span<const Rule> reading_rules() {
  return table;
}

}  // namespace baton::check
