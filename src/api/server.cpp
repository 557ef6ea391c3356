#include "api/server.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "http/server_sent_events.h"

namespace baton::api {

namespace {

constexpr Duration look_interval = std::chrono::seconds(1);
constexpr std::size_t read_size = 16 * 1024;  // a call; a flood is read a piece a turn
constexpr int let_in_at_once = 16;

}  // namespace

Server::Server(loop::Loop& loop, Handler handler)
    : loop_(loop), handler_(std::move(handler)), next_keep_alive_(loop::now() + limits::keep_alive_interval) {
  timer_ = loop_.timer([this] { on_timer(); });
  loop_.before_sleep([this] { settle(); });
}

void Server::open_door(Door door, int fd, std::function<std::optional<Visitor>()> accept) {
  Entrance& entrance = entrances_.emplace_back(Entrance{door, fd, std::move(accept), {}});
  entrance.readable = loop_.watch(fd, loop::Ready::readable, [this, &entrance] { let_in(entrance); });
}

void Server::let_in(Entrance& entrance) {
  for (int i = 0; i < let_in_at_once; ++i) {
    auto visitor = entrance.accept();
    if (!visitor) return;
    if (!has_room(visitor->is_root)) continue;  // this one hears that by the closed connection
    Connection& connection = connections_.emplace_back();
    connection.fd = std::move(visitor->fd);
    connection.asker = {.door = entrance.door, .is_root = visitor->is_root};
    begin(connection);
  }
}

// Whoever has not asked goes first; for root also somebody who waits, is told, or listens.
bool Server::has_room(bool is_for_root) {
  const auto is_here = [](const Connection& it) { return it.phase != Phase::over; };
  if (static_cast<std::size_t>(std::ranges::count_if(connections_, is_here)) < limits::connections) return true;
  auto goes = std::ranges::find(connections_, Phase::hearing_out, &Connection::phase);
  if (goes == connections_.end()) goes = std::ranges::find(connections_, Phase::reading, &Connection::phase);
  if (goes == connections_.end() && is_for_root) {
    goes = std::ranges::find_if(connections_, [&](const Connection& it) { return is_here(it) && !it.asker.is_root; });
  }
  if (goes == connections_.end()) return false;
  ++counts_.evicted;
  end(*goes);
  return true;
}

void Server::begin(Connection& connection) {
  connection.phase = Phase::reading;
  connection.deadline = loop::now() + limits::time_to_ask;
  if (!connection.readable) {
    connection.readable =
        loop_.watch(connection.fd.get(), loop::Ready::readable, [this, &connection] { read(connection); });
  }
  if (!timer_.when()) timer_.set(loop::now() + look_interval);
}

// Also while an answer is made: a peer that has gone is forgotten, and what it asks meanwhile waits in its socket.
void Server::read(Connection& connection) {
  if (connection.phase == Phase::hearing_out) return hear_out(connection);
  std::array<char, read_size> buffer;
  const bool is_asking = connection.phase == Phase::reading;
  const ssize_t count =
      ::recv(connection.fd.get(), buffer.data(), buffer.size(), MSG_DONTWAIT | (is_asking ? 0 : MSG_PEEK));
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count < 0 || (count == 0 && (is_asking || connection.phase == Phase::listening))) return end(connection);
  if (count == 0 || !is_asking) {  // half closed: it waits for its answer. Or more than it may say now.
    if (connection.phase == Phase::listening) return end(connection);
    return connection.readable.reset();
  }
  on_progress(connection, connection.parser.feed({buffer.data(), static_cast<std::size_t>(count)}));
}

void Server::on_progress(Connection& connection, http::RequestParser::Progress progress) {
  using Progress = http::RequestParser::Progress;
  if (progress == Progress::needs_more) return;
  ++counts_.requests;
  connection.phase = Phase::answering;
  connection.ticket = ++last_ticket_;
  connection.deadline = loop::now() + limits::time_to_answer;
  if (progress == Progress::failed) {
    connection.stays = false;
    connection.is_head = false;
    connection.is_refused = true;
    const int status = connection.parser.failure();
    return answer(
        connection.ticket,
        {.status = status,
         .body = "{\"error\":\"this is no HTTP request, or one beyond the bounds\",\"kind\":\"malformed\"}\n"});
  }
  const http::Request request = connection.parser.take();
  connection.stays = request.keep_alive && !emptied_;
  connection.is_head = request.method == "HEAD";
  handler_(connection.ticket, request, connection.asker);
}

Server::Connection* Server::find(Ticket ticket) {
  const auto found = std::ranges::find_if(
      connections_, [&](const Connection& it) { return it.ticket == ticket && it.phase == Phase::answering; });
  return found == connections_.end() ? nullptr : &*found;
}

bool Server::waits(Ticket ticket) const {
  return std::ranges::any_of(connections_,
                             [&](const Connection& it) { return it.ticket == ticket && it.phase == Phase::answering; });
}

std::size_t Server::bytes_on_their_way() const {
  std::size_t bytes = 0;
  for (const Connection& connection : connections_) bytes += connection.outgoing.size();
  return bytes;
}

void Server::answer(Ticket ticket, http::Response response) {
  Connection* connection = find(ticket);
  if (connection == nullptr) return;
  if (!response.body.empty() && bytes_on_their_way() + response.body.size() > limits::answers_on_their_way) {
    response = {.status = http::status::unavailable,
                .body = "{\"error\":\"too many answers wait for slow readers; ask again\",\"kind\":\"busy\"}\n"};
  }
  connection->phase = Phase::writing;
  connection->deadline = loop::now() + limits::time_to_read;
  connection->outgoing = to_text(response, connection->stays ? http::Connection::keep_alive : http::Connection::close,
                                 connection->is_head);
  connection->sent = 0;
  send(*connection);
}

