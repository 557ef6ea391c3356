// `baton plan`: who holds each address before and after a start, every single failure, every return and, on request,
// every pair of failures; after how long, whether two or none hold it meanwhile, and why. Played on the daemon's own
// cores (World), in no time and without a machine. PURE.
//
// What the times mean: they run from the moment something happens until the address is where it stays. It happens at
// the worst moment: every master has just sent an advert, every check has just run. A failed check fails at once
// and takes no time to run; a machine, a link or a daemon is silent at once. All nodes run Baton.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "plan/network.h"
#include "plan/services.h"
#include "plan/world.h"

namespace baton::plan {

namespace limits {

inline constexpr std::size_t nodes = 64;
inline constexpr std::uint64_t steps = 100'000'000;  // Budget of a whole plan; what would be more is not played
inline constexpr std::uint64_t steps_with_pairs = 1'000'000'000;

}  // namespace limits

enum class EventKind : std::uint8_t {
  start,
  machine,
  link,
  script,
  check,  // a vrrp_check
  bfd,    // a bfd_instance
  hang,
  process,
  file,
  stop,
  crash,
  worker_crash,
  partition
};

// What happens to one node; to all of them, a start and a partition.
struct Event {
  EventKind kind = EventKind::start;
  NodeId node = 0;
  std::string object;        // of the file: the interface, script, check or process
  std::size_t index = 0;     // NodePlace::links, TrackerId
  std::string process;       // the process that the script asks about
  bool is_reversed = false;  // the script is tracked in reverse: its success is the failure
  int number = 0;            // that is written into the file
  int number_before = 0;
  bool is_return = false;
};
inline bool is_of_all_nodes(const Event& event) {
  return event.kind == EventKind::start || event.kind == EventKind::partition;
}
// "machine", "link-return" ...
std::string name(const Event& event);

// One node had a ring's address; times count from the event.
struct Holding {
  NodeId node = 0;
  Duration from{};
  Duration until{};

  bool operator==(const Holding&) const = default;
};

// What a scenario means for one ring.
struct Outcome {
  RingId ring = 0;
  std::vector<NodeId> before;
  std::vector<NodeId> after;
  std::optional<Duration> settled_after;  // nullopt: nothing moved
  Duration two_owners{};
  Duration no_owner{};
  bool comes_back = false;  // somebody got it, lost it, and got it again
  std::string why;          // a sentence without a full stop
  std::vector<Holding> holdings;

  bool has_moved() const { return before != after; }
  bool is_untouched() const { return !settled_after; }
};

struct Scenario {
  std::vector<Event> standing;  // failures that are there already
  Event event;
  std::string title;
  Rest rest = Rest::calm;
  Duration lasted{};
  std::vector<Outcome> outcomes;  // by ring; none when there is no budget left
};

enum class Severity : std::uint8_t { note, warning, error };
std::string_view name(Severity severity);

struct Finding {
  Severity severity = Severity::note;
  std::string id;  // "moves-nothing"
  std::string message;
  std::vector<std::string> instances;  // the rings it is about
  std::vector<std::string> events;     // the titles of the scenarios that show it
};

struct Options {
  bool pairs = false;
  std::string only;  // a part of an event's name or title; empty: all
  std::uint64_t steps = limits::steps;
};

struct Plan {
  std::vector<std::string> nodes;
  std::vector<std::string> rings;
  std::vector<std::vector<IpAddress>> addresses;  // of each ring
  std::vector<Scenario> scenarios;
  std::vector<ServicePlan> services;  // what deaths of real servers do
  std::vector<Finding> findings;      // the worst first

  Severity worst() const;  // note, when there is nothing
};

// Of a network without problems.
Plan make_plan(const Network& network, const Options& options);

}  // namespace baton::plan
