// iptables-save and ip6tables-save, and scripts of iptables commands.
#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

#include "ruleset/read.h"

namespace baton::ruleset {
namespace {

using Field = Match::Field;
using Words = std::vector<std::string>;

// As a shell has them: by blanks, quotes hold together, # ends the line.
Words words_of(std::string_view line) {
  Words words;
  bool is_inside = false;
  char quote = '\0';
  for (std::size_t at = 0; at < line.size(); ++at) {
    const char each = line[at];
    const bool is_blank = std::isspace(static_cast<unsigned char>(each)) != 0;
    if (quote == '\0' && is_blank) {
      is_inside = false;
    } else if (quote == '\0' && each == '#' && !is_inside) {
      break;
    } else if (each == quote) {
      quote = '\0';
    } else {
      if (!is_inside) words.emplace_back();
      is_inside = true;
      const bool is_opening = quote == '\0' && (each == '"' || each == '\'');
      if (is_opening) quote = each;
      if (each == '\\' && at + 1 < line.size()) words.back() += line[++at];
      if (!is_opening && each != '\\') words.back() += each;
    }
  }
  return words;
}

std::string lower(std::string_view text) {
  std::string small(text);
  std::ranges::transform(small, small.begin(),
                         [](char each) { return static_cast<char>(std::tolower(static_cast<unsigned char>(each))); });
  return small;
}

std::vector<std::string> list_of(std::string_view text) {
  std::vector<std::string> values;
  while (true) {
    const std::size_t comma = text.find(',');
    values.emplace_back(text.substr(0, comma));
    if (comma == std::string_view::npos) return values;
    text.remove_prefix(comma + 1);
  }
}

// ---------------------------------------------------------------- what a rule is made of

struct Option {
  std::string_view name;
  Field field;
};
constexpr auto options = std::to_array<Option>({
    {"-p", Field::protocol},
    {"--protocol", Field::protocol},
    {"--proto", Field::protocol},
    {"-s", Field::source},
    {"--source", Field::source},
    {"--src", Field::source},
    {"--src-range", Field::source},
    {"-d", Field::destination},
    {"--destination", Field::destination},
    {"--dst", Field::destination},
    {"--dst-range", Field::destination},
    {"-i", Field::in_interface},
    {"--in-interface", Field::in_interface},
    {"-o", Field::out_interface},
    {"--out-interface", Field::out_interface},
    {"--pkt-type", Field::packet_type},
    {"--dst-type", Field::packet_type},
    {"--state", Field::connection},
    {"--ctstate", Field::connection},
    {"--ttl-eq", Field::ttl},
    {"--hl-eq", Field::ttl},
});

// They say nothing about the packet.
constexpr std::array<std::string_view, 5> idle_options{"-m", "--match", "--comment", "-w", "--wait"};

constexpr auto targets_that_go_on = std::to_array<std::string_view>(
    {"LOG",      "NFLOG", "ULOG",     "MARK", "CONNMARK", "TRACE", "NOTRACK", "CT",
     "TCPMSS",   "TOS",   "DSCP",     "TTL",  "HL",       "AUDIT", "SET",     "TEE",
     "CLASSIFY", "LED",   "CHECKSUM", "ECN",  "RATEEST",  "HMARK", "SECMARK", "CONNSECMARK"});

bool is_option(std::string_view word) {
  return word.size() > 1 && word.front() == '-' &&
         (std::isalpha(static_cast<unsigned char>(word[1])) != 0 || word[1] == '-');
}

struct Line {
  unsigned number = 0;
  Words words;
  std::size_t at = 0;

