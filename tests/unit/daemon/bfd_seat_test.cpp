// The seat of the BFD role, with a real role in it that speaks with a real neighbour. The neighbour is the test's: our
// own core (src/bfd, which has tests of its own) on sockets of another network namespace.
//
//   the role: ens1 10.0.0.1 ──────── ens1 10.0.0.2, 10.0.0.3 :the neighbours
#include "daemon/bfd_seat.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "bfd/session_table.h"
#include "daemon/check_verdict.h"
#include "kernel/bfd_socket.h"
#include "unit/daemon/made_setup.h"
#include "unit/kernel/network.h"

namespace baton::daemon {
namespace {

using namespace std::chrono_literals;

constexpr Duration patience = 60s;
constexpr std::uint16_t port = bfd::spec::single_hop_port;
constexpr std::uint8_t long_detection = 200;  // packets of 50 ms: nobody is down because the machine is busy

const IpAddress our_address = *IpAddress::parse("10.0.0.1");

std::string session(const std::string& name, int neighbour, int interval_ms = 50) {
  return fmt::format("bfd_instance {} {{\n  neighbor_ip 10.0.0.{}\n  min_rx {}\n  min_tx {}\n  multiplier {}\n}}\n",
                     name, neighbour, interval_ms, interval_ms, long_detection);
}

// All neighbours, one session each.
class Neighbours {
 public:
  explicit Neighbours(loop::Loop& loop) : loop_(loop), timer_(loop.timer([this] { on_timer(); })) {}

  // In their namespace.
  void begin(const std::vector<std::string>& addresses, std::uint8_t multiplier, std::uint8_t ttl) {
    listener_.emplace(kernel::BfdListener::open(Family::ipv4, port).value());
    for (const std::string& each : addresses) {
      const auto address = IpAddress::parse(each);
      const auto number = static_cast<std::uint16_t>(senders_.size() + 1);
      const auto source_port = static_cast<std::uint16_t>(bfd::spec::first_source_port + number);
      senders_.push_back(kernel::BfdSender::open(Family::ipv4, address, source_port, ttl).value());
      failures_.push_back(0);
      (void)table_.add({.name = each,
                        .neighbor = our_address,
                        .source = address,
                        .timers = {.desired_min_tx = 50ms, .required_min_rx = 50ms, .multiplier = multiplier}},
                       bfd::Identity{.discriminator = number, .seed = number}, loop::now());
    }
    readable_ = loop_.watch(listener_->fd(), loop::Ready::readable, [this] { hear(); });
    timer_.set(loop::now());
  }
  void fall_silent() { is_silent_ = true; }
  void end(bfd::SessionId id) {
    bfd::SessionActions actions;
    table_.end(id, loop::now(), actions);
    carry_out(actions);
  }

  const bfd::SessionMemory& memory(bfd::SessionId id = 0) const { return table_.session(id).memory(); }
  int failures(bfd::SessionId id = 0) const { return failures_[id]; }  // how often it was up no more

 private:
  void hear() {
    bfd::SessionActions actions;
    const Instant now = loop::now();
    (void)listener_->receive([&](const kernel::BfdDatagram& each) {
      (void)table_.on_datagram(
          {.bytes = each.bytes, .source = each.source, .destination = each.destination, .ttl = each.ttl}, now, actions);
    });
    carry_out(actions);
  }
  void on_timer() {
    hear();  // we may be late
    bfd::SessionActions actions;
    table_.on_timeout(loop::now(), actions);
    carry_out(actions);
  }
  void carry_out(const bfd::SessionActions& actions) {
    for (const auto& [id, action] : actions) {
      if (const auto* change = std::get_if<bfd::StateChanged>(&action)) {
        failures_[id] += change->before == bfd::State::up ? 1 : 0;
      } else if (!is_silent_) {
        Bytes bytes;
        bfd::encode(std::get<bfd::SendPacket>(action).packet, bytes);
        (void)senders_[id].send(our_address, port, bytes);
      }
    }
    if (const auto next = table_.next_timeout()) timer_.set(*next);
  }

  loop::Loop& loop_;
  std::optional<kernel::BfdListener> listener_;
  std::vector<kernel::BfdSender> senders_;
  std::vector<int> failures_;
  bfd::SessionTable table_;
  bool is_silent_ = false;
  loop::Subscription readable_;
  loop::Timer timer_;
};

// Whoever hears of sessions.
struct Reader {
  void connect(kernel::Channel channel) {
    channel_ = std::move(channel);
    heard.clear();
    ++connections;
  }
  void hear() {
    while (channel_) {
      const auto message = channel_.receive();
      if (!message) return;
      const auto verdict = decode_tracked(message->bytes);
      ASSERT_TRUE(verdict);
      heard[verdict->key] = *verdict;
    }
  }

