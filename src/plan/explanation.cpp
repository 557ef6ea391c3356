#include "plan/explanation.h"

#include <fmt/format.h>

#include <algorithm>

#include "plan/event.h"

namespace baton::plan {

namespace {

using vrrp::Reason;
using vrrp::State;

const vrrp::NodeRouterParameters& parameters_of(const Aftermath& it, const Ring::Member& member) {
  return it.network().nodes[member.node].setup.node.routers[member.router];
}

const Change* last_to_master(const Aftermath& it, NodeId node) {
  const Change* found = nullptr;
  for (const Change& each : it.changes) {
    if (each.kind == Change::Kind::state && each.to == State::master && each.node == node) found = &each;
  }
  return found;
}

const Change* first_fault(const Aftermath& it, NodeId node) {
  const auto found = std::ranges::find_if(it.changes, [&](const Change& each) {
    return each.kind == Change::Kind::state && each.to == State::fault && each.node == node;
  });
  return found == it.changes.end() ? nullptr : &*found;
}

const Change* last_priority_change(const Aftermath& it, NodeId node) {
  const Change* found = nullptr;
  for (const Change& each : it.changes) {
    if (each.kind == Change::Kind::priority && each.node == node) found = &each;
  }
  return found;
}

// ---------------------------------------------------------------- what the event did to its node

std::string fault_clause(const Aftermath& it, const Change& fault) {
  const std::string& node = it.network().name(fault.node);
  if (fault.reason == Reason::sync_group) {
    const std::string group = group_of(it, {.node = fault.node, .router = fault.router});
    return fmt::format("{} went to FAULT with its sync group {} when {}", node, group, past(it.event, it.network()));
  }
  return fmt::format("{} went to FAULT when {}", node, past(it.event, it.network()));
}

std::string priority_clause(const Aftermath& it, const Change& change) {
  return fmt::format("{}'s priority {} from {} to {} when {}", it.network().name(change.node),
                     change.priority < change.priority_before ? "fell" : "rose", change.priority_before,
                     change.priority, past(it.event, it.network()));
}

// Empty when nothing of it is to be seen in this ring.
std::string cause(const Aftermath& it) {
  if (is_of_all_nodes(it.event)) return "";
  if (const Change* fault = first_fault(it, it.event.node)) return fault_clause(it, *fault);
  const bool is_new = it.event.is_return && (it.event.kind == EventKind::machine || it.event.kind == EventKind::stop ||
                                             it.event.kind == EventKind::crash);
  const Change* change = last_priority_change(it, it.event.node);
  if (change != nullptr && !is_new) return priority_clause(it, *change);
  return "";
}

// ---------------------------------------------------------------- how somebody took it

// When the goodbye was said that this takeover followed.
Instant goodbye_at(const Aftermath& it) {
  const Change* fault = first_fault(it, it.event.node);
  return fault != nullptr ? fault->at : it.began;
}

std::string silence(const Aftermath& it, const Change& change) {
  const std::string& node = it.network().name(change.node);
  if (change.heard) return fmt::format("{} heard nothing for {}", node, to_text(change.at - change.heard->at));
  return fmt::format("{} heard nobody for {}", node, to_text(change.at - it.began));
}

// What it heard last is no reason any more: who said it has been silent since.
bool is_stale(const Aftermath& it, const Change& change) {
  const Duration own = it.network().nodes[change.node].setup.node.routers[change.router].router.advert_interval;
  constexpr int patience = 2;  // intervals; who hears a master below itself waits for less than one
  return change.heard && change.at - change.heard->at > own * patience && !it.world.is_running(change.heard->from);
}

std::string preemption(const Aftermath& it, const Change& change, bool was_told) {
  if (is_stale(it, change)) return silence(it, change);
  const std::string& node = it.network().name(change.node);
  const Duration delay = it.network().nodes[change.node].setup.node.routers[change.router].router.preempt_delay;
  const std::string waited =
      delay > Duration::zero() ? fmt::format(" after its preempt_delay of {}", to_text(delay)) : "";
  if (was_told && change.node != it.event.node) return fmt::format("{} has {}{}", node, change.priority, waited);
  if (!change.heard) return fmt::format("{} has {}{}", node, change.priority, waited);
  return fmt::format("{} has {} and heard {}'s {}{}", node, change.priority, it.network().name(change.heard->from),
                     change.heard->priority, waited);
}

std::string taking(const Aftermath& it, const Change& change, bool was_told) {
  const std::string& node = it.network().name(change.node);
  switch (change.reason) {
    case Reason::master_down: return silence(it, change);
    case Reason::master_stopped:
      return fmt::format("{} followed the goodbye after {}", node, to_text(change.at - goodbye_at(it)));
    case Reason::master_below_us: return preemption(it, change, was_told);
    case Reason::owner: return fmt::format("{} owns the address (priority 255)", node);
    case Reason::sync_group:
      return fmt::format("{} follows its sync group {}", node,
                         group_of(it, {.node = change.node, .router = change.router}));
    default: return fmt::format("{} became MASTER ({})", node, name(change.reason));
  }
}

// ---------------------------------------------------------------- nobody, or two

std::string condition(const Aftermath& it, const Ring::Member& member) {
  const std::string& node = it.network().name(member.node);
  if (!it.world.is_running(member.node)) return fmt::format("{} does not run", node);
  const vrrp::VirtualRouter& core = it.world.core(member.node).router(member.router);
  if (core.state() == State::fault) return fmt::format("{} is in FAULT", node);
  if (core.state() == State::init) return fmt::format("{} waits for the first results of what it tracks", node);
  const std::string group = group_of(it, member);
  if (!group.empty()) return fmt::format("{} is BACKUP, as its sync group {} has it", node, group);
  return fmt::format("{} is {}", node, name(core.state()));
}

std::string why_nobody(const Aftermath& it) {
  if (const Ring::Member* master = master_without(it.members(), it.world)) {
    return fmt::format("{} is MASTER, and {} is not in its list", it.network().name(master->node),
                       to_text(it.members().addresses));
  }
  std::vector<std::string> conditions;
  for (const Ring::Member& member : it.members().members) conditions.push_back(condition(it, member));
  constexpr std::size_t most = 4;
  const std::size_t more = conditions.size() > most ? conditions.size() - most : 0;
  conditions.resize(conditions.size() - more);
  return fmt::format("nobody can hold it: {}{}", fmt::join(conditions, ", "),
                     more > 0 ? fmt::format(" and {} more", more) : "");
}

const Listener* listener_of(const Aftermath& it, const Ring::Member& from, const Ring::Member& to) {
  const auto& listeners = it.network().nodes[from.node].routers[from.router].listeners;
  const auto found = std::ranges::find_if(
      listeners, [&](const Listener& each) { return each.node == to.node && each.router == to.router; });
  return found == listeners.end() ? nullptr : &*found;
}

// Why no advert of `from` comes to `to`.
std::string why_unreached(const Aftermath& it, const Ring::Member& from, const Ring::Member& to) {
  const std::string& sender = it.network().name(from.node);
  const std::string& receiver = it.network().name(to.node);
  const setup::RouterSetup& ours = it.network().nodes[from.node].setup.routers[from.router];
  const setup::RouterSetup& theirs = it.network().nodes[to.node].setup.routers[to.router];
  if (ours.codec.vrid != theirs.codec.vrid) {
    return fmt::format("{} speaks as VRID {} and {} as {} (virtual_router_id): neither minds the other's adverts",
                       sender, ours.codec.vrid, receiver, theirs.codec.vrid);
  }
  if (ours.codec.family != theirs.codec.family) {
    return fmt::format("one of {} and {} speaks in IPv4 and the other in IPv6", sender, receiver);
  }
  if (ours.codec.peers.empty()) {
    return fmt::format("{} speaks on {} and {} on {}, and no other interface or address joins them", sender,
                       ours.interface, receiver, theirs.interface);
  }
  const RouterPlace& place = it.network().nodes[to.node].routers[to.router];
  std::vector<IpAddress> peers;
  for (const vrrp::UnicastPeer& each : ours.codec.peers) peers.push_back(each.address);
  return fmt::format("{} sends to {} (unicast_peer), and {}", sender, to_text(peers),
                     place.has_assumed_source
                         ? fmt::format("which address is {}'s no file says (unicast_src_ip)", receiver)
                         : fmt::format("{} is {}", receiver, to_string(place.source)));
}

// Why `to` does not follow `from`, though both are MASTER; empty: no reason to be seen.
std::string why_deaf(const Aftermath& it, const Ring::Member& from, const Ring::Member& to) {
  const std::string& sender = it.network().name(from.node);
  const std::string& receiver = it.network().name(to.node);
  const auto has_dead_link = [&](const Ring::Member& member) {
    const auto& link = it.network().nodes[member.node].routers[member.router].link;
    return link && !it.world.is_link_up(member.node, *link);
  };
  const Listener* listener = listener_of(it, from, to);
  if (listener == nullptr) return why_unreached(it, from, to);
  if (it.world.is_split_between(from.node, to.node)) {
    return fmt::format("{} and {} do not hear each other", sender, receiver);
  }
  if (!listener->advert) {
    return fmt::format("{} throws {}'s adverts away: {}", receiver, sender, vrrp::explain(listener->rejected));
  }
  for (const Ring::Member* member : {&from, &to}) {
    if (has_dead_link(*member)) {
      return fmt::format("{} goes on as MASTER on a link that is down", it.network().name(member->node));
    }
  }
  return "";
}

std::string why_two(const Aftermath& it) {
  for (const NodeId one : it.after) {
    for (const NodeId other : it.after) {
      const Ring::Member* from = member_of(it, one);
      const Ring::Member* to = member_of(it, other);
      if (one == other || from == nullptr || to == nullptr) continue;
      if (std::string why = why_deaf(it, *from, *to); !why.empty()) return why;
    }
  }
  return fmt::format("{} are MASTER, and none gives way", to_text(it.after, it.network()));
}

// ---------------------------------------------------------------- it stays

std::string why_it_stays(const Aftermath& it) {
  const NodeId owner = it.after.front();
  const std::string& name_of_owner = it.network().name(owner);
  const Ring::Member* holder = member_of(it, owner);
  const vrrp::VirtualRouter* core = holder == nullptr ? nullptr : core_of(it, *holder);
  if (core == nullptr) return "";
  if (it.event.kind == EventKind::worker_crash && it.event.node == owner) {
    return fmt::format("the next worker of {} goes on as MASTER", name_of_owner);
  }
  if (is_of_all_nodes(it.event)) return fmt::format("{} keeps it with {}", name_of_owner, core->priority());
  const Ring::Member* concerned = member_of(it, it.event.node);
  if (concerned == nullptr)
    return fmt::format("{} holds it; {} has no part in it", name_of_owner, it.network().name(it.event.node));

  std::string clause = cause(it);
  if (owner == it.event.node) {
    const Ring::Member* best = best_backup(it);
    if (clause.empty()) clause = fmt::format("{} keeps it with {}", name_of_owner, core->priority());
    if (best == nullptr) return fmt::format("{}; nobody else is ready to take it", clause);
    return fmt::format("{}, {} has {}", clause, it.network().name(best->node), core_of(it, *best)->priority());
  }
  if (!clause.empty()) return fmt::format("{}; {} keeps it with {}", clause, name_of_owner, core->priority());
  const vrrp::VirtualRouter* theirs = core_of(it, *concerned);
  if (theirs == nullptr || theirs->state() != State::backup)
    return fmt::format("{} keeps it with {}", name_of_owner, core->priority());
  const bool gives_way = parameters_of(it, *concerned).router.preempt == vrrp::Preempt::no;
  const bool is_better = theirs->priority() > core->priority();
  if (is_better && gives_way) {
    return fmt::format("{} has {} and nopreempt; {} keeps it with {}", it.network().name(concerned->node),
                       theirs->priority(), name_of_owner, core->priority());
  }
  if (const std::string group = group_of(it, *concerned); is_better && !group.empty()) {
    return fmt::format("{} has {}, and its sync group {} is BACKUP; {} keeps it with {}",
                       it.network().name(concerned->node), theirs->priority(), group, name_of_owner, core->priority());
  }
  return fmt::format("{} keeps it with {}; {} has {}", name_of_owner, core->priority(),
                     it.network().name(concerned->node), theirs->priority());
}

}  // namespace

std::string to_text(std::span<const IpAddress> addresses) {
  constexpr std::size_t most = 3;
  std::string text;
  const std::size_t shown = addresses.size() > most + 1 ? most : addresses.size();
  for (const IpAddress& each : addresses.first(shown)) text += (text.empty() ? "" : ", ") + to_string(each);
  return shown < addresses.size() ? fmt::format("{} and {} more", text, addresses.size() - shown) : text;
}

std::string to_text(Duration duration) {
  using namespace std::chrono_literals;
  if (duration >= 100s) return fmt::format("{:.0f} s", std::chrono::duration<double>(duration).count());
  if (duration >= 1s) return fmt::format("{:.2f} s", std::chrono::duration<double>(duration).count());
  if (duration >= 10ms) return fmt::format("{} ms", std::chrono::round<std::chrono::milliseconds>(duration).count());
  return fmt::format("{:.1f} ms", std::chrono::duration<double, std::milli>(duration).count());
}

std::string to_text(std::span<const NodeId> nodes, const Network& network) {
  std::string text;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (i > 0) text += i + 1 == nodes.size() ? " and " : ", ";
    text += network.name(nodes[i]);
  }
  return text.empty() ? "nobody" : text;
}

std::string explain(const Aftermath& it) {
  if (it.after.empty()) {
    const std::string clause = cause(it);
    return clause.empty() ? why_nobody(it) : fmt::format("{}; {}", clause, why_nobody(it));
  }
  if (it.after.size() > 1) return why_two(it);
  const Change* taken = last_to_master(it, it.after.front());
  if (taken == nullptr) return why_it_stays(it);
  const std::string clause = cause(it);
  const std::string how = taking(it, *taken, !clause.empty());
  return clause.empty() ? how : fmt::format("{}, {}", clause, how);
}

}  // namespace baton::plan
