// A scenario's outcomes as people want to read them: instances with the same fate are one row. PURE.
#pragma once

#include <string>
#include <vector>

#include "plan/plan.h"

namespace baton::plan {

struct Row {
  std::vector<RingId> rings;
  const Outcome* outcome = nullptr;  // of the first; the others differ in nothing that is shown
};
std::vector<Row> rows_of(const Scenario& scenario);

// Something got or lost it, nobody or two have it, or it should have moved.
bool is_worth_a_row(const Plan& plan, const Scenario& scenario, const Outcome& outcome);

std::string owners_text(const Plan& plan, const std::vector<NodeId>& nodes);  // "web1", "web1+web2", "nobody"
// "VI_1, VI_2 and 98 more".
std::string names_text(const std::vector<std::string>& names, std::size_t most);
std::string rings_text(const Plan& plan, const std::vector<RingId>& rings, std::size_t most);

// "for good", or how long.
std::string nobody_text(const Outcome& outcome);
std::string two_text(const Outcome& outcome);

}  // namespace baton::plan
