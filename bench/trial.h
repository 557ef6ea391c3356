// One trial: a pair of servers that share addresses, a healthy start, one event, and what a client missed.
//
//   client ──┬── web1 10.0.20.14, priority 200: holds the address
//            └── web2 10.0.20.15, priority 100
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "lab/lab.h"
#include "lab/made_config.h"

namespace baton::bench {

using lab::Daemon;
using lab::NodeId;

inline constexpr NodeId web1 = 0;
inline constexpr NodeId web2 = 1;

// Who runs on web1 and web2.
struct Pairing {
  Daemon first = Daemon::keepalived;
  Daemon second = Daemon::keepalived;
};

struct PairText {
  std::string before = {};                    // blocks before vrrp_instance
  std::string instance = "  advert_int 1\n";  // lines of vrrp_instance on both
  std::string excluded = {};                  // virtual_ipaddress_excluded, a line each
  int first_priority = 200;
  int second_priority = 100;
  bool two_interfaces = false;  // a second instance on ens34, both in a sync group
  bool has_web = false;
  bool log_to_syslog = false;
};

struct Measurement {
  Duration outage{};
  std::size_t lost = 0;
  Duration two_owners{};
  std::string note;      // what else there is to say
  bool complete = true;  // false: what the row waits for did not come within its bound
};

class Trial {
 public:
  // Both servers run, web1 has the address, the client is content. Otherwise the reason why not.
  static std::expected<std::unique_ptr<Trial>, std::string> start(const Pairing& pairing, const PairText& text,
                                                                  const std::string& batond);

  lab::Lab& lab() { return *lab_; }
  const IpAddress& address() const { return lab_->topology().targets.front().address; }
  bool has(NodeId node) const { return lab_->ownership().owners(address()).contains(node); }
  bool alone(NodeId node) const { return lab_->ownership().owners(address()) == std::set<NodeId>{node}; }
  bool answers(NodeId node) const { return lab_->pings(0).last_answered_by() == node; }
  // Faults must not always meet the same moment between two adverts: waits a part of the interval that differs from
  // run to run, counted from the next advert of web1.
  void wait_for_moment(double part_of_interval);

  // Carries out the event, waits for `over`, then until the client is content again, and measures from the event on.
  Measurement measure(const std::function<SysResult<void>()>& event, const std::function<bool()>& over, Duration bound);
  // As above, over all virtual addresses and pages since `from`.
  Measurement since(Instant from) const;
  bool client_is_content() const;
  // How long after the last advert of `from_node` before `fault` that the first answer of `to` came, less the
  // master-down interval: what the takeover cost above the protocol's own limit.
  std::optional<Duration> above_limit(NodeId from_node, NodeId to, Instant fault) const;

 private:
  std::unique_ptr<lab::Lab> lab_;
};

}  // namespace baton::bench
