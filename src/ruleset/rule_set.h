// The rules of a packet filter, and what they do with an advert. Three things may come of it: it passes, it is dropped,
// or the text does not show which; then the line that leaves it open is named. PURE: nothing is looked up.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ruleset/match.h"

namespace baton::ruleset {

struct Rule {
  enum class Verdict : std::uint8_t {
    none,  // the next rule is asked
    accept,
    drop,
    jump,     // to `target`, and back
    go_to,    // to `target`
    leave,    // back to where the chain was called
    unclear,  // it may do anything
  };
  unsigned line = 0;
  std::vector<Match> matches;  // all of them
  Verdict verdict = Verdict::none;
  std::string target{};
};

enum class Policy : std::uint8_t { accept, drop, unknown };

// Where packets enter a chain by themselves.
struct Hook {
  Direction direction = Direction::in;
  std::vector<std::string> devices{};  // of these only; empty: of all
};

struct Chain {
  unsigned line = 0;
  std::optional<Hook> hook{};
  Policy policy = Policy::accept;
  std::vector<Rule> rules{};
};

struct Table {
  std::optional<Family> family{};  // nullopt: both
  std::map<std::string, Chain> chains{};
};

struct RuleSet {
  std::map<std::string, Table> tables;
  unsigned unread = 0;  // a line from where on more may come than is here (include)

  bool speaks_of(Family family) const;
};

struct Judgement {
  enum class Outcome : std::uint8_t { passes, dropped, unclear };
  Outcome outcome = Outcome::passes;
  unsigned line = 0;       // the rule or the chain that decides, or that leaves it open; 0: no rule does
  bool by_policy = false;  // dropped, or left open, because no rule accepts it
};
Judgement judge(const RuleSet& rules, const AdvertPacket& packet);

}  // namespace baton::ruleset
