// One piece of news on its way to everybody who is told of it: scripts, FIFOs, mail and webhooks through the runner,
// and who listens to events through the api.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "daemon/runner_desk.h"
#include "daemon/setup.h"
#include "kernel/channel.h"
#include "notify/event.h"
#include "vrrp/node.h"
#include "vrrp/reject_reason.h"

namespace baton::daemon {

struct News {
  notify::Event event;
  const notify::Hooks* hooks = nullptr;
  std::string_view reason;  // of an instance's state
  WallTime at;
  // Nothing has changed: for the FIFOs. Or nothing that keepalived's words have, where MAINTENANCE is BACKUP: for the
  // api.
  enum class For : std::uint8_t { all, fifos, api } for_whom = For::all;
  std::string_view shown{};  // the state, by a word that scripts do not have
  std::optional<vrrp::SecondOwnerSeen> second_owner{};
  std::vector<vrrp::RouterId> members{};  // it waits while one of them is held back
  // A change of state: of this router, or of this group.
  std::optional<vrrp::State> state{};
  std::uint32_t id = 0;
};

class NewsDelivery {
 public:
  // `api` may be replaced by its owner at any time.
  NewsDelivery(const Setup& setup, RunnerDesk& desk, const kernel::Channel& api)
      : setup_(setup), desk_(desk), api_(api) {}

  void deliver(const News& news);
  // For those who listen to events alone (docs/status.md): an advert that was not taken,
  void deliver_rejected(const std::string& instance, vrrp::RejectReason reason, const IpAddress& source);
  // and a hook of this name that failed, or did not end in time.
  void deliver_hook(const std::string& name, std::string_view hook, std::string_view state);

 private:
  void mail(const News& news);
  void tell_webhooks(const News& news);
  void tell_api(const News& news);
  void tell_listeners(nlohmann::json event);
  bool send_api(const nlohmann::json& event);

  const Setup& setup_;
  RunnerDesk& desk_;
  const kernel::Channel& api_;
  std::map<std::string, notify::EventState> mailed_;  // last state mailed, by notify::key
  std::uint64_t events_lost_ = 0;                     // that the api did not take
};

}  // namespace baton::daemon