  std::map<CheckKey, TrackedVerdict> heard;  // the latest of each session
  int connections = 0;

 private:
  kernel::Channel channel_;
};

class BfdSeatTest : public kernel::Network {
 protected:
  void SetUp() override {
    Network::SetUp();
    if (IsSkipped()) return;
    there([] { kernel::run("ip address add 10.0.0.3/24 dev ens1"); });
  }
  ~BfdSeatTest() override { seat_.kill(); }

  void follow(const std::string& text) {
    setup_ = setup_of(text);
    seat_.follow(setup_);
  }
  void begin_neighbours(const std::vector<std::string>& addresses, std::uint8_t multiplier = long_detection,
                        std::uint8_t ttl = 255) {
    there([&] { neighbours_.begin(addresses, multiplier, ttl); });
  }
  bool eventually(const std::function<bool()>& condition) {
    const Instant end = loop::now() + patience;
    while (!condition()) {
      if (loop::now() > end) return false;
      loop_.turn(20ms);
      worker_.hear();
      checker_.hear();
    }
    return true;
  }

  const config::BfdSession& configured(const std::string& name) const {
    const auto& sessions = setup_.configuration.bfd_sessions;
    return *std::ranges::find(sessions, name, &config::BfdSession::name);
  }
  // nullopt: nothing was said.
  std::optional<TrackedVerdict> verdict(const Reader& reader, const std::string& name) const {
    const auto found = reader.heard.find(verdict_key_of(configured(name)));
    return found == reader.heard.end() ? std::nullopt : std::optional(found->second);
  }
  bool is_up(const Reader& reader, const std::string& name) const {
    const auto said = verdict(reader, name);
    return said && said->is_up;
  }
  bool is_down(const Reader& reader, const std::string& name) const {
    const auto said = verdict(reader, name);
    return said && !said->is_up;
  }
  bool becomes_up(const std::string& name) {
    return eventually([&] { return is_up(worker_, name) && is_up(checker_, name); });
  }
  BfdLedger::Known known(const std::string& name) const {
    const auto sessions = seat_.ledger().read().sessions;
    const auto found = sessions.find(wire_key_of(configured(name)));
    return found == sessions.end() ? BfdLedger::Known{} : found->second;
  }
  // That was heard since.
  bool hears_more(const std::string& name) {
    const auto before = known(name).accepted;
    return eventually([&] { return known(name).accepted > before + 3; });
  }

  // Of the role: a child of ours by that name which is no zombie. 0: there is none.
  static pid_t role() {
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
      std::ifstream file(entry.path() / "stat");
      pid_t pid = 0;
      pid_t parent = 0;
      std::string name;
      char state = 0;
      if (file >> pid >> name >> state >> parent && parent == ::getpid() && name == "(baton-bfd)" && state != 'Z') {
        return pid;
      }
    }
    return 0;
  }

  static void kill_role() {
    const pid_t pid = role();
    ASSERT_GT(pid, 0);
    ASSERT_EQ(::kill(pid, SIGKILL), 0);
  }

