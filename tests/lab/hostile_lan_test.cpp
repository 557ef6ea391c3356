// A stranger on the LAN, who sees everything and can send anything, and does not know the key.
//
//   client ──┬── web1     10.0.20.14  priority 200
//            ├── web2     10.0.20.15  priority 100
//            └── stranger 10.0.20.16  no daemon
//
// With AH or auth_hmac nothing changes and every packet has its counter. Without, and with PASS for who reads the
// password off the wire, the stranger does as it likes; that is said in docs/security.md, and here.
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <numeric>

#include "control/client.h"
#include "lab/packet_tap.h"
#include "lab/stranger.h"
#include "pair.h"
#include "vrrp/advert_codec.h"

namespace baton::lab {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

constexpr NodeId stranger = 2;
constexpr MacAddress stranger_mac{{0x02, 0, 0, 0, 0x06, 0x66}};
constexpr std::size_t frames_of_each = 50;

enum class Protection : std::uint8_t { none, pass, ah, hmac };

std::string block_of(Protection protection) {
  switch (protection) {
    case Protection::none: return "";
    case Protection::pass: return "  authentication {\n    auth_type PASS\n    auth_pass tule\n  }\n";
    case Protection::ah: return "  authentication {\n    auth_type AH\n    auth_pass tule\n  }\n";
    case Protection::hmac:
      return "  version 3\n  auth_hmac {\n    key 1 "
             "hex:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"
             "    active_key 1\n  }\n";
  }
  return {};
}

vrrp::Authentication authentication(vrrp::AuthType type, std::string_view password) {
  vrrp::Authentication made{.type = type};
  password.copy(reinterpret_cast<char*>(made.password.data()), made.password.size());
  return made;
}

class HostileLan : public testing::TestWithParam<Protection> {
 protected:
  void SetUp() override {
    if (!has_batond()) GTEST_SKIP() << "batond is not built";
    std::vector<MadeNode> nodes;
    for (NodeId id = web1; id <= stranger; ++id) {
      constexpr const char* names[] = {"web1", "web2", "stranger"};
      nodes.push_back({.name = names[id], .config = config_of(id), .daemon = Daemon::batond, .has_web = false});
    }
    LabOptions options;
    options.batond = BATOND_PROGRAM;
    options.probe_interval = 10ms;
    auto opened = open_made_lab(nodes, std::move(options));
    ASSERT_TRUE(opened) << to_string(opened.error());
    lab_ = std::move(*opened);
    auto tap = PacketTap::open("p0-0", TapFilter::vrrp);  // the switch port of web1
    ASSERT_TRUE(tap) << to_string(tap.error());
    tap_ = std::make_unique<PacketTap>(std::move(*tap));
    auto sender = Stranger::open(lab_->machine(stranger).network(), "ens33");
    ASSERT_TRUE(sender) << to_string(sender.error());
    stranger_ = std::make_unique<Stranger>(std::move(*sender));
    for (const NodeId id : {web1, web2}) Pair::expect_done(lab_->start_daemon(id));
    ASSERT_TRUE(wait([&] { return owners() == std::set<NodeId>{web1}; })) << log();
    ASSERT_TRUE(wait([&] { return status(web2).contains("master") && !status(web2).at("master").is_null(); }));
    from_ = now();
    for (const NodeId node : {web1, web2}) became_master_[node] = status(node).value("became_master", -1);
  }
  void TearDown() override {
    stranger_.reset();
    if (lab_) expect_all_replay(*lab_);
  }

  std::string config_of(NodeId id) const {
    return fmt::format(
        "vrrp_instance VI_1 {{\n  interface ens33\n  mcast_src_ip 10.0.20.{}\n  virtual_router_id 50\n  priority {}\n"
        "  advert_int 1\n  virtual_ipaddress {{\n    10.0.20.100\n  }}\n{}}}\n",
        14 + id, id == web1 ? 200 : 100, block_of(GetParam()));
  }

