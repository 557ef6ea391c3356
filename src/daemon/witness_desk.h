// The witnesses of the routers (docs/decisions/0028): asked through the interface of the router, by an ICMP echo each
// time its core asks. Routers with the same witness share one question. Sockets are there while somebody waits for an
// answer, and no longer.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "daemon/setup.h"
#include "kernel/echo_socket.h"
#include "log/logger.h"
#include "log/rate_limit.h"
#include "loop/loop.h"
#include "vrrp/node.h"

namespace baton::daemon {

namespace limits {
inline constexpr Duration witness_trouble_told = std::chrono::seconds(60);  // once in so long, of a witness
inline constexpr std::size_t witness_troubles = 1024;
}  // namespace limits

class WitnessDesk {
 public:
  using OnAnswer = std::function<void(const std::vector<vrrp::RouterId>& routers)>;

  WitnessDesk(const Setup& setup, loop::Loop& loop, log::Logger& log, OnAnswer on_answer)
      : setup_(setup), loop_(loop), log_(log), on_answer_(std::move(on_answer)) {}

  void ask(vrrp::RouterId router) { asking_.push_back(router); }
  // Once a turn, behind the adverts: what was asked for is asked, and who is not awaited any more is forgotten.
  void settle(const vrrp::Node& node, Instant now);

 private:
  using Place = std::pair<IpAddress, std::string>;  // of a witness, through an interface
  struct Line {
    std::optional<kernel::EchoSocket> socket;
    loop::Subscription readable;
    std::set<vrrp::RouterId> routers;  // that wait for it
    bool is_due = false;
  };

  void ask(const Place& place, Line& line, Instant now);
  void open(const Place& place, Line& line, Instant now);
  void on_readable(const Place& place);

  const Setup& setup_;
  loop::Loop& loop_;
  log::Logger& log_;
  OnAnswer on_answer_;
  std::vector<vrrp::RouterId> asking_;  // since the last settle()
  std::map<Place, Line> lines_;
  log::RateLimit told_{limits::witness_trouble_told, limits::witness_troubles};
};

}  // namespace baton::daemon
