// `baton check` says what is wrong between files, `baton plan` plays what comes of it: they must not contradict each
// other. The case of every rule about several files is played, as it is and mended.
#include <gmock/gmock.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <set>

#include "check/rule.h"
#include "plan/plan.h"
#include "unit/check/case.h"

namespace baton::cli {
namespace {

using check::Text;

// What plan says of a rule's case, or why it cannot see it.
struct Row {
  std::string_view rule;
  std::string_view finding;  // of plan; empty: it sees nothing above a note
  std::string_view why_not{};
};
constexpr auto rows = std::to_array<Row>({
    {"address-lists-differ", "lists-differ"},
    {"excluded-lists-differ", "lists-differ"},
    {"lengths-differ", "", "the length brings a route, and plan follows addresses"},
    {"intervals-differ", "adverts-rejected"},
    {"authentication-differs", "adverts-rejected"},
    {"versions-differ", "adverts-rejected"},
    {"checksums-differ", "", "all nodes of a plan run Baton, which accepts both readings"},
    {"transport-differs", "adverts-rejected"},
    {"multicast-groups-differ", "adverts-rejected"},
    {"vrid-twice", "lists-differ"},
    {"vrids-differ", "two-owners"},
    {"same-priority", "tie"},
    {"same-source", "adverts-rejected"},
    {"weight-too-small", "moves-nothing"},
    {"weights-against-nopreempt", "moves-nothing"},
    {"nopreempt-one-sided", "preempts"},
    {"several-masters", "", "the word MASTER decides nothing"},
    {"state-against-priority", "", "the word MASTER decides nothing; who holds the address is in every row"},
    {"two-owners", "owners"},
    {"peer-not-named", "two-owners"},
    {"peer-without-file", "", "who has no file is no node of the plan"},
    {"source-unknown", "", "the address is guessed by who names it"},
    {"ttl-out-of-range", "adverts-rejected"},
    {"subnets-differ", "", "interfaces of one name are taken for one LAN"},
    {"nobody-takes-over", "alone"},
    {"nothing-in-common", "alone"},
    {"router-ids-same", "", "a name in mails moves nothing"},
    {"strictness-differs", "", "what strict mode drops is no advert, here"},
    {"acceptance-differs", "", "who holds the address is played, not whether it answers"},
    {"patience-differs", "", "it may be meant; the times show it"},
    {"virtual-mac-differs", "", "clients are not played"},
    {"routes-differ", "", "addresses are followed, routes are not"},
    {"sync-groups-differ", "", "it takes two failures to part the halves"},
    {"group-torn", "flaps"},
    {"checks-differ", "", "what a node does not track cannot fail in a plan"},
    {"skews-too-close", "", "no advert is late in a plan: a microsecond is enough"},
});

plan::Plan plan_of(const std::vector<Text>& texts) {
  config::MemoryFileReader reader;
  reader.has_script_user = false;
  for (const auto& [name, content] : texts) reader.add(name, content);
  std::vector<plan::NodeInput> inputs;
  for (const auto& [name, content] : texts) {
    config::LoadResult loaded = config::load(name, reader, {});
    EXPECT_TRUE(loaded.ok) << config::report(loaded);
    inputs.push_back({.name = name.substr(0, name.find('.')), .configuration = std::move(loaded.configuration)});
  }
  const plan::Network network = make_network(std::move(inputs));
  EXPECT_THAT(network.problems, testing::IsEmpty());
  return make_plan(network, {});
}

// What is above a note.
std::set<std::string> complaints_of_plan(const std::vector<Text>& texts) {
  std::set<std::string> ids;
  for (const plan::Finding& each : plan_of(texts).findings) {
    if (each.severity != plan::Severity::note) ids.insert(each.id);
  }
  return ids;
}
std::set<std::string> complaints_of_check(const std::vector<Text>& texts) {
  std::set<std::string> ids;
  for (const check::Finding& each : check::check_texts(texts).findings) {
    if (each.severity != check::Severity::note) ids.emplace(each.id);
  }
  return ids;
}

class CheckAgainstPlan : public testing::TestWithParam<Row> {};

TEST_P(CheckAgainstPlan, what_one_says_the_other_shows) {
  const Row& row = GetParam();
  const check::Case read = check::read_case(fmt::format("{}/tests/golden/check/{}.case", BATON_SOURCE_DIR, row.rule));
  ASSERT_FALSE(read.faulty.empty());
  const std::set<std::string> faulty = complaints_of_plan(read.faulty);
  if (row.finding.empty()) {
    EXPECT_THAT(faulty, testing::IsEmpty()) << "plan sees it: the row is not true any more";
    EXPECT_FALSE(row.why_not.empty());
  } else {
    EXPECT_THAT(faulty, testing::Contains(std::string(row.finding)));
    EXPECT_THAT(complaints_of_check(read.faulty), testing::Contains(std::string(check::find_rule(row.rule)->id)));
  }
  EXPECT_THAT(complaints_of_plan(read.mended), testing::IsEmpty()) << "mended, by the word of check";
}

INSTANTIATE_TEST_SUITE_P(Rules, CheckAgainstPlan, testing::ValuesIn(rows), [](const auto& test) {
  std::string name(test.param.rule);
  std::ranges::replace(name, '-', '_');
  return name;
});

TEST(CheckAndPlan, every_rule_between_files_has_a_row) {
  std::vector<std::string_view> rules;
  for (const check::Rule& rule : check::between_rules()) rules.push_back(rule.name);
  std::vector<std::string_view> in_table;
  for (const Row& row : rows) in_table.push_back(row.rule);
  EXPECT_EQ(in_table, rules);
}

// docs/plan.md has the same table.
TEST(CheckAndPlan, the_table_is_in_the_manual) {
  std::string table;
  for (const Row& row : rows) {
    const std::string what = row.finding.empty() ? "– " + std::string(row.why_not) : fmt::format("`{}`", row.finding);
    table += fmt::format("| {} `{}` | {} |\n", check::find_rule(row.rule)->id, row.rule, what);
  }
  std::ifstream file(BATON_SOURCE_DIR "/docs/plan.md");
  const std::string manual{std::istreambuf_iterator<char>(file), {}};
  EXPECT_NE(manual.find("| --- | --- |\n" + table), std::string::npos) << table;
}

// ---------------------------------------------------------------- more than one fault at a time

std::string node(int priority, const std::string& lines, const std::string& tracks = "") {
  std::string text = "global_defs {\nscript_user root\nenable_script_security\n}\n";
  for (const char* script : {"one", "two"}) {
    if (tracks.contains(script)) text += fmt::format("vrrp_script {} {{\nscript /usr/bin/check\n}}\n", script);
  }
  return text + fmt::format(
                    "vrrp_instance VI_1 {{\ninterface eth0\nvirtual_router_id 50\npriority {}\n{}\n"
                    "virtual_ipaddress {{\n10.0.20.100\n}}\n{}}}\n",
                    priority, lines, tracks.empty() ? "" : "track_script {\n" + tracks + "\n}\n");
}

struct Pair {
  std::string name;
  std::string web1;
  std::string web2;
  std::set<std::string> check;  // what is above a note
  std::set<std::string> plan;
};

void PrintTo(const Pair& pair, std::ostream* stream) {
  *stream << pair.name;
}

std::vector<Pair> pairs() {
  return {
      // The partner takes it all the same when a check fails.
      {"nopreempt_on_the_better", node(110, "nopreempt", "one weight -20"), node(100, "", "one weight -20"), {}, {}},
      // It takes nothing, whatever it tracks itself.
      {"nopreempt_on_the_other",
       node(110, "", "one weight -20"),
       node(100, "nopreempt", "one weight -20"),
       {"B115", "B116"},
       {"moves-nothing", "preempts"}},
      {"nopreempt_on_both",
       node(110, "nopreempt", "one weight -20"),
       node(100, "nopreempt", "one weight -20"),
       {"B001"},
       {"moves-nothing"}},
      {"mended_by_removing_it", node(110, "", "one weight -20"), node(100, "", "one weight -20"), {}, {}},
      {"mended_by_weight_0", node(110, "nopreempt", "one"), node(100, "nopreempt", "one"), {}, {}},
      {"one_of_two_weights",
       node(110, "", "one weight -60\ntwo weight -5"),
       node(100, "", "one weight -60\ntwo weight -5"),
       {"B114"},
       {"moves-nothing"}},
      // May be meant so.
      {"two_weights_together",
       node(150, "", "one weight -30\ntwo weight -30"),
       node(100, "", "one weight -30\ntwo weight -30"),
       {},
       {}},
      {"owners_that_listen", node(255, "state BACKUP"), node(255, "state BACKUP"), {"B119"}, {"owners"}},
      {"an_owner_that_listens", node(255, "state BACKUP"), node(100, ""), {}, {}},
  };
}

class Pairs : public testing::TestWithParam<Pair> {};

TEST_P(Pairs, are_judged_alike) {
  const Pair& pair = GetParam();
  const std::vector<Text> texts{{"web1.conf", pair.web1}, {"web2.conf", pair.web2}};
  EXPECT_EQ(complaints_of_check(texts), pair.check);
  EXPECT_EQ(complaints_of_plan(texts), pair.plan);
}

INSTANTIATE_TEST_SUITE_P(CheckAndPlan, Pairs, testing::ValuesIn(pairs()),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace baton::cli
