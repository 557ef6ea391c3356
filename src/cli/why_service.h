// Why a virtual server or a real server is in or out, and what would change that: from what batond tells of services
// (docs/status.md) to sentences. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>
#include <vector>

#include "cli/why.h"

namespace baton::cli {

// "10.0.0.1:80", "[fd00::1]:80": what no vrrp_instance is called.
bool is_address_and_port(std::string_view text);

// One for each service that has this address, and for each service that this real server serves. `now`: UTC seconds.
std::vector<Explanation> explain_services(const nlohmann::json& services, std::string_view text, double now);

}  // namespace baton::cli
