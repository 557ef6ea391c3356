#include "recorder/replay.h"

#include <fmt/format.h>

#include <algorithm>

#include "recorder/recorder.h"

namespace baton::recorder {

using namespace vrrp;

Replay::Replay(const Recording& recording, Unfinished unfinished) : recording_(recording), unfinished_(unfinished) {}

std::string Replay::place() const {
  return fmt::format("segment {} of configuration {}, behind step {}, byte {}", sequence_.value_or(0), life_ + 1,
                     number_, reader_ ? reader_->position() : 0);
}

std::expected<std::optional<Step>, std::string> Replay::next() {
  while (is_at_end()) {
    if (life_ >= recording_.lives.size()) return std::nullopt;
    if (segment_ >= recording_.lives[life_].segments.size()) {
      ++life_;
      segment_ = 0;
      sequence_.reset();
      reader_.reset();
      continue;
    }
    if (const auto begun = begin_segment(); !begun) return std::unexpected(begun.error());
  }
  Step step{.number = ++number_, .life = life_, .begins = std::exchange(begins_, Step::Begins::nothing)};
  step.input = read_input(*reader_, parameters(life_), context_);
  step.now = context_.now;
  if (!reader_->ok()) return std::unexpected(fmt::format("no input of such a node: {}", place()));
  step.difference = std::exchange(pending_, std::nullopt);
  step.is_finished = reader_->remaining() > 0;
  step.is_played = step.is_finished || unfinished_ == Unfinished::played;
  if (step.is_played) play(step);
  if (step.is_finished) {
    if (const auto compared = compare(step); !compared) return std::unexpected(compared.error());
  }
  return step;
}

Replay::Status Replay::begin_segment() {
  const Segment& segment = recording_.lives[life_].segments[segment_++];
  reader_.emplace(segment.bytes);
  const bool worker_begins = reader_->flag();
  const Instant begun = reader_->instant();
  if (!reader_->ok() || begun < Instant{}) return std::unexpected(fmt::format("no segment of a ring: {}", place()));
  const bool goes_on = sequence_ && *sequence_ + 1 == segment.sequence && !worker_begins;
  sequence_ = segment.sequence;
  if (goes_on) {
    // It says what the state is; ours must be the same to the byte.
    const Bytes ours = compact_bytes([&](CompactWriter& out) { node_->save(out); });
    const ByteView rest = ByteView(segment.bytes).subspan(reader_->position());
    const bool is_same = rest.size() >= ours.size() && std::ranges::equal(rest.first(ours.size()), ours);
    if (is_same) {
      reader_->bytes(ours.size());
    } else {
      pending_ = {.what = fmt::format("the state before it, as segment {} has it, is another", segment.sequence)};
      if (const auto restored = restore(Step::Begins::nothing); !restored) return restored;
    }
  } else {
    const Step::Begins begins = worker_begins       ? Step::Begins::worker
                                : node_.has_value() ? Step::Begins::gap
                                                    : Step::Begins::recording;
    if (const auto restored = restore(begins); !restored) return restored;
  }
  context_.begin(begun, node_->router_count());
  return {};
}

Replay::Status Replay::restore(Step::Begins begins) {
  node_.emplace(parameters(life_));
  if (!node_->restore(*reader_)) return std::unexpected(fmt::format("no snapshot of such a node: {}", place()));
  begins_ = begins;
  seen_.resize(node_->router_count());
  for (RouterId id = 0; id < seen_.size(); ++id) seen_[id] = view(id);
  return {};
}

RouterView Replay::view(RouterId id) const {
  const VirtualRouter& router = node_->router(id);
  return {.state = router.state(),
          .reason = router.reason(),
          .leaving = router.is_leaving(),
          .priority = router.priority(),
          .master = router.master(),
          .master_priority = router.master_priority()};
}

namespace {

struct Subject {
  std::optional<RouterId> operator()(const AdvertHeard& it) const { return it.router; }
  std::optional<RouterId> operator()(const SourceTold& it) const { return it.router; }
  std::optional<RouterId> operator()(const AnnouncementHeard& it) const { return it.router; }
  std::optional<RouterId> operator()(const AddressRestored& it) const { return it.router; }
  std::optional<RouterId> operator()(const ConfigurationTold& it) const { return it.router; }
  std::optional<RouterId> operator()(const Handover& it) const { return it.router; }
  std::optional<RouterId> operator()(const PrioritySet& it) const { return it.router; }
  std::optional<RouterId> operator()(const PreemptSet& it) const { return it.router; }
  std::optional<RouterId> operator()(const TakeoverProven& it) const { return it.router; }
  std::optional<RouterId> operator()(const WitnessAnswered& it) const { return it.router; }
  template <typename Other>
  std::optional<RouterId> operator()(const Other&) const {
    return std::nullopt;
  }
};

}  // namespace

// Whom an input is for; others are found by what they do.
std::vector<RouterId> Replay::candidates(const Input& input, Instant now) const {
  if (const auto router = std::visit(Subject{}, input)) return {*router};
  std::vector<RouterId> found;
  if (!std::holds_alternative<TimePassed>(input)) return found;
  for (RouterId id = 0; id < node_->router_count(); ++id) {
    const auto due = node_->router(id).next_timeout();
    if (due && *due <= now) found.push_back(id);
  }
  return found;
}

void Replay::play(Step& step) {
  std::vector<RouterId> touched = candidates(step.input, step.now);
  node_->handle(step.input, step.now, step.actions);
  for (const NodeAction& action : step.actions) {
    if (const auto* it = std::get_if<RouterAction>(&action)) touched.push_back(it->router);
  }
  std::ranges::sort(touched);
  const auto repeated = std::ranges::unique(touched);
  touched.erase(repeated.begin(), repeated.end());
  for (const RouterId id : touched) {
    const RouterView after = view(id);
    step.touched.push_back({.router = id,
                            .before = std::exchange(seen_[id], after),
                            .after = after,
                            .timers = node_->router(id).timers()});
  }
}

Replay::Status Replay::compare(Step& step) {
  const std::uint64_t head = reader_->number();
  const auto size = static_cast<std::size_t>(head >> 1);
  const Bytes ours = compact_bytes([&](CompactWriter& out) { write(step.actions, out); });
  if ((head & 1) == 0) {
    const ByteView recorded = reader_->bytes(size);
    CompactReader actions(recorded);
    NodeActions then = read_actions(actions, parameters(life_));
    if (!reader_->ok() || !actions.ok()) return std::unexpected(fmt::format("no actions of such a node: {}", place()));
    if (!std::ranges::equal(recorded, ours)) step.difference = {.what = "its actions", .recorded = std::move(then)};
    return {};
  }
  std::uint64_t expected = 0;
  for (unsigned shift = 0; shift < 64; shift += 8) expected |= std::uint64_t{reader_->u8()} << shift;
  if (!reader_->ok()) return std::unexpected(fmt::format("cut off: {}", place()));
  if (size != ours.size() || digest(ours) != expected) {
    step.difference = {.what = fmt::format("its actions, {} bytes then and {} now", size, ours.size())};
  }
  return {};
}

}  // namespace baton::recorder
