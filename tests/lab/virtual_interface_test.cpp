// Interfaces that not every kernel has: an ipvlan of the router's own, and one that belongs to a VRF. Where the kernel
// lacks the module the test says so.
#include <cstdlib>
#include <fstream>

#include "pair.h"

namespace baton::lab {
namespace {

using namespace std::chrono_literals;

bool can(const std::string& commands) {
  return std::system(("{ " + commands + "; } >/dev/null 2>&1").c_str()) == 0;
}

bool has_ipvlan() {
  return can(
      "ip link add probe0 type veth peer name probe1; ip link add link probe0 name probe2 type ipvlan; r=$?; "
      "ip link del probe0; (exit $r)");
}

bool has_vrf() {
  return can("ip link add probe3 type vrf table 10 && ip link del probe3");
}

// Kernels that have both run emulated where this one lacks them: slow, and not to be busy with the lab's own questions.
constexpr Duration on_an_emulated_machine = 60s;
constexpr Duration seldom = 100ms;

void expect_the_address_moves(Pair& pair) {
  const auto owns_alone = [&](NodeId node) {
    return pair->wait_until([&] { return pair.owners() == std::set<NodeId>{node}; }, on_an_emulated_machine);
  };
  ASSERT_TRUE(owns_alone(web1)) << pair.log();
  Pair::expect_done(pair->signal_daemon(web1, Role::guardian, SIGTERM));
  EXPECT_TRUE(owns_alone(web2)) << pair.log();
}

// It needs an address to send from, another on each server.
void give_each_an_ipvlan(Lab& lab) {
  for (const NodeId node : {web1, web2}) {
    std::string text = pair_config(node, {});
    text.insert(text.rfind('}'), fmt::format("  use_ipvlan ipv50 10.0.20.{}/24\n", 24 + node));
    std::ofstream(lab.machine(node).outside_path(fmt::format("/run/lab/{}.conf", lab.plan(node).name))) << text;
  }
}

TEST(VirtualInterface, an_ipvlan_of_its_own_carries_the_address) {
  if (!has_batond()) GTEST_SKIP() << "batond is not built";
  if (!has_ipvlan()) GTEST_SKIP() << "this kernel has no ipvlan";
  Pair pair({.daemons = {Daemon::batond, Daemon::batond}, .probe_interval = seldom, .prepare = give_each_an_ipvlan});
  ASSERT_TRUE(pair);
  expect_the_address_moves(pair);
}

TEST(VirtualInterface, an_interface_in_a_vrf_is_one_like_any_other) {
  if (!has_batond()) GTEST_SKIP() << "batond is not built";
  if (!has_vrf()) GTEST_SKIP() << "this kernel has no VRF";
  const auto put_into_vrf = [](Lab& lab) {
    for (const NodeId node : {web1, web2}) {
      const std::string sign = lab.machine(node).outside_path("/run/in_vrf");
      Pair::expect_done(lab.start_program(
          node, {"sh", "-ec",
                 "ip link add red type vrf table 10; ip link set red up; ip link set ens33 master red; "
                 "touch /run/in_vrf"}));
      EXPECT_TRUE(lab.wait_until([&] { return access(sign.c_str(), F_OK) == 0; }, on_an_emulated_machine));
    }
  };
  Pair pair({.daemons = {Daemon::batond, Daemon::batond}, .probe_interval = seldom, .prepare = put_into_vrf});
  ASSERT_TRUE(pair);
  expect_the_address_moves(pair);
}

}  // namespace
}  // namespace baton::lab
