#include "recorder/words.h"

#include <algorithm>
#include <limits>

namespace baton::recorder {

using namespace vrrp;

namespace {

constexpr std::uint8_t same = 0x80;
constexpr std::size_t memory_bytes = 96;  // of one router
constexpr std::size_t interface_name_most = 255;
constexpr Instant latest{std::chrono::years(30)};  // of a machine's life

template <typename Kind, typename Variant, std::size_t i = 0>
constexpr std::uint8_t kind_of() {
  if constexpr (std::is_same_v<Kind, std::variant_alternative_t<i, Variant>>) {
    return i;
  } else {
    return kind_of<Kind, Variant, i + 1>();
  }
}
// The numbers of the format: alternatives are added at the end.
static_assert(std::variant_size_v<Input> == 17 &&
              std::is_same_v<std::variant_alternative_t<16, Input>, WitnessAnswered>);
static_assert(std::variant_size_v<Action> == 10 &&
              std::is_same_v<std::variant_alternative_t<9, Action>, WitnessMissed>);
constexpr unsigned kind_bits = 5;
constexpr std::uint8_t group_kind = 31;
constexpr std::uint8_t with_interval = 16;  // SendAdvert

void write(const std::optional<IpAddress>& address, CompactWriter& out) {
  out.flag(address.has_value());
  if (address) out.address(*address);
}

void write(const std::optional<MacAddress>& mac, CompactWriter& out) {
  out.flag(mac.has_value());
  if (mac) out.bytes(mac->bytes);
}

std::optional<MacAddress> read_mac(CompactReader& in) {
  if (!in.flag()) return std::nullopt;
  MacAddress mac;
  const ByteView bytes = in.bytes(mac.bytes.size());
  std::ranges::copy(bytes, mac.bytes.begin());
  return mac;
}

void write(const Advert& advert, CompactWriter& out) {
  out.address(advert.source);
  out.u8(advert.priority);
  out.duration(advert.interval);
}

Advert read_advert(CompactReader& in) {
  const IpAddress source = in.address();
  const std::uint8_t priority = in.u8();
  return {.source = source, .priority = priority, .interval = in.interval()};
}

template <typename Enum>
Enum read_enum(CompactReader& in, Enum last) {
  return static_cast<Enum>(in.at_most(static_cast<std::uint64_t>(last)));
}

void write(const RouterMemory& memory, CompactWriter& out) {
  out.u8(static_cast<std::uint8_t>(memory.state));
  out.u8(static_cast<std::uint8_t>(memory.reason));
  out.instant(memory.since);
  out.instant(memory.last_advert_sent);
  out.instant(memory.last_advert_accepted);
  out.instant(memory.listens_from);
  out.instant(memory.preempt_at);
  out.address(memory.master);
  out.u8(memory.master_priority);
  out.duration(memory.master_interval);
  out.u8(memory.priority);
  out.flag(memory.yielded);
  out.flag(memory.unopposed);
  out.flag(memory.keeps_pace);
}

RouterMemory read_memory(CompactReader& in) {
  RouterMemory memory;
  memory.state = read_enum(in, last_state);
  memory.reason = read_enum(in, last_reason);
  memory.since = in.instant();
  memory.last_advert_sent = in.instant();
  memory.last_advert_accepted = in.instant();
  memory.listens_from = in.instant();
  memory.preempt_at = in.instant();
  memory.master = in.address();
  memory.master_priority = in.u8();
  memory.master_interval = in.interval();
  memory.priority = in.u8();
  memory.yielded = in.flag();
  memory.unopposed = in.flag();
  memory.keeps_pace = in.flag();
  return memory;
}

// ---------------------------------------------------------------- inputs

struct InputWriter {
  Instant now;
  Context& context;
  CompactWriter& out;

  template <typename Kind>
  void head(const Kind&, bool is_same = false) {
    out.u8(static_cast<std::uint8_t>(kind_of<Kind, Input>() | (is_same ? same : 0)));
    out.duration(now - context.now);
    context.now = now;
  }

