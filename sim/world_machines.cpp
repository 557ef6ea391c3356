// How machines live and die: workers, their guardians, their runners.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sim/addressing.h"
#include "sim/world.h"

namespace baton::sim {
namespace {

using namespace std::chrono_literals;
using namespace vrrp;

constexpr Duration resumed_after = 20ms;     // docs/decisions/0002
constexpr Duration stopped_within = 4500ms;  // its guardian ends it after 5 s
constexpr Duration hang_noticed = 1500ms;    // limits::hang, and two looks, on a machine that is slow itself
constexpr Duration service_restart = 200ms;  // RestartSec=

AdvertCodec make_codec(const MachineParameters& parameters, RouterId router) {
  const RouterParameters& of = parameters.node.routers[router].router;
  CodecParameters codec{.version = of.version, .family = Family::ipv4, .vrid = 50};
  codec.advert_interval = of.advert_interval;
  codec.addresses = {virtual_address_of(router)};
  codec.multicast_group = *IpAddress::parse("224.0.0.18");
  const bool is_v2 = of.version == Version::v2;
  codec.authentication = {.type = is_v2 ? parameters.authentication : AuthType::none, .password = {'t', 'u', 'l', 'e'}};
  if (parameters.has_hmac && !is_v2) {
    codec.hmac = HmacAuthentication{.keys = {{.id = 1, .secret = Bytes(32, std::uint8_t{7})}}, .active_key = 1};
  }
  return AdvertCodec(std::move(codec));
}

}  // namespace

// ---------------------------------------------------------------- lives

std::unique_ptr<Brain> World::dressed(std::unique_ptr<Brain> brain) const {
  return hooks_.wrap ? hooks_.wrap(std::move(brain)) : std::move(brain);
}

void World::awake(Machine& machine) {
  machine.paused = machine.hung = machine.starved = machine.frozen = false;
  machine.waits_for_log = false;
  machine.touched = now_;
  machine.clock.set_standing(false, now_);
}

void World::begin_life(std::size_t id) {
  Machine& machine = machines_[id];
  ++machine.life;
  machine.powered = true;
  machine.stopping = false;
  awake(machine);
  machine.waiting.clear();
  machine.told.assign(router_count(), State::init);
  machine.configured.assign(router_count(), false);  // leftovers are removed before anything is sent or judged
  machine.released_at.assign(router_count(), std::nullopt);
  machine.kernel_works.assign(router_count(), false);
  begin_log(id);
  machine.codecs.clear();
  make_codecs(id);
  for (RouterId router = 0; router < router_count(); ++router) machine.proofs[router].end();
}

void World::make_codecs(std::size_t id) {
  Machine& machine = machines_[id];
  const auto before = std::exchange(machine.codecs, {});
  for (RouterId router = 0; router < router_count(); ++router) {
    machine.codecs.push_back(make_codec(machine.parameters, router));
    machine.codecs.back().set_source(machine.sources[router]);
    if (!before.empty()) machine.codecs.back().restore(before[router].memory());
  }
}

void World::start(std::size_t id) {
  if (machines_[id].brain) return;
  note(fmt::format("m{} starts", id));
  start_afresh(id);
}

// A guardian, and all it has.
void World::start_afresh(std::size_t id) {
  Machine& machine = machines_[id];
  end_reign(id);
  machine.policy = {};
  machine.runner_back_off = {};
  begin_worker(id);
  if (machine.parameters.script) start_runner(id);
}

void World::begin_worker(std::size_t id) {
  Machine& machine = machines_[id];
  begin_life(id);
  const MachineParameters& parameters = machine.parameters;
  machine.unfinished = {};
  machine.brain = parameters.stock ? make_stock(parameters.node, machine.sources, parameters.conduct)
                                   : dressed(make_baton(parameters.node, machine.sources, hooks_.witness));
  machine.policy.on_start(clock(id));
  call(id, [&](Brain& brain, NodeActions& out) {
    for (RouterId router = 0; router < router_count(); ++router) {
      brain.on_link(fmt::format("eth{}", router), machine.links_up[router], clock(id), out);
    }
    if (machine.in_maintenance) brain.maintain(MaintenanceTold::Wish::force, clock(id), out);
    brain.start(clock(id), out);
  });
  schedule(random_.between(1ms, 50ms), [this, id, life = machine.life] {  // its check's first result
    if (machines_[id].life == life) tell_verdict(id);
  });
}

void World::stop(std::size_t id) {
  if (!is_running(id)) return;
  note(fmt::format("m{} is stopped", id));
  machines_[id].stopping = true;
  call(id, [&](Brain& brain, NodeActions& out) { brain.stop(clock(id), out); });
  schedule(stopped_within, [this, id, life = machines_[id].life, begun = now_] {
    const Machine& machine = machines_[id];
    const bool slept = machine.paused || machine.paused_at >= begun;
    if (machine.life == life && machine.brain && !slept) violate(fmt::format("m{} was told to stop and runs on", id));
  });
}

void World::handover(std::size_t id) {
  if (!is_running(id)) return;
  note(fmt::format("m{} is to hand over", id));
  call(id, [&](Brain& brain, NodeActions& out) { brain.handover(clock(id), out); });
}

void World::maintain(std::size_t id, MaintenanceTold::Wish wish) {
  if (!is_running(id)) return;
  note(fmt::format("m{} is told of maintenance ({})", id, static_cast<int>(wish)));
  if (wish == MaintenanceTold::Wish::off) machines_[id].in_maintenance = false;
  call(id, [&](Brain& brain, NodeActions& out) { brain.maintain(wish, clock(id), out); });
}

// A change of workers: the next one goes on with other parameters, and keeps pace where nothing has changed.
void World::reload(std::size_t id, const NodeParameters& next) {
  Machine& machine = machines_[id];
  if (!is_running(id) || machine.parameters.stock || machine.stopping) return;
  note(fmt::format("m{} reloads, version {}, priority {}, interval {} ms", id,
                   static_cast<int>(next.routers[0].router.version), next.routers[0].router.base_priority,
                   next.routers[0].router.advert_interval / 1ms));
  auto memory = machine.brain->memory();
  for (RouterId router = 0; router < router_count(); ++router) {
    const RouterParameters& before = machine.parameters.node.routers[router].router;
    const RouterParameters& after = next.routers[router].router;
    if (memory[router] && before.base_priority == after.base_priority && before.version == after.version &&
        before.advert_interval == after.advert_interval)
      memory[router]->keeps_pace = true;
  }
  machine.parameters.node = next;
  if (!hooks_.sabotage.reload_keeps_codec) make_codecs(id);
  resume(id, memory);
}

// VRRPv2 takes no advert with another interval than its own: one that begins to speak it takes what the others have.
void World::migrate(std::size_t id, Version version) {
  Machine& machine = machines_[id];
  if (this->version(id) == version || machine.paused) return;
  NodeParameters next = machine.parameters.node;
  const Duration own = next.routers[0].router.advert_interval;
  Duration interval = version == Version::v2 ? std::chrono::ceil<std::chrono::seconds>(own) : own;
  for (std::size_t other = 0; other < size() && version == Version::v2; ++other) {
    if (this->version(other) == version) interval = parameters(other).node.routers[0].router.advert_interval;
  }
  for (NodeRouterParameters& each : next.routers) {
    each.router.version = version;
    each.router.advert_interval = interval;
    each.router.makes_room = version == Version::v2 && machine.parameters.authentication == AuthType::ah;
  }
  if (machine.brain && !machine.parameters.stock) return reload(id, next);
  note(fmt::format("m{} is configured for version {}", id, static_cast<int>(version)));
  const bool was_running = machine.brain != nullptr;
  if (was_running) stop(id);
  machine.parameters.node = next;
  if (was_running) start(id);
}

// ---------------------------------------------------------------- deaths

void World::kill(std::size_t id, Death death) {
  die(id, death, {});
}

void World::die(std::size_t id, Death death, Duration back_off) {
  Machine& machine = machines_[id];
  note(fmt::format("m{} dies ({})", id, static_cast<int>(death)));
  const bool is_end = death == Death::everything || death == Death::power;
  if (is_end) end_reign(id);
  if (death == Death::power) {
    machine.powered = false;
    machine.configured.assign(router_count(), false);
    machine.journal = Journal(machine.journal.bound());
  }
  if (!machine.brain) return look();
  auto memory = machine.brain->memory();
  const auto before = asleep(id);
  const Instant acted = machine.paused && !machine.frozen ? machine.paused_at : now_;
  machine.brain.reset();
  machine.unfinished = {};
  const unsigned life = ++machine.life;
  awake(machine);
  machine.waiting.clear();
  if (is_end) return look();

  if (death == Death::reloaded && memory.size() > 1) {
    memory.back().reset();
    machine.told.back() = State::init;
  }
  if (machine.parameters.stock && !machine.stopping) return begin_worker(id);  // its parent starts a new child at once
  schedule(resumed_after, [this, id, life, death, memory, back_off, before, acted] {
    Machine& dead = machines_[id];
    if (dead.life != life) return;
    if (death != Death::said && !dead.stopping) {
      ++dead.life;
      note(fmt::format("m{} is resumed", id));
      dead.policy.on_start(clock(id));
      make_codecs(id);
      resume(id, memory);
      return check_awake(id, before, now_ - acted);
    }
    last_will(id);
    if (dead.stopping) return end_reign(id);
    schedule(back_off, [this, id, life] {
      if (machines_[id].life == life) begin_worker(id);
    });
  });
}

void World::resume(std::size_t id, const std::vector<std::optional<RouterMemory>>& memory) {
  Machine& machine = machines_[id];
  begin_log(id);
  machine.touched = now_;
  NodeActions out;
  machine.brain = dressed(resume_baton(machine.parameters.node, machine.sources, memory, machine.in_maintenance,
                                       clock(id), out, hooks_.witness));
  carry_out(id, out);
  call(id, [&](Brain& brain, NodeActions& more) {
    for (RouterId router = 0; router < router_count(); ++router) {
      brain.on_link(fmt::format("eth{}", router), machine.links_up[router], clock(id), more);
    }
  });
  machine.kernel_works.assign(router_count(), false);
  machine.told_verdict.reset();
  schedule(random_.between(1ms, 1s), [this, id, again = machine.life] {
    if (machines_[id].life == again) tell_verdict(id);
  });
}

// What the guardian does for a worker that is dead.
void World::last_will(std::size_t id) {
  for (RouterId router = 0; router < router_count(); ++router) {
    if (!machines_[id].configured[router]) continue;
    send_advert(id, router, {.priority = spec::priority_stop});
    machines_[id].configured[router] = false;
  }
  look();
}

// ---------------------------------------------------------------- the guardian

void World::crash(std::size_t id) {
  Machine& machine = machines_[id];
  if (!machine.brain || (machine.paused && !machine.hung)) return;
  const auto verdict = machine.policy.on_death(clock(id));
  die(id, verdict.resume ? Death::resumed : Death::said, verdict.back_off);
}

void World::crash_guardian(std::size_t id) {
  if (!machines_[id].brain) return;
  die(id, Death::everything, {});
  schedule(service_restart, [this, id, reign = machines_[id].reign] {
    if (machines_[id].reign == reign && !machines_[id].brain) start(id);
  });
}

void World::end_reign(std::size_t id) {
  Machine& machine = machines_[id];
  ++machine.reign;
  machine.runner.reset();
  machine.runner_returns.reset();
}

void World::hang(std::size_t id) {
  Machine& machine = machines_[id];
  if (!is_running(id) || machine.parameters.stock) return;
  note(fmt::format("m{}: its worker hangs", id));
  stand_still(id, hang_noticed);
}

void World::starve(std::size_t id, Duration span) {
  Machine& machine = machines_[id];
  if (!is_running(id)) return;
  note(fmt::format("m{}: its worker gets no processor for {} ms", id, span / 1ms));
  machine.starved = true;
  stand_still(id, starved_bound(id) + hang_noticed);
  schedule(span, [this, id, life = machine.life, since = now_] {
    const Machine& later = machines_[id];
    if (later.life == life && later.starved && later.paused_at == since) set_paused(id, false);
  });
}

void World::stand_still(std::size_t id, Duration noticed_within) {
  Machine& machine = machines_[id];
  machine.paused = machine.hung = true;
  machine.paused_at = now_;
  if (machine.parameters.stock) return;  // it has no guardian
  machine.detector.reset(clock(id));
  look_after(id);
  schedule(noticed_within, [this, id, life = machine.life, since = now_] {
    const Machine& later = machines_[id];
    if (later.life != life || !later.hung || later.paused_at != since) return;
    violate(fmt::format("m{}: its worker hangs, and nobody has noticed", id));
  });
}

Duration World::starved_bound(std::size_t id) const {
  const RouterParameters& router = parameters(id).node.routers[0].router;
  return daemon::starved_bound(router.advert_interval, router.down_timer_adverts);
}

// The guardian's looks at a worker that shows no life.
void World::look_after(std::size_t id) {
  Machine& machine = machines_[id];
  if (!machine.hung || hooks_.sabotage.guardian_sleeps) return;
  const Instant heartbeat = machine.clock.read(machine.paused_at);
  const bool seems_starved = machine.starved && !hooks_.sabotage.guardian_is_hasty;
  const daemon::ProcessState process{.state = seems_starved ? 'R' : 'S'};
  const Duration patience = starved_bound(id);
  if (machine.detector.is_hung(heartbeat, clock(id), [&] { return process; }, {.starved = patience})) {
    const Duration silence = clock(id) - heartbeat;
    if (machine.starved && silence < patience) {
      violate(fmt::format("m{}: its worker starved for {} ms, and was ended", id, silence / 1ms));
    }
    note(fmt::format("m{}: the guardian ends a worker that {}", id, machine.starved ? "starves" : "hangs"));
    return crash(id);
  }
  const Duration wait = std::max<Duration>(machine.detector.next_look() - clock(id), 1us);
  schedule(wait, [this, id, life = machine.life] {
    if (machines_[id].life == life) look_after(id);
  });
}

// ---------------------------------------------------------------- the runner

void World::start_runner(std::size_t id) {
  Machine& machine = machines_[id];
  machine.runner = std::make_unique<Runner>(*machine.parameters.script, router_count(), clock(id));
  machine.runner->set_service(machine.tracker_up);
  machine.runner->set_hanging(machine.track_hangs, machine.notify_hangs);
  machine.runner_returns.reset();
  machine.told_verdict.reset();
  machine.unheard = machine.notified;
  for (const process::Notify& again : machine.unfinished.tell_again()) {
    const auto router = static_cast<RouterId>(std::stoul(again.key));
    machine.unheard[router] = again.number - 1;
    machine.runner->notify(router, again.number, clock(id), random_);
  }
}

void World::crash_runner(std::size_t id) {
  Machine& machine = machines_[id];
  if (!machine.runner) return;
  const Duration wait = machine.runner_back_off.on_death(clock(id));
  note(fmt::format("m{}: its runner dies, for {} s", id, wait / 1s));
  machine.runner.reset();
  machine.runner_returns = now_ + wait;
  schedule(wait, [this, id, reign = machine.reign] {
    if (machines_[id].reign != reign) return;
    start_runner(id);
    machines_[id].runner_back_off.on_start(clock(id));
  });
}

void World::look_after_runner(std::size_t id) {
  Machine& machine = machines_[id];
  machine.runner->on_timeout(clock(id), random_);
  for (const auto& script : machine.runner->take_ended()) machine.unfinished.on_finished(script);
  if (!machine.runner->problem().empty()) violate(fmt::format("m{} {}", id, machine.runner->problem()));
  if (machine.runner->verdict() && machine.runner->verdict() != machine.told_verdict) tell_verdict(id);
}

// What the check says now, to a new worker or because it is new.
void World::tell_verdict(std::size_t id) {
  Machine& machine = machines_[id];
  if (!machine.parameters.script) return tell_tracker(id, machine.tracker_up);
  if (!machine.runner || !machine.runner->verdict()) return;
  machine.told_verdict = machine.runner->verdict();
  tell_tracker(id, machine.told_verdict);
}

void World::tell_tracker(std::size_t id, std::optional<bool> up) {
  if (!up) return;
  const TrackerValue value{.status = *up ? TrackerStatus::up : TrackerStatus::down};
  receive(id, Kept::state, [this, id, value] {
    call(id, [&](Brain& brain, NodeActions& out) { brain.on_tracker(value, clock(id), out); });
  });
}

void World::notify(std::size_t id, RouterId router) {
  Machine& machine = machines_[id];
  if (!machine.parameters.script) return;
  const std::uint64_t number = ++machine.notified[router];
  machine.unfinished.on_told({.key = Runner::key_of(router), .commands = {notify::Command()}, .number = number});
  if (!machine.runner) {
    ++counts_.unheard;
    return;
  }
  if (hooks_.sabotage.runner_forgets && number % 2 == 0) return;
  machine.runner->notify(router, number, clock(id), random_);
}

}  // namespace baton::sim
