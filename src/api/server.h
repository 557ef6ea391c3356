// Serves HTTP to whoever comes through a door, each for a bounded time and in bounded memory, and to as many at once as
// there are places. Whoever has not asked yet makes room for who comes now, the longest first; and for root everybody
// who is not root. So nobody keeps root out.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/unique_fd.h"
#include "http/message.h"
#include "http/parser.h"
#include "loop/loop.h"

namespace baton::api {

namespace limits {
inline constexpr std::size_t connections = 128;
inline constexpr std::size_t listeners = 32;                          // of events, among the connections
inline constexpr std::size_t listener_backlog = 256 * 1024;           // bytes that wait for one of them
inline constexpr std::size_t answers_on_their_way = 64 << 20;         // bytes, of all connections
inline constexpr Duration time_to_ask = std::chrono::seconds(5);      // from the connection, or the answer before
inline constexpr Duration time_to_answer = std::chrono::seconds(40);  // ours; a reload may take 30 s
inline constexpr Duration time_to_read = std::chrono::seconds(10);    // the whole answer, by the peer
inline constexpr Duration time_to_hang_up = std::chrono::seconds(1);  // of who was refused while it spoke
inline constexpr std::size_t heard_out = 1024 * 1024;                 // bytes of it, thrown away
inline constexpr Duration keep_alive_interval = std::chrono::seconds(15);
}  // namespace limits

enum class Door : std::uint8_t { unix_socket, tcp };

struct Asker {
  Door door = Door::unix_socket;
  bool is_root = false;  // or the user whose process we are; through the Unix socket alone
};

// Names one request that waits for its answer; its connection may be gone meanwhile.
using Ticket = std::uint64_t;

class Server {
 public:
  using Handler = std::function<void(Ticket, const http::Request&, const Asker&)>;

  Server(loop::Loop& loop, Handler handler);

  struct Visitor {
    UniqueFd fd;
    bool is_root = false;
  };
  // `accept` gives whoever waits at the listening descriptor, or nobody.
  void open_door(Door door, int fd, std::function<std::optional<Visitor>()> accept);

  void answer(Ticket ticket, http::Response response);
  // The answer begins with `text` and goes on with what say_event() is told. False: too many listen.
  bool listen(Ticket ticket, std::string_view text);
  // Nobody has answered it yet, and it was not given up.
  bool waits(Ticket ticket) const;
  // Nobody is waited for: who lets too much wait is cut off.
  void say_event(std::string_view text);

  // Nobody new is let in; `emptied` runs when all who are there have their answer, at once if nobody is.
  void close_doors(std::function<void()> emptied);
  // What the sockets take at once, without waiting; the listeners are dismissed.
  void say_last();

  struct Counts {
    std::uint64_t requests = 0;
    std::uint64_t evicted = 0;  // made room
    std::uint64_t expired = 0;  // too slow
    std::uint64_t cut_off = 0;  // listeners that let too much wait
  };
  const Counts& counts() const { return counts_; }

 private:
  // Hearing out: it was refused in the midst of what it says, and its answer is lost if we hang up before it has ended.
  enum class Phase : std::uint8_t { reading, answering, writing, listening, hearing_out, over };
  struct Connection {
    UniqueFd fd;
    Asker asker;
    Phase phase = Phase::reading;
    Ticket ticket = 0;
    Instant deadline;
    http::RequestParser parser;
    std::string outgoing;
    std::size_t sent = 0;     // of `outgoing`
    bool stays = false;       // after the answer
    bool look_again = false;  // another request may have come with the one before
    bool is_head = false;
    bool is_refused = false;
    std::size_t heard_out = 0;  // bytes
    loop::Subscription readable;
    loop::Subscription writable;
  };
  struct Entrance {
    Door door;
    int fd;
    std::function<std::optional<Visitor>()> accept;
    loop::Subscription readable;
  };

  void let_in(Entrance& entrance);
  bool has_room(bool is_for_root);
  bool has_room_to_listen(bool is_for_root);
  void begin(Connection& connection);
  void read(Connection& connection);
  void on_progress(Connection& connection, http::RequestParser::Progress progress);
  void send(Connection& connection);
  void after_answer(Connection& connection);
  void hear_out(Connection& connection);
  void end(Connection& connection);
  Connection* find(Ticket ticket);
  std::size_t bytes_on_their_way() const;
  void settle();
  void on_timer();

  loop::Loop& loop_;
  Handler handler_;
  std::list<Entrance> entrances_;
  std::list<Connection> connections_;  // in the order in which they came
  Ticket last_ticket_ = 0;
  Counts counts_;
  Instant next_keep_alive_;
  loop::Timer timer_;
  std::function<void()> emptied_;
};

}  // namespace baton::api
