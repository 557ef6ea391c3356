// One BFD session in asynchronous mode (RFC 5880 §6.8), without echo and without demand of its own. Knows the protocol
// and nothing else: no socket, no clock, no log.
//
//             +--+ Down, timer                          Init: the neighbour hears us or we hear it, not both yet
//             |  V
//   Down -->  DOWN --------- hears Init --------+       AdminDown of the neighbour: Down, whatever we were; but no
//     |        ^  ^                             |       failure (RFC 5882 §4.2), so that who counts on the session
//  hears Down  |  | AdminDown, timer            V       counts on it still
//     V        |  +------- hears Down -------- UP --+
//    INIT -----+-- hears Init or Up --------->  ^   | Init, Up
//     | ^ Down                                  +---+
//     +-+
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/time.h"
#include "bfd/packet.h"

namespace baton::bfd {

struct Timers {
  std::chrono::microseconds desired_min_tx = std::chrono::milliseconds(10);
  std::chrono::microseconds required_min_rx = std::chrono::milliseconds(10);
  std::chrono::microseconds idle_tx = spec::slow_interval;  // in place of desired_min_tx while not up
  std::uint8_t multiplier = 5;

  bool operator==(const Timers&) const = default;
};

enum class Role : std::uint8_t { active, passive };  // a passive one speaks when it is spoken to

// To be drawn for each session. The seed decides the jitter.
struct Identity {
  std::uint32_t discriminator = 1;  // not 0, and no two sessions of a system have the same
  std::uint64_t seed = 0;

  bool operator==(const Identity&) const = default;
};

struct SendPacket {
  Packet packet;
  bool operator==(const SendPacket&) const = default;
};
struct StateChanged {
  State before = State::down;
  State after = State::down;
  Diagnostic diagnostic = Diagnostic::none;  // ours: why
  bool operator==(const StateChanged&) const = default;
};
using Action = std::variant<SendPacket, StateChanged>;
using Actions = std::vector<Action>;

// What the next process goes on with. Instants are of one clock, so that both understand them.
struct SessionMemory {
  State state = State::down;
  Diagnostic diagnostic = Diagnostic::none;
  bool counts_as_up = false;
  bool was_up = false;  // ever
  Identity identity;
  State remote_state = State::down;
  Diagnostic remote_diagnostic = Diagnostic::none;
  bool remote_demand = false;
  std::uint8_t remote_multiplier = 0;
  std::uint32_t remote_discriminator = 0;
  std::chrono::microseconds remote_min_rx{1};  // RFC 5880 §6.8.1: at first
  std::chrono::microseconds remote_desired_tx{};
  Timers timers;  // that the neighbour knows
  Instant since{};
  Instant last_sent{};
  Instant last_received{};

  bool operator==(const SessionMemory&) const = default;
};

class Session {
 public:
  Session(const Timers& timers, Role role, Identity identity);
  // Goes on where another one ended. Whoever was heard lately has a whole detection time to be heard again; timers that
  // are others are told with a Poll Sequence.
  Session(const Timers& timers, Role role, const SessionMemory& memory, Instant now);

  // A session is down at first, and an active one speaks at once.
  void start(Instant now);
  void on_packet(const Packet& packet, Instant now, Actions& out);
  void on_timeout(Instant now, Actions& out);  // early or repeated calls do nothing
  std::optional<Instant> next_timeout() const;
  // AdminDown: our side ends it, for a while or for good (RFC 5880 §6.8.16).
  void end(Instant now, Actions& out);

  State state() const { return self_.state; }
  Diagnostic diagnostic() const { return self_.diagnostic; }
  // What a client of the session goes by: up, and not down since but by an administrator's wish.
  bool counts_as_up() const { return self_.counts_as_up; }
  std::uint32_t discriminator() const { return self_.identity.discriminator; }
  const SessionMemory& memory() const { return self_; }
  Duration transmit_interval() const;  // before jitter
  Duration detection_time() const;     // zero: nobody was heard yet
  bool is_polling() const { return poll_ != Poll::none; }

 private:
  enum class Poll : std::uint8_t { none, active, again };  // again: something changed since it began

  void become(State state, Diagnostic diagnostic, Instant now, Actions& out);
  void follow_neighbor(const Packet& packet, Instant now, Actions& out);
  void end_poll();
  void begin_poll();
  void send(Instant now, bool final, Actions& out);
  bool is_sending() const;
  Instant next_packet() const;
  std::optional<Instant> expiry() const;
  bool has_overslept(Duration late) const;
  std::chrono::microseconds told_min_tx() const;
  std::chrono::microseconds idle_min_tx() const;
  std::chrono::microseconds used_min_tx() const;
  std::chrono::microseconds used_min_rx() const;

  Timers timers_;
  Role role_;
  SessionMemory self_;
  Poll poll_ = Poll::none;
  bool has_started_ = false;
  std::uint32_t jitter_ = 0;  // of the packet that comes: 16 bits of a fraction
};

// Of one that is not up, for people: "control detection time expired", "not up yet".
std::string why_down(const SessionMemory& memory);

}  // namespace baton::bfd
