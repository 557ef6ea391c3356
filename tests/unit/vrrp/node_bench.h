// One server on a virtual clock, and the words its tests speak.
#pragma once

#include <string>

#include "unit/vrrp/bench.h"
#include "vrrp/node.h"

namespace baton::vrrp {

inline void PrintTo(const RouterAction& each, std::ostream* out) {
  *out << "router " << each.router << ": " << testing::PrintToString(each.action);
}
inline void PrintTo(const GroupAction& each, std::ostream* out) {
  *out << "group " << each.group << ": " << name(each.action.from) << " -> " << name(each.action.to);
}

inline constexpr TrackerValue up{.status = TrackerStatus::up};
inline constexpr TrackerValue down{.status = TrackerStatus::down};

inline NodeRouterParameters router(std::vector<Tracking> tracking = {}, RouterParameters parameters = {}) {
  return {.name = "VI", .router = parameters, .tracking = std::move(tracking), .links = {"eth0"}};
}

inline NodeAction act(RouterId id, const Action& action) {
  return RouterAction{id, action};
}
inline NodeAction told(State from, State to) {
  return GroupAction{0, {from, to}};
}

class NodeBench {
 public:
  explicit NodeBench(NodeParameters parameters) : node_(std::move(parameters)) {
    for (RouterId id = 0; id < node_.router_count(); ++id) node_.on_source(id, own_address, now_, actions_);
  }
  static NodeBench started(NodeParameters parameters) {
    NodeBench bench(std::move(parameters));
    bench.start();
    (void)bench.actions();
    return bench;
  }
  static NodeBench master(NodeParameters parameters) {
    NodeBench bench = started(std::move(parameters));
    bench.advance(15s);
    for (RouterId id = 0; id < bench->router_count(); ++id) EXPECT_EQ(bench->router(id).state(), State::master);
    (void)bench.actions();
    return bench;
  }

  void start() { node_.start(now_, actions_); }
  void stop() { node_.stop(now_, actions_); }
  void handover(RouterId id) { node_.handover(id, now_, actions_); }
  void tracker(TrackerId id, TrackerValue value) { node_.on_tracker(id, value, now_, actions_); }
  void link(const std::string& interface, bool is_up) { node_.on_link(interface, is_up, now_, actions_); }
  void source(RouterId id, std::optional<IpAddress> address) { node_.on_source(id, address, now_, actions_); }
  void receive(RouterId id, const Advert& heard) { node_.on_advert(id, heard, now_, actions_); }
  void announcement(RouterId id, std::optional<MacAddress> stranger = {}) {
    node_.on_announcement(id, virtual_address, stranger, now_, actions_);
  }
  void resume(const std::vector<std::optional<RouterMemory>>& memory) { node_.resume(memory, now_, actions_); }
  void advance(Duration span) {
    const Instant end = now_ + span;
    while (node_.next_timeout() && *node_.next_timeout() <= end) {
      now_ = std::max(now_, *node_.next_timeout());
      node_.on_timeout(now_, actions_);
      ASSERT_TRUE(!node_.next_timeout() || *node_.next_timeout() > now_);
    }
    now_ = end;
  }

  NodeActions actions() { return std::exchange(actions_, {}); }
  State state(RouterId id) const { return node_.router(id).state(); }
  Instant now() const { return now_; }
  Node* operator->() { return &node_; }

 private:
  Node node_;
  Instant now_{1000s};
  NodeActions actions_;
};

inline std::vector<std::uint8_t> priorities_sent(const NodeActions& actions, RouterId id) {
  std::vector<std::uint8_t> priorities;
  for (const NodeAction& each : actions) {
    const auto* of_router = std::get_if<RouterAction>(&each);
    if (of_router == nullptr || of_router->router != id) continue;
    if (const auto* sent_advert = std::get_if<SendAdvert>(&of_router->action)) {
      priorities.push_back(sent_advert->priority);
    }
  }
  return priorities;
}

using Priorities = std::vector<std::uint8_t>;

inline NodeParameters group_of(std::size_t size, RouterParameters parameters = {}) {
  NodeParameters node{.routers = std::vector(size, router({}, parameters)), .groups = {{.name = "G1"}}};
  for (RouterId id = 0; id < size; ++id) {
    node.routers[id].links = {"eth" + std::to_string(id)};
    node.groups[0].members.push_back(id);
  }
  return node;
}

}  // namespace baton::vrrp
