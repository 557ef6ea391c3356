// Is this program built with the address sanitizer, whose runtime makes system calls and keeps books on stacks that the
// rest of the program knows nothing of?
#pragma once

namespace baton {

#if defined(__SANITIZE_ADDRESS__)  // g++
inline constexpr bool has_address_sanitizer = true;
#elif defined(__has_feature)  // clang
inline constexpr bool has_address_sanitizer = __has_feature(address_sanitizer);
#else
inline constexpr bool has_address_sanitizer = false;
#endif

}  // namespace baton
