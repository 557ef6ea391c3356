#include "cli/watch_screen.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/events_command.h"
#include "cli/maintenance_command.h"
#include "cli/why.h"
#include "cli/words.h"

namespace baton::cli {

namespace {

using nlohmann::json;

constexpr std::size_t events_kept = 64;
constexpr std::size_t longest_filter = 64;

Style style_of(std::string_view state) {
  return state == "MASTER"                            ? Style::good
         : state == "BACKUP"                          ? Style::calm
         : state == "FAULT" || state == "MAINTENANCE" ? Style::alarm
                                                      : Style::bold;
}

std::string text_of(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? bare(found->get<std::string>()) : "";
}

std::string padded(std::string text, std::size_t width) {
  if (text.size() < width) text.append(width - text.size(), ' ');
  return text;
}

// Cut where the terminal ends.
void cut(Line& line, std::size_t width) {
  for (Span& span : line) {
    if (span.text.size() > width) span.text.resize(width);
    width -= span.text.size();
  }
}

}  // namespace

void WatchScreen::on_status(const json& status, double now) {
  const std::string before = bare(chosen());
  status_ = status;
  answered_at_ = now;
  silence_.clear();
  const auto rows = shown();
  for (std::size_t i = 0; i < rows.size(); ++i) {  // the chosen one stays chosen wherever a reload puts it
    if (text_of(status_.at("instances")[rows[i]], "name") == before) chosen_ = i;
  }
  move(0);
}

void WatchScreen::on_instance(const json& instance, double now) {
  instance_ = instance;
  instance_at_ = now;
}

void WatchScreen::on_event(const json& event) {
  if (!event.contains("event") || event["event"] == "rejected") return;
  events_.push_back(event);
  if (events_.size() > events_kept) events_.pop_front();
}

void WatchScreen::on_silence(const std::string& why) {
  silence_ = bare(why);
}

std::vector<std::size_t> WatchScreen::shown() const {
  std::vector<std::size_t> rows;
  const auto instances = status_.find("instances");
  if (instances == status_.end()) return rows;
  for (std::size_t i = 0; i < instances->size(); ++i) {
    const json& instance = (*instances)[i];
    if (text_of(instance, "name").contains(filter_) || text_of(instance, "state").contains(filter_)) rows.push_back(i);
  }
  return rows;
}

std::string WatchScreen::chosen() const {
  const auto rows = shown();
  return chosen_ < rows.size() ? status_.at("instances")[rows[chosen_]].value("name", "") : "";
}

std::optional<std::string> WatchScreen::take_handover() {
  return std::exchange(handover_, std::nullopt);
}

void WatchScreen::move(long by) {
  const long last = static_cast<long>(shown().size()) - 1;
  chosen_ = static_cast<std::size_t>(std::max(0L, std::min(static_cast<long>(chosen_) + by, last)));
}

void WatchScreen::on_key(Key key, char letter) {
  message_.clear();
  switch (key) {
    case Key::up: return move(-1);
    case Key::down: return move(1);
    case Key::page_up: return move(-static_cast<long>(page_));
    case Key::page_down: return move(static_cast<long>(page_));
    case Key::enter: mode_ = mode_ == Mode::list ? Mode::why : Mode::list; return;
    case Key::escape:
      if (mode_ == Mode::filter) filter_.clear();
      mode_ = Mode::list;
      return;
    case Key::erase:
      if (mode_ == Mode::filter && !filter_.empty()) filter_.pop_back();
      return move(0);
    case Key::letter: return on_letter(letter);
  }
}

void WatchScreen::on_letter(char letter) {
  if (mode_ == Mode::filter) {
    if (letter >= ' ' && letter <= '~' && filter_.size() < longest_filter) filter_ += letter;
    return move(0);
  }
  if (mode_ == Mode::question) {
    mode_ = Mode::list;
    if (letter == 'y') handover_ = asked_for_;
    return;
  }
  switch (letter) {
    case 'q':
      if (mode_ == Mode::why) {
        mode_ = Mode::list;
      } else {
        is_over_ = true;
      }
      return;
    case 'j': return move(1);
    case 'k': return move(-1);
    case 'h':
      asked_for_ = chosen();
      if (!asked_for_.empty()) mode_ = Mode::question;
      return;
    case '/':
      mode_ = Mode::filter;
      filter_.clear();
      return;
    default: return;
  }
}

Line WatchScreen::head(double now) const {
  if (status_.is_null()) {
    return {{silence_.empty() ? "asking batond ..." : silence_, silence_.empty() ? Style::plain : Style::alarm}};
  }
  Line line{{text_of(status_, "node"), Style::bold},
            {fmt::format("  batond {}  {}  ", text_of(status_, "version"), text_of(status_, "configuration"))}};
  if (!silence_.empty()) {
    line.insert(line.begin(), {fmt::format("no answer since {}  ", span_of(now - answered_at_)), Style::alarm});
  } else if (!status_.value("/worker/answers"_json_pointer, true)) {
    line.push_back({"the VRRP worker does not answer; the guardian replaces it", Style::alarm});
  }
  if (const json maintenance = status_.value("maintenance", json()); maintenance.is_object()) {
    line.insert(line.begin(), {maintenance_line(maintenance, now) + "  ", Style::alarm});
  }
  return line;
}

Line WatchScreen::row(const json& instance, bool is_chosen, Widths widths, double now) const {
  const std::string state = text_of(instance, "state");
  const int effective = instance.value("/priority/effective"_json_pointer, 0);
  const int base = instance.value("/priority/base"_json_pointer, 0);
  const json master = instance.value("master", json());
  const bool is_ours = state == "MASTER" && !instance.value("leaving", false);
  const std::string heard = is_ours ? "this node" : master.is_object() ? text_of(master, "address") : "none heard";
  const json faults = instance.value("faults", json::array());
  const std::string trouble = instance.value("leaving", false) ? "hands over"
                              : faults.empty()                 ? ""
                                                               : bare(faults.front().get<std::string>());
  const std::string priority = effective == base ? std::to_string(base) : fmt::format("{} (base {})", effective, base);
  return {{padded(text_of(instance, "name"), widths.name) + "  ", is_chosen ? Style::reversed : Style::bold},
          {padded(state, widths.state) + "  ", style_of(state)},
          {fmt::format("{:<8}  {:<14}  {:<16}  ", span_of(now - instance.value("since", now)), priority, heard)},
          {trouble, Style::alarm}};
}

// Counts down between two looks.
std::string WatchScreen::timer_line(double now) const {
  if (text_of(instance_, "name") != bare(chosen())) return "";
  const json timeout = instance_.value("next_timeout_in", json());
  std::string line = text_of(instance_, "reason_text");
  if (timeout.is_number()) {
    line += fmt::format("; {} in {}", text_of(instance_, "state") == "MASTER" ? "next advert" : "takes over",
                        span_of(timeout.get<double>() - (now - instance_at_)));
  }
  const json master = instance_.value("master", json());
  if (master.is_object() && master.contains("priority")) {
    line += fmt::format("; {} announces {}", text_of(master, "address"), master.value("priority", 0));
  }
  return line;
}

std::vector<Line> WatchScreen::why_lines(double now) const {
  if (text_of(instance_, "name") != bare(chosen())) return {{{"asking batond ..."}}};
  const Explanation why = explain_instance(instance_, now);
  std::vector<Line> lines{{{why.instance + "  ", Style::bold}, {why.state, style_of(why.state)}}};
  const auto section = [&](const char* title, const std::vector<std::string>& sentences, Style style) {
    if (sentences.empty()) return;
    lines.push_back({{title, Style::bold}});
    for (const std::string& sentence : sentences) lines.push_back({{"  - " + sentence, style}});
  };
  section("now", why.now, Style::plain);
  section("what is wrong", why.wrong, Style::alarm);
  section("next", why.next, Style::plain);
  section("what would change it", why.changes, Style::plain);
  return lines;
}

std::vector<Line> WatchScreen::lines(std::size_t height, std::size_t width, double now) const {
  std::vector<Line> lines{head(now)};
  const std::size_t events_shown = height > 16 ? 5 : height > 10 ? 2 : 0;
  const std::size_t room = height > events_shown + 4 ? height - events_shown - 4 : 1;
  if (mode_ == Mode::why) {
    for (Line& line : why_lines(now)) lines.push_back(std::move(line));
  } else {
    const auto rows = shown();
    Widths widths;
    const std::size_t first = chosen_ >= room ? chosen_ - room + 1 : 0;
    const std::size_t last = std::min(rows.size(), first + room);
    for (std::size_t i = first; i < last; ++i) {
      const json& instance = status_.at("instances")[rows[i]];
      widths.name = std::max(widths.name, text_of(instance, "name").size());
      widths.state = std::max(widths.state, text_of(instance, "state").size());
    }
    lines.push_back({{fmt::format("{}  {}  FOR       PRIORITY        MASTER", padded("NAME", widths.name),
                                  padded("STATE", widths.state)),
                      Style::bold}});
    for (std::size_t i = first; i < last; ++i) {
      lines.push_back(row(status_.at("instances")[rows[i]], i == chosen_, widths, now));
    }
  }
  lines.resize(std::min(lines.size(), room + 2));
  lines.resize(room + 2);
  lines.push_back({{timer_line(now)}});
  for (std::size_t i = 0; i < events_shown; ++i) {
    const std::size_t back = events_shown - i;
    std::string text = events_.size() >= back ? event_line(events_[events_.size() - back], false) : "";
    if (text.ends_with('\n')) text.pop_back();
    lines.push_back({{text}});
  }
  const std::string keys = mode_ == Mode::filter     ? "/" + filter_ + "_  (Enter keeps, Esc drops it)"
                           : mode_ == Mode::question ? fmt::format("hand over {}? y/n", bare(asked_for_))
                           : !message_.empty()       ? bare(message_)
                                                     : "q quit  arrows or j k choose  Enter why  h hand over  / filter";
  lines.push_back({{keys, Style::reversed}});
  if (lines.size() > height) lines.erase(lines.begin(), lines.end() - static_cast<long>(height));
  for (Line& line : lines) cut(line, width);
  return lines;
}

}  // namespace baton::cli
