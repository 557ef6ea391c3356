// Verified takeover: neighbours that lose what is announced, or ignore it, learn where the address lives all the same,
// and where all is well fewer packets say so than keepalived sends.
//
//   client ──┬── web1 10.0.20.14  priority 200
//            ├── web2 10.0.20.15  priority 100
//            ├── near 10.0.20.16  no daemon: neighbours of both
//            └── far  10.0.20.17
// With IPv6 they are fd00:20::b to ::e.
#include <gmock/gmock.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "pair.h"

namespace baton::lab {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

constexpr NodeId near = 2;
constexpr NodeId far = 3;

// Counts what leaves with the address as its ARP sender.
constexpr std::string_view counter = R"(
import socket
wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
wire.bind(('ens33', 3))
wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
print('counts', file=open('/run/lab/counter.ready', 'w'), flush=True)
while True:
    frame, (_, _, kind, _, _) = wire.recvfrom(256)
    if kind == socket.PACKET_OUTGOING and frame[12:14] == b'\x08\x06' and frame[28:32] == bytes([10, 0, 20, 100]):
        with open('/run/lab/arp.count', 'a') as file:
            file.write('.')
)";

// What the address is, and on which interface.
struct Kind {
  const char* name;
  Family family = Family::ipv4;
  const char* extra = "";  // of the instance
  bool has_virtual_mac() const { return *extra != '\0'; }
};
constexpr Kind plain{.name = "ipv4"};

class TakeoverProofLab : public testing::Test {
 protected:
  void SetUp() override {
    if (!has_batond()) GTEST_SKIP() << "batond is not built";
  }
  void TearDown() override {
    if (lab_ && daemon_ == Daemon::batond) expect_all_replay(*lab_);
  }

  void open(Daemon daemon, const std::string& extra = "", const Kind& kind = plain) {
    daemon_ = daemon;
    kind_ = kind;
    std::vector<MadeNode> nodes;
    for (NodeId id = web1; id <= far; ++id) {
      constexpr const char* names[] = {"web1", "web2", "near", "far"};
      nodes.push_back(
          {.name = names[id], .config = config_of(id, kind.extra + extra), .daemon = daemon, .has_web = false});
    }
    LabOptions options;
    options.batond = BATOND_PROGRAM;
    auto opened = open_made_lab(nodes, std::move(options));
    ASSERT_TRUE(opened) << to_string(opened.error());
    lab_ = std::move(*opened);
    for (const NodeId id : {web1, web2}) Pair::expect_done(lab_->start_daemon(id));
    ASSERT_TRUE(wait([&] { return owners() == std::set<NodeId>{web1}; }));
  }
  bool is_v4() const { return kind_.family == Family::ipv4; }
  std::string config_of(NodeId id, const std::string& extra) const {
    return fmt::format(
        "vrrp_instance VI_1 {{\n  interface ens33\n  {}\n  virtual_router_id 50\n  priority {}\n"
        "  advert_int 1\n  virtual_ipaddress {{\n    {}\n  }}\n{}}}\n",
        is_v4() ? fmt::format("mcast_src_ip 10.0.20.{}", 14 + id) : "version 3", id == web1 ? 200 : 100,
        is_v4() ? "10.0.20.100" : "fd00:20::100/64", extra);
  }
  std::string virtual_address() const { return is_v4() ? "10.0.20.100" : "fd00:20::100"; }
  std::string address_of(NodeId id) const {
    return is_v4() ? fmt::format("10.0.20.{}", 14 + id) : fmt::format("fd00:20::{:x}", 11 + id);
  }
  bool wait(const std::function<bool()>& condition, Duration bound = 15s) { return lab_->wait_until(condition, bound); }
  std::set<NodeId> owners() const { return lab_->ownership().owners(lab_->topology().targets.front().address); }

