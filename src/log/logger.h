// Where the roles say what happened: journal, syslog, stderr. Writing never waits: a reader that hangs costs lines,
// which are counted and told with the next line that it reads, and never an advert. What a process has not told when it
// ends is told by nobody.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include "base/unique_fd.h"
#include "log/lost_lines.h"

namespace baton::log {

// The severities of syslog(3).
enum class Level : std::uint8_t { error = 3, warning = 4, notice = 5, info = 6, debug = 7 };
std::string_view name(Level level);

// A journal field (systemd.journal-fields(7)): upper-case name, any text. Shown by `journalctl -o json`; the other
// sinks leave it out.
struct Field {
  std::string_view name;
  std::string_view value;
};

// The same, kept until its line is written.
struct OwnField {
  std::string_view name;
  std::string value;
};

struct Options {
  bool console = false;  // stderr, one line a message with the time in front
  bool syslog = true;    // journal if its socket is there, else /dev/log
  int facility = 3;      // syslog(3) facility number: daemon
  Level threshold = Level::info;
  std::string identifier = "baton";
  std::string journal_socket = "/run/systemd/journal/socket";
  std::string syslog_socket = "/dev/log";
};

class Logger {
 public:
  explicit Logger(Options options);

  void write(Level level, std::string_view message, std::span<const Field> fields);
  void write(Level level, std::string_view message, std::initializer_list<Field> fields = {}) {
    write(level, message, std::span(fields.begin(), fields.size()));
  }
  void error(std::string_view message, std::initializer_list<Field> fields = {}) {
    write(Level::error, message, fields);
  }
  void warning(std::string_view message, std::initializer_list<Field> fields = {}) {
    write(Level::warning, message, fields);
  }
  void notice(std::string_view message, std::initializer_list<Field> fields = {}) {
    write(Level::notice, message, fields);
  }
  void info(std::string_view message, std::initializer_list<Field> fields = {}) { write(Level::info, message, fields); }
  void debug(std::string_view message, std::initializer_list<Field> fields = {}) {
    write(Level::debug, message, fields);
  }

  // A role names itself after the fork: "baton-vrrp".
  void set_identifier(std::string identifier) { options_.identifier = std::move(identifier); }
  // Lines that no sink could take since the start.
  std::uint64_t lost() const { return lost_.count(); }

 private:
  bool to_readers(Level level, std::string_view line, std::span<const Field> fields);
  bool connect();
  std::string datagram(Level level, std::string_view message, std::span<const Field> fields) const;
  bool to_socket(std::string_view datagram);
  bool to_daemon(Level level, std::string_view message, std::span<const Field> fields);
  bool to_console(Level level, std::string_view message);

  Options options_;
  UniqueFd socket_;
  bool journal_ = false;
  LostLines lost_;
};

}  // namespace baton::log
