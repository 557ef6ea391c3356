#include "daemon/newsroom.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "daemon/status.h"
#include "loop/loop.h"
#include "process/runner_protocol.h"

namespace baton::daemon {

namespace {

using log::Level;

constexpr Duration last_words_within = std::chrono::seconds(1);
constexpr Duration last_lines_within = std::chrono::milliseconds(100);  // somebody waits for us to leave, 200 ms

template <typename... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};

notify::EventState to_event(vrrp::State state) {
  switch (state) {
    case vrrp::State::init: return notify::EventState::stop;
    case vrrp::State::maintenance:  // keepalived's words have no more
    case vrrp::State::backup: return notify::EventState::backup;
    case vrrp::State::master: return notify::EventState::master;
    case vrrp::State::fault: return notify::EventState::fault;
  }
  return notify::EventState::fault;
}

Level to_level(process::Level level) {
  return static_cast<Level>(level);
}

std::string priority_text(const vrrp::Node& node, vrrp::RouterId router) {
  std::string text = std::to_string(node.router(router).priority());
  const char* sign = " = ";
  for (const vrrp::PriorityPart& part : node.priority_parts(router)) {
    text += fmt::format("{}{} {}", part.amount < 0 ? " - " : sign, std::abs(part.amount), part.name);
    sign = " + ";
  }
  return text;
}

std::string text_of(const vrrp::SecondOwnerSeen& seen) {
  if (seen.mac) {
    return fmt::format("{} is announced from {}; it is ours, and is announced anew", to_string(seen.address),
                       to_string(*seen.mac));
  }
  return fmt::format("{} is MASTER as well, with priority {}; {}", to_string(seen.address), seen.priority,
                     seen.we_stay ? "we stay" : "we leave them to it");
}

}  // namespace

void Newsroom::on_script(const process::ScriptResult& result) {
  tracker_texts_[result.id] = result.text;
  if (result.news == process::ScriptResult::News::known) return;
  const std::string& script = setup_.node.trackers[result.id].name;
  lines_.say(result.is_up ? Level::info : Level::warning,
             fmt::format("script {} is {}: {}", script, result.is_up ? "up" : "down", result.text),
             {{"VRRP_SCRIPT", script}});
}

void Newsroom::on_file(const process::FileResult& result) {
  tracker_texts_[result.id] = result.text;
  if (result.news == process::ScriptResult::News::known) return;
  const std::string& file = setup_.node.trackers[result.id].name;
  lines_.say(Level::info, fmt::format("track_file {} {}", file, result.text), {{"VRRP_FILE", file}});
}

void Newsroom::on_process(const process::ProcessResult& result) {
  tracker_texts_[result.id] = result.text;
  if (result.news == process::ScriptResult::News::known) return;
  const std::string& process = setup_.node.trackers[result.id].name;
  lines_.say(result.is_up ? Level::info : Level::warning,
             fmt::format("process {} is {}: {}", process, result.is_up ? "up" : "down", result.text),
             {{"VRRP_PROCESS", process}});
}

void Newsroom::run_hooks() {
  for (process::Notify& hook : std::exchange(hooks_to_run_, {})) {
    hook.rules = setup_.script_rules;
    desk_.run_hook(hook);
  }
}

bool Newsroom::receive(const std::function<void(vrrp::TrackerId, vrrp::TrackerValue)>& on_value,
                       const std::function<void(const process::NotifyFinished&)>& on_finished) {
  constexpr int messages_a_call = 64;
  for (int i = 0; i < messages_a_call; ++i) {
    const auto message = runner().receive();
    if (!message && message.error() == kernel::Channel::Nothing::any_more) desk_.on_gone();
    if (!message) return message.error() == kernel::Channel::Nothing::yet;
    const auto decoded = process::decode_from_runner(message->bytes);
    if (!decoded) {
      log_.error(fmt::format("a message of the runner is malformed: {}", name(decoded.error())));
      continue;
    }
    std::visit(
        Overloaded{
            [&](const process::ScriptResult& it) {
              if (it.id >= setup_.node.trackers.size()) return;
              on_script(it);
              on_value(it.id, {.status = it.is_up ? vrrp::TrackerStatus::up : vrrp::TrackerStatus::down, .number = 0});
            },
            [&](const process::FileResult& it) {
              if (it.id >= setup_.node.trackers.size()) return;
              on_file(it);
              on_value(it.id, {.status = vrrp::TrackerStatus::up, .number = it.number});
            },
            [&](const process::ProcessResult& it) {
              if (it.id >= setup_.node.trackers.size()) return;
              on_process(it);
              on_value(it.id, {.status = it.is_up ? vrrp::TrackerStatus::up : vrrp::TrackerStatus::down, .number = 0});
            },
            [&](const process::NotifyFinished& it) {  // a failure is an event as well
              desk_.on_finished(it);
              on_finished(it);
            },
            [&](const process::NewsDone& it) { desk_.on_done(it); },
            [&](const process::RunnerEvent& it) { lines_.say(to_level(it.level), it.text); },
            [&](const process::RunnerCounters&) {},
            [&](const process::Stopped&) {},
        },
        *decoded);
  }
  return true;
}

