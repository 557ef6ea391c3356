// ASSERT: our own invariants, on in release builds too. A wrong state on a network is two masters; stopping is a
// failover, because the guardian takes the addresses off after us. Never used for what the outside world sends.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace baton {

[[noreturn]] inline void assertion_failed(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: assertion failed: %s\n", file, line, expression);
  std::abort();
}

}  // namespace baton

#define ASSERT(expression) \
  (static_cast<bool>(expression) ? void(0) : ::baton::assertion_failed(#expression, __FILE__, __LINE__))
