#include "http/server_sent_events.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace baton::http {

std::string to_text(const ServerSentEvent& event) {
  std::string text;
  if (!event.id.empty()) text += fmt::format("id: {}\n", event.id);
  if (!event.kind.empty()) text += fmt::format("event: {}\n", event.kind);
  return text + fmt::format("data: {}\n\n", event.data);
}

std::string event_stream_header() {
  return "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n";
}

std::vector<ServerSentEvent> ServerSentEventParser::feed(std::string_view text) {
  std::vector<ServerSentEvent> events;
  rest_.append(text);
  std::size_t begin = 0;
  for (std::size_t end; (end = rest_.find('\n', begin)) != rest_.npos; begin = end + 1) {
    std::string_view line(rest_.data() + begin, end - begin);
    if (line.ends_with('\r')) line.remove_suffix(1);
    take_line(line, events);
  }
  rest_.erase(0, begin);
  if (rest_.size() + event_.data.size() > limit_) is_broken_ = true;
  return events;
}

void ServerSentEventParser::take_line(std::string_view line, std::vector<ServerSentEvent>& events) {
  if (line.empty()) {
    if (std::exchange(has_data_, false)) events.push_back(event_);
    event_ = {.id = std::move(event_.id), .kind = {}, .data = {}};
    return;
  }
  const std::size_t colon = std::min(line.find(':'), line.size());
  const std::string_view name = line.substr(0, colon);
  std::string_view value = line.substr(std::min(colon + 1, line.size()));
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (name == "id") event_.id = value;
  if (name == "event") event_.kind = value;
  if (name != "data") return;
  if (has_data_) event_.data += '\n';
  event_.data += value;
  has_data_ = true;
}

}  // namespace baton::http
