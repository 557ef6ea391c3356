#include "daemon/link_watch.h"

#include <algorithm>
#include <memory>
#include <set>
#include <utility>

#include "kernel/carrier_probe.h"

namespace baton::daemon {

LinkWatch::LinkWatch(const Setup& setup, Ask ask) : setup_(setup), ask_(std::move(ask)) {
  for (const vrrp::NodeRouterParameters& router : setup.node.routers) {
    for (const std::string& name : router.links) (void)links_[name];
  }
  for (const vrrp::TrackerParameters& tracker : setup.node.trackers) {
    if (tracker.kind == vrrp::TrackerKind::interface) (void)links_[tracker.name];
  }
  for (const config::LinkDelay& delay : setup.link_delays) {
    const auto found = links_.find(delay.interface);
    if (found == links_.end()) continue;
    found->second.down_delay = delay.down;
    found->second.up_delay = delay.up;
  }
  for (const config::PolledLink& polled : setup.polled_links) {
    const auto found = links_.find(polled.interface);
    if (found == links_.end()) continue;
    found->second.polled = polled.method;
    polls_ = true;
  }
}

void LinkWatch::follow(const kernel::InterfaceTable& interfaces, Instant now) {
  if (polls_ && now >= next_poll_) poll(now);
  for (auto& [name, link] : links_) {
    const kernel::Link* const found = interfaces.find(name);
    const bool is_up = found != nullptr && (link.answer ? found->is_enabled && *link.answer : found->is_up);
    // An interface that is gone has gone for good, and takes the addresses along.
    settle(link, is_up, found == nullptr ? Duration{} : is_up ? link.up_delay : link.down_delay, now);
  }
}

// The first sight counts at once.
void LinkWatch::settle(Link& link, bool is_up, Duration delay, Instant now) {
  if (!std::exchange(link.is_known, true)) link.is_up = is_up;
  if (is_up == link.is_up) return link.changes_at.reset();
  if (!link.changes_at) link.changes_at = now + delay;
  *link.changes_at = std::min(*link.changes_at, now + delay);
  if (now < *link.changes_at) return;
  link.is_up = is_up;
  link.changes_at.reset();
}

void LinkWatch::poll(Instant now) {
  next_poll_ = now + limits::link_poll_interval;
  for (auto& [name, link] : links_) {
    if (link.polled) link.answer = ask_(name, *link.polled);
  }
}

bool LinkWatch::is_up(const std::string& name) const {
  const auto found = links_.find(name);
  return found != links_.end() && found->second.is_up;
}

std::vector<std::string> LinkWatch::missing(const kernel::InterfaceTable& interfaces) const {
  std::vector<std::string> names;
  for (const auto& [name, link] : links_) {
    if (interfaces.find(name) == nullptr) names.push_back(name);
  }
  return names;
}

void LinkWatch::tell(vrrp::Node& node, Instant now, vrrp::NodeActions& actions) const {
  for (const auto& [name, link] : links_) node.on_link(name, link.is_up, now, actions);
  for (vrrp::TrackerId id = 0; id < setup_.node.trackers.size(); ++id) {
    const vrrp::TrackerParameters& tracker = setup_.node.trackers[id];
    if (tracker.kind != vrrp::TrackerKind::interface) continue;
    const auto status = is_up(tracker.name) ? vrrp::TrackerStatus::up : vrrp::TrackerStatus::down;
    node.on_tracker(id, {.status = status, .number = 0}, now, actions);
  }
}

std::optional<Instant> LinkWatch::next_at() const {
  std::optional<Instant> next;
  if (polls_) next = next_poll_;
  for (const auto& [name, link] : links_) {
    if (link.changes_at) next = std::min(next.value_or(*link.changes_at), *link.changes_at);
  }
  return next;
}

namespace {

kernel::CarrierQuestion to_question(config::CarrierMethod method) {
  switch (method) {
    case config::CarrierMethod::any: return kernel::CarrierQuestion::any;
    case config::CarrierMethod::mii: return kernel::CarrierQuestion::mii;
    case config::CarrierMethod::ethtool: return kernel::CarrierQuestion::ethtool;
    case config::CarrierMethod::ioctl: return kernel::CarrierQuestion::flags;
  }
  std::unreachable();
}

}  // namespace

LinkWatch::Ask ask_drivers(std::function<void(const std::string& complaint)> complain) {
  struct Drivers {
    std::optional<kernel::CarrierProbe> probe{};
    std::set<std::string> silent{};
  };
  return [drivers = std::make_shared<Drivers>(), complain = std::move(complain)](
             const std::string& interface, config::CarrierMethod method) -> std::optional<bool> {
    if (!drivers->probe) {
      auto probe = kernel::CarrierProbe::open();
      if (!probe) return std::nullopt;
      drivers->probe = std::move(*probe);
    }
    const auto answer = drivers->probe->has_carrier(interface, to_question(method));
    if (!answer && drivers->silent.insert(interface).second) {
      complain("interface " + interface + " does not say whether it has a carrier; what netlink tells counts");
    }
    return answer;
  };
}

}  // namespace baton::daemon