  void operator()(const Start& it) { head(it); }
  void operator()(const Stop& it) { head(it); }
  void operator()(const TakeoverProven& it) {
    head(it);
    out.number(it.router);
  }
  void operator()(const WitnessAnswered& it) {
    head(it);
    out.number(it.router);
  }
  void operator()(const MaintenanceTold& it) {
    head(it);
    out.u8(static_cast<std::uint8_t>(it.wish));
  }
  void operator()(const Resume& it) {
    head(it);
    out.number(it.memory.size());
    for (const auto& memory : it.memory) {
      out.flag(memory.has_value());
      if (memory) write(*memory, out);
    }
  }
  void operator()(const AdvertHeard& it) {
    std::optional<Advert>& last = context.adverts[it.router];
    const bool is_same = last == it.advert;
    head(it, is_same);
    out.number(it.router);
    if (is_same) return;
    write(it.advert, out);
    last = it.advert;
  }
  void operator()(const TimePassed& it) {
    const bool is_same = context.most == it.most;
    head(it, is_same);
    if (is_same) return;
    out.number(it.most);
    context.most = it.most;
  }
  void operator()(const TrackerTold& it) {
    head(it);
    out.number(it.tracker);
    out.u8(static_cast<std::uint8_t>(it.value.status));
    out.signed_number(it.value.number);
  }
  void operator()(const LinkTold& it) {
    head(it);
    out.text(it.interface);
    out.flag(it.up);
  }
  void operator()(const SourceTold& it) {
    head(it);
    out.number(it.router);
    write(it.source, out);
  }
  void operator()(const AnnouncementHeard& it) {
    head(it);
    out.number(it.router);
    out.address(it.address);
    write(it.stranger, out);
  }
  void operator()(const AddressRestored& it) {
    head(it);
    out.number(it.router);
  }
  void operator()(const ConfigurationTold& it) {
    head(it);
    out.number(it.router);
    out.flag(it.faulty);
  }
  void operator()(const Handover& it) {
    head(it);
    out.number(it.router);
  }
  void operator()(const PrioritySet& it) {
    head(it);
    out.number(it.router);
    out.u8(it.base);
  }
  void operator()(const PreemptSet& it) {
    head(it);
    out.number(it.router);
    out.u8(static_cast<std::uint8_t>(it.preempt));
  }
};

struct InputReader {
  CompactReader& in;
  const NodeParameters& parameters;
  Context& context;
  bool is_same = false;

  RouterId router() {
    if (parameters.routers.empty()) in.fail();
    return static_cast<RouterId>(in.at_most(std::max<std::size_t>(parameters.routers.size(), 1) - 1));
  }
  TrackerId tracker() {
    if (parameters.trackers.empty()) in.fail();
    return static_cast<TrackerId>(in.at_most(std::max<std::size_t>(parameters.trackers.size(), 1) - 1));
  }

  Input resume() {
    Resume it{std::vector<std::optional<RouterMemory>>(in.at_most(parameters.routers.size()))};
    for (auto& memory : it.memory) {
      if (in.flag()) memory = read_memory(in);
    }
    return it;
  }
  Input advert() {
    const RouterId its = router();
    if (!in.ok()) return Start{};
    std::optional<Advert>& last = context.adverts[its];
    if (is_same && !last) in.fail();
    if (!is_same) last = read_advert(in);
    return AdvertHeard{its, last.value_or(Advert{})};
  }
  Input time() {
    if (is_same && !context.most) in.fail();
    if (!is_same) context.most = in.number();
    return TimePassed{context.most.value_or(0)};
  }
  Input tracker_told() {
    const TrackerId its = tracker();
    const auto status = read_enum(in, TrackerStatus::down);
    return TrackerTold{its, {status, in.int32()}};
  }
  Input source() {
    const RouterId its = router();
    return SourceTold{its, in.flag() ? std::optional(in.address()) : std::nullopt};
  }
  Input link() {
    std::string name = in.text(interface_name_most);
    return LinkTold{std::move(name), in.flag()};
  }
  Input announcement() {
    const RouterId its = router();
    const IpAddress address = in.address();
    return AnnouncementHeard{its, address, read_mac(in)};
  }
  Input configuration() {
    const RouterId its = router();
    return ConfigurationTold{its, in.flag()};
  }

  Input priority_set() {
    const RouterId its = router();
    const std::uint8_t base = in.u8();
    if (base == 0) in.fail();
    return PrioritySet{its, base};
  }
  Input preempt_set() {
    const RouterId its = router();
    return PreemptSet{its, read_enum(in, Preempt::yes)};
  }

  Input read(std::uint8_t kind) {
    switch (kind) {
      case kind_of<Start, Input>(): return Start{};
      case kind_of<Resume, Input>(): return resume();
      case kind_of<AdvertHeard, Input>(): return advert();
      case kind_of<TimePassed, Input>(): return time();
      case kind_of<TrackerTold, Input>(): return tracker_told();
      case kind_of<LinkTold, Input>(): return link();
      case kind_of<SourceTold, Input>(): return source();
      case kind_of<AnnouncementHeard, Input>(): return announcement();
      case kind_of<AddressRestored, Input>(): return AddressRestored{router()};
      case kind_of<ConfigurationTold, Input>(): return configuration();
      case kind_of<Handover, Input>(): return Handover{router()};
      case kind_of<Stop, Input>(): return Stop{};
      case kind_of<PrioritySet, Input>(): return priority_set();
      case kind_of<PreemptSet, Input>(): return preempt_set();
      case kind_of<TakeoverProven, Input>(): return TakeoverProven{router()};
      case kind_of<WitnessAnswered, Input>(): return WitnessAnswered{router()};
      case kind_of<MaintenanceTold, Input>(): return MaintenanceTold{read_enum(in, last_wish)};
    }
    in.fail();
    return Start{};
  }
};

// ---------------------------------------------------------------- actions

struct ActionWriter {
  RouterId router;
  CompactWriter& out;

  template <typename Kind>
  void head(const Kind&, std::uint8_t flags = 0) {
    out.number(std::uint64_t{router} << kind_bits | kind_of<Kind, Action>() | flags);
  }

