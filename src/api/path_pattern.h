// Matches the path of a request against one like /v1/instances/{name}/handover. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace baton::api {

// What stands in the places of the braces, in their order; nullopt: another path.
std::optional<std::vector<std::string>> match(std::string_view pattern, const std::vector<std::string>& path);

}  // namespace baton::api
