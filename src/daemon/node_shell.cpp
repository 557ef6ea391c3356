#include "daemon/node_shell.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/result.h"
#include "vrrp/announcement.h"

namespace baton::daemon {

namespace {

template <typename... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};

constexpr Duration reject_log_interval = std::chrono::seconds(60);
constexpr std::size_t timeouts_a_turn = 256;  // then their adverts leave, before the next are made

}  // namespace

NodeShell::NodeShell(WorkerStart& start, loop::Loop& loop, log::Logger& log, Handlers handlers)
    : start_(start),
      loop_(loop),
      log_(log),
      handlers_(std::move(handlers)),
      reject_limit_(reject_log_interval, setup_.routers.size() * (vrrp::RejectCounters{}.size() + 2 + 256)),
      host_(setup_, start_.settings_record, loop_, log_,
            {.on_change = [this] { look_at_interfaces(); },
             .on_interface_gone = [this](auto index) { transport_.forget(index); },
             .on_places = [this] { transport_.hear_only(host_.addresses().addresses_by_interface()); },
             .on_address_held = [this](auto router, const auto& address,
                                       auto hold) { newsroom_.on_address_held(router, address, hold); }}),
      transport_(setup_, &loop_,
                 {.on_packet = [this](auto router, const auto& packet) { on_packet(router, packet); },
                  .on_frame = [this](auto index, auto frame) { on_frame(index, frame); },
                  .on_error = [this](const SysError& error) { log_.error(to_string(error)); },
                  .on_unknown_vrid = [this](const auto& interface,
                                            auto vrid) { inbox_.on_unknown_vrid(interface, vrid, loop::now()); }}),
      announcer_(setup_, interfaces_, transport_),
      prover_(setup_, interfaces_, transport_, announcer_, loop_),
      newsroom_(setup_, log_, loop_, start_.api),
      hooks_(setup_, static_cast<std::uint64_t>(loop::now().time_since_epoch().count()),
             {.run = [this](auto notify) { newsroom_.add_hook(std::move(notify)); },
              .on_outcome = [this](auto hooks, auto hook, auto outcome,
                                   auto waited) { on_hook_outcome(hooks, hook, outcome, waited); }}),
      status_({.node = node_,
               .setup = setup_,
               .statistics = statistics_,
               .worker = counted_,
               .is_present = [this](const config::VirtualAddress& address) { return host_.is_present(address); },
               .is_route_present = [this](const Route& route) { return host_.routing().is_present(route); },
               .is_rule_present = [this](const Rule& rule) { return host_.routing().is_present(rule); },
               .tracker_text = [this](vrrp::TrackerId tracker) { return tracker_text(tracker); },
               .is_checked = [this] { return checks_.is_heard(); },
               .takeover = [this](vrrp::RouterId router) { return prover_.progress(router); },
               .hook_until = [this](vrrp::RouterId router) { return hooks_.waits_until(router); }},
              start_.api) {
  if (start_.record != nullptr) recorder_.emplace(start_.record->ring(), node_);
  for (const RouterSetup& router : setup_.routers) codecs_.emplace_back(router.codec);
}

// ---------------------------------------------------------------- its life

SysResult<void> NodeShell::open() {
  TRY_VOID(host_.open());
  protocol_timer_ = loop_.timer([this] { on_timer(); });
  link_timer_ = loop_.timer([this] {
    vrrp::NodeActions actions;
    look_at_links(loop::now(), actions);
    carry_out(actions);
  });
  socket_timer_ = loop_.timer([this] { look_at_interfaces(); });
  announcement_timer_ = loop_.timer([] {});
  return {};
}

// A worker that serves still is to be followed: whatever takes time and changes nothing for it is done now. What others
// say meanwhile is kept for the case that the one before did not hear it.
void NodeShell::prepare() {
  host_.pause();
  // Interfaces of our own, and the settings that go with them, are the serving worker's as long as it serves.
  const bool has_own = !setup_.virtual_interfaces.empty() || !start_.leftover_interfaces.empty();
  if (!has_own) look_first();
}

// With ten thousand addresses each step takes its time.
void NodeShell::look_first() {
  host_.plan(leftovers());
  transport_.hear_only(host_.addresses().addresses_by_interface());
  will_.beat(loop::now());
  look_at_interfaces();
  will_.beat(loop::now());
  has_looked_ = true;
}

