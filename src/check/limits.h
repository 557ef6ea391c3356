// What `baton check` may cost: ours to change. Beyond one of them a rule looks at fewer, or the rest is counted.
#pragma once

#include <cstddef>

namespace baton::check::limits {

inline constexpr std::size_t findings_of_a_rule = 1'000;  // kept; the rest is counted
inline constexpr std::size_t findings_at_a_place = 3;     // of a rule: a ~SEQ makes hundreds from one line
inline constexpr std::size_t candidates = 16;             // virtual routers an instance may belong to; subnets compared
inline constexpr std::size_t kinds_of_adverts = 256;      // that a firewall is asked about

}  // namespace baton::check::limits
