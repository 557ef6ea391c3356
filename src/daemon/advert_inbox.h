// Adverts on their way in: decoded and counted; what is refused, and what is strange, is told at a bounded rate.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "daemon/newsroom.h"
#include "daemon/setup.h"
#include "daemon/statistics.h"
#include "log/logger.h"
#include "log/rate_limit.h"
#include "vrrp/advert_codec.h"

namespace baton::daemon {

class AdvertInbox {
 public:
  AdvertInbox(const Setup& setup, std::vector<vrrp::AdvertCodec>& codecs, std::vector<RouterStatistics>& statistics,
              Newsroom& newsroom, log::Logger& log, log::RateLimit& limit)
      : setup_(setup), codecs_(codecs), statistics_(statistics), newsroom_(newsroom), log_(log), limit_(limit) {}

  // nullopt: it was refused.
  std::optional<vrrp::Advert> take(vrrp::RouterId router, const vrrp::ReceivedPacket& packet, Instant now);
  void on_unknown_vrid(const std::string& interface, std::uint8_t vrid, Instant now);  // log_unknown_vrids

 private:
  void refuse(vrrp::RouterId router, vrrp::RejectReason reason, const vrrp::ReceivedPacket& packet, Instant now);

  const Setup& setup_;
  std::vector<vrrp::AdvertCodec>& codecs_;
  std::vector<RouterStatistics>& statistics_;
  Newsroom& newsroom_;
  log::Logger& log_;
  log::RateLimit& limit_;
};

}  // namespace baton::daemon
