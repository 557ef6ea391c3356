#include "control/event_stream.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>

namespace baton::control {

std::expected<EventStream, ControlError> EventStream::open(const std::string& socket_path, std::string last_event) {
  auto fd = send_request(socket_path, {.path = "/v1/events", .last_event = std::move(last_event)});
  if (!fd) return std::unexpected(std::move(fd).error());
  return EventStream(std::move(*fd));
}

// A bounded number of reads a call; the rest keeps fd() readable.
EventStream::News EventStream::read() {
  News news;
  std::array<char, 16 * 1024> buffer;
  for (int reads = 0; reads < 4 && !news.is_over; ++reads) {
    const ssize_t count = ::recv(fd_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) break;
    news.is_over = count <= 0 || !response_.feed({buffer.data(), static_cast<std::size_t>(count)});
  }
  if (response_.has_header() && response_.status() != http::status::ok) news.is_over = true;
  for (const http::ServerSentEvent& event : parser_.feed(response_.take_body())) {
    if (!event.id.empty()) last_event_ = event.id;
    auto data = nlohmann::json::parse(event.data, nullptr, false);
    if (data.is_object()) news.events.push_back(std::move(data));
  }
  if (parser_.is_broken()) news.is_over = true;
  return news;
}

}  // namespace baton::control