  void operator()(const SendAdvert& it) {
    head(it, it.interval ? with_interval : 0);
    out.u8(it.priority);
    if (it.interval) out.duration(*it.interval);
  }
  void operator()(const Announce& it) {
    head(it);
    out.number(it.rounds);
  }
  void operator()(const StateChanged& it) {
    head(it);
    out.u8(static_cast<std::uint8_t>(it.from));
    out.u8(static_cast<std::uint8_t>(it.to));
    out.u8(static_cast<std::uint8_t>(it.reason));
  }
  void operator()(const PriorityChanged& it) {
    head(it);
    out.u8(it.from);
    out.u8(it.to);
  }
  void operator()(const LowerPriorityHeard& it) {
    head(it);
    write(it.advert, out);
  }
  void operator()(const MasterLearned& it) {
    head(it);
    out.address(it.address);
    out.u8(it.priority);
  }
  void operator()(const HandoverFailed& it) { head(it); }
  void operator()(const AskWitness& it) { head(it); }
  void operator()(const WitnessMissed& it) { head(it); }
  void operator()(const SecondOwnerSeen& it) {
    head(it);
    out.address(it.address);
    write(it.mac, out);
    out.u8(it.priority);
    out.flag(it.we_stay);
  }
};

std::optional<Action> read_action(std::uint8_t kind, CompactReader& in) {
  switch (kind) {
    case kind_of<SendAdvert, Action>(): return SendAdvert{.priority = in.u8()};
    case kind_of<SendAdvert, Action>() | with_interval: {
      const std::uint8_t priority = in.u8();
      return SendAdvert{.priority = priority, .interval = in.duration()};
    }
    case kind_of<Announce, Action>(): return Announce{static_cast<unsigned>(in.at_most(UINT32_MAX))};
    case kind_of<StateChanged, Action>(): {
      const State from = read_enum(in, last_state);
      const State to = read_enum(in, last_state);
      return StateChanged{from, to, read_enum(in, last_reason)};
    }
    case kind_of<PriorityChanged, Action>(): {
      const std::uint8_t from = in.u8();
      return PriorityChanged{from, in.u8()};
    }
    case kind_of<LowerPriorityHeard, Action>(): return LowerPriorityHeard{read_advert(in)};
    case kind_of<MasterLearned, Action>(): {
      const IpAddress address = in.address();
      return MasterLearned{address, in.u8()};
    }
    case kind_of<HandoverFailed, Action>(): return HandoverFailed{};
    case kind_of<AskWitness, Action>(): return AskWitness{};
    case kind_of<WitnessMissed, Action>(): return WitnessMissed{};
    case kind_of<SecondOwnerSeen, Action>(): {
      SecondOwnerSeen seen{.address = in.address(), .mac = read_mac(in)};
      seen.priority = in.u8();
      seen.we_stay = in.flag();
      return seen;
    }
  }
  in.fail();
  return std::nullopt;
}

}  // namespace

std::size_t most_bytes(const Input& input) {
  constexpr std::size_t plain = 64;
  if (const auto* it = std::get_if<Resume>(&input)) return plain + it->memory.size() * memory_bytes;
  if (const auto* it = std::get_if<LinkTold>(&input)) return plain + it->interface.size();
  return plain;
}

void write(const Input& input, Instant now, Context& context, CompactWriter& out) {
  std::visit(InputWriter{now, context, out}, input);
}

void write(std::span<const NodeAction> actions, CompactWriter& out) {
  for (const NodeAction& action : actions) {
    if (const auto* it = std::get_if<RouterAction>(&action)) {
      std::visit(ActionWriter{it->router, out}, it->action);
    } else if (const auto* of_group = std::get_if<GroupAction>(&action)) {
      out.number(std::uint64_t{of_group->group} << kind_bits | group_kind);
      out.u8(static_cast<std::uint8_t>(of_group->action.from));
      out.u8(static_cast<std::uint8_t>(of_group->action.to));
    }
  }
}

Input read_input(CompactReader& in, const NodeParameters& parameters, Context& context) {
  const std::uint8_t head = in.u8();
  const Duration since = in.duration();
  context.now += since;
  if (context.now < Instant{} || context.now > latest) {
    context.now = Instant{};
    in.fail();
  }
  return InputReader{in, parameters, context, (head & same) != 0}.read(head & static_cast<std::uint8_t>(~same));
}

NodeActions read_actions(CompactReader& in, const NodeParameters& parameters) {
  NodeActions actions;
  while (in.remaining() > 0) {
    const std::uint64_t head = in.number();
    const std::uint64_t id = head >> kind_bits;
    const auto kind = static_cast<std::uint8_t>(head & group_kind);
    if (id >= (kind == group_kind ? parameters.groups.size() : parameters.routers.size())) in.fail();
    if (!in.ok()) break;
    if (kind == group_kind) {
      const State from = read_enum(in, last_state);
      actions.push_back(GroupAction{static_cast<GroupId>(id), {from, read_enum(in, last_state)}});
    } else if (const auto action = read_action(kind, in)) {
      actions.push_back(RouterAction{static_cast<RouterId>(id), *action});
    }
  }
  return actions;
}

}  // namespace baton::recorder
