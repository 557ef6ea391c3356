// The failures a lab plays: what is done to the node that holds the address, what must come of it, how it is undone.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/sys_error.h"
#include "lab/lab.h"

namespace baton::lab {

// Where the address must be afterwards.
enum class Outcome : std::uint8_t {
  moves,    // on another node, and the client is served by it
  settles,  // on exactly one node, whichever
};

// What the protocol allows a client to miss.
enum class Allowance : std::uint8_t {
  start,        // programs start, and wait for the master-down interval whether there is a master already
  nothing,      // the master is asked or told to leave, or a better one comes: nobody need notice
  skew,         // the master says goodbye: one skew time
  master_down,  // the master falls silent: the master-down interval
  detection,    // a check must notice first, and a fallen priority is believed after the master-down interval
};

// Whether two owners are in the nature of the failure (a partition, a corpse that keeps its address).
enum class Owners : std::uint8_t { one, may_be_two };

struct Scene {
  Lab& lab;
  const Target& target;     // the virtual router that is looked at: the first
  const Contender& master;  // who holds its address when the scenario begins
  NodeId node() const { return master.node; }
};

struct Scenario {
  std::string name;   // --scenario
  std::string title;  // for people, completes the node's name: "nginx stops"
  std::function<SysResult<void>(const Scene&)> fault;
  std::function<SysResult<void>(const Scene&)> undo = {};
  std::string undo_title = {};  // empty: the way back is not worth a line of its own
  Allowance allowance = Allowance::nothing;
  Owners owners = Owners::one;
  Outcome outcome = Outcome::moves;
  Owners undo_owners = Owners::one;
  std::optional<Allowance> promise = {};  // where batond promises more than the protocol asks for
  bool needs_web = false;
  bool needs_batond = false;
};

std::span<const Scenario> scenarios();
const Scenario* find_scenario(std::string_view name);

}  // namespace baton::lab
