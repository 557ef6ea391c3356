#include "sim/brain.h"

#include <algorithm>

namespace baton::sim {
namespace {

using namespace vrrp;

class Baton final : public Brain {
 public:
  Baton(const NodeParameters& parameters, const std::vector<IpAddress>& sources, const Witness& witness)
      : node_(parameters), observer_(witness ? witness(node_, parameters) : nullptr) {
    NodeActions nothing;
    for (RouterId id = 0; id < sources.size(); ++id) node_.on_source(id, sources[id], Instant{}, nothing);
  }

  void resume(const std::vector<std::optional<RouterMemory>>& memory, Instant now, NodeActions& out) {
    node_.resume(memory, now, out);
  }
  void start(Instant now, NodeActions& out) override { node_.start(now, out); }
  void on_advert(RouterId id, const Advert& advert, Instant now, NodeActions& out) override {
    node_.on_advert(id, advert, now, out);
  }
  void on_announcement(RouterId id, const IpAddress& address, Instant now, NodeActions& out) override {
    node_.on_announcement(id, address, std::nullopt, now, out);
  }
  void on_timeout(Instant now, NodeActions& out) override { node_.on_timeout(now, out); }
  void on_tracker(TrackerValue value, Instant now, NodeActions& out) override { node_.on_tracker(0, value, now, out); }
  void on_link(const std::string& name, bool up, Instant now, NodeActions& out) override {
    node_.on_link(name, up, now, out);
  }
  void on_takeover_proven(RouterId id, Instant now, NodeActions& out) override {
    node_.on_takeover_proven(id, now, out);
  }
  void on_witness(RouterId id, Instant now, NodeActions& out) override { node_.on_witness(id, now, out); }
  void handover(Instant now, NodeActions& out) override { node_.handover(0, now, out); }
  void stop(Instant now, NodeActions& out) override { node_.stop(now, out); }
  void maintain(MaintenanceTold::Wish wish, Instant now, NodeActions& out) override { node_.maintain(wish, now, out); }
  Maintenance maintenance() const override { return node_.maintenance(); }

  std::optional<Instant> next_timeout() const override { return node_.next_timeout(); }
  bool is_stopped() const override { return node_.is_stopped(); }
  bool holds_addresses(RouterId id) const override { return node_.router(id).holds_addresses(); }
  bool is_serving(RouterId id) const override { return node_.router(id).is_serving(); }
  State state(RouterId id) const override { return node_.router(id).state(); }
  std::uint8_t priority(RouterId id) const override { return node_.router(id).priority(); }
  std::vector<std::optional<RouterMemory>> memory() const override {
    std::vector<std::optional<RouterMemory>> memory;
    for (RouterId id = 0; id < node_.router_count(); ++id) memory.emplace_back(node_.memory(id));
    return memory;
  }

 private:
  Node node_;
  std::unique_ptr<NodeObserver> observer_;
};

class Stock final : public Brain {
 public:
  Stock(NodeParameters parameters, const std::vector<IpAddress>& sources, Conduct conduct)
      : parameters_(std::move(parameters)) {
    for (RouterId id = 0; id < parameters_.routers.size(); ++id) {
      const RouterParameters& router = parameters_.routers[id].router;
      routers_.emplace_back(ReferenceParameters{.version = router.version,
                                                .priority = router.base_priority,
                                                .advertisement_interval = router.advert_interval,
                                                .preempt_mode = router.preempt == Preempt::yes,
                                                .down_timer_adverts = router.down_timer_adverts,
                                                .conduct = conduct});
      routers_.back().set_address(sources[id]);
    }
    links_up_.assign(routers_.size(), true);
  }

