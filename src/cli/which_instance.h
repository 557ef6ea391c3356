// Which vrrp_instance somebody means who has typed a name, or the address that he was woken for.
#pragma once

#include <expected>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "control/client.h"

namespace baton::cli {

// The names of those that have this address, of a status's `instances`; in the order written.
std::vector<std::string> instances_with(const nlohmann::json& instances, std::string_view address);

// An instance's name stays as it is; an address becomes the name of the instance that has it. Not found, or refused
// when several have it: the message names them.
std::expected<std::string, control::ControlError> instance_meant(const std::string& socket, const std::string& text);

// The status of the instance that is meant. Not found: the message names those that there are.
std::expected<nlohmann::json, control::ControlError> ask_instance(const std::string& socket, const std::string& text);

}  // namespace baton::cli