void Newsroom::on_state_changed(vrrp::RouterId router, const vrrp::StateChanged& change, const vrrp::Node& node) {
  const RouterSetup& setup = setup_.routers[router];
  const std::string state(name(change.to));
  const std::string why(sentence(change.reason));
  if (change.to == vrrp::State::init) {
    lines_.say(Level::notice, fmt::format("({}) Stopping, was {}", setup.name, name(change.from)),
               {{"VRRP_INSTANCE", setup.name}});
  } else {
    lines_.say(
        change.to == vrrp::State::fault ? Level::warning : Level::notice,
        fmt::format("({}) Entering {} STATE{}: {}; priority {}", setup.name, state,
                    change.from == vrrp::State::init ? " (init)" : "", why, priority_text(node, router)),
        {{"VRRP_INSTANCE", setup.name}, {"VRRP_STATE", state}, {"VRRP_REASON", std::string(name(change.reason))}});
  }
  gather_change(router, change, node.router(router).priority());
}

void Newsroom::on_group_changed(vrrp::GroupId group, const vrrp::GroupStateChanged& change) {
  const GroupSetup& setup = setup_.groups[group];
  lines_.say(Level::notice, fmt::format("VRRP_Group({}) Entering {} STATE", setup.name, name(change.to)),
             {{"VRRP_GROUP", setup.name}});
  gather_change(group, change);
}

void Newsroom::on_priority_changed(vrrp::RouterId router, const vrrp::PriorityChanged& change, const vrrp::Node& node) {
  const RouterSetup& setup = setup_.routers[router];
  lines_.say(Level::info,
             fmt::format("({}) Changing effective priority from {} to {} ({})", setup.name, change.from, change.to,
                         priority_text(node, router)),
             {{"VRRP_INSTANCE", setup.name}});
  if (!setup.notify_priority_changes) return;
  const vrrp::State state = node.router(router).state();
  if (state == vrrp::State::init || state == vrrp::State::fault) return;
  gather({&router, 1},
         {.subject = notify::Subject::instance,
          .name = setup.name,
          .state =
              state == vrrp::State::master ? notify::EventState::master_priority : notify::EventState::backup_priority,
          .priority = change.to},
         setup.hooks);
}

void Newsroom::on_lower_priority_heard(vrrp::RouterId router, const vrrp::LowerPriorityHeard& heard,
                                       const vrrp::Node& node) {
  const RouterSetup& setup = setup_.routers[router];
  if (const auto silent = limit_.allow(fmt::format("{}/lower", router), loop::now())) {
    lines_.say(Level::warning,
               fmt::format("({}) a second master: {} adverts priority {}, ours is {}; we stay{}", setup.name,
                           to_string(heard.advert.source), heard.advert.priority, node.router(router).priority(),
                           log::more_like_it(*silent)),
               {{"VRRP_INSTANCE", setup.name}});
  }
  const Instant now = loop::now();
  if (now < lower_told_again_[router]) return;
  lower_told_again_[router] = now + setup.codec.advert_interval / 2;
  gather({&router, 1},
         {.subject = notify::Subject::instance,
          .name = setup.name,
          .state = notify::EventState::master_rx_lower_pri,
          .priority = node.router(router).priority()},
         setup.hooks);
}

void Newsroom::on_second_owner(vrrp::RouterId router, const vrrp::SecondOwnerSeen& seen, const vrrp::Node& node,
                               std::uint64_t untold) {
  const RouterSetup& setup = setup_.routers[router];
  const std::string detail = text_of(seen);
  lines_.say(Level::warning, fmt::format("({}) two owners: {}{}", setup.name, detail, log::more_like_it(untold)),
             {{"VRRP_INSTANCE", setup.name}});
  const std::size_t before = gathered_.size();
  gather({&router, 1},
         {.subject = notify::Subject::instance,
          .name = setup.name,
          .state = notify::EventState::two_owners,
          .priority = node.router(router).priority(),
          .detail = detail},
         setup.hooks, seen.mac ? "announcement" : "advert");
  if (gathered_.size() > before) gathered_.back().second_owner = seen;
}

void Newsroom::on_master_learned(vrrp::RouterId router, const vrrp::MasterLearned& learned) {
  const auto silent = learned_.allow(std::to_string(router), loop::now());
  if (!silent) return;
  lines_.say(Level::info,
             fmt::format("({}) master is {} with priority {}{}", setup_.routers[router].name,
                         to_string(learned.address), learned.priority, log::more_like_it(*silent)),
             {{"VRRP_INSTANCE", setup_.routers[router].name}});
}

