// What the clients of the LANs go through.
#include "sim/world.h"

#include <algorithm>
#include <utility>

namespace baton::sim {
namespace {

using namespace std::chrono_literals;
using namespace vrrp;

constexpr Duration resolved_after = 1s;  // a client asks who has the address when it gets no answer

}  // namespace

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

}  // namespace baton::sim
