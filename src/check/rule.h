// What `baton check` looks for: every rule with a number that stays, and what to tell somebody who asks about it.
#pragma once

#include <span>
#include <string_view>

#include "config/diagnostic.h"

namespace baton::check {

using config::Severity;

struct Rule {
  std::string_view id;                    // "B017"; B0xx: one file, B1xx: between files, B2xx: reading a file
  std::string_view name;                  // kebab-case; of what reading says, the id of config's diagnostic
  Severity severity = Severity::warning;  // at least; what reading says may be graver
  std::string_view title;                 // a line
  std::string_view explanation;           // whole sentences: what happens, why it matters, what to do
};

// In the order of their ids.
std::span<const Rule> rules();
// By id or name; nullptr when there is none.
const Rule* find_rule(std::string_view id_or_name);

// The parts that rules() is made of.
std::span<const Rule> file_rules();
std::span<const Rule> between_rules();
std::span<const Rule> reading_rules();

}  // namespace baton::check
