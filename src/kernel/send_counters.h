// What became of the packets handed to a socket.
#pragma once

#include <cstdint>

namespace baton::kernel {

struct SendCounters {
  std::uint64_t sent = 0;
  std::uint64_t failed = 0;
  int last_error = 0;  // errno of the last failure
};

}  // namespace baton::kernel
