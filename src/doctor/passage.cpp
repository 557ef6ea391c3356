#include "doctor/passage.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "base/stable_sort.h"
#include "doctor/known_bits.h"

namespace baton::doctor {

namespace {

using kernel::FilterChain;
using kernel::FilterFamily;
using kernel::FilterHook;
using kernel::FilterRule;
using kernel::FilterSet;
using kernel::MetaKey;
using kernel::PayloadBase;
using kernel::SetElement;
using kernel::VerdictKind;
namespace rule = kernel::rule;

constexpr unsigned deepest_jump = 32;             // the kernel allows 16
constexpr std::size_t most_steps = 2'000'000;     // rules looked at: jumps from many places into one long chain
constexpr std::uint8_t state_established = 0x02;  // the bits of `ct state`, in the first byte on a little machine
constexpr std::uint8_t state_new = 0x08;
constexpr std::uint32_t type_multicast = 5;  // RTN_MULTICAST, RTN_LOCAL
constexpr std::uint32_t type_local = 2;
constexpr std::uint8_t packet_to_group = 2;  // PACKET_MULTICAST, PACKET_HOST
constexpr std::uint8_t packet_to_host = 0;
constexpr std::uint16_t hardware_ethernet = 1;

bool is_multicast(const FilteredPacket& packet) {
  return packet.destination && packet.destination->is_multicast();
}

template <typename Number>
KnownBits host_order(Number number) {
  Bytes bytes(sizeof(number));
  std::memcpy(bytes.data(), &number, sizeof(number));
  return KnownBits::of(bytes);
}

KnownBits padded_text(const std::string& text) {
  Bytes bytes(16, 0);  // IFNAMSIZ
  std::copy_n(text.begin(), std::min<std::size_t>(text.size(), 15), bytes.begin());
  return KnownBits::of(bytes);
}

KnownBits network_header(const FilteredPacket& packet) {
  const bool is_v4 = packet.family == Family::ipv4;
  KnownBits header = KnownBits::unknown(is_v4 ? 20 : 40);
  const auto put = [&](std::size_t offset, std::initializer_list<std::uint8_t> bytes) {
    header.put(offset, KnownBits::of(Bytes(bytes)));
  };
  const auto put_address = [&](std::size_t offset, const std::optional<IpAddress>& address) {
    if (address) header.put(offset, KnownBits::of(address->bytes()));
  };
  if (is_v4) {
    put(0, {0x45});
    put(8, {packet.hop_limit, packet.protocol});
    header.known[6] = 0xbf;  // neither a fragment nor one of its kin; "don't fragment" may be set
    header.known[7] = 0xff;
    put_address(12, packet.source);
    put_address(16, packet.destination);
  } else {
    header.value[0] = 0x60;
    header.known[0] = 0xf0;
    put(6, {packet.protocol, packet.hop_limit});
    put_address(8, packet.source);
    put_address(24, packet.destination);
  }
  return header;
}

KnownBits link_header(const FilteredPacket& packet) {
  KnownBits header = KnownBits::unknown(14);
  if (is_multicast(packet)) {
    const ByteView group = packet.destination->bytes();
    const Bytes mac = packet.family == Family::ipv4
                          ? Bytes{0x01, 0x00, 0x5e, static_cast<std::uint8_t>(group[1] & 0x7f), group[2], group[3]}
                          : Bytes{0x33, 0x33, group[12], group[13], group[14], group[15]};
    header.put(0, KnownBits::of(mac));
  }
  header.put(12, KnownBits::of(packet.family == Family::ipv4 ? Bytes{0x08, 0x00} : Bytes{0x86, 0xdd}));
  return header;
}

// Nobody answers a group, so that conntrack never sees more than the first packet of it. Unicast adverts are answered
// when the peer becomes MASTER, and then count as established.
KnownBits connection_state(const FilteredPacket& packet) {
  KnownBits state = host_order(std::uint32_t{state_new});
  if (is_multicast(packet)) return state;
  const KnownBits open = host_order(std::uint32_t{state_new | state_established});
  for (std::size_t i = 0; i < state.size(); ++i) {
    state.known[i] = static_cast<std::uint8_t>(~open.value[i]);
    state.value[i] = 0;
  }
  return state;
}

Truth is_in_interval_set(const KnownBits& key, const FilterSet& set, const SetElement*& found) {
  std::vector<const SetElement*> ends;
  for (const SetElement& each : set.elements) {
    if (!each.is_catch_all) ends.push_back(&each);
  }
  if (ends.empty()) return Truth::no;
  if (!key.is_known()) return Truth::maybe;
  // An interval that begins where another ends comes behind it.
  std::ranges::sort(ends, [](const SetElement* one, const SetElement* other) {
    if (one->key != other->key) return one->key < other->key;
    return one->ends_interval && !other->ends_interval;
  });
  const SetElement* last = nullptr;
  for (const SetElement* each : ends) {
    if (std::ranges::lexicographical_compare(key.value, each->key)) break;
    last = each;
  }
  if (last == nullptr || last->ends_interval) return Truth::no;
  found = last;
  return Truth::yes;
}

// A range in each field of a concatenation.
Truth is_in_element(const KnownBits& key, const FilterSet& set, const SetElement& element) {
  if (element.key_end.empty()) return is_equal(key, element.key);
  std::vector<unsigned> fields = set.fields;
  if (fields.empty()) fields.push_back(static_cast<unsigned>(set.key_size));
  Truth truth = Truth::yes;
  std::size_t offset = 0;
  for (const unsigned size : fields) {
    if (offset + size > element.key.size() || offset + size > element.key_end.size()) return Truth::maybe;
    const KnownBits field = key.part(offset, size);
    const Truth above = inverted(is_less(field, ByteView(element.key).subspan(offset, size)));
    const Truth below = is_less_or_equal(field, ByteView(element.key_end).subspan(offset, size));
    truth = std::min({truth, above, below});
    offset += (size + 3) / 4 * 4;
  }
  return truth;
}

// `found`: which one it is, or is if it is one at all.
Truth is_in_set(const KnownBits& key, const FilterSet& set, const SetElement*& found) {
  if (set.may_change || !set.is_whole) return Truth::maybe;
  Truth truth = Truth::no;
  if (set.has_intervals && set.fields.empty()) {
    truth = is_in_interval_set(key, set, found);
  } else {
    for (const SetElement& each : set.elements) {
      const Truth one = each.is_catch_all ? Truth::no : is_in_element(key, set, each);
      if (one == Truth::no) continue;
      found = truth == Truth::no || one == Truth::yes ? &each : nullptr;  // two that may be: neither
      truth = std::max(truth, one);
      if (truth == Truth::yes) break;
    }
  }
  if (truth != Truth::no) return truth;
  const auto catch_all = std::ranges::find(set.elements, true, &SetElement::is_catch_all);
  if (catch_all == set.elements.end()) return Truth::no;
  found = &*catch_all;
  return Truth::yes;
}

// One base chain, walked.
class Walk {
 public:
  Walk(const kernel::Ruleset& ruleset, const FilteredPacket& packet, bool mark_is_known, std::size_t& steps)
      : ruleset_(ruleset),
        packet_(packet),
        network_(network_header(packet)),
        link_(link_header(packet)),
        mark_is_known_(mark_is_known),
        steps_(steps) {}

