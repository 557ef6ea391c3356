#include "daemon/outbox.h"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace baton::daemon {

void Outbox::connect(kernel::Channel reader, std::vector<Bytes> first) {
  writable_.reset();
  reader_ = std::move(reader);
  std::deque<Waiting> waiting;
  for (Bytes& message : first) {
    waiting.push_back({.bytes = std::move(message), .whom = For::this_reader, .is_greeting = true});
  }
  for (Waiting& each : waiting_) {
    if (each.whom == For::whoever_comes) waiting.push_back(std::move(each));
  }
  waiting_ = std::move(waiting);
  waiting_bytes_ = 0;
  for (const Waiting& each : waiting_) waiting_bytes_ += each.is_greeting ? 0 : each.bytes.size();
  flush();
}

void Outbox::close() {
  writable_.reset();
  reader_.close();
}

void Outbox::clear() {
  writable_.reset();
  waiting_.clear();
  waiting_bytes_ = 0;
}

void Outbox::put(Bytes message, For whom) {
  waiting_bytes_ += message.size();
  waiting_.push_back({.bytes = std::move(message), .whom = whom});
  if (!writable_) flush();
  while (waiting_bytes_ > most_bytes_) {
    forget(std::ranges::find(waiting_, false, &Waiting::is_greeting));
    ++lost_;
  }
}

std::vector<std::pair<Outbox::For, Bytes>> Outbox::take_waiting() {
  std::vector<std::pair<For, Bytes>> taken;
  for (Waiting& each : waiting_) taken.emplace_back(each.whom, std::move(each.bytes));
  clear();
  return taken;
}

void Outbox::forget(std::deque<Waiting>::iterator place) {
  if (!place->is_greeting) waiting_bytes_ -= place->bytes.size();
  waiting_.erase(place);
}

void Outbox::flush() {
  while (reader_ && !waiting_.empty()) {
    const auto sent = reader_.send(waiting_.front().bytes);
    if (!sent && sent.error().code == EAGAIN) {
      if (!writable_) writable_ = loop_.watch(reader_.fd(), loop::Ready::writable, [this] { flush(); });
      return;
    }
    if (!sent) break;  // it is gone; the next one gets what waits
    forget(waiting_.begin());
  }
  writable_.reset();
}

void Outbox::finish(Duration bound) {
  const Instant deadline = loop::now() + bound;
  for (flush(); writable_; flush()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - loop::now());
    if (left.count() <= 0) return;
    pollfd ready{.fd = reader_.fd(), .events = POLLOUT, .revents = 0};
    (void)::poll(&ready, 1, static_cast<int>(left.count()));
  }
}

}  // namespace baton::daemon
