#include "daemon/advert_outbox.h"

#include <fmt/format.h>

#include <cstring>

#include "loop/loop.h"

namespace baton::daemon {

void AdvertOutbox::put(vrrp::RouterId router, const vrrp::SendAdvert& action, vrrp::AdvertCodec& codec,
                       const std::optional<IpAddress>& source) {
  const Duration interval = action.interval.value_or(setup_.routers[router].codec.advert_interval);
  codec.encode_into(action.priority, interval, loop::wall_now(), packets_);
  const auto tag = static_cast<std::uint32_t>(adverts_.size());
  adverts_.push_back({.router = router, .is_goodbye = action.priority == vrrp::spec::priority_stop});
  transport_.send(router, source.value_or(IpAddress{}), packets_, tag);
}

void AdvertOutbox::withdraw(const vrrp::Node& node) {
  if (adverts_.empty()) return;
  transport_.withdraw([&](std::uint32_t tag) {
    const Advert& advert = adverts_[tag];
    return !advert.is_goodbye && !node.router(advert.router).holds_addresses();
  });
}

void AdvertOutbox::flush(Instant now) {
  transport_.flush([&](std::uint32_t tag, int code) {
    Advert& advert = adverts_[tag];
    if (code == 0) {
      advert.has_left = true;
      return;
    }
    RouterStatistics& statistics = statistics_[advert.router];
    ++statistics.packets_failed;
    statistics.last_send_error = code;
    if (const auto silent = limit_.allow(fmt::format("{}/send", advert.router), now)) {
      log_.warning(fmt::format("({}) an advert could not leave: {}{}", setup_.routers[advert.router].name,
                               std::strerror(code), *silent > 0 ? fmt::format(" ({} more like it)", *silent) : ""));
    }
  });
  for (const Advert& advert : adverts_) {
    if (!advert.has_left) continue;
    ++statistics_[advert.router].adverts_sent;
    if (advert.is_goodbye) ++statistics_[advert.router].priority_zero_sent;
  }
  adverts_.clear();
}

}  // namespace baton::daemon
