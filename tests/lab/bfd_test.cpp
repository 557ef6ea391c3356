// bfd_instance and track_bfd (docs/decisions/0040). Two servers and a router that they track; what is between one of
// them and the router can be cut while the servers still hear each other:
//
//   client ──┬── web1    10.0.20.14  priority 200, BFD with the router
//            ├── web2    10.0.20.15  priority 100, BFD with the router
//            └── router  10.0.20.16  priority 10, BFD with both
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "pair.h"

namespace baton::lab {
namespace {

using namespace std::chrono_literals;

constexpr NodeId router = 2;
constexpr Duration least_silence = 2600ms;  // after which web2 would take over: 3.6 s, less an interval

std::string session_text(std::string_view name, std::string_view neighbor, int interval_ms = 50) {
  return fmt::format("bfd_instance {} {{\n  neighbor_ip {}\n  min_rx {}\n  min_tx {}\n  multiplier 3\n}}\n", name,
                     neighbor, interval_ms, interval_ms);
}

std::string server_text(NodeId node, std::string_view track = "gateway", int interval_ms = 50) {
  return session_text("gateway", "10.0.20.16", interval_ms) +
         instance_text(node, {}, fmt::format("  track_bfd {{\n    {}\n  }}\n", track));
}

std::string router_text(int interval_ms = 50) {
  return session_text("web1", "10.0.20.14", interval_ms) + session_text("web2", "10.0.20.15", interval_ms) +
         "vrrp_instance VI_1 {\n  interface ens33\n  mcast_src_ip 10.0.20.16\n  virtual_router_id 50\n  priority 10\n"
         "  virtual_ipaddress {\n    10.0.20.100\n  }\n}\n";
}

constexpr const char* taker = R"(
import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(('', 3784))
print('taken', flush=True)
time.sleep(60)
)";

class Bfd : public testing::Test {
 protected:
  virtual int interval_ms() const { return 50; }
  void SetUp() override {
    if (!has_batond()) GTEST_SKIP() << "batond is not built";
    LabOptions options;
    options.batond = BATOND_PROGRAM;
    const auto node = [](std::string name, std::string config) {
      return MadeNode{.name = std::move(name), .config = std::move(config), .daemon = Daemon::batond, .has_web = false};
    };
    auto opened = open_made_lab(
        {node("web1", server_text(web1, "gateway", interval_ms())),
         node("web2", server_text(web2, "gateway", interval_ms())), node("router", router_text(interval_ms()))},
        std::move(options));
    ASSERT_TRUE(opened) << to_string(opened.error());
    lab_ = std::move(*opened);
    for (const NodeId each : {web1, web2, router}) Pair::expect_done(lab_->start_daemon(each));
    ASSERT_TRUE(wait_for_owner(web1)) << log();
    ASSERT_TRUE(wait([&] { return was_logged(web1, "is Up") && was_logged(web2, "is Up"); })) << log();
    begin_ = now();
  }
  // Whatever the test was about: what these nodes did can be played again.
  void TearDown() override {
    if (lab_) expect_all_replay(*lab_);
  }

