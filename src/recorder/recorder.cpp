#include "recorder/recorder.h"

namespace baton::recorder {

namespace {

constexpr std::size_t result_bytes = 16 + limits::actions_kept;

}  // namespace

std::uint64_t digest(ByteView bytes) {
  std::uint64_t value = 0xcbf29ce484222325;
  for (const std::uint8_t byte : bytes) value = (value ^ byte) * 0x100000001b3;
  return value;
}

Recorder::Recorder(Ring ring, vrrp::Node& node) : ring_(ring), node_(node), actions_(limits::actions_kept) {
  node_.observe(this);
}

Recorder::~Recorder() {
  node_.observe(nullptr);
}

void Recorder::before(const vrrp::Input& input, Instant now) {
  if (is_full_) return;
  const std::size_t most = most_bytes(input) + result_bytes;
  if (out_.left().size() < most || now - begun_ >= limits::segment_time) begin_segment(now);
  if (out_.left().size() < most) is_full_ = true;
  if (is_full_) return;
  write(input, now, context_, out_);
  ring_.commit(out_.size());
}

void Recorder::after(std::span<const vrrp::NodeAction> actions) {
  if (is_full_) return;
  for (;; actions_.resize(actions_.size() * 2)) {
    CompactWriter scratch(actions_);
    write(actions, scratch);
    if (!scratch.ok()) continue;
    write_result(scratch.written());
    break;
  }
  ring_.commit(out_.size());
}

void Recorder::write_result(ByteView actions) {
  const bool is_kept = actions.size() <= limits::actions_kept;
  out_.number(actions.size() << 1 | (is_kept ? 0 : 1));
  if (is_kept) return out_.bytes(actions);
  const std::uint64_t value = digest(actions);
  for (unsigned shift = 0; shift < 64; shift += 8) out_.u8(static_cast<std::uint8_t>(value >> shift));
}

void Recorder::begin_segment(Instant now) {
  out_ = CompactWriter(ring_.begin());
  out_.flag(std::exchange(begins_, false));
  out_.instant(now);
  node_.save(out_);
  is_full_ = !out_.ok();
  begun_ = now;
  context_.begin(now, node_.router_count());
}

}  // namespace baton::recorder
