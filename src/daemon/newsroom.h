// Who is told of what happened: the log at the end of the turn, scripts, FIFOs, mail and webhooks through the runner
// and who listens to events through the api, once the addresses are where the news says they are. A bounded number a
// turn, so that the news of a thousand routers hold up no advert.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "daemon/address_plan.h"
#include "daemon/hook_desk.h"
#include "daemon/log_queue.h"
#include "daemon/news_delivery.h"
#include "daemon/runner_desk.h"
#include "daemon/setup.h"
#include "daemon/succession.h"
#include "daemon/told_book.h"
#include "kernel/channel.h"
#include "log/logger.h"
#include "log/rate_limit.h"
#include "loop/loop.h"
#include "notify/event.h"
#include "vrrp/node.h"
#include "vrrp/reject_reason.h"

namespace baton::daemon {

namespace limits {
inline constexpr std::size_t news_a_turn = 32;         // lines, and events: about a millisecond each
inline constexpr std::size_t news_that_wait = 20'000;  // two transitions of every router there may be
// Two masters at once, or somebody who says so, and a BACKUP hears of another one with each advert.
inline constexpr std::uint64_t masters_told = 10;
inline constexpr Duration masters_told_within = std::chrono::seconds(10);
}  // namespace limits

class Newsroom {
 public:
  // `api` may be replaced by its owner at any time.
  Newsroom(const Setup& setup, log::Logger& log, loop::Loop& loop, const kernel::Channel& api)
      : setup_(setup), log_(log), desk_(setup, log, loop), delivery_(setup, desk_, api), lines_(log) {}

  // `at_start`: of the daemon, the time of init_file.
  void meet(kernel::Channel runner, bool at_start = false) {
    desk_.meet(std::move(runner), at_start);
    told_.confirm();
  }
  const kernel::Channel& runner() const { return desk_.runner(); }
  // Reads what the runner says; false when it is gone. `on_finished`: a script that was run has ended.
  bool receive(const std::function<void(vrrp::TrackerId, vrrp::TrackerValue)>& on_value,
               const std::function<void(const process::NotifyFinished&)>& on_finished);
  // Scripts that are waited for: sent by run_hooks(), before all that has been gathered.
  void add_hook(process::Notify hook) { hooks_to_run_.push_back(std::move(hook)); }
  void run_hooks();

  void on_state_changed(vrrp::RouterId router, const vrrp::StateChanged& change, const vrrp::Node& node);
  void on_group_changed(vrrp::GroupId group, const vrrp::GroupStateChanged& change);
  void on_priority_changed(vrrp::RouterId router, const vrrp::PriorityChanged& change, const vrrp::Node& node);
  // Told twice an advert interval at most: so often a lower master is heard, and a stranger could be at any rate.
  void on_lower_priority_heard(vrrp::RouterId router, const vrrp::LowerPriorityHeard& heard, const vrrp::Node& node);
  // Somebody else has the addresses; `untold`: how many such signs came since it was told last. The caller sees to it
  // that there are few.
  void on_second_owner(vrrp::RouterId router, const vrrp::SecondOwnerSeen& seen, const vrrp::Node& node,
                       std::uint64_t untold);
  void on_master_learned(vrrp::RouterId router, const vrrp::MasterLearned& learned);
  void on_handover_failed(vrrp::RouterId router);
  void on_witness_missed(vrrp::RouterId router);
  void on_hook_outcome(const HookSetup& hooks, HookDesk::Hook hook, HookDesk::Outcome outcome, Duration waited);
  // An advert that was not taken, and how many of the kind went untold before. The caller sees to it that there are
  // few.
  void on_rejected(vrrp::RouterId router, vrrp::RejectReason reason, const IpAddress& source, std::uint64_t untold);
  void on_address_restored(vrrp::RouterId router);
  void on_address_held(vrrp::RouterId router, const IpAddress& address, Duration hold);
  // `vanished` must live until it is told.
  void on_vanished(const Vanished& vanished);

  // We go on as a worker that left these wills: what it did not live to tell is told now.
  void take_over(std::span<const std::optional<RouterWill>> wills);
  // For the last will.
  ToldStates told(vrrp::RouterId router) const { return told_.of(router); }
  std::vector<vrrp::RouterId> take_told() { return told_.take_new(); }
  // What no runner has heard is for the worker that follows (take_unsaid), and told with that.
  void entrust() { told_.confirm(); }
  // Every state once more, to the FIFOs alone.
  void repeat_states(const vrrp::Node& node);

  // Tells some of what has been gathered; true when more waits that can be told at once. News of those whose addresses
  // `hooks` holds back wait with them.
  bool publish(AddressState addresses, const HookDesk& hooks);
  // Tells all of it.
  void finish();
  void tell_all();  // but for log lines
  // The last words of a worker that another one follows: what it could tell no runner is for that one,
  std::vector<Unsaid> take_unsaid() { return desk_.leave(); }
  // and its log lines, as many as a short time allows.
  void say_last_lines();
  void take_up(std::span<const Unsaid> messages) { desk_.take_up(messages); }
  // The last words: what is gathered, then the runner's Stop.
  void say_stopped();

  std::string tracker_text(vrrp::TrackerId tracker) const;

 private:
  using Members = std::span<const vrrp::RouterId>;
  void gather(Members members, notify::Event event, const notify::Hooks& hooks, std::string_view reason = {});
  void gather_change(vrrp::RouterId router, const vrrp::StateChanged& change, unsigned priority);
  void gather_change(vrrp::GroupId group, const vrrp::GroupStateChanged& change);
  void gather_change(std::uint32_t id, Members members, notify::Event event, vrrp::State from, vrrp::State to,
                     const notify::Hooks& hooks, std::string_view reason = {});
  void note_told(const News& news);
  bool tell_some(const HookDesk* hooks);
  void on_script(const process::ScriptResult& result);
  void on_file(const process::FileResult& result);
  void on_process(const process::ProcessResult& result);

  const Setup& setup_;
  log::Logger& log_;
  RunnerDesk desk_;
  NewsDelivery delivery_;
  log::RateLimit limit_{std::chrono::seconds(10), setup_.routers.size() * 3};  // "lower", "restored", "witness"
  log::RateLimit learned_{limits::masters_told_within, setup_.routers.size(), limits::masters_told};
  std::vector<Instant> lower_told_again_ = std::vector<Instant>(setup_.routers.size());  // by router: not before
  std::vector<process::Notify> hooks_to_run_;                                            // since the last turn
  LogQueue lines_;
  std::deque<News> gathered_;
  ToldBook told_{setup_};
  std::map<vrrp::TrackerId, std::string> tracker_texts_;
};

}  // namespace baton::daemon
