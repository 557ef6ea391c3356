// Notify scripts of states that no runner has carried out yet. A runner that dies takes with it what waited in it, and
// what is told while there is none is lost: the next one is told the latest state of each instance and group again. A
// script may so be started twice for a state; never is it left with the one before.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "process/runner_protocol.h"

namespace baton::daemon {

class Unfinished {
 public:
  // At most one is kept of each key: of an instance or group of the configuration.
  void on_told(const process::Notify& notify) {
    Entry& entry = entries_[notify.key];
    entry.awaited += notify.commands.size();
    entry.latest = notify;
  }
  void on_finished(const std::string& key) {
    const auto found = entries_.find(key);
    if (found != entries_.end() && --found->second.awaited == 0) entries_.erase(found);
  }
  // For a runner that knows nothing of those before it.
  std::vector<process::Notify> tell_again() {
    std::vector<process::Notify> again;
    for (auto& [key, entry] : entries_) {
      entry.awaited = entry.latest.commands.size();
      again.push_back(entry.latest);
    }
    return again;
  }

 private:
  struct Entry {
    process::Notify latest;
    std::size_t awaited = 0;  // ends of scripts, those of earlier states included
  };
  std::map<std::string, Entry> entries_;
};

}  // namespace baton::daemon
