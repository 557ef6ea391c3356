// After becoming MASTER: do the neighbours know where the addresses live now? Finds whom to ask in the kernel's table
// (the gateway, and who was heard last), asks as vrrp::TakeoverProof says, hears the answers. Where the user asked for
// no bursts of announcements (RouterSetup::spares_bursts), one round of them is enough when all have learned it; the
// rest is sent at the first question that stays without an answer.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "base/timer_queue.h"
#include "daemon/announcer.h"
#include "daemon/setup.h"
#include "daemon/transport.h"
#include "kernel/interface_table.h"
#include "kernel/neighbour_query.h"
#include "loop/loop.h"
#include "vrrp/announcement.h"
#include "vrrp/node.h"
#include "vrrp/takeover_proof.h"

namespace baton::daemon {

namespace limits {
inline constexpr std::size_t gateways_looked_up =
    64;  // in one turn, each a few microseconds; further interfaces do without
}  // namespace limits

class TakeoverProver {
 public:
  TakeoverProver(const Setup& setup, const kernel::InterfaceTable& interfaces, Transport& transport,
                 Announcer& announcer, loop::Loop& loop);

  void on_master(vrrp::RouterId router);  // its announcements are in the announcer
  void on_left(vrrp::RouterId router);
  // Heard on an interface; `routers`: those that have the address which was asked about.
  void on_answer(std::span<const vrrp::RouterId> routers, std::uint32_t interface_index,
                 const vrrp::HeardAnswer& answer);

  // Once a turn, behind the announcements; true when there is more to send at once.
  bool settle(const vrrp::Node& node, Instant now, AddressState addresses);
  std::optional<Instant> next_at() const { return timers_.next(); }
  // Those that spare their second burst, since the last call.
  std::vector<vrrp::RouterId> take_proven() { return std::exchange(proven_, {}); }
  // nullopt: not MASTER, or not begun yet.
  std::optional<vrrp::TakeoverProof::Progress> progress(vrrp::RouterId router) const;

 private:
  using Place = std::pair<std::uint32_t, Family>;  // an interface

  void ask_kernel();
  void on_neighbours();
  void keep(const kernel::KnownNeighbour& neighbour);
  void begin_proofs();
  std::vector<vrrp::TakeoverProof::Question> questions_of(vrrp::RouterId router) const;
  void add_neighbours(const Place& place, std::vector<vrrp::Neighbour>& to) const;
  bool is_client(vrrp::RouterId router, const IpAddress& address) const;
  std::size_t send(const std::vector<vrrp::TakeoverProof::Question>& questions);
  void send_rest_of_burst(vrrp::RouterId router);

  const Setup& setup_;
  const kernel::InterfaceTable& interfaces_;
  Transport& transport_;
  Announcer& announcer_;
  loop::Loop& loop_;
  std::set<IpAddress> virtual_addresses_;  // of all routers: they are no neighbours
  std::optional<kernel::NeighbourQuery> query_;
  loop::Subscription readable_;
  std::set<vrrp::RouterId> waiting_;  // for their addresses, or for a question to the kernel that is open
  std::set<vrrp::RouterId> asking_;   // for the answer of the kernel
  std::map<Place, std::vector<kernel::KnownNeighbour>> neighbours_;  // the latest first, a bounded number
  std::map<Place, IpAddress> gateways_;
  std::map<vrrp::RouterId, vrrp::TakeoverProof> proofs_;
  TimerQueue<vrrp::RouterId> timers_;
  std::vector<vrrp::RouterId> proven_;
};

}  // namespace baton::daemon
