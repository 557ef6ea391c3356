// What can happen to the nodes of a network, in words and in a world. PURE.
#pragma once

#include <string>
#include <vector>

#include "plan/plan.h"
#include "plan/world.h"

namespace baton::plan {

// Everything that can fail alone: of each node the machine, its links, what it tracks, its daemon.
std::vector<Event> single_failures(const World& world);
// After `standing`, can this still happen?
bool is_possible_after(const Event& standing, const Event& event);
std::optional<Event> return_of(const Event& failure);

void apply(const Event& event, World& world);

// "nginx dies on web1", for a headline.
std::string title(const Event& event, const Network& network);
// "nginx dying on web1", for a sentence about it.
std::string gerund(const Event& event, const Network& network);
// "nginx died", for what came of it.
std::string past(const Event& event, const Network& network);

}  // namespace baton::plan
