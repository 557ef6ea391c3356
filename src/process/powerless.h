// Whom a child runs as that talks to a stranger: not root.
#pragma once

#include <unistd.h>

#include <utility>

#include "process/program.h"

namespace baton::process {

// The kernel's own number for nobody (overflowuid of proc(5)): a small image of a container has no name for it.
inline constexpr uid_t kernels_nobody = 65'534;

inline Credentials powerless(Users& users) {
  if (auto nobody = users.find({"nobody", {}}, Users::Groups::own)) return *std::move(nobody);
  if (geteuid() == 0) return {.user = kernels_nobody, .group = kernels_nobody, .groups = {}};
  return users.find({}, Users::Groups::own).value_or(Credentials{});
}

}  // namespace baton::process
