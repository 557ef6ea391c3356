#include "sim/world.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace baton::sim {
namespace {

using namespace std::chrono_literals;
using namespace vrrp;

constexpr std::size_t timeline_lines = 40;
constexpr std::size_t events_bound = 100'000;
constexpr std::size_t actions_bound = 64;    // of one event and router
constexpr std::size_t waiting_bound = 200;   // packets in the socket of a paused machine
constexpr Duration resumed_after = 20ms;     // docs/decisions/0002
constexpr Duration stopped_within = 4500ms;  // its guardian ends it after 5 s
constexpr Duration resolved_after = 1s;      // a client asks who has the address when it gets no answer
constexpr WallTime begin_of_time{std::chrono::seconds(1'800'000'000)};

IpAddress source_of(std::size_t machine, RouterId router) {
  return IpAddress::v4(0x0a000000 + (router << 8) + static_cast<std::uint32_t>(machine) + 1);
}

IpAddress virtual_address_of(RouterId router) {
  return IpAddress::v4(0x0a0000c8 + (router << 8));
}

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

template <typename Call>
void World::call(std::size_t id, Call&& call) {
  NodeActions out;
  call(*machines_[id].brain, out);
  carry_out(id, out);
}

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

// ---------------------------------------------------------------- clients

bool World::is_served(RouterId router) const {
  const std::optional<std::size_t>& asks = clients_[router].asks;
  return asks && machines_[*asks].configured[router] && machines_[*asks].links_up[router] &&
         lans_[router].reaches(machines_.size(), *asks) && lans_[router].reaches(*asks, machines_.size());
}

// Adds up the time since the last look, for which the last look's state held.
void World::look() {
  for (RouterId router = 0; router < router_count(); ++router) {
    Client& client = clients_[router];
    const Duration passed = now_ - client.looked;
    client.looked = now_;
    if (client.unserved_since) {
      client.service.unserved += passed;
      client.service.longest = std::max(client.service.longest, now_ - *client.unserved_since);
    }
    if (client.shared) client.service.shared += passed;
    client.shared = std::ranges::count_if(machines_, [&](const Machine& each) { return each.configured[router]; }) > 1;
    if (is_served(router)) {
      client.unserved_since.reset();
    } else if (!client.unserved_since) {
      client.unserved_since = now_;
      schedule(resolved_after, [this, router, since = now_] { resolve(router, since); });
    }
  }
}

// The client's neighbour cache gives up and asks everybody; somebody who has the address answers.
void World::resolve(RouterId router, Instant since) {
  if (clients_[router].unserved_since != since) return;
  const std::size_t first = random_.below(machines_.size());
  for (std::size_t i = 0; i < machines_.size(); ++i) {
    const std::size_t id = (first + i) % machines_.size();
    clients_[router].asks = id;
    if (is_served(router)) return look();
  }
  schedule(resolved_after, [this, router, since] { resolve(router, since); });
}

const Service& World::service(RouterId router) {
  look();
  return clients_[router].service;
}

void World::forget_service() {
  look();
  for (Client& client : clients_) {
    client.service = {};
    if (client.unserved_since) client.unserved_since = now_;
  }
}

// ---------------------------------------------------------------- questions and invariants

State World::state(std::size_t id, RouterId router) const {
  return machines_[id].brain ? machines_[id].brain->state(router) : State::init;
}

bool World::is_healthy(std::size_t id) const {
  if (!is_running(id)) return false;
  for (RouterId router = 0; router < router_count(); ++router) {
    if (state(id, router) != State::backup && state(id, router) != State::master) return false;
  }
  return true;
}

std::optional<std::size_t> World::holder(RouterId router) const {
  std::optional<std::size_t> holder;
  for (std::size_t id = 0; id < machines_.size(); ++id) {
    if (!machines_[id].configured[router]) continue;
    if (holder) return std::nullopt;
    holder = id;
  }
  return holder;
}

std::string World::settled(RouterId router) const {
  std::string holders;
  std::size_t healthy = 0;
  for (std::size_t id = 0; id < machines_.size(); ++id) {
    if (machines_[id].configured[router]) holders += fmt::format(" m{}", id);
    if (is_healthy(id)) ++healthy;
  }
  const auto one = holder(router);
  if (healthy == 0)
    return holders.empty() ? "" : fmt::format("router {} is held without a healthy node:{}", router, holders);
  if (!one) return fmt::format("router {} has not one holder:{}", router, holders.empty() ? " nobody" : holders);
  if (!machines_[*one].parameters.node.groups.empty() && holder(0) != one) {
    return fmt::format("a group is torn apart: m{} holds router {}", *one, router);
  }
  if (state(*one, router) != State::master) return fmt::format("router {} is held by m{}, no MASTER", router, *one);
  if (!is_served(router)) return fmt::format("the client of router {} is not served", router);
  if (clients_[router].asks != one) return fmt::format("the client of router {} asks another than m{}", router, *one);
  return {};
}

void World::check(std::size_t id, Instant handled_timeout) {
  Machine& machine = machines_[id];
  if (!machine.brain) return;
  if (machine.brain->maintenance() == Maintenance::on) machine.in_maintenance = true;
  for (RouterId router = 0; router < router_count(); ++router) {
    const State state = machine.brain->state(router);
    const bool holds = machine.brain->holds_addresses(router);
    if (holds != (state == State::master)) violate(fmt::format("m{} router {} holds as {}", id, router, name(state)));
    if (machine.configured[router] && !holds) violate(fmt::format("m{} router {} left in the kernel", id, router));
    if (machine.in_maintenance && machine.brain->is_serving(router)) {
      violate(fmt::format("m{} router {} serves in maintenance", id, router));
    }
    if (machine.told[router] != state) violate(fmt::format("m{} router {} is {}, untold", id, router, name(state)));
  }
  if (!machine.parameters.node.groups.empty()) {
    bool serves = false;
    bool waits = false;
    for (RouterId router = 0; router < router_count(); ++router) {
      serves |= machine.brain->is_serving(router);
      waits |= machine.brain->state(router) == State::backup;
    }
    if (serves && waits) violate(fmt::format("m{}: one member of its group serves, another is BACKUP", id));
  }
  const auto next = machine.brain->next_timeout();
  if (next && *next <= handled_timeout) violate(fmt::format("m{} has a deadline in the past", id));
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
