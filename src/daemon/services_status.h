// What an operator asks of load balancing: virtual servers, their quorums, their real servers and what the checks of
// these have said (docs/status.md). Made of memory that the balancer and the checker write, so that neither of them,
// nor the VRRP worker, is ever asked; who is up and what serves follows from it by the balancer's own rules.
#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string_view>
#include <vector>

#include "daemon/check_board.h"
#include "daemon/check_ledger.h"
#include "daemon/setup.h"
#include "daemon/status.h"
#include "setup/balance_setup.h"

namespace baton::daemon {

namespace limits {
inline constexpr std::size_t servers_a_page = 500;  // real servers; a service is never cut
inline constexpr std::size_t keys_shown = 16;       // addresses and marks of a service; then only how many there are
}  // namespace limits

struct ServicesSource {
  CheckBoard board{};
  CheckLedger ledger{};
  std::vector<CheckKey> keys{};  // of the checks that run, by their number
};

class ServicesStatus {
 public:
  // Both must outlive it.
  ServicesStatus(const config::Configuration& configuration, const ServicesSource& source);

  // Services from this number on, as many as a page has; `next` says where the next one begins, or null.
  nlohmann::json page(std::size_t from, const ClockReading& clock) const;
  // All of them in one document; with the head of a page.
  nlohmann::json all(const ClockReading& clock) const;
  // By its name, "10.0.0.1 80 TCP". nullopt: there is none.
  std::optional<nlohmann::json> one(std::string_view name, const ClockReading& clock) const;
  // How many there are: `services`, `without_quorum`, `servers`, `servers_down`. Null: no virtual server.
  nlohmann::json summary() const;

 private:
  nlohmann::json pages(std::size_t from, std::size_t servers, const ClockReading& clock) const;
  // The balancer as it stands, made of what it has written down.
  balance::Balancer replica() const;

  const config::Configuration& configuration_;
  const ServicesSource& source_;
  BalanceSetup setup_;
};

}  // namespace baton::daemon
