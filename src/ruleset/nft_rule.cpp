#include "ruleset/nft_rule.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <utility>

namespace baton::ruleset {
namespace {

using Field = Match::Field;

// What a rule may ask about a packet. `protocol`, `family`: what asking it takes for granted.
struct Key {
  std::string_view first;
  std::string_view second;  // empty: any word; "-": there is none
  Field field = Field::other;
  std::string_view protocol{};
  std::string_view family{};
};
constexpr auto keys = std::to_array<Key>({
    {"ip", "protocol", Field::protocol, "", "ipv4"},
    {"ip", "saddr", Field::source, "", "ipv4"},
    {"ip", "daddr", Field::destination, "", "ipv4"},
    {"ip", "ttl", Field::ttl, "", "ipv4"},
    {"ip", "", Field::other, "", "ipv4"},
    {"ip6", "nexthdr", Field::protocol, "", "ipv6"},
    {"ip6", "saddr", Field::source, "", "ipv6"},
    {"ip6", "daddr", Field::destination, "", "ipv6"},
    {"ip6", "hoplimit", Field::ttl, "", "ipv6"},
    {"ip6", "", Field::other, "", "ipv6"},
    {"meta", "l4proto", Field::protocol},
    {"meta", "nfproto", Field::family},
    {"meta", "protocol", Field::family},
    {"meta", "pkttype", Field::packet_type},
    {"meta", "iifname", Field::in_interface},
    {"meta", "iif", Field::in_interface},
    {"meta", "oifname", Field::out_interface},
    {"meta", "oif", Field::out_interface},
    {"meta", "", Field::other},
    {"l4proto", "-", Field::protocol},
    {"nfproto", "-", Field::family},
    {"pkttype", "-", Field::packet_type},
    {"iifname", "-", Field::in_interface},
    {"iif", "-", Field::in_interface},
    {"oifname", "-", Field::out_interface},
    {"oif", "-", Field::out_interface},
    {"ct", "state", Field::connection},
    {"ct", "", Field::other},
    {"tcp", "", Field::other, "tcp"},
    {"udp", "", Field::other, "udp"},
    {"udplite", "", Field::other, "udplite"},
    {"sctp", "", Field::other, "sctp"},
    {"dccp", "", Field::other, "dccp"},
    {"icmp", "", Field::other, "icmp"},
    {"icmpv6", "", Field::other, "icmpv6"},
    {"igmp", "", Field::other, "igmp"},
    {"esp", "", Field::other, "esp"},
    {"comp", "", Field::other, "comp"},
    {"ah", "", Field::other, "ah"},
    {"th", "", Field::other},
    {"ether", "", Field::other},
    {"vlan", "", Field::other},
    {"mark", "-", Field::other},
});

struct Verdict {
  std::string_view word;
  Rule::Verdict verdict;
};
constexpr auto verdicts = std::to_array<Verdict>({
    {"accept", Rule::Verdict::accept},
    {"drop", Rule::Verdict::drop},
    {"reject", Rule::Verdict::drop},
    {"return", Rule::Verdict::leave},
    {"continue", Rule::Verdict::none},
    {"jump", Rule::Verdict::jump},
    {"goto", Rule::Verdict::go_to},
    {"queue", Rule::Verdict::unclear},
    {"xt", Rule::Verdict::unclear},  // what iptables wrote and nft cannot say
});

// They do something and let the packet go on: which words belong to them.
struct Statement {
  std::string_view word;
  std::array<std::string_view, 6> with_value;
};
constexpr auto statements = std::to_array<Statement>({
    {"counter", {"packets", "bytes", "name"}},
    {"log", {"prefix", "level", "flags", "group", "snaplen", "queue-threshold"}},
    {"comment", {}},
    {"notrack", {}},
});

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](char each) { return static_cast<char>(std::tolower(static_cast<unsigned char>(each))); });
  return text;
}

class RuleReader {
 public:
  RuleReader(std::span<const Token> tokens, const NamedSets& sets) : tokens_(tokens), sets_(sets) {
    if (!tokens.empty()) rule_.line = tokens.front().line;
  }

  std::vector<Rule> take() {
    while (!is_done() && rule_.verdict == Rule::Verdict::none && !is_mapped_) read();
    if (!is_mapped_) rules_.push_back(std::move(rule_));
    return std::move(rules_);
  }

 private:
  bool is_done() const { return at_ >= tokens_.size(); }
  const Token& token() const { return tokens_[at_]; }
  bool takes(std::string_view word) {
    if (is_done() || !token().is(word)) return false;
    ++at_;
    return true;
  }

  void read() {
    const std::string& word = token().text;
    if (const auto verdict = std::ranges::find(verdicts, word, &Verdict::word); verdict != verdicts.end()) {
      ++at_;
      return set_verdict(verdict->verdict, rule_);
    }
    if (const auto statement = std::ranges::find(statements, word, &Statement::word); statement != statements.end()) {
      return skip(*statement);
    }
    if (const Key* key = find_key()) return read_match(*key);
    if (word == "fib") return read_fib();
    // limit, quota, socket, a set that is added to: nothing that a text shows.
    rule_.matches.push_back({.field = Field::other, .values = {}});
    ++at_;
    if (takes("{")) (void)nft_elements(tokens_, at_);
  }

  void set_verdict(Rule::Verdict verdict, Rule& rule) {
    rule.verdict = verdict;
    if (verdict != Rule::Verdict::jump && verdict != Rule::Verdict::go_to) return;
    const bool is_name = !is_done() && !token().is("{");
    if (is_name) rule.target = tokens_[at_++].text;
    if (!is_name) rule.verdict = Rule::Verdict::unclear;  // a chain without a name
  }

