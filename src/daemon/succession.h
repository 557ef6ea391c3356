// Which router of a new configuration goes on as which of the one before.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "daemon/last_will.h"
#include "daemon/setup.h"

namespace baton::daemon {

// For each router of `old` its place in `next`; nullopt: nobody goes on as it. Who is who: VRID, family, interface, and
// whether it speaks to peers or to a group; a name may change.
std::vector<std::optional<std::size_t>> successors(const Setup& old, const Setup& next);

// Nothing that concerns this router is configured otherwise: its peers and its adverts need not know of the reload.
bool is_unchanged(const Setup& old, std::size_t router, const Setup& next, std::size_t successor);

// Both at once, before there are wills: it takes its time with thousands.
struct Heirs {
  std::vector<std::optional<std::size_t>> places;  // successors()
  std::vector<bool> unchanged;                     // of `old`, same index
  std::vector<bool> same_group;                    // likewise; also where it is in none, before and now
  std::size_t count = 0;                           // of routers in `next`
};
Heirs heirs(const Setup& old, const Setup& next);

// read(router of `old`) gives its will, if there is one; give(router of `next`, will) or leave(router of `old`, will)
// takes it. Who is unchanged keeps pace.
template <typename Read, typename Give, typename Leave>
void hand_down(const Heirs& heirs, Read&& read, Give&& give, Leave&& leave) {
  for (std::size_t i = 0; i < heirs.places.size(); ++i) {
    std::optional<RouterWill> will = read(i);
    if (!will) continue;
    if (!heirs.places[i]) {
      leave(i, *will);
      continue;
    }
    will->router.keeps_pace = heirs.unchanged[i];
    if (!heirs.same_group[i]) will->told.group = will->router.state;  // nobody is owed news of another group
    give(*heirs.places[i], *will);
  }
}

// What the routers of a new configuration go on with, and what is left of those that nobody goes on as: whoever of them
// has addresses is owed a goodbye.
struct Inheritance {
  RouterWills wills;  // of `next`, same index
  RouterWills gone;   // of `old`, same index
};
Inheritance inheritance(const Setup& old, const Setup& next, const RouterWills& wills);

// A router that is in the configuration no more, as it is told of for the last time.
struct Vanished {
  std::string name;
  notify::Hooks hooks;
  unsigned priority = 0;  // effective, as it was at the end
};

// Those of `old` that nobody goes on as; `wills`: theirs.
std::vector<Vanished> vanished(const Setup& old, const Setup& next, std::span<const std::optional<RouterWill>> wills);

// The name of a router that would go on without any of its addresses: as MASTER it would keep them from everybody.
std::optional<std::string> loses_all_addresses(const Setup& old, const Setup& next);

}  // namespace baton::daemon
