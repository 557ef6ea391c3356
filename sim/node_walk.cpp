#include "sim/node_walk.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

namespace baton::sim {
namespace {

using namespace std::chrono_literals;
using namespace vrrp;

constexpr Instant begin{1'000'000s};
constexpr std::size_t actions_bound = 64;       // of one input and router
constexpr std::size_t snapshot_size = 1 << 16;  // more than any of these nodes needs
constexpr Duration stopped_within = 4500ms;     // its guardian ends it after 5 s
constexpr Duration longest_silence = 60s;       // of a MASTER: no interval here is longer
constexpr std::array<Duration, 8> spans{0ms, 1ms, 10ms, 100ms, 999ms, 1s, 5s, 30s};

IpAddress peer(std::size_t number) {
  return IpAddress::v4(0x0a000000 + static_cast<std::uint32_t>(number));
}

NodeParameters draw_parameters(Choices& choices) {
  NodeParameters node{
      .trackers = {{.name = "check"}, {.name = "file", .kind = TrackerKind::file}}, .routers = {}, .groups = {}};
  const std::size_t routers = 1 + choices.below(3);
  const Version version = choices.yes() ? Version::v2 : Version::v3;
  const std::array weights{0, 10, -10, 254};
  for (std::size_t i = 0; i < routers; ++i) {
    RouterParameters router{.version = version, .base_priority = static_cast<std::uint8_t>(1 + choices.below(255))};
    router.advert_interval = version == Version::v2 ? 1s : choices.pick(std::array<Duration, 3>{10ms, 200ms, 1s});
    const std::uint8_t bits = choices.next();
    router.wanted_state = (bits & 1) != 0 ? State::master : State::backup;
    router.preempt = (bits & 2) != 0 ? Preempt::no : Preempt::yes;
    router.make_before_break = (bits & 4) == 0;
    router.makes_room = (bits & 8) != 0;
    router.lower_priority_no_advert = (bits & 16) != 0;
    router.higher_priority_send_advert = (bits & 32) != 0;
    router.startup_delay = (bits & 64) != 0 ? 2s : 0s;
    router.preempt_delay = (bits & 128) != 0 ? 3s : 0s;
    const std::size_t more = choices.below(8);
    router.down_timer_adverts = static_cast<unsigned>(1 + more % 4);
    router.needs_witness = more >= 4;
    NodeRouterParameters& added = node.routers.emplace_back();
    added = {.name = fmt::format("VI_{}", i), .router = router, .tracking = {}, .links = {"eth0"}};
    if (choices.yes()) added.tracking.push_back({.tracker = 0, .weight = choices.pick(weights)});
    if (choices.yes()) added.tracking.push_back({.tracker = 1, .weight = choices.pick(weights)});
  }
  if (routers > 1 && choices.yes()) {
    node.groups = {{.name = "G", .members = {0, 1}, .tracking = {}, .tracking_weight = choices.yes()}};
  }
  return node;
}

class Walk {
 public:
  explicit Walk(Choices& choices)
      : choices_(choices),
        parameters_(draw_parameters(choices)),
        node_(parameters_),
        copy_(parameters_),
        judge_(parameters_.routers.size(), parameters_.groups.size()) {}

  std::string run() {
    for (RouterId id = 0; id < parameters_.routers.size(); ++id) {
      if (std::string problem = tell(SourceTold{id, peer(100)}); !problem.empty()) return problem;
    }
    while (!choices_.are_over()) {
      if (std::string problem = step(); !problem.empty()) return problem;
    }
    return stop();
  }

 private:
  std::string step() {
    const RouterId id = static_cast<RouterId>(choices_.below(parameters_.routers.size()));
    switch (choices_.below(21)) {
      case 0: return has_begun_ ? "" : begin_life();
      case 1: return make_copy();
      case 2: return tell(Handover{id});
      case 3: return tell(PrioritySet{id, static_cast<std::uint8_t>(1 + choices_.below(255))});
      case 4: return tell(PreemptSet{id, choices_.yes() ? Preempt::yes : Preempt::no});
      case 5: return tell(MaintenanceTold{static_cast<MaintenanceTold::Wish>(choices_.below(3))});
      case 6: return tell(TakeoverProven{id});
      case 7: return tell(AddressRestored{id});
      case 8: return tell(ConfigurationTold{id, choices_.yes()});
      case 9: return tell(SourceTold{id, choices_.yes() ? std::optional(peer(100 + choices_.below(3))) : std::nullopt});
      case 10: return tell(LinkTold{"eth0", choices_.yes()});
      case 11: return tell(TrackerTold{0, {.status = static_cast<TrackerStatus>(choices_.below(3))}});
      case 12: return tell(TrackerTold{1, {.status = TrackerStatus::up, .number = choices_.next() - 128}});
      case 13: {
        const auto mac = choices_.yes() ? std::optional(MacAddress()) : std::nullopt;
        return tell(AnnouncementHeard{id, peer(200), mac});
      }
      case 14:
      case 15:
      case 16: return hear(id);
      case 17: return tell(WitnessAnswered{id});
      case 18: return pass(choices_.pick(spans));
      default: return pass(std::nullopt);
    }
  }

