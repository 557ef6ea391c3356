// What no runner has carried out yet: one that dies takes with it what waited in it. The next one is told the latest
// state of each instance and group again, for notify scripts, and every FIFO line, mail and webhook's news. So one of
// them may be told twice; never is a script left with the state before, nor a reader without his line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "process/runner_protocol.h"

namespace baton::daemon {

class Unfinished {
 public:
  // Numbers of news begin behind `first`, which no worker before has used; at most `most_bytes` of them are kept, the
  // latest.
  Unfinished(std::uint64_t first, std::size_t most_bytes) : number_(first), most_bytes_(most_bytes) {}
  Unfinished() = default;  // for scripts alone

  // ---- notify scripts of states ----
  // At most one is kept of each key: of an instance or group of the configuration, whose numbers differ. Other scripts
  // of the key may end meanwhile: of the state before, or of another event.
  void on_told(const process::Notify& notify) {
    entries_.insert_or_assign(notify.key, Entry{.latest = notify, .awaited = notify.commands.size()});
  }
  void on_finished(const process::NotifyFinished& finished) {
    const auto found = entries_.find(finished.key);
    if (found == entries_.end() || found->second.latest.number != finished.number) return;
    if (--found->second.awaited == 0) entries_.erase(found);
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

  // ---- FIFO lines, mails, webhooks' news ----
  std::uint64_t next_number() { return ++number_; }
  void keep(std::uint64_t number, Bytes message) {
    kept_bytes_ += message.size();
    kept_.emplace(number, Kept{.message = std::move(message)});
    while (kept_bytes_ > most_bytes_) forget(kept_.begin());
  }
  void on_done(const process::NewsDone& done) {
    for (const std::uint64_t number : done.numbers) {
      if (const auto found = kept_.find(number); found != kept_.end()) forget(found);
    }
  }
  // For the next runner, by their numbers: in the order of what happened. What so many runners could not finish is
  // perhaps what they die of, and is forgotten.
  std::vector<Bytes> news_again() {
    std::vector<Bytes> again;
    for (auto place = kept_.begin(); place != kept_.end();) {
      const auto here = place++;
      if (here->second.runners == most_runners) {
        forget(here);
        continue;
      }
      ++here->second.runners;
      again.push_back(here->second.message);
    }
    return again;
  }

 private:
  struct Entry {
    process::Notify latest;
    std::size_t awaited = 0;  // ends of its scripts
  };
  struct Kept {
    Bytes message;
    unsigned runners = 0;  // that were told again
  };
  static constexpr unsigned most_runners = 3;
  void forget(std::map<std::uint64_t, Kept>::iterator place) {
    kept_bytes_ -= place->second.message.size();
    kept_.erase(place);
  }

  std::map<std::string, Entry> entries_;
  std::uint64_t number_ = 0;
  std::size_t most_bytes_ = 0;
  std::map<std::uint64_t, Kept> kept_;
  std::size_t kept_bytes_ = 0;
};

}  // namespace baton::daemon