  std::set<NodeId> owners() const { return lab_->ownership().owners(lab_->topology().targets.front().address); }
  bool wait(const std::function<bool()>& condition, Duration bound = 15s) { return lab_->wait_until(condition, bound); }
  bool wait_for_owner(NodeId node) {
    return wait([&] { return owners() == std::set<NodeId>{node}; });
  }
  std::optional<Instant> logged_at(NodeId node, std::string_view text, Instant since = {}) const {
    for (const Event& event : lab_->events()) {
      const bool is_it = event.node == node && event.at >= since && event.kind == Event::Kind::log;
      if (is_it && event.text.contains(text)) return event.at;
    }
    return std::nullopt;
  }
  bool was_logged(NodeId node, std::string_view text, Instant since = {}) const {
    return logged_at(node, text, since).has_value();
  }
  std::string log() const {
    std::string text;
    for (const Event& event : lab_->events()) {
      text +=
          fmt::format("{:8.3f} {} {}\n", std::chrono::duration<double>(event.at - lab_->events().front().at).count(),
                      event.node ? lab_->plan(*event.node).name : "client", event.text);
    }
    return text;
  }
  // web1's role dies, and none after it gets the port.
  void end_for_good() {
    const pid_t before = bfd(web1);
    ASSERT_NE(before, 0);
    Pair::expect_done(lab().signal_daemon(web1, Role::guardian, SIGSTOP));
    ASSERT_EQ(::kill(before, SIGKILL), 0);
    Pair::expect_done(lab().start_program(web1, {"/usr/bin/python3", "-c", taker}));
    ASSERT_TRUE(wait([&] { return was_logged(web1, "taken", begin()); })) << log();
    Pair::expect_done(lab().signal_daemon(web1, Role::guardian, SIGCONT));
    ASSERT_TRUE(wait([&] { return was_logged(web1, "nobody has spoken BFD here for 10 s", begin()); }, 30s)) << log();
  }
  // web1's real servers: the gateway's is up, the one of a neighbour that is not there is down, as its `alpha` says.
  void serve_as_sessions_say() {
    const std::string service =
        "virtual_server 10.0.20.100 80 {\n  lvs_sched rr\n  lvs_method NAT\n  protocol TCP\n"
        "  real_server 10.0.20.16 80 {\n    BFD_CHECK {\n      name gateway\n    }\n  }\n"
        "  real_server 10.0.20.15 80 {\n    BFD_CHECK {\n      name silent\n      alpha\n    }\n  }\n}\n";
    reload(web1, session_text("silent", "10.0.20.77") + server_text(web1, "gateway weight 10") + service);
    ASSERT_TRUE(wait([&] { return server_state(0) == "up" && server_state(1) == "down"; }))
        << server_state(0) << server_state(1) << log();
  }
  std::string server_state(std::size_t place) {
    const auto said = nlohmann::json::parse(baton(web1, "status --services --json"), nullptr, false);
    const nlohmann::json::json_pointer pointer(fmt::format("/services/0/servers/{}/state", place));
    return said.is_object() && said.contains(pointer) ? said[pointer].get<std::string>() : said.dump(2);
  }
  // What web1 and the router say to each other is lost.
  void cut() {
    nft("table ip cut {\n"
        "  chain out { type filter hook output priority 0; ip daddr 10.0.20.16 drop; }\n"
        "  chain in { type filter hook input priority 0; ip saddr 10.0.20.16 drop; }\n"
        "}");
  }
  void mend() { nft("delete table ip cut"); }
  void nft(const std::string& command) {
    static int number = 0;
    const std::string done = fmt::format("/run/lab/nft-{}", ++number);
    Pair::expect_done(
        lab_->start_program(web1, {"sh", "-c", fmt::format("nft '{}' 2>/run/lab/nft-error; touch {}", command, done)}));
    ASSERT_TRUE(wait([&] { return access(lab_->machine(web1).outside_path(done).c_str(), F_OK) == 0; }));
  }
  void configure(NodeId node, std::string_view text) {
    std::ofstream(lab_->machine(node).outside_path(fmt::format("/run/lab/{}.conf", lab_->plan(node).name)),
                  std::ios::trunc)
        << text;
  }
  void reload(NodeId node, std::string_view text) {
    const Instant asked = now();
    configure(node, text);
    Pair::expect_done(lab_->signal_daemon(node, Role::guardian, SIGHUP));
    ASSERT_TRUE(wait([&] { return was_logged(node, "reload complete", asked); })) << log();
  }
  pid_t bfd(NodeId node) const {
    for (const ProcessInfo& process : process_tree(lab_->machine(node).init())) {
      if (process.name == "baton-bfd") return process.pid;
    }
    return 0;
  }
  std::string baton(NodeId node, const std::string& arguments) {
    static int number = 0;
    const std::string name = fmt::format("/run/lab/said-{}", ++number);
    Pair::expect_done(lab_->start_program(
        node,
        {"sh", "-c", fmt::format("{} {} >{}.tmp 2>&1; mv {}.tmp {}", BATON_PROGRAM, arguments, name, name, name)}));
    const std::string outside = lab_->machine(node).outside_path(name);
    EXPECT_TRUE(wait([&] { return access(outside.c_str(), F_OK) == 0; }));
    std::ifstream file(outside);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  Instant begin() const { return begin_; }
  Lab& lab() { return *lab_; }

 private:
  std::unique_ptr<Lab> lab_;
  Instant begin_;
};

// With a detection time that a busy machine does not use up.
class UnhurriedBfd : public Bfd {
 protected:
  int interval_ms() const override { return 300; }
};

TEST_F(UnhurriedBfd, who_loses_the_router_hands_over_before_its_silence_would) {
  const Instant before = now();
  cut();
  ASSERT_TRUE(wait_for_owner(web2)) << log();
  const auto down = logged_at(web1, "BFD session gateway (10.0.20.16) is Down: control detection time expired", before);
  ASSERT_TRUE(down) << log();
  const auto moved = lab().ownership().last_change(lab().topology().targets.front().address);
  RecordProperty("moved_ms", static_cast<int>((*moved - before) / 1ms));  // a cut, 0.9 s, and 0.61 s after a goodbye
  EXPECT_LT(*moved - *down, least_silence) << log();
  EXPECT_TRUE(baton(web1, "why VI_1").contains("BFD session gateway is down")) << baton(web1, "why VI_1");
  EXPECT_FALSE(was_logged(web2, "is Down", before)) << log();

  mend();
  ASSERT_TRUE(wait_for_owner(web1)) << log();
}

TEST_F(UnhurriedBfd, a_reload_keeps_sessions_as_they_are) {
  const pid_t before = bfd(web1);
  ASSERT_NE(before, 0);
  reload(web1, server_text(web1, "gateway", interval_ms()) +
                   "vrrp_instance OTHER {\n  interface ens33\n  mcast_src_ip 10.0.20.14\n"
                   "  virtual_router_id 77\n  virtual_ipaddress {\n    10.0.20.77\n  }\n}\n");
  EXPECT_EQ(bfd(web1), before);  // nothing of it is others
  // Another weight is nothing on the wire, another interval is told with a Poll Sequence, another session is another
  // one.
  const int other = 2 * interval_ms();
  reload(web1, server_text(web1, "gateway weight 10", other) + session_text("more", "10.0.20.15", other));
  EXPECT_TRUE(wait([&] { return bfd(web1) != 0 && bfd(web1) != before; })) << log();
  EXPECT_TRUE(wait([&] { return was_logged(web1, "BFD session gateway (10.0.20.16) goes on as Up"); })) << log();
  lab().run_for(2s);
  for (const NodeId node : {web1, web2, router}) EXPECT_FALSE(was_logged(node, "is Down", begin())) << log();
  EXPECT_EQ(owners(), std::set<NodeId>{web1});
}

// As systemd does it: the signal is for every process of the service.
TEST_F(UnhurriedBfd, a_stop_is_no_failure_to_the_neighbour) {
  Pair::expect_done(lab().signal_daemon(router, Role::everything, SIGTERM));
  ASSERT_TRUE(wait([&] { return !lab().daemon_runs(router); })) << log();
  EXPECT_TRUE(wait([&] { return was_logged(web1, "is Down: the neighbour has ended it (AdminDown)", begin()); }))
      << log();
  lab().run_for(1s);
  EXPECT_EQ(owners(), std::set<NodeId>{web1}) << log();
  Pair::expect_done(lab().start_daemon(router));
  EXPECT_TRUE(wait([&] { return was_logged(web1, "BFD session gateway (10.0.20.16) is Up", begin()); })) << log();
}

TEST_F(UnhurriedBfd, a_role_that_dies_is_replaced_at_once_and_nobody_notices) {
  const pid_t before = bfd(web1);
  ASSERT_NE(before, 0);
  ASSERT_EQ(::kill(before, SIGKILL), 0);
  ASSERT_TRUE(wait([&] { return was_logged(web1, "baton-bfd killed by signal 9", begin()); })) << log();
  ASSERT_TRUE(wait([&] { return was_logged(web1, "(10.0.20.16) goes on as Up", begin()); })) << log();
  EXPECT_NE(bfd(web1), before);
  lab().run_for(2s);
  EXPECT_FALSE(was_logged(router, "is Down", begin())) << log();
  EXPECT_FALSE(was_logged(web1, "is Down", begin())) << log();
  EXPECT_EQ(owners(), std::set<NodeId>{web1}) << log();
}

// The port is somebody else's: what a role has said stands for a while and no longer.
TEST_F(Bfd, a_role_that_cannot_come_back_leaves_its_sessions_down) {
  ASSERT_NO_FATAL_FAILURE(end_for_good());
  EXPECT_TRUE(wait_for_owner(web2)) << log();
}

TEST_F(Bfd, a_role_that_hangs_is_replaced) {
  const pid_t before = bfd(web1);
  ASSERT_NE(before, 0);
  ASSERT_EQ(::kill(before, SIGSTOP), 0);
  ASSERT_TRUE(wait([&] { return was_logged(router, "BFD session web1 (10.0.20.14) is Down", begin()); })) << log();
  ASSERT_TRUE(wait([&] { return was_logged(router, "BFD session web1 (10.0.20.14) is Up", begin()); }, 40s)) << log();
  EXPECT_TRUE(was_logged(web1, "baton-bfd has shown no sign of life", begin())) << log();
  EXPECT_NE(bfd(web1), before);
}

TEST_F(UnhurriedBfd, a_worker_that_dies_knows_what_is_up) {
  const std::vector<pid_t> workers = find_role(lab().daemon_processes(web1), Role::worker);
  ASSERT_EQ(workers.size(), 1U);
  ASSERT_EQ(::kill(workers.front(), SIGKILL), 0);
  ASSERT_TRUE(wait([&] { return was_logged(web1, "goes on where the old one ended", begin()); })) << log();
  lab().run_for(1s);
  EXPECT_EQ(owners(), std::set<NodeId>{web1}) << log();
  EXPECT_FALSE(was_logged(router, "is Down", begin())) << log();
}

TEST_F(Bfd, a_real_server_follows_its_session) {
  ASSERT_NO_FATAL_FAILURE(serve_as_sessions_say());
  const Instant at = now();
  cut();
  ASSERT_TRUE(wait([&] { return server_state(0) == "down"; })) << server_state(0) << log();
  EXPECT_TRUE(was_logged(web1, "the BFD session is down: control detection time expired", at)) << log();
  mend();
  EXPECT_TRUE(wait([&] { return server_state(0) == "up"; })) << server_state(0) << log();
}

TEST_F(Bfd, a_real_server_is_down_when_nobody_speaks_bfd_any_more) {
  ASSERT_NO_FATAL_FAILURE(serve_as_sessions_say());
  ASSERT_NO_FATAL_FAILURE(end_for_good());
  EXPECT_TRUE(wait([&] { return server_state(0) == "down"; })) << server_state(0) << log();
}

}  // namespace
}  // namespace baton::lab
