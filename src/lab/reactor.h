// The lab's own small event loop: descriptors, periodic work, and waiting for a condition with a bound. One thread does
// everything, so that what an observer saw before another needs no lock to be told.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "base/time.h"
#include "base/unique_fd.h"

namespace baton::lab {

class Reactor {
 public:
  using Handler = std::function<void(std::uint32_t events)>;  // EPOLLIN, EPOLLOUT, EPOLLHUP, EPOLLERR
  using Token = std::uint64_t;

  Reactor();

  // The descriptor stays its owner's, who unwatches before closing it.
  Token watch(int fd, std::uint32_t events, Handler handler);
  void change(Token token, std::uint32_t events);
  void unwatch(Token token);

  // Calls `work` every `period`, for ever. Turns that were missed are left out.
  void every(Duration period, std::function<void()> work);

  // Runs until `condition` holds; false when `deadline` came first. The condition is asked after every event, but
  // not for longer than a fifth of the time, by the processor.
  bool run_until(const std::function<bool()>& condition, Instant deadline);

 private:
  struct Watch {
    int fd = -1;
    std::shared_ptr<Handler> handler;  // outlives an unwatch out of itself
  };
  struct Periodic {
    Duration period{};
    Instant next{};
    std::function<void()> work;
  };

  void turn(Instant deadline);
  void run_periodic();

  UniqueFd epoll_;
  std::map<Token, Watch> watches_;
  Token last_token_ = 0;
  std::vector<Periodic> periodic_;
};

}  // namespace baton::lab
