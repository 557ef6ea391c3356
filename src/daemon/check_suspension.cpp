#include "daemon/check_suspension.h"

#include <algorithm>

#include "setup/balance_setup.h"

namespace baton::daemon {

// Those of one virtual server follow each other.
CheckSuspension::CheckSuspension(const std::vector<ListedCheck>& checks) : is_suspended_(checks.size()) {
  const std::vector<config::GroupEntry>* before = nullptr;
  for (std::uint32_t index = 0; index < checks.size(); ++index) {
    const std::vector<config::GroupEntry>& entries = checks[index].only_with;
    const bool is_same = before != nullptr && *before == entries;
    before = &entries;
    if (entries.empty()) continue;
    if (!is_same) services_.push_back({.addresses = setup::addresses_of(entries), .checks = {}});
    services_.back().checks.push_back(index);
  }
  std::erase_if(services_, [](const Service& service) { return service.addresses.empty(); });
}

std::vector<CheckSuspension::Change> CheckSuspension::look(const std::function<bool(const IpAddress&)>& here) {
  std::vector<Change> changes;
  for (Service& service : services_) {
    const bool is_suspended = std::ranges::none_of(service.addresses, here);
    if (std::exchange(service.is_suspended, is_suspended) == is_suspended) continue;
    for (const std::uint32_t check : service.checks) is_suspended_[check] = is_suspended;
    changes.push_back(
        {.checks = service.checks, .is_suspended = is_suspended, .address = to_string(service.addresses.front())});
  }
  return changes;
}

}  // namespace baton::daemon