Host::Leftovers NodeShell::leftovers() const {
  return {.addresses = start_.leftovers, .routing = start_.routing_leftovers, .interfaces = start_.leftover_interfaces};
}

SysResult<void> NodeShell::catch_up() {
  return host_.catch_up();
}

void NodeShell::begin() {
  host_.begin(leftovers());
  if (!start_.takes_over) newsroom_.meet(std::move(start_.runner), start_.is_first);  // else it came already
  is_preparing_ = false;
  has_looked_ ? host_.follow_virtual_interfaces() : look_first();
  host_.remove_changed();
  const Instant now = loop::now();
  vrrp::NodeActions actions;
  if (start_.in_maintenance) node_.maintain(vrrp::MaintenanceTold::Wish::force, now, actions);
  RouterWills wills(setup_.routers.size());
  if (start_.resume) {
    std::vector<std::optional<vrrp::RouterMemory>> memory(setup_.routers.size());
    for (vrrp::RouterId id = 0; id < setup_.routers.size(); ++id) {
      wills[id] = will_.read(id);
      const auto& will = wills[id];
      if (!will) continue;
      memory[id] = will->router;
      if (start_.takes_over) statistics_[id] = will_.statistics(id);
      set(id, will->settings);
      codecs_[id].restore(will->codec);
    }
    node_.resume(memory, now, actions);
    for (vrrp::RouterId id = 0; id < memory.size(); ++id) {
      if (memory[id] && memory[id]->state == vrrp::State::master) hooks_.on_resumed(id);
    }
  } else {
    node_.start(now, actions);
  }
  begun_ = true;
  touched_.insert_all();
  if (start_.resume) newsroom_.take_over(wills);
  carry_out(actions);
  if (start_.resume) announce_unannounced(now);
  for (const Vanished& each : start_.vanished) newsroom_.on_vanished(each);
  if (start_.repeats_states) newsroom_.repeat_states(node_);
}

// What the worker before may not have lived to announce, and what a new configuration adds to a MASTER.
void NodeShell::announce_unannounced(Instant now) {
  for (vrrp::RouterId id = 0; id < setup_.routers.size(); ++id) {
    const vrrp::VirtualRouter& router = node_.router(id);
    if (!router.holds_addresses()) continue;
    const vrrp::AnnouncementParameters& announcements = setup_.node.routers[id].router.announcements;
    const bool is_fresh = now - router.since() < announcements.delay + std::chrono::seconds(1);
    if (is_fresh || host_.addresses().lacks_addresses(id, interfaces_)) announcer_.add(id, announcements.repeat);
  }
}

// What the worker before did not hear.
void NodeShell::replay_early_packets(Instant from) {
  early_packets_.replay(from, [this](vrrp::RouterId router, const auto& packet) { on_packet(router, packet); });
}

void NodeShell::stop() {
  stopping_ = true;
  prepare_release(masters(), [this] {
    vrrp::NodeActions actions;
    node_.stop(loop::now(), actions);
    touched_.insert_all();
    carry_out(actions);
  });
}

std::vector<vrrp::RouterId> NodeShell::masters() const {
  std::vector<vrrp::RouterId> found;
  for (vrrp::RouterId id = 0; id < setup_.routers.size(); ++id) {
    if (node_.router(id).holds_addresses()) found.push_back(id);
  }
  return found;
}

// Who goes on purpose has the time for it.
void NodeShell::prepare_release(const std::vector<vrrp::RouterId>& routers, std::function<void()> then) {
  if (setup_.hooks.empty()) return then();
  hooks_.prepare_release(routers, loop::now(), std::move(then));
}

// Everything is said and done; static entries go last.
void NodeShell::leave() {
  if (!host_.leave()) return;
  newsroom_.say_stopped();
  handlers_.on_stopped();
}

// The news first: who is killed over its log lines has told a runner, and the next one knows.
std::vector<Unsaid> NodeShell::take_unsaid() {
  newsroom_.tell_all();
  note_told();
  if (begun_) write_wills();
  return newsroom_.take_unsaid();
}

void NodeShell::entrust() {
  newsroom_.entrust();
  note_told();
  if (begun_) write_wills();
}

