#include "daemon/reload_office.h"

#include <fmt/format.h>
#include <systemd/sd-daemon.h>

#include <utility>

#include "daemon/forgetful_memory.h"
#include "daemon/reload_plan.h"
#include "daemon/reload_schedule.h"
#include "daemon/virtual_interface_setup.h"

namespace baton::daemon {

namespace {

constexpr Duration reading_bound = std::chrono::minutes(1);     // of the configuration, on a disk that is slow
constexpr Duration undo_again_after = std::chrono::seconds(1);  // when a reload is on its way

}  // namespace

ReloadOffice::ReloadOffice(loop::Loop& loop, log::Logger& log, const Options& options, WorkerSeat& seat,
                           FirewallRole& firewall, const ServiceWatchdog& watchdog, Reload read, Events events)
    : log_(log),
      options_(options),
      seat_(seat),
      firewall_(firewall),
      watchdog_(watchdog),
      read_(std::move(read)),
      events_(std::move(events)),
      undo_(loop.timer([this] { undo(); })) {}

std::optional<WallTime> ReloadOffice::undone_at() const {
  return unconfirmed_ ? std::optional(unconfirmed_->until) : std::nullopt;
}

void ReloadOffice::forget_secrets(setup::Secrets kept) {
  if (unconfirmed_) setup::forget_secrets(*unconfirmed_->before, kept);
  for (Setup* setup : {followed_, next_}) {
    if (setup != nullptr) setup::forget_secrets(*setup, kept);
  }
}

void ReloadOffice::on_order(const ReloadOrder& order) {
  order.what == ReloadOrder::What::confirm ? confirm(order) : reload(order);
}

void ReloadOffice::answer(const ReloadOrder& order, const nlohmann::json& report) const {
  if (order.id != 0) events_.answer(report);
}

// ---------------------------------------------------------------- reading and following

// The files are read and judged as a whole: what is refused changes nothing.
NextConfiguration ReloadOffice::read_again(bool is_rehearsal) {
  std::optional<ReloadMarker> marker;
  if (!is_rehearsal) marker.emplace(seat_.setup().reload_times, options_.reload_marker(), log_);
  watchdog_.ask_for_patience(reading_bound);
  NextConfiguration next = read_();
  forget_stack();
  watchdog_.end_patience();
  if (next.setup == nullptr) return next;
  if (const auto name = loses_all_addresses(seat_.setup(), *next.setup)) {
    next.problems.push_back(
        fmt::format("vrrp_instance {} would lose all its addresses; take the instance out to give them up", *name));
    next.setup.reset();
  }
  return next;
}

void ReloadOffice::reload(const ReloadOrder& order) {
  if (is_stopping_) return;
  if (seat_.is_changing()) {
    if (order.id == 0) again_ = true;
    return answer(order, reload_report(order, ReloadResult::failed, "a reload is on its way; ask again"));
  }
  const bool is_rehearsal = order.what == ReloadOrder::What::rehearse;
  if (!is_rehearsal) {
    (void)::sd_notify(0, "RELOADING=1");
    log_.notice("reloading " + options_.configuration);
  }
  NextConfiguration next = read_again(is_rehearsal);
  if (!is_rehearsal) log_reading(next, log_);
  if (next.setup == nullptr) {
    if (!is_rehearsal) {
      events_.counted(ReloadResult::refused);
      log_.error("the configuration is refused; the one before goes on");
    }
    answer(order, reload_report(order, options_.configuration, ReloadResult::refused, next, nullptr));
    return is_rehearsal ? void() : end();
  }
  choose_names(*next.setup, log_);
  nlohmann::json report;
  if (order.id != 0) report = report_of(order, next);
  if (is_rehearsal) return answer(order, report);
  carry_out(std::move(next.setup), loop::wall_now(), {.order = order, .report = std::move(report)});
}

nlohmann::json ReloadOffice::report_of(const ReloadOrder& order, const NextConfiguration& next) const {
  const auto interfaces = read_interfaces();
  if (!interfaces) log_.warning(to_string(interfaces.error()) + "; what changes is not told");
  std::optional<ReloadPlan> plan;
  if (interfaces) plan = plan_reload(seat_.setup(), *next.setup, seat_.will().read_all(), *interfaces, loop::now());
  const bool is_rehearsal = order.what == ReloadOrder::What::rehearse;
  return reload_report(order, options_.configuration,
                       is_rehearsal ? ReloadResult::rehearsed : ReloadResult::carried_out, next,
                       plan ? &*plan : nullptr);
}

void ReloadOffice::carry_out(std::unique_ptr<Setup> next, WallTime read_at, Reloading reloading) {
  next_ = next.get();
  firewall_.set(*next);  // rules are there before what they are for
  firewall_.wait();
  next_ = nullptr;
  reloading_ = std::move(reloading);
  seat_.follow(std::move(next), read_at);
}

void ReloadOffice::on_followed(std::unique_ptr<Setup> before, WallTime read_at) {
  const Reloading reloading = *std::exchange(reloading_, std::nullopt);
  followed_ = before.get();
  events_.follow(before->configuration);
  answer(reloading.order, reloading.report);
  if (const auto bound = reloading.order.confirm_within) await_confirmation(*bound, std::move(before), read_at);
  followed_ = nullptr;
  before.reset();
  events_.followed();
  events_.counted(ReloadResult::carried_out);
  log_.notice("reload complete");
  end();
}

void ReloadOffice::on_given_up(const std::string& why, std::unique_ptr<Setup> next) {
  Reloading reloading = *std::exchange(reloading_, std::nullopt);
  events_.counted(ReloadResult::failed);
  answer(reloading.order, reload_report(reloading.order, ReloadResult::failed, why));
  if (is_stopping_) return;
  if (reloading.undoes && next) {  // who waits for it may have no other way in
    unconfirmed_ = {.before = std::move(next), .read_at = *reloading.undoes, .until = loop::wall_now()};
    undo_.set(loop::now() + undo_again_after);
  }
  next.reset();
  firewall_.set(seat_.setup());
  end();
}

void ReloadOffice::end() {
  (void)::sd_notify(0, "READY=1");
  if (std::exchange(again_, false)) reload({});
}

// ---------------------------------------------------------------- confirmation

// What an undo goes back to is what was confirmed last, whatever was reloaded since.
void ReloadOffice::await_confirmation(Duration bound, std::unique_ptr<Setup> before, WallTime read_at) {
  if (!unconfirmed_) unconfirmed_ = {.before = std::move(before), .read_at = read_at, .until = {}};
  unconfirmed_->until = loop::wall_now() + bound;
  undo_.set(loop::now() + bound);
}

void ReloadOffice::confirm(const ReloadOrder& order) {
  if (!unconfirmed_) {
    return answer(order, reload_report(order, ReloadResult::failed, "no reload waits for a confirmation"));
  }
  unconfirmed_.reset();
  undo_.cancel();
  log_.notice("the reload is confirmed");
  answer(order, reload_report(order, ReloadResult::confirmed, {}));
}

void ReloadOffice::undo() {
  if (is_stopping_ || !unconfirmed_) return;
  if (seat_.is_changing()) {
    undo_.set(loop::now() + undo_again_after);
    return;
  }
  log_.warning("nobody has confirmed the reload; the configuration before comes back");
  Unconfirmed unconfirmed = *std::exchange(unconfirmed_, std::nullopt);
  carry_out(std::move(unconfirmed.before), unconfirmed.read_at,
            {.order = {}, .report = {}, .undoes = unconfirmed.read_at});
}

}  // namespace baton::daemon
