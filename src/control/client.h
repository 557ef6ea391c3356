// The other side of batond's control socket (docs/status.md), for whoever asks or listens: the operator's tool, the
// D-Bus and SNMP companions.
#pragma once

#include <chrono>
#include <expected>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "base/unique_fd.h"

namespace baton::control {

inline constexpr const char* default_control_socket = "/run/baton/control.sock";

struct ControlError {
  enum class Kind { not_running, permission, timeout, malformed, refused, not_found };
  Kind kind = Kind::not_running;
  std::string message;  // what happened, and what to do next
};

// The reply's object; a reply {"error": ...} is a ControlError of kind refused, or not_found when it says so.
std::expected<nlohmann::json, ControlError> ask(const std::string& socket_path, const nlohmann::json& request,
                                                std::chrono::milliseconds timeout = std::chrono::seconds(3));

// A connection on which one request line has been sent.
std::expected<UniqueFd, ControlError> send_request(const std::string& socket_path, const nlohmann::json& request);

}  // namespace baton::control
