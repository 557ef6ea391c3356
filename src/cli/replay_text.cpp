#include "cli/replay_text.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>

namespace baton::cli {

using namespace vrrp;
using nlohmann::ordered_json;
using recorder::Step;

namespace {

double seconds(Duration span) {
  return std::chrono::duration<double>(span).count();
}

std::string name_of(const NodeParameters& node, RouterId id) {
  return id < node.routers.size() ? node.routers[id].name : fmt::format("#{}", id);
}

std::string text_of(const Advert& advert) {
  if (advert.priority == spec::priority_stop) return fmt::format("goodbye of {}", to_string(advert.source));
  return fmt::format("advert of {} with priority {}, every {} s", to_string(advert.source), advert.priority,
                     seconds(advert.interval));
}

std::string_view name(TrackerStatus status) {
  switch (status) {
    case TrackerStatus::unknown: return "unknown";
    case TrackerStatus::up: return "up";
    case TrackerStatus::down: return "down";
  }
  return "?";
}

// The kind, in one word, and the input as a sentence.
struct Told {
  std::string_view kind;
  std::string text;
};
struct InputText {
  const NodeParameters& node;

  std::string router(RouterId id) const { return name_of(node, id); }

  Told operator()(const Start&) const { return {"start", "start"}; }
  Told operator()(const Stop&) const { return {"stop", "stop"}; }
  Told operator()(const Resume& it) const {
    const auto known =
        std::ranges::count_if(it.memory, [](const auto& each) { return each && each->state != State::init; });
    return {"resume",
            fmt::format("go on where the worker before ended, with {} of {} instances", known, node.routers.size())};
  }
  Told operator()(const AdvertHeard& it) const {
    return {"advert", fmt::format("{}: {}", router(it.router), text_of(it.advert))};
  }
  Told operator()(const TimePassed&) const { return {"timeout", "a timer has run out"}; }
  Told operator()(const TrackerTold& it) const {
    const TrackerParameters& tracker = node.trackers[it.tracker];
    const std::string number = tracker.kind == TrackerKind::file ? fmt::format(", {}", it.value.number) : "";
    return {"tracker", fmt::format("{} is {}{}", tracker.name, name(it.value.status), number)};
  }
  Told operator()(const LinkTold& it) const {
    return {"link", fmt::format("{} is {}", it.interface, it.up ? "up" : "down")};
  }
  Told operator()(const SourceTold& it) const {
    if (!it.source) return {"source", fmt::format("{}: its interface has no address", router(it.router))};
    return {"source", fmt::format("{}: adverts leave with {}", router(it.router), to_string(*it.source))};
  }
  Told operator()(const AnnouncementHeard& it) const {
    return {"announcement", fmt::format("{}: {} announces {}", router(it.router),
                                        it.stranger ? to_string(*it.stranger) : "another node", to_string(it.address))};
  }
  Told operator()(const AddressRestored& it) const {
    return {"restored", fmt::format("{}: an address that somebody removed is back", router(it.router))};
  }
  Told operator()(const ConfigurationTold& it) const {
    return {"configuration", fmt::format("{} {} run as configured", router(it.router), it.faulty ? "cannot" : "can")};
  }
  Told operator()(const TakeoverProven& it) const {
    return {"proven", fmt::format("{}: its neighbours know where its addresses are", router(it.router))};
  }
  Told operator()(const WitnessAnswered& it) const {
    return {"witness", fmt::format("{}: a witness has answered", router(it.router))};
  }
  Told operator()(const MaintenanceTold& it) const {
    using enum MaintenanceTold::Wish;
    return {"maintenance", it.wish == off   ? "maintenance is over"
                           : it.wish == ask ? "maintenance, if every address has a master elsewhere"
                                            : "maintenance"};
  }
  Told operator()(const Handover& it) const { return {"handover", fmt::format("{}: hand over", router(it.router))}; }
  Told operator()(const PrioritySet& it) const {
    return {"priority", fmt::format("{}: base priority is set to {}", router(it.router), it.base)};
  }
  Told operator()(const PreemptSet& it) const {
    return {"preempt",
            fmt::format("{}: {} is set", router(it.router), it.preempt == Preempt::yes ? "preempt" : "nopreempt")};
  }
};

struct ActionText {
  std::string operator()(const SendAdvert& it) const {
    const std::string what =
        it.priority == spec::priority_stop ? "says goodbye" : fmt::format("sends its advert, priority {}", it.priority);
    return it.interval ? fmt::format("{}, interval {} s", what, seconds(*it.interval)) : what;
  }
  std::string operator()(const Announce& it) const {
    return fmt::format("announces its addresses {} times", it.rounds);
  }
  std::string operator()(const StateChanged& it) const {
    return fmt::format("{} -> {} ({})", vrrp::name(it.from), vrrp::name(it.to), vrrp::name(it.reason));
  }
  std::string operator()(const PriorityChanged& it) const { return fmt::format("priority {} -> {}", it.from, it.to); }
  std::string operator()(const LowerPriorityHeard& it) const { return "has heard a lower " + text_of(it.advert); }
  std::string operator()(const MasterLearned& it) const {
    return fmt::format("follows {} with priority {}", to_string(it.address), it.priority);
  }
  std::string operator()(const HandoverFailed&) const { return "nobody took over"; }
  std::string operator()(const AskWitness&) const { return "asks its witnesses"; }
  std::string operator()(const WitnessMissed&) const { return "no witness has answered; stays"; }
  std::string operator()(const SecondOwnerSeen& it) const {
    if (it.mac) return fmt::format("finds {} at {} as well", to_string(it.address), to_string(*it.mac));
    return fmt::format("finds a second master, {} with priority {}; {}", to_string(it.address), it.priority,
                       it.we_stay ? "stays" : "leaves");
  }
};

std::string action_text(const NodeParameters& node, const NodeAction& action) {
  if (const auto* it = std::get_if<RouterAction>(&action)) {
    return fmt::format("{}: {}", name_of(node, it->router), std::visit(ActionText{}, it->action));
  }
  const auto& it = std::get<GroupAction>(action);
  const std::string group = it.group < node.groups.size() ? node.groups[it.group].name : fmt::format("#{}", it.group);
  return fmt::format("group {}: {} -> {}", group, vrrp::name(it.action.from), vrrp::name(it.action.to));
}

std::string_view what_begins(Step::Begins begins) {
  switch (begins) {
    case Step::Begins::nothing: return "";
    case Step::Begins::recording: return "the recording begins; what went before is forgotten";
    case Step::Begins::worker: return "a worker begins";
    case Step::Begins::gap: return "steps are missing here; it goes on from a snapshot";
  }
  return "";
}

std::string state_text(const recorder::RouterView& view) {
  std::string text =
      fmt::format("{}{}, priority {}", vrrp::name(view.state), view.leaving ? " leaving" : "", view.priority);
  if (view.master) text += fmt::format(", master {} with {}", to_string(*view.master), view.master_priority);
  return text;
}

ordered_json view_json(const recorder::RouterView& view) {
  return {{"state", vrrp::name(view.state)},
          {"reason", vrrp::name(view.reason)},
          {"leaving", view.leaving},
          {"priority", view.priority},
          {"master", view.master ? ordered_json(to_string(*view.master)) : ordered_json()},
          {"master_priority", view.master_priority}};
}

}  // namespace

std::string utc_text(WallTime time) {
  const auto micros = std::chrono::floor<std::chrono::microseconds>(time);
  const auto whole = std::chrono::floor<std::chrono::seconds>(micros);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:06}Z",
                     fmt::gmtime(static_cast<std::time_t>(whole.time_since_epoch().count())), (micros - whole).count());
}

