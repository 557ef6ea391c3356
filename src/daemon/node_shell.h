// The node and everything around it: what happens goes into vrrp::Node, what it wants done is carried out. Once a turn
// all is settled in the order that the protocol needs: adverts leave, addresses follow, announcements follow the
// addresses, people are told last. Knows nothing of the process it is in: when to begin, whom to follow and when to end
// is the worker's to say.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "daemon/advert_inbox.h"
#include "daemon/advert_outbox.h"
#include "daemon/announcer.h"
#include "daemon/check_desk.h"
#include "daemon/early_packets.h"
#include "daemon/firewall.h"
#include "daemon/hook_desk.h"
#include "daemon/host.h"
#include "daemon/last_will.h"
#include "daemon/link_watch.h"
#include "daemon/newsroom.h"
#include "daemon/pause_watch.h"
#include "daemon/router_set.h"
#include "daemon/second_owners.h"
#include "daemon/status_service.h"
#include "daemon/takeover_prover.h"
#include "daemon/transport.h"
#include "daemon/witness_desk.h"
#include "daemon/worker.h"
#include "log/rate_limit.h"
#include "loop/loop.h"
#include "recorder/recorder.h"

namespace baton::daemon {

class NodeShell {
 public:
  struct Handlers {
    // The firewall's rules depend on what has changed. False: nobody has heard it.
    std::function<bool()> on_firewall_outdated;
    // What has become of the maintenance that was asked for: the last word about it.
    std::function<void(vrrp::Maintenance)> on_maintenance;
    std::function<void()> on_stopped;  // nothing is held and nothing is left to say
  };
  // The channels of `start` to the api, the checker and the BFD role may be replaced at any time.
  NodeShell(WorkerStart& start, loop::Loop& loop, log::Logger& log, Handlers handlers);

  // --- its life ---
  SysResult<void> open();  // listens to the kernel from now on
  // Another worker serves still: what changes nothing for it is done, and what others say is kept.
  void prepare();
  SysResult<void> catch_up();  // it has left
  void begin();
  bool has_begun() const { return begun_; }
  void replay_early_packets(Instant from);
  void maintain(vrrp::MaintenanceTold::Wish wish);
  void stop();            // in order; on_stopped
  void leave_as_it_is();  // for a worker that goes on as we do
  std::vector<Unsaid> take_unsaid();
  void say_last_lines() { newsroom_.say_last_lines(); }
  void entrust();  // to the worker that follows: what take_unsaid() gave is with it
  void take_up(std::span<const Unsaid> messages) { newsroom_.take_up(messages); }
  bool has_refused() const { return host_.has_refused(); }
  void beat();  // regularly

  // --- what happened ---
  bool hear_runner();   // false: it is gone
  bool hear_checker();  // likewise
  bool hear_bfd();      // likewise
  void on_new_runner(kernel::Channel runner) { newsroom_.meet(std::move(runner)); }
  const kernel::Channel& runner() const { return newsroom_.runner(); }
  bool serve_api();  // false: it is gone
  bool wakes_up();   // after a pause: look at everything before anything is sent; once a turn at least
  void settle();     // once a turn, at its end

  const vrrp::Node& node() const { return node_; }

 private:
  void on_packet(vrrp::RouterId router, const vrrp::ReceivedPacket& packet);
  void on_frame(std::uint32_t interface_index, ByteView frame);
  void on_witness(const std::vector<vrrp::RouterId>& routers);
  void on_settings(vrrp::RouterId router, const OperatorSettings& settings);
  void on_timer();
  std::string tracker_text(vrrp::TrackerId tracker) const;

  // What follows from it.
  template <typename Event>
  void tell_node(Event&& event);  // event(actions)
  void carry_out(const vrrp::NodeActions& actions);
  void carry_out(vrrp::RouterId router, const vrrp::Action& action);
  void on_state_changed(vrrp::RouterId router, const vrrp::StateChanged& change);
  void on_announce(vrrp::RouterId router, const vrrp::Announce& announce);
  void on_hook_outcome(std::size_t hooks, HookDesk::Hook hook, HookDesk::Outcome outcome, Duration waited);
  void set(vrrp::RouterId router, const OperatorSettings& settings);
  void settle_hooks(Instant now);
  void set_holdings();
  void set_timers();
  void tell_of_restored(Instant now);
  void write_wills();
  void note_told();
  void look_at_interfaces();
  void look_at_links(Instant now, vrrp::NodeActions& actions);
  void tell_of_firewall();
  void announce_unannounced(Instant now);
  void tell_of_maintenance();

  void look_first();
  Host::Leftovers leftovers() const;
  std::vector<vrrp::RouterId> masters() const;
  void prepare_release(const std::vector<vrrp::RouterId>& routers, std::function<void()> then);
  void leave();

  WorkerStart& start_;
  const Setup& setup_ = start_.setup;
  LastWill& will_ = start_.will;
  loop::Loop& loop_;
  log::Logger& log_;
  Handlers handlers_;
  // Room for every reason of every router, so that no stranger can make one push another out and be told again.
  log::RateLimit reject_limit_;

  vrrp::Node node_{setup_.node};
  std::optional<recorder::Recorder> recorder_;
  std::vector<vrrp::AdvertCodec> codecs_;
  std::vector<RouterStatistics> statistics_{setup_.routers.size()};
  WorkerStatistics counted_;
  std::vector<std::optional<IpAddress>> sources_{setup_.routers.size()};
  std::vector<OperatorSettings> settings_{setup_.routers.size()};
  RouterSet touched_{setup_.routers.size()};  // since the last settle()
  vrrp::NodeActions actions_;                 // of one event; its memory is used again

  Host host_;
  const kernel::InterfaceTable& interfaces_ = host_.interfaces();
  std::optional<kernel::FirewallRules> told_rules_;
  LinkWatch links_{setup_, ask_drivers([this](const std::string& text) { log_.warning(text); })};
  Transport transport_;
  AdvertOutbox outbox_{setup_, transport_, statistics_, log_, reject_limit_};
  Announcer announcer_;
  TakeoverProver prover_;
  Newsroom newsroom_;
  CheckDesk checks_{setup_, start_.checker};
  CheckDesk sessions_{CheckDesk::sessions_of(setup_), start_.bfd, "nobody speaks BFD now, what was known stands"};
  HookDesk hooks_;
  AdvertInbox inbox_{setup_, codecs_, statistics_, newsroom_, log_, reject_limit_};
  SecondOwners second_owners_{statistics_, counted_, newsroom_};
  WitnessDesk witnesses_{setup_, loop_, log_, [this](const auto& routers) { on_witness(routers); }};
  StatusService status_;

  loop::Timer protocol_timer_;
  loop::Timer link_timer_;          // a link is polled, or a change of one has lasted
  loop::Timer socket_timer_;        // sockets could not be opened: again
  loop::Timer announcement_timer_;  // settle() has one to send, or a question
  PauseWatch pause_;
  EarlyPackets early_packets_;
  bool has_looked_ = false;
  bool is_preparing_ = start_.takes_over;  // interfaces and their settings are the serving worker's
  bool begun_ = false;
  bool stopping_ = false;
  bool owes_maintenance_ = false;  // on_maintenance
  std::uint64_t maintenance_wishes_ = 0;
};

}  // namespace baton::daemon
