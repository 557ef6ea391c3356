// Makes a story that ends badly as small as it will go: fewer happenings (delta debugging: Zeller, Hildebrandt 2002),
// fewer machines, shorter waits, better LANs. What is left is the defect and little else.
#pragma once

#include <functional>

#include "sim/story.h"

namespace baton::sim {

namespace limits {
inline constexpr std::size_t shrink_tries = 5'000;  // stories played for one
}  // namespace limits

struct Shrunk {
  Story story;
  Outcome outcome;  // of it, with its timeline; no problem: it did not end badly in the first place
  std::size_t tries = 0;
};
Shrunk shrink(const Story& story, const Hooks& hooks = {});

}  // namespace baton::sim
