// A command of the configuration as the runner takes it.
#pragma once

#include <optional>

#include "config/model.h"
#include "notify/command.h"

namespace baton::setup {

// `fallback`: who runs it where nobody is named.
inline notify::Command to_command(const config::Command& command, const config::Account& fallback) {
  const config::Account& account = command.account.user.empty() ? fallback : command.account;
  return {.argv = command.arguments, .user = account.user, .group = account.group};
}

inline std::optional<notify::Command> to_command(const Rarely<config::Command>& command,
                                                 const config::Account& fallback) {
  if (!command) return std::nullopt;
  return to_command(*command, fallback);
}

}  // namespace baton::setup
