// Messages for another role, in their order, until its channel takes them: whoever reads slowly, or is replaced, misses
// nothing that there is room for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "kernel/channel.h"
#include "loop/loop.h"

namespace baton::daemon {

class Outbox {
 public:
  // `most_bytes` of messages wait; then the oldest go.
  Outbox(loop::Loop& loop, std::size_t most_bytes) : loop_(loop), most_bytes_(most_bytes) {}

  // A reader gets `first`, then what waits and is not for the reader before it.
  void connect(kernel::Channel reader, std::vector<Bytes> first = {});
  const kernel::Channel& reader() const { return reader_; }
  void close();
  void clear();

  enum class For : std::uint8_t {
    whoever_comes,
    this_reader,  // another one is told in another way, or shall not hear of it
    who_waits,    // somebody waits for what this reader makes of it, and for nobody else's
  };
  void put(Bytes message, For whom = For::whoever_comes);
  // What no reader has taken, with what was to greet one; nothing waits any more.
  std::vector<std::pair<For, Bytes>> take_waiting();
  // The end: what waits is sent within this time, or not at all.
  void finish(Duration bound);
  std::uint64_t lost() const { return lost_; }
  std::size_t waiting() const { return waiting_.size(); }

 private:
  struct Waiting {
    Bytes bytes;
    For whom = For::whoever_comes;
    bool is_greeting = false;  // not within the bound, and not dropped
  };
  void flush();
  void forget(std::deque<Waiting>::iterator place);

  loop::Loop& loop_;
  std::size_t most_bytes_;
  kernel::Channel reader_;
  loop::Subscription writable_;
  std::deque<Waiting> waiting_;
  std::size_t waiting_bytes_ = 0;
  std::uint64_t lost_ = 0;
};

}  // namespace baton::daemon
