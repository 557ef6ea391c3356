#include "config/link_settings.h"

#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>

namespace baton::config {
namespace {

constexpr Duration longest_delay = std::chrono::seconds(255);

std::optional<Duration> read_delay(const Context& context, const Statement& line, std::size_t index) {
  if (index >= line.words.size()) return Duration{};
  const std::optional<Duration> delay = parse_seconds(line.words[index].text);
  if (delay && *delay <= longest_delay) return delay;
  context.diagnostics.warn("bad-value", line.at(index),
                           fmt::format("{} is no delay of a link; the line is ignored", quoted(line.words[index].text)),
                           "give the name of an interface, then seconds from 0 to 255 for down, and for up");
  return std::nullopt;
}

// Peers wait for three intervals: who has not noticed by then that he is cut off is a second master.
void shorten_delays(const Context& context, const Position& position, const Configuration& configuration,
                    LinkDelay& delay) {
  for (const Instance& instance : configuration.instances) {
    if (instance.interface != delay.interface) continue;
    const Duration bound = 2 * instance.advert_interval;
    if (delay.down < bound && delay.up < bound) continue;
    const Duration used = bound - instance.advert_interval / 256;
    context.diagnostics.warn(
        "link-delay", position,
        fmt::format("a delay of {} must be less than twice the advert_int of {}; {} s is used", delay.interface,
                    quoted(instance.name), std::chrono::duration<double>(used).count()),
        "give a shorter delay, or a longer advert_int on all nodes");
    delay.down = std::min(delay.down, used);
    delay.up = std::min(delay.up, used);
  }
}

// INTERFACE DOWN [UP], one a line. keepalived's manual has UP the same as DOWN where it is not given; it is 0.
void read_delays(const Context& context, const Statement& list, Configuration& configuration) {
  for (const Statement& line : list.children) {
    if (line.words.size() < 2) {
      context.diagnostics.warn("bad-value", line.position(),
                               fmt::format("{} has no delay; the line is ignored", quoted(line.keyword())),
                               "write INTERFACE DOWN [UP], in seconds");
      continue;
    }
    const auto down = read_delay(context, line, 1);
    const auto up = read_delay(context, line, 2);
    if (!down || !up) continue;
    LinkDelay delay{.interface = std::string(line.keyword()), .down = *down, .up = *up};
    shorten_delays(context, line.position(), configuration, delay);
    configuration.link_delays.push_back(std::move(delay));
  }
}

void add_polled(Configuration& configuration, std::string_view interface, CarrierMethod method) {
  if (interface.empty()) return;
  auto& polled = configuration.polled_links;
  const auto found = std::ranges::find(polled, interface, &PolledLink::interface);
  if (found == polled.end()) polled.push_back({.interface = std::string(interface), .method = method});
}

// INTERFACE [MII|ETHTOOL|IOCTL], one a line.
void read_polled(const Context& context, const Statement& list, Configuration& configuration) {
  constexpr auto methods = std::to_array<std::string_view>({"", "MII", "ETHTOOL", "IOCTL"});  // as CarrierMethod
  for (const Statement& line : list.children) {
    const std::string_view word = line.words.size() > 1 ? line.words[1].text : "";
    const auto* const method = std::ranges::find(methods, word);
    if (method == methods.end()) {
      context.diagnostics.warn("bad-value", line.at(1),
                               fmt::format("{} is no way to ask for a link; all are tried", quoted(word)),
                               "write MII, ETHTOOL, IOCTL or nothing");
    }
    const auto index = method == methods.end() ? 0 : method - methods.begin();
    add_polled(configuration, line.keyword(), static_cast<CarrierMethod>(index));
  }
}

struct GroupDraft {
  AnnouncementGroup group;
};

void set_interface(GroupDraft& draft, const Arguments& arguments) {
  std::string name;
  if (arguments.read(name)) draft.group.interfaces.push_back(std::move(name));
}

void add_interfaces(GroupDraft& draft, const Arguments& arguments) {
  for (const Statement& line : arguments.statement().children) {
    for (const Word& word : line.words) draft.group.interfaces.emplace_back(word.text);
  }
}

template <Duration AnnouncementGroup::* Member>
void set_gap(GroupDraft& draft, const Arguments& arguments) {
  const std::optional<Duration> gap = parse_seconds(arguments.word());
  constexpr Duration longest = std::chrono::seconds(4'294);
  if (!gap || *gap > longest) return arguments.invalid(0, "seconds, with up to six decimals");
  draft.group.*Member = *gap;
}

constexpr Setting<GroupDraft> group_settings[] = {
    {"interface", set_interface},
    {"interfaces", add_interfaces},
    {"garp_interval", set_gap<&AnnouncementGroup::garp_interval>},
    {"gna_interval", set_gap<&AnnouncementGroup::gna_interval>},
};

void read_group(const Context& context, const Statement& block, std::set<std::string>& taken,
                Configuration& configuration) {
  GroupDraft draft;
  apply_settings(context, block, group_settings, draft);
  AnnouncementGroup& group = draft.group;
  if (group.garp_interval == Duration{} && group.gna_interval == Duration{}) {
    context.diagnostics.warn("incomplete-block", block.position(), "a garp_group without an interval is ignored",
                             "add garp_interval or gna_interval SECONDS");
    return;
  }
  std::erase_if(group.interfaces, [&](const std::string& interface) {
    if (taken.insert(interface).second) return false;
    context.diagnostics.warn("given-twice", block.position(),
                             fmt::format("{} is in a garp_group already; the first one counts", quoted(interface)),
                             "leave it in one of them");
    return true;
  });
  if (group.interfaces.empty()) {
    context.diagnostics.warn("incomplete-block", block.position(), "a garp_group without an interface is ignored",
                             "add interface NAME, or interfaces { ... }");
    return;
  }
  configuration.announcement_groups.push_back(std::move(group));
}

}  // namespace

void read_link_settings(const Context& context, const Statement& root, Configuration& configuration) {
  std::set<std::string> taken;
  bool polls_all = false;
  for (const Statement& block : root.children) {
    if (block.keyword() == "interface_up_down_delays") read_delays(context, block, configuration);
    if (block.keyword() == "linkbeat_interfaces") read_polled(context, block, configuration);
    if (block.keyword() == "linkbeat_use_polling") polls_all = true;
    if (block.keyword() == "garp_group") read_group(context, block, taken, configuration);
  }
  for (const Instance& instance : configuration.instances) {
    if (polls_all || instance.polls_link) add_polled(configuration, instance.interface, CarrierMethod::any);
  }
}

}  // namespace baton::config