  Passage decide(const FilterChain& base) {
    if (!run(base, 0)) note(base.drops_by_policy ? VerdictKind::drop : VerdictKind::accept, base, nullptr);
    if (!may_drop_) return {};
    if (!may_accept_) return *may_drop_;
    Passage open = doubt_.value_or(*may_drop_);
    open.answer = Passage::Answer::cannot_tell;
    return open;
  }
  bool mark_is_known() const { return mark_is_known_; }

 private:
  static Passage place(const FilterChain& chain, const FilterRule* rule) {
    return {.answer = Passage::Answer::no,
            .family = chain.family,
            .table = chain.table,
            .chain = chain.name,
            .handle = rule == nullptr ? 0 : rule->handle};
  }

  void note(VerdictKind verdict, const FilterChain& chain, const FilterRule* rule) {
    if (verdict == VerdictKind::drop || verdict == VerdictKind::queue) {
      if (!may_drop_) may_drop_ = place(chain, rule);
    }
    if (verdict == VerdictKind::accept || verdict == VerdictKind::queue) may_accept_ = true;
    if (verdict == VerdictKind::queue && !doubt_)
      add_doubt(chain, rule, "a program, or a target that is not known here");
  }
  void add_doubt(const FilterChain& chain, const FilterRule* rule, std::string what) {
    if (doubt_) return;
    doubt_ = place(chain, rule);
    doubt_->doubt = std::move(what);
  }

