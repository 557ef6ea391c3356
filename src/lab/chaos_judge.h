// What was seen of a chaos story, judged: times with two owners or none beyond what the protocol allows for the faults
// of the moment, and changes that a node's notify script was not told of. PURE.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "lab/chaos_story.h"
#include "lab/ownership.h"
#include "lab/topology.h"

namespace baton::lab {

// A fault as it was carried out.
struct FaultSpan {
  FaultKind kind = FaultKind::cut;
  NodeId node = 0;
  Instant begin;
  Instant end;
};

// A line that a node's notify script has written.
struct NewsLine {
  NodeId node = 0;
  Instant at;
  bool is_master = false;
};

struct Observations {
  std::size_t nodes = 0;
  std::vector<Ownership::Change> changes;  // of the one address, in their order
  std::vector<FaultSpan> faults;
  std::vector<NewsLine> news;        // in their order
  std::vector<Instant> checkpoints;  // long after the last fault: all must be as it should
  Instant from;                      // all is well
  Instant to;
};

struct JudgeLimits {
  Duration takeover{};  // from the last fault, or its end, until somebody has the address again
  Duration heal{};      // from the end of what parts nodes until one alone has it
  Duration overlap{};   // two owners for so long are a hand-over without a gap
  Duration news{};      // from a change until the script has written it
};
// With VRRP's timers of the worst node, and room for programs that start and for scripts.
JudgeLimits judge_limits(const Target& target);

enum class Complaint : std::uint8_t {
  two_owners,  // for `lasts` beyond the limit
  nobody,      // likewise
  not_told,    // the script of `node` was never told of the change at `at`
  unsettled,   // at a checkpoint not exactly one has the address
  wrong_news,  // at a checkpoint the last line of `node` says something else than what it has
};
std::string_view name(Complaint complaint);

struct Finding {
  Complaint complaint = Complaint::unsettled;
  Instant at;
  Duration lasts{};
  NodeId node = 0;
};

struct Judgement {
  Duration two_owners{};  // in all, allowed or not
  Duration nobody{};
  Duration longest_nobody{};
  std::size_t changes = 0;  // of owners, that a script is to be told of
  std::vector<Finding> findings;

  std::size_t count(Complaint complaint) const;
  Duration time(Complaint complaint) const;
};
Judgement judge(const Observations& seen, const JudgeLimits& limits);

}  // namespace baton::lab
