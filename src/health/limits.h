// What strangers may cost a check: ours to change, documented in docs/checks.md.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/time.h"

namespace baton::health::limits {

inline constexpr std::size_t sentence = 300;             // bytes
inline constexpr std::size_t detail = 120;               // bytes of what a stranger said
inline constexpr std::size_t page_bytes = 8U << 20;      // of a page that is read
inline constexpr std::size_t searched_bytes = 1U << 20;  // of a page that a regex sees
inline constexpr std::uint64_t regex_work = 64'000'000;  // of a search, in RegexPrice's units: tens of milliseconds
inline constexpr std::uint32_t regex_steps = 1'000'000;  // match limit of PCRE2, where a match may begin
inline constexpr std::uint32_t regex_heap_kib = 16 * 1024;
inline constexpr std::size_t json_bytes = 256 * 1024;         // of a page that is read as JSON: tens of milliseconds
inline constexpr std::size_t json_depth = 64;                 // objects and arrays within one another
inline constexpr std::size_t http2_header_bytes = 16 * 1024;  // unpacked, trailers with them, 32 more a field
inline constexpr std::size_t http2_bytes = 16U << 20;         // of an answer, on the wire
inline constexpr std::uint32_t http2_frames = 256;            // of an answer that bring nothing of a page
inline constexpr std::uint32_t http2_data_frames = 65'536;
inline constexpr std::size_t http2_unsent_acks = 32;  // of settings and pings that the server does not fetch
inline constexpr std::size_t grpc_message = 1024;     // of an answer of the health service
inline constexpr std::size_t smtp_line = 512;         // RFC 5321, 4.5.3.1.5
inline constexpr std::size_t smtp_reply = 8 * 1024;   // lines of one reply together
inline constexpr unsigned foreign_datagrams = 64;     // that answer no question of ours, before a try is given up
inline constexpr Duration lacking_pause =
    std::chrono::seconds(1);                    // at least, after a try that this machine could not make
inline constexpr unsigned timeouts_in_all = 3;  // an exchange may take so many timeouts, or until the next is due

}  // namespace baton::health::limits
