// BFD sessions with Debian's keepalived and FRR's bfdd: they come up, a failure is noticed on either side before VRRP
// would notice it, a reload of ours leaves them up, and a stop of ours is no failure to them.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <fstream>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include <fmt/format.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "control/client.h"
#include "interop/frr.h"
#include "lab/clock.h"
#include "lab/lab.h"
#include "lab/made_config.h"

namespace baton::interop {
namespace {

using namespace std::chrono_literals;
using lab::Daemon;
using lab::Event;
using lab::NodeId;
using lab::Role;

constexpr NodeId baton = 0;
constexpr NodeId peer = 1;
// Of the peer, RFC 3768 §6.1: what BFD is there to be faster than. The detection time itself is 900 ms, which a peer
// that gets no processor for a while keeps; how much later a busy machine comes to see it is not judged.
constexpr Duration advert_interval = 1s;
constexpr Duration master_down_interval = 3 * advert_interval + advert_interval * (256 - 100) / 256;

std::string node_text(NodeId node, int interval_ms = 300, std::string_view track = "other weight 1") {
  return fmt::format(
      "bfd_instance other {{\n  neighbor_ip 10.0.20.{}\n  source_ip 10.0.20.{}\n  min_rx {}\n  min_tx {}\n"
      "  multiplier 3\n}}\n"
      "vrrp_instance VI_1 {{\n  interface ens33\n  mcast_src_ip 10.0.20.{}\n  virtual_router_id 50\n  priority {}\n"
      "  advert_int 1\n  virtual_ipaddress {{\n    10.0.20.100\n  }}\n  track_bfd {{\n    {}\n  }}\n}}\n",
      node == baton ? 15 : 14, node == baton ? 14 : 15, interval_ms, interval_ms, node == baton ? 14 : 15,
      node == baton ? 200 : 100, track);
}

class BfdPeer : public testing::Test {
 protected:
  void open(Daemon daemon_of_peer) {
    if (access(BATOND_PROGRAM, X_OK) != 0) GTEST_SKIP() << "batond is not built";
    lab::LabOptions options;
    options.batond = BATOND_PROGRAM;
    auto opened = lab::open_made_lab(
        {{.name = "baton", .config = node_text(baton), .daemon = Daemon::batond, .has_web = false},
         {.name = "peer", .config = node_text(peer, 300, "other"), .daemon = daemon_of_peer, .has_web = false}},
        std::move(options));
    ASSERT_TRUE(opened) << to_string(opened.error());
    lab_ = std::move(*opened);
  }