  bool is_done() const { return at >= words.size(); }
  const std::string& word() const { return words[at]; }
  std::string next() { return is_done() ? "" : words[at++]; }
};

Rule::Verdict verdict_of(const std::string& target, bool is_goto) {
  if (target == "ACCEPT") return Rule::Verdict::accept;
  if (target == "DROP" || target == "REJECT") return Rule::Verdict::drop;
  if (target == "RETURN") return Rule::Verdict::leave;
  if (std::ranges::find(targets_that_go_on, target) != targets_that_go_on.end()) return Rule::Verdict::none;
  return is_goto ? Rule::Verdict::go_to : Rule::Verdict::jump;
}

void read_target(Line& line, bool is_goto, Rule& rule) {
  rule.target = line.next();
  rule.verdict = verdict_of(rule.target, is_goto);
  line.at = line.words.size();  // what follows belongs to the target
}

Match match_of(const Option& option, bool is_negated, Line& line) {
  Match match{.field = option.field, .is_negated = is_negated, .values = {}};
  if (!line.is_done() && line.word() == "!") {  // -s ! 10.0.0.1, as it was once written
    match.is_negated = true;
    ++line.at;
  }
  const std::string value = line.next();
  const bool is_name = match.field == Field::in_interface || match.field == Field::out_interface;
  match.values = list_of(is_name ? value : lower(value));
  if (value.contains('$')) match.is_whole = false;
  return match;
}

Rule rule_of(Line& line) {
  Rule rule{.line = line.number, .matches = {}};
  bool is_negated = false;
  while (!line.is_done()) {
    const std::string word = line.next();
    if (word == "!") {
      is_negated = true;
      continue;
    }
    const auto known = std::ranges::find(options, word, &Option::name);
    if (known != options.end()) {
      rule.matches.push_back(match_of(*known, is_negated, line));
    } else if (word == "-j" || word == "--jump" || word == "-g" || word == "--goto") {
      read_target(line, word == "-g" || word == "--goto", rule);
    } else if (word == "-c" || word == "--set-counters") {
      line.at += 2;
    } else {
      const bool is_idle = std::ranges::find(idle_options, word) != idle_options.end();
      if (!is_idle && word != "-4" && word != "-6") rule.matches.push_back({.field = Field::other, .values = {}});
      while (!line.is_done() && !is_option(line.word()) && line.word() != "!") ++line.at;
    }
    is_negated = false;
  }
  return rule;
}

// ---------------------------------------------------------------- lines

class Reader {
 public:
  std::expected<std::optional<RuleSet>, NoRuleSet> read(std::string_view text) {
    Line line;
    std::string whole;
    while (!text.empty()) {
      const std::size_t end = text.find('\n');
      std::string_view part = text.substr(0, end);
      text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
      if (whole.empty())
        line.number = ++number_;
      else
        ++number_;
      if (part.ends_with('\r')) part.remove_suffix(1);
      const bool goes_on = part.ends_with('\\') && !text.empty();
      whole += goes_on ? part.substr(0, part.size() - 1) : part;
      if (goes_on) continue;
      if (whole.contains("ip6tables-save")) {
        family_ = Family::ipv6;
      } else if (whole.contains("iptables-save")) {
        family_ = Family::ipv4;
      }
      line.words = words_of(whole);
      line.at = 0;
      whole.clear();
      if (!line.words.empty()) read_line(line);
    }
    if (!is_any_) return std::optional<RuleSet>();
    return std::optional(std::move(rules_));
  }

 private:
  void read_line(Line& line) {
    const std::string& first = line.word();
    if (first.size() > 1 && first.front() == '*') return begin_table(first.substr(1));
    if (is_saved_ && first == "COMMIT") return;
    if (is_saved_ && first.starts_with(':')) return declare(line);
    if (first.starts_with('[') && first.ends_with(']')) ++line.at;  // [packets:bytes], iptables-save -c
    if (is_saved_ || (!line.is_done() && is_option(line.word()))) return carry_out(line);
    read_command(line);
  }

  void begin_table(const std::string& name) {
    is_saved_ = is_any_ = true;
    table_ = name;
    (void)table();
  }

  Table& table() {
    const bool is_v6 = family_ == Family::ipv6;
    Table& found = rules_.tables[(is_v6 ? "ip6 " : "ip ") + table_];
    found.family = family_;
    return found;
  }

  Chain& chain(const std::string& name, unsigned line) {
    const auto [found, is_new] = table().chains.try_emplace(name);
    if (!is_new) return found->second;
    found->second.line = line;
    if (name == "INPUT" || name == "PREROUTING") found->second.hook = Hook{.direction = Direction::in};
    if (name == "OUTPUT" || name == "POSTROUTING") found->second.hook = Hook{.direction = Direction::out};
    found->second.policy = Policy::unknown;
    return found->second;
  }

