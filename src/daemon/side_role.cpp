#include "daemon/side_role.h"

#include <fmt/format.h>

#include <utility>

#include "base/result.h"

namespace baton::daemon {

SideRole::SideRole(loop::Loop& loop, log::Logger& log, Plan plan)
    : loop_(loop), log_(log), plan_(std::move(plan)), remains_(loop) {
  restart_ = loop_.timer([this] { start_again(); });
  look_ = loop_.timer([this] { look_for_beat(); });
}

SysResult<void> SideRole::start() {
  back_off_.on_start(loop::now());  // one that cannot be started has not lived long
  if (!call()) TRY(start_process());
  watch_beats();
  plan_.started();
  return {};
}

bool SideRole::call() {
  if (!plan_.call) return false;
  auto channel = plan_.call();
  if (!channel) {
    log_.warning(to_string(channel.error()) + "; " + plan_.name + " is started within our own sandbox");
    return false;
  }
  channel_ = std::move(*channel);
  is_called_ = true;
  readable_ = loop_.watch(channel_.fd(), loop::Ready::readable, [this] { on_message(); });
  return true;
}

SysResult<void> SideRole::start_process() {
  auto keep = plan_.prepare ? plan_.prepare() : SysResult<std::vector<int>>();
  if (!keep) return std::unexpected(keep.error());
  auto pair = kernel::Channel::make_pair();
  if (!pair) return std::unexpected(pair.error());
  auto& [ours, theirs] = *pair;
  keep->push_back(theirs.fd());
  auto process = start_role({.name = plan_.name,
                             .parent_death_signal = plan_.parent_death_signal,
                             .keep = *keep,
                             .secrets = plan_.secrets,
                             .main = [&] { return plan_.main(std::move(theirs)); }});
  if (!process) return std::unexpected(process.error());
  process_ = std::move(*process);
  channel_ = std::move(ours);
  death_ = loop_.watch(process_.pidfd.get(), loop::Ready::readable, [this] { on_death(reap(process_)); });
  if (plan_.said) readable_ = loop_.watch(channel_.fd(), loop::Ready::readable, [this] { on_message(); });
  return {};
}

void SideRole::watch_beats() {
  if (!plan_.beats) return;
  last_beats_ = plan_.beats();
  silence_ = {};
  look_.set(loop::now() + limits::between_looks);
}

void SideRole::look_for_beat() {
  if (!is_running()) return;
  const auto beats = plan_.beats();
  silence_ = beats && std::exchange(last_beats_, beats) == beats ? silence_ + limits::between_looks : Duration();
  if (silence_ < plan_.silence()) return look_.set(loop::now() + limits::between_looks);
  log_.error(fmt::format("{} has shown no sign of life for {} s; it is replaced", plan_.name,
                         silence_ / std::chrono::seconds(1)));
  process_.signal(SIGKILL);
  if (!std::exchange(is_called_, false)) return;  // the death of a child is told elsewhere
  readable_.reset();
  channel_.close();
  on_death("hangs");
}

SysResult<kernel::Channel> SideRole::connect(std::uint8_t what) {
  auto pair = kernel::Channel::make_pair();
  if (!pair) return std::unexpected(pair.error());
  auto& [workers, ours] = *pair;
  const auto sent = channel_.send({&what, 1}, ours.fd());
  if (!sent) return std::unexpected(sent.error());
  return std::move(workers);
}

void SideRole::on_message() {
  const auto message = channel_.receive();
  if (message) return plan_.said ? plan_.said(*message) : void();
  if (message.error() != kernel::Channel::Nothing::any_more) return;
  readable_.reset();
  if (std::exchange(is_called_, false)) on_death("has ended");  // that of a child is told elsewhere
}

void SideRole::replace() {
  if (!process_) remains_.kill();  // as dismiss() has it, where there is one to dismiss
  dismiss();
  start_again();
}

void SideRole::dismiss() {
  restart_.cancel();
  look_.cancel();
  readable_.reset();
  channel_.close();
  is_called_ = false;
  if (!process_) return;
  remains_.kill();  // one that has not finished in the time between two reloads never will
  death_.reset();
  remains_.take(std::exchange(process_, {}));
}

void SideRole::stay_down() {
  stays_down_ = true;
  restart_.cancel();
}

void SideRole::end(std::move_only_function<void()> ended) {
  stay_down();
  if (is_called_) {  // our side of the channel; the end of theirs will be read
    channel_.finish();
  } else {
    readable_.reset();
    channel_.close();
  }
  if (!is_running()) return ended();
  ended_ = std::move(ended);
}

// A service that is no child of ours ends with its channel.
void SideRole::kill() {
  remains_.kill();
  process_.signal(SIGKILL);
  if (!std::exchange(is_called_, false)) return;
  readable_.reset();
  channel_.close();
  if (ended_) ended_();
}

void SideRole::on_death(const std::string& how) {
  death_.reset();
  look_.cancel();
  if (stays_down_) {
    if (ended_) ended_();
    return;
  }
  log_.error(fmt::format("{} {}; {}", plan_.name, how, plan_.loss));
  if (plan_.died) plan_.died();
  restart_.set(loop::now() + back_off_.on_death(loop::now()));
}

void SideRole::start_again() {
  restart_.cancel();
  if (stays_down_ || is_running()) return;
  const auto started = start();
  if (started) return;
  log_.error(to_string(started.error()));
  restart_.set(loop::now() + back_off_.on_death(loop::now()));
}

}  // namespace baton::daemon
