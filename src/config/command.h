// A program as a configuration names it, and whom it runs as.
#pragma once

#include <string>
#include <vector>

#include "config/source_place.h"

namespace baton::config {

// Whom a script runs as. Names or numbers as written; they are looked up by the one that starts it.
struct Account {
  std::string user;   // empty: script_user, else keepalived_script where that account exists, else our own
  std::string group;  // empty: the user's primary group

  bool operator==(const Account&) const = default;
};

// A program to run.
struct Command {
  std::vector<std::string> arguments;  // the program and its arguments, quotes and escapes resolved; never empty
  std::string line;                    // the same as the user wrote it, outer quotes removed
  Account account;
  Place place;

  bool operator==(const Command&) const = default;
};

}  // namespace baton::config
