#include "daemon/event_listeners.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>

namespace baton::daemon {

void EventListeners::add(UniqueFd fd, std::string_view first_line) {
  forget_gone();
  if (is_full()) return;
  Listener& listener = listeners_.emplace_back();
  listener.fd = std::move(fd);
  listener.readable = loop_.watch(listener.fd.get(), loop::Ready::readable, [&listener] {
    std::array<char, 256> ignored;
    const ssize_t count = ::recv(listener.fd.get(), ignored.data(), ignored.size(), MSG_DONTWAIT);
    if (count > 0 || (count < 0 && errno == EAGAIN)) return;
    listener.is_gone = true;
    listener.writable.reset();
    listener.readable.reset();
  });
  say(listener, first_line);
}

void EventListeners::tell(std::string_view line) {
  forget_gone();
  for (Listener& listener : listeners_) say(listener, line);
}

void EventListeners::say_last() {
  for (Listener& listener : listeners_) write(listener);
  listeners_.clear();
}

void EventListeners::say(Listener& listener, std::string_view line) {
  if (listener.is_gone) return;
  if (listener.backlog.size() + line.size() + 1 > limits::listener_backlog) {
    listener.is_gone = true;
    (void)::shutdown(listener.fd.get(), SHUT_RDWR);  // it shall know that it misses something
    return;
  }
  listener.backlog.append(line).push_back('\n');
  if (!listener.writable) write(listener);
}

void EventListeners::write(Listener& listener) {
  const ssize_t count =
      ::send(listener.fd.get(), listener.backlog.data(), listener.backlog.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (count > 0) listener.backlog.erase(0, static_cast<std::size_t>(count));
  if (count < 0 && errno != EAGAIN && errno != EINTR) listener.is_gone = true;
  const bool waits = !listener.backlog.empty() && !listener.is_gone;
  if (waits == static_cast<bool>(listener.writable)) return;
  listener.writable.reset();
  if (waits) {
    listener.writable = loop_.watch(listener.fd.get(), loop::Ready::writable, [this, &listener] { write(listener); });
  }
}

// Outside of every callback of theirs.
void EventListeners::forget_gone() {
  listeners_.remove_if([](const Listener& listener) { return listener.is_gone; });
}

}  // namespace baton::daemon
