// room: sim
// Any bytes as a row of events, in any order: for a core beside the reference router, or for a whole node, which must
// make sense whatever it is told.
#include <cstdio>
#include <cstdlib>
#include <string>

#include "sim/lockstep.h"
#include "sim/node_walk.h"

using namespace baton;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  sim::Choices choices(ByteView(data, size));
  const std::string problem = choices.yes() ? sim::walk_in_lockstep(choices) : sim::walk_a_node(choices);
  if (problem.empty()) return 0;
  std::fprintf(stderr, "%s\n", problem.c_str());
  std::abort();
}
