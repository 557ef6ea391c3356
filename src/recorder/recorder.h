// The flight recorder: writes down what a node is told and what it wants done, in memory that outlives the worker. An
// input is there before the node knows it, so that the one that kills the worker is the last; its actions follow. A
// segment of the ring begins with a snapshot of the node, from which whatever comes after can be played again.
#pragma once

#include "base/compact.h"
#include "recorder/ring.h"
#include "recorder/words.h"
#include "vrrp/node.h"

namespace baton::recorder {

namespace limits {
inline constexpr Duration segment_time = std::chrono::hours(2);  // then the next begins, however little there was
// More actions of one input than this is kept of by their digest alone, in bytes.
inline constexpr std::size_t actions_kept = 512;
}  // namespace limits

class Recorder final : public vrrp::NodeObserver {
 public:
  // `node` lives as long as we do, and nobody has told it anything yet: nothing of its beginning is missing.
  Recorder(Ring ring, vrrp::Node& node);
  ~Recorder() override;
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  void before(const vrrp::Input& input, Instant now) override;
  void after(std::span<const vrrp::NodeAction> actions) override;

 private:
  void begin_segment(Instant now);
  void write_result(ByteView actions);

  Ring ring_;
  vrrp::Node& node_;
  CompactWriter out_{{}};
  Context context_;
  Instant begun_{};
  Bytes actions_;         // of one input; its memory is used again
  bool begins_ = true;    // no segment of this worker yet
  bool is_full_ = false;  // no snapshot fits into this ring: nothing is recorded
};

// Of actions as bytes (FNV-1a).
std::uint64_t digest(ByteView bytes);

}  // namespace baton::recorder
