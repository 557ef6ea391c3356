#include "lab/ownership.h"

#include <algorithm>

namespace baton::lab {

bool Ownership::set(const IpAddress& address, NodeId node, bool has, Instant at) {
  std::set<NodeId>& owners = owners_[address];
  const bool changed = has ? owners.insert(node).second : owners.erase(node) == 1;
  if (changed) changes_[address].push_back({.at = at, .node = node, .has = has});
  return changed;
}

std::set<NodeId> Ownership::owners(const IpAddress& address) const {
  const auto found = owners_.find(address);
  return found == owners_.end() ? std::set<NodeId>{} : found->second;
}

std::optional<Instant> Ownership::last_change(const IpAddress& address) const {
  const auto found = changes_.find(address);
  if (found == changes_.end()) return std::nullopt;
  return found->second.back().at;
}

std::vector<Ownership::Change> Ownership::changes(const IpAddress& address) const {
  const auto found = changes_.find(address);
  return found == changes_.end() ? std::vector<Change>{} : found->second;
}

Ownership::Times Ownership::times(const IpAddress& address, Instant from, Instant to) const {
  Times times;
  std::set<NodeId> owners;
  Instant since = from;
  const auto count_until = [&](Instant until) {
    until = std::clamp(until, from, to);
    if (until <= since) return;
    if (owners.empty()) times.nobody += until - since;
    if (owners.size() > 1) times.two_or_more += until - since;
    since = until;
  };
  if (const auto found = changes_.find(address); found != changes_.end()) {
    for (const Change& change : found->second) {
      count_until(change.at);
      if (change.has) {
        owners.insert(change.node);
      } else {
        owners.erase(change.node);
      }
    }
  }
  count_until(to);
  return times;
}

}  // namespace baton::lab