  bool wait(const std::function<bool()>& condition, Duration bound = 15s) { return lab_->wait_until(condition, bound); }
  std::optional<Instant> logged_at(NodeId node, std::string_view text, Instant since = {}) const {
    for (const Event& event : lab_->events()) {
      if (event.node != node || event.at < since || event.kind != Event::Kind::log) continue;
      if (event.text.contains(text)) return event.at;
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
  void reload(std::string_view text) {
    const Instant asked = lab::now();
    std::ofstream(lab_->machine(baton).outside_path("/run/lab/baton.conf"), std::ios::trunc) << text;
    done(lab_->signal_daemon(baton, Role::guardian, SIGHUP));
    ASSERT_TRUE(wait([&] { return was_logged(baton, "reload complete", asked); })) << log();
  }
  // What our session says of itself; null when nobody answers.
  nlohmann::json session() {
    const auto status =
        control::ask(lab_->machine(baton).outside_path(control::default_control_socket), {.path = "/v1/status"});
    const nlohmann::json::json_pointer place("/bfd/sessions/0");
    return status && status->contains(place) ? status->at(place) : nlohmann::json();
  }
  // Waits until both sides have agreed upon these.
  bool wait_for_timers(Duration transmit_interval, Duration detection_time) {
    const auto is = [](const nlohmann::json& seconds, Duration expected) {
      return seconds.is_number() && std::chrono::abs(seconds.get<double>() * 1s - expected) < 1ms;
    };
    return wait([&] {
      const nlohmann::json said = session();
      return said.is_object() && is(said.at("transmit_interval"), transmit_interval) &&
             is(said.at("detection_time"), detection_time);
    });
  }
  bool wait_for_packets(std::uint64_t more) {
    const auto accepted = [this] {
      const nlohmann::json said = session();
      return said.is_object() ? said.at("packets").at("accepted").get<std::uint64_t>() : 0;
    };
    const std::uint64_t before = accepted();
    return wait([&] { return accepted() >= before + more; });
  }
  void stop_baton() {
    done(lab_->signal_daemon(baton, Role::guardian, SIGTERM));
    ASSERT_TRUE(wait([&] { return !lab_->daemon_runs(baton); })) << log();
  }
  // Neither gone nor at work.
  void freeze(NodeId node, int number = SIGSTOP) {
    for (const lab::ProcessInfo& process : lab::process_tree(lab_->machine(node).init())) {
      const bool speaks = process.name == "baton-bfd" || process.name == "bfdd" || process.name.contains("keepalived");
      if (speaks) (void)::kill(process.pid, number);
    }
  }
  static void done(const SysResult<void>& result) {
    if (!result) ADD_FAILURE() << to_string(result.error());
  }
  lab::Lab& lab() { return *lab_; }

 private:
  std::unique_ptr<lab::Lab> lab_;
};

class BfdWithKeepalived : public BfdPeer {
 protected:
  void SetUp() override {
    if (access("/usr/sbin/keepalived", X_OK) != 0) GTEST_SKIP() << "keepalived is not installed";
    open(Daemon::keepalived);
    if (IsSkipped() || HasFatalFailure()) return;
    done(lab().start_daemon(baton));
    done(lab().start_daemon(peer));
    ASSERT_TRUE(wait([&] { return was_logged(baton, "is Up") && was_logged(peer, "(other) Entering Up state"); }))
        << log();
    ASSERT_TRUE(wait_for_timers(300ms, 900ms)) << session() << log();  // Poll Sequences are over
  }
};

TEST_F(BfdWithKeepalived, we_notice_before_vrrp_would_and_it_comes_up_again) {
  const Instant at = lab::now();
  freeze(peer);
  ASSERT_TRUE(wait([&] { return was_logged(baton, "is Down: control detection time expired", at); })) << log();
  EXPECT_LT(*logged_at(baton, "is Down", at) - at, master_down_interval) << log();
  freeze(peer, SIGCONT);
  EXPECT_TRUE(wait([&] { return was_logged(baton, "is Up", at); })) << log();
}

TEST_F(BfdWithKeepalived, it_notices_before_vrrp_would) {
  const Instant at = lab::now();
  freeze(baton);
  ASSERT_TRUE(wait([&] { return was_logged(peer, "(other) Entering Down state", at); })) << log();
  EXPECT_LT(*logged_at(peer, "(other) Entering Down state", at) - at, master_down_interval) << log();
  freeze(baton, SIGCONT);
  EXPECT_TRUE(wait([&] { return was_logged(baton, "is Up", at); })) << log();
}

TEST_F(BfdWithKeepalived, a_reload_keeps_the_session_and_changes_its_timers) {
  const Instant at = lab::now();
  reload(node_text(baton, 600));
  EXPECT_TRUE(wait([&] { return was_logged(baton, "goes on as Up", at); })) << log();
  EXPECT_TRUE(wait_for_timers(600ms, 1800ms)) << session() << log();
  const Instant again = lab::now();
  reload(node_text(baton, 150, "other weight 2"));
  EXPECT_TRUE(wait([&] { return was_logged(baton, "goes on as Up", again); })) << log();
  EXPECT_TRUE(wait_for_timers(300ms, 900ms)) << session() << log();  // the peer is not faster
  EXPECT_TRUE(wait_for_packets(20)) << session() << log();
  EXPECT_FALSE(was_logged(baton, "is Down", at)) << log();
  EXPECT_FALSE(was_logged(peer, "(other) Entering Down state", at)) << log();
}

TEST_F(BfdWithKeepalived, a_stop_is_told_as_one) {
  const Instant at = lab::now();
  stop_baton();
  EXPECT_TRUE(wait([&] { return was_logged(peer, "Remote diagnostic - Administratively Down", at); })) << log();
  // Its VRRP process, which hears of it from another one, is master then and stays so.
  const Instant told = lab::now();
  const auto adverts = [&] {
    return std::ranges::count_if(lab().adverts(),
                                 [&](const auto& advert) { return advert.node == peer && advert.at > told; });
  };
  EXPECT_TRUE(wait([&] { return adverts() >= 3; })) << log();
  EXPECT_FALSE(was_logged(peer, "FAULT", at)) << log();
}

class BfdWithFrr : public BfdPeer {
 protected:
  void SetUp() override {
    if (access("/usr/lib/frr/bfdd", X_OK) != 0) GTEST_SKIP() << "FRR's bfdd is not installed";
    if (const std::string why = missing_frr(); !why.empty()) GTEST_SKIP() << why;
    open(Daemon::keepalived);  // which is not started
    if (IsSkipped() || HasFatalFailure()) return;
    std::ofstream(lab().machine(peer).outside_path("/run/bfdd.conf"))
        << "log stdout\nbfd\n peer 10.0.20.14 local-address 10.0.20.15\n  detect-multiplier 3\n"
           "  receive-interval 300\n  transmit-interval 300\n exit\nexit\n";
    done(lab().start_program(
        peer,
        {"sh", "-c",
         "install -d -o frr -g frr /run/frr; cp /run/bfdd.conf /run/frr/bfdd.conf; echo log stdout >/run/frr/z.conf\n"
         "chown frr:frr /run/frr/*.conf\n"
         "common='--vty_socket /run/frr -z /run/frr/zserv.api -u frr -g frr'\n"
         "/usr/lib/frr/zebra $common -f /run/frr/z.conf -i /run/frr/zebra.pid &\n"
         "for i in $(seq 100); do [ -S /run/frr/zserv.api ] && break; sleep 0.05; done\n"
         "exec /usr/lib/frr/bfdd $common --bfdctl /run/frr/bfdd.sock -f /run/frr/bfdd.conf -i /run/frr/bfdd.pid"}));
    done(lab().start_daemon(baton));
    ASSERT_TRUE(wait([&] { return was_logged(baton, "is Up"); })) << log();
    ASSERT_TRUE(wait_for_timers(300ms, 900ms)) << session() << log();
  }
  // What `show bfd peers json` says of us.
  std::string frr_says() {
    const std::string line = fmt::format(
        "timeout 5 vtysh --vty_socket {} -c 'show bfd peers counters json' "
        "-c 'show bfd peers json' 2>/dev/null",
        lab().machine(peer).outside_path("/run/frr"));
    std::string answer;
    std::array<char, 4096> buffer;
    FILE* const pipe = popen(line.c_str(), "r");
    while (pipe != nullptr && std::fgets(buffer.data(), buffer.size(), pipe) != nullptr) answer += buffer.data();
    if (pipe != nullptr) (void)pclose(pipe);
    std::erase(answer, ' ');
    std::erase(answer, '\n');
    return answer;
  }
};

TEST_F(BfdWithFrr, it_is_up_on_both_sides_and_a_reload_leaves_it_so) {
  EXPECT_TRUE(frr_says().contains("\"status\":\"up\"")) << frr_says();
  reload(node_text(baton, 600));
  EXPECT_TRUE(wait([&] { return frr_says().contains("\"remote-transmit-interval\":600"); }));  // by a Poll Sequence
  EXPECT_TRUE(wait_for_timers(600ms, 1800ms)) << session() << log();
  EXPECT_TRUE(wait_for_packets(10)) << session() << log();
  const std::string said = frr_says();
  EXPECT_TRUE(said.contains("\"status\":\"up\"")) << said;
  EXPECT_TRUE(said.contains("\"session-down\":0")) << said;
}

TEST_F(BfdWithFrr, we_notice_before_vrrp_would) {
  const Instant at = lab::now();
  freeze(peer);
  ASSERT_TRUE(wait([&] { return was_logged(baton, "is Down: control detection time expired", at); })) << log();
  EXPECT_LT(*logged_at(baton, "is Down", at) - at, master_down_interval) << log();
  freeze(peer, SIGCONT);
  EXPECT_TRUE(wait([&] { return was_logged(baton, "is Up", at); })) << log();
}

TEST_F(BfdWithFrr, a_stop_is_told_as_one) {
  stop_baton();
  EXPECT_TRUE(wait([&] { return frr_says().contains("\"remote-diagnostic\":\"administrativelydown\""); }))
      << frr_says();
}

}  // namespace
}  // namespace baton::interop
