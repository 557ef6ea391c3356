#include "lab/protocol_limits.h"

namespace baton::lab {

Duration skew_time(const Target& target, int priority) {
  const Duration unit = target.version == 2 ? Duration(std::chrono::seconds(1)) : target.advert_interval;
  return unit * (256 - priority) / 256;
}

Duration master_down_interval(const Target& target, int priority) {
  return target.advert_interval * target.down_timer_adverts + skew_time(target, priority);
}

}  // namespace baton::lab