  // True: every packet that comes in here has met its end here.
  bool run(const FilterChain& chain, unsigned depth) {
    if (depth > deepest_jump) return false;
    bool all_are_here = true;  // false: some have left through a rule that may match
    for (const FilterRule& each : chain.rules) {
      if (++steps_ > most_steps) {
        add_doubt(chain, &each, "more rules than are looked at");
        may_accept_ = true;
        may_drop_ = may_drop_.value_or(place(chain, &each));
        return true;
      }
      const auto [truth, verdict] = match(chain, each);
      if (truth == Truth::no || !verdict) continue;
      switch (verdict->kind) {
        case VerdictKind::continue_: continue;
        case VerdictKind::accept:
        case VerdictKind::drop:
        case VerdictKind::queue:
          note(verdict->kind, chain, &each);
          if (truth == Truth::yes) return all_are_here;
          continue;
        case VerdictKind::return_:
          if (truth == Truth::yes) return false;
          all_are_here = false;
          continue;
        case VerdictKind::jump:
        case VerdictKind::go_to: {
          const FilterChain* target = find_chain(chain, verdict->chain);
          const bool is_end = target != nullptr && run(*target, depth + 1);
          if (truth != Truth::yes) {
            if (verdict->kind == VerdictKind::go_to && !is_end) all_are_here = false;
            continue;
          }
          if (is_end) return all_are_here;
          if (verdict->kind == VerdictKind::go_to) return false;
          continue;
        }
      }
    }
    return false;
  }

  const FilterChain* find_chain(const FilterChain& from, const std::string& name) const {
    const auto found = std::ranges::find_if(ruleset_.chains, [&](const FilterChain& each) {
      return each.family == from.family && each.table == from.table && each.name == name;
    });
    return found == ruleset_.chains.end() ? nullptr : &*found;
  }
  const FilterSet* find_set(const FilterChain& from, const std::string& name) const {
    const auto found = std::ranges::find_if(ruleset_.sets, [&](const FilterSet& each) {
      return each.family == from.family && each.table == from.table && each.name == name;
    });
    return found == ruleset_.sets.end() ? nullptr : &*found;
  }

  struct Matched {
    Truth truth = Truth::yes;
    std::optional<rule::Verdict> verdict;
  };

  Matched match(const FilterChain& chain, const FilterRule& each) {
    registers_ = KnownBits::unknown(kernel::register_bytes);
    Matched matched;
    std::string doubt;
    for (const kernel::RuleExpression& expression : each.expressions) {
      if (const auto* verdict = std::get_if<rule::Verdict>(&expression)) {
        matched.verdict = *verdict;
        break;
      }
      const Truth truth = std::visit([&](const auto& one) { return apply(one, chain, matched, doubt); }, expression);
      if (truth == Truth::no) return {.truth = Truth::no, .verdict = std::nullopt};
      matched.truth = std::min(matched.truth, truth);
      if (matched.verdict) break;
    }
    if (matched.truth == Truth::maybe && matched.verdict) {
      add_doubt(chain, &each, doubt.empty() ? "something that differs from packet to packet" : doubt);
    }
    return matched;
  }

  KnownBits meta(MetaKey key) const {
    const bool is_in = packet_.direction == Direction::in;
    const auto if_in = [&](bool wanted, KnownBits bits) {
      return is_in == wanted ? std::move(bits) : KnownBits::of(Bytes(bits.size(), 0));
    };
    const std::uint32_t group = packet_.interface_group;
    switch (key) {
      case MetaKey::ethertype: return link_.part(12, 2);
      case MetaKey::mark: return mark_is_known_ ? host_order(std::uint32_t{0}) : KnownBits::unknown(4);
      case MetaKey::in_index: return if_in(true, host_order(packet_.interface_index));
      case MetaKey::in_name: return if_in(true, padded_text(packet_.interface));
      case MetaKey::in_type: return if_in(true, host_order(hardware_ethernet));
      case MetaKey::in_group: return if_in(true, host_order(group));
      case MetaKey::in_kind: return if_in(true, padded_text(packet_.interface_kind));
      case MetaKey::out_index: return if_in(false, host_order(packet_.interface_index));
      case MetaKey::out_name: return if_in(false, padded_text(packet_.interface));
      case MetaKey::out_type: return if_in(false, host_order(hardware_ethernet));
      case MetaKey::out_group: return if_in(false, host_order(group));
      case MetaKey::out_kind: return if_in(false, padded_text(packet_.interface_kind));
      case MetaKey::family: return KnownBits::of(Bytes{static_cast<std::uint8_t>(is_v4() ? 2 : 10)});
      case MetaKey::protocol: return KnownBits::of(Bytes{packet_.protocol});
      case MetaKey::packet_type:
        if (!is_in) return KnownBits::unknown(1);
        return KnownBits::of(Bytes{is_multicast(packet_) ? packet_to_group : packet_to_host});
    }
    return KnownBits::unknown(4);
  }
  bool is_v4() const { return packet_.family == Family::ipv4; }

