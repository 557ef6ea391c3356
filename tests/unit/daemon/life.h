// A worker's life as far as decisions go: the node, the codecs and the plan of addresses of a Setup, on a clock and a
// kernel of the test. What is done at its begin, in every turn and at its end for a reload is what daemon::Worker and
// daemon::Guardian do.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "daemon/address_plan.h"
#include "daemon/link_watch.h"
#include "daemon/setup.h"
#include "daemon/succession.h"
#include "kernel/interface_table.h"
#include "vrrp/advert_codec.h"
#include "vrrp/node.h"

namespace baton::daemon {

// An advert that left.
struct SentAdvert {
  Instant at;
  vrrp::RouterId router = 0;
  std::uint8_t priority = 0;
  std::uint32_t ah_sequence = 0;  // 0: none
};

// A transition that people were told of.
struct ToldState {
  Instant at;
  vrrp::RouterId router = 0;
  vrrp::State from = vrrp::State::init;
  vrrp::State to = vrrp::State::init;
};

class Life {
 public:
  Life(const Setup& setup, kernel::InterfaceTable& kernel)
      : setup_(setup), kernel_(kernel), node_(setup.node), plan_(setup) {
    for (const RouterSetup& router : setup.routers) codecs_.emplace_back(router.codec);
  }

  // A first start, with nobody's will.
  void begin(Instant now) { begin(now, std::vector<std::optional<RouterWill>>(setup_.routers.size()), {}); }
  // NodeShell::begin().
  void begin(Instant now, const std::vector<std::optional<RouterWill>>& wills,
             const std::vector<config::VirtualAddress>& leftovers) {
    plan_.hold_static(true);
    plan_.follow(kernel_, leftovers);
    vrrp::NodeActions actions;
    links_.follow(kernel_, now);
    links_.tell(node_, now, actions);
    SourceAddresses sources(kernel_, plan_);
    std::vector<std::optional<vrrp::RouterMemory>> memory(setup_.routers.size());
    for (vrrp::RouterId id = 0; id < setup_.routers.size(); ++id) {
      const auto source = sources.of(setup_.routers[id]);
      sources_.push_back(source.value_or(IpAddress{}));
      if (source) codecs_[id].set_source(*source);
      node_.on_source(id, source, now, actions);
      if (!wills[id]) continue;
      memory[id] = wills[id]->router;
      codecs_[id].restore(wills[id]->codec);
    }
    node_.resume(memory, now, actions);
    carry_out(actions, now);
  }

  void on_advert(vrrp::RouterId router, const vrrp::Advert& advert, Instant now) {
    vrrp::NodeActions actions;
    node_.on_advert(router, advert, now, actions);
    carry_out(actions, now);
  }
  void on_tracker(vrrp::TrackerId tracker, vrrp::TrackerValue value, Instant now) {
    vrrp::NodeActions actions;
    node_.on_tracker(tracker, value, now, actions);
    carry_out(actions, now);
  }
  void on_timeout(Instant now) {
    vrrp::NodeActions actions;
    node_.on_timeout(now, actions);
    carry_out(actions, now);
  }

  // What LastWill has of it at any moment.
  std::vector<std::optional<RouterWill>> wills() const {
    std::vector<std::optional<RouterWill>> wills;
    for (vrrp::RouterId id = 0; id < setup_.routers.size(); ++id) {
      wills.push_back(RouterWill{.router = node_.router(id).memory(),
                                 .codec = codecs_[id].memory(),
                                 .source = sources_[id],
                                 .holds_addresses = node_.router(id).holds_addresses()});
    }
    return wills;
  }

  const Setup& setup() const { return setup_; }
  const vrrp::Node& node() const { return node_; }
  const std::vector<SentAdvert>& adverts() const { return adverts_; }
  const std::vector<ToldState>& states() const { return states_; }
  const std::set<kernel::AddressKey>& taken_off() const { return taken_off_; }  // addresses, at any time

 private:
  void carry_out(const vrrp::NodeActions& actions, Instant now) {
    for (const vrrp::NodeAction& action : actions) {
      const auto* of_router = std::get_if<vrrp::RouterAction>(&action);
      if (of_router == nullptr) continue;
      const vrrp::RouterId id = of_router->router;
      if (const auto* advert = std::get_if<vrrp::SendAdvert>(&of_router->action)) send(id, *advert, now);
      if (const auto* change = std::get_if<vrrp::StateChanged>(&of_router->action)) {
        states_.push_back({.at = now, .router = id, .from = change->from, .to = change->to});
      }
    }
    settle_kernel();
  }

  void send(vrrp::RouterId id, const vrrp::SendAdvert& advert, Instant now) {
    const Duration interval = advert.interval.value_or(setup_.routers[id].codec.advert_interval);
    const WallTime wall = WallTime(std::chrono::seconds(1'800'000'000)) + now.time_since_epoch();
    (void)codecs_[id].encode(advert.priority, interval, wall);
    adverts_.push_back({.at = now,
                        .router = id,
                        .priority = advert.priority,
                        .ah_sequence = setup_.routers[id].codec.authentication.type == vrrp::AuthType::ah
                                           ? codecs_[id].memory().ah_sequence
                                           : 0});
  }

  void settle_kernel() {
    for (vrrp::RouterId id = 0; id < setup_.routers.size(); ++id) {
      plan_.set_holding(id, node_.router(id).holds_addresses());
    }
    while (!plan_.is_settled()) {
      for (const kernel::AddressRequest& request : plan_.next_requests(kernel_, 100)) {
        const bool removed = request.operation == kernel::AddressRequest::Operation::remove;
        kernel_.apply(kernel::AddressChange{.address = request.address, .removed = removed});
        if (removed) taken_off_.insert({request.address.interface_index, request.address.address});
      }
    }
  }

  const Setup& setup_;
  kernel::InterfaceTable& kernel_;
  vrrp::Node node_;
  LinkWatch links_{setup_, [](const std::string&, config::CarrierMethod) { return std::optional<bool>(); }};
  AddressPlan plan_;
  std::vector<vrrp::AdvertCodec> codecs_;
  std::vector<IpAddress> sources_;
  std::vector<SentAdvert> adverts_;
  std::vector<ToldState> states_;
  std::set<kernel::AddressKey> taken_off_;
};

}  // namespace baton::daemon
