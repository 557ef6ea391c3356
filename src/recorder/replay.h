// Plays a recording again: the same core, told the same. Each step is one input; what it brings about now is held
// against what it brought about then.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "recorder/recording.h"
#include "recorder/words.h"
#include "vrrp/node.h"

namespace baton::recorder {

// One virtual router, as people look at it.
struct RouterView {
  vrrp::State state = vrrp::State::init;
  vrrp::Reason reason = vrrp::Reason::start;
  bool leaving = false;
  std::uint8_t priority = 0;
  std::optional<IpAddress> master{};
  std::uint8_t master_priority = 0;

  bool operator==(const RouterView&) const = default;
};

struct Touched {
  vrrp::RouterId router = 0;
  RouterView before;
  RouterView after;
  std::vector<vrrp::VirtualRouter::Timer> timers{};  // after
};

// What is not as it was.
struct Difference {
  std::string what;
  vrrp::NodeActions recorded{};
};

struct Step {
  enum class Begins : std::uint8_t {
    nothing,
    recording,  // the first one there is: what went before is forgotten
    worker,     // a worker of its own, which knows nothing yet
    gap,        // as recording, in the middle: a segment was written over while it was read
  };

  std::size_t number = 0;  // from 1
  std::size_t life = 0;    // index in the recording: which configuration
  Begins begins = Begins::nothing;
  Instant now{};
  vrrp::Input input;
  bool is_finished = true;  // else the worker ended in the middle of it
  bool is_played = true;    // what is not finished is not played, unless asked for
  vrrp::NodeActions actions{};
  std::vector<Touched> touched{};
  std::optional<Difference> difference{};
};

class Replay {
 public:
  enum class Unfinished : std::uint8_t { shown, played };
  // `recording` lives as long as we do.
  explicit Replay(const Recording& recording, Unfinished unfinished = Unfinished::shown);

  // nullopt: that was all. An error: the rest cannot be read, and why.
  std::expected<std::optional<Step>, std::string> next();
  const vrrp::NodeParameters& parameters(std::size_t life) const { return recording_.lives[life].parameters; }

 private:
  using Status = std::expected<void, std::string>;
  Status begin_segment();
  Status restore(Step::Begins begins);
  bool is_at_end() const { return !reader_ || reader_->remaining() == 0; }
  void play(Step& step);
  Status compare(Step& step);
  std::vector<vrrp::RouterId> candidates(const vrrp::Input& input, Instant now) const;
  RouterView view(vrrp::RouterId id) const;
  std::string place() const;

  const Recording& recording_;
  Unfinished unfinished_;
  std::size_t life_ = 0;
  std::size_t segment_ = 0;  // the next one
  std::size_t number_ = 0;
  std::optional<std::uint64_t> sequence_;  // of the one that was played, in this life
  std::optional<CompactReader> reader_;
  std::optional<vrrp::Node> node_;
  Context context_;
  std::vector<RouterView> seen_;
  Step::Begins begins_ = Step::Begins::nothing;  // the next step
  std::optional<Difference> pending_;            // the snapshot that a segment began with is another state than ours
};

}  // namespace baton::recorder
