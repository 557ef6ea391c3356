#include "daemon/maintenance_office.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace baton::daemon {

namespace {

using nlohmann::json;

constexpr Duration look_again = std::chrono::minutes(1);  // at the clock on the wall, which somebody may set
constexpr Duration end_again_after = std::chrono::seconds(1);

// "until 2026-11-27 20:00:00 UTC", or what ends it.
std::string end_text(const Maintenance& maintenance) {
  if (!maintenance.until) return "until `baton maintenance off`";
  const auto whole = std::chrono::floor<std::chrono::seconds>(*maintenance.until).time_since_epoch().count();
  return fmt::format("until {:%Y-%m-%d %H:%M:%S} UTC", fmt::gmtime(static_cast<std::time_t>(whole)));
}

std::string about(const Maintenance& maintenance) {
  std::string text = end_text(maintenance);
  if (!maintenance.by.empty()) text += ", by " + maintenance.by;
  if (!maintenance.reason.empty()) text += ": " + maintenance.reason;
  return text;
}

}  // namespace

MaintenanceOffice::MaintenanceOffice(loop::Loop& loop, log::Logger& log, std::string path, Events events)
    : loop_(loop), log_(log), path_(std::move(path)), events_(std::move(events)) {
  give_up_ = loop_.timer([this] { give_up("the VRRP worker did not answer in time; ask again"); });
  end_ = loop_.timer([this] { end_if_over(); });
}

void MaintenanceOffice::begin() {
  auto kept = read_maintenance(path_);
  if (!kept) return log_.warning(kept.error());
  if (!*kept) return;
  if ((*kept)->is_over(loop::wall_now())) {
    log_.notice("a maintenance has ended while batond did not run");
    tell("expired", **kept);
    return write(std::nullopt, [](bool) {});
  }
  current_ = std::move(*kept);
  log_.warning("in maintenance, " + about(*current_) + "; no instance becomes MASTER here");
  events_.hold_next_workers(true);
  set_end_timer();
}

// ---------------------------------------------------------------- orders

void MaintenanceOffice::on_order(const MaintenanceOrder& order) {
  const bool is_off = order.what == MaintenanceOrder::What::off;
  // Whoever needs the node back does not wait for a disk either.
  if (pending_ && !(is_off && pending_->is_held)) {
    return refuse(order.id, "busy", "somebody else asks for maintenance just now; ask again");
  }
  if (is_off) return take_back(order);
  current_ ? change(order) : begin_maintenance(order);
}

// The file goes in any case: it may be one that was not obeyed, or that could not be removed before.
void MaintenanceOffice::take_back(const MaintenanceOrder& order) {
  if ((current_ || pending_) && events_.is_changing()) {  // the next worker has been started, held down
    return refuse(order.id, "busy", "a reload is on its way; ask again");
  }
  if (pending_) pending_->is_withdrawn = true;
  if (current_) return end(order.id, "off");
  const bool was_held = pending_.has_value();
  if (was_held) {
    events_.hold_next_workers(false);
    (void)events_.tell_worker(Wish::off);
  }
  write(std::nullopt, [this, id = order.id, was_held](bool is_gone) {
    if (!is_gone) return refuse(id, "failed", path_ + " cannot be removed, the log of batond says why; remove it");
    answer(id, was_held);
  });
}

void MaintenanceOffice::begin_maintenance(const MaintenanceOrder& order) {
  if (events_.is_changing()) return refuse(order.id, "busy", "a reload is on its way; ask again");
  if (!events_.tell_worker(order.is_forced ? Wish::force : Wish::ask)) {
    return refuse(order.id, "no-worker", "the VRRP worker does not run; the guardian starts it again, ask then");
  }
  pending_ = Pending{.order = order};
  give_up_.set(loop::now() + limits::maintenance_answer);
}

// A worker that dies from here on is followed by one that is held down.
void MaintenanceOffice::on_held() {
  if (!pending_ || pending_->is_held) return;
  if (events_.is_changing()) return give_up("a reload came between; nothing is held, ask again");
  pending_->is_held = true;
  give_up_.cancel();
  events_.hold_next_workers(true);
  const MaintenanceOrder& order = pending_->order;
  const WallTime now = loop::wall_now();
  const Maintenance begun{.since = now,
                          .until = order.lasts ? std::optional(now + *order.lasts) : std::nullopt,
                          .reason = order.reason,
                          .by = order.by,
                          .is_forced = order.is_forced};
  write(begun, [this, begun](bool written) {
    const Pending asked = *std::exchange(pending_, std::nullopt);
    const std::uint64_t id = asked.order.id;
    if (asked.is_withdrawn) return refuse(id, "refused", "`baton maintenance off` came meanwhile");
    if (!written) {
      events_.hold_next_workers(false);
      (void)events_.tell_worker(Wish::off);
      write(std::nullopt, [](bool) {});  // it may be there all the same
      return refuse(id, "failed",
                    "it could not be kept over a restart, so it is off again; the log of batond says why");
    }
    current_ = begun;
    log_.warning("maintenance begins, " + about(begun) + "; no instance becomes MASTER here");
    set_end_timer();
    tell("on", begun);
    answer(id, true);
  });
}

