#include "daemon/firewall_role.h"

#include <poll.h>
#include <signal.h>

#include "daemon/firewall.h"

namespace baton::daemon {

namespace {

constexpr int wait_bound_ms = 1000;  // for others who change nftables meanwhile
constexpr int end_bound_ms = 500;    // a process that waits for them in the kernel hears no signal

}  // namespace

FirewallRole::FirewallRole(loop::Loop& loop, log::Options log_options, std::string marker,
                           std::function<void()> outdated)
    : loop_(loop),
      log_options_(std::move(log_options)),
      log_(log_options_),
      marker_(std::move(marker)),
      outdated_(std::move(outdated)) {}

void FirewallRole::set(const Setup& setup) {
  if (process_) {
    is_outdated_ = true;
    return;
  }
  if (!needs_firewall(setup) && !has_firewall(marker_)) return;
  auto started = start_role({.name = "baton-firewall", .parent_death_signal = SIGKILL, .keep = {}, .main = [&] {
                               log::Logger log(log_options_);
                               return set_firewall(setup, marker_, log);
                             }});
  if (!started) return log_.error(to_string(started.error()));
  process_ = std::move(*started);
  death_ = loop_.watch(process_.pidfd.get(), loop::Ready::readable, [this] { on_death(); });
}

void FirewallRole::on_death() {
  death_.reset();
  (void)reap(process_);
  if (std::exchange(is_outdated_, false)) outdated_();
}

void FirewallRole::wait() {
  if (!process_) return;
  if (!ends_within(wait_bound_ms)) log_.warning("nftables is held by somebody else; going on without it");
}

bool FirewallRole::ends_within(int milliseconds) const {
  pollfd ended{.fd = process_.pidfd.get(), .events = POLLIN, .revents = 0};
  return ::poll(&ended, 1, milliseconds) == 1;
}

void FirewallRole::end(bool keep_table) {
  death_.reset();
  wait();
  if (process_) {
    process_.signal(SIGKILL);
    if (ends_within(end_bound_ms)) (void)reap(process_);
  }
  if (keep_table || !has_firewall(marker_)) return;
  auto started = start_role({.name = "baton-firewall", .parent_death_signal = 0, .keep = {}, .main = [&] {
                               log::Logger log(log_options_);
                               return remove_firewall(marker_, log);
                             }});
  if (!started) return log_.error(to_string(started.error()));
  process_ = std::move(*started);
  wait();
}

}  // namespace baton::daemon
