#include "daemon/check_outbox.h"

#include <cerrno>
#include <utility>

namespace baton::daemon {

void CheckOutbox::put(std::uint32_t check, Bytes verdict) {
  latest_[check] = std::move(verdict);
  if (is_waiting_[check]) return;
  is_waiting_[check] = true;
  waiting_.push_back(check);
  if (!writable_) flush();
}

void CheckOutbox::connect(kernel::Channel reader) {
  writable_.reset();
  reader_ = std::move(reader);
  readable_ = loop_.watch(reader_.fd(), loop::Ready::readable, [this] { on_readable(); });
  waiting_.clear();
  for (std::uint32_t check = 0; check < latest_.size(); ++check) {
    is_waiting_[check] = latest_[check].has_value();
    if (is_waiting_[check]) waiting_.push_back(check);
  }
  flush();
}

void CheckOutbox::flush() {
  while (reader_ && !waiting_.empty()) {
    const std::uint32_t check = waiting_.front();
    const auto sent = reader_.send(*latest_[check]);
    if (!sent && sent.error().code == EAGAIN) {
      if (!writable_) writable_ = loop_.watch(reader_.fd(), loop::Ready::writable, [this] { flush(); });
      return;
    }
    if (!sent) break;  // it is gone; the next one hears all
    waiting_.pop_front();
    is_waiting_[check] = false;
  }
  writable_.reset();
}

void CheckOutbox::on_readable() {
  const auto message = reader_.receive();
  if (message || message.error() == kernel::Channel::Nothing::yet) return;
  writable_.reset();
  readable_.reset();
  reader_.close();
}

}  // namespace baton::daemon
