#include "daemon/transport.h"

#include <gmock/gmock.h>
#include <sys/resource.h>

#include "unit/daemon/made_setup.h"
#include "unit/kernel/network.h"

namespace baton::daemon {
namespace {

using testing::ElementsAre;
using testing::Ne;
using testing::Pair;

constexpr const char* group_and_peer = R"(
vrrp_instance GROUP {
  interface ens1
  virtual_router_id 7
  virtual_ipaddress {
    10.0.0.100/24
  }
}
vrrp_instance PEER {
  interface ens1
  virtual_router_id 7
  unicast_peer {
    10.0.0.1
    10.0.0.2
  }
  virtual_ipaddress {
    10.0.0.101/24
  }
}
)";

class TransportTest : public kernel::Network {
 protected:
  using Result = std::pair<std::uint32_t, int>;

  // One advert of each router, tagged with its number.
  std::vector<Result> send_all(Transport& transport, const char* source) {
    for (vrrp::RouterId id = 0; id < setup_.routers.size(); ++id) {
      vrrp::AdvertCodec codec(setup_.routers[id].codec);
      codec.set_source(ip(source));
      auto packets = codec.encode(100, std::chrono::seconds(1), WallTime{});
      packets.resize(1);
      if (id == 1) packets[0].destination = ip(std::string(source) == "10.0.0.1" ? "10.0.0.2" : "10.0.0.1");
      if (id == 1) std::ranges::copy(packets[0].destination.bytes(), packets[0].bytes.begin() + 16);
      transport.send(id, ip(source), packets, id);
    }
    std::vector<Result> results;
    transport.flush([&](std::uint32_t tag, int code) { results.emplace_back(tag, code); });
    return results;
  }
  // Which routers hear something, until `count` packets have come.
  std::vector<vrrp::RouterId> hear(loop::Loop& loop, std::size_t count) {
    const Instant give_up = loop::now() + std::chrono::milliseconds(kernel::patience_ms);
    while (heard_.size() < count && loop::now() < give_up) loop.turn(std::chrono::milliseconds(100));
    return std::exchange(heard_, {});
  }
  Transport::Handlers handlers() {
    return {.on_packet = [this](vrrp::RouterId router, const vrrp::ReceivedPacket&) { heard_.push_back(router); },
            .on_frame = [](std::uint32_t, ByteView) {},
            .on_error = [this](const SysError&) { ++errors_; }};
  }

  daemon::Setup setup_ = setup_of(group_and_peer);
  std::vector<vrrp::RouterId> heard_;
  int errors_ = 0;
};

TEST_F(TransportTest, a_vrid_may_be_a_groups_and_a_peers) {
  loop::Loop loop;
  Transport here(setup_, &loop, handlers());
  here.follow(table());
  there([&] {
    Transport peer(setup_, nullptr, handlers());
    peer.follow(table());
    EXPECT_THAT(send_all(peer, "10.0.0.2"), ElementsAre(Result(0, 0), Result(1, 0)));
  });
  EXPECT_THAT(hear(loop, 2), testing::UnorderedElementsAre(0U, 1U));
}

TEST_F(TransportTest, a_vrid_of_nobodys_wakes_us_only_where_it_is_asked_for) {
  daemon::Setup others = setup_of(
      "vrrp_instance OTHER {\ninterface ens1\nvirtual_router_id 9\nvirtual_ipaddress {\n"
      "10.0.0.109/24\n}\n}\n");
  for (const bool is_asked_for : {false, true}) {
    loop::Loop loop;
    std::vector<std::pair<std::string, int>> unknown;
    Transport::Handlers heeded = handlers();
    heeded.on_unknown_vrid = [&](const std::string& interface, std::uint8_t vrid) {
      unknown.emplace_back(interface, vrid);
      heard_.push_back(9);
    };
    setup_.log_unknown_vrids = is_asked_for;
    Transport here(setup_, &loop, std::move(heeded));
    here.follow(table());
    there([&] {
      std::swap(setup_, others);
      Transport stranger(setup_, nullptr, handlers());
      stranger.follow(table());
      EXPECT_THAT(send_all(stranger, "10.0.0.2"), ElementsAre(Result(0, 0)));
      std::swap(setup_, others);
      Transport peer(setup_, nullptr, handlers());  // what it sends comes behind
      peer.follow(table());
      EXPECT_THAT(send_all(peer, "10.0.0.2"), ElementsAre(Result(0, 0), Result(1, 0)));
    });
    EXPECT_EQ(hear(loop, is_asked_for ? 3 : 2).size(), is_asked_for ? 3U : 2U);
    EXPECT_EQ(unknown.size(), is_asked_for ? 1U : 0U);
    if (is_asked_for) {
      EXPECT_EQ(unknown.at(0), std::pair(std::string("ens1"), 9));
    }
  }
}

TEST_F(TransportTest, what_cannot_leave_is_told) {
  Transport here(setup_, nullptr, handlers());
  EXPECT_THAT(send_all(here, "10.0.0.1"), ElementsAre(Result(0, ENODEV), Result(1, ENODEV)));
  here.follow(table());
  EXPECT_THAT(send_all(here, "10.0.0.1"), ElementsAre(Result(0, 0), Result(1, 0)));
  kernel::run("ip link set ens1 down");
  EXPECT_THAT(send_all(here, "10.0.0.1"), ElementsAre(Pair(0U, Ne(0)), Pair(1U, Ne(0))));
}

TEST_F(TransportTest, a_socket_that_could_not_be_opened_is_tried_again) {
  Transport here(setup_, nullptr, handlers());
  const kernel::InterfaceTable interfaces = table();
  rlimit former{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &former), 0);
  const rlimit none{.rlim_cur = 0, .rlim_max = former.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  here.follow(interfaces);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &former), 0);
  EXPECT_TRUE(here.lacks_sockets());
  EXPECT_TRUE(here.is_deaf(0));
  EXPECT_EQ(errors_, 2);
  here.follow(interfaces);
  EXPECT_FALSE(here.lacks_sockets());
  EXPECT_FALSE(here.is_deaf(0));
}

}  // namespace
}  // namespace baton::daemon
