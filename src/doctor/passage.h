// Would a packet pass the packet filter of this machine? The chains of nf_tables are walked as the kernel walks them,
// with a packet of which some bits are known and others are not. A rule that matches for some values of the unknown
// bits is followed both ways, so that the answer is yes, no, or "cannot tell", and names the rule in each case.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/ip_address.h"
#include "kernel/ruleset.h"

namespace baton::doctor {

enum class Direction : std::uint8_t { in, out };

struct FilteredPacket {
  Direction direction = Direction::in;
  Family family = Family::ipv4;
  std::uint8_t protocol = 112;
  std::optional<IpAddress> source;       // nullopt: anybody's
  std::optional<IpAddress> destination;  // nullopt: one of this machine's own
  std::string interface;
  std::uint32_t interface_index = 0;
  std::uint32_t interface_group = 0;
  std::string interface_kind;  // "veth"; empty: a device of its own
  std::uint8_t hop_limit = 255;
};

struct Passage {
  enum class Answer : std::uint8_t { yes, no, cannot_tell };
  Answer answer = Answer::yes;
  // Of who decides, or of the rule that leaves it open; empty with yes.
  kernel::FilterFamily family = kernel::FilterFamily::inet;
  std::string table;
  std::string chain;
  std::uint64_t handle = 0;  // 0: the chain's policy
  std::string doubt;         // with cannot_tell: what the rule asks
};

Passage would_pass(const kernel::Ruleset& ruleset, const FilteredPacket& packet);

}  // namespace baton::doctor
