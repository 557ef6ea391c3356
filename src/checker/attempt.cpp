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
  auto opened = kernel::open_check_socket(socket_of(plan_.transport), plan_.endpoint);
  if (!opened) {
    (void)finish(health::failed(health::connect_failure(opened.error().code), to_string(opened.error())));
    return;
  }
  fd_ = std::move(*opened);
  ready_ = loop_.watch(fd_.get(), loop::Ready::anew, [this] { on_ready(); });
  if (!is_stream()) (void)on_connected();
}

Instant Attempt::deadline() const {
  return std::min(heard_ + plan_.timeout, began_ + plan_.in_all);
}

void Attempt::on_deadline(Instant now) {
  if (!is_connected_ && kernel::is_writable(fd_.get())) {
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
  const int error = kernel::socket_error(fd_.get());
  return error != 0 ? finish(health::failed(health::connect_failure(error))) : on_connected();
}

bool Attempt::on_connected() {
  is_connected_ = true;
  heard_ = loop::now();
  if (plan_.transport != health::Transport::tls) return begin_dialogue();
  tls_ = std::make_unique<TlsSession>(plan_.tls, plan_.server_name);
  std::string nothing;
  return settle(tls_->feed({}, unsent_, nothing)) || flush();
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
    const auto came = kernel::receive_some(fd_.get(), piece.data(), piece.size());
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
  if (tls_) {
    if (settle(tls_->feed(bytes, unsent_, clear)) || flush()) return true;
    if (!tls_->is_established()) return false;
    if (!has_begun_ && begin_dialogue()) return true;
    bytes = clear;
  }
  std::string words;
  health::Step step = bytes.empty() ? health::Step() : plan_.dialogue->on_bytes(bytes, words);
  if (say(words) || settle(std::move(step))) return true;
  return tls_ && tls_->is_over() && on_closed();
}

bool Attempt::say(std::string& words) {
  if (words.empty()) return false;
  if (tls_) {
    if (settle(tls_->write(words, unsent_))) return true;
  } else {
    unsent_ += words;
  }
  return flush();
}

// What the socket takes now; the rest when it takes more.
bool Attempt::flush() {
  while (!unsent_.empty()) {
    const auto sent = kernel::send_some(fd_.get(), unsent_.data(), unsent_.size());
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
  if (tls_ && plan_.says_close_notify && fd_) {
    tls_->close(unsent_);
    if (!unsent_.empty()) (void)kernel::send_some(fd_.get(), unsent_.data(), unsent_.size());  // it is but a courtesy
  }
  ready_.reset();
  fd_.reset();
  if (Ended ended = std::exchange(ended_, nullptr)) ended(std::move(outcome));
  return true;
}

}  // namespace baton::checker
