#include "log/logger.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>

namespace baton::log {

namespace {

// A message longer than this is cut; PIPE_BUF (4096) bytes reach a pipe in one piece or not at all.
constexpr std::size_t longest_message = 3000;

UniqueFd connect_datagram(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) return {};
  std::ranges::copy(path, address.sun_path);
  UniqueFd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd || ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) < 0) return {};
  return fd;
}

// One line, no control characters: what a stranger sent must not draw on somebody's terminal or forge a second line.
std::string cleaned(std::string_view message) {
  std::string line(message.substr(0, longest_message));
  std::ranges::replace_if(line, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 127; }, ' ');
  return line;
}

}  // namespace

std::string_view name(Level level) {
  switch (level) {
    case Level::error: return "error";
    case Level::warning: return "warning";
    case Level::notice: return "notice";
    case Level::info: return "info";
    case Level::debug: return "debug";
  }
  return "";
}

Logger::Logger(Options options) : options_(std::move(options)) {}

void Logger::write(Level level, std::string_view message, std::span<const Field> fields) {
  if (level > options_.threshold) return;
  const std::string line = cleaned(message);
  const auto say_lost = [&](std::uint64_t count) {
    return to_readers(Level::warning,
                      fmt::format("{} log lines were lost because the reader of the log did not read", count), {});
  };
  lost_.write([&] { return to_readers(level, line, fields); }, say_lost);
}

bool Logger::to_readers(Level level, std::string_view line, std::span<const Field> fields) {
  bool told = true;
  if (options_.console) told = to_console(level, line) && told;
  if (options_.syslog) told = to_daemon(level, line, fields) && told;
  return told;
}

// A log daemon that was restarted has another socket: then the line is written once more, to that.
bool Logger::to_daemon(Level level, std::string_view message, std::span<const Field> fields) {
  const bool was_connected = static_cast<bool>(socket_);
  if (!connect()) return options_.console;  // no log daemon on this machine: not a loss when somebody sees the console
  if (to_socket(datagram(level, message, fields))) return true;
  if (socket_ || !was_connected || !connect()) return false;
  return to_socket(datagram(level, message, fields));
}

bool Logger::connect() {
  if (socket_) return true;
  socket_ = connect_datagram(options_.journal_socket);
  journal_ = static_cast<bool>(socket_);
  if (!socket_) socket_ = connect_datagram(options_.syslog_socket);
  return static_cast<bool>(socket_);
}

std::string Logger::datagram(Level level, std::string_view message, std::span<const Field> fields) const {
  const int severity = static_cast<int>(level);
  if (!journal_) {  // RFC 3164, as syslog(3) writes it
    const std::time_t now = std::time(nullptr);
    return fmt::format("<{}>{:%b %e %H:%M:%S} {}[{}]: {}", options_.facility * 8 + severity, fmt::localtime(now),
                       options_.identifier, ::getpid(), message);
  }
  std::string datagram =
      fmt::format("PRIORITY={}\nSYSLOG_FACILITY={}\nSYSLOG_IDENTIFIER={}\nSYSLOG_PID={}\nMESSAGE={}\n", severity,
                  options_.facility, options_.identifier, ::getpid(), message);
  for (const Field& field : fields) datagram += fmt::format("{}={}\n", field.name, cleaned(field.value));
  return datagram;
}

bool Logger::to_socket(std::string_view datagram) {
  if (::send(socket_.get(), datagram.data(), datagram.size(), MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) return true;
  if (errno != EAGAIN && errno != ENOBUFS) socket_.reset();
  return false;
}

bool Logger::to_console(Level level, std::string_view message) {
  pollfd ready{.fd = STDERR_FILENO, .events = POLLOUT, .revents = 0};
  if (::poll(&ready, 1, 0) != 1 || (ready.revents & POLLOUT) == 0) return false;
  timespec now{};
  (void)::clock_gettime(CLOCK_REALTIME, &now);  // the time of a log line, for people
  const std::string line = fmt::format("{:%Y-%m-%d %H:%M:%S}.{:03} {:<10} {:<7} {}\n", fmt::localtime(now.tv_sec),
                                       now.tv_nsec / 1'000'000, options_.identifier, name(level), message);
  return ::write(STDERR_FILENO, line.data(), line.size()) == static_cast<ssize_t>(line.size());
}

}  // namespace baton::log