void Newsroom::on_handover_failed(vrrp::RouterId router) {
  lines_.say(
      Level::warning,
      fmt::format("({}) nobody took the address within the bound; going on as MASTER", setup_.routers[router].name),
      {{"VRRP_INSTANCE", setup_.routers[router].name}});
}

void Newsroom::on_witness_missed(vrrp::RouterId router) {
  const RouterSetup& setup = setup_.routers[router];
  const auto silent = limit_.allow(fmt::format("{}/witness", router), loop::now());
  if (!silent) return;
  std::string witnesses;
  for (const IpAddress& each : setup.witnesses) witnesses += (witnesses.empty() ? "" : ", ") + to_string(each);
  lines_.say(Level::warning,
             fmt::format(
                 "({}) the master is silent, and so is the witness ({}): this node may be cut off; BACKUP until one of "
                 "them is heard{}",
                 setup.name, witnesses, log::more_like_it(*silent)),
             {{"VRRP_INSTANCE", setup.name}});
}

void Newsroom::on_hook_outcome(const HookSetup& hooks, HookDesk::Hook hook, HookDesk::Outcome outcome,
                               Duration waited) {
  const bool is_announce = hook == HookDesk::Hook::before_announce;
  const std::string_view name = is_announce ? "before_announce" : "before_release";
  const std::string_view what = is_announce ? "the addresses come" : "this node goes";
  const double seconds = std::chrono::duration<double>(waited).count();
  const bool is_group = hooks.subject == notify::Subject::group;
  std::string text;
  std::string_view state;
  switch (outcome) {
    case HookDesk::Outcome::ended: text = fmt::format("{} has ended after {:.3f} s; {}", name, seconds, what); break;
    case HookDesk::Outcome::failed:
      text = fmt::format("{} has failed after {:.3f} s; {} all the same", name, seconds, what);
      state = "failed";
      break;
    case HookDesk::Outcome::late:
      text = fmt::format("{} has not ended within {} s; {} without it", name,
                         std::chrono::duration<double>(hooks.timeout).count(), what);
      state = "late";
      break;
  }
  lines_.say(state.empty() ? Level::info : Level::warning, fmt::format("({}) {}", hooks.name, text),
             {{is_group ? "VRRP_GROUP" : "VRRP_INSTANCE", hooks.name}});
  if (!state.empty()) delivery_.deliver_hook(hooks.name, name, state);
}

void Newsroom::on_address_restored(vrrp::RouterId router) {
  if (const auto silent = limit_.allow(fmt::format("{}/restored", router), loop::now())) {
    lines_.say(Level::warning, fmt::format("({}) somebody removed a virtual address; put back{}",
                                           setup_.routers[router].name, log::more_like_it(*silent)));
  }
}

void Newsroom::on_address_held(vrrp::RouterId router, const IpAddress& address, Duration hold) {
  const std::string& name = setup_.routers[router].name;
  lines_.say(Level::warning,
             fmt::format("({}) somebody keeps removing {}; it is put back in {} s: only one of us may manage it", name,
                         to_string(address), std::chrono::duration_cast<std::chrono::seconds>(hold).count()),
             {{"VRRP_INSTANCE", name}});
}

void Newsroom::on_vanished(const Vanished& vanished) {
  lines_.say(Level::notice, fmt::format("({}) Not in the configuration any more", vanished.name),
             {{"VRRP_INSTANCE", vanished.name}});
  gather({},
         {.subject = notify::Subject::instance,
          .name = vanished.name,
          .state = notify::EventState::deleted,
          .priority = vanished.priority},
         vanished.hooks);
}

void Newsroom::take_over(std::span<const std::optional<RouterWill>> wills) {
  const ToldBook::Owed owed = told_.take_over(wills);
  const auto say_it = [&](const std::string& name, vrrp::State state, std::string_view field) {
    lines_.say(Level::notice,
               fmt::format("({}) is {}; the process before ended before it told anybody", name, vrrp::name(state)),
               {{field, name}});
  };
  for (const auto& [router, change] : owed.routers) {
    say_it(setup_.routers[router].name, change.to, "VRRP_INSTANCE");
    gather_change(router, change, wills[router]->router.priority);
  }
  for (const auto& [group, change] : owed.groups) {
    say_it(setup_.groups[group].name, change.to, "VRRP_GROUP");
    gather_change(group, change);
  }
}

