// Passwords and keys that are not in the configuration but in a file of their own, or a credential of the service
// (systemd.exec(5), LoadCredential=).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "config/arguments.h"
#include "config/secret.h"

namespace baton::config {

// "credential:NAME" is a file of $CREDENTIALS_DIRECTORY; anything else is a path, relative to the file that the line
// stands in, as an include's. Line ends behind the secret do not count. Nothing, reported as `id`, when it cannot be
// read; a file that others can read is reported too.
std::optional<Secret> read_secret_file(const Arguments& arguments, std::size_t index, std::string_view where,
                                       std::string_view id);

}  // namespace baton::config
