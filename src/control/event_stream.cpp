#include "control/event_stream.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>

namespace baton::control {

std::expected<EventStream, ControlError> EventStream::open(const std::string& socket_path) {
  auto fd = send_request(socket_path, {{"command", "events"}});
  if (!fd) return std::unexpected(std::move(fd).error());
  return EventStream(std::move(*fd));
}

// A bounded number of reads a call; the rest keeps fd() readable.
EventStream::News EventStream::read() {
  News news;
  std::array<char, 16 * 1024> buffer;
  for (int reads = 0; reads < 4; ++reads) {
    const ssize_t count = ::recv(fd_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) break;
    if (count <= 0) {
      news.is_over = true;
      break;
    }
    received_.append(buffer.data(), static_cast<std::size_t>(count));
  }
  std::size_t begin = 0;
  for (std::size_t end; (end = received_.find('\n', begin)) != received_.npos; begin = end + 1) {
    auto line = nlohmann::json::parse(received_.begin() + static_cast<std::ptrdiff_t>(begin),
                                      received_.begin() + static_cast<std::ptrdiff_t>(end), nullptr, false);
    if (line.is_object()) news.lines.push_back(std::move(line));
  }
  received_.erase(0, begin);
  if (received_.size() > limits::event_line) news.is_over = true;
  return news;
}

}  // namespace baton::control
