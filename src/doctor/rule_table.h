// The list of what `baton doctor` looks for.
#pragma once

#include <span>
#include <string_view>

#include "doctor/finding.h"

namespace baton::doctor {

std::span<const Rule> rules();  // in the order of their ids
// By id or name; nullptr when there is none.
const Rule* find_rule(std::string_view id_or_name);

}  // namespace baton::doctor
