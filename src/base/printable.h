// Text of strangers, for a terminal or a page.
#pragma once

#include <string>
#include <string_view>

namespace baton {

// Valid UTF-8 that moves no cursor: each control character but the line feed becomes '?' (also U+0080 to U+009F, the
// line and paragraph separators, and what turns the direction of writing), each byte that is no UTF-8 becomes U+FFFD.
std::string printable(std::string_view text);

}  // namespace baton
