#include "plan/world.h"

#include <algorithm>
#include <functional>

namespace baton::plan {

namespace {

using vrrp::RouterId;

// Who says goodbye, leaves or is followed has done so by then, beside the master-down interval.
constexpr Duration margin = std::chrono::milliseconds(500);

// What a file may have a node wait for, so that no time overflows.
constexpr Duration longest_delay = std::chrono::years(5);

// Nothing that a router waits for takes longer, but for its own preempt_delay and vrrp_startup_delay. A VRRPv3 backup
// counts by the interval that its master announces.
Duration longest_wait(const Network& network) {
  Duration interval{};
  Duration longest{};
  Duration address_delay{};
  std::size_t addresses = 0;
  unsigned adverts = 1;
  for (const NodePlace& node : network.nodes) {
    for (const vrrp::NodeRouterParameters& each : node.setup.node.routers) {
      interval = std::max(interval, each.router.advert_interval);
      adverts = std::max(adverts, each.router.down_timer_adverts);
      addresses = std::max(addresses, each.router.addresses);
      address_delay = std::max(address_delay, each.router.address_delay);
    }
  }
  for (const NodePlace& node : network.nodes) {
    for (const vrrp::NodeRouterParameters& each : node.setup.node.routers) {
      longest = std::max(longest, vrrp::skew_time(1, each.router.version, interval));
    }
  }
  return longest + interval * adverts + vrrp::linger_time(addresses) + address_delay + margin;
}

}  // namespace

World::World(const Network& network, Budget& budget) : network_(network), budget_(budget) {
  window_ = longest_wait(network);
  changed_at_ = now_;
  turmoil_.assign(network.elections.size(), 0);
  for (const NodePlace& node : network.nodes) {
    Machine& machine = machines_.emplace_back();
    machine.links_up.assign(node.links.size(), true);
    for (vrrp::TrackerId id = 0; id < node.setup.node.trackers.size(); ++id)
      machine.checks.emplace_back(node.setup, id);
  }
}

// ---------------------------------------------------------------- what happens to nodes

void World::begin_life(NodeId id) {
  Machine& machine = machines_[id];
  ++machine.life;
  machine.has_worker = true;
  machine.heard.assign(network_.nodes[id].routers.size(), std::nullopt);
  changed_at_ = now_;
}

void World::start(NodeId id, Boot boot) {
  if (is_running(id)) return;
  begin_life(id);
  Machine& machine = machines_[id];
  vrrp::NodeParameters parameters = network_.nodes[id].setup.node;
  Duration startup{};
  for (vrrp::NodeRouterParameters& each : parameters.routers) {
    each.router.startup_delay = std::min<Duration>(each.router.startup_delay, longest_delay);
    const Duration after_boot = std::min<Duration>(each.router.earliest_start.time_since_epoch(), longest_delay);
    each.router.earliest_start = boot == Boot::yes ? now_ + after_boot : Instant{};
    startup = std::max({startup, each.router.startup_delay, boot == Boot::yes ? after_boot : Duration::zero()});
  }
  machine.listens_from = now_ + startup;
  // What is sent right before it listens, it misses.
  const Duration missed = 2 * limits::lan_delay;
  if (startup > missed) put({.kind = News::Kind::listens, .at = machine.listens_from - missed, .node = id});
  machine.node.emplace(std::move(parameters));
  tell_of_surroundings(id, *machine.node);
  for (vrrp::TrackerId tracker = 0; tracker < machine.checks.size(); ++tracker) {
    Check& check = machine.checks[tracker];
    check.start(now() + limits::first_result);
    tell(id, [&](vrrp::Node& node, auto& out) { node.on_tracker(tracker, check.value(), now_, out); });
    if (check.kind() == vrrp::TrackerKind::interface) continue;
    put({.kind = News::Kind::check, .at = now_ + limits::first_result, .node = id, .index = tracker});
  }
  for (std::size_t link = 0; link < machine.links_up.size(); ++link) tell_link(id, link);
  tell(id, [&](vrrp::Node& node, auto& out) { node.start(now_, out); });
}

// What the daemon looks at before it begins.
void World::tell_of_surroundings(NodeId id, vrrp::Node& core) {
  const NodePlace& place = network_.nodes[id];
  vrrp::NodeActions silent;
  for (RouterId router = 0; router < place.routers.size(); ++router) {
    core.on_configuration_fault(router, place.setup.routers[router].lacks_peers, now_, silent);
    core.on_source(router, place.routers[router].source, now_, silent);
  }
}

void World::stop(NodeId id) {
  if (!is_running(id)) return;
  changed_at_ = now_;
  tell(id, [&](vrrp::Node& node, auto& out) { node.stop(now_, out); });
}

void World::kill(NodeId id) {
  Machine& machine = machines_[id];
  if (!is_running(id)) return;
  for (RouterId router = 0; router < machine.node->router_count(); ++router) {
    const vrrp::VirtualRouter& core = machine.node->router(router);
    changes_.push_back({.kind = Change::Kind::vanished,
                        .at = now(),
                        .node = id,
                        .router = router,
                        .from = core.state(),
                        .priority = core.priority(),
                        .heard = {}});
  }
  machine.node.reset();
  ++machine.life;
  changed_at_ = now_;
}

void World::kill_worker(NodeId id) {
  if (!is_running(id)) return;
  machines_[id].has_worker = false;
  changed_at_ = now_;
  put({.kind = News::Kind::resume, .at = now_ + limits::resumed_after, .node = id});
}

// What the last will says, goes on; the runner lives, and its checks' verdicts with it.
void World::resume(NodeId id) {
  Machine& machine = machines_[id];
  std::vector<std::optional<vrrp::RouterMemory>> memory;
  for (RouterId router = 0; router < machine.node->router_count(); ++router) {
    memory.emplace_back(machine.node->router(router).memory());
  }
  machine.node.emplace(network_.nodes[id].setup.node);
  machine.has_worker = true;
  changed_at_ = now_;
  tell_of_surroundings(id, *machine.node);
  for (std::size_t link = 0; link < machine.links_up.size(); ++link) tell_link(id, link);
  tell(id, [&](vrrp::Node& node, auto& out) { node.resume(memory, now_, out); });
  for (vrrp::TrackerId tracker = 0; tracker < machine.checks.size(); ++tracker) {
    if (machine.checks[tracker].kind() == vrrp::TrackerKind::interface) continue;
    const vrrp::TrackerValue value = machine.checks[tracker].value();
    tell(id, [&](vrrp::Node& node, auto& out) { node.on_tracker(tracker, value, now_, out); });
  }
}

void World::set_link(NodeId id, std::size_t link, bool up) {
  machines_[id].links_up[link] = up;
  changed_at_ = now_;
  put({.kind = News::Kind::link, .at = now_ + link_delay(id, link, up), .node = id, .index = link});
}

// interface_up_down_delays.
Duration World::link_delay(NodeId id, std::size_t link, bool up) const {
  const NodePlace& place = network_.nodes[id];
  const auto& delays = place.setup.link_delays;
  const auto found = std::ranges::find(delays, place.links[link], &config::LinkDelay::interface);
  if (found == delays.end()) return Duration::zero();
  return std::min<Duration>(up ? found->up : found->down, longest_delay);
}

void World::tell_link(NodeId id, std::size_t link) {
  const NodePlace& place = network_.nodes[id];
  const std::string& name = place.links[link];
  const bool up = machines_[id].links_up[link];
  tell(id, [&](vrrp::Node& node, auto& out) { node.on_link(name, up, now_, out); });
  const vrrp::TrackerValue value{.status = up ? vrrp::TrackerStatus::up : vrrp::TrackerStatus::down};
  for (vrrp::TrackerId tracker = 0; tracker < place.setup.node.trackers.size(); ++tracker) {
    const vrrp::TrackerParameters& parameters = place.setup.node.trackers[tracker];
    if (parameters.kind != vrrp::TrackerKind::interface || parameters.name != name) continue;
    tell(id, [&](vrrp::Node& node, auto& out) { node.on_tracker(tracker, value, now_, out); });
  }
}

void World::set_check(NodeId id, vrrp::TrackerId tracker, bool well) {
  machines_[id].checks[tracker].set_well(well, now());
  look_anew(id, tracker);
}

void World::hang_check(NodeId id, vrrp::TrackerId tracker) {
  machines_[id].checks[tracker].hang(now());
  look_anew(id, tracker);
}

void World::split(bool is_split) {
  is_split_ = is_split;
  changed_at_ = now_;
}

void World::look_anew(NodeId id, vrrp::TrackerId tracker) {
  const Check& check = machines_[id].checks[tracker];
  changed_at_ = now_;
  std::erase_if(news_, [&](const News& each) {
    return each.kind == News::Kind::check && each.node == id && each.index == tracker;
  });
  if (is_running(id)) {
    put({.kind = News::Kind::check, .at = now_ + check.first_look(), .node = id, .index = tracker});
  }
}

// A goodbye of somebody who was no master: each master answers with an advert (RFC 9568 §6.4.3), and nothing else
// changes.
void World::refresh() {
  const vrrp::Advert goodbye{.source = {}, .priority = vrrp::spec::priority_stop};
  for (NodeId id = 0; id < machines_.size(); ++id) {
    if (!is_running(id)) continue;
    for (RouterId router = 0; router < network_.nodes[id].routers.size(); ++router) {
      if (!machines_[id].node->router(router).is_serving()) continue;
      tell(id, [&](vrrp::Node& node, auto& out) { node.on_advert(router, goodbye, now_, out); });
    }
  }
  const Instant heard = now_ + limits::lan_delay;
  while (step(heard)) {
  }
  now_ = std::max(now_, heard);
  refreshed_at_ = now_;
}

// ---------------------------------------------------------------- time

Rest World::settle() {
  std::ranges::fill(turmoil_, 0);
  for (;;) {
    if (budget_.steps == 0) return Rest::out_of_budget;
    if (is_restless()) return Rest::restless;
    const Instant since = changed_at_;
    pass(since + window_);
    if (changed_at_ != since) continue;
    pass(since + window_ + patience());
    if (changed_at_ != since) continue;
    while (changed_at_ == since && budget_.steps > 0) {
      drop_void_news();
      if (news_.empty()) return Rest::calm;
      skip_to_next_news();
      spend();
      happen_next();
    }
  }
}

// Time, until something changes.
void World::pass(Instant end) {
  const Instant since = changed_at_;
  while (budget_.steps > 0 && step(end)) {
    if (changed_at_ != since) return;
  }
  now_ = std::max(now_, end);
}

// A group at odds with itself may go on for ever.
bool World::is_restless() const {
  for (ElectionId each = 0; each < turmoil_.size(); ++each) {
    const Ring& ring = network_.rings[network_.elections[each].front()];
    if (turmoil_[each] > limits::changes * (1 + ring.members.size())) return true;
  }
  return false;
}

// A backup that waits out its preempt_delay, a router that does not listen yet.
Duration World::patience() const {
  Duration longest{};
  for (NodeId id = 0; id < machines_.size(); ++id) {
    if (!is_running(id)) continue;
    longest = std::max(longest, machines_[id].listens_from - changed_at_);
    for (RouterId router = 0; router < network_.nodes[id].routers.size(); ++router) {
      const vrrp::VirtualRouter& core = machines_[id].node->router(router);
      const bool waits = core.state() == vrrp::State::backup && core.parameters().preempt == vrrp::Preempt::yes &&
                         core.master_priority() != 0 && core.priority() > core.master_priority() &&
                         !core.memory().yielded;
      if (waits) longest = std::max(longest, core.parameters().preempt_delay + window_);
    }
  }
  return longest;
}

// The next frame, news or deadline, whichever comes first; what arrives comes before what is due.
bool World::step(Instant end) {
  const Instant frame_at = frames_.empty() ? Instant::max() : frames_.top().at;
  const auto news = next_news();
  const Instant news_at = news == news_.end() ? Instant::max() : news->at;
  Instant at = std::min(frame_at, news_at);
  std::optional<NodeId> due;
  for (NodeId id = 0; id < machines_.size(); ++id) {
    const auto deadline = is_at_work(id) ? machines_[id].node->next_timeout() : std::nullopt;
    if (!deadline || *deadline >= at) continue;
    at = *deadline;
    due = id;
  }
  if (at > end || at == Instant::max()) return false;
  now_ = std::max(now_, at);
  spend();
  if (due) {
    tell(*due, [&](vrrp::Node& node, auto& out) { node.on_timeout(now_, out); });
  } else if (news_at <= frame_at) {
    happen_next();
  } else {
    const Frame frame = frames_.top();
    frames_.pop();
    deliver(frame);
  }
  return true;
}

// ---------------------------------------------------------------- frames

bool World::can_pass(NodeId id, RouterId router) const {
  const std::optional<std::size_t>& link = network_.nodes[id].routers[router].link;
  return is_at_work(id) && (!link || machines_[id].links_up[*link]);
}

void World::send(NodeId id, RouterId router, const std::optional<vrrp::SendAdvert>& advert) {
  if (!can_pass(id, router) || network_.nodes[id].routers[router].listeners.empty()) return;
  frames_.push({.at = now_ + (advert ? limits::lan_delay : limits::announced_after),
                .number = number_++,
                .node = id,
                .router = router,
                .life = machines_[id].life,
                .advert = advert});
}

void World::deliver(const Frame& frame) {
  const Machine& sender = machines_[frame.node];
  if (!frame.advert) {  // void when it does not serve by then (vrrp::Announce)
    const bool serves = sender.life == frame.life && can_pass(frame.node, frame.router) &&
                        sender.node->router(frame.router).is_serving();
    if (!serves) return;
  }
  for (const Listener& each : network_.nodes[frame.node].routers[frame.router].listeners) {
    spend();
    const bool arrives = can_pass(each.node, each.router) && !is_split_between(frame.node, each.node);
    if (arrives) hear(frame, each);
  }
}

void World::hear(const Frame& frame, const Listener& listener) {
  if (!frame.advert) {
    if (!listener.announced_address) return;
    return tell(listener.node, [&](vrrp::Node& node, auto& out) {
      node.on_announcement(listener.router, *listener.announced_address, std::nullopt, now_, out);
    });
  }
  if (!listener.advert) return;
  vrrp::Advert advert = *listener.advert;
  advert.priority = frame.advert->priority;
  advert.interval = frame.advert->interval.value_or(advert.interval);
  tell(listener.node, [&](vrrp::Node& node, auto& out) { node.on_advert(listener.router, advert, now_, out); });
  if (advert.priority == vrrp::spec::priority_stop) return;
  machines_[listener.node].heard[listener.router] = Heard{now(), frame.node, advert.priority};
}

// ---------------------------------------------------------------- news

void World::put(News news) {
  news.life = machines_[news.node].life;
  news_.push_back(news);
}

void World::drop_void_news() {
  std::erase_if(news_, [&](const News& each) { return each.life != machines_[each.node].life; });
}

std::vector<World::News>::iterator World::next_news() {
  return std::ranges::min_element(news_, {}, &News::at);
}

void World::skip_to_next_news() {
  const Duration wait = next_news()->at - now_;
  if (wait <= Duration::zero()) return;
  skipped_ += wait;
  for (News& each : news_) each.at -= wait;
}

void World::happen_next() {
  const auto next = next_news();
  const News news = *next;
  news_.erase(next);
  happen(news);
}

void World::refresh_unless_moving() {
  const bool is_fresh = now_ - refreshed_at_ <= limits::lan_delay;
  if (changes_.empty() && !is_fresh) refresh();
}

void World::happen(const News& news) {
  Machine& machine = machines_[news.node];
  if (news.life != machine.life || !machine.node) return;
  switch (news.kind) {
    case News::Kind::link: refresh_unless_moving(); return tell_link(news.node, news.index);
    case News::Kind::resume: return resume(news.node);
    case News::Kind::listens: return refresh();
    case News::Kind::witness:
      return tell(news.node, [&](vrrp::Node& node, auto& out) {
        node.on_witness(static_cast<vrrp::RouterId>(news.index), now_, out);
      });
    case News::Kind::check: break;
  }
  // Its own clock does not skip.
  const auto tracker = static_cast<vrrp::TrackerId>(news.index);
  Check& check = machine.checks[tracker];
  const bool is_news = check.look(now());
  if (const auto next = check.next_look()) {
    put({.kind = News::Kind::check, .at = *next - skipped_, .node = news.node, .index = news.index});
  }
  if (!is_news) return;
  refresh_unless_moving();
  changed_at_ = now_;
  const vrrp::TrackerValue value = check.value();
  tell(news.node, [&](vrrp::Node& node, auto& out) { node.on_tracker(tracker, value, now_, out); });
}

// ---------------------------------------------------------------- cores

template <typename Event>
void World::tell(NodeId id, Event&& event) {
  actions_.clear();
  if (!machines_[id].node) return;  // it has just stopped
  event(*machines_[id].node, actions_);
  carry_out(id);
}

void World::carry_out(NodeId id) {
  for (const vrrp::NodeAction& each : actions_) {
    const auto* action = std::get_if<vrrp::RouterAction>(&each);
    if (action == nullptr) continue;
    if (const auto* advert = std::get_if<vrrp::SendAdvert>(&action->action)) {
      send(id, action->router, *advert);
    } else if (std::holds_alternative<vrrp::Announce>(action->action)) {
      send(id, action->router, std::nullopt);
    } else if (std::holds_alternative<vrrp::AskWitness>(action->action)) {
      put({.kind = News::Kind::witness,
           .at = now_ + limits::witnessed_after,
           .node = id,
           .index = action->router,
           .life = machines_[id].life});
    } else {
      note(id, *action);
    }
  }
  forget_if_stopped(id);
}

void World::note(NodeId id, const vrrp::RouterAction& action) {
  const auto* state = std::get_if<vrrp::StateChanged>(&action.action);
  const auto* priority = std::get_if<vrrp::PriorityChanged>(&action.action);
  if (state == nullptr && priority == nullptr) return;
  const Machine& machine = machines_[id];
  Change change{.at = now(),
                .node = id,
                .router = action.router,
                .priority = machine.node->router(action.router).priority(),
                .heard = machine.heard[action.router]};
  if (state != nullptr) {
    change.from = state->from;
    change.to = state->to;
    change.reason = state->reason;
  } else {
    change.kind = Change::Kind::priority;
    change.priority_before = priority->from;
    change.priority = priority->to;
  }
  changes_.push_back(change);
  changed_at_ = now_;
  ++turmoil_[network_.nodes[id].routers[action.router].election];
}

void World::forget_if_stopped(NodeId id) {
  Machine& machine = machines_[id];
  if (!machine.node || !machine.node->is_stopped()) return;
  machine.node.reset();
  ++machine.life;
}

// ---------------------------------------------------------------- questions

vrrp::State World::state(const Ring::Member& member) const {
  const Machine& machine = machines_[member.node];
  return machine.node ? machine.node->router(member.router).state() : vrrp::State::init;
}

}  // namespace baton::plan
