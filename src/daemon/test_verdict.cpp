#include "daemon/test_verdict.h"

#include <algorithm>

#include "config/whole_rules.h"

namespace baton::daemon {
namespace {

constexpr int clean = 0;
constexpr int missing_value = 2;  // where keepalived reads no further
constexpr int missing_file = 4;   // with -e; without it there is nothing to complain of
constexpr int reported = 5;
constexpr int refused_or_insecure = 6;

bool has(const config::LoadResult& result, config::Severity severity, std::string_view id) {
  return std::ranges::any_of(
      result.diagnostics, [&](const config::Diagnostic& each) { return each.severity == severity && each.id == id; });
}

}  // namespace

// A script that nobody tracks counts there, and is not in our configuration any more.
bool has_open_scripts(const config::LoadResult& result) {
  if (result.configuration.globals.script_security) return false;
  return !config::commands_of(result.configuration).empty() || has(result, config::Severity::warning, "unused-script");
}

int keepalived_test_code(const config::LoadResult& result, bool has_problems, bool include_check) {
  if (result.missing_file) return include_check ? missing_file : clean;
  if (has(result, config::Severity::error, "missing-value")) return missing_value;
  if (has(result, config::Severity::error, "bad-include") || has_open_scripts(result)) return refused_or_insecure;
  return result.is_familiar || has_problems ? reported : clean;
}

}  // namespace baton::daemon