// For a worker that goes on as we do.
void NodeShell::leave_as_it_is() {
  transport_.drain();
  if (const std::size_t dropped = hooks_.on_followed(); dropped > 0) {
    log_.warning(
        fmt::format("{} departures that waited for before_release are dropped, for another worker goes on: ask "
                    "for them again",
                    dropped));
  }
  settle();
  for (vrrp::RouterId id = 0; id < setup_.routers.size(); ++id) will_.write_statistics(id, statistics_[id]);
}

void NodeShell::maintain(vrrp::MaintenanceTold::Wish wish) {
  if (!begun_ || stopping_) return;
  const bool is_off = wish == vrrp::MaintenanceTold::Wish::off;
  const std::uint64_t number = ++maintenance_wishes_;
  prepare_release(is_off ? std::vector<vrrp::RouterId>() : masters(), [this, wish, is_off, number] {
    if (number != maintenance_wishes_) return;  // a later wish has overtaken it
    owes_maintenance_ = !is_off;
    touched_.insert_all();
    tell_node([&](vrrp::NodeActions& actions) { node_.maintain(wish, loop::now(), actions); });
  });
}

// What has become of it, once it is known.
void NodeShell::tell_of_maintenance() {
  if (!owes_maintenance_ || node_.maintenance() == vrrp::Maintenance::asked) return;
  const bool is_refused = node_.maintenance() == vrrp::Maintenance::refused;
  if (!is_refused && node_.has_master()) return;  // forced, and on its way out
  owes_maintenance_ = false;
  for (const vrrp::RouterId router : is_refused ? masters() : std::vector<vrrp::RouterId>()) hooks_.on_stayed(router);
  handlers_.on_maintenance(node_.maintenance());
}

void NodeShell::beat() {
  counted_.announcements_lost += transport_.listen_again();
  second_owners_.on_beat();
}

// ---------------------------------------------------------------- what happened

// Links, sources and sockets after a change of interfaces.
void NodeShell::look_at_interfaces() {
  if (!stopping_ && !is_preparing_) host_.follow_virtual_interfaces();
  tell_of_firewall();
  const Instant now = loop::now();
  transport_.follow(interfaces_);
  if (transport_.lacks_sockets()) socket_timer_.set(now + std::chrono::seconds(1));
  vrrp::NodeActions actions;
  look_at_links(now, actions);
  SourceAddresses sources(interfaces_, host_.addresses());
  for (vrrp::RouterId id = 0; id < setup_.routers.size(); ++id) {
    const bool is_faulty = setup_.routers[id].lacks_peers || transport_.is_deaf(id) || host_.lacks_something(id);
    node_.on_configuration_fault(id, is_faulty, now, actions);
    const auto source = sources.of(setup_.routers[id]);
    if (begun_ && source == sources_[id]) continue;
    sources_[id] = source;
    if (source) codecs_[id].set_source(*source);
    node_.on_source(id, source, now, actions);
    touched_.insert(id);
  }
  carry_out(actions);
}

void NodeShell::look_at_links(Instant now, vrrp::NodeActions& actions) {
  links_.follow(interfaces_, now);
  for (const std::string& name : begun_ ? std::vector<std::string>() : links_.missing(interfaces_)) {
    log_.warning(fmt::format("interface {} is not there; waiting for it", name));
  }
  links_.tell(node_, now, actions);
  if (const auto next = links_.next_at()) link_timer_.set(*next);
}

// The guardian sees to it: a change of rules waits for whoever else changes rules on this machine, and we wait for
// nobody. A rule is there before its address: it does not depend on who is MASTER.
void NodeShell::tell_of_firewall() {
  auto rules = firewall_rules(setup_, interfaces_);
  if (!told_rules_ && rules.is_empty() && start_.leftovers.empty()) {
    told_rules_ = std::move(rules);
    return;
  }
  if (told_rules_ == rules) return;
  if (handlers_.on_firewall_outdated()) told_rules_ = std::move(rules);
}

void NodeShell::on_packet(vrrp::RouterId router, const vrrp::ReceivedPacket& packet) {
  if (!begun_) return early_packets_.keep(router, packet, loop::now());
  const Instant now = loop::now();
  const auto advert = inbox_.take(router, packet, now);
  if (!advert) return;
  touched_.insert(router);
  tell_node([&](vrrp::NodeActions& actions) { node_.on_advert(router, *advert, now, actions); });
}

