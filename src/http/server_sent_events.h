// Server-sent events (WHATWG HTML, 9.2): a response that does not end, in which each event is some lines of text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace baton::http {

struct ServerSentEvent {
  std::string id;    // what a listener that comes back names as the last it has heard
  std::string kind;  // "message" when it says nothing
  std::string data;

  bool operator==(const ServerSentEvent&) const = default;
};

// `data` without line feeds.
std::string to_text(const ServerSentEvent& event);

// A comment: says nothing, and shows that the connection lives.
inline constexpr std::string_view keep_alive_comment = ":\n\n";

// The header of such a response.
std::string event_stream_header();

// Text in, events out. More than `limit` bytes without the end of an event: is_broken().
class ServerSentEventParser {
 public:
  explicit ServerSentEventParser(std::size_t limit) : limit_(limit) {}
  std::vector<ServerSentEvent> feed(std::string_view text);
  bool is_broken() const { return is_broken_; }

 private:
  void take_line(std::string_view line, std::vector<ServerSentEvent>& events);

  std::size_t limit_;
  std::string rest_;
  ServerSentEvent event_;
  bool has_data_ = false;
  bool is_broken_ = false;
};

}  // namespace baton::http
