#include "sim/world.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sim/addressing.h"

namespace baton::sim {
namespace {

using namespace std::chrono_literals;
using namespace vrrp;

constexpr std::size_t timeline_lines = 40;
constexpr std::size_t events_bound = 100'000;
constexpr std::size_t actions_bound = 64;   // of one event and router
constexpr std::size_t waiting_bound = 200;  // packets in the socket of a paused machine

}  // namespace

World::World(std::vector<MachineParameters> machines, std::uint64_t seed, Witness witness)
    : random_(seed), witness_(std::move(witness)) {
  const std::size_t routers = machines.front().node.routers.size();
  lans_.assign(routers, Lan(machines.size() + 1));
  clients_.resize(routers);
  for (MachineParameters& each : machines) {
    Machine& machine = machines_.emplace_back();
    machine.parameters = std::move(each);
    for (RouterId router = 0; router < routers; ++router) {
      machine.sources.push_back(source_of(machines_.size() - 1, router));
    }
    machine.configured.assign(routers, false);
    machine.links_up.assign(routers, true);
    machine.noted.assign(routers, 0);
  }
  for (Client& client : clients_) client.looked = now_;
}

// ---------------------------------------------------------------- time

void World::schedule(Duration after, std::function<void()> happen) {
  events_.push({now_ + after, event_number_++, std::move(happen)});
  if (events_.size() > events_bound) violate("too many events wait");
}

void World::run(Duration span) {
  const Instant end = now_ + span;
  while (violation_.empty() && step(end)) {
  }
  now_ = std::max(now_, end);
  look();
}

// The next event or deadline, whichever comes first.
bool World::step(Instant end) {
  std::optional<std::size_t> due;
  Instant at = events_.empty() ? Instant::max() : events_.top().at;
  for (std::size_t id = 0; id < machines_.size(); ++id) {
    if (!is_running(id)) continue;
    const auto deadline = machines_[id].brain->next_timeout();
    if (!deadline) continue;
    const Instant wakes = std::max(now_, *deadline + machines_[id].lateness);
    if (wakes >= at) continue;
    at = wakes;
    due = id;
  }
  if (at > end) return false;
  now_ = at;
  ++counts_.events;
  if (due) {
    machines_[*due].lateness = random_.between(0us, 300us);
    call(*due, [&](Brain& brain, NodeActions& out) { brain.on_timeout(now_, out); });
    check(*due, now_);
    return true;
  }
  const auto happen = std::move(const_cast<Event&>(events_.top()).happen);
  events_.pop();
  happen();
  return true;
}

// ---------------------------------------------------------------- cores

// An event from outside: it waits while the machine hangs, and is lost on a dead one.
void World::receive(std::size_t id, std::function<void()> handle) {
  Machine& machine = machines_[id];
  if (!machine.brain) return;
  if (!machine.paused) return handle();
  if (machine.waiting.size() < waiting_bound) machine.waiting.push_back(std::move(handle));
}

void World::carry_out(std::size_t id, const NodeActions& actions) {
  if (actions.size() > actions_bound * router_count()) violate(fmt::format("m{} wants {} actions", id, actions.size()));
  for (const NodeAction& each : actions) {
    if (const auto* action = std::get_if<RouterAction>(&each)) carry_out(id, action->router, action->action);
  }
  bring_kernel_to(id);
  check(id, Instant::min());
  if (machines_[id].brain->is_stopped()) {
    note(fmt::format("m{} has stopped", id));
    ++machines_[id].life;
    machines_[id].brain.reset();
  }
  look();
}

void World::carry_out(std::size_t id, RouterId router, const Action& action) {
  if (const auto* advert = std::get_if<SendAdvert>(&action)) {
    send_advert(id, router, *advert);
  } else if (const auto* announcement = std::get_if<Announce>(&action)) {
    announce(id, router, announcement->rounds);
  } else if (const auto* change = std::get_if<StateChanged>(&action)) {
    ++counts_.transitions;
    if (recording_) {
      note(fmt::format("m{} router {}: {} -> {} ({}), priority {}", id, router, name(change->from), name(change->to),
                       name(change->reason), machines_[id].brain->priority(router)));
    }
    State& told = machines_[id].told[router];
    if (change->from != told || change->to == change->from) {
      violate(fmt::format("m{} router {} tells {} -> {} after {}", id, router, name(change->from), name(change->to),
                          name(told)));
    }
    told = change->to;
  }
}

// Wanted minus actual: what is too much goes at once, what is missing takes the kernel a moment.
void World::bring_kernel_to(std::size_t id) {
  Machine& machine = machines_[id];
  for (RouterId router = 0; router < router_count(); ++router) {
    if (!machine.brain->holds_addresses(router)) {
      machine.configured[router] = false;
    } else if (!machine.configured[router]) {
      schedule(random_.between(200us, 2ms), [this, id, router, life = machine.life] {
        Machine& later = machines_[id];
        if (later.life != life || !later.brain->holds_addresses(router)) return;
        later.configured[router] = true;
        look();
      });
    }
  }
}

void World::send_advert(std::size_t id, RouterId router, const SendAdvert& advert) {
  Machine& machine = machines_[id];
  ++counts_.adverts;
  if (std::exchange(machine.noted[router], advert.priority) != advert.priority) {
    if (recording_) note(fmt::format("m{} router {} sends {}", id, router, advert.priority));
  }
  const Duration interval = advert.interval.value_or(machine.parameters.node.routers[router].router.advert_interval);
  const WallTime wall = begin_of_time + now_.time_since_epoch();
  for (OutgoingPacket& packet : machine.codecs[router].encode(advert.priority, interval, wall)) {
    if (!machine.links_up[router]) continue;
    const auto bytes = std::make_shared<const Bytes>(std::move(packet.bytes));
    for (std::size_t to = 0; to < machines_.size(); ++to) {
      if (to == id) continue;
      const Arrivals arrivals = lans_[router].send(id, to, random_);
      for (std::size_t i = 0; i < arrivals.count; ++i) {
        schedule(arrivals.after[i], [this, to, router, bytes] {
          if (!machines_[to].links_up[router]) return;
          receive(to, [this, to, router, bytes] { hear(to, router, *bytes); });
        });
      }
    }
  }
}

void World::hear(std::size_t id, RouterId router, ByteView packet) {
  Machine& machine = machines_[id];
  AdvertCodec& codec = machine.codecs[router];
  if (machine.parameters.stock) {  // one AH counter for all that is sent and heard, whoever sends it
    CodecMemory memory = codec.memory();
    memory.heard = {};
    memory.ah_floor = memory.ah_sequence;
    codec.restore(memory);
  }
  const auto advert = codec.decode({.bytes = packet}, begin_of_time + now_.time_since_epoch());
  if (!advert) {
    ++counts_.rejected;
    if (recording_) note(fmt::format("m{} router {} rejects: {}", id, router, name(advert.error())));
    machine.brain->on_rejected(router, now_);
    return;
  }
  call(id, [&](Brain& brain, NodeActions& out) { brain.on_advert(router, *advert, now_, out); });
}

// After the addresses are in the kernel: gratuitous ARP to every machine and to the client.
void World::announce(std::size_t id, RouterId router, unsigned rounds) {
  schedule(2ms, [this, id, router, rounds, life = machines_[id].life] {
    const Machine& machine = machines_[id];
    if (machine.life != life || !machine.configured[router] || !machine.links_up[router]) return;
    if (!machine.brain->is_serving(router)) return;
    for (unsigned round = 0; round < std::min(rounds, 5U); ++round) {
      for (std::size_t to = 0; to <= machines_.size(); ++to) {
        if (to == id) continue;
        const Arrivals arrivals = lans_[router].send(id, to, random_);
        if (arrivals.count == 0) continue;
        schedule(arrivals.after[0], [this, id, to, router] {
          if (to == machines_.size()) {
            clients_[router].asks = id;
            return look();
          }
          if (!machines_[to].links_up[router]) return;
          receive(to, [this, to, router] {
            call(to, [&](Brain& brain, NodeActions& out) {
              brain.on_announcement(router, virtual_address_of(router), now_, out);
            });
          });
        });
      }
    }
  });
}

void World::violate(const std::string& what) {
  if (!violation_.empty()) return;
  violation_ = what;
  note("VIOLATION: " + what);
}

void World::note(const std::string& line) {
  if (!recording_) return;
  timeline_.push_back(
      fmt::format("{:12.6f} {}", static_cast<double>((now_.time_since_epoch() - 1'000'000s) / 1us) / 1e6, line));
  if (timeline_.size() > timeline_lines) timeline_.pop_front();
}

}  // namespace baton::sim