  loop::Loop loop_;
  log::Options log_options_{.syslog = false};
  log::Logger log_{log_options_};
  daemon::Setup setup_;
  Neighbours neighbours_{loop_};
  Reader worker_;
  Reader checker_;
  BfdSeat seat_{loop_,
                log_,
                log_options_,
                false,
                {.worker = [this](kernel::Channel channel) { worker_.connect(std::move(channel)); },
                 .checker = [this](kernel::Channel channel) { checker_.connect(std::move(channel)); }}};
};

TEST_F(BfdSeatTest, a_session_comes_up_and_worker_and_checker_hear_it) {
  follow(session("gateway", 2));
  EXPECT_TRUE(seat_.has_news());
  ASSERT_TRUE(eventually([&] { return is_down(worker_, "gateway"); }));
  EXPECT_EQ(verdict(worker_, "gateway")->reason, "not up yet");
  EXPECT_TRUE(eventually([&] { return seat_.ledger().is_spoken_for(); }));
  begin_neighbours({"10.0.0.2"});
  ASSERT_TRUE(becomes_up("gateway"));
  EXPECT_TRUE(eventually([&] { return neighbours_.memory().state == bfd::State::up; }));
  EXPECT_EQ(known("gateway").memory.remote_discriminator, neighbours_.memory().identity.discriminator);
  EXPECT_EQ(known("gateway").memory.identity.discriminator, neighbours_.memory().remote_discriminator);
}

// As keepalived has it: a server is what `alpha` says until its session has been up.
TEST_F(BfdSeatTest, a_checker_hears_nothing_of_a_session_that_was_never_up) {
  follow(session("gateway", 2) + session("other", 3));
  begin_neighbours({"10.0.0.2"});
  ASSERT_TRUE(becomes_up("gateway"));
  EXPECT_TRUE(is_down(worker_, "other"));
  EXPECT_FALSE(verdict(checker_, "other"));
}

TEST_F(BfdSeatTest, a_neighbour_that_falls_silent_is_down) {
  follow(session("gateway", 2));
  constexpr std::uint8_t short_detection = 20;
  begin_neighbours({"10.0.0.2"}, short_detection);
  ASSERT_TRUE(becomes_up("gateway"));
  ASSERT_TRUE(eventually([&] { return known("gateway").memory.remote_desired_tx == 50ms; }));  // 1 s at first
  neighbours_.fall_silent();
  ASSERT_TRUE(eventually([&] { return is_down(worker_, "gateway") && is_down(checker_, "gateway"); }));
  EXPECT_EQ(verdict(worker_, "gateway")->reason, "control detection time expired");
  EXPECT_TRUE(eventually([&] { return known("gateway").failures > 0; }));
  EXPECT_TRUE(eventually([&] { return neighbours_.failures() > 0; })) << "it is told";
}

// RFC 5882 §4.2: that is no failure.
TEST_F(BfdSeatTest, a_neighbour_that_ends_on_purpose_counts_as_up) {
  follow(session("gateway", 2));
  begin_neighbours({"10.0.0.2"});
  ASSERT_TRUE(becomes_up("gateway"));
  neighbours_.end(0);
  ASSERT_TRUE(eventually([&] { return !verdict(worker_, "gateway")->reason.empty(); }));
  EXPECT_TRUE(eventually([&] { return known("gateway").memory.state == bfd::State::down; }));
  EXPECT_TRUE(is_up(worker_, "gateway"));
  EXPECT_EQ(known("gateway").failures, 0U);
}

// RFC 5881 §5.
TEST_F(BfdSeatTest, who_is_not_on_the_link_is_not_heard) {
  follow(session("gateway", 2));
  begin_neighbours({"10.0.0.2"}, long_detection, 254);
  const auto rejected = [&] {
    return seat_.ledger().read().rejected[static_cast<std::size_t>(bfd::RejectReason::ttl)];
  };
  ASSERT_TRUE(eventually([&] { return rejected() > 1; }));
  EXPECT_EQ(known("gateway").accepted, 0U);
  EXPECT_TRUE(eventually([&] { return is_down(worker_, "gateway"); }));
}

TEST_F(BfdSeatTest, another_worker_and_another_checker_hear_all_there_is) {
  follow(session("gateway", 2));
  begin_neighbours({"10.0.0.2"});
  ASSERT_TRUE(becomes_up("gateway"));
  worker_.connect(seat_.connect_worker().value());
  checker_.connect(seat_.connect_checker().value());
  EXPECT_TRUE(becomes_up("gateway"));
}

// ---------------------------------------------------------------- a role that dies

TEST_F(BfdSeatTest, when_the_role_dies_the_next_one_goes_on_and_the_neighbour_notices_nothing) {
  follow(session("gateway", 2));
  begin_neighbours({"10.0.0.2"});
  ASSERT_TRUE(becomes_up("gateway"));
  ASSERT_TRUE(hears_more("gateway"));
  const BfdLedger::Known before = known("gateway");
  const pid_t dead = role();
  kill_role();
  ASSERT_TRUE(eventually([&] { return worker_.connections == 2; }));
  ASSERT_TRUE(becomes_up("gateway"));
  EXPECT_NE(role(), dead);
  EXPECT_TRUE(hears_more("gateway"));
  const BfdLedger::Known after = known("gateway");
  EXPECT_EQ(after.memory.identity.discriminator, before.memory.identity.discriminator);
  EXPECT_EQ(after.memory.since, before.memory.since);
  EXPECT_EQ(after.source_port, before.source_port);
  EXPECT_GT(after.accepted, before.accepted);
  EXPECT_EQ(after.failures, 0U);
  EXPECT_EQ(neighbours_.failures(), 0);
}

TEST_F(BfdSeatTest, when_nobody_can_speak_for_long_the_seat_says_that_sessions_are_down) {
  follow(session("gateway", 2) + session("other", 3));
  begin_neighbours({"10.0.0.2"});
  ASSERT_TRUE(becomes_up("gateway"));
  const BfdLedger::Known before = known("gateway");
  kill_role();
  std::optional<UniqueFd> taker(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_in any{};
  any.sin_family = AF_INET;
  any.sin_port = htons(port);
  const auto takes = [&] { return ::bind(taker->get(), reinterpret_cast<sockaddr*>(&any), sizeof(any)) == 0; };
  const Instant end = loop::now() + patience;  // without a turn of the loop, in which the next one is started
  while (!takes() && loop::now() < end) (void)::poll(nullptr, 0, 1);
  ASSERT_TRUE(eventually([&] { return is_down(worker_, "gateway") && is_down(checker_, "gateway"); }));
  EXPECT_EQ(verdict(worker_, "gateway")->reason, "nobody speaks BFD here");
  EXPECT_TRUE(eventually([&] { return is_down(worker_, "other"); }));
  EXPECT_FALSE(verdict(checker_, "other"));
  EXPECT_TRUE(seat_.has_news());
  taker.reset();
  ASSERT_TRUE(becomes_up("gateway"));
  EXPECT_NE(known("gateway").memory.identity.discriminator, before.memory.identity.discriminator)
      << "what was down does not go on";
}

// ---------------------------------------------------------------- a reload

TEST_F(BfdSeatTest, a_reload_with_the_same_sessions_leaves_the_role_alone) {
  follow(session("gateway", 2));
  begin_neighbours({"10.0.0.2"});
  ASSERT_TRUE(becomes_up("gateway"));
  const pid_t before = role();
  follow("vrrp_instance VI_1 {\n interface ens1\n virtual_router_id 1\n}\n" + session("gateway", 2));
  EXPECT_EQ(worker_.connections, 1);
  EXPECT_TRUE(hears_more("gateway"));
  EXPECT_EQ(role(), before);
}

TEST_F(BfdSeatTest, a_reload_keeps_sessions_that_are_the_same_on_the_wire_and_ends_the_others) {
  follow(session("gateway", 2) + session("other", 3));
  begin_neighbours({"10.0.0.2", "10.0.0.3"});
  ASSERT_TRUE(becomes_up("gateway") && becomes_up("other"));
  const BfdLedger::Known before = known("gateway");
  follow(session("renamed", 2, 80));
  EXPECT_EQ(worker_.connections, 2);
  ASSERT_TRUE(becomes_up("renamed"));
  ASSERT_TRUE(eventually([&] { return neighbours_.memory(1).remote_state == bfd::State::admin_down; }));
  EXPECT_TRUE(neighbours_.memory(1).counts_as_up) << "it ended on purpose";
  EXPECT_TRUE(hears_more("renamed"));
  ASSERT_TRUE(eventually([&] { return neighbours_.memory(0).remote_min_rx == 80ms; }));
  EXPECT_EQ(known("renamed").memory.identity.discriminator, before.memory.identity.discriminator);
  EXPECT_EQ(known("renamed").source_port, before.source_port);
  EXPECT_EQ(neighbours_.failures(0), 0);
  EXPECT_EQ(neighbours_.memory(0).remote_state, bfd::State::up);
}

TEST_F(BfdSeatTest, without_sessions_no_role_is_left_and_one_that_comes_back_begins_anew) {
  follow(session("gateway", 2));
  begin_neighbours({"10.0.0.2"});
  ASSERT_TRUE(becomes_up("gateway"));
  const BfdLedger::Known before = known("gateway");
  follow("");
  EXPECT_FALSE(seat_.has_news());
  EXPECT_FALSE(seat_.connect_worker());
  ASSERT_TRUE(eventually([&] { return neighbours_.memory().remote_state == bfd::State::admin_down; }));
  EXPECT_TRUE(eventually([&] { return role() == 0; }));
  EXPECT_TRUE(neighbours_.memory().counts_as_up);
  follow(session("gateway", 2));
  ASSERT_TRUE(becomes_up("gateway"));
  EXPECT_NE(known("gateway").memory.identity.discriminator, before.memory.identity.discriminator);
}

TEST_F(BfdSeatTest, at_the_end_neighbours_are_told_that_it_is_on_purpose) {
  follow(session("gateway", 2) + session("other", 3));
  begin_neighbours({"10.0.0.2", "10.0.0.3"});
  ASSERT_TRUE(becomes_up("gateway") && becomes_up("other"));
  bool has_ended = false;
  seat_.end([&] { has_ended = true; });
  ASSERT_TRUE(eventually([&] { return has_ended; }));
  for (const bfd::SessionId each : {0U, 1U}) {
    EXPECT_TRUE(eventually([&] { return neighbours_.memory(each).remote_state == bfd::State::admin_down; }));
    EXPECT_TRUE(neighbours_.memory(each).counts_as_up);
  }
}

}  // namespace
}  // namespace baton::daemon
