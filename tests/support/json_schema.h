// Holds a JSON value against the part of JSON Schema that docs/openapi.json uses: type, enum, properties, required,
// additionalProperties, items, $ref.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace baton::support {

// What does not fit, each with its place: "/instances/0/state: 7 is no string". `document` is what $ref looks in.
std::vector<std::string> misfits(const nlohmann::json& value, const nlohmann::json& schema,
                                 const nlohmann::json& document, const std::string& place = "");

}  // namespace baton::support
