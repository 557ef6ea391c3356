// The node's maintenance (docs/decisions/0015) as the guardian keeps it: what an operator asks for, what is remembered
// over restarts, and the texts for both. Values; the file alone touches the disk.
#pragma once

#include <cstdint>
#include <expected>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/sys_error.h"
#include "base/time.h"

namespace baton::daemon {

namespace limits {
inline constexpr Duration maintenance_longest = std::chrono::hours(24 * 365);
inline constexpr std::size_t maintenance_reason_bytes = 160;  // an event with it is kept whole
inline constexpr std::size_t maintenance_by_bytes = 64;
inline constexpr std::size_t maintenance_file_bytes = 4096;
}  // namespace limits

// A maintenance that lasts.
struct Maintenance {
  WallTime since{};
  std::optional<WallTime> until{};  // nullopt: until somebody ends it
  std::string reason;               // the operator's words; may be empty
  std::string by;                   // who asked for it, as they say
  bool is_forced = false;           // nobody was asked whether somebody takes over

  bool is_over(WallTime now) const { return until && now >= *until; }
  bool operator==(const Maintenance&) const = default;
};
// {"since":...,"until":...,"reason":...,"by":...,"forced":...}: docs/status.md.
nlohmann::json to_json(const Maintenance& maintenance);

struct MaintenanceOrder {
  std::uint64_t id = 0;  // of the question
  enum class What : std::uint8_t { on, off } what = What::on;
  bool is_forced = false;
  std::optional<Duration> lasts{};  // nullopt: until somebody ends it
  std::string reason;
  std::string by;

  bool operator==(const MaintenanceOrder&) const = default;
};
// As one message of the api role to the guardian. nullopt: not such a message.
std::string to_message(const MaintenanceOrder& order);
std::optional<MaintenanceOrder> maintenance_order_of(ByteView message);
// The body of PUT /v1/maintenance: {"for":7200,"reason":"...","by":"...","force":true}. The error is a sentence.
std::expected<MaintenanceOrder, std::string> maintenance_order_of_request(const nlohmann::json& request);

// --- the file ---
std::string file_text(const Maintenance& maintenance);
// nullopt: there is no such file. The error is a sentence: what is wrong with it, and what to do.
std::expected<std::optional<Maintenance>, std::string> read_maintenance(const std::string& path);
// On the disk when it returns, whole or as before; nullopt: there shall be none.
SysResult<void> keep_maintenance(const std::string& path, const std::optional<Maintenance>& maintenance);

}  // namespace baton::daemon
