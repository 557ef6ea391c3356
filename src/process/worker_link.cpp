#include "process/worker_link.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace baton::process {

void WorkerLink::connect(UniqueFd channel) {
  for (int i = 0; i < limits::last_messages && channel_ && receive() == Received::message; ++i) continue;
  disconnect();
  channel_ = std::move(channel);
  readable_ = loop_.watch(channel_.get(), loop::Ready::readable, [this] { on_readable(); });
}

void WorkerLink::disconnect() {
  readable_.reset();
  writable_.reset();
  channel_.reset();
  wants_results_ = false;
  results_.clear();
}

void WorkerLink::send(FromRunner message) {
  if (auto* script = std::get_if<ScriptResult>(&message)) return keep_latest(std::move(*script));
  if (auto* file = std::get_if<FileResult>(&message)) return keep_latest(std::move(*file));
  if (auto* process = std::get_if<ProcessResult>(&message)) return keep_latest(std::move(*process));
  if (auto* done = std::get_if<NewsDone>(&message); done != nullptr && add_to_last(*done)) return;
  if (events_.size() >= limits::waiting_events) {
    events_.pop_front();
    ++dropped_;
  }
  events_.push_back(std::move(message));
}

// A worker that reads slowly shall not take news for undone because there were too many messages about them.
bool WorkerLink::add_to_last(const NewsDone& done) {
  auto* last = events_.empty() ? nullptr : std::get_if<NewsDone>(&events_.back());
  if (last == nullptr || last->numbers.size() + done.numbers.size() > limits::numbers_done) return false;
  last->numbers.insert(last->numbers.end(), done.numbers.begin(), done.numbers.end());
  return true;
}

template <typename Result>
void WorkerLink::keep_latest(Result result) {
  if (!wants_results_) return;
  const auto waiting = results_.find(result.id);
  // What the worker has not heard yet stays news: a change that it missed is not made a detail by what followed.
  const auto* before = waiting == results_.end() ? nullptr : std::get_if<Result>(&waiting->second);
  if (before != nullptr) result.news = std::min(before->news, result.news);
  const std::uint32_t id = result.id;
  results_.insert_or_assign(id, std::move(result));
}

void WorkerLink::flush() {
  writable_.reset();
  Sent sent = channel_ ? Sent::yes : Sent::closed;
  while (sent == Sent::yes && !results_.empty()) {
    sent = send_now(results_.begin()->second);
    if (sent == Sent::yes) results_.erase(results_.begin());
  }
  while (sent == Sent::yes && !events_.empty()) {
    sent = send_now(events_.front());
    if (sent == Sent::yes) events_.pop_front();
  }
  if (sent == Sent::no_room) {
    writable_ = loop_.watch(channel_.get(), loop::Ready::writable, [this] { flush(); });
  }
}

WorkerLink::Sent WorkerLink::send_now(const FromRunner& message) {
  const auto bytes = encode(message);
  if (!bytes) return Sent::yes;  // texts are far shorter than a message; not worth a worker
  if (::send(channel_.get(), bytes->data(), bytes->size(), MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) return Sent::yes;
  if (errno == EAGAIN || errno == ENOBUFS || errno == EINTR) return Sent::no_room;
  return Sent::closed;  // on_readable() will see it
}

WorkerLink::Received WorkerLink::receive() {
  static std::array<std::uint8_t, limits::message_size + 1> buffer;  // one thread; too large for a stack
  const auto next = [&] { return ::recv(channel_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT); };
  ssize_t size = next();
  // A peer that left something unread is told of once, before what it had said.
  if (size < 0 && errno == ECONNRESET) size = next();
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return Received::nothing;
  if (size <= 0) return Received::end;
  if (auto message = decode_to_runner(ByteView(buffer).first(static_cast<std::size_t>(size)))) {
    handlers_.on_message(*std::move(message));
  } else {
    handlers_.on_bad_message(message.error());
  }
  return Received::message;
}

void WorkerLink::on_readable() {
  for (int i = 0; i < limits::messages_per_turn && channel_; ++i) {
    switch (receive()) {
      case Received::message: break;
      case Received::nothing: return;
      case Received::end:
        disconnect();
        handlers_.on_closed();
        return;
    }
  }
}

}  // namespace baton::process
