// The nodes of a network on one clock: the same cores as in the daemon, every frame delivered, nothing left to chance.
// What happens to them is said by name; settle() lets time pass until nothing more will come of it. Where nothing
// happens but adverts, waiting for a check's next run or a delayed link is skipped, and counted all the same. PURE.
//
// Unlike the simulator's world (sim/), which looks for what can go wrong by chance, this one is exact and the same
// every time: nothing is lost, and what happens comes at the worst moment (refresh()), and so does what is noticed of
// it later, as long as nothing has come of it yet.
#pragma once

#include <cstdint>
#include <optional>
#include <queue>
#include <string>
#include <vector>

#include "plan/check.h"
#include "plan/network.h"
#include "vrrp/node.h"

namespace baton::plan {

namespace limits {

inline constexpr Duration lan_delay = std::chrono::microseconds(50);
inline constexpr Duration announced_after = std::chrono::milliseconds(1);  // the addresses are in the kernel by then
inline constexpr Duration witnessed_after = std::chrono::milliseconds(1);  // a witness has answered; it always does
inline constexpr Duration resumed_after = std::chrono::milliseconds(20);   // docs/decisions/0002
inline constexpr std::uint64_t changes = 30;  // of a router's state or priority after one event: it will not rest

}  // namespace limits

// The last advert that a router heard.
struct Heard {
  Instant at;
  NodeId from = 0;
  std::uint8_t priority = 0;
};

// What happened to one router.
struct Change {
  enum class Kind : std::uint8_t {
    state,
    priority,
    vanished,  // with its daemon; nothing was said
  };
  Kind kind = Kind::state;
  Instant at;
  NodeId node = 0;
  vrrp::RouterId router = 0;
  vrrp::State from = vrrp::State::init;
  vrrp::State to = vrrp::State::init;
  vrrp::Reason reason = vrrp::Reason::start;
  std::uint8_t priority_before = 0;
  std::uint8_t priority = 0;
  std::optional<Heard> heard;  // before it
};

// What is left of the work that a plan may make: frames that arrive, deadlines, news.
struct Budget {
  std::uint64_t steps = 0;
};

enum class Rest : std::uint8_t { calm, restless, out_of_budget };

class World {
 public:
  World(const Network& network, Budget& budget);

  // --- what happens to nodes ---
  enum class Boot : std::uint8_t { no, yes };
  void start(NodeId node, Boot boot);
  void stop(NodeId node);         // SIGTERM; it leaves in order
  void kill(NodeId node);         // all of its daemon, or the machine; nobody leaves its addresses there
  void kill_worker(NodeId node);  // the guardian starts another
  void set_link(NodeId node, std::size_t link, bool up);
  void set_check(NodeId node, vrrp::TrackerId tracker, bool well);
  void hang_check(NodeId node, vrrp::TrackerId tracker);
  // Between the first half of the nodes and the others nothing passes.
  void split(bool is_split);
  // Every master adverts now: silence from here on lasts as long as it can.
  void refresh();
  Rest settle();
  // Changes are recorded from here on.
  void forget() { changes_.clear(); }

  // --- questions ---
  Instant now() const { return now_ + skipped_; }
  const Network& network() const { return network_; }
  const std::vector<Change>& changes() const { return changes_; }
  bool is_running(NodeId node) const { return machines_[node].node.has_value(); }
  bool is_link_up(NodeId node, std::size_t link) const { return machines_[node].links_up[link]; }
  const vrrp::Node& core(NodeId node) const { return *machines_[node].node; }  // of a running one
  vrrp::State state(const Ring::Member& member) const;
  bool holds(const Ring::Member& member) const { return state(member) == vrrp::State::master; }
  bool is_split_between(NodeId one, NodeId other) const { return is_split_ && side_of(one) != side_of(other); }
  bool side_of(NodeId node) const { return node >= (machines_.size() + 1) / 2; }
  const Check& check(NodeId node, vrrp::TrackerId tracker) const { return machines_[node].checks[tracker]; }

 private:
  struct Machine {
    std::optional<vrrp::Node> node;
    std::vector<Check> checks;  // by tracker
    std::vector<bool> links_up;
    std::vector<std::optional<Heard>> heard;  // by router
    unsigned life = 0;
    bool has_worker = true;  // it may be dead while its guardian lives
    Instant listens_from{};  // the end of vrrp_startup_delay
  };
  // On a LAN.
  struct Frame {
    Instant at;
    std::uint64_t number = 0;  // ties arrive in the order they were sent
    NodeId node = 0;
    vrrp::RouterId router = 0;
    unsigned life = 0;
    std::optional<vrrp::SendAdvert> advert;  // nullopt: an announcement
    bool operator>(const Frame& other) const { return at != other.at ? at > other.at : number > other.number; }
  };
  // On a machine, some time after what brought it about.
  struct News {
    enum class Kind : std::uint8_t { check, link, resume, listens, witness };
    Kind kind = Kind::check;
    Instant at;
    NodeId node = 0;
    std::size_t index = 0;  // tracker, link, router
    unsigned life = 0;
  };

  void spend() { budget_.steps -= budget_.steps > 0 ? 1 : 0; }
  void pass(Instant end);
  bool is_restless() const;
  bool step(Instant end);
  void deliver(const Frame& frame);
  void hear(const Frame& frame, const Listener& listener);
  void happen_next();
  void happen(const News& news);
  void refresh_unless_moving();
  template <typename Event>
  void tell(NodeId node, Event&& event);
  void carry_out(NodeId node);
  void note(NodeId node, const vrrp::RouterAction& action);
  void send(NodeId node, vrrp::RouterId router, const std::optional<vrrp::SendAdvert>& advert);
  void put(News news);
  void drop_void_news();
  std::vector<News>::iterator next_news();
  void skip_to_next_news();
  bool is_at_work(NodeId node) const { return is_running(node) && machines_[node].has_worker; }
  bool can_pass(NodeId node, vrrp::RouterId router) const;
  void look_anew(NodeId node, vrrp::TrackerId tracker);
  void tell_link(NodeId node, std::size_t link);
  Duration link_delay(NodeId node, std::size_t link, bool up) const;
  void tell_of_surroundings(NodeId node, vrrp::Node& core);
  void begin_life(NodeId node);
  void resume(NodeId node);
  void forget_if_stopped(NodeId node);
  Duration patience() const;

  const Network& network_;
  Budget& budget_;
  std::vector<Machine> machines_;
  std::priority_queue<Frame, std::vector<Frame>, std::greater<>> frames_;
  std::vector<News> news_;
  std::uint64_t number_ = 0;
  Instant now_{std::chrono::hours(1000)};
  Duration skipped_{};
  Duration window_{};     // as long as nothing changed, nothing will
  Instant changed_at_{};  // on now_'s clock
  Instant refreshed_at_{};
  bool is_split_ = false;
  std::vector<std::uint64_t> turmoil_;  // by election: changes since settle() began
  std::vector<Change> changes_;
  vrrp::NodeActions actions_;
};

}  // namespace baton::plan
