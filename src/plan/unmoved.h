// A failure that should have taken an address from its owner, for the owner tracks what failed, and did not. PURE.
#pragma once

#include <string>

#include "plan/aftermath.h"

namespace baton::plan {

struct Unmoved {
  std::string why;       // "110 still beats 100+2"; empty: nothing of the kind
  bool is_half = false;  // what else it tracks in vain would move it together with this: that may be meant
};
Unmoved unmoved(const Aftermath& it);

}  // namespace baton::plan
