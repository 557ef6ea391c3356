// Which Baton this is: the version of CMakeLists.txt, and nobody else's to write.
#pragma once

#include <string_view>

namespace baton {

extern const std::string_view version;  // "1.2.3"

}  // namespace baton