  // A load fills whole words: what is behind a short value is 0.
  void load(kernel::RegisterPlace target, const KnownBits& bits) {
    registers_.put(target, KnownBits::of(Bytes((bits.size() + 3) / 4 * 4, 0)));
    registers_.put(target, bits);
  }

  Truth apply(const rule::LoadMeta& one, const FilterChain&, Matched&, std::string&) {
    load(one.target, meta(one.key));
    return Truth::yes;
  }
  Truth apply(const rule::LoadPayload& one, const FilterChain&, Matched&, std::string& doubt) {
    if (one.size > 16) return Truth::maybe;
    KnownBits bits = KnownBits::unknown(one.size);
    if (one.base == PayloadBase::network) bits = network_.part(one.offset, one.size);
    if (one.base == PayloadBase::link) bits = link_.part(one.offset, one.size);
    if (!bits.is_known()) doubt = "a part of the packet that differs from sender to sender";
    load(one.target, bits);
    return Truth::yes;
  }
  Truth apply(const rule::LoadConnectionState& one, const FilterChain&, Matched&, std::string& doubt) {
    const KnownBits state = connection_state(packet_);
    if (!state.is_known()) doubt = "the state of the connection, which is new or established";
    load(one.target, state);
    return Truth::yes;
  }
  Truth apply(const rule::LoadAddressType& one, const FilterChain&, Matched&, std::string&) {
    if (packet_.destination && packet_.direction == Direction::out && !is_multicast(packet_)) {
      load(one.target, KnownBits::unknown(4));
    } else {
      load(one.target, host_order(is_multicast(packet_) ? type_multicast : type_local));
    }
    return Truth::yes;
  }
  Truth apply(const rule::LoadBytes& one, const FilterChain&, Matched&, std::string&) {
    load(one.target, KnownBits::of(one.bytes));
    return Truth::yes;
  }
  Truth apply(const rule::LoadUnknown& one, const FilterChain&, Matched&, std::string& doubt) {
    doubt = "something that is not known from here";
    load(one.target, KnownBits::unknown(16));
    return Truth::yes;
  }
  Truth apply(const rule::Mask& one, const FilterChain&, Matched&, std::string&) {
    KnownBits bits = registers_.part(one.source, one.mask.size());
    for (std::size_t i = 0; i < bits.size(); ++i) {
      const std::uint8_t flip = i < one.flip.size() ? one.flip[i] : std::uint8_t{0};
      bits.known[i] = static_cast<std::uint8_t>(bits.known[i] | ~one.mask[i]);
      bits.value[i] = static_cast<std::uint8_t>(((bits.value[i] & one.mask[i]) ^ flip) & bits.known[i]);
    }
    registers_.put(one.target, bits);
    return Truth::yes;
  }
  Truth apply(const rule::Compare& one, const FilterChain&, Matched&, std::string&) {
    const KnownBits bits = registers_.part(one.source, one.bytes.size());
    switch (one.comparison) {
      using enum kernel::Comparison;
      case equal: return is_equal(bits, one.bytes);
      case not_equal: return inverted(is_equal(bits, one.bytes));
      case less: return is_less(bits, one.bytes);
      case less_or_equal: return is_less_or_equal(bits, one.bytes);
      case greater: return inverted(is_less_or_equal(bits, one.bytes));
      case greater_or_equal: return inverted(is_less(bits, one.bytes));
    }
    return Truth::maybe;
  }
  Truth apply(const rule::InRange& one, const FilterChain&, Matched&, std::string&) {
    const KnownBits bits = registers_.part(one.source, one.from.size());
    const Truth truth = std::min(inverted(is_less(bits, one.from)), is_less_or_equal(bits, one.to));
    return one.is_inverted ? inverted(truth) : truth;
  }
  Truth apply(const rule::Lookup& one, const FilterChain& chain, Matched& matched, std::string& doubt) {
    const FilterSet* set = find_set(chain, one.set);
    const SetElement* found = nullptr;
    Truth truth = Truth::maybe;
    if (set != nullptr) truth = is_in_set(registers_.part(one.source, set->key_size), *set, found);
    if (one.is_inverted) truth = inverted(truth);
    if (truth == Truth::maybe && doubt.empty()) doubt = "what the set '" + one.set + "' holds";
    if (truth == Truth::no) return truth;
    switch (one.result) {
      case rule::Lookup::Result::none: break;
      case rule::Lookup::Result::bytes:
        load(one.target, found != nullptr ? KnownBits::of(found->data) : KnownBits::unknown(16));
        break;
      case rule::Lookup::Result::verdict:
        if (found != nullptr && found->verdict) {
          matched.verdict = *found->verdict;
        } else {
          matched.verdict = rule::Verdict{VerdictKind::queue, {}};
        }
        break;
    }
    return truth;
  }
  Truth apply(const rule::Verdict&, const FilterChain&, Matched&, std::string&) { return Truth::yes; }
  Truth apply(const rule::ConnectionStateIs& one, const FilterChain&, Matched&, std::string& doubt) {
    const KnownBits state = connection_state(packet_);
    const bool may_be_new = (one.states & state_new) != 0;
    Truth truth = may_be_new ? Truth::yes : Truth::no;
    if (!state.is_known() && may_be_new != ((one.states & state_established) != 0)) truth = Truth::maybe;
    if (truth == Truth::maybe) doubt = "the state of the connection, which is new or established";
    return one.is_inverted ? inverted(truth) : truth;
  }
  Truth apply(const rule::Doubt& one, const FilterChain&, Matched&, std::string& doubt) {
    doubt = "'" + one.name + "'";
    return Truth::maybe;
  }
  Truth apply(const rule::SetMark&, const FilterChain&, Matched&, std::string&) {
    mark_is_known_ = false;
    return Truth::yes;
  }
  Truth apply(const rule::NoMatter&, const FilterChain&, Matched&, std::string&) { return Truth::yes; }

