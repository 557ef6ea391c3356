// The balancer: from what checks say of real servers follows who serves, whether a service has its quorum, and what the
// kernel's table is to be. It knows no kernel, no clock and no check: verdicts come in by number, actions and wanted
// services go out. Behaviour as keepalived's (docs/configuration.md, "Load balancing"), watched beside it.
//
// A server is up while all of its checks are. A service has its quorum while the weights of the servers that are up
// reach it; hysteresis widens the step: gained at quorum + hysteresis, lost below quorum - hysteresis. Without quorum
// and with a sorry server, the sorry server alone serves.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/service_table.h"
#include "base/time.h"

namespace baton::balance {

inline constexpr int ramp_steps = 16;  // from a server's first share to its whole weight

// A health check of a real server, by its number in the configuration.
struct Check {
  bool starts_down = false;  // alpha
  bool adds_weight = false;  // its weight is added to the configured one (FILE_CHECK); else it stands in its place

  bool operator==(const Check&) const = default;
};

struct RealServer {
  DestinationKey key;
  Destination settings;             // with the configured weight
  bool inhibit_on_failure = false;  // weight 0 instead of removal
  std::vector<Check> checks;        // none: always up

  bool operator==(const RealServer&) const = default;
};

struct SorryServer {
  DestinationKey key;
  Destination settings;
  bool inhibit = false;  // weight 0 instead of removal while it is not needed

  bool operator==(const SorryServer&) const = default;
};

// A virtual_server: one or several services with the same real servers.
struct Service {
  std::string name;  // unique
  std::vector<ServiceKey> keys;
  ServiceOptions options;
  bool tells_the_end = false;  // omega
  std::uint32_t quorum = 1;
  std::uint32_t hysteresis = 0;  // below quorum
  Duration slow_start{};         // WeightRamp's; the balancer does not look at it
  std::optional<SorryServer> sorry;
  std::vector<RealServer> servers;

  bool operator==(const Service&) const = default;
};

// Where a server stands in the table under one of the service's keys. One that answers directly, or through a tunnel,
// gets packets as they are: at the service's port, whatever its own is.
DestinationKey under(const ServiceKey& key, const DestinationKey& server, ForwardMethod method);
TableService under(const ServiceKey& key, TableService service);

// What a check says. Checks are numbered service by service, server by server, check by check.
struct Verdict {
  std::uint32_t check = 0;
  bool is_up = false;
  // Of a check that gives one (Check::adds_weight). Where a server has several, each counts by what it adds to the
  // configured weight or takes from it, as keepalived.conf(5) has it; below 0 is 0.
  std::optional<std::int32_t> weight;
  std::string reason;
};

struct ServerChanged {
  std::size_t service = 0;
  std::size_t server = 0;
  bool is_up = false;
  std::string reason;     // of the check that changed it
  bool is_first = false;  // it is so from the start

  bool operator==(const ServerChanged&) const = default;
};
struct QuorumChanged {
  std::size_t service = 0;
  bool has_quorum = false;
  std::int64_t weight = 0;  // of the servers that are up

  bool operator==(const QuorumChanged&) const = default;
};
using Action = std::variant<ServerChanged, QuorumChanged>;
using Actions = std::vector<Action>;

// What outlives a reload, or a balancer that died, one a check and one a service.
enum class CheckState : std::uint8_t { unknown, down, up };
struct CheckMemory {
  CheckState state = CheckState::unknown;
  bool has_weight = false;
  std::int32_t weight = 0;
  Instant since{};  // of the state, as whoever keeps it noted; zero: not known. The balancer does not look at it

  bool operator==(const CheckMemory&) const = default;
};

class Balancer {
 public:
  explicit Balancer(std::vector<Service> services);

  // Takes over what one before knew; only before start(). `check`: its number here.
  void remember(std::uint32_t check, const CheckMemory& memory);
  void remember_quorum(std::size_t service, bool has_quorum);
  void remember_server(std::size_t service, std::size_t server) { state_of(service, server).is_remembered = true; }

  // An operator's word: it gets no new connections, as with weight 0, and keeps those that it has. At any time.
  void set_drained(std::size_t service, std::size_t server, bool is_drained, Actions& out);

  // Until another word it serves with so many of ramp_steps parts of its weight, at least 1 (weight_ramp.h). The quorum
  // counts its whole weight.
  void set_share(std::size_t service, std::size_t server, int parts);

  // The first states. Whether there is a quorum is told, as keepalived does; where it is remembered, only if it is not
  // so. `tells_servers` (rs_init_notifies): servers that are up are told before, but for those that are remembered.
  void start(Actions& out, bool tells_servers = false);
  // A number that no check has does nothing.
  void on_verdict(const Verdict& verdict, Actions& out);
  // The daemon stops: with omega, servers and quorum are told as lost.
  void stop(Actions& out);

  const std::vector<Service>& services() const { return services_; }
  std::uint32_t check_count() const { return static_cast<std::uint32_t>(checks_.size()); }
  CheckMemory memory_of(std::uint32_t check) const { return checks_[check].memory; }
  bool has_quorum(std::size_t service) const { return states_[service].has_quorum; }
  bool is_up(std::size_t service, std::size_t server) const { return state_of(service, server).failed == 0; }
  bool is_drained(std::size_t service, std::size_t server) const { return state_of(service, server).is_drained; }
  // That the quorum counts: 0 while it is drained.
  std::int32_t weight(std::size_t service, std::size_t server) const { return state_of(service, server).share(); }
  const std::string& reason(std::size_t service, std::size_t server) const { return state_of(service, server).reason; }

  // The services that changed since the last call, by their number.
  std::vector<std::size_t> take_changed();
  // What the kernel is to have for each of the service's keys, under() it.
  TableService wanted(std::size_t service) const;

 private:
  struct ServerState {
    std::uint32_t first_check = 0;
    std::uint32_t failed = 0;  // checks that are down
    bool is_told = false;      // that it is down, or up again
    bool is_drained = false;
    bool is_remembered = false;
    std::int64_t weight_moved = 0;  // by its checks, from the configured weight
    std::int32_t weight = 0;

    int parts = ramp_steps;

    std::int32_t share() const { return is_drained ? 0 : weight; }
    std::int32_t in_force() const;
    std::string reason;
  };
  struct ServiceState {
    std::size_t first_server = 0;
    std::int64_t weight_up = 0;
    bool has_quorum = false;
    bool is_started = false;
    bool is_remembered = false;
    bool is_changed = true;
  };
  struct CheckPlace {
    std::size_t service = 0;
    std::size_t server = 0;
    bool adds_weight = false;
    CheckMemory memory;
    bool is_down = false;
  };

  const ServerState& state_of(std::size_t service, std::size_t server) const {
    return servers_[states_[service].first_server + server];
  }
  ServerState& state_of(std::size_t service, std::size_t server) {
    return servers_[states_[service].first_server + server];
  }
  void judge_quorum(std::size_t service, Actions& out);
  void mark_changed(std::size_t service);

  std::vector<Service> services_;
  std::vector<ServiceState> states_;
  std::vector<ServerState> servers_;
  std::vector<CheckPlace> checks_;
  std::vector<std::size_t> changed_;
};

}  // namespace baton::balance
