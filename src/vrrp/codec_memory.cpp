#include "vrrp/codec_memory.h"

#include <algorithm>

namespace baton::vrrp {

const HeardSender* HeardSenders::find(const IpAddress& address) const {
  const auto place = std::ranges::find(senders_, address, &HeardSender::address);
  return place == senders_.end() ? nullptr : &*place;
}

std::optional<HeardSender> HeardSenders::put(const HeardSender& sender) {
  auto place = std::ranges::find(senders_, sender.address, &HeardSender::address);
  std::optional<HeardSender> forgotten;
  if (place == senders_.end()) {
    place = std::prev(senders_.end());
    if (!place->address.is_unspecified()) forgotten = *place;
  }
  *place = sender;
  std::rotate(senders_.begin(), place, std::next(place));
  return forgotten;
}

}  // namespace baton::vrrp
