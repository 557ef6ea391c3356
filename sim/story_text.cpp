// A story as text:
//
//   seed 77
//   machine priority=100 authentication=2 weight=4
//   machine priority=98 stock=1
//   +0.000000000 start m0
//   +1.250000000 cut m1 r0 3
//   +0.100000000 quality loss=20 duplicates=0 delay=50 jitter=0
//
// Times are seconds after the happening before; delays are microseconds; what a machine does not say is as usual.
#include <fmt/format.h>

#include <array>
#include <charconv>
#include <ranges>

#include "sim/story.h"

namespace baton::sim {
namespace {

using namespace std::chrono_literals;
using namespace vrrp;

constexpr std::array<std::string_view, what_count> names{
    "start", "stop",   "handover", "maintain", "crash", "guardian", "runner",  "everything", "power",
    "hang",  "starve", "pause",    "freeze",   "wake",  "check",    "log",     "scripts",    "link",
    "cut",   "heal",   "quality",  "step",     "drift", "reload",   "migrate", "quiet"};
constexpr std::int64_t untracked = 1000;  // as a weight: it has no check

// ---------------------------------------------------------------- machines

struct Field {
  std::string_view name;
  std::int64_t (*get)(const MachineParameters&);
  void (*set)(MachineParameters&, std::int64_t);
};

const RouterParameters& router_of(const MachineParameters& machine) {
  return machine.node.routers.front().router;
}

template <typename Set>
void set_all(MachineParameters& machine, Set&& set) {
  for (NodeRouterParameters& each : machine.node.routers) set(each.router);
}

template <auto Member>
constexpr Field number(std::string_view name) {
  return {name, [](const MachineParameters& machine) { return static_cast<std::int64_t>(router_of(machine).*Member); },
          [](MachineParameters& machine, std::int64_t value) {
            using Type = std::remove_cvref_t<decltype(std::declval<RouterParameters>().*Member)>;
            set_all(machine, [value](RouterParameters& router) { router.*Member = static_cast<Type>(value); });
          }};
}

template <auto Member>
constexpr Field time(std::string_view name) {
  return {name, [](const MachineParameters& machine) { return (router_of(machine).*Member) / 1us; },
          [](MachineParameters& machine, std::int64_t value) {
            set_all(machine, [value](RouterParameters& router) { router.*Member = std::chrono::microseconds(value); });
          }};
}

template <auto Member>
constexpr Field own(std::string_view name) {
  return {name, [](const MachineParameters& machine) { return static_cast<std::int64_t>(machine.*Member); },
          [](MachineParameters& machine, std::int64_t value) {
            using Type = std::remove_cvref_t<decltype(std::declval<MachineParameters>().*Member)>;
            machine.*Member = static_cast<Type>(value);
          }};
}

std::int64_t weight_of(const MachineParameters& machine) {
  const auto& tracking = machine.node.routers.front().tracking;
  return tracking.empty() ? untracked : tracking.front().weight;
}

void set_weight(MachineParameters& machine, std::int64_t weight) {
  for (NodeRouterParameters& each : machine.node.routers) {
    each.tracking.clear();
    if (weight != untracked) each.tracking = {{.tracker = 0, .weight = static_cast<int>(weight)}};
  }
}

// Several routers are a group.
void set_routers(MachineParameters& machine, std::int64_t count) {
  const NodeRouterParameters first = machine.node.routers.front();
  machine.node.routers.clear();
  machine.node.groups.clear();
  for (std::int64_t i = 0; i < count; ++i) {
    machine.node.routers.push_back(first);
    machine.node.routers.back().name = fmt::format("VI_{}", i);
    machine.node.routers.back().links = {fmt::format("eth{}", i)};
  }
  if (count > 1) machine.node.groups = {{.name = "G", .members = {0, 1}, .tracking_weight = true}};
}

constexpr std::array fields{
    Field{"routers",
          [](const MachineParameters& machine) { return static_cast<std::int64_t>(machine.node.routers.size()); },
          set_routers},
    number<&RouterParameters::base_priority>("priority"),
    number<&RouterParameters::version>("version"),
    time<&RouterParameters::advert_interval>("interval"),
    number<&RouterParameters::wanted_state>("wanted"),
    number<&RouterParameters::preempt>("preempt"),
    time<&RouterParameters::preempt_delay>("preempt_delay"),
    time<&RouterParameters::startup_delay>("startup_delay"),
    number<&RouterParameters::down_timer_adverts>("adverts"),
    number<&RouterParameters::lower_priority_no_advert>("lower_priority_no_advert"),
    number<&RouterParameters::higher_priority_send_advert>("higher_priority_send_advert"),
    number<&RouterParameters::make_before_break>("make_before_break"),
    number<&RouterParameters::makes_room>("makes_room"),
    number<&RouterParameters::needs_witness>("witness"),
    Field{"weight", weight_of, set_weight},
    own<&MachineParameters::stock>("stock"),
    own<&MachineParameters::conduct>("conduct"),
    own<&MachineParameters::authentication>("authentication"),
    own<&MachineParameters::has_hmac>("hmac"),
    own<&MachineParameters::proves_takeovers>("proves"),
    own<&MachineParameters::log_queue>("log_queue"),
    Field{"rise",
          [](const MachineParameters& machine) -> std::int64_t { return machine.script ? machine.script->rise : 0; },
          [](MachineParameters& machine, std::int64_t value) {
            if (!machine.script) machine.script.emplace();
            machine.script->rise = static_cast<std::uint32_t>(value);
          }},
    Field{"fall",
          [](const MachineParameters& machine) -> std::int64_t { return machine.script ? machine.script->fall : 0; },
          [](MachineParameters& machine, std::int64_t value) {
            if (!machine.script) machine.script.emplace();
            machine.script->fall = static_cast<std::uint32_t>(value);
          }},
};

MachineParameters usual_machine() {
  MachineParameters machine{.node = {.trackers = {{.name = "check"}}, .routers = {{}}, .groups = {}}};
  set_routers(machine, 1);
  set_weight(machine, 0);
  return machine;
}

// ---------------------------------------------------------------- reading

template <typename Number = std::int64_t>
std::optional<Number> to_number(std::string_view text) {
  Number value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// A number after a prefix: "m3", "loss=20".
std::optional<std::int64_t> after(std::string_view word, std::string_view prefix) {
  if (!word.starts_with(prefix)) return std::nullopt;
  return to_number(word.substr(prefix.size()));
}

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  for (const auto word : std::views::split(line, ' ')) {
    if (!word.empty()) words.emplace_back(word.begin(), word.end());
  }
  return words;
}

bool read_machine(const std::vector<std::string_view>& words, Story& story) {
  MachineParameters machine = usual_machine();
  for (std::size_t i = 1; i < words.size(); ++i) {
    bool is_known = false;
    for (const Field& field : fields) {
      const auto value = after(words[i], fmt::format("{}=", field.name));
      if (!value || (field.name == "routers" && (*value < 1 || *value > 2))) continue;
      field.set(machine, *value);
      is_known = true;
    }
    if (!is_known) return false;
  }
  story.machines.push_back(std::move(machine));
  return story.machines.size() <= limits::machines;
}

bool read_happening(const std::vector<std::string_view>& words, Story& story) {
  if (words.size() < 2) return false;
  const std::size_t dot = words[0].find('.');
  if (dot == std::string_view::npos || words[0].size() - dot != 10) return false;
  const auto seconds = to_number(words[0].substr(1, dot - 1));
  const auto parts = to_number(words[0].substr(dot + 1));
  const auto found = std::ranges::find(names, words[1]);
  if (!seconds || !parts || found == names.end()) return false;
  Happening it{.after = std::chrono::seconds(*seconds) + Duration(*parts),
               .what = static_cast<What>(found - names.begin())};
  for (std::size_t i = 2; i < words.size(); ++i) {
    if (const auto value = after(words[i], "m")) {
      it.machine = static_cast<std::size_t>(*value);
    } else if (const auto router = after(words[i], "r")) {
      it.router = static_cast<RouterId>(*router);
    } else if (const auto loss = after(words[i], "loss=")) {
      it.quality.loss_percent = static_cast<int>(*loss);
    } else if (const auto duplicates = after(words[i], "duplicates=")) {
      it.quality.duplicate_percent = static_cast<int>(*duplicates);
    } else if (const auto delay = after(words[i], "delay=")) {
      it.quality.delay = std::chrono::microseconds(*delay);
    } else if (const auto jitter = after(words[i], "jitter=")) {
      it.quality.jitter = std::chrono::microseconds(*jitter);
    } else if (const auto plain = to_number(words[i])) {
      it.value = *plain;
    } else {
      return false;
    }
  }
  story.happenings.push_back(it);
  return story.happenings.size() <= limits::happenings;
}

bool is_possible(const Story& story) {
  if (story.machines.empty()) return false;
  const std::size_t routers = story.machines.front().node.routers.size();
  return std::ranges::all_of(story.machines, [&](const auto& each) { return each.node.routers.size() == routers; }) &&
         std::ranges::all_of(story.happenings, [&](const Happening& each) {
           return each.machine < story.machines.size() && each.router < routers;
         });
}

}  // namespace

std::string_view name(What what) {
  return names[static_cast<std::size_t>(what)];
}

std::string write(const Story& story) {
  std::string text = fmt::format("seed {}\n", story.seed);
  const MachineParameters usual = usual_machine();
  for (const MachineParameters& machine : story.machines) {
    text += "machine";
    for (const Field& field : fields) {
      const std::int64_t value = field.get(machine);
      if (value != field.get(usual)) text += fmt::format(" {}={}", field.name, value);
    }
    text += '\n';
  }
  for (const Happening& each : story.happenings) {
    text += fmt::format("+{}.{:09} {}", each.after / 1s, each.after % 1s / 1ns, name(each.what));
    if (each.what == What::quality) {
      text += fmt::format(" loss={} duplicates={} delay={} jitter={}\n", each.quality.loss_percent,
                          each.quality.duplicate_percent, each.quality.delay / 1us, each.quality.jitter / 1us);
      continue;
    }
    text += each.what == What::quiet || each.what == What::heal ? "" : fmt::format(" m{}", each.machine);
    if (each.router != 0) text += fmt::format(" r{}", each.router);
    text += each.value != 0 ? fmt::format(" {}\n", each.value) : "\n";
  }
  return text;
}

std::optional<Story> read_story(std::string_view text) {
  Story story;
  for (const auto range : std::views::split(text, '\n')) {
    const std::string_view line(range.begin(), range.end());
    const auto words = words_of(line);
    if (words.empty() || words[0].starts_with('#')) continue;
    bool is_understood = false;
    if (words[0] == "seed" && words.size() == 2) {
      const auto seed = to_number<std::uint64_t>(words[1]);
      is_understood = seed.has_value();
      story.seed = seed.value_or(0);
    } else if (words[0] == "machine") {
      is_understood = read_machine(words, story);
    } else if (words[0].starts_with('+')) {
      is_understood = read_happening(words, story);
    }
    if (!is_understood) return std::nullopt;
  }
  if (!is_possible(story)) return std::nullopt;
  return story;
}

}  // namespace baton::sim
