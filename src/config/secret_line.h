// Passwords and keys in a source line: where they stand, and the line as it may be shown. A keyword that was misspelt
// still hides what follows it, as does a variable whose name says what it holds.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace baton::config {

// Index from which on a line may hold a secret: behind auth_pass, key and their like, also nearly so spelt. npos:
// nowhere.
std::size_t secret_begin(std::string_view line);

// The line with what is secret as asterisks; `whole`: a variable or a list of values that a secret keyword uses.
std::string mask_secrets(std::string line, bool whole);

}  // namespace baton::config
