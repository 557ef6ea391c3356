#include "daemon/second_owners.h"

#include <fmt/format.h>

namespace baton::daemon {

bool SecondOwners::is_worth_telling(const vrrp::VirtualRouter& router, bool is_stranger) {
  if (router.is_leaving()) return true;
  if (!is_stranger || !router.is_serving()) return false;
  if (strangers_left_ == 0) {
    ++counted_.announcements_lost;
    return false;
  }
  --strangers_left_;
  return true;
}

void SecondOwners::on_seen(vrrp::RouterId router, const vrrp::SecondOwnerSeen& seen, const vrrp::Node& node,
                           Instant now) {
  RouterStatistics& statistics = statistics_[router];
  ++(seen.mac ? statistics.strangers : statistics.second_masters);
  statistics.second_owner = {.at = now, .seen = seen};
  const std::string key = fmt::format("{}/{}", router, seen.mac ? "stranger" : "master");
  if (const auto untold = told_.allow(key, now)) newsroom_.on_second_owner(router, seen, node, *untold);
}

}  // namespace baton::daemon