  static Policy policy_of(std::string_view word) {
    if (word == "ACCEPT") return Policy::accept;
    return word == "DROP" ? Policy::drop : Policy::unknown;
  }

  // ":INPUT DROP [0:0]"
  void declare(Line& line) {
    const std::string name = line.next().substr(1);
    Chain& declared = chain(name, line.number);
    declared.policy = policy_of(line.next());
  }

  // "sudo /sbin/iptables -t filter -A ...", "$IPT -A ..."
  void read_command(Line& line) {
    for (; !line.is_done(); ++line.at) {
      const std::string& word = line.word();
      const std::string name = word.substr(word.rfind('/') + 1);
      const bool is_v6 = name.starts_with("ip6tables");
      const bool is_variable =
          word.starts_with('$') && line.at + 1 < line.words.size() && is_option(line.words[line.at + 1]);
      if (!is_v6 && !name.starts_with("iptables") && !is_variable) continue;
      if (name.ends_with("-restore") || name.ends_with("-save")) return;
      ++line.at;
      family_ = is_v6 ? Family::ipv6 : Family::ipv4;
      table_ = "filter";
      return carry_out(line);
    }
  }

  void carry_out(Line& line) {
    Words rest(line.words.begin() + static_cast<std::ptrdiff_t>(std::min(line.at, line.words.size())),
               line.words.end());
    for (const std::string_view name : {"-t", "--table"}) {
      const auto found = std::ranges::find(rest, name);
      if (found == rest.end() || std::next(found) == rest.end()) continue;
      table_ = *std::next(found);
      rest.erase(found, found + 2);
    }
    while (!rest.empty() && (rest.front() == "-w" || rest.front() == "--wait" || rest.front() == "-v"))
      rest.erase(rest.begin());
    Line command{.number = line.number, .words = std::move(rest)};
    const std::string what = command.next();
    const std::string name = command.next();
    if (what == "-A" || what == "--append") return append(command, name);
    if (what == "-I" || what == "--insert") return insert(command, name);
    if (what == "-P" || what == "--policy") {
      is_any_ = true;
      chain(name, line.number).policy = policy_of(command.next());
    } else if (what == "-N" || what == "--new-chain") {
      is_any_ = true;
      (void)chain(name, line.number);
    } else if (what == "-F" || what == "--flush") {
      is_any_ = true;
      flush(name);
    } else if (what == "-D" || what == "--delete" || what == "-R" || what == "--replace" || is_saved_) {
      rules_.unread = rules_.unread == 0 ? line.number : rules_.unread;  // which rule is gone then?
    }
  }

  void append(Line& line, const std::string& name) {
    is_any_ = true;
    chain(name, line.number).rules.push_back(rule_of(line));
  }

  void insert(Line& line, const std::string& name) {
    is_any_ = true;
    std::vector<Rule>& rules = chain(name, line.number).rules;
    std::size_t at = 1;
    if (!line.is_done() && !is_option(line.word()) && line.word() != "!") {
      const std::string position = line.next();
      (void)std::from_chars(position.data(), position.data() + position.size(), at);
    }
    at = std::clamp<std::size_t>(at, 1, rules.size() + 1) - 1;
    rules.insert(rules.begin() + static_cast<std::ptrdiff_t>(at), rule_of(line));
  }

  void flush(const std::string& name) {
    for (auto& [called, each] : table().chains) {
      if (name.empty() || called == name) each.rules.clear();
    }
  }

  RuleSet rules_;
  Family family_ = Family::ipv4;
  std::string table_ = "filter";
  bool is_saved_ = false;  // by iptables-save: every line counts
  bool is_any_ = false;
  unsigned number_ = 0;
};

}  // namespace

std::expected<std::optional<RuleSet>, NoRuleSet> read_iptables(std::string_view text) {
  return Reader().read(text);
}

}  // namespace baton::ruleset