void NodeShell::on_frame(std::uint32_t interface_index, ByteView frame) {
  if (!begun_) return;
  if (const auto answer = vrrp::decode_answer(frame)) {
    prover_.on_answer(host_.addresses().routers_of(answer->ours, interface_index), interface_index, *answer);
  }
  const auto heard = vrrp::decode_announcement(frame);
  if (!heard) return;
  const kernel::Link* link = interfaces_.find(interface_index);
  if (link == nullptr) return;
  // Not our own, come back; but the other node has our virtual MAC address as well.
  if (heard->mac == link->mac && link->kind != "macvlan") return;
  const auto stranger = interfaces_.has_mac(heard->mac) ? std::nullopt : std::optional(heard->mac);
  tell_node([&](vrrp::NodeActions& actions) {
    for (const vrrp::RouterId router : host_.addresses().routers_of(heard->address, interface_index)) {
      if (!second_owners_.is_worth_telling(node_.router(router), stranger.has_value())) continue;
      touched_.insert(router);
      node_.on_announcement(router, heard->address, stranger, loop::now(), actions);
    }
  });
}

void NodeShell::on_witness(const std::vector<vrrp::RouterId>& routers) {
  tell_node([&](vrrp::NodeActions& actions) {
    for (const vrrp::RouterId router : routers) {
      touched_.insert(router);
      node_.on_witness(router, loop::now(), actions);
    }
  });
}

bool NodeShell::hear_runner() {
  vrrp::NodeActions actions;
  const auto on_value = [&](auto tracker, auto value) { node_.on_tracker(tracker, value, loop::now(), actions); };
  const bool alive = newsroom_.receive(on_value, [this](const auto& it) { hooks_.on_finished(it); });
  carry_out(actions);
  return alive;
}

bool NodeShell::hear_checker() {
  vrrp::NodeActions actions;
  const bool alive =
      checks_.receive([&](auto tracker, auto value) { node_.on_tracker(tracker, value, loop::now(), actions); });
  carry_out(actions);
  return alive;
}

bool NodeShell::hear_bfd() {
  vrrp::NodeActions actions;
  const bool alive =
      sessions_.receive([&](auto tracker, auto value) { node_.on_tracker(tracker, value, loop::now(), actions); });
  carry_out(actions);
  return alive;
}

std::string NodeShell::tracker_text(vrrp::TrackerId tracker) const {
  const vrrp::TrackerKind kind = setup_.node.trackers[tracker].kind;
  if (kind == vrrp::TrackerKind::check) return checks_.text(tracker);
  return kind == vrrp::TrackerKind::bfd ? sessions_.text(tracker) : newsroom_.tracker_text(tracker);
}

bool NodeShell::serve_api() {
  const auto handover = [this](vrrp::RouterId router) {
    prepare_release({router}, [this, router] {
      vrrp::NodeActions actions;
      node_.handover(router, loop::now(), actions);
      carry_out(actions);
      if (node_.router(router).is_serving()) hooks_.on_stayed(router);  // nobody is there to take over
    });
  };
  const auto announce = [this](vrrp::RouterId router) {
    announcer_.add(router, setup_.node.routers[router].router.announcements.repeat);
  };
  const StatusService::Commands commands{.handover = handover,
                                         .announce = announce,
                                         .set = [this](auto router, const auto& it) { on_settings(router, it); }};
  return status_.serve({.now = loop::now(), .wall = loop::wall_now()}, commands);
}

void NodeShell::on_timer() {
  Instant now = loop::now();
  // When we are late, what others said meanwhile is heard first.
  constexpr Duration late = std::chrono::milliseconds(5);
  if (const auto due = node_.next_timeout(); due && now >= *due) {
    counted_.lateness.add(now - *due);
    if (now - *due > late) {
      transport_.drain();
      now = loop::now();
    }
  }
  tell_node([&](vrrp::NodeActions& actions) { node_.on_timeout(now, actions, timeouts_a_turn); });
}

// After a pause: what others said meanwhile is heard, then the cores judge by the clock, before anything is sent or
// anybody served. A MASTER that has lost its addresses to a successor lets go, and says nothing more.
bool NodeShell::wakes_up() {
  if (!begun_ || !pause_.was_paused(loop::now())) return false;
  transport_.drain();
  tell_node([&](vrrp::NodeActions& actions) { node_.on_timeout(loop::now(), actions); });
  outbox_.withdraw(node_);
  return true;
}

