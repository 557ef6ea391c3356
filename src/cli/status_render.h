// What `baton status` prints: a line an instance, or all that is known of each.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace baton::cli {

// `now`: UTC seconds, for "2 h ago". The status is docs/status.md's, whole or brief.
std::string render_status(const nlohmann::json& status, double now, bool colour);
std::string render_table(const nlohmann::json& status, double now, bool colour);
std::string render_instance(const nlohmann::json& instance, double now, bool colour);

}  // namespace baton::cli
