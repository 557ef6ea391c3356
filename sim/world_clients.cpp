// What the clients of the LANs go through.
#include "sim/world.h"

#include <algorithm>
#include <utility>

#include "sim/addressing.h"

namespace baton::sim {
namespace {

using namespace std::chrono_literals;
using namespace vrrp;

constexpr unsigned rounds_most = 5;  // of announcements that are played
constexpr Duration asks_again = 1s;  // a neighbour whose cache has nothing

}  // namespace

// After the addresses are in the kernel: gratuitous ARP to every machine and to the neighbours. Who proves its
// takeovers announces once, asks, and announces the rest to those that do not answer (docs/decisions/0022).
void World::announce(std::size_t id, RouterId router, unsigned rounds) {
  schedule(2ms, [this, id, router, rounds, life = machines_[id].life] {
    Machine& machine = machines_[id];
    if (machine.life != life || !machine.configured[router] || !machine.brain->is_serving(router)) return;
    const bool proves = machine.parameters.proves_takeovers && !machine.proofs[router].has_begun();
    send_announcements(id, router, proves ? 1 : rounds);
    if (!proves) return;
    machine.owed_rounds[router] = rounds - 1;
    std::vector<TakeoverProof::Question> questions;
    for (std::uint32_t i = 0; i < neighbours; ++i) {
      questions.push_back({.address = virtual_address_of(router), .to = {.address = IpAddress::v4(i + 1), .mac = {}}});
    }
    machine.proofs[router].begin(std::move(questions), clock(id));
    prove_takeover(id, router, life);
  });
}

void World::send_announcements(std::size_t id, RouterId router, unsigned rounds) {
  if (!machines_[id].links_up[router]) return;
  for (unsigned round = 0; round < std::min(rounds, rounds_most); ++round) {
    for (std::size_t to = 0; to < machines_.size(); ++to) {
      if (to == id) continue;
      const Arrivals arrivals = lans_[router].send(id, to, random_);
      if (arrivals.count == 0) continue;
      schedule(arrivals.after[0], [this, to, router] {
        if (!machines_[to].links_up[router]) return;
        receive(to, Kept::packet, [this, to, router] {
          call(to, [&](Brain& brain, NodeActions& out) {
            brain.on_announcement(router, virtual_address_of(router), clock(to), out);
          });
        });
      });
    }
    for (std::size_t i = router * neighbours; i < (router + 1) * neighbours; ++i) {
      if (!clients_[i].hears_announcements) continue;
      const Arrivals arrivals = lans_[router].send(id, clients_[i].endpoint, random_);
      if (arrivals.count == 0) continue;
      schedule(arrivals.after[0], [this, i, id] {
        clients_[i].asks = id;
        look();
      });
    }
  }
}

void World::prove_takeover(std::size_t id, RouterId router, unsigned life) {
  Machine& machine = machines_[id];
  if (machine.life != life || !is_running(id) || !machine.configured[router]) return;
  TakeoverProof& proof = machine.proofs[router];
  const auto questions = proof.on_timeout(clock(id));
  if (!questions.empty() && questions.front().is_repeated) {
    send_announcements(id, router, std::exchange(machine.owed_rounds[router], 0));
  }
  for (const TakeoverProof::Question& question : questions) ask_neighbour(id, router, question);
  if (!proof.next_timeout()) return;
  const Duration wait = std::max<Duration>(*proof.next_timeout() - clock(id), 1us);
  schedule(wait, [this, id, router, life] { prove_takeover(id, router, life); });
}

// Hearing the question teaches it, also one that ignores announcements.
void World::ask_neighbour(std::size_t id, RouterId router, const TakeoverProof::Question& question) {
  if (!machines_[id].links_up[router] || hooks_.sabotage.gateway_is_deaf) return;
  const bool is_gateway = question.to.address == IpAddress::v4(2);
  const std::size_t who = router * neighbours + (is_gateway ? 1 : 0);
  const Arrivals arrivals = lans_[router].send(id, clients_[who].endpoint, random_);
  if (arrivals.count == 0) return;
  schedule(arrivals.after[0], [this, id, router, who, question] {
    clients_[who].asks = id;
    look();
    const Arrivals back = lans_[router].send(clients_[who].endpoint, id, random_);
    if (back.count == 0 || !machines_[id].links_up[router]) return;
    schedule(back.after[0], [this, id, router, question] {
      receive(id, Kept::packet, [this, id, router, question] { hear_answer(id, router, question); });
    });
  });
}

void World::hear_answer(std::size_t id, RouterId router, const TakeoverProof::Question& question) {
  TakeoverProof& proof = machines_[id].proofs[router];
  const bool was_proven = proof.is_proven();
  proof.on_answer(question.address, question.to.address);
  if (was_proven || !proof.is_proven()) return;
  call(id, [&](Brain& brain, NodeActions& out) { brain.on_takeover_proven(router, clock(id), out); });
}

// The gateway is everybody's witness, and answers every echo.
void World::ask_witness(std::size_t id, RouterId router) {
  const std::size_t gateway = clients_[router * neighbours + 1].endpoint;
  const Arrivals there = lans_[router].send(id, gateway, random_);
  if (there.count == 0 || !machines_[id].links_up[router]) return;
  schedule(there.after[0], [this, id, router, gateway] {
    const Arrivals back = lans_[router].send(gateway, id, random_);
    if (back.count == 0 || !machines_[id].links_up[router]) return;
    schedule(back.after[0], [this, id, router] {
      receive(id, Kept::packet, [this, id, router] {
        machines_[id].witnessed_at[router] = clock(id);
        call(id, [&](Brain& brain, NodeActions& out) { brain.on_witness(router, clock(id), out); });
      });
    });
  });
}

bool World::is_served(const Client& client) const {
  if (!client.asks) return false;
  const Machine& machine = machines_[*client.asks];
  const Lan& lan = lans_[client.router];
  return machine.configured[client.router] && machine.links_up[client.router] && !machine.frozen &&
         lan.reaches(client.endpoint, *client.asks) && lan.reaches(*client.asks, client.endpoint);
}

// Adds up the time since the last look, for which the last look's state held.
void World::look() {
  for (std::size_t i = 0; i < clients_.size(); ++i) {
    Client& client = clients_[i];
    const Duration passed = now_ - client.looked;
    client.looked = now_;
    if (client.unserved_since) {
      client.service.unserved += passed;
      client.service.longest = std::max(client.service.longest, now_ - *client.unserved_since);
    }
    if (client.shared) client.service.shared += passed;
    if (i % neighbours == 0) {
      const auto has_it = [&](const Machine& each) { return each.configured[client.router] && !each.frozen; };
      client.shared = std::ranges::count_if(machines_, has_it) > 1;
    }
    if (is_served(client)) {
      client.unserved_since.reset();
    } else if (!client.unserved_since) {
      client.unserved_since = now_;
      schedule(client.resolved_after, [this, i, since = now_] { resolve(i, since); });
    }
  }
}

// A neighbour cache gives up and asks everybody; somebody who has the address answers.
void World::resolve(std::size_t i, Instant since) {
  Client& client = clients_[i];
  if (client.unserved_since != since) return;
  const bool is_deaf = hooks_.sabotage.gateway_is_deaf && i % neighbours != 0 && client.asks;
  const std::size_t first = random_.below(machines_.size());
  for (std::size_t k = 0; k < machines_.size(); ++k) {
    if (!is_deaf) client.asks = (first + k) % machines_.size();
    if (is_served(client)) return look();
  }
  if (!is_deaf) client.asks.reset();
  schedule(std::min(client.resolved_after, asks_again), [this, i, since] { resolve(i, since); });
}

const Service& World::service(RouterId router) {
  look();
  return client(router).service;
}

void World::forget_service() {
  look();
  for (Client& each : clients_) {
    each.service = {};
    if (each.unserved_since) each.unserved_since = now_;
  }
}

}  // namespace baton::sim
