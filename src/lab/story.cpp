#include "lab/story.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include <fmt/format.h>

#include "lab/clock.h"

namespace baton::lab {
namespace {

constexpr std::string_view bold = "1";
constexpr std::string_view dim = "2";
constexpr std::string_view red = "31";
constexpr std::string_view green = "32";
constexpr std::string_view yellow = "33";
constexpr std::string_view cyan = "36";

double seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}
double milliseconds(Duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

// "0", "17 ms", "0.61 s".
std::string readable(Duration duration) {
  if (duration == Duration::zero()) return "0";
  if (duration < std::chrono::milliseconds(1)) return "<1 ms";
  if (duration < std::chrono::milliseconds(100)) return fmt::format("{:.0f} ms", milliseconds(duration));
  return fmt::format("{:.2f} s", seconds(duration));
}

// Of all a daemon writes, what belongs to the story: states, priorities, checks, deaths.
bool is_telling(const std::string& line) {
  constexpr std::array words{"STATE", "MASTER",  "BACKUP",  "FAULT", "priority from", "Script `", "script",
                             "died",  "restart", "respawn", "rror",  "guardian",      "worker"};
  return std::ranges::any_of(words, [&](const char* word) { return line.find(word) != std::string::npos; }) &&
         line.find("SECURITY") == std::string::npos && line.find(".conf") == std::string::npos &&
         line.find("discarding") == std::string::npos && line.find("Script user") == std::string::npos &&
         line.find("resolved by path") == std::string::npos;
}

std::size_t width_of(const std::string& text) {  // UTF-8 continuation bytes take no column
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char byte) { return (byte & 0xc0) != 0x80; }));
}

std::string padded(const std::string& text, std::size_t width) {
  return text + std::string(width > width_of(text) ? width - width_of(text) : 0, ' ');
}

std::string name_or(const std::optional<NodeId>& node, const Topology& topology, const char* otherwise) {
  return node ? topology.nodes[*node].name : otherwise;
}

}  // namespace

Story::Story(const Topology& topology, std::vector<Daemon> daemons, StoryOptions options)
    : topology_(topology), daemons_(std::move(daemons)), options_(options), scene_start_(now()) {}

std::string Story::paint(std::string_view code, const std::string& text) const {
  return options_.colour ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : text;
}

std::string Story::node_name(NodeId node) const {
  constexpr std::array colours{"36", "35", "34", "32"};
  return paint(colours[node % colours.size()], topology_.nodes[node].name);
}

void Story::clear_live() {
  if (live_width_ == 0) return;
  std::fputs("\r\x1b[K", stdout);
  live_width_ = 0;
}

void Story::print(const std::string& line) {
  if (options_.quiet) return;
  clear_live();
  std::fputs((line + "\n").c_str(), stdout);
  std::fflush(stdout);
}

void Story::note(const std::string& text) {
  print(paint(dim, text));
}

void Story::introduce() {
  std::string line = "  client";
  for (NodeId node = 0; node < topology_.nodes.size(); ++node) {
    line += fmt::format(" ── {} ({}", topology_.nodes[node].name, name(daemons_[node]));
    for (const InterfacePlan& interface : topology_.nodes[node].interfaces) {
      line += fmt::format(", {}", interface.name);
      if (!interface.addresses.empty()) line += " " + to_string(interface.addresses.front().address);
    }
    line += ")";
  }
  print(line);
  for (const Target& target : topology_.targets) {
    std::string contenders;
    for (const Contender& contender : target.contenders) {
      contenders += fmt::format("{}{} {}", contenders.empty() ? "" : ", ", topology_.nodes[contender.node].name,
                                contender.priority);
    }
    print(fmt::format("  virtual address {}   VRID {}   priorities while all is well: {}", to_string(target.address),
                      target.vrid, contenders));
  }
}

void Story::on_scene(const std::string& title) {
  scene_start_ = now();
  print("\n" + paint(bold, "── " + title));
}

void Story::on_event(const Event& event) {
  if (event.kind == Event::Kind::log && options_.log == LogDetail::states && !is_telling(event.text)) return;
  std::string text = event.text;
  switch (event.kind) {
    case Event::Kind::action: text = paint(bold, text); break;
    case Event::Kind::address: text = paint(event.text.starts_with("has") ? green : yellow, text); break;
    case Event::Kind::page: text = paint(event.text.starts_with("no") ? red : green, text); break;
    case Event::Kind::advert: break;
    case Event::Kind::log: text = paint(dim, "│ " + text); break;
  }
  std::size_t widest = 6;
  for (const NodePlan& node : topology_.nodes) widest = std::max(widest, node.name.size());
  const std::string who = event.node ? topology_.nodes[*event.node].name : "client";
  const std::string padding(widest - std::min(widest, who.size()), ' ');
  print(fmt::format("  {:+9.3f}s  {}{}  {}", seconds(event.at - scene_start_),
                    event.node ? node_name(*event.node) : paint(cyan, who), padding, text));
}

std::string Story::verdict(const Row& row) const {
  return row.passed() ? paint(green, "as the protocol allows") : paint(red, row.complaint);
}

void Story::on_row(const Row& row) {
  std::string line = fmt::format("  = outage {}", readable(row.ping.longest));
  if (row.ping.lost > 0) line += fmt::format(" ({} of {} pings lost)", row.ping.lost, row.ping.asked);
  if (row.page) line += fmt::format(", without page {}", readable(row.page->longest));
  if (row.two_owners > Duration::zero()) line += fmt::format(", two owners {}", readable(row.two_owners));
  print(paint(bold, line) + "   " + verdict(row));
}

