#include "daemon/advert_inbox.h"

#include <fmt/format.h>

#include "daemon/transport.h"
#include "loop/loop.h"

namespace baton::daemon {

std::optional<vrrp::Advert> AdvertInbox::take(vrrp::RouterId router, const vrrp::ReceivedPacket& packet, Instant now) {
  bool unlike_addresses = false;
  const auto advert = codecs_[router].decode(packet, loop::wall_now(), &unlike_addresses);
  if (!advert) {
    refuse(router, advert.error(), packet, now);
    return std::nullopt;
  }
  RouterStatistics& statistics = statistics_[router];
  ++statistics.adverts_accepted;
  statistics.last_accepted = now;
  if (advert->priority == vrrp::spec::priority_stop) ++statistics.priority_zero_accepted;
  if (unlike_addresses && setup_.routers[router].compares_address_lists) {
    ++statistics.unlike_addresses;
    if (const auto silent = limit_.allow(fmt::format("{}/list", router), now)) {
      log_.warning(fmt::format("({}) {} adverts other virtual addresses than ours; make the lists equal{}",
                               setup_.routers[router].name, to_string(advert->source), log::more_like_it(*silent)));
    }
  }
  return *advert;
}

void AdvertInbox::refuse(vrrp::RouterId router, vrrp::RejectReason reason, const vrrp::ReceivedPacket& packet,
                         Instant now) {
  ++statistics_[router].rejected[static_cast<std::size_t>(reason)];
  if (const auto silent = limit_.allow(fmt::format("{}/{}", router, name(reason)), now)) {
    newsroom_.on_rejected(router, reason, source_of(packet), *silent);
  }
}

void AdvertInbox::on_unknown_vrid(const std::string& interface, std::uint8_t vrid, Instant now) {
  const std::string text = fmt::format("advert for unknown VRID {} on interface {}", vrid, interface);
  if (const auto silent = limit_.allow(text, now)) log_.info(text + log::more_like_it(*silent));
}

}  // namespace baton::daemon
