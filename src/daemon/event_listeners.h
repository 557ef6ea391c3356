// Those who asked the control socket for events: each gets every line from then on, and nobody is waited for. One that
// does not read is dropped once its backlog is full; it may come back and ask for the status.
#pragma once

#include <list>
#include <string>
#include <string_view>

#include "base/unique_fd.h"
#include "loop/loop.h"

namespace baton::daemon {

namespace limits {
inline constexpr std::size_t event_listeners = 16;
inline constexpr std::size_t listener_backlog = 256 * 1024;  // bytes that wait for one of them
}  // namespace limits

class EventListeners {
 public:
  explicit EventListeners(loop::Loop& loop) : loop_(loop) {}

  bool is_full() const { return listeners_.size() >= limits::event_listeners; }
  void add(UniqueFd fd, std::string_view first_line);
  void tell(std::string_view line);
  // What a socket takes at once, without waiting; then all are dismissed.
  void say_last();

 private:
  struct Listener {
    UniqueFd fd;
    std::string backlog;
    loop::Subscription writable;
    loop::Subscription readable;  // only to hear that it has gone
    bool is_gone = false;
  };
  void say(Listener& listener, std::string_view line);
  void write(Listener& listener);
  void forget_gone();

  loop::Loop& loop_;
  std::list<Listener> listeners_;
};

}  // namespace baton::daemon