// An operator's wish.
void NodeShell::on_settings(vrrp::RouterId router, const OperatorSettings& settings) {
  const std::string& name = setup_.routers[router].name;
  if (settings.base_priority) {
    log_.notice(fmt::format("({}) base priority is set to {}, it was {}; a reload forgets it", name,
                            *settings.base_priority, node_.base_priority(router)));
  }
  if (settings.preempt) {
    const bool preempts = *settings.preempt == vrrp::Preempt::yes;
    log_.notice(fmt::format("({}) is set to {}; a reload forgets it", name, preempts ? "preempt" : "nopreempt"));
  }
  set(router, settings);
}

void NodeShell::set(vrrp::RouterId router, const OperatorSettings& settings) {
  const Instant now = loop::now();
  OperatorSettings& kept = settings_[router];
  if (settings.base_priority) kept.base_priority = settings.base_priority;
  if (settings.preempt) kept.preempt = settings.preempt;
  tell_node([&](vrrp::NodeActions& actions) {
    if (settings.base_priority) node_.set_base_priority(router, *settings.base_priority, now, actions);
    if (settings.preempt) node_.set_preempt(router, *settings.preempt, now, actions);
  });
  touched_.insert(router);
}

// ---------------------------------------------------------------- what follows from it

template <typename Event>
void NodeShell::tell_node(Event&& event) {
  actions_.clear();
  event(actions_);
  carry_out(actions_);
}

void NodeShell::carry_out(const vrrp::NodeActions& actions) {
  for (const vrrp::NodeAction& action : actions) {
    std::visit(Overloaded{
                   [&](const vrrp::RouterAction& it) {
                     touched_.insert(it.router);
                     carry_out(it.router, it.action);
                   },
                   [&](const vrrp::GroupAction& it) { newsroom_.on_group_changed(it.group, it.action); },
               },
               action);
  }
}

void NodeShell::carry_out(vrrp::RouterId router, const vrrp::Action& action) {
  std::visit(Overloaded{
                 [&](const vrrp::SendAdvert& it) { outbox_.put(router, it, codecs_[router], sources_[router]); },
                 [&](const vrrp::Announce& it) { on_announce(router, it); },
                 [&](const vrrp::StateChanged& it) { on_state_changed(router, it); },
                 [&](const vrrp::PriorityChanged& it) { newsroom_.on_priority_changed(router, it, node_); },
                 [&](const vrrp::LowerPriorityHeard& it) { newsroom_.on_lower_priority_heard(router, it, node_); },
                 [&](const vrrp::MasterLearned& it) { newsroom_.on_master_learned(router, it); },
                 [&](const vrrp::HandoverFailed&) {
                   ++counted_.handovers_failed;
                   newsroom_.on_handover_failed(router);
                 },
                 [&](const vrrp::AskWitness&) { witnesses_.ask(router); },
                 [&](const vrrp::WitnessMissed&) { newsroom_.on_witness_missed(router); },
                 [&](const vrrp::SecondOwnerSeen& it) { second_owners_.on_seen(router, it, node_, loop::now()); },
             },
             action);
}

// What a hook holds back is announced when it comes.
void NodeShell::on_announce(vrrp::RouterId router, const vrrp::Announce& announce) {
  if (!hooks_.holds_back(router)) announcer_.add(router, announce.rounds);
}

void NodeShell::on_state_changed(vrrp::RouterId router, const vrrp::StateChanged& change) {
  const Instant now = loop::now();
  if (change.from == vrrp::State::master) {
    ++statistics_[router].released_master;
    hooks_.on_left(router);
    prover_.on_left(router);
  }
  if (change.to == vrrp::State::master) {
    ++statistics_[router].became_master;
    if (hooks_.on_master(router, now)) {
      ++statistics_[router].hook_waits;
      announcer_.shorten(router, 0);
    } else {
      prover_.on_master(router);
    }
  }
  const bool is_start = change.from == vrrp::State::init && change.to == vrrp::State::backup;
  if (is_start) hooks_.on_backup_at_start(router);
  if (change.from == vrrp::State::master && change.reason == vrrp::Reason::handover) ++counted_.handovers_done;
  newsroom_.on_state_changed(router, change, node_);
}