  const kernel::Ruleset& ruleset_;
  const FilteredPacket& packet_;
  KnownBits network_;
  KnownBits link_;
  bool mark_is_known_;
  std::size_t& steps_;
  KnownBits registers_;
  bool may_accept_ = false;
  std::optional<Passage> may_drop_;
  std::optional<Passage> doubt_;
};

// Does the packet come through this chain, and when?
std::optional<int> turn_of(const FilterChain& chain, const FilteredPacket& packet) {
  if (!chain.hook || chain.type == "nat") return std::nullopt;  // nat sees connections, and drops none
  const bool fits_family = chain.family == FilterFamily::inet || chain.family == FilterFamily::netdev ||
                           chain.family == (packet.family == Family::ipv4 ? FilterFamily::ipv4 : FilterFamily::ipv6);
  if (!fits_family) return std::nullopt;
  const bool has_device = std::ranges::find(chain.devices, packet.interface) != chain.devices.end();
  const bool is_in = packet.direction == Direction::in;
  switch (*chain.hook) {
    case FilterHook::ingress: return is_in && has_device ? std::optional(0) : std::nullopt;
    case FilterHook::prerouting: return is_in ? std::optional(1) : std::nullopt;
    case FilterHook::input: return is_in ? std::optional(2) : std::nullopt;
    case FilterHook::output: return !is_in ? std::optional(3) : std::nullopt;
    case FilterHook::postrouting: return !is_in ? std::optional(4) : std::nullopt;
    case FilterHook::egress: return !is_in && has_device ? std::optional(5) : std::nullopt;
    case FilterHook::forward: return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

Passage would_pass(const kernel::Ruleset& ruleset, const FilteredPacket& packet) {
  struct Turn {
    int hook;
    std::int32_t priority;
    const FilterChain* chain;
  };
  std::vector<Turn> turns;
  for (const FilterChain& chain : ruleset.chains) {
    if (const auto hook = turn_of(chain, packet)) turns.push_back({*hook, chain.priority, &chain});
  }
  stable_sort(turns, [](const Turn& one, const Turn& other) {
    return one.hook != other.hook ? one.hook < other.hook : one.priority < other.priority;
  });
  Passage result;
  bool mark_is_known = true;
  std::size_t steps = 0;
  for (const Turn& turn : turns) {
    Walk walk(ruleset, packet, mark_is_known, steps);
    Passage one = walk.decide(*turn.chain);
    if (one.answer == Passage::Answer::no) return one;
    mark_is_known = walk.mark_is_known();
    if (result.answer == Passage::Answer::yes) result = std::move(one);
  }
  if (result.answer == Passage::Answer::yes && !ruleset.is_whole) {
    result = {.answer = Passage::Answer::cannot_tell, .doubt = "more rules than are read"};
  }
  return result;
}

}  // namespace baton::doctor
