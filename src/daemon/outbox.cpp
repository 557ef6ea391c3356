#include "daemon/outbox.h"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace baton::daemon {

void Outbox::connect(kernel::Channel reader) {
  writable_.reset();
  reader_ = std::move(reader);
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

void Outbox::put(Bytes message) {
  waiting_bytes_ += message.size();
  waiting_.push_back(std::move(message));
  if (!writable_) flush();
  while (waiting_bytes_ > most_bytes_) {
    waiting_bytes_ -= waiting_.front().size();
    waiting_.pop_front();
    ++lost_;
  }
}

void Outbox::flush() {
  while (reader_ && !waiting_.empty()) {
    const auto sent = reader_.send(waiting_.front());
    if (!sent && sent.error().code == EAGAIN) {
      if (!writable_) writable_ = loop_.watch(reader_.fd(), loop::Ready::writable, [this] { flush(); });
      return;
    }
    if (!sent) break;  // it is gone; the next one gets what waits
    waiting_bytes_ -= waiting_.front().size();
    waiting_.pop_front();
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
