// Asks batond for its virtual servers, page by page.
#pragma once

#include <expected>
#include <nlohmann/json.hpp>
#include <string>

#include "control/client.h"

namespace baton::cli {

// As GET /v1/services has it, with the services of all pages.
std::expected<nlohmann::json, control::ControlError> ask_services(const std::string& socket);

// The same with those services alone that `text` is the name, the group or an address of ("10.0.0.1:80"). Not found:
// the message names some that there are.
std::expected<nlohmann::json, control::ControlError> ask_services(const std::string& socket, const std::string& text);

}  // namespace baton::cli
