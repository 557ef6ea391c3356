// What a thousand vrrp_scripts cost, beside what starting as many programs costs without any daemon.
#pragma once

#include <expected>
#include <string>

#include "stage.h"

namespace baton::bench {

struct ScriptFigures {
  double cpu_all = 0;   // of the daemon and the scripts, seconds a minute
  double cpu_bare = 0;  // of the starts alone
  double missed = 0;    // runs, of a hundred
};

std::expected<ScriptFigures, std::string> run_scripts(Daemon daemon, std::size_t scripts, const std::string& batond,
                                                      Duration steady);

}  // namespace baton::bench
