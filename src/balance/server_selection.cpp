#include "balance/server_selection.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

namespace baton::balance {
namespace {

struct Candidate {
  DestinationKey key;
  std::int64_t weight = 0;
};
using Candidates = std::vector<Candidate>;

enum class Method : std::uint8_t { equal_turns, turns, draws, source_hash, destination_hash, heaviest };

struct Scheduler {
  std::string_view name;
  Method method = Method::equal_turns;
  std::string_view stand_in{};
};
constexpr std::array schedulers{
    Scheduler{"rr", Method::equal_turns},
    Scheduler{"wrr", Method::turns},
    Scheduler{"lc", Method::equal_turns, "rr"},
    Scheduler{"wlc", Method::turns, "wrr"},
    Scheduler{"sed", Method::turns, "wrr"},
    Scheduler{"nq", Method::turns, "wrr"},
    Scheduler{"twos", Method::draws, "a weighted draw"},
    Scheduler{"sh", Method::source_hash},
    Scheduler{"mh", Method::source_hash},
    Scheduler{"dh", Method::destination_hash},
    Scheduler{"lblc", Method::destination_hash, "dh"},
    Scheduler{"lblcr", Method::destination_hash, "dh"},
    Scheduler{"fo", Method::heaviest},
    Scheduler{"ovf", Method::heaviest, "fo"},
};

const Scheduler& find(std::string_view name) {
  const auto* found = std::ranges::find(schedulers, name, &Scheduler::name);
  return found == schedulers.end() ? schedulers.front() : *found;
}

Candidates candidates(const TableService& service) {
  Candidates result;
  for (const auto& [key, settings] : service.destinations) {
    if (settings.weight > 0) result.push_back({key, settings.weight});
  }
  return result;
}

// The smallest weights with the same shares, or nearly the same, that need no more slots than there may be.
void reduce(Candidates& servers) {
  std::int64_t divisor = 0;
  std::int64_t total = 0;
  for (const Candidate& server : servers) divisor = std::gcd(divisor, server.weight);
  for (Candidate& server : servers) total += server.weight /= divisor;
  constexpr auto most = static_cast<std::int64_t>(limits::slots);
  if (total <= most) return;
  for (Candidate& server : servers) server.weight = std::max<std::int64_t>(1, server.weight * most / total);
}

// Weights 3, 1, 1 become a b a c a: nobody gets its share in one heap.
std::vector<DestinationKey> turns(Candidates servers) {
  reduce(servers);
  const std::int64_t total = std::accumulate(servers.begin(), servers.end(), std::int64_t{0},
                                             [](std::int64_t sum, const Candidate& one) { return sum + one.weight; });
  std::vector<std::int64_t> credit(servers.size(), 0);
  std::vector<DestinationKey> slots;
  for (std::int64_t turn = 0; turn < total; ++turn) {
    for (std::size_t i = 0; i < servers.size(); ++i) credit[i] += servers[i].weight;
    const auto richest = static_cast<std::size_t>(std::ranges::max_element(credit) - credit.begin());
    credit[richest] -= total;
    slots.push_back(servers[richest].key);
  }
  return slots;
}

std::uint64_t hash_of(const DestinationKey& key, std::uint64_t seed) {  // FNV-1a
  std::uint64_t hash = 0xcbf29ce484222325 ^ seed;
  for (const char byte : to_string(key)) hash = (hash ^ static_cast<std::uint8_t>(byte)) * 0x100000001b3;
  return hash ^ hash >> 32;
}

std::size_t hash_slots(std::size_t servers) {  // primes
  if (servers <= 10) return 251;
  return servers <= 40 ? 1'021 : 4'093;
}

// Maglev (Eisenbud et al., NSDI 2016, §3.4): each server claims slots in an order of its own, by turns, as often as its
// weight has it. A server that comes or goes moves few clients but its own.
std::vector<DestinationKey> hashed(const Candidates& servers) {
  struct Claimant {
    std::size_t offset = 0;
    std::size_t skip = 0;
    std::size_t next = 0;
    std::int64_t credit = 0;
  };
  const std::size_t size = hash_slots(servers.size());
  std::vector<Claimant> claimants;
  std::int64_t heaviest = 0;
  for (const Candidate& server : servers) {
    claimants.push_back({.offset = hash_of(server.key, 1) % size, .skip = hash_of(server.key, 2) % (size - 1) + 1});
    heaviest = std::max(heaviest, server.weight);
  }
  std::vector<std::optional<std::size_t>> owners(size);
  for (std::size_t left = size; left > 0;) {
    for (std::size_t i = 0; i < servers.size() && left > 0; ++i) {
      Claimant& claimant = claimants[i];
      claimant.credit += servers[i].weight;
      if (claimant.credit < heaviest) continue;
      claimant.credit -= heaviest;
      std::size_t place = 0;
      do {
        place = (claimant.offset + claimant.next++ * claimant.skip) % size;
      } while (owners[place]);
      owners[place] = i;
      --left;
    }
  }
  std::vector<DestinationKey> slots;
  for (const std::optional<std::size_t>& owner : owners) slots.push_back(servers[*owner].key);
  return slots;
}

}  // namespace

ServerSelection select_servers(const TableService& service) {
  const Scheduler& scheduler = find(service.options.scheduler);
  const bool hashes_port = (service.options.flags & service_flag::scheduler_2) != 0;  // sh-port, mh-port
  Candidates servers = candidates(service);
  ServerSelection selection;
  switch (scheduler.method) {
    case Method::equal_turns: break;
    case Method::turns: break;
    case Method::heaviest: break;
    case Method::draws: selection.pick = Pick::at_random; break;
    case Method::source_hash: selection.pick = hashes_port ? Pick::by_source_and_port : Pick::by_source; break;
    case Method::destination_hash: selection.pick = Pick::by_destination; break;
  }
  if (servers.empty()) return selection;
  switch (scheduler.method) {
    case Method::equal_turns:
      for (const Candidate& server : servers) selection.slots.push_back(server.key);
      break;
    case Method::turns:
    case Method::draws: selection.slots = turns(std::move(servers)); break;
    case Method::source_hash:
    case Method::destination_hash: selection.slots = hashed(servers); break;
    case Method::heaviest: selection.slots = {std::ranges::max_element(servers, {}, &Candidate::weight)->key}; break;
  }
  return selection;
}

std::string_view stand_in(std::string_view scheduler) {
  return find(scheduler).stand_in;
}

}  // namespace baton::balance
