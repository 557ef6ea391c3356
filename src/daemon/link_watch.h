// Which interfaces are up, as routers and trackers are to know it: what the kernel tells, or what the driver answers
// where linkbeat_interfaces asks it, and that only after it has lasted where interface_up_down_delays wants so.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "daemon/setup.h"
#include "kernel/interface_table.h"
#include "vrrp/node.h"

namespace baton::daemon {

namespace limits {
inline constexpr Duration link_poll_interval = std::chrono::seconds(1);  // keepalived's
}

class LinkWatch {
 public:
  // nullopt: it cannot be told; the kernel's word counts then.
  using Ask = std::function<std::optional<bool>(const std::string& interface, config::CarrierMethod)>;
  LinkWatch(const Setup& setup, Ask ask);

  // How things stand now: called when interfaces have changed, and at next_at().
  void follow(const kernel::InterfaceTable& interfaces, Instant now);
  bool is_up(const std::string& name) const;
  std::vector<std::string> missing(const kernel::InterfaceTable& interfaces) const;
  // Everything that is known, to the node.
  void tell(vrrp::Node& node, Instant now, vrrp::NodeActions& actions) const;
  std::optional<Instant> next_at() const;

 private:
  struct Link {
    bool is_up = false;
    bool is_known = false;
    Duration down_delay{};
    Duration up_delay{};
    std::optional<config::CarrierMethod> polled{};
    std::optional<bool> answer{};         // of the driver
    std::optional<Instant> changes_at{};  // unless it changes back before
  };
  static void settle(Link& link, bool is_up, Duration delay, Instant now);
  void poll(Instant now);

  const Setup& setup_;
  Ask ask_;
  std::map<std::string, Link> links_;
  bool polls_ = false;
  Instant next_poll_{};
};

// The drivers of this machine; one that does not answer is told of once.
LinkWatch::Ask ask_drivers(std::function<void(const std::string& complaint)> complain);

}  // namespace baton::daemon
