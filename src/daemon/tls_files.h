// The files that the TLS of checks is made of, as they are now: whether a checker that has read them has to read them
// again, though their paths are the same.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/health_check.h"
#include "daemon/checker_role.h"

namespace baton::daemon {

struct FileIdentity {
  std::string path;
  bool exists = false;
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::int64_t size = 0;
  std::int64_t changed_s = 0;  // its content
  std::int64_t changed_ns = 0;

  bool operator==(const FileIdentity&) const = default;
};

// Those of the SSL block where a check speaks TLS; and where one verifies without a `ca`, the authorities of the
// machine.
std::vector<FileIdentity> tls_files(const std::vector<ListedCheck>& checks, const std::optional<config::CheckTls>& tls);

}  // namespace baton::daemon
