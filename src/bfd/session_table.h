// All sessions of a host: whose a packet is (RFC 5880 §6.3, RFC 5881 §3 to §5, RFC 5883 §4), how far it may have come,
// and whose timer is next. Sessions are numbered as they are given. **Pure**, as the sessions are.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/ip_address.h"
#include "base/timer_queue.h"
#include "bfd/session.h"

namespace baton::bfd {

using SessionId = std::uint32_t;

struct SessionParameters {
  std::string name;
  IpAddress neighbor;
  std::optional<IpAddress> source;  // nullopt: whatever routing takes
  bool multihop = false;
  std::uint8_t ttl = 255;  // of what is sent
  // Of what comes: so much less than `ttl` at most. With 255 and 0 nobody who is further away than the link can speak
  // (GTSM, RFC 5082). nullopt: anything.
  std::optional<std::uint8_t> max_hops = std::uint8_t{0};
  Role role = Role::active;
  Timers timers;
};

// One datagram as a socket gives it.
struct Datagram {
  ByteView bytes;
  IpAddress source;
  IpAddress destination;
  std::uint8_t ttl = 0;
  bool multihop = false;  // it came to that port
};

struct SessionAction {
  SessionId session = 0;
  Action action;
};
using SessionActions = std::vector<SessionAction>;

class SessionTable {
 public:
  // Before the first datagram. Two sessions with the same discriminator are a bug of ours.
  SessionId add(SessionParameters parameters, Identity identity, Instant now);
  SessionId add(SessionParameters parameters, const SessionMemory& memory, Instant now);

  // Why it was not taken, if it was not; counted as well.
  std::optional<RejectReason> on_datagram(const Datagram& datagram, Instant now, SessionActions& out);
  void on_timeout(Instant now, SessionActions& out);  // whose time has come, each once
  std::optional<Instant> next_timeout() const { return timers_.next(); }
  void end(SessionId session, Instant now, SessionActions& out);

  std::size_t size() const { return sessions_.size(); }
  const Session& session(SessionId id) const { return sessions_[id].session; }
  const SessionParameters& parameters(SessionId id) const { return sessions_[id].parameters; }
  // The last datagram of a session that had come too far: how far, until it is asked for.
  struct TooFar {
    SessionId session = 0;
    std::uint8_t ttl = 0;
  };
  std::optional<TooFar> take_too_far() { return std::exchange(too_far_, std::nullopt); }
  const RejectCounters& rejected() const { return rejected_; }
  std::uint64_t accepted(SessionId id) const { return sessions_[id].accepted; }
  std::uint64_t sent(SessionId id) const { return sessions_[id].sent; }

 private:
  struct Entry {
    SessionParameters parameters;
    Session session;
    std::uint64_t accepted = 0;
    std::uint64_t sent = 0;
  };

  SessionId add(Entry entry);
  std::optional<SessionId> find(const Packet& packet, const Datagram& datagram) const;
  std::optional<RejectReason> reject(RejectReason reason);
  void pass_on(SessionId id, Actions& actions, SessionActions& out);

  std::vector<Entry> sessions_;
  std::unordered_map<std::uint32_t, SessionId> by_discriminator_;
  std::multimap<std::pair<IpAddress, bool>, SessionId> by_neighbor_;  // and whether it is multihop
  TimerQueue<SessionId, DensePlaces<SessionId>> timers_;
  RejectCounters rejected_{};
  std::optional<TooFar> too_far_;
};

}  // namespace baton::bfd
