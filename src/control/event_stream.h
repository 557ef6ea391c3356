// What happens, as batond tells it (docs/api.md): one JSON object an event, from the moment of the question on. Never
// waits: the owner watches fd() and reads.
#pragma once

#include <expected>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "control/client.h"
#include "http/parser.h"
#include "http/server_sent_events.h"

namespace baton::control {

namespace limits {
inline constexpr std::size_t event_bytes = 64 * 1024;  // of one
}  // namespace limits

class EventStream {
 public:
  // With the id of the last event heard it begins with those that came since, as far as batond keeps them.
  static std::expected<EventStream, ControlError> open(const std::string& socket_path, std::string last_event = {});

  int fd() const { return fd_.get(); }

  struct News {
    std::vector<nlohmann::json> events;
    bool is_over = false;  // batond has closed the stream; what was missed since is in its status
  };
  News read();
  const std::string& last_event() const { return last_event_; }

 private:
  explicit EventStream(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
  http::ResponseParser response_;
  http::ServerSentEventParser parser_{limits::event_bytes};
  std::string last_event_;
};

}  // namespace baton::control
