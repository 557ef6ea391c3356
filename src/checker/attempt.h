// One try of a check on its way: socket, TLS where there is any, dialogue, and how long it may take. Ends with one
// health::Outcome, told once.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/time.h"
#include "base/unique_fd.h"
#include "checker/tls.h"
#include "health/dialogue.h"
#include "kernel/check_socket.h"
#include "loop/loop.h"

namespace baton::checker {

// That tries of one check use one after the other.
struct Connection {
  UniqueFd fd;
  std::unique_ptr<TlsSession> tls;
  std::string server_name;  // that TLS has told
  unsigned tries = 0;       // that have ended well on it

  explicit operator bool() const { return static_cast<bool>(fd); }
};

class Attempt {
 public:
  struct Plan {
    kernel::CheckEndpoint endpoint;
    health::Transport transport = health::Transport::tcp;
    std::shared_ptr<TlsContext> tls;  // of Transport::tls
    TlsWishes wishes;                 // likewise
    bool says_close_notify = false;
    Duration timeout{};  // to connect; and between two pieces of the reply
    Duration in_all{};   // from the start to the end
    std::unique_ptr<health::Dialogue> dialogue;
    // Of the try before. Where it has ended meanwhile, or ends or is silent before anything is answered, the try begins
    // again with a connection of its own: what was kept says nothing about the server.
    Connection kept;
    bool keeps_connection = false;
  };
  // May be called within start(); the attempt may be destroyed in it. The connection is one for the next try, or none.
  using Ended = std::move_only_function<void(health::Outcome, Connection)>;

  Attempt(loop::Loop& loop, Plan plan, Ended ended) : loop_(loop), plan_(std::move(plan)), ended_(std::move(ended)) {}

  void start(Instant now);
  // When it has been silent, or has taken, too long.
  Instant deadline() const;
  // After that: whoever has it watches the time. What has come meanwhile, while we were late ourselves, counts; then it
  // goes on and has another deadline.
  void on_deadline(Instant now);

 private:
  bool is_stream() const {
    return plan_.transport == health::Transport::tcp || plan_.transport == health::Transport::tls;
  }
  void connect();
  bool is_usable(Connection& kept);
  void go_on_with(Connection kept);
  void on_ready();
  // True of these: it is over, and `this` may be gone.
  bool on_connecting();
  bool on_connected();
  bool on_readable();
  bool take(std::string_view bytes);
  bool begin_dialogue();
  bool say(std::string& words);
  bool flush();
  bool on_closed();
  bool on_error(int code);
  bool settle(health::Step step);
  bool finish(health::Outcome outcome);
  bool may_begin_again() const;
  Connection leave();

  loop::Loop& loop_;
  Plan plan_;
  Ended ended_;
  Connection connection_;
  loop::Subscription ready_;
  std::string unsent_;
  Instant began_{};
  Instant heard_{};  // the last piece, or the connection
  bool is_connected_ = false;
  bool has_begun_ = false;  // the dialogue
  bool has_heard_ = false;
  bool is_kept_ = false;       // the connection, from a try before
  bool has_answered_ = false;  // the server, to the dialogue
};

}  // namespace baton::checker
