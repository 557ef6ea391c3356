#include "sim/takeover_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <string_view>

#include "sim/world.h"

namespace baton::sim {
namespace {

using namespace std::chrono_literals;
using namespace vrrp;

constexpr std::uint64_t moments = 200;
constexpr std::size_t web1 = 0;

MachineParameters machine(std::uint8_t priority, bool stock) {
  return {.stock = stock,
          .node = {.trackers = {{.name = "chk_nginx"}},
                   .routers = {{.name = "VI_1",
                                .router = {.base_priority = priority},
                                .tracking = {{.tracker = 0, .weight = 4}},
                                .links = {"eth0"}}}},
          .authentication = AuthType::ah};
}

struct Case {
  std::string_view name;
  std::function<void(World&)> before;  // and time to settle
  std::function<void(World&)> strike;
  bool counts_holding = false;  // the service itself is dead: what counts is until web2 has the address
};

const std::array cases{
    Case{"SIGTERM of the master", {}, [](World& world) { world.stop(web1); }},
    Case{"hand-over", {}, [](World& world) { world.handover(web1); }},
    Case{"nginx stops", {}, [](World& world) { world.set_tracker(web1, false); }, true},
    Case{"nginx stops, web2 was master before",
         [](World& world) {
           world.set_tracker(web1, false);
           world.run(15s);
           world.set_tracker(web1, true);
         },
         [](World& world) { world.set_tracker(web1, false); }, true},
    Case{"nginx returns", [](World& world) { world.set_tracker(web1, false); },
         [](World& world) { world.set_tracker(web1, true); }},
    Case{"worker killed, resumed", {}, [](World& world) { world.kill(web1, Death::resumed); }},
    Case{"worker killed, last will", {}, [](World& world) { world.kill(web1, Death::said); }},
    Case{"everything killed", {}, [](World& world) { world.kill(web1, Death::everything); }},
    Case{"hang of everything, waking", [](World& world) { world.set_paused(web1, true); },
         [](World& world) { world.set_paused(web1, false); }},
    Case{"link down", {}, [](World& world) { world.set_link(web1, 0, false); }},
    Case{"cut at the switch", {}, [](World& world) { world.cut(web1, true, true); }},
    Case{"cut healed", [](World& world) { world.cut(web1, true, true); }, [](World& world) { world.heal(); }},
    Case{"machine gone", {}, [](World& world) { world.kill(web1, Death::power); }},
    Case{"better node returns", [](World& world) { world.kill(web1, Death::power); },
         [](World& world) { world.start(web1); }},
};

struct Span {
  Duration shortest = Duration::max();
  Duration longest{};
  void add(Duration each) {
    shortest = std::min(shortest, each);
    longest = std::max(longest, each);
  }
};

// Until web2 alone has the address; its own client is not asked, since web1 answers with a dead service.
Duration time_to_move(World& world) {
  const Instant begun = world.now();
  while (world.holder(0) != 1 && world.now() < begun + 10s) world.run(1ms);
  return world.now() - begun;
}

std::string measure(const Case& each, bool first_stock, bool second_stock) {
  Span outage;
  for (std::uint64_t moment = 0; moment < moments; ++moment) {
    World world({machine(100, first_stock), machine(98, second_stock)}, moment);
    world.start(0);
    world.start(1);
    world.run(15s);
    if (each.before) each.before(world);
    world.run(15s + Duration(1s) * moment / moments);
    world.forget_service();
    each.strike(world);
    if (each.counts_holding) {
      outage.add(time_to_move(world));
      continue;
    }
    world.run(12s);
    outage.add(world.service(0).unserved);
  }
  return fmt::format("{:5.2f} .. {:5.2f}", static_cast<double>(outage.shortest / 1ms) / 1e3,
                     static_cast<double>(outage.longest / 1ms) / 1e3);
}

}  // namespace

void print_takeover_table() {
  fmt::print("Seconds without service (nginx stops: until web2 has the address, detection not counted)\n");
  fmt::print("{:38}{:>16}{:>16}{:>16}{:>16}\n", "web1 / web2", "Baton / Baton", "Baton / stock", "stock / Baton",
             "stock / stock");
  for (const Case& each : cases) {
    fmt::print("{:38}{:>16}{:>16}{:>16}{:>16}\n", each.name, measure(each, false, false), measure(each, false, true),
               measure(each, true, false), measure(each, true, true));
  }
}

}  // namespace baton::sim
