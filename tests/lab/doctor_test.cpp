// `baton doctor` in one namespace a fault: the cause is named, and on a sound pair nothing is.
#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "served_pair.h"

namespace baton::lab {
namespace {

constexpr const char* host_alone = "--no-listen --no-probe";
constexpr const char* briefly = "--listen 1.5 --no-probe";

class Doctor : public ServedPair {
 protected:
  static void SetUpTestSuite() { open({}); }

  struct Report {
    int code = -1;
    nlohmann::json document;
    std::set<std::string> found{};  // errors and warnings
    std::set<std::string> notes{};
  };

  static Report doctor(NodeId node, const std::string& arguments = "", const std::string& config = "",
                       const std::string& before = "") {
    const std::string path = config.empty() ? config_path(node) : "/run/lab/doctor.conf";
    if (!config.empty()) write_file(node, path, config);
    const auto said =
        run(node, fmt::format("{} {} doctor --json --config {} {}", before, BATON_PROGRAM, path, arguments));
    Report report;
    if (!said) return report;
    report.code = said->code;
    report.document = nlohmann::json::parse(said->text, nullptr, false);
    EXPECT_FALSE(report.document.is_discarded()) << said->text;
    if (report.document.is_discarded()) return report;
    for (const auto& finding : report.document["findings"]) {
      (finding["severity"] == "note" ? report.notes : report.found).insert(finding["id"].get<std::string>());
      for (const char* key : {"message", "means", "fix"}) EXPECT_FALSE(finding[key].get<std::string>().empty()) << key;
    }
    return report;
  }
  static bool succeeds(NodeId node, const std::string& command) {
    const auto said = run(node, command);
    return said && said->code == 0;
  }
  static void expect_run(NodeId node, const std::string& command) {
    const auto said = run(node, command);
    ASSERT_TRUE(said) << command;
    EXPECT_EQ(said->code, 0) << command << "\n" << said->text;
  }
  // What the node's own configuration would be with something else in it.
  static std::string changed(NodeId node, const std::string& what, const std::string& into) {
    std::string text = pair_config(node, options());
    const std::size_t at = text.find(what);
    EXPECT_NE(at, std::string::npos) << what;
    if (at != std::string::npos) text.replace(at, what.size(), into);
    return text;
  }
  static std::string all_of(const Report& report) { return report.document.dump(2); }
};

TEST_F(Doctor, finds_nothing_on_a_sound_pair) {
  for (const NodeId node : {web1, web2}) {
    const Report report = doctor(node);
    EXPECT_EQ(report.code, 0) << all_of(report);
    EXPECT_EQ(report.found, std::set<std::string>{}) << all_of(report);
    EXPECT_TRUE(report.document["not_looked"].empty()) << all_of(report);
    ASSERT_EQ(report.document["heard"].size(), 1U) << all_of(report);
    EXPECT_EQ(report.document["heard"][0]["from"], node == web1 ? "here" : "there");
    EXPECT_EQ(report.document["heard"][0]["here"], node == web1 ? nlohmann::json() : nlohmann::json("taken"));
  }
  expect_no_move_since(begin());
}

class DoctorOfVirtualMac : public Doctor {
 protected:
  static void SetUpTestSuite() { open({.extra = "  use_vmac\n  vmac_xmit_base\n"}); }
};

TEST_F(DoctorOfVirtualMac, finds_nothing_on_a_sound_pair) {
  for (const NodeId node : {web1, web2}) {
    const Report report = doctor(node);
    EXPECT_EQ(report.code, 0) << all_of(report);
    EXPECT_EQ(report.found, std::set<std::string>{}) << all_of(report);
  }
  expect_no_move_since(begin());
}

struct HostFault {
  const char* name;
  std::string cause;
  std::string undo;
  const char* id;
};

TEST_F(Doctor, names_the_fault_of_a_host) {
  const std::vector<HostFault> faults = {
      {"down", "ip link set ens33 down", "ip link set ens33 up", "D002"},
      {"no multicast", "ip link set ens33 multicast off", "ip link set ens33 multicast on", "D004"},
      {"arp_ignore", "sysctl -qw net.ipv4.conf.ens33.arp_ignore=8", "sysctl -qw net.ipv4.conf.ens33.arp_ignore=0",
       "D011"},
  };
  for (const HostFault& fault : faults) {
    expect_run(web2, fault.cause);
    const Report ill = doctor(web2, host_alone);
    expect_run(web2, fault.undo);
    EXPECT_EQ(ill.found, std::set<std::string>{fault.id}) << fault.name << all_of(ill);
    EXPECT_EQ(ill.code, 1);
    EXPECT_EQ(doctor(web2, host_alone).found, std::set<std::string>{}) << fault.name << " undone";
  }
}

TEST_F(Doctor, names_a_missing_carrier) {
  Pair::expect_done(lab().set_carrier(web2, "ens33", false));
  ASSERT_TRUE(wait([] { return succeeds(web2, "grep -q 0 /sys/class/net/ens33/carrier"); }));
  EXPECT_EQ(doctor(web2, host_alone).found, std::set<std::string>{"D003"});
  Pair::expect_done(lab().set_carrier(web2, "ens33", true));
}

TEST_F(Doctor, names_interfaces_and_addresses_that_are_not_there) {
  EXPECT_EQ(doctor(web2, host_alone, changed(web2, "ens33", "ens34")).found, std::set<std::string>{"D001"});
  expect_run(web2, "ip link add v0 type veth peer name v1 && ip link set v0 up && ip link set v1 up");
  const std::string elsewhere = changed(web2, "interface ens33\n  mcast_src_ip 10.0.20.15", "interface v0");
  EXPECT_EQ(doctor(web2, host_alone, elsewhere).found, std::set<std::string>{"D005"});
  const std::string v6 =
      "vrrp_instance V6 {\n interface v0\n virtual_router_id 60\n version 3\n virtual_ipaddress {\n fe80::100\n }\n}\n";
  expect_run(web2, "sysctl -qw net.ipv6.conf.v0.disable_ipv6=1");
  EXPECT_EQ(doctor(web2, host_alone, v6).found, std::set<std::string>{"D006"});
  expect_run(web2, "ip link del v0");
}

TEST_F(Doctor, names_a_router_that_does_not_forward) {
  expect_run(web2, "ip link add v0 type veth peer name v1 && ip link set v0 up && ip link set v1 up");
  const std::string two_sides =
      pair_config(web2, options()) +
      "vrrp_instance OTHER {\n interface v0\n mcast_src_ip 10.0.30.15\n virtual_router_id 60\n"
      " virtual_ipaddress {\n 10.0.30.100\n }\n}\nvrrp_sync_group G {\n group {\n VI_1\n OTHER\n }\n}\n";
  expect_run(web2, "sysctl -qw net.ipv4.ip_forward=0");
  EXPECT_EQ(doctor(web2, host_alone, two_sides).found, std::set<std::string>{"D012"});
  expect_run(web2, "sysctl -qw net.ipv4.ip_forward=1");
  EXPECT_EQ(doctor(web2, host_alone, two_sides).found, std::set<std::string>{});
  expect_run(web2, "sysctl -qw net.ipv4.ip_forward=0; ip link del v0");
}

TEST_F(Doctor, names_a_service_that_cannot_start_elsewhere) {
  Pair::expect_done(lab().start_program(
      web1,
      {"sh", "-c", "echo $$ >/run/lab/service.pid; exec /usr/bin/python3 -m http.server --bind 10.0.20.100 8080"}));
  ASSERT_TRUE(wait([] { return doctor(web1, host_alone).found == std::set<std::string>{"D013"}; }));
  expect_run(web1, "sysctl -qw net.ipv4.ip_nonlocal_bind=1");
  EXPECT_EQ(doctor(web1, host_alone).found, std::set<std::string>{});
  expect_run(web1, "sysctl -qw net.ipv4.ip_nonlocal_bind=0; kill $(cat /run/lab/service.pid)");
}

TEST_F(Doctor, names_what_bridges_do_not_pass) {
  expect_run(web2,
             "ip link add br0 type bridge && ip link add p0 type veth peer name p1 && ip link set p0 master br0 && "
             "ip link set p0 up && ip link set p1 up && ip link set br0 up");
  ASSERT_TRUE(wait([] { return succeeds(web2, "grep -q up /sys/class/net/br0/operstate"); }));
  const std::string bridged = changed(web2, "interface ens33", "interface br0");
  EXPECT_EQ(doctor(web2, host_alone, bridged).found, std::set<std::string>{});
  expect_run(web2, "bridge link set dev p0 mcast_flood off");
  EXPECT_EQ(doctor(web2, host_alone, bridged).found, std::set<std::string>{"D014"});
  expect_run(web2, "bridge link set dev p0 mcast_flood on && bridge link set dev p0 state 0");
  EXPECT_TRUE(doctor(web2, host_alone, bridged).found.contains("D014")) << "and no carrier, as it notices";
  expect_run(web2, "bridge link set dev p0 state 3");
  ASSERT_TRUE(wait([] { return succeeds(web2, "grep -q up /sys/class/net/br0/operstate"); }));
  const std::string site = changed(web2, "interface ens33", "interface br0\n  mcast_dst_ip 239.1.1.1");
  EXPECT_EQ(doctor(web2, host_alone, site).found, std::set<std::string>{"D015"});
  expect_run(web2, "ip link set br0 type bridge mcast_querier 1");
  EXPECT_EQ(doctor(web2, host_alone, site).found, std::set<std::string>{});
  expect_run(web2, "ip link del br0; ip link del p0");
}

struct FirewallCase {
  const char* rules;  // of nft -f
  const char* id;     // empty: nothing is wrong
  const char* words;  // in the finding
};

TEST_F(Doctor, walks_the_rules_of_nftables) {
  const std::vector<FirewallCase> cases = {
      {"table inet f {\n chain in {\n type filter hook input priority 0; policy drop;\n tcp dport 22 accept\n }\n}\n",
       "D016", "the policy of chain in of table inet f"},
      {"table inet f {\n chain in {\n type filter hook input priority 0; policy drop;\n"
       " ct state established,related accept\n ct state invalid drop\n iifname \"lo\" accept\n }\n}\n",
       "D016", "policy"},
      {"table inet f {\n chain in {\n type filter hook input priority 0; policy drop;\n"
       " ct state vmap { established : accept, related : accept, invalid : drop }\n ip protocol vrrp accept\n }\n}\n",
       "", ""},
      {"table inet f {\n chain in {\n type filter hook input priority 0; policy drop;\n"
       " meta l4proto { tcp, ah, vrrp } accept\n }\n}\n",
       "", ""},
      {"table ip f {\n chain in {\n type filter hook input priority 0;\n ip protocol 112 counter drop\n }\n}\n", "D016",
       "rule 2 of chain in of table ip f"},
      {"table ip f {\n chain in {\n type filter hook input priority 0;\n ip daddr 224.0.0.0/4 reject\n }\n}\n", "D016",
       "224.0.0.18"},
      {"table ip f {\n chain in {\n type filter hook input priority 0;\n ip daddr { 224.0.0.0/24, 239.0.0.0/8 } drop\n"
       " }\n}\n",
       "D016", "224.0.0.18"},
      {"table ip f {\n set s {\n type ipv4_addr; flags interval;\n elements = { 10.0.20.0/24 }\n }\n chain in {\n"
       " type filter hook input priority 0; policy drop;\n ip saddr @s accept\n }\n}\n",
       "D017", "sender to sender"},
      {"table inet f {\n chain helper {\n iifname \"ens3*\" meta pkttype multicast drop\n }\n chain in {\n"
       " type filter hook input priority 0;\n jump helper\n }\n}\n",
       "D016", "chain helper"},
      {"table netdev f {\n chain in {\n type filter hook ingress device \"ens33\" priority 0;\n ip protocol vrrp drop\n"
       " }\n}\n",
       "D016", "table netdev f"},
      {"table inet f {\n chain pre {\n type filter hook prerouting priority raw;\n fib daddr type multicast drop\n "
       "}\n}\n",
       "D016", "chain pre"},
      {"table inet f {\n chain out {\n type filter hook output priority 0;\n oifname \"ens33\" ip protocol vrrp drop\n"
       " }\n}\n",
       "D016", "out by ens33"},
      {"table ip6 f {\n chain in {\n type filter hook input priority 0; policy drop;\n }\n}\n", "", ""},
      {"table inet f {\n chain in {\n type filter hook input priority 0; policy drop;\n"
       " ip protocol vrrp limit rate 1/second accept\n }\n}\n",
       "D017", "'limit'"},
      {"table inet f {\n map m {\n type inet_proto : verdict\n elements = { tcp : accept, 112 : drop }\n }\n chain in "
       "{\n"
       " type filter hook input priority 0;\n meta l4proto vmap @m\n }\n}\n",
       "D016", "chain in"},
      {"table inet f {\n chain in {\n type filter hook input priority 0;\n iifname . ip protocol { \"ens33\" . 112 } "
       "drop\n"
       " }\n}\n",
       "D016", "chain in"},
      {"table inet f {\n chain in {\n type filter hook input priority 0;\n ip ttl < 255 drop\n ip length > 2000 drop\n"
       " }\n}\n",
       "D017", "sender to sender"},
      {"table inet f {\n chain in {\n type filter hook input priority 0;\n ip ttl != 255 drop\n meta mark 5 drop\n"
       " udp dport 5353 drop\n }\n}\n",
       "", ""},
  };
  for (const FirewallCase& each : cases) {
    write_file(web2, "/run/lab/rules.nft", each.rules);
    expect_run(web2, "nft flush ruleset && nft -f /run/lab/rules.nft");
    const Report report = doctor(web2, host_alone);
    const std::string id = each.id;
    const std::set<std::string> wanted = id == "D016" ? std::set{id} : std::set<std::string>{};
    EXPECT_EQ(report.found, wanted) << each.rules << all_of(report);
    EXPECT_EQ(report.notes.contains("D017"), id == "D017") << each.rules << all_of(report);
    EXPECT_NE(all_of(report).find(each.words), std::string::npos) << each.rules << all_of(report);
  }
  write_file(web2, "/run/lab/rules.nft",
             "table inet f {\n chain in {\n type filter hook input priority 0; policy drop;\n ip protocol vrrp accept\n"
             " }\n}\n");
  expect_run(web2, "nft flush ruleset && nft -f /run/lab/rules.nft");
  const std::string ah =
      changed(web2, "advert_int 1", "advert_int 1\n  authentication {\n auth_type AH\n auth_pass x\n }");
  EXPECT_EQ(doctor(web2, host_alone, ah).found, std::set<std::string>{"D016"}) << "112 let in, 51 not";
  expect_run(web2, "nft flush ruleset");
}

TEST_F(Doctor, names_capabilities_that_nobody_can_have) {
  const Report report = doctor(web2, host_alone, "", "setpriv --bounding-set -net_raw");
  EXPECT_EQ(report.found, std::set<std::string>{"D018"}) << all_of(report);
}

TEST_F(Doctor, says_what_it_could_not_look_at) {
  const Report report = doctor(web2, "--listen 0.2", "", "setpriv --reuid 65534 --regid 65534 --clear-groups");
  EXPECT_EQ(report.code, 2) << all_of(report);
  const std::string looks = report.document["not_looked"].dump();
  EXPECT_NE(looks.find("nftables"), std::string::npos) << looks;
  EXPECT_NE(looks.find("the wire at ens33"), std::string::npos) << looks;
}

TEST_F(Doctor, names_another_daemon_and_an_address_without_one) {
  write_file(
      web2, "/run/lab/other.conf",
      "vrrp_instance OTHER {\n interface ens33\n virtual_router_id 99\n virtual_ipaddress {\n 10.0.20.199\n }\n}\n");
  expect_run(web2, "keepalived -P -f /run/lab/other.conf -p /run/lab/k.pid -r /run/lab/kv.pid");
  EXPECT_TRUE(wait([] { return doctor(web2, host_alone).found == std::set<std::string>{"D019"}; }));
  expect_run(web2, "kill $(cat /run/lab/k.pid)");
  ASSERT_TRUE(wait([] { return doctor(web2, host_alone).found.empty(); }));
  stop_daemon(web2);
  expect_run(web2, "ip addr add 10.0.20.100/32 dev ens33");
  EXPECT_EQ(doctor(web2, host_alone).found, std::set<std::string>{"D020"});
  EXPECT_EQ(doctor(web1, "--listen 4").found, std::set<std::string>{"D108"});
  expect_run(web2, "ip addr del 10.0.20.100/32 dev ens33");
}

TEST_F(Doctor, says_what_each_side_does_with_the_others_adverts) {
  const auto meet = [](const std::string& config) { return doctor(web2, briefly, config); };
  const Report version = meet(changed(web2, "advert_int 1", "advert_int 1\n  version 3"));
  EXPECT_EQ(version.found, std::set<std::string>{"D102"}) << all_of(version);
  EXPECT_EQ(version.document["heard"][0]["here"], "version");
  EXPECT_EQ(version.document["heard"][0]["there"], "version");
  const Report password =
      meet(changed(web2, "advert_int 1", "advert_int 1\n  authentication {\n auth_type PASS\n auth_pass x\n }"));
  EXPECT_EQ(password.document["heard"][0]["here"], "auth_type_mismatch") << all_of(password);
  const Report interval = meet(changed(web2, "advert_int 1", "advert_int 2"));
  EXPECT_EQ(interval.document["heard"][0]["here"], "interval") << all_of(interval);
  EXPECT_EQ(meet(changed(web2, "10.0.20.100\n", "10.0.20.100\n    10.0.20.101\n")).found,
            std::set<std::string>{"D103"});
  EXPECT_EQ(meet(changed(web2, "10.0.20.100\n", "10.0.20.200\n")).found, std::set<std::string>{"D101"});
}

TEST_F(Doctor, finds_two_masters_and_the_rule_that_made_them) {
  expect_run(web2,
             "nft add table ip f && nft add chain ip f in '{ type filter hook input priority 0; }' && "
             "nft add rule ip f in ip protocol vrrp drop");
  ASSERT_TRUE(wait([] { return holds(web2, "10.0.20.100"); }));
  const Report report = doctor(web2);
  EXPECT_EQ(report.found, (std::set<std::string>{"D016", "D105", "D108"})) << all_of(report);
  EXPECT_EQ(doctor(web1, "--listen 4 --no-probe").found, std::set<std::string>{"D105"});
  expect_run(web2, "nft flush ruleset");
}

TEST_F(Doctor, finds_rp_filter_where_the_way_back_is_another) {
  expect_run(web2, "sysctl -qw net.ipv4.conf.ens33.rp_filter=1");
  EXPECT_EQ(doctor(web2, briefly).found, std::set<std::string>{}) << "strict, and the way back is the same";
  expect_run(web2,
             "ip link add v0 type veth peer name v1 && ip link set v0 up && ip link set v1 up && "
             "ip route add 10.0.20.14/32 dev v0");
  const Report report = doctor(web2, briefly);
  EXPECT_TRUE(report.found.contains("D010")) << all_of(report);
  expect_run(web2, "ip link del v0; sysctl -qw net.ipv4.conf.ens33.rp_filter=0");
}

TEST_F(Doctor, finds_silence_and_strangers_with_the_address) {
  stop_daemon(web1);
  stop_daemon(web2);
  EXPECT_EQ(doctor(web2, "--listen 4").found, std::set<std::string>{"D106"});
  expect_run(web1, "ip addr add 10.0.20.100/32 dev ens33");
  EXPECT_EQ(doctor(web2, "--listen 4").found, (std::set<std::string>{"D106", "D110"}));
  expect_run(web1, "ip addr del 10.0.20.100/32 dev ens33");
}

TEST_F(Doctor, finds_a_master_that_does_not_answer_and_one_with_our_address) {
  expect_run(web1, "sysctl -qw net.ipv4.conf.ens33.arp_ignore=8");
  const Report silent = doctor(web2, "--listen 3");
  expect_run(web1, "sysctl -qw net.ipv4.conf.ens33.arp_ignore=0");
  EXPECT_EQ(silent.found, std::set<std::string>{"D109"}) << all_of(silent);
  expect_run(web2, "ip addr add 10.0.20.14/32 dev ens33");
  const Report doubled = doctor(web2, briefly);
  expect_run(web2, "ip addr del 10.0.20.14/32 dev ens33");
  EXPECT_TRUE(doubled.found.contains("D107")) << all_of(doubled);
}

TEST_F(Doctor, asks_for_ipv6_addresses_without_claiming_them) {
  const std::string v6 =
      "vrrp_instance V6 {\n interface ens33\n virtual_router_id 60\n version 3\n virtual_ipaddress {\n fe80::100\n "
      "}\n}\n";
  const auto has_link_local = [](NodeId node) {
    return run(node, "ip -6 addr show dev ens33 scope link | grep -v tentative | grep -q inet6")->code == 0;
  };
  ASSERT_TRUE(wait([&] { return has_link_local(web1) && has_link_local(web2); }));
  EXPECT_EQ(doctor(web2, "--no-listen", v6).found, std::set<std::string>{});
  expect_run(web1, "ip addr add fe80::100/128 dev ens33 nodad");
  const Report report = doctor(web2, "--no-listen", v6);
  EXPECT_EQ(report.found, std::set<std::string>{"D110"}) << all_of(report);
  expect_run(web1, "ip addr del fe80::100/128 dev ens33");
}

TEST_F(Doctor, reads_what_keepalived_says) {
  stop_daemon(web1);
  write_file(
      web1, "/run/lab/k.conf",
      "vrrp_instance VI_1 {\n interface ens33\n virtual_router_id 50\n priority 250\n version 3\n advert_int 0.5\n"
      " virtual_ipaddress {\n 10.0.20.100\n }\n}\n");
  expect_run(web1, "keepalived -P -f /run/lab/k.conf -p /run/lab/k.pid -r /run/lab/kv.pid");
  ASSERT_TRUE(wait([] { return holds(web1, "10.0.20.100"); }));
  const Report report =
      doctor(web2, "--listen 2 --no-probe", changed(web2, "advert_int 1", "advert_int 1\n  version 3"));
  for (const auto& heard : report.document["heard"]) {
    if (heard["from"] == "here" || heard["version"] != 3) continue;
    EXPECT_EQ(heard["priority"], 250);
    EXPECT_EQ(heard["advert_int"], 0.5);
    EXPECT_EQ(heard["checksum"], "pseudo-header");
    EXPECT_EQ(heard["here"], "taken");
    EXPECT_EQ(heard["there"], "taken");
  }
  EXPECT_NE(report.document["heard"].dump().find("pseudo-header"), std::string::npos) << all_of(report);
  expect_run(web1, "kill $(cat /run/lab/k.pid)");
  EXPECT_TRUE(wait([] { return !holds(web1, "10.0.20.100"); }));
}

// Nothing but doctor runs on web2: what leaves it is doctor's.
TEST_F(Doctor, sends_two_probes_an_address_and_nothing_else) {
  stop_daemon(web2);
  expect_run(web2, "sysctl -qw net.ipv6.conf.all.disable_ipv6=1; ip neigh flush all");  // the kernel asks for the old
  // Without the goodbyes of groups that batond was in, which the kernel says at random moments (RFC 3376 §4.2.12).
  const auto frames = [](const std::string& arguments) {
    const std::string tap = "tcpdump --immediate-mode -lnpi ens33 -Q out 'not (igmp and ip[32] = 3)'";
    expect_run(web2, "rm -f /run/lab/*.tap");  // else the tap before would say that this one listens
    Pair::expect_done(lab().start_program(
        web2,
        {"sh", "-c", fmt::format("echo $$ >/run/lab/tap.pid; exec {} >/run/lab/sent.tap 2>/run/lab/said.tap", tap)}));
    EXPECT_TRUE(wait([] { return read_file(web2, "/run/lab/said.tap").contains("listening"); }));
    EXPECT_FALSE(doctor(web2, arguments).document.is_discarded());
    expect_run(web2, "kill -INT $(cat /run/lab/tap.pid)");
    EXPECT_TRUE(wait([] { return read_file(web2, "/run/lab/said.tap").contains("captured"); }));
    std::string sent = read_file(web2, "/run/lab/sent.tap");
    if (sent.ends_with("\n\n")) sent.pop_back();  // of the interruption
    return sent == "\n" ? "" : sent;
  };
  EXPECT_EQ(frames(briefly), "");
  for (const char* probing : {"--listen 2", "--no-listen"}) {
    const std::string sent = frames(probing);
    EXPECT_EQ(std::ranges::count(sent, '\n'), 2) << sent;
    EXPECT_TRUE(sent.contains("Request who-has 10.0.20.100 tell 0.0.0.0")) << sent;
  }
  expect_run(web2, "sysctl -qw net.ipv6.conf.all.disable_ipv6=0");
}

}  // namespace
}  // namespace baton::lab
