#include "cli/replay_command.h"

#include <fmt/format.h>

#include <sys/stat.h>
#include <algorithm>
#include <charconv>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <optional>

#include "base/printable.h"
#include "cli/help.h"
#include "cli/replay_text.h"
#include "command_line/command_line.h"
#include "control/client.h"
#include "recorder/replay.h"

namespace baton::cli {
namespace {

using recorder::Replay;
using recorder::Step;

constexpr int success = 0;
constexpr int differs = 1;
constexpr int usage = 2;
constexpr int no_answer = 4;
constexpr std::size_t file_most = std::size_t{512} << 20;

struct ReplayCommandOptions {
  std::string file;
  std::string socket = control::default_control_socket;
  std::string save;
  std::string instance;
  std::string from;
  std::string to;
  bool json = false;
  bool summary = false;
  bool step = false;
  bool last = false;
};

int complain(const std::string& message, int code = usage) {
  std::fputs(printable(fmt::format("baton replay: {}\n", message)).c_str(), stderr);
  return code;
}

// ---------------------------------------------------------------- where it comes from

std::expected<std::string, std::string> read_file(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return std::unexpected(path + " is no file that is there\n  mend: ls /run/baton/*.recording");
  }
  if (static_cast<std::size_t>(status.st_size) > file_most)
    return std::unexpected(path + " is larger than any recording\n  mend: ls /run/baton/*.recording");
  std::ifstream file(path, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(file), {}};
  if (!file) return std::unexpected(path + " cannot be read\n  mend: run as root");
  return bytes;
}

// It says how everything went here, and is nobody else's business.
bool save(const std::string& path, const std::string& bytes) {
  const mode_t mask = ::umask(077);
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << bytes;
  file.close();
  ::umask(mask);
  return static_cast<bool>(file);
}

// ---------------------------------------------------------------- from when to when

// "-30" before it was written, "30" after it begins, or 2026-11-27T12:31:06Z.
class Moment {
 public:
  static std::optional<Moment> parse(const std::string& text) {
    Moment moment;
    const char* const end = text.data() + text.size();
    double seconds = 0;
    if (const auto [at, error] = std::from_chars(text.data(), end, seconds); error == std::errc() && at == end) {
      if (!(seconds > -longest && seconds < longest)) return std::nullopt;
      moment.offset_ = std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
      moment.is_before_end_ = text.starts_with('-');
      return moment;
    }
    std::tm date{};
    const char* const rest = ::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &date);
    if (rest == nullptr) return std::nullopt;
    const std::string_view fraction(rest, static_cast<std::size_t>(text.c_str() + text.size() - rest));
    seconds = 0;
    if (fraction.starts_with('.')) {
      const auto [at, error] = std::from_chars(fraction.data(), fraction.data() + fraction.size(), seconds);
      if (error != std::errc() || std::string_view(at, static_cast<std::size_t>(end - at)) != "Z") return std::nullopt;
    } else if (fraction != "Z") {
      return std::nullopt;
    }
    moment.wall_ = WallTime(std::chrono::seconds(::timegm(&date))) +
                   std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
    return moment;
  }

  Instant of(const recorder::Recording& recording, Instant begun) const {
    if (wall_) return recording.origin.boot + (*wall_ - recording.origin.wall);
    return (is_before_end_ ? recording.origin.boot : begun) + offset_;
  }

 private:
  static constexpr double longest = 1e9;

  std::optional<WallTime> wall_;
  Duration offset_{};
  bool is_before_end_ = false;
};

// ---------------------------------------------------------------- what is shown

bool is_about(const Step& step, const vrrp::NodeParameters& node, const std::string& instance) {
  if (instance.empty() || !step.is_finished) return true;
  return std::ranges::any_of(step.touched,
                             [&](const auto& each) { return node.routers[each.router].name == instance; });
}

bool has_instance(const recorder::Recording& recording, const std::string& instance) {
  return instance.empty() || std::ranges::any_of(recording.lives, [&](const recorder::Life& life) {
           return std::ranges::any_of(life.parameters.routers,
                                      [&](const auto& router) { return router.name == instance; });
         });
}

// False: that is enough.
bool wait_for_enter() {
  std::fputs("[Enter: the next step, q: enough] ", stderr);
  std::string line;
  return std::getline(std::cin, line) && !line.starts_with('q');
}

struct Window {
  std::optional<Moment> from;
  std::optional<Moment> to;
};

struct Outcome {
  std::size_t steps = 0;
  std::size_t shown = 0;
  std::size_t different = 0;
  std::optional<std::size_t> first_different{};
  bool is_unfinished = false;
  std::string error{};
};

class Show {
 public:
  Show(const recorder::Recording& recording, const ReplayCommandOptions& options, const Window& window)
      : recording_(recording), options_(options), window_(window) {}

  Outcome run() {
    Replay replay(recording_, options_.last ? Replay::Unfinished::played : Replay::Unfinished::shown);
    std::optional<Instant> begun;
    for (;;) {
      auto next = replay.next();
      if (!next) {
        outcome_.error = next.error();
        return outcome_;
      }
      if (!*next) return outcome_;
      const Step& step = **next;
      if (!begun) begun = step.now;
      count(step);
      if (!is_wanted(step, *begun)) continue;
      show(step, *begun);
      if (options_.step && !wait_for_enter()) return outcome_;
    }
  }

