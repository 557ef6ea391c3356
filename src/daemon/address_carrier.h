// Brings the addresses to the interfaces: asks the plan what is to do, tells the kernel in chunks that delay no advert,
// and tries again what the kernel refused.
#pragma once

#include <optional>
#include <vector>

#include "daemon/address_plan.h"
#include "log/logger.h"
#include "log/rate_limit.h"
#include "loop/loop.h"

namespace baton::daemon {

class AddressCarrier {
 public:
  AddressCarrier(AddressPlan& plan, kernel::InterfaceTable& interfaces, log::Logger& log, loop::Loop& loop);

  // One chunk of the difference, made so that it is done when the next advert is due. What was refused does not hold up
  // the rest, and is not on its way.
  AddressState carry_some(kernel::NetlinkSocket& requests, std::optional<Instant> next_advert);
  // Requests that were refused, or could not be made, and wait to be tried again.
  bool has_refused() const { return !refused_.empty(); }

 private:
  void refuse(const kernel::AddressRequest& request, int code);

  AddressPlan& plan_;
  kernel::InterfaceTable& interfaces_;
  log::Logger& log_;
  log::RateLimit log_limit_;
  loop::Timer again_;
  std::vector<kernel::AddressRequest> refused_;
  Duration back_off_;
  Duration a_request_;  // what one costs, as far as we know
  Instant last_chunk_{};
};

}  // namespace baton::daemon
