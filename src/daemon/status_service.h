// The worker's side of the api channel: answers one question a message (channel.h), a page of instances at a time.
#pragma once

#include <functional>

#include "daemon/last_will.h"
#include "daemon/status.h"
#include "daemon/status_page.h"
#include "kernel/channel.h"

namespace baton::daemon {

class StatusService {
 public:
  StatusService(StatusSource source, kernel::Channel& api) : source_(std::move(source)), api_(api) {}

  // What an operator may ask of an instance; the first two of one that is MASTER.
  struct Commands {
    std::function<void(vrrp::RouterId)> handover;
    std::function<void(vrrp::RouterId)> announce;
    std::function<void(vrrp::RouterId, const OperatorSettings&)> set;
  };
  // Answers what has been asked; false when the api is gone.
  bool serve(const ClockReading& clock, const Commands& commands);

 private:
  nlohmann::json answer(const nlohmann::json& question, const ClockReading& clock, const Commands& commands) const;
  enum class Clear { no, yes };  // the counters of the instances on the page
  enum class View : std::uint8_t { whole, brief };
  StatusPage page(std::size_t from, const ClockReading& clock, Clear clear, View view) const;
  StatusPage page(const nlohmann::json& question, const ClockReading& clock) const;

  StatusSource source_;
  kernel::Channel& api_;
};

}  // namespace baton::daemon