  void skip(const Statement& statement) {
    ++at_;
    if (statement.word == "comment") ++at_;
    while (!is_done() && std::ranges::find(statement.with_value, token().text) != statement.with_value.end()) {
      const bool is_flags = token().is("flags");
      at_ += 2;
      if (is_flags && at_ - 1 < tokens_.size() && (tokens_[at_ - 1].is("tcp") || tokens_[at_ - 1].is("ip"))) ++at_;
      while (takes(",")) ++at_;
    }
  }

  const Key* find_key() {
    const std::string_view second = at_ + 1 < tokens_.size() ? std::string_view(tokens_[at_ + 1].text) : "";
    const auto found = std::ranges::find_if(keys, [&](const Key& key) {
      return token().is(key.first) && (key.second == "-" || key.second.empty() || key.second == second);
    });
    if (found == keys.end()) return nullptr;
    at_ += found->second == "-" ? 1 : 2;
    return &*found;
  }

  // "fib daddr type multicast"
  void read_fib() {
    const auto is = [&](std::size_t offset, std::string_view word) {
      return at_ + offset < tokens_.size() && tokens_[at_ + offset].is(word);
    };
    if (!is(1, "daddr") || !is(2, "type")) {
      rule_.matches.push_back({.field = Field::other, .values = {}});
      ++at_;
      return;
    }
    at_ += 3;
    read_match({.first = "fib", .second = "-", .field = Field::packet_type});
  }

  void read_match(const Key& key) {
    if (!key.family.empty()) rule_.matches.push_back({.field = Field::family, .values = {std::string(key.family)}});
    if (!key.protocol.empty())
      rule_.matches.push_back({.field = Field::protocol, .values = {std::string(key.protocol)}});
    if (takes("set")) {  // meta mark set 1: it is no question
      if (!is_done()) ++at_;
      return;
    }
    Match match{.field = key.field, .values = {}};
    if (takes("vmap")) return read_verdict_map(std::move(match));
    if (takes("!="))
      match.is_negated = true;
    else if (!is_done() && (token().is("<") || token().is(">") || token().is("<=") || token().is(">="))) {
      match.field = Field::other;
      ++at_;
    } else {
      (void)takes("==");
    }
    if (is_done()) {
      match.is_whole = false;
    } else if (token().is(".")) {  // with what follows it is one question
      match.is_whole = false;
      ++at_;
    } else {
      read_values(match);
    }
    rule_.matches.push_back(std::move(match));
  }

  void read_values(Match& match) {
    const auto keep = [&](std::string value) {
      const bool is_name = match.field == Field::in_interface || match.field == Field::out_interface;
      match.values.push_back(is_name ? std::move(value) : lower(std::move(value)));
    };
    if (takes("{")) {
      for (std::string& each : nft_elements(tokens_, at_)) keep(std::move(each));
      return;
    }
    const std::string& word = tokens_[at_++].text;
    if (word.starts_with('@')) {
      const auto set = sets_.find(word.substr(1));
      match.is_whole = set != sets_.end() && set->second.is_whole;
      if (set != sets_.end()) std::ranges::for_each(set->second.values, keep);
      return;
    }
    keep(word);
    while (takes(",")) {
      if (!is_done()) keep(tokens_[at_++].text);
    }
  }

  // "ct state vmap { established : accept, invalid : drop }"
  void read_verdict_map(Match match) {
    if (!takes("{")) {
      rule_.matches.push_back({.field = Field::other, .values = {}});
      rule_.verdict = Rule::Verdict::unclear;
      return;
    }
    is_mapped_ = true;
    while (!is_done() && !takes("}")) {
      Rule one = rule_;
      match.values.clear();
      while (!is_done() && !token().is(":") && !token().is("}")) {
        if (!token().is(";") && !token().is(",")) match.values.push_back(lower(token().text));
        ++at_;
      }
      one.matches.push_back(match);
      if (!takes(":") || is_done()) continue;
      const auto verdict = std::ranges::find(verdicts, tokens_[at_++].text, &Verdict::word);
      set_verdict(verdict == verdicts.end() ? Rule::Verdict::unclear : verdict->verdict, one);
      rules_.push_back(std::move(one));
    }
  }

  std::span<const Token> tokens_;
  const NamedSets& sets_;
  std::size_t at_ = 0;
  bool is_mapped_ = false;
  Rule rule_;
  std::vector<Rule> rules_;
};

}  // namespace

std::vector<Rule> nft_rules(std::span<const Token> tokens, const NamedSets& sets) {
  return RuleReader(tokens, sets).take();
}

// Words of one element that stand apart are joined by blanks: "10.0.0.1 . 22" is no address, "timeout 1h" is dropped.
std::vector<std::string> nft_elements(std::span<const Token> tokens, std::size_t& at) {
  std::vector<std::string> elements;
  std::string element;
  bool is_over = false;  // what follows describes it
  int depth = 1;
  const auto end = [&] {
    if (!element.empty()) elements.push_back(std::exchange(element, {}));
    is_over = false;
  };
  for (; at < tokens.size() && depth > 0; ++at) {
    const Token& token = tokens[at];
    if (token.is("{")) {  // a variable that is a set
      ++depth;
    } else if (token.is("}")) {
      --depth;
      end();
    } else if (token.is(",")) {
      end();
    } else if (token.is("timeout") || token.is("expires") || token.is("counter") || token.is("comment")) {
      is_over = true;
    } else if (!token.is(";") && !is_over) {
      element += (element.empty() ? "" : " ") + token.text;
    }
  }
  end();
  return elements;
}

}  // namespace baton::ruleset