std::string StepText::text(const Step& step) const {
  const NodeParameters& node = parameters(step);
  std::string text;
  if (step.begins != Step::Begins::nothing) text += fmt::format("-- {}\n", what_begins(step.begins));
  text += fmt::format("{:>6}  {}  {:+.6f}  {}\n", step.number, utc_text(recording_.wall(step.now)),
                      seconds(step.now - begun_), std::visit(InputText{node}, step.input).text);
  for (const recorder::Touched& each : step.touched) {
    const std::string after = state_text(each.after);
    text += fmt::format("        {}: ", name_of(node, each.router));
    text += each.before == each.after ? after : fmt::format("{}  ->  {}", state_text(each.before), after);
    if (each.before.state != each.after.state) text += fmt::format("  because: {}", vrrp::name(each.after.reason));
    for (const auto& timer : each.timers)
      text += fmt::format("; {} in {:.6f} s", timer.name, seconds(timer.at - step.now));
    text += '\n';
  }
  for (const NodeAction& action : step.actions) text += fmt::format("      > {}\n", action_text(node, action));
  if (!step.is_finished) text += "     !! the worker ended before it had dealt with this\n";
  if (!step.difference) return text;
  text += fmt::format("     !! it was not so when it was recorded: {}\n", step.difference->what);
  for (const NodeAction& action : step.difference->recorded) {
    text += fmt::format("     !! then: {}\n", action_text(node, action));
  }
  return text;
}

ordered_json StepText::json(const Step& step) const {
  const NodeParameters& node = parameters(step);
  const Told told = std::visit(InputText{node}, step.input);
  ordered_json json{{"step", step.number},
                    {"configuration", step.life + 1},
                    {"time", utc_text(recording_.wall(step.now))},
                    {"boot_ns", step.now.time_since_epoch().count()},
                    {"begins", what_begins(step.begins)},
                    {"input", told.kind},
                    {"text", told.text},
                    {"finished", step.is_finished},
                    {"instances", ordered_json::array()},
                    {"actions", ordered_json::array()},
                    {"difference", nullptr}};
  for (const recorder::Touched& each : step.touched) {
    ordered_json timers = ordered_json::object();
    for (const auto& timer : each.timers) timers[std::string(timer.name)] = seconds(timer.at - step.now);
    json["instances"].push_back({{"name", name_of(node, each.router)},
                                 {"before", view_json(each.before)},
                                 {"after", view_json(each.after)},
                                 {"timers", std::move(timers)}});
  }
  for (const NodeAction& action : step.actions) json["actions"].push_back(action_text(node, action));
  if (!step.difference) return json;
  json["difference"] = {{"what", step.difference->what}, {"recorded", ordered_json::array()}};
  for (const NodeAction& action : step.difference->recorded) {
    json["difference"]["recorded"].push_back(action_text(node, action));
  }
  return json;
}

}  // namespace baton::cli
