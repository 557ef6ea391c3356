// What happens, as batond tells it (docs/status.md): one JSON object a line, from the moment of the question on. Never
// waits: the owner watches fd() and reads.
#pragma once

#include <expected>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "control/client.h"

namespace baton::control {

class EventStream {
 public:
  static std::expected<EventStream, ControlError> open(const std::string& socket_path);

  int fd() const { return fd_.get(); }

  struct News {
    std::vector<nlohmann::json> lines;
    bool is_over = false;  // batond has closed the stream; what was missed since is in its status
  };
  News read();

 private:
  explicit EventStream(UniqueFd fd) : fd_(std::move(fd)) {}
  UniqueFd fd_;
  std::string received_;
};

namespace limits {
inline constexpr std::size_t event_line = 64 * 1024;  // bytes
}  // namespace limits

}  // namespace baton::control
