#include "rows.h"

#include <csignal>
#include <memory>
#include <vector>

#include <fmt/format.h>

#include "base/result.h"
#include "lab/clock.h"

namespace baton::bench {
namespace {

using namespace std::chrono_literals;
using lab::Role;

using Outcome = std::expected<Measurement, std::string>;

constexpr Duration takeover_bound = 6s;

std::string milliseconds(Duration duration) {
  return fmt::format("{:.1f} ms", std::chrono::duration<double, std::milli>(duration).count());
}

std::expected<std::unique_ptr<Trial>, std::string> begin(const RowContext& context, const PairText& text) {
  auto trial = Trial::start(context.pairing, text, context.batond);
  if (trial) (*trial)->wait_for_moment(context.moment);
  return trial;
}

const PairText version_3_fast{.instance = "  version 3\n  advert_int 0.01\n"};

PairText checked(int interval, int weight, int first_priority, int second_priority) {
  return {
      .before = fmt::format("vrrp_script chk_nginx {{\n  script \"killall -0 nginx\"\n  interval {}\n  weight {}\n}}\n",
                            interval, weight),
      .instance = "  advert_int 1\n  track_script {\n    chk_nginx\n  }\n",
      .first_priority = first_priority,
      .second_priority = second_priority,
      .has_web = true};
}

// --- the daemon's processes ---

Outcome signal_row(const RowContext& context, const PairText& text, Role role, int signal) {
  auto trial = TRY(begin(context, text));
  return trial->measure([&] { return trial->lab().signal_daemon(web1, role, signal); },
                        [&] { return trial->alone(web2) && trial->answers(web2); }, takeover_bound);
}

Outcome sigterm(const RowContext& context) {
  return signal_row(context, {}, Role::guardian, SIGTERM);
}
Outcome kill_guardian(const RowContext& context) {
  return signal_row(context, {}, Role::guardian, SIGKILL);
}
Outcome sigterm_fast(const RowContext& context) {
  return signal_row(context, version_3_fast, Role::guardian, SIGTERM);
}

// It may move and move back, or stay: looked at until a master-down interval after its last possible move.
Outcome kill_worker(const RowContext& context) {
  auto trial = TRY(begin(context, {}));
  const Instant from = lab::now();
  bool moved = false;
  bool moved_back = false;
  Measurement measurement = trial->measure([&] { return trial->lab().signal_daemon(web1, Role::worker, SIGKILL); },
                                           [&] {
                                             moved = moved || trial->alone(web2);
                                             moved_back = moved && trial->alone(web1);
                                             return moved_back || lab::now() - from > 5s;
                                           },
                                           takeover_bound);
  measurement.note = moved_back ? "moves and moves back" : moved ? "moves" : "stays";
  return measurement;
}

Outcome stop_worker(const RowContext& context) {
  auto trial = TRY(begin(context, {}));
  const Instant from = lab::now();
  Measurement measurement = trial->measure([&] { return trial->lab().signal_daemon(web1, Role::worker, SIGSTOP); },
                                           [&] { return lab::now() - from > 6s; }, 7s);
  measurement.note = trial->has(web1) && trial->has(web2) ? "both have it after 6 s" : "one owner after 6 s";
  return measurement;
}

Outcome stop_all(const RowContext& context) {
  auto trial = TRY(begin(context, {}));
  Measurement measurement = trial->measure([&] { return trial->lab().signal_daemon(web1, Role::everything, SIGSTOP); },
                                           [&] { return trial->has(web2) && trial->answers(web2); }, takeover_bound);
  const Instant wakes = lab::now();
  (void)trial->lab().signal_daemon(web1, Role::everything, SIGCONT);
  const bool one = trial->lab().wait_until([&] { return !trial->has(web1) || !trial->has(web2); }, 5s);
  measurement.note =
      one ? fmt::format("one owner {} after waking", milliseconds(lab::now() - wakes)) : "two owners after waking";
  return measurement;
}

// The unit file's ExecStopPost runs when the last process is gone; keepalived's unit has none.
Outcome kill_all(const RowContext& context) {
  auto trial = TRY(begin(context, {}));
  const Instant from = lab::now();
  Measurement measurement = trial->measure(
      [&]() -> SysResult<void> {
        TRY_VOID(trial->lab().signal_daemon(web1, Role::everything, SIGKILL));
        if (context.pairing.first == Daemon::batond) TRY_VOID(trial->lab().clean_up(web1));
        return {};
      },
      [&] { return trial->has(web2) && trial->answers(web2) && lab::now() - from > 1s; }, takeover_bound);
  measurement.note = trial->has(web1) ? "web1 keeps it" : "web1 lost it";
  return measurement;
}

// --- the service ---

Outcome stop_web(const RowContext& context, const PairText& text) {
  auto trial = TRY(begin(context, text));
  return trial->measure([&] { return trial->lab().stop_web(web1); },
                        [&] { return trial->alone(web2) && trial->lab().pages()->last_answered_by() == web2; }, 10s);
}

Outcome check_fault(const RowContext& context) {
  return stop_web(context, checked(1, 0, 200, 100));
}
Outcome check_weight(const RowContext& context) {
  return stop_web(context, checked(2, 4, 100, 98));
}

// --- the network ---

Outcome network_row(const RowContext& context, const PairText& text,
                    const std::function<SysResult<void>(lab::Lab&)>& fault) {
  auto trial = TRY(begin(context, text));
  const Instant at = lab::now();
  Measurement measurement = trial->measure([&] { return fault(trial->lab()); },
                                           [&] { return trial->has(web2) && trial->answers(web2); }, takeover_bound);
  if (const auto above = trial->above_limit(web1, web2, at)) measurement.note = "limit + " + milliseconds(*above);
  return measurement;
}

SysResult<void> pull_cable(lab::Lab& lab) {
  return lab.set_carrier(web1, "ens33", false);
}
SysResult<void> cut(lab::Lab& lab) {
  return lab.set_forwarding(web1, "ens33", false);
}

Outcome carrier(const RowContext& context) {
  return network_row(context, {}, pull_cable);
}
Outcome cut_plain(const RowContext& context) {
  return network_row(context, {}, cut);
}
Outcome cut_fast(const RowContext& context) {
  return network_row(context, version_3_fast, cut);
}

Outcome heal(const RowContext& context) {
  auto trial = TRY(begin(context, {}));
  (void)trial->measure([&] { return cut(trial->lab()); }, [&] { return trial->has(web2) && trial->answers(web2); },
                       takeover_bound);
  trial->lab().run_for(2s);
  return trial->measure([&] { return trial->lab().set_forwarding(web1, "ens33", true); },
                        [&] { return trial->alone(web1); }, 8s);
}

Outcome sync_group(const RowContext& context) {
  auto trial = TRY(begin(context, {.two_interfaces = true}));
  const IpAddress other = trial->lab().topology().targets.back().address;
  return trial->measure([&] { return trial->lab().set_link(web1, "ens33", false); },
                        [&] {
                          return trial->alone(web2) && trial->answers(web2) &&
                                 trial->lab().ownership().owners(other) == std::set<NodeId>{web2};
                        },
                        takeover_bound);
}

Outcome hanging_syslog(const RowContext& context) {
  auto trial = TRY(begin(context, {.log_to_syslog = true}));
  if (auto hung = trial->lab().hang_syslog(web2); !hung) return std::unexpected(to_string(hung.error()));
  Measurement measurement = trial->measure([&] { return cut(trial->lab()); },
                                           [&] { return trial->has(web2) && trial->answers(web2); }, takeover_bound);
  if (!trial->has(web2)) measurement.note = "no takeover";
  return measurement;
}

Outcome better_returns(const RowContext& context) {
  auto trial = TRY(begin(context, {}));
  (void)trial->measure([&] { return trial->lab().signal_daemon(web1, Role::guardian, SIGTERM); },
                       [&] { return trial->alone(web2) && trial->answers(web2) && !trial->lab().daemon_runs(web1); },
                       takeover_bound);
  return trial->measure([&] { return trial->lab().start_daemon(web1); },
                        [&] { return trial->alone(web1) && trial->answers(web1); }, takeover_bound);
}

// --- load ---

Outcome busy_gaps(const RowContext& context) {
  auto trial = TRY(begin(context, version_3_fast));
  for (int i = 0; i < 4; ++i) {
    auto started = trial->lab().start_program(web1, {"sh", "-c", "while :; do :; done"});
    if (!started) return std::unexpected(to_string(started.error()));
  }
  const Instant from = lab::now();
  trial->lab().run_for(10s);
  const lab::GapStatistics gaps = lab::advert_gaps(trial->lab().adverts(), web1, 50, from, lab::now());
  Measurement measurement = trial->since(from);
  measurement.note = fmt::format("gap p50 {}, p99 {}, longest {}", milliseconds(gaps.median), milliseconds(gaps.p99),
                                 milliseconds(gaps.longest));
  return measurement;
}

Outcome ten_thousand(const RowContext& context) {
  constexpr int count = 10'000;
  PairText text;
  for (int i = 0; i < count; ++i)
    text.excluded += fmt::format("    10.{}.{}.{}\n", 100 + i / 50'000, i / 250 % 250, i % 250 + 1);
  auto trial = TRY(begin(context, text));
  lab::Lab& lab = trial->lab();
  // web1 has them all already; web2 shall get them.
  const std::size_t own = lab.address_count(web2).held;
  Measurement measurement =
      trial->measure([&] { return cut(lab); }, [&] { return lab.address_count(web2).held >= own + count + 1; }, 30s);
  Instant first{};
  for (const lab::AdvertRecord& record : lab.adverts()) {
    if (record.node == web2 && record.advert.priority > 0 && first == Instant{}) first = record.at;
  }
  const Instant present = lab.address_count(web2).last_change;
  lab.run_for(3s);
  const lab::GapStatistics gaps = lab::advert_gaps(lab.adverts(), web2, 50, first, lab::now());
  measurement.note =
      fmt::format("present after {}, longest gap {}", milliseconds(present - first), milliseconds(gaps.longest));
  return measurement;
}

const std::vector<Row>& table() {
  static const std::vector<Row> rows{
      {"sigterm", "SIGTERM of the master", "no probe lost", sigterm},
      {"kill-worker", "worker SIGKILL", "< 0.8 s, no move back", kill_worker},
      {"kill-guardian", "guardian SIGKILL", "no probe lost", kill_guardian},
      {"stop-worker", "hang: SIGSTOP of the worker", "< 300 ms", stop_worker},
      {"stop-all", "hang: SIGSTOP of all", "gone at once on waking", stop_all},
      {"kill-all", "everything SIGKILLed", "off at once by the unit's clean-up", kill_all},
      {"check", "check fails, weight 0, interval 1", "ms + 0.61 s", check_fault},
      {"nginx", "nginx stops, weight 4, interval 2, 100/98", "< 0.8 s", check_weight},
      {"carrier", "link loses carrier", "limit + 5 ms", carrier},
      {"cut", "cut at the switch", "limit + 5 ms", cut_plain},
      {"heal", "cut healed", "< 0.2 s", heal},
      {"sync-group", "one interface of a sync group goes down", "0.61 s + 5 ms", sync_group},
      {"syslog", "cut while the backup's syslog reader hangs", "as without", hanging_syslog},
      {"return", "better node returns", "none, none", better_returns},
      {"v3-sigterm", "v3 at 10 ms: SIGTERM", "0", sigterm_fast},
      {"v3-cut", "v3 at 10 ms: cut", "limit + 2 ms", cut_fast},
      {"v3-gaps", "v3 at 10 ms: gaps under 4 busy loops", "p99 < 11 ms", busy_gaps},
      {"addresses", "10,000 addresses", "2.0 s, 1 s + 5 ms", ten_thousand},
  };
  return rows;
}

}  // namespace

std::span<const Row> rows() {
  return table();
}

}  // namespace baton::bench