void MaintenanceOffice::on_refused(const json& instances) {
  if (!pending_ || pending_->is_held) return;
  std::string text;
  for (const json& each : instances) {
    const std::string name = each.value("instance", "");
    text += fmt::format("{}{}{}", text.empty() ? "" : "; ", name.empty() ? "" : name + ": ", each.value("why", ""));
  }
  give_up("no maintenance, nothing is held: " + text +
          ". Start a backup, or take the addresses off all the same with --force");
}

void MaintenanceOffice::on_other_worker() {
  if (pending_ && !pending_->is_held) give_up("another VRRP worker has begun meanwhile; nothing is held, ask again");
  // It may have been started while a maintenance was noted that has come to nothing.
  const bool is_held = current_ || (pending_ && !pending_->is_withdrawn);
  if (!is_held) (void)events_.tell_worker(Wish::off);
}

void MaintenanceOffice::give_up(const std::string& why) {
  if (!pending_ || pending_->is_held) return;
  give_up_.cancel();
  const std::uint64_t id = std::exchange(pending_, std::nullopt)->order.id;
  log_.warning("maintenance was asked for and is refused: " + why);
  (void)events_.tell_worker(Wish::off);
  refuse(id, "refused", why);
}

// Asked for again: its end, and what is said of it, are new.
void MaintenanceOffice::change(const MaintenanceOrder& order) {
  Maintenance changed = *current_;
  changed.until = order.lasts ? std::optional(loop::wall_now() + *order.lasts) : std::nullopt;
  if (!order.reason.empty()) changed.reason = order.reason;
  if (!order.by.empty()) changed.by = order.by;
  pending_ = Pending{.order = order, .is_held = true};
  write(changed, [this, changed](bool written) {
    const Pending asked = *std::exchange(pending_, std::nullopt);
    const std::uint64_t id = asked.order.id;
    if (asked.is_withdrawn) return refuse(id, "refused", "`baton maintenance off` came meanwhile");
    if (!written) return refuse(id, "failed", "it could not be written; what was there stays, and the log says why");
    current_ = changed;
    log_.notice("maintenance goes on, " + about(changed));
    set_end_timer();
    tell("changed", changed);
    answer(id, true);
  });
}

// At once: whoever needs this node back does not wait for a disk. A file that stays is warned of.
void MaintenanceOffice::end(std::uint64_t id, const char* state) {
  if (events_.is_changing()) {  // the next worker has been started, held down
    if (id == 0) return end_.set(loop::now() + end_again_after);
    return refuse(id, "busy", "a reload is on its way; ask again");
  }
  events_.hold_next_workers(false);
  (void)events_.tell_worker(Wish::off);  // one that does not run will not be held down
  const Maintenance ended = *std::exchange(current_, std::nullopt);
  end_.cancel();
  log_.notice(std::string("maintenance is over") + (id == 0 ? ": its time has come" : ""));
  tell(state, ended);
  write(std::nullopt, [this, id](bool written) {
    if (!written) log_.warning(path_ + " is still there: the next start is in maintenance again; remove it");
    if (id != 0) answer(id, true);
  });
}

void MaintenanceOffice::end_if_over() {
  if (!current_) return;
  if (pending_) return end_.set(loop::now() + end_again_after);  // its end is about to be another one
  if (current_->is_over(loop::wall_now())) return end(0, "expired");
  set_end_timer();
}

void MaintenanceOffice::set_end_timer() {
  if (!current_ || !current_->until) return end_.cancel();
  end_.set(loop::now() + std::clamp<Duration>(*current_->until - loop::wall_now(), Duration::zero(), look_again));
}

// ---------------------------------------------------------------- what is told

void MaintenanceOffice::answer(std::uint64_t id, bool changed) {
  events_.answer({{"id", id}, {"maintenance", current_ ? to_json(*current_) : json()}, {"changed", changed}});
}

void MaintenanceOffice::refuse(std::uint64_t id, const char* kind, const std::string& sentence) {
  events_.answer({{"id", id}, {"error", sentence}, {"kind", kind}});
}

void MaintenanceOffice::tell(const char* state, const Maintenance& of) {
  json event = to_json(of);
  event["event"] = "maintenance";
  event["state"] = state;
  event["at"] = std::chrono::duration<double>(loop::wall_now().time_since_epoch()).count();
  events_.happened(std::move(event));
}

// ---------------------------------------------------------------- the disk

void MaintenanceOffice::write(std::optional<Maintenance> wanted, std::move_only_function<void(bool)> done) {
  writings_.push_back({.wanted = std::move(wanted), .done = std::move(done)});
  if (writings_.size() == 1) write_next();
}

void MaintenanceOffice::write_next() {
  auto started = start_role({.name = "baton-note", .parent_death_signal = 0, .keep = {}, .main = [this] {
                               const auto kept = keep_maintenance(path_, writings_.front().wanted);
                               if (!kept) log_.error(to_string(kept.error()));
                               return kept ? 0 : 1;
                             }});
  if (!started) {
    log_.error(to_string(started.error()));
    return end_writing(false);
  }
  writer_ = std::move(*started);
  writer_ended_ =
      loop_.watch(writer_.pidfd.get(), loop::Ready::readable, [this] { end_writing(reap(writer_) == ended_in_order); });
}

void MaintenanceOffice::end_writing(bool written) {
  writer_ended_.reset();
  auto done = std::move(writings_.front().done);
  writings_.erase(writings_.begin());
  if (!writings_.empty()) write_next();
  done(written);
}

}  // namespace baton::daemon
