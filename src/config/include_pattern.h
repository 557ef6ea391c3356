// What an include line names: csh braces taken apart, and which failures are errors.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace baton::config {

// The include problems that stop the start; by default none does.
struct IncludeChecks {
  bool unreadable = false;   // read: unreadable, a directory, executable
  bool missing = false;      // match: a plain name that does not exist
  bool wildcard = false;     // wildcard_match: a pattern that matches nothing
  bool alternative = false;  // brace_match: one of {a,b} does not exist

  static IncludeChecks all() { return {true, true, true, true}; }
  IncludeChecks operator|(const IncludeChecks& other) const;
};

// The checks that come with a keyword of the include family; nullopt for any other word.
std::optional<IncludeChecks> include_checks(std::string_view keyword);

// "a{b,c{d,e}}f" to abf, acdf, acef. nullopt when there are more than limits::alternatives.
std::optional<std::vector<std::string>> expand_braces(std::string_view pattern);

bool has_wildcard(std::string_view pattern);

}  // namespace baton::config