void Story::show_live(const Lab& lab) {
  if (!options_.live || options_.quiet) return;
  const Target& target = topology_.targets.front();
  const auto owners = lab.ownership().owners(target.address);
  std::string line = fmt::format("  {:6.1f}s ", seconds(now() - scene_start_));
  for (NodeId node = 0; node < topology_.nodes.size(); ++node) {
    const std::string mark = !lab.is_on(node) ? paint(red, "off") : owners.contains(node) ? paint(green, "●") : "○";
    line += fmt::format(" {} {} ", mark, node_name(node));
  }
  const auto served_by = lab.pings(0).last_answered_by();
  const auto last = lab.pings(0).last_answer();
  const bool answers = last && now() - *last < std::chrono::milliseconds(50);
  line += answers
              ? fmt::format(" {} answers from {}", to_string(target.address), name_or(served_by, topology_, "somebody"))
              : " " + paint(red, fmt::format("{} does not answer", to_string(target.address)));
  clear_live();
  std::fputs(line.c_str(), stdout);
  std::fflush(stdout);
  live_width_ = line.size();
}

std::string render_table(const std::vector<Row>& rows, const Topology& topology) {
  const bool has_page = std::ranges::any_of(rows, [](const Row& row) { return row.page.has_value(); });
  std::vector<std::vector<std::string>> cells{
      {"scenario", "outage", "two owners", "allowed", "address", "served by", ""}};
  if (has_page) cells.front().insert(cells.front().begin() + 2, "no page");
  for (const Row& row : rows) {
    const std::string before = topology.nodes[row.before].name;
    const std::string after = name_or(row.after, topology, row.may_have_two_owners ? "both" : "nobody");
    std::vector<std::string> line{row.title,
                                  readable(row.ping.longest),
                                  readable(row.two_owners),
                                  row.allowed_outage ? readable(*row.allowed_outage) : "-",
                                  before == after ? after : before + " → " + after,
                                  name_or(row.served_by, topology, "nobody"),
                                  row.passed() ? "ok" : row.complaint};
    if (has_page) line.insert(line.begin() + 2, row.page ? readable(row.page->longest) : "-");
    cells.push_back(std::move(line));
  }
  std::vector<std::size_t> widths(cells.front().size());
  for (const auto& line : cells) {
    for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], width_of(line[i]));
  }
  std::string table;
  for (std::size_t row = 0; row < cells.size(); ++row) {
    std::string line = " ";
    for (std::size_t i = 0; i < cells[row].size(); ++i) line += " " + padded(cells[row][i], widths[i]) + " ";
    table += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
    if (row > 0) continue;
    std::string rule = "  ";
    for (const std::size_t width : widths) {
      for (std::size_t i = 0; i < width; ++i) rule += "─";
      rule += "  ";
    }
    table += rule.substr(0, rule.find_last_not_of(' ') + 1) + "\n";
  }
  return table;
}

void Story::print_table(const std::vector<Row>& rows) {
  if (options_.quiet) return;
  clear_live();
  std::fputs(("\n" + render_table(rows, topology_)).c_str(), stdout);
  const auto ms = [](Duration duration) { return std::chrono::round<std::chrono::milliseconds>(duration).count(); };
  std::fputs(
      fmt::format(
          "  allowed: by the protocol, or less where batond promises less; what is measured may be {} ms above it, "
          "{} ms where 0 is allowed.\n",
          ms(limits::tolerance), ms(limits::smallest_tolerance))
          .c_str(),
      stdout);
  std::fflush(stdout);
}

nlohmann::json to_json(const std::vector<Row>& rows, const std::vector<Event>& events, const Topology& topology,
                       const std::vector<Daemon>& daemons) {
  using nlohmann::json;
  const auto rounded = [](Duration duration) { return std::round(milliseconds(duration) * 1000) / 1000; };
  const auto node_or_null = [&](const std::optional<NodeId>& node) {
    return node ? json(topology.nodes[*node].name) : json();
  };
  const Instant begin = events.empty() ? Instant{} : events.front().at;
  constexpr std::array kinds{"action", "address", "advert", "page", "log"};

  json document{{"nodes", json::array()},
                {"virtual_addresses", json::array()},
                {"scenarios", json::array()},
                {"events", json::array()}};
  for (NodeId node = 0; node < topology.nodes.size(); ++node) {
    document["nodes"].push_back({{"name", topology.nodes[node].name}, {"daemon", name(daemons[node])}});
  }
  for (const Target& target : topology.targets) {
    document["virtual_addresses"].push_back({{"address", to_string(target.address)}, {"vrid", target.vrid}});
  }
  for (const Row& row : rows) {
    json line{{"scenario", row.scenario},
              {"title", row.title},
              {"outage_ms", rounded(row.ping.longest)},
              {"pings_sent", row.ping.asked},
              {"pings_lost", row.ping.lost},
              {"two_owners_ms", rounded(row.two_owners)},
              {"no_owner_ms", rounded(row.nobody)},
              {"allowed_ms", row.allowed_outage ? json(rounded(*row.allowed_outage)) : json()},
              {"held_before", topology.nodes[row.before].name},
              {"held_after", node_or_null(row.after)},
              {"served_by", node_or_null(row.served_by)},
              {"begin_ms", rounded(row.from - begin)},
              {"end_ms", rounded(row.to - begin)},
              {"passed", row.passed()}};
    if (row.page) line["page_outage_ms"] = rounded(row.page->longest);
    if (!row.passed()) line["complaint"] = row.complaint;
    document["scenarios"].push_back(std::move(line));
  }
  for (const Event& event : events) {
    document["events"].push_back({{"at_ms", rounded(event.at - begin)},
                                  {"who", event.node ? topology.nodes[*event.node].name : "client"},
                                  {"kind", kinds[static_cast<std::size_t>(event.kind)]},
                                  {"text", event.text}});
  }
  return document;
}

}  // namespace baton::lab
