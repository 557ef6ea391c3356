// A plan as a text for a terminal of 100 columns, as JSON (docs/plan.md), and as a page of its own with a timeline a
// scenario. PURE.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "plan/plan.h"

namespace baton::plan {

enum class Detail : std::uint8_t { what_moves, all };
std::string render_text(const Plan& plan, Detail detail);
nlohmann::json to_json(const Plan& plan);
std::string render_html(const Plan& plan);

}  // namespace baton::plan
