// slow_start: a real server that comes back gets its weight step by step, so that a cold one is not run over. PURE.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "balance/balancer.h"
#include "base/time.h"

namespace baton::balance {

class WeightRamp {
 public:
  struct Step {
    std::size_t service = 0;
    std::size_t server = 0;
    int parts = ramp_steps;  // of ramp_steps

    bool operator==(const Step&) const = default;
  };

  // It is back at `now`. The first step is due at once; with `lasts` zero nothing is.
  void begin(std::size_t service, std::size_t server, Duration lasts, Instant now);
  // It is gone again, or nobody wants it to rise.
  void end(std::size_t service, std::size_t server) { rising_.erase({service, server}); }

  // What has become due; the last step of a server is its whole weight.
  std::vector<Step> step(Instant now);
  std::optional<Instant> next_at() const;

 private:
  struct Rise {
    Instant began{};
    Duration lasts{};
    int parts = 0;  // told last

    Instant next() const { return began + lasts * parts / ramp_steps; }
  };
  std::map<std::pair<std::size_t, std::size_t>, Rise> rising_;
};

}  // namespace baton::balance
