#include "cli/events_command.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <expected>
#include <nlohmann/json.hpp>

#include "cli/answer.h"
#include "cli/help.h"
#include "cli/terminal.h"
#include "cli/words.h"
#include "command_line/command_line.h"
#include "control/client.h"
#include "control/event_stream.h"

namespace baton::cli {

using nlohmann::json;

std::string event_line(const json& event, bool colour) {
  const Painter paint(colour);
  const double at = event.value("at", 0.0);
  std::string line = fmt::format("{} {}  {:<8}  {}", clock_of(at).substr(0, 10), time_of_day(at),
                                 bare(event.value("event", "")), paint.bold(bare(event.value("name", ""))));
  line += "  " + paint.state(bare(event.value("state", "")));
  if (const json priority = event.value("priority", json()); priority.is_number()) {
    line += fmt::format("  priority {}", priority.get<int>());
  }
  const json until = event.value("until", json());
  const bool is_over = event.value("state", "") == "off" || event.value("state", "") == "expired";
  if (until.is_number() && !is_over) line += "  until " + clock_of(until);
  if (const std::string by = bare(event.value("by", "")); !by.empty()) line += "  by " + by;
  if (const std::string reason = bare(event.value("reason", "")); !reason.empty()) line += "  " + reason;
  for (const char* key : {"peer", "address", "mac"}) {  // of two owners
    if (const std::string value = bare(event.value(key, "")); !value.empty())
      line += fmt::format("  {} {}", key, value);
  }
  if (const auto lost = event.value("lost", 0ULL); lost > 0) {
    line += "  " + paint.alarm(fmt::format("({} before it were lost)", lost));
  }
  return line + "\n";
}

void SeenEvents::on_event(std::uint64_t number, const json& event) {
  number_ = number;
  at_ = event.value("at", 0.0);
}

std::vector<json> SeenEvents::unseen(const json& history) const {
  const json events = history.value("events", json::array());
  bool is_another = history.value("last", std::uint64_t{0}) < number_;
  for (const json& event : events) {
    if (event.value("number", std::uint64_t{0}) == number_ && event.value("at", 0.0) != at_) is_another = true;
  }
  std::vector<json> found;
  for (const json& event : events) {
    if (is_another || event.value("number", std::uint64_t{0}) > number_) found.push_back(event);
  }
  return found;
}

namespace {

constexpr int come_back_ms = 200;  // a reload or a restart takes its moment

struct EventsOptions {
  std::string socket = control::default_control_socket;
  bool follow = false;
  bool as_json = false;
};

void print(const EventsOptions& options, const json& event) {
  fmt::print("{}", options.as_json ? event.dump(-1, ' ', false, json::error_handler_t::replace) + "\n"
                                   : event_line(event, wants_colours()));
  std::fflush(stdout);
}

// Nobody reads any more: a pipe that was closed.
bool has_reader() {
  pollfd out{.fd = STDOUT_FILENO, .events = 0, .revents = 0};
  return ::poll(&out, 1, 0) == 0 || (out.revents & (POLLERR | POLLNVAL)) == 0;
}

void wait_for_news(const control::EventStream& stream) {
  constexpr int look_for_reader_ms = 1000;
  pollfd news{.fd = stream.fd(), .events = POLLIN, .revents = 0};
  ::poll(&news, 1, look_for_reader_ms);
}

class Listener {
 public:
  explicit Listener(const EventsOptions& options) : options_(options) {}

  std::expected<void, control::ControlError> catch_up() {
    const auto history = control::ask(options_.socket, {.path = "/v1/history"});
    if (!history) return std::unexpected(history.error());
    for (const json& event : seen_.unseen(*history)) tell(event.value("number", std::uint64_t{0}), event);
    return {};
  }

  // Until somebody ends it, or batond refuses. A stream that ends is opened again after the last event heard.
  int follow() {
    bool is_away = false;
    while (has_reader()) {
      const auto heard = listen();
      if (heard) {
        is_away = false;
      } else if (heard.error().kind == control::ControlError::Kind::permission) {
        return complain(heard.error());
      } else if (!is_away) {
        fmt::print(stderr, "baton: {}; waiting for it\n", heard.error().message);
        is_away = true;
      }
      ::poll(nullptr, 0, come_back_ms);
      if (!catch_up()) continue;  // the next turn says it
    }
    return exit_code::success;
  }

 private:
  // One stream, to its end.
  std::expected<void, control::ControlError> listen() {
    auto stream = control::EventStream::open(options_.socket, std::to_string(seen_.last()));
    if (!stream) return std::unexpected(stream.error());
    while (has_reader()) {
      wait_for_news(*stream);
      const auto news = stream->read();
      std::uint64_t number = number_of(stream->last_event());
      std::vector<json> events;
      for (const json& event : news.events) {
        if (is_kept(event)) events.push_back(event);  // not the hello
      }
      number -= std::min<std::uint64_t>(number, events.size());
      for (const json& event : events) tell(++number, event);
      if (news.is_over) break;
    }
    return {};
  }

  // Of those that have a number.
  static bool is_kept(const json& event) { return event.contains("event") && event["event"] != "rejected"; }

  static std::uint64_t number_of(const std::string& text) {
    std::uint64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
  }

  void tell(std::uint64_t number, const json& event) {
    print(options_, event);
    seen_.on_event(number, event);
  }

  const EventsOptions& options_;
  SeenEvents seen_;
};

int run_events(const EventsOptions& options) {
  Listener listener(options);
  if (const auto told = listener.catch_up(); !told) return complain(told.error());
  return options.follow ? listener.follow() : exit_code::success;
}

}  // namespace

void add_events_command(command_line::Command& app, int& result) {
  auto options = std::make_shared<EventsOptions>();
  command_line::Command command = app.add_command("events", "What has happened (the last 256 events), and happens");
  command.add_flag("-f,--follow", options->follow, "go on with what happens, also over reloads and restarts of batond");
  command.add_flag("--json", options->as_json, "one JSON object a line (docs/status.md)");
  command.add_option("--socket", options->socket, "control socket of batond").named_value("PATH").shows_default();
  command.set_footer(footer("baton events --follow", exit_codes_of_questions));
  command.on_call([options, &result] { result = run_events(*options); });
}

}  // namespace baton::cli