  Lab& lab() { return *lab_; }
  bool wait(const std::function<bool()>& condition, Duration bound = 20s) { return lab_->wait_until(condition, bound); }
  std::set<NodeId> owners() const { return lab_->ownership().owners(lab_->topology().targets.front().address); }
  json status(NodeId node) {
    const auto said = control::ask(lab_->machine(node).outside_path(control::default_control_socket),
                                   {.method = "GET", .path = "/v1/status", .body = {}});
    return said ? said->at("instances").at(0) : json::object();
  }
  std::uint64_t rejected(NodeId node) {
    const json all = status(node).value("rejected", json::object());
    return std::accumulate(all.begin(), all.end(), std::uint64_t{0},
                           [](std::uint64_t sum, const json& one) { return sum + one.get<std::uint64_t>(); });
  }
  std::uint64_t rejected(NodeId node, const char* reason) {
    return status(node).value("rejected", json::object()).value(reason, std::uint64_t{0});
  }
  std::size_t adverts_of(NodeId node, Instant since) const {
    return static_cast<std::size_t>(std::ranges::count_if(
        lab_->adverts(), [&](const AdvertRecord& record) { return record.node == node && record.at >= since; }));
  }
  std::string log() const {
    std::string text;
    for (const Event& event : lab_->events()) {
      text += fmt::format("{} {}\n", event.node ? lab_->plan(*event.node).name : "client", event.text);
    }
    return text;
  }

  // An advert as a stranger makes it that has this key, or thinks so.
  Bytes forged(const vrrp::CodecParameters& parameters, const char* source, std::uint8_t priority) {
    vrrp::CodecParameters whole = parameters;
    whole.vrid = 50;
    whole.advert_interval = 1s;
    whole.addresses = {*IpAddress::parse("10.0.20.100")};
    auto codec = vrrp::AdvertCodec::make(whole);
    EXPECT_TRUE(codec);
    if (!codec) return {};
    codec->set_source(*IpAddress::parse(source));
    const auto packets = codec->encode(priority, 1s, WallTime(std::chrono::system_clock::now()));
    return multicast_frame(packets.front().bytes, stranger_mac);
  }
  static vrrp::CodecParameters plain() { return {}; }
  static vrrp::CodecParameters plain_v3() { return {.version = vrrp::Version::v3}; }
  static vrrp::CodecParameters with_password(const char* password) {
    return {.authentication = authentication(vrrp::AuthType::pass, password)};
  }
  static vrrp::CodecParameters with_ah(const char* password) {
    return {.authentication = authentication(vrrp::AuthType::ah, password)};
  }
  static vrrp::CodecParameters with_hmac() {
    vrrp::CodecParameters made{.version = vrrp::Version::v3};
    made.hmac = vrrp::HmacAuthentication{.keys = {{.id = 1, .secret = Bytes(32, 0x5a)}}, .active_key = 1};
    return made;
  }
  // Every kind of packet, from the stranger itself and in both servers' names, best of all and saying goodbye.
  std::vector<Bytes> forgeries() {
    std::vector<Bytes> frames;
    for (const auto& kind : {plain(), plain_v3(), with_password("wrong"), with_ah("wrong"), with_hmac()}) {
      for (const char* source : {"10.0.20.14", "10.0.20.15", "10.0.20.16"}) {
        for (const std::uint8_t priority : {std::uint8_t{255}, std::uint8_t{201}, std::uint8_t{0}})
          frames.push_back(forged(kind, source, priority));
      }
    }
    Bytes cut_short = frames.front();
    cut_short.resize(cut_short.size() - 6);
    frames.push_back(multicast_frame(ByteView(cut_short).subspan(14), stranger_mac));
    return frames;
  }
  void send(const std::vector<Bytes>& frames) {
    for (const Bytes& frame : frames) {
      for (std::size_t i = 0; i < frames_of_each; ++i) Pair::expect_done(stranger_->send(frame));
      lab_->run_for(1ms);
    }
  }
  // What web1 says from now on, to the byte.
  std::vector<Bytes> overhear(std::size_t count) {
    std::vector<Bytes> frames;
    tap_->read([](ByteView, Instant) {});  // of before
    EXPECT_TRUE(wait([&] {
      tap_->read([&](ByteView frame, Instant) { frames.emplace_back(frame.begin(), frame.end()); });
      return frames.size() >= count;
    }));
    return frames;
  }
  Stranger& sender() { return *stranger_; }

  void expect_nothing_has_changed() {
    EXPECT_EQ(owners(), std::set<NodeId>{web1}) << log();
    EXPECT_LT(*lab_->ownership().last_change(lab_->topology().targets.front().address), from_) << log();
    EXPECT_EQ(adverts_of(web2, from_), 0U) << log();
    for (const NodeId node : {web1, web2}) EXPECT_EQ(status(node).value("became_master", -2), became_master_[node]);
  }

