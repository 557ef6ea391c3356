// What the checker role tells the balancer role, and the VRRP worker, one verdict a message on a kernel::Channel
// (SOCK_SEQPACKET). The guardian makes the pair and gives each of them its end. A new checker, or a new balancer or
// worker, gets a new pair; the checker then tells every verdict it has, so that nothing is lost between two of them.
// Pure.
//
// For the balancer, checks are numbered through the configuration that both roles were started with: virtual_server by
// virtual_server, real_server by real_server, each one's checks in the order written, from 0. A worker may have another
// configuration than the checker for a moment, as a reload changes one after the other; so a vrrp_check has its key
// (check_ledger.h), which is the same in both as long as the same is checked.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "daemon/check_ledger.h"

namespace baton::daemon {

namespace limits {

inline constexpr std::size_t verdict_reason = 500;  // bytes; what is longer is cut

}  // namespace limits

struct CheckVerdict {
  std::uint32_t check = 0;
  bool is_up = false;
  std::optional<std::int32_t> weight;  // of a check that gives one (misc_dynamic, FILE_CHECK): -2147483647..2147483647
  std::string reason;                  // for log, mail and status: "connection refused", "status 503"; may be empty

  bool operator==(const CheckVerdict&) const = default;
};

// Of a vrrp_check, for the worker.
struct TrackedVerdict {
  CheckKey key = 0;
  bool is_up = false;
  std::string reason;

  bool operator==(const TrackedVerdict&) const = default;
};

enum class VerdictError : std::uint8_t {
  truncated,       // the message ends within a field
  trailing_bytes,  // something follows the reason
  bad_value,       // a field outside its range
};

Bytes encode(const CheckVerdict& verdict);
std::expected<CheckVerdict, VerdictError> decode_verdict(ByteView message);
Bytes encode_tracked(const TrackedVerdict& verdict);
std::expected<TrackedVerdict, VerdictError> decode_tracked(ByteView message);

}  // namespace baton::daemon
