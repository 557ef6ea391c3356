// The only file that knows ncurses. Once a second a brief status and the chosen instance are asked for; events come as
// they happen. Nothing here waits for batond longer than its patience, and the terminal is given back whatever ends us.
#include "cli/watch_command.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <clocale>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <string_view>

#include "cli/answer.h"
#include "cli/help.h"
#include "cli/terminal.h"
#include "cli/watch_screen.h"
#include "cli/words.h"
#include "command_line/command_line.h"
#include "control/client.h"
#include "control/event_stream.h"

#define NCURSES_NOMACROS
#include <ncurses.h>

namespace baton::cli {

namespace {

using control::EventStream;

constexpr double look_every = 1;                            // seconds
constexpr auto patience = std::chrono::milliseconds(1000);  // for an answer; keys wait as long

volatile std::sig_atomic_t is_ended = 0;

void on_end_signal(int) {
  is_ended = 1;
}

double steady_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

class Terminal {
 public:
  explicit Terminal(bool colours) {
    std::setlocale(LC_CTYPE, "");
    ::initscr();
    ::cbreak();
    ::noecho();
    ::nonl();
    ::keypad(stdscr, true);
    ::nodelay(stdscr, true);
    ::set_escdelay(25);
    ::curs_set(0);
    has_colours_ = colours && ::has_colors();
    if (!has_colours_) return;
    ::start_color();
    ::use_default_colors();
    ::init_pair(1, COLOR_GREEN, -1);
    ::init_pair(2, COLOR_BLUE, -1);
    ::init_pair(3, COLOR_RED, -1);
  }
  ~Terminal() { ::endwin(); }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  void draw(const WatchScreen& screen) const {
    ::werase(stdscr);
    int y = 0;
    for (const Line& line : screen.lines(static_cast<std::size_t>(LINES), static_cast<std::size_t>(COLS), utc_now())) {
      ::wmove(stdscr, y++, 0);
      for (const Span& span : line) {
        ::wattrset(stdscr, static_cast<int>(attribute(span.style)));
        ::waddnstr(stdscr, span.text.c_str(), -1);
      }
    }
    ::wattrset(stdscr, static_cast<int>(A_NORMAL));
    ::wrefresh(stdscr);
  }

  // Every key that waits.
  static void read_keys(WatchScreen& screen) {
    for (int key = ::wgetch(stdscr); key != ERR; key = ::wgetch(stdscr)) {
      constexpr int escape = 27;
      switch (key) {
        case KEY_UP: screen.on_key(Key::up); break;
        case KEY_DOWN: screen.on_key(Key::down); break;
        case KEY_PPAGE: screen.on_key(Key::page_up); break;
        case KEY_NPAGE: screen.on_key(Key::page_down); break;
        case KEY_ENTER:
        case '\r':
        case '\n': screen.on_key(Key::enter); break;
        case escape: screen.on_key(Key::escape); break;
        case KEY_BACKSPACE:
        case '\b':
        case 127: screen.on_key(Key::erase); break;
        default:
          if (key >= ' ' && key < 127) screen.on_key(Key::letter, static_cast<char>(key));
      }
    }
  }

 private:
  chtype attribute(Style style) const {
    const auto coloured = [this](short pair) {
      return has_colours_ ? static_cast<chtype>(COLOR_PAIR(pair)) | A_BOLD : A_BOLD;
    };
    switch (style) {
      case Style::plain: return A_NORMAL;
      case Style::bold: return A_BOLD;
      case Style::reversed: return A_REVERSE;
      case Style::good: return coloured(1);
      case Style::calm: return coloured(2);
      case Style::alarm: return coloured(3);
    }
    return A_NORMAL;
  }

  bool has_colours_ = false;
};

class Watcher {
 public:
  explicit Watcher(std::string socket) : socket_(std::move(socket)) {}

  void run() {
    const Terminal terminal(wants_colours());
    double next_look = 0;
    while (is_ended == 0 && !screen_.is_over()) {
      if (steady_now() >= next_look) {
        look();
        next_look = steady_now() + look_every;
      }
      terminal.draw(screen_);
      if (!wait(next_look - steady_now())) return;
      const std::string before = screen_.chosen();
      Terminal::read_keys(screen_);
      if (const auto name = screen_.take_handover()) hand_over(*name);
      if (screen_.chosen() != before) ask_chosen();
    }
  }

 private:
  void look() {
    if (const auto status = control::ask(socket_, {.path = "/v1/status?view=brief"}, patience)) {
      screen_.on_status(*status, utc_now());
      ask_chosen();
    } else {
      screen_.on_silence(status.error().message);
    }
    if (events_) return;
    if (auto stream = EventStream::open(socket_, last_event_)) events_.emplace(std::move(*stream));
  }

  void ask_chosen() {
    const std::string name = screen_.chosen();
    if (name.empty()) return;
    const auto instance = control::ask(socket_, {.path = control::instance_path(name)}, patience);
    if (instance) screen_.on_instance(*instance, utc_now());
  }

  void hand_over(const std::string& name) {
    const auto reply =
        control::ask(socket_, {.method = "POST", .path = control::instance_path(name, "/handover")}, patience);
    screen_.on_message(reply ? reply->value("message", "asked") : reply.error().message);
  }

  // For a key, an event, or the time; false: the terminal is gone.
  bool wait(double seconds) {
    pollfd watched[] = {{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0},
                        {.fd = events_ ? events_->fd() : -1, .events = POLLIN, .revents = 0}};
    ::poll(watched, 2, std::max(1, static_cast<int>(seconds * 1000)));
    if ((watched[0].revents & (POLLHUP | POLLERR | POLLNVAL)) != 0) return false;
    if (!events_ || watched[1].revents == 0) return true;
    const auto news = events_->read();
    for (const auto& event : news.events) screen_.on_event(event);
    last_event_ = events_->last_event();
    if (news.is_over) events_.reset();  // a reload; the next look comes back
    return true;
  }

  std::string socket_;
  WatchScreen screen_;
  std::optional<EventStream> events_;
  std::string last_event_ = "0";  // the first time all that is kept
};

int run_watch(const std::string& socket) {
  if (::isatty(STDIN_FILENO) != 1 || ::isatty(STDOUT_FILENO) != 1) {
    fmt::print(stderr, "baton: watch needs a terminal; baton status and baton events --follow do not\n");
    return exit_code::failure;
  }
  if (const char* kind = std::getenv("TERM"); kind == nullptr || std::string_view(kind) == "dumb") {
    fmt::print(stderr, "baton: this terminal (TERM) cannot move its cursor; baton events --follow needs no more\n");
    return exit_code::failure;
  }
  if (const auto answer = control::ask(socket, {.path = "/v1/status?view=brief"}); !answer)
    return complain(answer.error());
  struct sigaction end{};
  end.sa_handler = on_end_signal;
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) ::sigaction(number, &end, nullptr);
  Watcher(socket).run();
  return exit_code::success;
}

}  // namespace

void add_watch_command(command_line::Command& app, int& result) {
  auto socket = std::make_shared<std::string>(control::default_control_socket);
  command_line::Command command = app.add_command("watch", "The instances of this node, live on the whole terminal");
  command.add_option("--socket", *socket, "control socket of batond").named_value("PATH").shows_default();
  command.set_footer("Keys: q quit, arrows or j k choose, Enter why, h hand over, / filter.\n" +
                     footer("baton watch", "0 ended, 1 no terminal, 2 usage, 4 no batond answers"));
  command.on_call([socket, &result] { result = run_watch(*socket); });
}

}  // namespace baton::cli
