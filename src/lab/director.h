// Plays scenarios in a lab, one after the other, each from a healthy start, and measures what a client missed.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "lab/lab.h"
#include "lab/scenario.h"

namespace baton::lab {

// One line of the table: a failure, or the way back from it.
struct Row {
  std::string scenario;
  std::string title;
  NodeId before = 0;                // who held the address
  std::optional<NodeId> after;      // who holds it at the end; nullopt: nobody, or more than one
  std::optional<NodeId> served_by;  // who answers the client at the end
  Instant from;
  Instant to;
  Outage ping;
  std::optional<Outage> page;
  Duration two_owners{};
  Duration nobody{};
  std::optional<Duration> allowed_outage;  // by the protocol, or by what the daemon promises
  bool may_have_two_owners = false;
  Duration tolerance{};   // on top of what is allowed
  std::string complaint;  // why it is not as the protocol allows; empty: it is

  bool passed() const { return complaint.empty(); }
  // The longest stretch in which the client missed anything.
  Duration outage() const;
};

class Director {
 public:
  struct Hooks {
    std::function<void(const std::string& title)> on_scene = [](const std::string&) {};
    std::function<void(const Row&)> on_row = [](const Row&) {};
  };
  Director(Lab& lab, Hooks hooks) : lab_(lab), hooks_(std::move(hooks)) {}

  // Web servers, then all daemons at once; a row for the time until the address is served.
  SysResult<void> start();
  // Why nobody holds an address and nobody will: nullopt when somebody does, or no check can be blamed.
  std::optional<LabError> why_nobody_serves();
  // False: the lab did not become healthy again, not even after all machines were booted anew.
  SysResult<bool> play(const Scenario& scenario);

  const std::vector<Row>& rows() const { return rows_; }
  // Exactly one owner each, the right one where preemption is configured, everything running, the client content.
  bool is_healthy();

 private:
  struct Part {  // what is expected of one stretch of time
    std::string scenario;
    std::string title;
    Outcome outcome = Outcome::moves;
    std::optional<Allowance> allowance;
    Owners owners = Owners::one;
    std::optional<Allowance> promise{};  // judged by it instead
  };

  Scene scene() const;
  const Contender* holder(const Target& target) const;
  const Contender* successor(const Target& target, NodeId of) const;
  bool client_is_content(Duration for_how_long) const;
  bool owners_are_quiet(Duration for_how_long) const;
  bool has_settled() const;
  bool is_hopeless(Instant since) const;
  bool has_come_to_a_state(NodeId node) const;
  bool has_moved(NodeId from) const;
  void observe(const Part& part, NodeId before, Instant from);
  Row measure(const Part& part, NodeId before, Instant from) const;
  std::string judge(const Part& part, const Row& row) const;
  Duration allowance(Allowance allowance, NodeId node) const;
  Duration bound(Allowance allowance, NodeId node) const;
  SysResult<bool> recover();
  Duration healthy_bound() const;

  Lab& lab_;
  Hooks hooks_;
  std::vector<Row> rows_;
};

namespace limits {

// Of the one machine that runs clients, servers and observers: where an outage is allowed, and where none is.
inline constexpr Duration tolerance = std::chrono::milliseconds(100);
inline constexpr Duration smallest_tolerance = std::chrono::milliseconds(50);
inline constexpr Duration quiet = std::chrono::milliseconds(300);   // nothing changes for so long: it is over
inline constexpr Duration program_start = std::chrono::seconds(1);  // until a daemon that was started speaks
inline constexpr Duration first_state = std::chrono::seconds(5);    // that it tells of; else it tells of none
inline constexpr Duration hopeless = std::chrono::seconds(3);       // beyond what a start may take
inline constexpr Duration afterplay = std::chrono::seconds(10);     // a client may lag behind (its ARP cache)

}  // namespace limits

}  // namespace baton::lab
