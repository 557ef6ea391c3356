// A drawn story of faults: acts in which up to all nodes but one are hurt, and after each act everything is whole
// again. One seed, one story, whatever programs play it. PURE.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "lab/bad_wire.h"
#include "lab/topology.h"

namespace baton::lab {

enum class FaultKind : std::uint8_t {
  link_down,      // the interface is set down in the machine
  cable,          // pulled at the switch
  cut,            // the switch passes nothing, the carrier stays
  deaf,           // nothing reaches the node
  mute,           // nothing leaves the node
  lossy,          // a part of all frames is lost, both ways
  slow,           // frames are late, each by another time: they overtake each other
  twice,          // frames arrive twice
  stop_worker,    // SIGSTOP, SIGCONT at the end
  stop_all,       // of all processes of the daemon
  kill_worker,    // SIGKILL; the daemon itself has to start another
  kill_guardian,  // SIGKILL of the process that was started; started again at the end, as by a service manager
  kill_all,       // SIGKILL of everything; the same
  end,            // SIGTERM; started again at the end
  reload,         // another address in the file and SIGHUP, and back at the end
  script_fails,   // the tracked script, whose failure is a fault of the node
  script_hangs,   // it does not come back
};
inline constexpr std::size_t fault_kinds = static_cast<std::size_t>(FaultKind::script_hangs) + 1;
std::string_view name(FaultKind kind);  // "kill_worker"
// Whether nodes may rightly believe each other dead because of it, so that two have the address.
bool may_part(FaultKind kind);
// Whether the daemon, or its part that holds the address, dies of it.
bool kills(FaultKind kind);

struct Fault {
  FaultKind kind = FaultKind::cut;
  NodeId node = 0;
  Duration begin{};  // since the act began
  Duration lasts{};
  int strength = 0;  // percent, of lossy, slow and twice: of what that is, see wire_quality()
};
// lossy: `strength` % of the frames; twice: likewise; slow: up to 10 ms times `strength`.
WireQuality wire_quality(const Fault& fault);

struct Act {
  std::vector<Fault> faults;  // no two at a time on one node
  Duration lasts() const;
};

struct StoryDraw {
  std::uint64_t seed = 1;
  std::size_t nodes = 3;  // 2 or more
  std::size_t acts = 1;
  std::vector<FaultKind> kinds{};              // only these; empty: all
  Duration longest = std::chrono::seconds(7);  // of one fault
};
std::vector<Act> draw_story(const StoryDraw& draw);

namespace limits {

inline constexpr std::size_t faults_an_act = 6;
inline constexpr Duration longest_pause = std::chrono::milliseconds(2500);  // between two faults of a node

}  // namespace limits

}  // namespace baton::lab