 private:
  void count(const Step& step) {
    ++outcome_.steps;
    outcome_.is_unfinished = !step.is_finished;
    if (!step.difference) return;
    ++outcome_.different;
    if (!outcome_.first_different) outcome_.first_different = step.number;
  }
  bool is_wanted(const Step& step, Instant begun) const {
    if (step.difference) return true;
    if (options_.summary) return false;
    if (window_.from && step.now < window_.from->of(recording_, begun)) return false;
    if (window_.to && step.now > window_.to->of(recording_, begun)) return false;
    return is_about(step, recording_.lives[step.life].parameters, options_.instance);
  }
  void show(const Step& step, Instant begun) {
    const StepText text(recording_, begun);
    if (options_.json) {
      fmt::print("{}{}", outcome_.shown == 0 ? "\n" : ",\n",
                 text.json(step).dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
    } else {
      fmt::print("{}", printable(text.text(step)));
    }
    ++outcome_.shown;
  }

  const recorder::Recording& recording_;
  const ReplayCommandOptions& options_;
  const Window& window_;
  Outcome outcome_;
};

std::string verdict(const Outcome& outcome) {
  if (outcome.first_different) {
    return fmt::format("{} of {} steps differ, the first is {}", outcome.different, outcome.steps,
                       *outcome.first_different);
  }
  return fmt::format("{} steps, every action as it was{}", outcome.steps,
                     outcome.is_unfinished ? "; the worker did not finish the last" : "");
}

void print_json_head(const recorder::Recording& recording) {
  const nlohmann::ordered_json head{{"node", recording.origin.node},
                                    {"program", recording.origin.program},
                                    {"written", utc_text(recording.origin.wall)},
                                    {"configurations", recording.lives.size()}};
  std::string text = head.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  text.pop_back();
  fmt::print("{},\"steps\":[", text);
}

void print_json_tail(const Outcome& outcome) {
  const nlohmann::ordered_json tail{
      {"count", outcome.steps},
      {"differences", outcome.different},
      {"error", outcome.error.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(outcome.error)}};
  fmt::print("\n],{}\n", tail.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace).substr(1));
}

int replay_bytes(const std::string& bytes, const ReplayCommandOptions& options, const Window& window) {
  const auto recording = recorder::read_recording({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
  const std::string what = options.file.empty() ? "what batond has recorded" : options.file;
  if (!recording)
    return complain(fmt::format("{}: {}\n  mend: a file of baton replay --save, or /run/baton/crash-1.recording", what,
                                recording.error()));
  if (!has_instance(*recording, options.instance)) {
    return complain(
        fmt::format("{}: no vrrp_instance {}\n  mend: without --instance all are shown", what, options.instance));
  }
  if (options.json) {
    print_json_head(*recording);
  } else {
    fmt::print("{}", printable(fmt::format("{}, Baton {}, written {}\n", recording->origin.node,
                                           recording->origin.program, utc_text(recording->origin.wall))));
  }
  const Outcome outcome = Show(*recording, options, window).run();
  if (options.json) {
    print_json_tail(outcome);
  } else {
    fmt::print("{}\n", verdict(outcome));
  }
  if (!outcome.error.empty())
    return complain(
        fmt::format("{}: it ends too early: {}\n  mend: save it anew: baton replay --save FILE", what, outcome.error));
  return outcome.different == 0 ? success : differs;
}

int replay_command(const ReplayCommandOptions& options) {
  Window window;
  for (auto [text, moment] : {std::pair(&options.from, &window.from), std::pair(&options.to, &window.to)}) {
    if (text->empty()) continue;
    *moment = Moment::parse(*text);
    if (!*moment) {
      return complain(
          fmt::format("{} is no time\n  mend: 2026-11-27T12:31:06Z, or 30 (seconds after the beginning), or "
                      "-30 (before the end)",
                      *text));
    }
  }
  std::string bytes;
  if (options.file.empty()) {
    auto fetched = control::fetch(options.socket, {.path = "/v1/recording"}, std::chrono::seconds(10));
    if (!fetched) return complain(fetched.error().message, no_answer);
    bytes = std::move(*fetched);
  } else {
    auto read = read_file(options.file);
    if (!read) return complain(read.error());
    bytes = std::move(*read);
  }
  if (!options.save.empty()) {
    if (save(options.save, bytes)) return success;
    return complain(options.save + " cannot be written\n  mend: a file in a directory where you may write");
  }
  return replay_bytes(bytes, options, window);
}

}  // namespace

void add_replay_command(command_line::Command& app, int& exit_code) {
  auto options = std::make_shared<ReplayCommandOptions>();
  command_line::Command replay = app.add_command("replay", "Play a flight recording: what was heard and decided");
  replay.add_option("file", options->file, "a recording; without: what the batond that runs here has recorded");
  replay.add_option("--instance", options->instance, "steps of this vrrp_instance").named_value("NAME");
  replay
      .add_option("--from", options->from,
                  "steps from then on: 2026-11-27T12:31:06Z, or seconds; -30 is before the end")
      .named_value("TIME");
  replay.add_option("--to", options->to, "steps until then").named_value("TIME");
  replay.add_flag("--step", options->step, "wait for Enter after each step");
  replay.add_flag("--summary", options->summary, "only what differs, and the last line");
  replay.add_flag("--last", options->last, "play also the input that the worker did not finish; it may end us as well");
  replay.add_flag("--json", options->json, "one JSON document");
  replay.add_option("--save", options->save, "write the recording into this file, and play nothing")
      .named_value("FILE");
  replay.add_option("--socket", options->socket, "control socket of batond").named_value("PATH").shows_default();
  replay.set_footer(footer("baton replay --from -30; baton replay /run/baton/crash-1.recording",
                           "0 every action as it was, 1 some differ, 2 called wrongly, 4 no batond answers"));
  replay.on_call([options, &exit_code] { exit_code = replay_command(*options); });
}

}  // namespace baton::cli
