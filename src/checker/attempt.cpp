#include "checker/attempt.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "checker/limits.h"

namespace baton::checker {

namespace {

kernel::CheckSocket socket_of(health::Transport transport) {
  switch (transport) {
    case health::Transport::tcp:
    case health::Transport::tls: return kernel::CheckSocket::stream;
    case health::Transport::udp: return kernel::CheckSocket::datagram;
    case health::Transport::ping: return kernel::CheckSocket::ping;
  }
  return kernel::CheckSocket::stream;
}

}  // namespace

void Attempt::start(Instant now) {
  began_ = now;
  heard_ = now;
  if (plan_.kept && is_usable(plan_.kept)) return go_on_with(std::move(plan_.kept));
  plan_.kept = {};
  unsent_.clear();
  connect();
}

void Attempt::connect() {
  auto opened = kernel::open_check_socket(socket_of(plan_.transport), plan_.endpoint);
  if (!opened) {
    (void)finish(health::failed(health::source_failure(opened.error().code), to_string(opened.error())));
    return;
  }
  if (const auto begun = kernel::connect_check_socket(opened->get(), socket_of(plan_.transport), plan_.endpoint);
      !begun) {
    (void)finish(health::failed(health::connect_failure(begun.error().code), to_string(begun.error())));
    return;
  }
  connection_.fd = std::move(*opened);
  connection_.server_name = plan_.wishes.server_name;
  ready_ = loop_.watch(connection_.fd.get(), loop::Ready::anew, [this] { on_ready(); });
  if (!is_stream()) (void)on_connected();
}

// What has come on it since: of TLS perhaps tickets (RFC 8446, 4.6.1), of HTTP nothing that could be an answer to us.
bool Attempt::is_usable(Connection& kept) {
  if (kept.server_name != plan_.wishes.server_name || kept.tries >= limits::tries_of_connection) return false;
  std::array<char, limits::read_bytes> piece;
  for (int reads = 0; reads < limits::reads_per_turn; ++reads) {
    const auto came = kernel::receive_some(kept.fd.get(), piece.data(), piece.size());
    if (!came) return came.error().code == EAGAIN;
    if (*came == 0 || !kept.tls) return false;
    std::string clear;
    if (kept.tls->feed({piece.data(), *came}, unsent_, clear) || kept.tls->is_over() || !clear.empty()) return false;
  }
  return false;
}

void Attempt::go_on_with(Connection kept) {
  connection_ = std::move(kept);
  is_kept_ = true;
  is_connected_ = true;
  ready_ = loop_.watch(connection_.fd.get(), loop::Ready::anew, [this] { on_ready(); });
  (void)begin_dialogue();
}

Instant Attempt::deadline() const {
  return std::min(heard_ + plan_.timeout, began_ + plan_.in_all);
}

void Attempt::on_deadline(Instant now) {
  if (!is_connected_ && kernel::is_writable(connection_.fd.get())) {
    (void)on_connecting();
    return;
  }
  const Instant heard_before = heard_;
  if (is_connected_ && on_readable()) return;
  if (heard_ > heard_before && now < began_ + plan_.in_all) return;
  if (!is_connected_) {
    (void)finish(health::failed(health::Failure::connect_timeout));
  } else if (now >= began_ + plan_.in_all && has_heard_) {
    (void)finish(health::failed(health::Failure::too_slow));
  } else if (plan_.transport == health::Transport::tls && !has_begun_) {
    (void)finish(health::failed(health::Failure::tls_handshake, "it does not go on"));
  } else {
    (void)finish(plan_.dialogue->on_silence());
  }
}

// Each read goes on until nothing is left, because nobody says twice that there is something.
void Attempt::on_ready() {
  if (!is_connected_) {
    if (on_connecting()) return;
  } else if (flush()) {
    return;
  }
  (void)on_readable();
}

bool Attempt::on_connecting() {
  const int error = kernel::socket_error(connection_.fd.get());
  return error != 0 ? finish(health::failed(health::connect_failure(error))) : on_connected();
}

bool Attempt::on_connected() {
  is_connected_ = true;
  heard_ = loop::now();
  if (plan_.transport != health::Transport::tls) return begin_dialogue();
  connection_.tls = std::make_unique<TlsSession>(plan_.tls, plan_.wishes);
  std::string nothing;
  return settle(connection_.tls->feed({}, unsent_, nothing)) || flush();
}

bool Attempt::begin_dialogue() {
  has_begun_ = true;
  std::string words;
  health::Step step = plan_.dialogue->begin(words);
  if (say(words)) return true;
  return settle(std::move(step));
}

bool Attempt::on_readable() {
  std::array<char, limits::read_bytes> piece;
  for (int reads = 0; reads < limits::reads_per_turn; ++reads) {
    const auto came = kernel::receive_some(connection_.fd.get(), piece.data(), piece.size());
    if (!came) {
      const bool is_nothing = came.error().code == EAGAIN || came.error().code == EINTR;
      return !is_nothing && on_error(came.error().code);
    }
    if (*came == 0 && is_stream()) return on_closed();
    heard_ = loop::now();
    has_heard_ = true;
    if (take(std::string_view(piece.data(), *came))) return true;
  }
  ready_.call_again();
  return false;
}

bool Attempt::take(std::string_view bytes) {
  std::string clear;
  if (connection_.tls) {
    if (settle(connection_.tls->feed(bytes, unsent_, clear)) || flush()) return true;
    if (!connection_.tls->is_established()) return false;
    if (!has_begun_ && begin_dialogue()) return true;
    bytes = clear;
  }
  const bool is_something = !bytes.empty() || !is_stream();  // an empty datagram is an answer
  has_answered_ |= is_something;
  std::string words;
  health::Step step = is_something ? plan_.dialogue->on_bytes(bytes, words) : health::Step();
  if (say(words) || settle(std::move(step))) return true;
  return connection_.tls && connection_.tls->is_over() && on_closed();
}

bool Attempt::say(std::string& words) {
  if (words.empty()) return false;
  if (connection_.tls) {
    if (settle(connection_.tls->write(words, unsent_))) return true;
  } else {
    unsent_ += words;
  }
  return flush();
}

// What the socket takes now; the rest when it takes more.
bool Attempt::flush() {
  while (!unsent_.empty()) {
    const auto sent = kernel::send_some(connection_.fd.get(), unsent_.data(), unsent_.size());
    if (!sent) {
      if (sent.error().code != EAGAIN && sent.error().code != EINTR) return on_error(sent.error().code);
      if (unsent_.size() > limits::unsent_bytes) return finish(health::failed(health::Failure::too_slow));
      return false;
    }
    unsent_.erase(0, *sent);
  }
  return false;
}

bool Attempt::on_closed() {
  if (plan_.transport == health::Transport::tls && !has_begun_) {
    return finish(health::failed(health::Failure::tls_handshake, "the server closes the connection"));
  }
  return finish(plan_.dialogue->on_end());
}

bool Attempt::on_error(int code) {
  const health::Failure failure = health::connect_failure(code);
  // What is known of connecting is, on a connection that stands, its end.
  const bool stood = is_stream() && is_connected_;
  return finish(health::failed(stood ? health::Failure::connection_broken : failure));
}

bool Attempt::settle(health::Step step) {
  return step && finish(std::move(*step));
}

bool Attempt::finish(health::Outcome outcome) {
  ready_.reset();
  if (!outcome.is_success() && may_begin_again()) {
    connection_ = {};
    unsent_.clear();
    is_kept_ = is_connected_ = has_begun_ = has_heard_ = false;
    heard_ = loop::now();
    connect();
    return true;
  }
  Connection left = outcome.is_success() ? leave() : Connection();
  if (connection_.tls && connection_.fd) {
    if (plan_.says_close_notify) connection_.tls->close(unsent_);
    // It is but a courtesy, as is the alert that says why a certificate was refused.
    if (!unsent_.empty()) (void)kernel::send_some(connection_.fd.get(), unsent_.data(), unsent_.size());
  }
  connection_ = {};
  if (Ended ended = std::exchange(ended_, nullptr)) ended(std::move(outcome), std::move(left));
  return true;
}

bool Attempt::may_begin_again() const {
  return is_kept_ && !has_answered_ && loop::now() < began_ + plan_.in_all;
}

Connection Attempt::leave() {
  const bool stays = plan_.keeps_connection && unsent_.empty() && plan_.dialogue->leaves_connection() &&
                     !(connection_.tls && connection_.tls->is_over());
  if (!stays) return {};
  ++connection_.tries;
  return std::move(connection_);
}

}  // namespace baton::checker
