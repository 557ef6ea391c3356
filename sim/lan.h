// One broadcast domain and what it does to frames: loss, delay, reordering by jitter, duplication, and cuts, each
// direction for itself. Endpoints are the machines by index, and the neighbours after the last of them.
#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "base/time.h"
#include "sim/random.h"

namespace baton::sim {

struct Quality {
  int loss_percent = 0;
  int duplicate_percent = 0;
  Duration delay = std::chrono::microseconds(50);
  Duration jitter{};  // added, 0 to this: more than the gap between two frames reorders them

  bool operator==(const Quality&) const = default;
};

struct Arrivals {
  std::array<Duration, 2> after{};
  std::size_t count = 0;
};

class Lan {
 public:
  explicit Lan(std::size_t endpoints) : endpoints_(endpoints), cut_(endpoints * endpoints, false) {}

  void set_quality(const Quality& quality) { quality_ = quality; }
  void cut(std::size_t from, std::size_t to) { cut_[from * endpoints_ + to] = true; }
  void heal() { cut_.assign(cut_.size(), false); }
  bool reaches(std::size_t from, std::size_t to) const { return !cut_[from * endpoints_ + to]; }

  // When the copies of a frame arrive: none, one or two.
  Arrivals send(std::size_t from, std::size_t to, Random& random) const {
    Arrivals arrivals;
    if (!reaches(from, to) || random.chance(quality_.loss_percent)) return arrivals;
    arrivals.count = random.chance(quality_.duplicate_percent) ? 2 : 1;
    for (std::size_t i = 0; i < arrivals.count; ++i) {
      arrivals.after[i] = quality_.delay + random.between(Duration::zero(), quality_.jitter);
    }
    return arrivals;
  }

 private:
  std::size_t endpoints_;
  std::vector<bool> cut_;
  Quality quality_;
};

}  // namespace baton::sim
