// The guardian's part of a reload: reads the files again, has the next worker take over, tells what became of it, and
// goes back to the configuration before when nobody confirms.
#pragma once

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "daemon/firewall_role.h"
#include "daemon/options.h"
#include "daemon/reload.h"
#include "daemon/service_watchdog.h"
#include "daemon/worker_seat.h"
#include "log/logger.h"
#include "loop/loop.h"
#include "setup/forget_secrets.h"

namespace baton::daemon {

// Reads the configuration again.
using Reload = std::function<NextConfiguration()>;

class ReloadOffice {
 public:
  struct Events {
    std::function<void(const nlohmann::json& report)> answer;  // with the order's id
    std::function<void(ReloadResult)> counted;
    // The next configuration holds; what depends on it follows.
    std::function<void(const config::Configuration& before)> follow;
    std::function<void()> followed;  // and nothing is left of the one before, unless it waits for a confirmation
  };
  ReloadOffice(loop::Loop& loop, log::Logger& log, const Options& options, WorkerSeat& seat, FirewallRole& firewall,
               const ServiceWatchdog& watchdog, Reload read, Events events);

  void on_order(const ReloadOrder& order);
  // From the worker's seat.
  void on_followed(std::unique_ptr<Setup> before, WallTime read_at);
  void on_given_up(const std::string& why, std::unique_ptr<Setup> next);
  // Nothing is reloaded any more.
  void stop() { is_stopping_ = true; }

  // When what was reloaded is undone; nullopt: it stays.
  std::optional<WallTime> undone_at() const;
  // In a role, of the configurations before.
  void forget_secrets(setup::Secrets kept);

 private:
  // A reload that is carried out, and who asked for it.
  struct Reloading {
    ReloadOrder order;
    nlohmann::json report;
    std::optional<WallTime> undoes{};  // it goes back to the configuration that was read then
  };
  // A reload that is undone when nobody confirms it.
  struct Unconfirmed {
    std::unique_ptr<Setup> before;
    WallTime read_at;
    WallTime until;
  };

  void reload(const ReloadOrder& order);
  NextConfiguration read_again(bool is_rehearsal);
  nlohmann::json report_of(const ReloadOrder& order, const NextConfiguration& next) const;
  void carry_out(std::unique_ptr<Setup> next, WallTime read_at, Reloading reloading);
  void end();
  void await_confirmation(Duration bound, std::unique_ptr<Setup> before, WallTime read_at);
  void confirm(const ReloadOrder& order);
  void undo();
  void answer(const ReloadOrder& order, const nlohmann::json& report) const;

  log::Logger& log_;
  const Options& options_;
  WorkerSeat& seat_;
  FirewallRole& firewall_;
  const ServiceWatchdog& watchdog_;
  Reload read_;
  Events events_;
  std::optional<Reloading> reloading_;
  bool again_ = false;  // somebody asked while one was on its way
  bool is_stopping_ = false;
  std::optional<Unconfirmed> unconfirmed_;
  Setup* followed_ = nullptr;  // the configuration before, while others follow the next one
  Setup* next_ = nullptr;      // on its way to the worker's seat
  loop::Timer undo_;
};

}  // namespace baton::daemon
