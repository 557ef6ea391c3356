// A reload as an operator asks for it (`baton reload`), and what became of it: what the api role and the guardian say
// to each other about it.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "config/diagnostic.h"
#include "daemon/reload_plan.h"
#include "daemon/setup.h"
#include "log/logger.h"

namespace baton::daemon {

namespace limits {
inline constexpr Duration confirm_within_at_most = std::chrono::hours(24);
}  // namespace limits

struct ReloadOrder {
  enum class What : std::uint8_t {
    carry_out,
    rehearse,  // --dry-run: say what would be done
    confirm,   // what was reloaded stays
  };
  std::uint64_t id = 0;  // of the question; 0: a signal, nobody waits for an answer
  What what = What::carry_out;
  std::optional<Duration> confirm_within{};  // else the configuration before comes back

  bool operator==(const ReloadOrder&) const = default;
};

// As one message of the api role to the guardian. nullopt: not such a message.
std::string to_message(const ReloadOrder& order);
std::optional<ReloadOrder> reload_order_of(ByteView message);

// The same as the control socket has it (docs/status.md): {"command":"reload","dry_run":true,"confirm_within":60}. The
// error is a sentence.
std::expected<ReloadOrder, std::string> reload_order_of_request(const nlohmann::json& request);

// A configuration that was read again.
struct NextConfiguration {
  std::unique_ptr<Setup> setup;  // nullptr: refused
  std::vector<config::Diagnostic> diagnostics;
  std::size_t dropped = 0;
  std::vector<std::string> problems;  // why it is refused, beyond the diagnostics
};

void log_diagnostics(std::span<const config::Diagnostic> diagnostics, std::size_t dropped, log::Logger& log);
// What there is to say about it, and why it is refused.
void log_reading(const NextConfiguration& read, log::Logger& log);

enum class ReloadResult : std::uint8_t { carried_out, rehearsed, confirmed, refused, failed };

// docs/status.md has the members. `plan` may be null.
nlohmann::json reload_report(const ReloadOrder& order, const std::string& path, ReloadResult result,
                             const NextConfiguration& read, const ReloadPlan* plan);
// The same without a file read: confirmed, or why not.
nlohmann::json reload_report(const ReloadOrder& order, ReloadResult result, const std::string& sentence);

}  // namespace baton::daemon