bool Server::has_room_to_listen(bool is_for_root) {
  const auto listening = std::ranges::count(connections_, Phase::listening, &Connection::phase);
  if (static_cast<std::size_t>(listening) < limits::listeners) return true;
  const auto goes = std::ranges::find_if(
      connections_, [](const Connection& it) { return it.phase == Phase::listening && !it.asker.is_root; });
  if (!is_for_root || goes == connections_.end()) return false;
  ++counts_.evicted;
  end(*goes);
  return true;
}

bool Server::listen(Ticket ticket, std::string_view text) {
  Connection* connection = find(ticket);
  if (connection == nullptr) return true;  // it has gone
  if (!has_room_to_listen(connection->asker.is_root)) return false;
  connection->phase = connection->is_head ? Phase::writing : Phase::listening;
  connection->deadline = loop::now() + limits::time_to_read;
  connection->stays = false;
  connection->outgoing = http::event_stream_header();
  if (!connection->is_head) connection->outgoing += text;
  connection->sent = 0;
  send(*connection);
  return true;
}

void Server::say_event(std::string_view text) {
  for (Connection& connection : connections_) {
    if (connection.phase != Phase::listening) continue;
    if (connection.outgoing.size() - connection.sent + text.size() > limits::listener_backlog) {
      ++counts_.cut_off;
      end(connection);  // it shall know that it misses something
      continue;
    }
    connection.outgoing += text;
    if (!connection.writable) send(connection);
  }
}

void Server::send(Connection& connection) {
  const std::string_view rest = std::string_view(connection.outgoing).substr(connection.sent);
  const ssize_t count = ::send(connection.fd.get(), rest.data(), rest.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (count < 0 && errno != EAGAIN && errno != EINTR) return end(connection);
  if (count > 0) connection.sent += static_cast<std::size_t>(count);
  if (connection.sent == connection.outgoing.size()) {
    connection.outgoing.clear();
    connection.sent = 0;
    connection.writable.reset();
    if (connection.phase == Phase::writing) after_answer(connection);
    return;
  }
  if (connection.sent >= read_size && connection.phase == Phase::listening) {
    connection.outgoing.erase(0, std::exchange(connection.sent, 0));
  }
  if (connection.writable) return;
  connection.writable =
      loop_.watch(connection.fd.get(), loop::Ready::writable, [this, &connection] { send(connection); });
}

void Server::after_answer(Connection& connection) {
  if (!connection.stays || emptied_) {
    (void)::shutdown(connection.fd.get(), SHUT_WR);
    if (!connection.is_refused || emptied_) return end(connection);
    connection.phase = Phase::hearing_out;
    connection.deadline = loop::now() + limits::time_to_hang_up;
    if (connection.readable) return;
    connection.readable =
        loop_.watch(connection.fd.get(), loop::Ready::readable, [this, &connection] { read(connection); });
    return;
  }
  begin(connection);
  connection.look_again = true;
  loop_.once_more();
}

void Server::hear_out(Connection& connection) {
  std::array<char, read_size> buffer;
  const ssize_t count = ::recv(connection.fd.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count > 0) connection.heard_out += static_cast<std::size_t>(count);
  if (count <= 0 || connection.heard_out > limits::heard_out) end(connection);
}

// It is forgotten outside of every callback of its own.
void Server::end(Connection& connection) {
  connection.phase = Phase::over;
  connection.readable.reset();
  connection.writable.reset();
  connection.fd.reset();
}

void Server::settle() {
  for (Connection& connection : connections_) {
    if (connection.phase == Phase::reading && std::exchange(connection.look_again, false)) {
      on_progress(connection, connection.parser.next());
    }
  }
  connections_.remove_if([](const Connection& it) { return it.phase == Phase::over; });
  if (!emptied_) return;
  const auto waits = [](const Connection& it) {
    return it.phase != Phase::listening && it.phase != Phase::hearing_out;
  };
  if (std::ranges::none_of(connections_, waits)) std::exchange(emptied_, {})();
}

void Server::close_doors(std::function<void()> emptied) {
  entrances_.clear();
  emptied_ = std::move(emptied);
  for (Connection& connection : connections_) {
    if (connection.phase == Phase::reading) read(connection);  // what it asked is perhaps there already
    if (connection.phase == Phase::reading && connection.parser.is_between_requests()) end(connection);
  }
  loop_.once_more();
}

void Server::say_last() {
  for (Connection& connection : connections_) {
    if (connection.phase == Phase::listening) send(connection);
  }
  connections_.clear();
}

void Server::on_timer() {
  const Instant now = loop::now();
  for (Connection& connection : connections_) {
    if (connection.phase == Phase::over || connection.phase == Phase::listening || now < connection.deadline) continue;
    ++counts_.expired;
    if (connection.phase != Phase::answering) {
      end(connection);
      continue;
    }
    connection.stays = false;
    answer(connection.ticket, {.status = http::status::gateway_timeout,
                               .body = "{\"error\":\"there was no answer in time; ask again\",\"kind\":\"busy\"}\n"});
  }
  if (now >= next_keep_alive_) {
    next_keep_alive_ = now + limits::keep_alive_interval;
    say_event(http::keep_alive_comment);
  }
  if (!connections_.empty()) timer_.set(now + look_interval);
}

}  // namespace baton::api
