// What to say of a command that there is not.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace baton::cli {

// The known word that was probably meant; empty when none is near.
std::string nearest_word(std::string_view word, std::span<const std::string> known);

}  // namespace baton::cli