void NodeShell::on_hook_outcome(std::size_t index, HookDesk::Hook hook, HookDesk::Outcome outcome, Duration waited) {
  const HookSetup& hooks = setup_.hooks[index];
  for (const vrrp::RouterId router : hooks.members) {
    if (outcome == HookDesk::Outcome::late) ++statistics_[router].hooks_late;
    if (outcome == HookDesk::Outcome::failed) ++statistics_[router].hooks_failed;
  }
  newsroom_.on_hook_outcome(hooks, hook, outcome, waited);
}

// Once a turn, in this order: adverts, the last will, addresses, announcements, news.
void NodeShell::settle() {
  (void)wakes_up();  // in the middle of a turn
  const Instant now = loop::now();
  will_.beat(now);
  if (!setup_.hooks.empty()) settle_hooks(now);
  outbox_.flush(now);
  newsroom_.run_hooks();
  witnesses_.settle(node_, now);
  set_holdings();
  write_wills();  // first: who dies in the middle of the rest is known to have begun it
  const AddressState addresses = host_.settle(node_.next_timeout(), now);
  const bool settled = addresses == AddressState::settled;
  if (settled && !host_.has_refused() && !host_.has_leftovers()) will_.set_clean();
  if (settled) tell_of_restored(now);
  const bool more_to_announce = announcer_.send_some(node_, now, addresses);
  const bool more_to_ask = prover_.settle(node_, now, addresses);
  for (const vrrp::RouterId router : prover_.take_proven()) {
    tell_node([&](vrrp::NodeActions& actions) { node_.on_takeover_proven(router, now, actions); });
  }
  const bool more_to_tell = newsroom_.publish(addresses, hooks_);
  if (!settled || more_to_announce || more_to_ask || more_to_tell) loop_.once_more();
  note_told();
  write_wills();  // of those that have got their addresses back, and of whom was told
  tell_of_maintenance();
  set_timers();
  if (stopping_ && settled && node_.is_stopped() && announcer_.is_idle()) leave();
}

// Behind all that has happened in this turn: who leaves, whose addresses wait no longer, and who waited to leave.
void NodeShell::settle_hooks(Instant now) {
  for (const vrrp::RouterId router : touched_) hooks_.follow(router, node_.router(router).is_leaving());
  for (const vrrp::RouterId router : hooks_.settle(now)) {
    touched_.insert(router);
    announcer_.add(router, setup_.node.routers[router].router.announcements.repeat);
    prover_.on_master(router);
  }
}

void NodeShell::set_holdings() {
  for (const vrrp::RouterId router : touched_) {
    host_.set_holding(router, node_.router(router).holds_addresses() && !hooks_.holds_back(router));
  }
}

void NodeShell::set_timers() {
  const auto next = node_.next_timeout();
  next ? protocol_timer_.set(*next) : protocol_timer_.cancel();
  std::optional<Instant> later;
  for (const auto& each : {announcer_.next_at(), prover_.next_at(), hooks_.next_at()}) {
    if (each) later = std::min(later.value_or(*each), *each);
  }
  if (later) announcement_timer_.set(*later);
}

void NodeShell::tell_of_restored(Instant now) {
  const std::vector<vrrp::RouterId> restored = host_.take_restored();
  if (restored.empty()) return;
  tell_node([&](vrrp::NodeActions& actions) {
    for (const vrrp::RouterId router : restored) {
      if (!node_.router(router).holds_addresses()) continue;  // it went with the interface
      newsroom_.on_address_restored(router);
      node_.on_address_restored(router, now, actions);
    }
  });
}

void NodeShell::note_told() {
  for (const vrrp::RouterId router : newsroom_.take_told()) touched_.insert(router);
}

void NodeShell::write_wills() {
  for (const vrrp::RouterId router : touched_) {
    will_.write(router, {.router = node_.memory(router),
                         .codec = codecs_[router].memory(),
                         .source = sources_[router].value_or(IpAddress{}),
                         .interface_index = transport_.interface_index(router),
                         .holds_addresses = node_.router(router).holds_addresses(),
                         .settings = settings_[router],
                         .told = newsroom_.told(router)});
  }
  touched_.clear();
}

}  // namespace baton::daemon
