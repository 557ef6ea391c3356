// What a configuration may cost, in one place: ours to change, documented in docs/configuration.md. Reaching one is a
// diagnostic, never a crash and never a silent cut.
#pragma once

#include <cstddef>
#include <cstdint>

namespace baton::config::limits {

inline constexpr std::size_t file_bytes = 16U << 20;  // one file, and all files together
inline constexpr std::size_t files = 1'000;           // includes in all
inline constexpr unsigned include_depth = 32;
inline constexpr std::size_t names_looked_at = 100'000;    // by one pattern with wildcards
inline constexpr std::size_t alternatives = 1'000;         // of one {a,b} pattern
inline constexpr std::size_t lines = 1'000'000;            // of all files together
inline constexpr std::size_t line_bytes = 64U << 10;       // one line, also after variables are replaced
inline constexpr std::size_t familiar_line_bytes = 1'023;  // keepalived loses the head of a longer one
inline constexpr unsigned nesting = 32;                    // variables within variables, ~SEQ within multi-line bodies
inline constexpr std::size_t replacements = 1'000'000;     // of variables, and rounds of ~SEQ and ~LST
inline constexpr std::size_t statements = 500'000;         // after expansion
inline constexpr std::size_t statement_bytes = 32U << 20;  // after expansion, all together
inline constexpr std::size_t variables = 10'000;
inline constexpr std::size_t words = 2'000;  // on one line
inline constexpr unsigned block_depth = 16;
inline constexpr std::size_t accounts = 100;       // asked of the system, which may ask a directory service
inline constexpr std::size_t diagnostics = 1'000;  // errors that are kept, and as many others; the rest is counted
inline constexpr std::size_t shown_line = 100;     // bytes of a source line that a diagnostic shows
inline constexpr std::size_t names_to_guess_from = 1'000;  // which one was meant
inline constexpr std::size_t guesses = 100;                // in one reading: nobody mends more words before the next
inline constexpr std::size_t nexthops = 64;                // of one route
inline constexpr std::size_t webhooks = 16;
inline constexpr std::size_t url_bytes = 2'000;     // of a webhook
inline constexpr std::size_t headers = 8;           // of a webhook
inline constexpr std::size_t header_bytes = 4'000;  // of each
inline constexpr std::size_t pages = 100;           // of one HTTP check
inline constexpr std::size_t status_ranges = 32;    // of one page
inline constexpr std::size_t regex_bytes = 4'000;
inline constexpr std::size_t json_values = 32;        // of one page
inline constexpr std::size_t json_bytes = 1'000;      // of a pointer, of a value
inline constexpr std::size_t regex_stack = 8U << 20;  // bytes that a regex may have
inline constexpr std::size_t smtp_hosts = 16;         // of one SMTP_CHECK
inline constexpr std::size_t udp_bytes = 1'400;       // of a payload, of a wanted reply
inline constexpr std::size_t services = 100'000;      // addresses, ports and marks of all virtual servers
inline constexpr std::size_t real_servers = 200'000;  // of all virtual servers
inline constexpr std::size_t name_bytes = 255;        // of an instance, a script, a group

}  // namespace baton::config::limits
