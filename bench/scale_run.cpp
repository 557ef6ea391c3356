#include "scale_run.h"

#include <sys/epoll.h>

#include <csignal>

#include <fmt/format.h>

#include "accounts.h"
#include "lab/clock.h"

namespace baton::bench {
namespace {

using namespace std::chrono_literals;
using lab::Role;

constexpr int high = 200;
constexpr int middle = 100;
constexpr int low = 50;
constexpr Duration start_bound = 30s;

class Run {
 public:
  Run(Stage& stage, const Scale& scale, const ScaleOptions& options)
      : stage_(stage), scale_(scale), options_(options) {}

  std::expected<ScaleFigures, std::string> carry_out();

 private:
  bool start(Side side, int priority);
  void count_costs();
  void watch_gaps();
  void reload();
  void take_over();
  void lose();
  double cpu_a_minute(const std::vector<pid_t>& processes, const std::function<void()>& meanwhile);
  bool has_all(Side side) const { return stage_.addresses(side) == scale_.instances; }
  // Captures what reaches `side` while `work` is done.
  template <typename Work>
  void capture(Side side, Work&& work);

  Stage& stage_;
  Scale scale_;
  ScaleOptions options_;
  ScaleFigures figures_;
};

template <typename Work>
void Run::capture(Side side, Work&& work) {
  auto capture = stage_.machine(side).network().inside([] { return AdvertCapture::open(); });
  if (!capture) return;
  const auto token = stage_.reactor().watch(capture->fd(), EPOLLIN, [&](std::uint32_t) { capture->read(); });
  work(*capture);
  stage_.reactor().unwatch(token);
}

std::expected<ScaleFigures, std::string> Run::carry_out() {
  const Instant begin = lab::now();
  if (!start(Side::here, high)) return std::unexpected("not MASTER of all within its bound");
  figures_.start = stage_.last_address_change(Side::here) - (begin + master_down_interval(scale_, high));
  stage_.run_for(6s);  // the second burst of announcements has passed
  count_costs();
  watch_gaps();
  reload();
  take_over();
  lose();
  return figures_;
}

bool Run::start(Side side, int priority) {
  if (!stage_.start(side, configuration(scale_, priority))) return false;
  return stage_.wait_until([&] { return has_all(side); }, start_bound);
}

double Run::cpu_a_minute(const std::vector<pid_t>& processes, const std::function<void()>& meanwhile) {
  const Instant from = lab::now();
  const Duration before = processor_time(processes);
  meanwhile();
  const Duration spent = processor_time(processes) - before;
  return std::chrono::duration<double>(spent) / std::chrono::duration<double>(lab::now() - from) * 60;
}

void Run::count_costs() {
  const auto all = stage_.processes(Side::here, Role::everything);
  const auto worker = stage_.processes(Side::here, Role::worker);
  figures_.cpu_all =
      cpu_a_minute(all, [&] { figures_.cpu_worker = cpu_a_minute(worker, [&] { stage_.run_for(options_.steady); }); });
  figures_.memory_all = memory_kib(all);
  figures_.memory_worker = memory_kib(worker);
  figures_.memory_guardian = memory_kib(stage_.processes(Side::here, Role::guardian));
}

void Run::watch_gaps() {
  capture(Side::there, [&](AdvertCapture& capture) {
    const Instant from = lab::now();
    stage_.run_for(options_.steady);
    capture.read();
    figures_.gaps = capture.gaps(scale_.interval, from, lab::now());
  });
}

void Run::reload() {
  capture(Side::there, [&](AdvertCapture& capture) {
    const Instant from = lab::now();
    stage_.run_for(2 * scale_.interval);
    if (!stage_.rewrite(Side::here, configuration(scale_, high, true))) return;
    const Instant asked = lab::now();
    stage_.signal(Side::here, SIGHUP);
    const bool done = stage_.wait_until([&] { return stage_.addresses(Side::here) == scale_.instances + 1; }, 10s);
    if (done) figures_.reload = stage_.last_address_change(Side::here) - asked;
    stage_.run_for(3 * scale_.interval + 500ms);
    capture.read();
    figures_.reload_gaps = capture.gaps(scale_.interval, from, lab::now());
  });
  // The peer is to have the same addresses.
  if (!stage_.rewrite(Side::here, configuration(scale_, high))) return;
  stage_.signal(Side::here, SIGHUP);
  (void)stage_.wait_until([&] { return has_all(Side::here); }, 10s);
}

void Run::take_over() {
  if (!stage_.start(Side::there, configuration(scale_, middle))) return;
  stage_.run_for(master_down_interval(scale_, middle) + 3s);
  const auto backup = stage_.processes(Side::there, Role::everything);
  figures_.cpu_backup = cpu_a_minute(backup, [&] { stage_.run_for(options_.steady / 2); });
  capture(Side::there, [&](AdvertCapture& capture) {
    const Instant asked = lab::now();
    stage_.signal(Side::here, SIGTERM);
    const bool done = stage_.wait_until([&] { return has_all(Side::there); }, 10s);
    if (done) figures_.takeover = stage_.last_address_change(Side::there) - (asked + skew_time(scale_, middle));
    const bool ended = stage_.wait_until([&] { return !stage_.runs(Side::here); }, 10s);
    capture.read();
    Instant last_act = stage_.last_address_change(Side::here);
    for (const auto& [key, adverts] : capture.adverts()) last_act = std::max(last_act, adverts.back().at);
    if (ended) figures_.gone = stage_.ended_at(Side::here) - last_act;
  });
}

void Run::lose() {
  if (stage_.runs(Side::here) || !has_all(Side::there)) return;
  if (!stage_.start(Side::here, configuration(scale_, low))) return;
  stage_.run_for(master_down_interval(scale_, low) + 3s);
  capture(Side::here, [&](AdvertCapture& capture) {
    stage_.run_for(2 * scale_.interval);
    stage_.signal_all(Side::there, SIGKILL);
    const bool done = stage_.wait_until([&] { return has_all(Side::here); }, 15s);
    capture.read();
    if (!done) return;
    Instant last{};
    for (const auto& [key, adverts] : capture.adverts()) last = std::max(last, adverts.back().at);
    figures_.loss = stage_.last_address_change(Side::here) - (last + master_down_interval(scale_, low));
  });
}

}  // namespace

std::expected<ScaleFigures, std::string> run_scale(Daemon daemon, const Scale& scale, const ScaleOptions& options) {
  auto stage = Stage::build(daemon, options.batond);
  if (!stage) return std::unexpected(to_string(stage.error()));
  return Run(**stage, scale, options).carry_out();
}

}  // namespace baton::bench