  // What a command printed; the test fails when it does.
  std::string run(NodeId node, const std::string& command) {
    const std::string name = fmt::format("/run/lab/ran-{}", ++runs_);
    Pair::expect_done(lab_->start_program(
        node, {"sh", "-c",
               fmt::format("({}) >{}.text 2>&1; echo $? >{}.tmp; mv {}.tmp {}", command, name, name, name, name)}));
    EXPECT_TRUE(wait([&] { return access(path(node, name).c_str(), F_OK) == 0; })) << command;
    EXPECT_EQ(read(node, name), "0\n") << command << ": " << read(node, name + ".text");
    return read(node, name + ".text");
  }
  std::string path(NodeId node, const std::string& name) const { return lab_->machine(node).outside_path(name); }
  std::string read(NodeId node, const std::string& name) const {
    std::ifstream file(path(node, name));
    return {std::istreambuf_iterator<char>(file), {}};
  }

  // near and far have spoken with web2 and with whoever has the address.
  void make_acquainted() {
    for (const NodeId node : {near, far}) {
      run(node, fmt::format("/usr/bin/python3 -c \"import socket; s = socket.socket(socket.AF_INET{}, "
                            "socket.SOCK_DGRAM); s.sendto(b'', ('{}', 9)); s.sendto(b'', ('{}', 9))\"",
                            is_v4() ? "" : "6", address_of(web2), virtual_address()));
      EXPECT_TRUE(wait([&] { return mac_at(node) == mac_of(web1); })) << mac_at(node);
    }
  }
  // Of the address's owner.
  std::string mac_of(NodeId node) {
    if (kind_.has_virtual_mac()) return is_v4() ? "00:00:5e:00:01:32" : "00:00:5e:00:02:32";
    return run(node, "cat /sys/class/net/ens33/address").substr(0, 17);
  }
  // Where a neighbour believes the address to be.
  std::string mac_at(NodeId node) {
    const std::string entry = run(node, fmt::format("ip neigh show {} dev ens33", virtual_address()));
    const auto place = entry.find("lladdr ");
    return place == std::string::npos ? entry : entry.substr(place + 7, 17);
  }
  void move_to_web2() {
    Pair::expect_done(lab_->signal_daemon(web1, Role::guardian, SIGTERM));
    ASSERT_TRUE(wait([&] { return owners() == std::set<NodeId>{web2}; }));
  }
  json takeover() {
    const json status = json::parse(run(web2, fmt::format("{} status VI_1 --json", BATON_PROGRAM)), nullptr, false);
    return status.is_object() ? status.value("takeover", json()) : json();
  }
  // near and far at least; the client may be known as well.
  bool all_have_learned() {
    const json now = takeover();
    return now.is_object() && now.value("asked", 0) >= 2 && now.value("learned", 0) == now.value("asked", 0);
  }
  void count_arp(NodeId node) {
    std::ofstream(path(node, "/run/lab/counter.py")) << counter;
    Pair::expect_done(lab_->start_program(node, {"/usr/bin/python3", "/run/lab/counter.py"}));
    EXPECT_TRUE(wait([&] { return !read(node, "/run/lab/counter.ready").empty(); }));
  }
  std::size_t counted(NodeId node) const { return read(node, "/run/lab/arp.count").size(); }

  std::unique_ptr<Lab> lab_;
  Daemon daemon_ = Daemon::batond;
  Kind kind_ = plain;
  int runs_ = 0;
};

TEST_F(TakeoverProofLab, neighbours_that_hear_answer_and_fewer_packets_are_enough) {
  ASSERT_NO_FATAL_FAILURE(open(Daemon::batond));
  make_acquainted();
  count_arp(web2);
  ASSERT_NO_FATAL_FAILURE(move_to_web2());
  ASSERT_TRUE(wait([&] { return all_have_learned(); })) << takeover();
  EXPECT_EQ(mac_at(near), mac_of(web2));
  EXPECT_EQ(mac_at(far), mac_of(web2));
  lab_->run_for(6s);  // keepalived's second burst would be over
  EXPECT_LT(counted(web2), 10U) << "keepalived sends ten";
  EXPECT_GE(counted(web2), 3U) << "one for all, and a question for each";
  const std::string why = run(web2, fmt::format("{} why VI_1", BATON_PROGRAM));
  EXPECT_THAT(why, testing::ContainsRegex("learned by [23] of [23] neighbours"));
}

