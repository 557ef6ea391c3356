#include "ruleset/rule_set.h"

#include <algorithm>
#include <utility>

namespace baton::ruleset {
namespace {

// A rule set may call itself, and call much.
constexpr unsigned most_calls = 16;  // one inside the other; what the kernel allows
constexpr std::size_t most_rules = 200'000;

// All that may become of a packet: more than one thing where a rule's fit is not known.
struct Fates {
  std::optional<unsigned> accepted{};  // by this line
  std::optional<unsigned> dropped{};
  bool goes_on = false;  // the next rule is asked
  bool ends = false;     // no rule of this chain is asked any more
  bool drops_by_policy = false;
  std::optional<unsigned> doubt{};  // the first line that leaves it open

  // One of these may be it as well.
  void add(const Fates& other) {
    if (!accepted) accepted = other.accepted;
    if (!dropped) {
      dropped = other.dropped;
      drops_by_policy = other.drops_by_policy;
    }
    if (!doubt) doubt = other.doubt;
  }
};

class Walk {
 public:
  Walk(const Table& table, const AdvertPacket& packet) : table_(table), packet_(packet) {}

  Fates through(const Chain& chain) {
    Fates fates;
    bool may_go_on = true;
    ++depth_;
    for (auto rule = chain.rules.begin(); may_go_on && rule != chain.rules.end(); ++rule) {
      const Fit fits = fit_of(*rule);
      if (fits == Fit::no || rule->verdict == Rule::Verdict::none) continue;
      Fates its = fates_of(*rule);
      if (fits == Fit::maybe && !its.doubt) its.doubt = rule->line;
      fates.add(its);
      fates.ends |= its.ends;
      may_go_on = fits == Fit::maybe || its.goes_on;
    }
    --depth_;
    const bool may_end = may_go_on || std::exchange(fates.ends, false);
    if (may_end) fates.add(end_of(chain));
    fates.goes_on = may_end && !chain.hook;
    return fates;
  }

 private:
  static Fates end_of(const Chain& chain) {
    Fates end;
    if (!chain.hook) return end;
    if (chain.policy != Policy::drop) end.accepted = 0;
    if (chain.policy != Policy::accept) end.dropped = chain.line;
    end.drops_by_policy = end.dropped.has_value();
    return end;
  }

  Fit fit_of(const Rule& rule) {
    Fit all = ++asked_ > most_rules ? Fit::maybe : Fit::yes;
    for (const Match& match : rule.matches) {
      if (all == Fit::no) break;
      all = std::min(all, fit(match, packet_));
    }
    return all;
  }

  static Fates anything(unsigned line) { return {.accepted = line, .dropped = line, .goes_on = true, .doubt = line}; }

  Fates fates_of(const Rule& rule) {
    switch (rule.verdict) {
      case Rule::Verdict::none: return {.goes_on = true};
      case Rule::Verdict::accept: return {.accepted = rule.line};
      case Rule::Verdict::drop: return {.dropped = rule.line};
      case Rule::Verdict::leave: return {.ends = true};
      case Rule::Verdict::jump: return called(rule);
      case Rule::Verdict::go_to: {
        Fates its = called(rule);
        its.ends = std::exchange(its.goes_on, false);
        return its;
      }
      case Rule::Verdict::unclear: break;
    }
    return anything(rule.line);
  }

  Fates called(const Rule& rule) {
    const auto chain = table_.chains.find(rule.target);
    if (chain == table_.chains.end() || depth_ >= most_calls || asked_ > most_rules) return anything(rule.line);
    return through(chain->second);
  }

  const Table& table_;
  const AdvertPacket& packet_;
  unsigned depth_ = 0;
  std::size_t asked_ = 0;
};

bool enters(const Chain& chain, const AdvertPacket& packet) {
  if (!chain.hook || chain.hook->direction != packet.direction) return false;
  const auto& devices = chain.hook->devices;
  return devices.empty() || std::ranges::find(devices, packet.interface) != devices.end();
}

// Of one base chain.
Judgement judgement_of(const Fates& fates) {
  using Outcome = Judgement::Outcome;
  if (fates.accepted && fates.dropped) {
    const bool is_open_end = !fates.doubt;  // no rule decides, and the policy is not known
    return {.outcome = Outcome::unclear, .line = fates.doubt.value_or(*fates.dropped), .by_policy = is_open_end};
  }
  if (fates.dropped) {
    return {.outcome = Outcome::dropped, .line = *fates.dropped, .by_policy = fates.drops_by_policy};
  }
  return {.outcome = Outcome::passes, .line = fates.accepted.value_or(0)};
}

}  // namespace

bool RuleSet::speaks_of(Family family) const {
  return std::ranges::any_of(tables, [&](const auto& each) { return each.second.family.value_or(family) == family; });
}

// One chain that drops is enough, and each that the packet comes through must let it pass.
Judgement judge(const RuleSet& rules, const AdvertPacket& packet) {
  using Outcome = Judgement::Outcome;
  Judgement all;
  for (const auto& [name, table] : rules.tables) {
    if (table.family.value_or(packet.family()) != packet.family()) continue;
    for (const auto& [called, chain] : table.chains) {
      if (!enters(chain, packet)) continue;
      const Judgement one = judgement_of(Walk(table, packet).through(chain));
      const bool is_worse = one.outcome == Outcome::dropped
                                ? all.outcome != Outcome::dropped
                                : one.outcome == Outcome::unclear && all.outcome == Outcome::passes;
      if (is_worse || (all.outcome == Outcome::passes && one.outcome == Outcome::passes && all.line == 0)) all = one;
    }
  }
  if (rules.unread > 0) return {.outcome = Outcome::unclear, .line = rules.unread};
  return all;
}

}  // namespace baton::ruleset
