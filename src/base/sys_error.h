// A system call that failed: what was tried, and the kernel's errno. Made on the spot by the shells, handed up,
// and logged once by whoever decides what happens next.
#pragma once

#include <cerrno>
#include <expected>
#include <string>
#include <string_view>

namespace baton {

struct SysError {
  std::string operation;  // as a reader of the log would say it: "bind to 10.0.20.14 port 112"
  int code = 0;           // errno(3)

  bool operator==(const SysError&) const = default;
};

template <typename T>
using SysResult = std::expected<T, SysError>;

// The error of the call that has just failed.
inline std::unexpected<SysError> last_error(std::string operation) {
  return std::unexpected(SysError{std::move(operation), errno});
}

// "bind to 10.0.20.14 port 112: Cannot assign requested address".
std::string to_string(const SysError& error);

}  // namespace baton
