// Counts what this program takes from the heap with operator new, for tests that promise to take nothing.
#pragma once

#include <cstdint>

namespace baton {

// Calls of operator new by this thread so far.
std::uint64_t allocation_count();

}  // namespace baton