class TakeoverProofOfKind : public TakeoverProofLab, public testing::WithParamInterface<Kind> {};

INSTANTIATE_TEST_SUITE_P(Kinds, TakeoverProofOfKind,
                         testing::Values(plain, Kind{.name = "ipv6", .family = Family::ipv6},
                                         Kind{.name = "ipv4_vmac", .extra = "  use_vmac\n"},
                                         Kind{.name = "ipv6_vmac", .family = Family::ipv6, .extra = "  use_vmac\n"}),
                         [](const auto& kind) { return std::string(kind.param.name); });

TEST_P(TakeoverProofOfKind, a_neighbour_that_ignores_what_is_announced_is_reached) {
  ASSERT_NO_FATAL_FAILURE(open(Daemon::batond, "", GetParam()));
  make_acquainted();
  run(near, fmt::format("nft 'add table netdev t; add chain netdev t c {{ type filter hook ingress device ens33 "
                        "priority 0; }}; add rule netdev t c {} drop'",
                        is_v4() ? "meta pkttype broadcast arp saddr ip 10.0.20.100"
                                : "meta pkttype multicast icmpv6 type nd-neighbor-advert"));
  ASSERT_NO_FATAL_FAILURE(move_to_web2());
  EXPECT_TRUE(wait([&] { return mac_at(near) == mac_of(web2); })) << mac_at(near);
  EXPECT_TRUE(wait([&] { return all_have_learned(); })) << takeover();
}

TEST_P(TakeoverProofOfKind, a_neighbour_that_is_gone_is_named_and_given_up) {
  ASSERT_NO_FATAL_FAILURE(open(Daemon::batond, "", GetParam()));
  make_acquainted();
  Pair::expect_done(lab_->set_forwarding(far, "ens33", false));
  ASSERT_NO_FATAL_FAILURE(move_to_web2());
  EXPECT_TRUE(wait([&] { return takeover().value("over", false); })) << takeover();
  EXPECT_EQ(takeover().value("learned", 0), takeover().value("asked", 0) - 1);
  EXPECT_EQ(takeover().value("missing", json()), json::array({address_of(far)}));
}

// The first three frames are lost there: announcement, question, and the first repetition.
TEST_F(TakeoverProofLab, a_neighbour_that_loses_the_first_announcements_is_asked_again) {
  ASSERT_NO_FATAL_FAILURE(open(Daemon::batond));
  make_acquainted();
  run(near,
      "nft 'add table netdev t; add chain netdev t c { type filter hook ingress device ens33 priority 0; }; "
      "add rule netdev t c arp saddr ip 10.0.20.100 numgen inc mod 1000 < 8 drop'");
  ASSERT_NO_FATAL_FAILURE(move_to_web2());
  EXPECT_TRUE(wait([&] { return mac_at(near) == mac_of(web2); })) << mac_at(near);
  EXPECT_TRUE(wait([&] { return all_have_learned(); })) << takeover();
}

// Whoever configures bursts counts on them.
TEST_F(TakeoverProofLab, bursts_that_are_configured_are_sent_whole) {
  ASSERT_NO_FATAL_FAILURE(open(Daemon::batond, "  garp_master_repeat 5\n"));
  make_acquainted();
  count_arp(web2);
  ASSERT_NO_FATAL_FAILURE(move_to_web2());
  EXPECT_TRUE(wait([&] { return counted(web2) >= 10; })) << counted(web2);
}

TEST_F(TakeoverProofLab, keepalived_sends_its_ten_whatever_they_know) {
  ASSERT_NO_FATAL_FAILURE(open(Daemon::keepalived));
  make_acquainted();
  count_arp(web2);
  ASSERT_NO_FATAL_FAILURE(move_to_web2());
  EXPECT_TRUE(wait([&] { return counted(web2) >= 10; })) << counted(web2);
}

}  // namespace
}  // namespace baton::lab
