// How findings look on a terminal, whichever command has them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "config/diagnostic.h"

namespace baton::cli {

std::string_view colour_of(config::Severity severity);
std::string counted(std::size_t count, std::string_view what);  // "1 error", "2 errors"
std::string wrapped(std::string_view text);                     // whole words, and no line longer than a terminal

}  // namespace baton::cli