  void start(Instant now, NodeActions& out) override {
    for_each(out, [&](RouterId id, Actions& actions) {
      routers_[id].startup(now, actions);
      judge(id, now, actions);
    });
  }
  void on_advert(RouterId id, const Advert& advert, Instant now, NodeActions& out) override {
    one(id, out, [&](Actions& actions) { routers_[id].receive(advert, now, actions); });
  }
  void on_rejected(RouterId id, Instant now) override { routers_[id].reject(now); }
  void on_timeout(Instant now, NodeActions& out) override {
    for_each(out, [&](RouterId id, Actions& actions) { routers_[id].tick(now, actions); });
  }
  void on_tracker(TrackerValue value, Instant now, NodeActions& out) override {
    value_ = value;
    for_each(out, [&](RouterId id, Actions& actions) { judge(id, now, actions); });
  }
  void on_link(const std::string& name, bool up, Instant now, NodeActions& out) override {
    for_each(out, [&](RouterId id, Actions& actions) {
      if (parameters_.routers[id].links.front() == name) links_up_[id] = up;
      judge(id, now, actions);
    });
  }
  void stop(Instant, NodeActions& out) override {
    for_each(out, [&](RouterId id, Actions& actions) { routers_[id].shutdown(actions); });
  }

  std::optional<Instant> next_timeout() const override {
    std::optional<Instant> next;
    for (const ReferenceRouter& router : routers_) {
      const auto each = router.next_timeout();
      if (each && (!next || *each < *next)) next = each;
    }
    return next;
  }
  bool is_stopped() const override {
    return std::ranges::all_of(routers_, [](const auto& router) { return router.state() == State::init; });
  }
  bool holds_addresses(RouterId id) const override { return routers_[id].state() == State::master; }
  State state(RouterId id) const override { return routers_[id].state(); }
  std::uint8_t priority(RouterId id) const override { return routers_[id].priority(); }

 private:
  template <typename Event>
  void one(RouterId id, NodeActions& out, Event&& event) {
    Actions actions;
    event(actions);
    for (const Action& action : actions) out.push_back(RouterAction{id, action});
  }
  template <typename Event>
  void for_each(NodeActions& out, Event&& event) {
    for (RouterId id = 0; id < routers_.size(); ++id) {
      one(id, out, [&](Actions& actions) { event(id, actions); });
    }
  }
  // Fault and effective priority from link and tracker.
  void judge(RouterId id, Instant now, Actions& actions) {
    if (routers_[id].state() == State::init) return;
    int sum = 0;
    bool fault = !links_up_[id];
    for (const Tracking& tracking : parameters_.routers[id].tracking) {
      const Contribution share = contribution(parameters_.trackers[0].kind, tracking, value_);
      sum += share.amount;
      fault = fault || share.fault || share.awaited;
    }
    routers_[id].set_priority(effective_priority(parameters_.routers[id].router.base_priority, sum), now, actions);
    if (fault) {
      routers_[id].fail(actions);
    } else {
      routers_[id].recover(now, actions);
    }
  }

  NodeParameters parameters_;
  std::vector<ReferenceRouter> routers_;
  std::vector<bool> links_up_;
  TrackerValue value_;
};

}  // namespace

std::unique_ptr<Brain> make_baton(const NodeParameters& parameters, const std::vector<IpAddress>& sources,
                                  const Witness& witness) {
  return std::make_unique<Baton>(parameters, sources, witness);
}

std::unique_ptr<Brain> resume_baton(const NodeParameters& parameters, const std::vector<IpAddress>& sources,
                                    const std::vector<std::optional<RouterMemory>>& memory, bool in_maintenance,
                                    Instant now, NodeActions& out, const Witness& witness) {
  auto brain = std::make_unique<Baton>(parameters, sources, witness);
  if (in_maintenance) brain->maintain(MaintenanceTold::Wish::force, now, out);
  brain->resume(memory, now, out);
  return brain;
}

std::unique_ptr<Brain> make_stock(const NodeParameters& parameters, const std::vector<IpAddress>& sources,
                                  Conduct conduct) {
  return std::make_unique<Stock>(parameters, sources, conduct);
}

}  // namespace baton::sim