void Newsroom::repeat_states(const vrrp::Node& node) {
  const auto repeat = [&](notify::Event event, const notify::Hooks& hooks) {
    const std::size_t before = gathered_.size();
    gather({}, std::move(event), hooks);
    if (gathered_.size() > before) gathered_.back().for_whom = News::For::fifos;
  };
  for (vrrp::RouterId id = 0; id < setup_.routers.size(); ++id) {
    const vrrp::VirtualRouter& router = node.router(id);
    if (router.state() == vrrp::State::init) continue;
    repeat({.subject = notify::Subject::instance,
            .name = setup_.routers[id].name,
            .state = to_event(router.state()),
            .priority = router.priority()},
           setup_.routers[id].hooks);
  }
  for (vrrp::GroupId id = 0; id < setup_.groups.size(); ++id) {
    if (node.group_state(id) == vrrp::State::init) continue;
    repeat({.subject = notify::Subject::group,
            .name = setup_.groups[id].name,
            .state = to_event(node.group_state(id)),
            .priority = 0},
           setup_.groups[id].hooks);
  }
}

void Newsroom::gather(Members members, notify::Event event, const notify::Hooks& hooks, std::string_view reason) {
  if (gathered_.size() >= limits::news_that_wait) return;
  gathered_.push_back({.event = std::move(event), .hooks = &hooks, .reason = reason, .at = loop::wall_now()});
  if (!setup_.hooks.empty()) gathered_.back().members.assign(members.begin(), members.end());
}

void Newsroom::gather_change(vrrp::RouterId router, const vrrp::StateChanged& change, unsigned priority) {
  const RouterSetup& setup = setup_.routers[router];
  gather_change(
      router, {&router, 1},
      {.subject = notify::Subject::instance, .name = setup.name, .state = to_event(change.to), .priority = priority},
      change.from, change.to, setup.hooks, name(change.reason));
}

void Newsroom::gather_change(vrrp::GroupId group, const vrrp::GroupStateChanged& change) {
  const GroupSetup& setup = setup_.groups[group];
  gather_change(group, setup_.node.groups[group].members,
                {.subject = notify::Subject::group, .name = setup.name, .state = to_event(change.to), .priority = 0},
                change.from, change.to, setup.hooks);
}

void Newsroom::gather_change(std::uint32_t id, Members members, notify::Event event, vrrp::State from, vrrp::State to,
                             const notify::Hooks& hooks, std::string_view reason) {
  const std::size_t before = gathered_.size();
  gather(members, std::move(event), hooks, reason);
  if (gathered_.size() == before) return;
  gathered_.back().state = to;
  gathered_.back().id = id;
  if (to == vrrp::State::maintenance) gathered_.back().shown = name(to);
  if (to_event(from) == to_event(to)) gathered_.back().for_whom = News::For::api;
}

bool Newsroom::publish(AddressState addresses, const HookDesk& hooks) {
  lines_.write_some(limits::news_a_turn);
  const bool more_to_tell = addresses == AddressState::settled && tell_some(&hooks);
  return more_to_tell || !lines_.is_empty();
}

// True when there may be more. In the order they came, but for those that are held back.
bool Newsroom::tell_some(const HookDesk* hooks) {
  const bool may_be_held = hooks != nullptr && !hooks->is_idle();
  std::size_t told = 0;
  auto next = gathered_.begin();
  while (next != gathered_.end() && told < limits::news_a_turn) {
    const auto is_held = [&](vrrp::RouterId router) { return hooks->holds_back(router); };
    if (may_be_held && std::ranges::any_of(next->members, is_held)) {
      ++next;
      continue;
    }
    delivery_.deliver(*next);
    note_told(*next);
    next = gathered_.erase(next);
    ++told;
  }
  return next != gathered_.end();
}

void Newsroom::note_told(const News& news) {
  if (!news.state) return;
  const bool is_instance = news.event.subject == notify::Subject::instance;
  is_instance ? told_.hand_over_router(news.id, *news.state) : told_.hand_over_group(news.id, *news.state);
  if (desk_.has_runner()) told_.confirm();
}

void Newsroom::finish() {
  lines_.write_all();
  tell_all();
}

void Newsroom::on_rejected(vrrp::RouterId router, vrrp::RejectReason reason, const IpAddress& source,
                           std::uint64_t untold) {
  const std::string& instance = setup_.routers[router].name;
  log_.warning(fmt::format("({}) advert of {} rejected: {}{}", instance, to_string(source), explain(reason),
                           log::more_like_it(untold)));
  delivery_.deliver_rejected(instance, reason, source);
}

void Newsroom::tell_all() {
  run_hooks();
  while (tell_some(nullptr)) {
  }
}

void Newsroom::say_last_lines() {
  lines_.write_within(last_lines_within);
}

void Newsroom::say_stopped() {
  finish();
  desk_.stop(last_words_within);
}

std::string Newsroom::tracker_text(vrrp::TrackerId tracker) const {
  const auto found = tracker_texts_.find(tracker);
  return found == tracker_texts_.end() ? std::string() : found->second;
}

}  // namespace baton::daemon