  std::string begin_life() {
    has_begun_ = true;
    if (choices_.yes()) return tell(Start{});
    // From a worker before this one.
    Resume resume;
    for (std::size_t i = 0; i < parameters_.routers.size(); ++i) {
      RouterMemory memory{.state = choices_.pick(
                              std::array{State::init, State::backup, State::master, State::fault, State::maintenance})};
      if (parameters_.groups.size() == 1 && i == 1) memory.state = resume.memory[0]->state;
      memory.since = memory.last_advert_sent = memory.last_advert_accepted = now_ - choices_.pick(spans);
      if (choices_.yes()) memory.master = peer(choices_.below(4));
      memory.master_priority = choices_.next();
      memory.master_interval = choices_.pick(spans);
      memory.priority = choices_.next();
      const std::uint8_t bits = choices_.next();
      memory.yielded = (bits & 1) != 0;
      memory.unopposed = (bits & 2) != 0;
      memory.keeps_pace = (bits & 4) != 0;
      resume.memory.emplace_back(memory);
      judge_.expect(static_cast<RouterId>(i), memory.state);
    }
    if (!parameters_.groups.empty()) judge_.expect_group(0, resume.memory[0]->state);
    return tell(resume);
  }

  std::string hear(RouterId id) {
    const std::size_t from = choices_.below(8);
    const Advert advert{.source = from == 7 ? peer(100) : peer(97 + from),
                        .priority = choices_.next(),
                        .interval = (1 + choices_.below(100)) * Duration(10ms)};
    return tell(AdvertHeard{id, advert});
  }

  // To the next deadline, or so far whatever is due meanwhile.
  std::string pass(std::optional<Duration> ahead) {
    const auto deadline = node_.next_timeout();
    now_ += ahead.value_or(deadline ? std::clamp<Duration>(*deadline - now_, 0s, 40s) : Duration(1s));
    if (choices_.below(8) == 0) return tell(TimePassed{.most = 1});
    if (std::string problem = tell(TimePassed{}); !problem.empty()) return problem;
    return NodeJudge::judge_deadline(node_, now_);
  }

  std::string tell(const Input& input) {
    NodeActions actions;
    NodeActions again;
    node_.handle(input, now_, actions);
    copy_.handle(input, now_, again);
    if (actions != again) return fmt::format("input {}: a copy does something else", input.index());
    if (std::string problem = judge_.judge(node_, actions); !problem.empty()) {
      return fmt::format("input {}: {}", input.index(), problem);
    }
    return {};
  }

  std::string make_copy() {
    Bytes room(snapshot_size);
    CompactWriter out(room);
    node_.save(out);
    if (!out.ok()) return "a snapshot is too large";
    CompactReader in(out.written());
    copy_ = Node(parameters_);
    return copy_.restore(in) ? "" : "a snapshot of its own is refused";
  }

  std::string stop() {
    if (std::string problem = tell(Stop{}); !problem.empty()) return problem;
    const Instant end = now_ + stopped_within;
    while (!node_.is_stopped()) {
      const auto next = node_.next_timeout();
      if (!next) return "stops for ever, without a deadline";
      now_ = std::max(now_, *next);
      if (now_ > end) return "stops for too long";
      if (std::string problem = tell(TimePassed{}); !problem.empty()) return problem;
    }
    return {};
  }

  Choices& choices_;
  NodeParameters parameters_;
  Node node_;
  Node copy_;
  NodeJudge judge_;
  Instant now_ = begin;
  bool has_begun_ = false;
};

}  // namespace

// ---------------------------------------------------------------- the judge

std::string NodeJudge::hear(const RouterAction& each) {
  State& told = told_[each.router];
  if (const auto* change = std::get_if<StateChanged>(&each.action)) {
    if (change->from != told || change->to == told) {
      return fmt::format("router {} tells {} -> {} after {}", each.router, name(change->from), name(change->to),
                         name(told));
    }
    told = change->to;
  }
  const bool is_silent = told == State::fault || told == State::maintenance;
  if (is_silent && std::holds_alternative<SendAdvert>(each.action)) {
    return fmt::format("router {} adverts as {}", each.router, name(told));
  }
  return {};
}

std::string NodeJudge::hear(const GroupAction& each) {
  State& told = groups_[each.group];
  if (each.action.from != told || each.action.to == told) {
    return fmt::format("the group tells {} -> {} after {}", name(each.action.from), name(each.action.to), name(told));
  }
  told = each.action.to;
  return {};
}

std::string NodeJudge::judge(const Node& node, const NodeActions& actions) {
  if (actions.size() > actions_bound * node.router_count()) return fmt::format("{} actions", actions.size());
  for (const NodeAction& each : actions) {
    std::string problem = std::visit([this](const auto& action) { return hear(action); }, each);
    if (!problem.empty()) return problem;
  }
  bool one_serves = false;
  bool one_waits = false;
  for (RouterId id = 0; id < node.router_count(); ++id) {
    const VirtualRouter& router = node.router(id);
    if (router.state() != told_[id]) return fmt::format("router {} is {}, untold", id, name(router.state()));
    if (router.holds_addresses() != (router.state() == State::master)) return fmt::format("router {} holds", id);
    if (node.maintenance() == Maintenance::on && router.is_serving())
      return fmt::format("router {} serves held down", id);
    const bool waits = router.state() == State::backup && !router.wants_master();
    if ((waits || router.state() == State::master) && !router.next_timeout()) {
      return fmt::format("router {} as {} has lost its timer", id, name(router.state()));
    }
    if (id >= 2 || groups_.empty()) continue;
    one_serves |= router.is_serving();
    one_waits |= router.state() == State::backup;
  }
  return one_serves && one_waits ? "one member of a group serves, another is BACKUP" : "";
}

std::string NodeJudge::judge_deadline(const Node& node, Instant now) {
  const auto next = node.next_timeout();
  if (next && *next <= now) return "a deadline stays in the past";
  for (RouterId id = 0; id < node.router_count(); ++id) {
    const VirtualRouter& router = node.router(id);
    const auto each = router.next_timeout();
    if (router.state() == State::master && each && *each > now + longest_silence) {
      return fmt::format("router {} as MASTER is silent for too long", id);
    }
  }
  return {};
}

std::string walk_a_node(Choices& choices) {
  return Walk(choices).run();
}

}  // namespace baton::sim
