#include "daemon/worker_role.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>

namespace baton::daemon {

namespace {

constexpr int leave_bound_ms = 200;

// utime and stime are fields 14 and 15 of /proc/PID/stat, counted behind the name, which may hold anything.
ProcessState read_process_state(pid_t pid) {
  ProcessState result;
  const UniqueFd fd(::open(fmt::format("/proc/{}/stat", pid).c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 1024> buffer{};
  const ssize_t count = fd ? ::read(fd.get(), buffer.data(), buffer.size() - 1) : -1;
  if (count <= 0) return result;
  const std::string_view text(buffer.data(), static_cast<std::size_t>(count));
  const std::size_t name_end = text.rfind(')');
  if (name_end == text.npos || name_end + 2 >= text.size()) return result;
  const char* at = text.data() + name_end + 2;
  result.state = *at;
  constexpr int utime = 11;  // fields behind the state
  constexpr int stime = 12;
  for (int field = 0; field <= stime && at != nullptr; ++field) {
    if (field == utime || field == stime) result.cpu_ticks += std::strtoull(at, nullptr, 10);
    at = std::strchr(at, ' ');
    if (at != nullptr) ++at;
  }
  return result;
}

}  // namespace

Duration shortest_advert_interval(const Setup& setup) {
  Duration shortest = Duration::max();
  for (const RouterSetup& router : setup.routers) shortest = std::min(shortest, router.codec.advert_interval);
  return shortest;
}

Duration starved_bound(const Setup& setup) {
  Duration bound = limits::starved_most;
  for (const vrrp::NodeRouterParameters& each : setup.node.routers) {
    bound = std::min(bound, starved_bound(each.router.advert_interval, each.router.down_timer_adverts));
  }
  return bound;
}

SysResult<std::unique_ptr<WorkerRole>> WorkerRole::make(loop::Loop& loop, std::unique_ptr<Setup> setup,
                                                        WallTime read_at, Events events) {
  auto memory = kernel::SharedMemory::create(LastWill::size_for(setup->routers.size()));
  if (!memory) return std::unexpected(memory.error());
  return std::unique_ptr<WorkerRole>(
      new WorkerRole(loop, std::move(setup), read_at, std::move(*memory), std::move(events)));
}

WorkerRole::WorkerRole(loop::Loop& loop, std::unique_ptr<Setup> setup, WallTime read_at, kernel::SharedMemory memory,
                       Events events)
    : loop_(loop),
      setup_(std::move(setup)),
      read_at_(read_at),
      memory_(std::move(memory)),
      will_(memory_.data(), setup_->routers.size()),
      record_(FlightRecord::make(setup_->node)),
      events_(std::move(events)) {}

SysResult<void> WorkerRole::start(const Launch& launch, std::span<const int> keep) {
  auto pair = kernel::Channel::make_pair();
  if (!pair) return std::unexpected(pair.error());
  auto& [ours, theirs] = *pair;
  std::vector<int> kept(keep.begin(), keep.end());
  kept.push_back(theirs.fd());

  const Instant now = loop::now();
  silence_before_ = will_.heartbeat() == Instant() ? Duration::zero() : now - will_.heartbeat();
  will_.begin_generation(now);
  hang_detector_.reset(now);
  must_serve_since_.reset();
  auto started = start_role({.name = "baton-vrrp",
                             .parent_death_signal = SIGTERM,  // the guardian is gone: leave in order
                             .keep = kept,
                             .secrets = setup::Secrets::adverts,
                             .main = [&] { return launch(*setup_, will_, std::move(theirs)); }});
  if (!started) return std::unexpected(started.error());
  process_ = std::move(*started);
  is_killed_ = false;
  channel_ = std::move(ours);
  readable_ = loop_.watch(channel_.fd(), loop::Ready::readable, [this] { on_message(); });
  death_ = loop_.watch(process_.pidfd.get(), loop::Ready::readable, [this] { events_.died(); });
  return {};
}

void WorkerRole::on_message() {
  const auto message = channel_.receive();
  if (!message) {
    if (message.error() == kernel::Channel::Nothing::any_more) readable_.reset();  // its death is told elsewhere
    return;
  }
  events_.said(message->bytes[0], ByteView(message->bytes).subspan(1));
}

void WorkerRole::kill() {
  process_.signal(SIGKILL);
  is_killed_ = true;
}

UniqueFd WorkerRole::leave() {
  if (!process_) return {};
  readable_.reset();
  // One that does not serve yet may not hear SIGQUIT yet, and would dump core.
  process_.signal(will_.is_serving() ? SIGQUIT : SIGKILL);
  const Instant bound = loop::now() + std::chrono::milliseconds(leave_bound_ms);
  bool has_left = false;
  UniqueFd unsaid;
  while (!has_left && loop::now() < bound) {
    pollfd ready[] = {{.fd = channel_.fd(), .events = POLLIN, .revents = 0},
                      {.fd = process_.pidfd.get(), .events = POLLIN, .revents = 0}};
    if (::poll(ready, std::size(ready), leave_bound_ms) < 1) break;
    auto message = channel_.receive();
    if (message && message->bytes == Bytes{worker_has_left}) unsaid = std::move(message->passed_fd);
    has_left = message ? message->bytes == Bytes{worker_has_left} : (ready[1].revents & POLLIN) != 0;
  }
  // It has nothing left to do, and its memory takes a while to be given back.
  process_.signal(SIGKILL);
  return unsaid;
}

std::string WorkerRole::reap() {
  death_.reset();
  readable_.reset();
  channel_.close();
  return daemon::reap(process_);
}

RoleProcess WorkerRole::release_process() {
  death_.reset();
  readable_.reset();
  channel_.close();
  return std::exchange(process_, {});
}

void WorkerRole::must_serve_soon(Instant now, Duration silence_before) {
  must_serve_since_ = now;
  silence_before_ = std::max(silence_before_, silence_before);
  hang_detector_.reset(now);
  service_detector_.reset(now);
}

WorkerRole::Health WorkerRole::look(Instant now) {
  const Duration starved = starved_bound(*setup_);
  const auto state = [this] { return read_process_state(process_.pid); };
  if (will_.is_serving()) {
    must_serve_since_.reset();
  } else if (must_serve_since_) {
    const Patience patience{.silence = resume_bound(shortest_advert_interval(*setup_)),
                            .starved = starved - silence_before_};
    if (service_detector_.is_hung(*must_serve_since_, now, state, patience)) return Health::serves_late;
  }
  const bool starts_from_scratch = !will_.is_serving() && !must_serve_since_;
  const Patience patience{.silence = starts_from_scratch ? limits::hang_at_start : limits::hang, .starved = starved};
  return hang_detector_.is_hung(will_.heartbeat(), now, state, patience) ? Health::hangs : Health::fine;
}

Instant WorkerRole::next_look(Instant now) const {
  return will_.is_serving() ? hang_detector_.next_look() : now + limits::close_look;
}

}  // namespace baton::daemon