 private:
  std::unique_ptr<Lab> lab_;
  std::unique_ptr<PacketTap> tap_;
  std::unique_ptr<Stranger> stranger_;
  Instant from_;
  std::map<NodeId, int> became_master_;  // at that time
};

class WithAKey : public HostileLan {
 protected:
  // What only comes so far because it is of the protocol that is listened to: AH has one of its own.
  static std::vector<const char*> reasons() {
    if (GetParam() == Protection::ah) return {"ah_icv"};
    return {"hmac_missing", "hmac_invalid"};
  }
  void forge() {
    std::map<std::pair<NodeId, std::string>, std::uint64_t> before;
    for (const NodeId node : {web1, web2}) {
      for (const char* reason : reasons()) before[{node, reason}] = rejected(node, reason);
    }
    send(forgeries());
    for (const auto& [which, count] : before) {
      const auto is_counted = [&] { return rejected(which.first, which.second.c_str()) - count >= frames_of_each; };
      EXPECT_TRUE(wait(is_counted)) << which.second << status(which.first);
    }
  }
  void flood() {
    const Instant since = now();
    const std::uint64_t before = rejected(web2);
    Pair::expect_done(sender().start_flood(forgeries(), 5000));
    EXPECT_TRUE(wait([&] { return adverts_of(web1, since) >= 3 && rejected(web2) - before > 500; })) << status(web2);
    EXPECT_GT(sender().stop_flood(), 500U);
  }
  void replay() {
    const auto frames = overhear(2);
    const char* reason = GetParam() == Protection::ah ? "ah_replay" : "hmac_replay";
    const std::uint64_t before = rejected(web2, reason);
    send(frames);
    EXPECT_TRUE(wait([&] { return rejected(web2, reason) - before >= frames_of_each; })) << status(web2);
  }
};

TEST_P(WithAKey, nothing_changes_all_is_counted_and_a_dead_master_cannot_be_played) {
  forge();
  flood();
  replay();
  expect_nothing_has_changed();

  // The most a stranger could wish for: everybody believes that the dead one lives.
  const auto frames = overhear(2);
  Pair::expect_done(lab().power_off(web1));
  Pair::expect_done(sender().start_flood(frames, 200));
  EXPECT_TRUE(wait([&] { return owners() == std::set<NodeId>{web2}; })) << log();
  EXPECT_GT(sender().stop_flood(), 0U);
}

std::string protection_name(const testing::TestParamInfo<Protection>& row) {
  constexpr const char* names[] = {"none", "PASS", "AH", "auth_hmac"};
  return names[static_cast<std::size_t>(row.param)];
}
INSTANTIATE_TEST_SUITE_P(Of, WithAKey, testing::Values(Protection::ah, Protection::hmac), protection_name);

// Without a key: what docs/security.md says a stranger can do.
class WithoutAKey : public HostileLan {
 protected:
  // With the password, which the stranger has heard.
  vrrp::CodecParameters like_web2() const { return GetParam() == Protection::pass ? with_password("tule") : plain(); }
};

TEST_P(WithoutAKey, a_stranger_takes_the_address_off_and_plays_the_dead_master) {
  Pair::expect_done(sender().start_flood({forged(like_web2(), "10.0.20.16", 255)}, 5));
  EXPECT_TRUE(wait([&] { return owners().empty(); })) << log();
  EXPECT_GT(sender().stop_flood(), 0U);
  EXPECT_TRUE(wait([&] { return owners() == std::set<NodeId>{web1}; })) << "and it comes back: " << log();

  const auto frames = overhear(1);
  Pair::expect_done(lab().power_off(web1));
  const auto accepted = [&] { return status(web2).at("adverts").at("accepted").get<std::uint64_t>(); };
  const std::uint64_t before = accepted();
  Pair::expect_done(sender().start_flood(frames, 20));
  EXPECT_TRUE(wait([&] { return accepted() >= before + 100; }));
  EXPECT_TRUE(owners().empty()) << log();
  EXPECT_GT(sender().stop_flood(), 0U);
  EXPECT_TRUE(wait([&] { return owners() == std::set<NodeId>{web2}; })) << log();
}

INSTANTIATE_TEST_SUITE_P(Of, WithoutAKey, testing::Values(Protection::none, Protection::pass), protection_name);

class WithAPassword : public HostileLan {};

TEST_P(WithAPassword, who_does_not_know_it_changes_nothing) {
  const std::uint64_t before = rejected(web1, "auth_password");
  send({forged(with_password("wrong"), "10.0.20.16", 255), forged(plain(), "10.0.20.16", 255),
        forged(with_password("wrong"), "10.0.20.14", 0)});
  EXPECT_TRUE(wait([&] { return rejected(web1, "auth_password") - before >= frames_of_each; })) << status(web1);
  expect_nothing_has_changed();
}

INSTANTIATE_TEST_SUITE_P(Of, WithAPassword, testing::Values(Protection::pass), protection_name);

}  // namespace
}  // namespace baton::lab
