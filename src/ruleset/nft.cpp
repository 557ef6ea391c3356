// `nft list ruleset`, nftables.conf, and scripts of nft commands.
#include <algorithm>
#include <array>

#include "ruleset/nft_rule.h"
#include "ruleset/nft_tokens.h"
#include "ruleset/read.h"

namespace baton::ruleset {
namespace {

constexpr std::array<std::string_view, 6> families{"ip", "ip6", "inet", "arp", "bridge", "netdev"};
constexpr std::array<std::string_view, 3> hooks_in{"ingress", "prerouting", "input"};
constexpr std::array<std::string_view, 3> hooks_out{"output", "postrouting", "egress"};

bool has(const auto& list, std::string_view word) {
  return std::ranges::find(list, word) != list.end();
}

class Reader {
 public:
  explicit Reader(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  std::expected<std::optional<RuleSet>, NoRuleSet> read() {
    while (!is_done()) {
      if (!takes(";")) read_command();
      if (open_ > 0) return std::unexpected(NoRuleSet{.line = open_, .message = "ends in the middle of this block"});
    }
    if (!is_any_) return std::optional<RuleSet>();
    return std::optional(std::move(rules_));
  }

 private:
  struct TableName {
    std::string family = "ip";
    std::string name;
    std::string key() const { return family + " " + name; }
  };

  bool is_done() const { return at_ >= tokens_.size(); }
  const Token& token() const { return tokens_[at_]; }
  bool takes(std::string_view word) {
    if (is_done() || !token().is(word)) return false;
    ++at_;
    return true;
  }
  std::string next() { return is_done() || token().is(";") ? "" : tokens_[at_++].text; }

  // The words up to the end of the statement, blocks included; the end is taken.
  std::span<const Token> statement() {
    const std::size_t begin = at_;
    int depth = 0;
    for (; !is_done(); ++at_) {
      if (depth == 0 && (token().is(";") || token().is("}"))) break;
      depth += token().is("{") ? 1 : token().is("}") ? -1 : 0;
    }
    const auto words = std::span(tokens_).subspan(begin, at_ - begin);
    (void)takes(";");
    return words;
  }

  // Behind the brace that closes the block in which we are.
  void skip_block() {
    const unsigned line = at_ == 0 ? 0 : tokens_[at_ - 1].line;
    for (int depth = 1; depth > 0; ++at_) {
      if (is_done()) {
        open_ = line;
        return;
      }
      depth += token().is("{") ? 1 : token().is("}") ? -1 : 0;
    }
  }

  TableName table_name() {
    TableName table;
    if (!is_done() && has(families, token().text)) table.family = next();
    table.name = next();
    return table;
  }

  // ---------------------------------------------------------------- commands

  void read_command() {
    for (const std::string_view word : {"sudo", "/usr/sbin/nft", "/sbin/nft", "nft"}) (void)takes(word);
    const bool adds = takes("add") || takes("create");
    const bool inserts = !adds && takes("insert");
    if (takes("table")) return read_table(table_name());
    if (adds && takes("chain")) return add_chain();
    if (adds && takes("set")) return add_set();
    if (adds && takes("element")) return add_elements();
    if ((adds || inserts) && takes("rule")) return add_rule(inserts);
    if (takes("flush")) return flush();
    if (!adds && !inserts && (takes("delete") || takes("destroy"))) return remove();
    const bool is_unread = !is_done() && (token().is("include") || token().is("replace") || adds || inserts);
    if (is_unread && rules_.unread == 0 && token().is("include")) rules_.unread = token().line;
    (void)statement();
    (void)takes("}");  // somebody else's block
  }

  Table& table_of(const TableName& name) {
    is_any_ = true;
    Table& table = rules_.tables[name.key()];
    if (name.family == "ip") table.family = Family::ipv4;
    if (name.family == "ip6") table.family = Family::ipv6;
    return table;
  }

  void add_chain() {
    const TableName table = table_name();
    const unsigned line = is_done() ? 0 : token().line;
    Chain& chain = table_of(table).chains[next()];
    if (chain.line == 0) chain.line = line;
    if (takes("{")) read_chain(table, chain);
    (void)takes(";");
  }

  void add_set() {
    const TableName table = table_name();
    const std::string name = next();
    if (takes("{")) read_set(sets_[table.key()][name]);
  }

  void add_elements() {
    const TableName table = table_name();
    NamedSet& set = sets_[table.key()][next()];
    if (takes("{")) append(nft_elements(tokens_, at_), set);
  }

  void add_rule(bool inserts) {
    const TableName table = table_name();
    std::vector<Rule>& rules = table_of(table).chains[next()].rules;
    for (const std::string_view word : {"position", "handle", "index"}) {
      if (!takes(word)) continue;
      if (rules_.unread == 0) rules_.unread = token().line;  // where is that?
      ++at_;
    }
    std::vector<Rule> made = nft_rules(statement(), sets_[table.key()]);
    rules.insert(inserts ? rules.begin() : rules.end(), made.begin(), made.end());
  }

  void flush() {
    is_any_ = true;
    if (takes("ruleset")) rules_.tables.clear();
    if (takes("table")) {
      for (auto& [name, chain] : table_of(table_name()).chains) chain.rules.clear();
    }
    if (takes("chain")) {
      const TableName table = table_name();
      table_of(table).chains[next()].rules.clear();
    }
    (void)statement();
  }

  void remove() {
    const unsigned line = is_done() ? 0 : token().line;
    if (takes("table")) {
      rules_.tables.erase(table_name().key());
    } else if (rules_.unread == 0) {
      rules_.unread = line;
    }
    (void)statement();
  }

  // ---------------------------------------------------------------- blocks

  void read_table(const TableName& name) {
    const bool is_filter_of_ip = name.family != "arp" && name.family != "bridge";
    if (!takes("{")) {
      if (is_filter_of_ip) (void)table_of(name);
      (void)statement();
      return;
    }
    const std::size_t begin = at_;
    read_sets(name);
    at_ = begin;
    bool is_dormant = false;
    while (!is_done() && !takes("}")) {
      if (takes("chain")) {
        const unsigned line = is_done() ? 0 : token().line;
        Chain& chain = table_of(name).chains[next()];
        chain.line = line;
        if (takes("{")) read_chain(name, chain);
      } else if (takes("flags")) {
        is_dormant = takes("dormant");
      } else if (!takes(";")) {
        skip_entry();
      }
    }
    (void)table_of(name);
    if (is_dormant || !is_filter_of_ip) rules_.tables.erase(name.key());
  }

  // A rule may look into a set that stands below it.
  void read_sets(const TableName& name) {
    int depth = 1;
    while (!is_done() && depth > 0) {
      if (depth == 1 && takes("set")) {
        NamedSet& set = sets_[name.key()][next()];
        if (takes("{")) read_set(set);
        continue;
      }
      depth += token().is("{") ? 1 : token().is("}") ? -1 : 0;
      ++at_;
    }
    if (depth > 0) open_ = tokens_.empty() ? 1 : tokens_.back().line;
  }

  void read_set(NamedSet& set) {
    while (!is_done() && !takes("}")) {
      if (takes("elements")) {
        (void)takes("=");
        if (takes("{")) append(nft_elements(tokens_, at_), set);
      } else if (token().is("dynamic") || token().is("timeout")) {
        set.is_whole = false;
        ++at_;
      } else {
        ++at_;
      }
    }
  }

  static void append(std::vector<std::string> values, NamedSet& set) {
    set.values.insert(set.values.end(), std::make_move_iterator(values.begin()), std::make_move_iterator(values.end()));
  }

  void skip_entry() {
    while (!is_done() && !token().is(";") && !token().is("{") && !token().is("}")) ++at_;
    if (takes("{")) skip_block();
  }

  void read_chain(const TableName& table, Chain& chain) {
    const unsigned line = chain.line;
    while (!takes("}")) {
      if (is_done()) {
        open_ = line;
        return;
      }
      if (takes(";")) continue;
      if (token().is("type")) {
        read_hook(statement(), chain);
      } else if (takes("policy")) {
        chain.policy = takes("drop") ? Policy::drop : Policy::accept;
        (void)statement();
      } else if (token().is("comment") || token().is("flags") || token().is("devices")) {
        (void)statement();
      } else {
        const auto words = statement();
        if (words.empty()) continue;
        for (Rule& rule : nft_rules(words, sets_[table.key()])) chain.rules.push_back(std::move(rule));
      }
    }
  }

  static void read_hook(std::span<const Token> words, Chain& chain) {
    const auto hook = std::ranges::find_if(words, [](const Token& each) { return each.is("hook"); });
    if (words.end() - hook < 2) return;
    const std::string& name = std::next(hook)->text;
    if (has(hooks_in, name)) chain.hook = Hook{.direction = Direction::in};
    if (has(hooks_out, name)) chain.hook = Hook{.direction = Direction::out};
    if (!chain.hook) return;
    bool is_device = false;
    for (const Token& each : words) {
      if (each.is("priority")) is_device = false;
      const bool is_name =
          each.is_quoted || (each.text != "{" && each.text != "}" && each.text != "," && each.text != "=");
      if (is_device && is_name) chain.hook->devices.push_back(each.text);
      if (each.is("device") || each.is("devices")) is_device = true;
    }
  }

  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  unsigned open_ = 0;  // the line of a block that is not closed
  bool is_any_ = false;
  RuleSet rules_;
  std::map<std::string, NamedSets> sets_;  // by table
};

}  // namespace

std::expected<std::optional<RuleSet>, NoRuleSet> read_nft(std::string_view text) {
  auto tokens = nft_tokens(text);
  if (!tokens)
    return std::unexpected(NoRuleSet{.line = tokens.error(), .message = "becomes too large here by its variables"});
  return Reader(std::move(*tokens)).read();
}

}  // namespace baton::ruleset
