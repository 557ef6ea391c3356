#include "bfd/session_table.h"

#include <utility>

#include "base/assert.h"

namespace baton::bfd {
namespace {

bool is_near(const SessionParameters& parameters, std::uint8_t ttl) {
  return !parameters.max_hops || ttl + *parameters.max_hops >= parameters.ttl;
}

}  // namespace

SessionId SessionTable::add(SessionParameters parameters, Identity identity, Instant now) {
  Session session(parameters.timers, parameters.role, identity);
  session.start(now);
  return add({std::move(parameters), std::move(session)});
}

SessionId SessionTable::add(SessionParameters parameters, const SessionMemory& memory, Instant now) {
  Session session(parameters.timers, parameters.role, memory, now);
  return add({std::move(parameters), std::move(session)});
}

SessionId SessionTable::add(Entry entry) {
  const auto id = static_cast<SessionId>(sessions_.size());
  const bool is_new = by_discriminator_.emplace(entry.session.discriminator(), id).second;
  ASSERT(is_new);
  by_neighbor_.emplace(std::pair(entry.parameters.neighbor, entry.parameters.multihop), id);
  timers_.set(id, entry.session.next_timeout());
  sessions_.push_back(std::move(entry));
  return id;
}

std::optional<RejectReason> SessionTable::on_datagram(const Datagram& datagram, Instant now, SessionActions& out) {
  const auto packet = decode(datagram.bytes);
  if (!packet) return reject(packet.error());
  const auto id = find(*packet, datagram);
  if (!id) return reject(RejectReason::unknown_session);
  Entry& entry = sessions_[*id];
  if (!is_near(entry.parameters, datagram.ttl)) {
    too_far_ = {*id, datagram.ttl};
    return reject(RejectReason::ttl);
  }
  ++entry.accepted;
  Actions actions;
  entry.session.on_packet(*packet, now, actions);
  pass_on(*id, actions, out);
  return std::nullopt;
}

// By our discriminator, once the neighbour knows it; by the addresses before.
std::optional<SessionId> SessionTable::find(const Packet& packet, const Datagram& datagram) const {
  if (packet.your_discriminator != 0) {
    const auto found = by_discriminator_.find(packet.your_discriminator);
    if (found == by_discriminator_.end()) return std::nullopt;
    return sessions_[found->second].parameters.multihop == datagram.multihop ? std::optional(found->second)
                                                                             : std::nullopt;
  }
  const auto [first, last] = by_neighbor_.equal_range({datagram.source, datagram.multihop});
  for (auto at = first; at != last; ++at) {
    const auto& source = sessions_[at->second].parameters.source;
    if (!source || *source == datagram.destination) return at->second;
  }
  return std::nullopt;
}

std::optional<RejectReason> SessionTable::reject(RejectReason reason) {
  ++rejected_[static_cast<std::size_t>(reason)];
  return reason;
}

void SessionTable::on_timeout(Instant now, SessionActions& out) {
  std::vector<SessionId> due;
  while (const auto id = timers_.pop_due(now)) due.push_back(*id);
  for (const SessionId id : due) {
    Actions actions;
    sessions_[id].session.on_timeout(now, actions);
    pass_on(id, actions, out);
  }
}

void SessionTable::end(SessionId session, Instant now, SessionActions& out) {
  Actions actions;
  sessions_[session].session.end(now, actions);
  pass_on(session, actions, out);
}

void SessionTable::pass_on(SessionId id, Actions& actions, SessionActions& out) {
  for (Action& action : actions) {
    if (std::holds_alternative<SendPacket>(action)) ++sessions_[id].sent;
    out.push_back({id, std::move(action)});
  }
  timers_.set(id, sessions_[id].session.next_timeout());
}

}  // namespace baton::bfd
