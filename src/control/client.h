// The other side of batond's control API (docs/api.md), for whoever asks or listens: the operator's tool, the D-Bus and
// SNMP companions.
#pragma once

#include <chrono>
#include <expected>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/unique_fd.h"

namespace baton::control {

inline constexpr const char* default_control_socket = "/run/baton/control.sock";

struct ControlError {
  enum class Kind { not_running, permission, timeout, malformed, refused, not_found, reloading };
  Kind kind = Kind::not_running;
  std::string message;  // what happened, and what to do next
};

struct Call {
  std::string method = "GET";
  std::string path;          // "/v1/status"
  nlohmann::json body{};     // null: none
  std::string last_event{};  // Last-Event-ID, of a stream
};

// "/v1/instances/NAME" and what follows it; the name is escaped.
std::string instance_path(std::string_view name, std::string_view behind = {});

// The object that answers. An error of batond's is a ControlError of kind refused, not_found or permission.
std::expected<nlohmann::json, ControlError> ask(const std::string& socket_path, const Call& call,
                                                std::chrono::milliseconds timeout = std::chrono::seconds(3));
// The same without the items of its list `list`, which `take` is given one by one: of thousands, the memory for all at
// once would cost more time than all else.
std::expected<nlohmann::json, ControlError> ask_item_by_item(
    const std::string& socket_path, const Call& call, std::string_view list,
    const std::function<void(const nlohmann::json& item)>& take,
    std::chrono::milliseconds timeout = std::chrono::seconds(3));
// The same of an answer that is no JSON.
std::expected<std::string, ControlError> fetch(const std::string& socket_path, const Call& call,
                                               std::chrono::milliseconds timeout = std::chrono::seconds(3));

// A connection on which the request has been sent.
std::expected<UniqueFd, ControlError> send_request(const std::string& socket_path, const Call& call);

}  // namespace baton::control
