// Adverts on their way out: encoded and queued as the cores ask for them, sent together at the end of a turn, and
// counted when the kernel has taken them.
#pragma once

#include <optional>
#include <vector>

#include "daemon/setup.h"
#include "daemon/status.h"
#include "daemon/transport.h"
#include "log/logger.h"
#include "log/rate_limit.h"
#include "vrrp/virtual_router.h"

namespace baton::daemon {

class AdvertOutbox {
 public:
  AdvertOutbox(const Setup& setup, Transport& transport, std::vector<RouterStatistics>& statistics, log::Logger& log,
               log::RateLimit& limit)
      : setup_(setup), transport_(transport), statistics_(statistics), log_(log), limit_(limit) {}

  // `source`: what it leaves with.
  void put(vrrp::RouterId router, const vrrp::SendAdvert& action, vrrp::AdvertCodec& codec,
           const std::optional<IpAddress>& source);
  // Of routers that are not MASTER any more, all but goodbyes: they are older than the sleep that cost them that.
  void withdraw(const vrrp::Node& node);
  // A packet that the kernel does not take is counted, and told at a bounded rate.
  void flush(Instant now);

 private:
  struct Advert {
    vrrp::RouterId router = 0;
    bool is_goodbye = false;
    bool has_left = false;
  };

  const Setup& setup_;
  Transport& transport_;
  std::vector<RouterStatistics>& statistics_;
  log::Logger& log_;
  log::RateLimit& limit_;
  std::vector<vrrp::OutgoingPacket> packets_;
  std::vector<Advert> adverts_;  // since the last flush; the index is the tag
};

}  // namespace baton::daemon
