// A story: some machines, and a list of what happens to them. A value, so that one which ends badly can be made
// smaller, written down and played again as a test.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/world.h"

namespace baton::sim {

namespace limits {
inline constexpr std::size_t machines = 16;        // of one story
inline constexpr std::size_t happenings = 10'000;  // of one story
}  // namespace limits

enum class What : std::uint8_t {
  start,
  stop,
  handover,
  maintain,    // value: MaintenanceTold::Wish
  crash,       // of the worker
  guardian,    // it dies
  runner,      // it dies
  everything,  // all processes die, and nobody starts them
  power,
  hang,    // of the worker
  starve,  // the worker gets no processor; value: for so many milliseconds
  pause,   // of all processes
  freeze,  // of a virtual machine
  wake,
  check,    // value: 0 down, 1 up
  log,      // value: its reader 0 stalls, 1 reads, 2 is slow
  scripts,  // value: 1 track scripts hang, 2 notify scripts do; added
  link,     // value: 0 down, 1 up
  cut,      // value: 1 inbound, 2 outbound, 4 on every LAN; added
  heal,
  quality,
  step,     // value: the clock of the day, by so many milliseconds
  drift,    // value: in parts of a million
  reload,   // value: the seed of the new configuration
  migrate,  // value: the VRRP version that the machine speaks from now on, 2 or 3
  quiet,    // all is repaired, and after a bound the address must have settled
};
inline constexpr std::size_t what_count = static_cast<std::size_t>(What::quiet) + 1;
std::string_view name(What what);

struct Happening {
  Duration after{};  // the one before
  What what = What::quiet;
  std::size_t machine = 0;
  vrrp::RouterId router = 0;
  std::int64_t value = 0;
  Quality quality{};

  bool operator==(const Happening&) const = default;
};

struct Story {
  std::uint64_t seed = 1;  // of all that is left to chance
  std::vector<MachineParameters> machines;
  std::vector<Happening> happenings;  // the end is quiet in any case
};

struct Outcome {
  std::string problem;  // empty: passed
  Counts counts;
  Duration simulated{};
  std::vector<std::string> timeline;  // the last events, when they were recorded
};
Outcome play(const Story& story, bool record, const Hooks& hooks = {});

// As text, a line for each machine and each happening; reads what it has written.
std::string write(const Story& story);
std::optional<Story> read_story(std::string_view text);

}  // namespace baton::sim
