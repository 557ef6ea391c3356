// A program to be started on somebody's behalf: what a `notify…`, `script` or `…_fifo_script` line of the
// configuration means.
#pragma once

#include <string>
#include <vector>

namespace baton::notify {

struct Command {
  std::vector<std::string> argv;  // argv[0] is a path, or a bare name that is looked up in PATH
  std::string user;               // name or number; empty: the user that the runner runs as
  std::string group;              // name or number; empty: the user's own group

  bool operator==(const Command&) const = default;
};

}  // namespace baton::notify
