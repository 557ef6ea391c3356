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
constexpr Duration client_resolves = 1s;    // one that gets no answer asks who has the address
constexpr Duration gateway_resolves = 8s;   // STALE, DELAY 5 s, PROBE 3 s (arp(7))

}  // namespace

World::World(std::vector<MachineParameters> machines, std::uint64_t seed, Hooks hooks)
    : random_(seed), hooks_(std::move(hooks)) {
  const std::size_t routers = machines.front().node.routers.size();
  const std::size_t count = machines.size();
  lans_.assign(routers, Lan(count + neighbours));
  for (RouterId router = 0; router < routers; ++router) {
    clients_.push_back({.router = router, .endpoint = count, .resolved_after = client_resolves, .looked = now_});
    clients_.push_back({.router = router,
                        .endpoint = count + 1,
                        .resolved_after = gateway_resolves,
                        .hears_announcements = !hooks_.sabotage.gateway_is_deaf && random_.chance(70),
                        .looked = now_});
  }
  for (MachineParameters& each : machines) {
    Machine& machine = machines_.emplace_back(now_, each.log_queue);
    if (hooks_.sabotage.log_is_boundless) machine.journal.set_boundless();
    machine.parameters = std::move(each);
    for (RouterId router = 0; router < routers; ++router) {
      machine.sources.push_back(source_of(machines_.size() - 1, router));
    }
    machine.configured.assign(routers, false);
    machine.links_up.assign(routers, true);
    machine.noted.assign(routers, 0);
    machine.proofs.resize(routers);
    machine.owed_rounds.assign(routers, 0);
    machine.released_at.resize(routers);
    machine.witnessed_at.resize(routers);
    machine.kernel_works.assign(routers, false);
    machine.notified.assign(routers, 0);
    machine.unheard.assign(routers, 0);
  }
}

WallTime World::wall(std::size_t id) const {
  return begin_of_time + clock(id).time_since_epoch() + machines_[id].clock_step;
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
  counts_.machine_time += span * static_cast<Duration::rep>(machines_.size());
  now_ = std::max(now_, end);
  look();
}

// The next event or deadline, whichever comes first.
bool World::step(Instant end) {
  std::optional<std::size_t> due;
  bool is_runner = false;
  Instant at = events_.empty() ? Instant::max() : events_.top().at;
  for (std::size_t id = 0; id < machines_.size(); ++id) {
    const Machine& machine = machines_[id];
    if (is_running(id) && !machine.waits_for_log) {
      const auto deadline = machine.brain->next_timeout();
      const Instant wakes = deadline ? std::max(now_, machine.clock.when(*deadline) + machine.lateness) : at;
      if (wakes < at) {
        at = wakes;
        due = id;
        is_runner = false;
      }
    }
    if (!machine.runner || (machine.paused && !machine.hung)) continue;
    const Instant wakes = std::max(now_, machine.clock.when(*machine.runner->next_timeout()));
    if (wakes >= at) continue;
    at = wakes;
    due = id;
    is_runner = true;
  }
  if (at > end) return false;
  now_ = at;
  ++counts_.events;
  if (due && is_runner) {
    look_after_runner(*due);
    return true;
  }
  if (due) {
    check_late(*due, *machines_[*due].brain->next_timeout());
    machines_[*due].lateness = random_.between(0us, 300us);
    call(*due, [&](Brain& brain, NodeActions& out) { brain.on_timeout(clock(*due), out); });
    check(*due, clock(*due));
    return true;
  }
  const auto happen = std::move(const_cast<Event&>(events_.top()).happen);
  events_.pop();
  happen();
  return true;
}

// ---------------------------------------------------------------- cores

// An event from outside: it waits while the machine hangs, and is lost on a dead one; a packet also on one that is
// frozen.
void World::receive(std::size_t id, Kept kept, std::function<void()> handle) {
  Machine& machine = machines_[id];
  if (!machine.brain) return;
  if (!machine.paused) return handle();
  if (kept == Kept::packet && (machine.frozen || machine.waiting.size() >= waiting_bound)) return;
  machine.waiting.push_back(std::move(handle));
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
    machines_[id].configured.assign(router_count(), false);
    end_reign(id);
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
    write_line(id);
    notify(id, router);
    if (change->to == State::master && change->reason == Reason::master_down) check_witness(id, router);
  } else if (std::holds_alternative<AskWitness>(action)) {
    ask_witness(id, router);
  } else if (std::holds_alternative<PriorityChanged>(action) || std::holds_alternative<MasterLearned>(action)) {
    write_line(id);
  }
}

// Wanted minus actual; either takes the kernel a moment, the last of which ends before announcements are due.
void World::bring_kernel_to(std::size_t id) {
  Machine& machine = machines_[id];
  for (RouterId router = 0; router < router_count(); ++router) {
    const bool wanted = machine.brain->holds_addresses(router);
    if (!wanted) machine.proofs[router].end();
    if (wanted || !machine.configured[router]) {
      machine.released_at[router].reset();
    } else if (!machine.released_at[router]) {
      machine.released_at[router] = now_;
      schedule(released_within, [this, id, router] { check_released(id, router); });
    }
    if (wanted == machine.configured[router] || machine.kernel_works[router]) continue;
    machine.kernel_works[router] = true;
    const Duration moment = wanted ? random_.between(200us, 1900us) : random_.between(20us, 500us);
    schedule(moment, [this, id, router, life = machine.life] { let_kernel_work(id, router, life); });
  }
}

void World::let_kernel_work(std::size_t id, RouterId router, unsigned life) {
  Machine& machine = machines_[id];
  if (machine.life != life || !machine.brain) return;
  machine.kernel_works[router] = false;
  const bool wanted = machine.brain->holds_addresses(router);
  if (!wanted && hooks_.sabotage.kernel_keeps_addresses) return;
  machine.configured[router] = wanted;
  if (!wanted) machine.released_at[router].reset();
  look();
}

void World::send_advert(std::size_t id, RouterId router, const SendAdvert& advert) {
  Machine& machine = machines_[id];
  ++counts_.adverts;
  if (std::exchange(machine.noted[router], advert.priority) != advert.priority) {
    if (recording_) note(fmt::format("m{} router {} sends {}", id, router, advert.priority));
  }
  const Duration interval = advert.interval.value_or(machine.parameters.node.routers[router].router.advert_interval);
  for (OutgoingPacket& packet : machine.codecs[router].encode(advert.priority, interval, wall(id))) {
    if (!machine.links_up[router]) continue;
    const auto bytes = std::make_shared<const Bytes>(std::move(packet.bytes));
    for (std::size_t to = 0; to < machines_.size(); ++to) {
      if (to == id) continue;
      const Arrivals arrivals = lans_[router].send(id, to, random_);
      for (std::size_t i = 0; i < arrivals.count; ++i) {
        schedule(arrivals.after[i], [this, to, router, bytes] {
          if (!machines_[to].links_up[router]) return;
          receive(to, Kept::packet, [this, to, router, bytes] { hear(to, router, *bytes); });
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
  const auto advert = codec.decode({.bytes = packet}, wall(id));
  if (!advert) {
    ++counts_.rejected;
    if (recording_) note(fmt::format("m{} router {} rejects: {}", id, router, name(advert.error())));
    machine.brain->on_rejected(router, clock(id));
    return;
  }
  call(id, [&](Brain& brain, NodeActions& out) { brain.on_advert(router, *advert, clock(id), out); });
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
