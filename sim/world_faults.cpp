// What happens to machines and to LANs.
#include "sim/world.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sim/addressing.h"

namespace baton::sim {
namespace {

using namespace std::chrono_literals;
using namespace vrrp;

constexpr Duration resumed_after = 20ms;     // docs/decisions/0002
constexpr Duration stopped_within = 4500ms;  // its guardian ends it after 5 s

AdvertCodec make_codec(const MachineParameters& parameters, RouterId router) {
  const RouterParameters& of = parameters.node.routers[router].router;
  CodecParameters codec{.version = of.version, .family = Family::ipv4, .vrid = 50};
  codec.advert_interval = of.advert_interval;
  codec.addresses = {virtual_address_of(router)};
  codec.multicast_group = *IpAddress::parse("224.0.0.18");
  codec.authentication = {.type = parameters.authentication, .password = {'t', 'u', 'l', 'e'}};
  return AdvertCodec(std::move(codec));
}

}  // namespace

// ---------------------------------------------------------------- what happens to machines

void World::begin_life(std::size_t id) {
  Machine& machine = machines_[id];
  ++machine.life;
  machine.powered = true;
  machine.paused = false;
  machine.waiting.clear();
  machine.told.assign(router_count(), State::init);
  machine.configured.assign(router_count(), false);  // leftovers are removed before anything is sent or judged
  machine.codecs.clear();
  for (RouterId router = 0; router < router_count(); ++router) {
    machine.codecs.push_back(make_codec(machine.parameters, router));
    machine.codecs.back().set_source(machine.sources[router]);
  }
}

void World::start(std::size_t id) {
  Machine& machine = machines_[id];
  if (machine.brain) return;
  note(fmt::format("m{} starts", id));
  begin_life(id);
  machine.brain = machine.parameters.stock
                      ? make_stock(machine.parameters.node, machine.sources, machine.parameters.conduct)
                      : make_baton(machine.parameters.node, machine.sources, witness_);
  call(id, [&](Brain& brain, NodeActions& out) {
    for (RouterId router = 0; router < router_count(); ++router) {
      brain.on_link(fmt::format("eth{}", router), machine.links_up[router], now_, out);
    }
    if (machine.in_maintenance) brain.maintain(MaintenanceTold::Wish::force, now_, out);
    brain.start(now_, out);
  });
  schedule(random_.between(1ms, 50ms), [this, id, life = machine.life] {  // its check's first result
    if (machines_[id].life == life) set_tracker(id, machines_[id].tracker_up);
  });
}

void World::stop(std::size_t id) {
  if (!is_running(id)) return;
  note(fmt::format("m{} is stopped", id));
  call(id, [&](Brain& brain, NodeActions& out) { brain.stop(now_, out); });
  schedule(stopped_within, [this, id, life = machines_[id].life, begun = now_] {
    const Machine& machine = machines_[id];
    const bool slept = machine.paused || machine.paused_at >= begun;
    if (machine.life == life && machine.brain && !slept) violate(fmt::format("m{} was told to stop and runs on", id));
  });
}

void World::handover(std::size_t id) {
  if (!is_running(id)) return;
  note(fmt::format("m{} is to hand over", id));
  call(id, [&](Brain& brain, NodeActions& out) { brain.handover(now_, out); });
}

void World::maintain(std::size_t id, MaintenanceTold::Wish wish) {
  if (!is_running(id)) return;
  note(fmt::format("m{} is told of maintenance ({})", id, static_cast<int>(wish)));
  if (wish == MaintenanceTold::Wish::off) machines_[id].in_maintenance = false;
  call(id, [&](Brain& brain, NodeActions& out) { brain.maintain(wish, now_, out); });
}

void World::kill(std::size_t id, Death death) {
  Machine& machine = machines_[id];
  note(fmt::format("m{} dies ({})", id, static_cast<int>(death)));
  if (death == Death::power) {
    machine.powered = false;
    machine.configured.assign(router_count(), false);
  }
  if (!machine.brain) return look();
  auto memory = machine.brain->memory();
  machine.brain.reset();
  const unsigned life = ++machine.life;
  machine.paused = false;
  machine.waiting.clear();
  if (death == Death::everything || death == Death::power) return look();

  if (death == Death::reloaded && memory.size() > 1) {
    memory.back().reset();
    machine.told.back() = State::init;
  }
  if (machine.parameters.stock) return start(id);  // its parent starts a new child at once
  schedule(resumed_after, [this, id, life, death, memory] {
    Machine& dead = machines_[id];
    if (dead.life != life) return;
    if (death == Death::said) {
      last_will(id);
      return start(id);
    }
    ++dead.life;
    note(fmt::format("m{} is resumed", id));
    NodeActions out;
    dead.brain = resume_baton(dead.parameters.node, dead.sources, memory, dead.in_maintenance, now_, out, witness_);
    carry_out(id, out);
    call(id, [&](Brain& brain, NodeActions& more) {
      for (RouterId router = 0; router < router_count(); ++router) {
        brain.on_link(fmt::format("eth{}", router), dead.links_up[router], now_, more);
      }
    });
    schedule(random_.between(1ms, 1s), [this, id, again = dead.life] {
      if (machines_[id].life == again) set_tracker(id, machines_[id].tracker_up);
    });
  });
}

// What the guardian does for a worker that is dead.
void World::last_will(std::size_t id) {
  for (RouterId router = 0; router < router_count(); ++router) {
    if (!machines_[id].configured[router]) continue;
    send_advert(id, router, {.priority = spec::priority_stop});
    machines_[id].configured[router] = false;
  }
}

void World::set_paused(std::size_t id, bool paused) {
  Machine& machine = machines_[id];
  if (!machine.brain || machine.paused == paused) return;
  note(fmt::format("m{} {}", id, paused ? "hangs" : "wakes"));
  machine.paused = paused;
  if (paused) {
    machine.paused_at = now_;
    return;
  }
  const Duration slept = now_ - machine.paused_at;
  std::vector<bool> held;
  for (RouterId router = 0; router < router_count(); ++router) held.push_back(machine.brain->holds_addresses(router));
  machine.lateness = {};
  const auto on_timeout = [&] {
    if (is_running(id)) call(id, [&](Brain& brain, NodeActions& out) { brain.on_timeout(now_, out); });
  };
  if (random_.chance(30)) on_timeout();  // else the packets come first
  for (auto& handle : std::exchange(machine.waiting, {})) {
    if (is_running(id)) handle();
  }
  on_timeout();
  for (RouterId router = 0; router < router_count(); ++router) check_awake(id, router, slept, held[router]);
}

// Whoever slept through its adverts for so long has a successor, and lets go before it does anything else.
void World::check_awake(std::size_t id, RouterId router, Duration slept, bool held) {
  const Machine& machine = machines_[id];
  const RouterParameters& parameters = machine.parameters.node.routers[router].router;
  const Duration long_enough = parameters.advert_interval * (parameters.down_timer_adverts + 1) + 2s;
  if (!held || machine.parameters.stock || slept < long_enough || !machine.brain) return;
  if (machine.brain->holds_addresses(router)) violate(fmt::format("m{} router {} overslept and holds", id, router));
}

void World::set_tracker(std::size_t id, bool up) {
  Machine& machine = machines_[id];
  if (machine.tracker_up != up) note(fmt::format("m{} check is {}", id, up ? "up" : "down"));
  machine.tracker_up = up;
  const TrackerValue value{.status = up ? TrackerStatus::up : TrackerStatus::down};
  receive(id,
          [this, id, value] { call(id, [&](Brain& brain, NodeActions& out) { brain.on_tracker(value, now_, out); }); });
}

void World::set_link(std::size_t id, RouterId router, bool up) {
  Machine& machine = machines_[id];
  if (machine.links_up[router] == up) return;
  note(fmt::format("m{} eth{} is {}", id, router, up ? "up" : "down"));
  machine.links_up[router] = up;
  look();
  receive(id, [this, id, router, up] {
    call(id, [&](Brain& brain, NodeActions& out) { brain.on_link(fmt::format("eth{}", router), up, now_, out); });
  });
}

// ---------------------------------------------------------------- what happens to LANs

void World::cut(std::size_t id, bool inbound, bool outbound, std::optional<RouterId> only) {
  note(fmt::format("m{} is cut{}{}", id, inbound ? " inbound" : "", outbound ? " outbound" : ""));
  for (RouterId router = 0; router < router_count(); ++router) {
    for (std::size_t other = 0; other <= machines_.size(); ++other) {
      if (other == id || only.value_or(router) != router) continue;
      if (inbound) lans_[router].cut(other, id);
      if (outbound) lans_[router].cut(id, other);
    }
  }
  look();
}

void World::heal() {
  note("the LANs are healed");
  for (Lan& lan : lans_) lan.heal();
  look();
}

void World::set_quality(const Quality& quality) {
  note(fmt::format("loss {} %, duplicates {} %, delay {} us, jitter {} us", quality.loss_percent,
                   quality.duplicate_percent, quality.delay / 1us, quality.jitter / 1us));
  for (Lan& lan : lans_) lan.set_quality(quality);
}

}  // namespace baton::sim
