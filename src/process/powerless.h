// Whom a child runs as that talks to a stranger: not root.
#pragma once

#include <utility>

#include "process/program.h"

namespace baton::process {

inline Credentials powerless(Users& users) {
  if (auto nobody = users.find({"nobody", {}}, Users::Groups::own)) return *std::move(nobody);
  return users.find({}, Users::Groups::own).value_or(Credentials{});
}

}  // namespace baton::process
