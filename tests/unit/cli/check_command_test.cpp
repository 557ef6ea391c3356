#include "cli/check_command.h"

#include <gmock/gmock.h>

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "command_line/command_line.h"

namespace baton::cli {
namespace {

using check::Finding;
using check::Findings;
using check::Severity;
using nlohmann::ordered_json;

Findings findings() {
  return {
      .findings = {{.id = "B101",
                    .severity = Severity::error,
                    .place = {.file = "web 2.conf", .line = 12, .column = 5},
                    .message = "it is wrong",
                    .mend = "make it right"},
                   {.id = "B011", .severity = Severity::note, .place = {.file = "/etc/web1.conf"}, .message = "so"}},
      .dropped = 0};
}

TEST(CheckCommand, prints_a_line_and_its_mend_and_how_many) {
  EXPECT_EQ(render_findings(findings()), R"(web 2.conf:12:5: error: it is wrong [B101]
    mend: make it right
/etc/web1.conf: note: so [B011]
1 error, 0 warnings, 1 note
)");
  EXPECT_EQ(render_findings({}), "nothing found\n");
  EXPECT_THAT(render_findings({.findings = findings().findings, .dropped = 7}),
              testing::EndsWith("1 note, and 7 more that are not shown\n"));
}

TEST(CheckCommand, has_colours_only_where_they_are_wanted) {
  EXPECT_THAT(render_findings(findings(), Colours::yes), testing::HasSubstr("\x1b[1;31merror:\x1b[0m it is wrong"));
  EXPECT_THAT(render_findings(findings()), testing::Not(testing::HasSubstr("\x1b")));
}

TEST(CheckCommand, json_is_as_agreed) {
  EXPECT_EQ(findings_as_json(findings()).dump(),
            R"({"findings":[{"id":"B101","severity":"error","file":"web 2.conf","line":12,"column":5,)"
            R"("message":"it is wrong","fix":"make it right"},{"id":"B011","severity":"note","file":"/etc/web1.conf",)"
            R"("line":0,"column":0,"message":"so","fix":""}]})");
  EXPECT_EQ(findings_as_json({}).dump(), R"({"findings":[]})");
}

std::set<std::string> members(const ordered_json& object) {
  std::set<std::string> names;
  for (const auto& [name, value] : object.items()) names.insert(name);
  return names;
}

// What the schema of SARIF 2.1.0 says of the members that are used here: required ones, allowed ones, types, ranges.
TEST(CheckCommand, sarif_keeps_to_its_schema) {
  const ordered_json log = findings_as_sarif(findings());
  EXPECT_EQ(members(log), (std::set<std::string>{"$schema", "version", "runs"}));
  EXPECT_EQ(log.at("version"), "2.1.0");
  ASSERT_EQ(log.at("runs").size(), 1U);
  const ordered_json& run = log.at("runs").at(0);
  EXPECT_EQ(members(run), (std::set<std::string>{"tool", "results"}));
  const ordered_json& driver = run.at("tool").at("driver");
  EXPECT_EQ(members(driver), (std::set<std::string>{"name", "version", "rules"}));
  const std::set<std::string> levels{"none", "note", "warning", "error"};
  std::set<std::string> ids;
  for (const ordered_json& rule : driver.at("rules")) {
    EXPECT_EQ(members(rule),
              (std::set<std::string>{"id", "name", "shortDescription", "fullDescription", "defaultConfiguration"}));
    EXPECT_TRUE(ids.insert(rule.at("id")).second);
    EXPECT_FALSE(rule.at("shortDescription").at("text").get<std::string>().empty());
    EXPECT_FALSE(rule.at("fullDescription").at("text").get<std::string>().empty());
    EXPECT_TRUE(levels.contains(rule.at("defaultConfiguration").at("level")));
  }
  ASSERT_EQ(run.at("results").size(), 2U);
  for (const ordered_json& result : run.at("results")) {
    EXPECT_EQ(members(result), (std::set<std::string>{"ruleId", "ruleIndex", "level", "message", "locations"}));
    EXPECT_EQ(driver.at("rules").at(result.at("ruleIndex").get<std::size_t>()).at("id"), result.at("ruleId"));
    EXPECT_TRUE(levels.contains(result.at("level")));
    const ordered_json& physical = result.at("locations").at(0).at("physicalLocation");
    EXPECT_EQ(physical.at("artifactLocation").at("uri").get<std::string>().find(' '), std::string::npos);
    if (physical.contains("region")) {
      EXPECT_GE(physical.at("region").at("startLine").get<int>(), 1);
    }
  }
  EXPECT_EQ(
      run.at("results").at(0).at("locations").at(0).dump(),
      R"({"physicalLocation":{"artifactLocation":{"uri":"web%202.conf"},"region":{"startLine":12,"startColumn":5}}})");
  EXPECT_EQ(run.at("results").at(0).at("message").at("text"), "it is wrong. Mend: make it right.");
  EXPECT_EQ(run.at("results").at(1).at("locations").at(0).dump(),
            R"({"physicalLocation":{"artifactLocation":{"uri":"file:///etc/web1.conf"}}})");
}

TEST(CheckCommand, explains_a_rule_in_lines_that_fit) {
  const std::string text = explain(*check::find_rule("B101"));
  EXPECT_THAT(text,
              testing::StartsWith("B101 address-lists-differ (error)\nnodes with different virtual addresses\n\n"));
  std::size_t longest = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    longest = std::max(longest, end - at);
    at = end + 1;
  }
  EXPECT_LE(longest, 78U);
  EXPECT_THAT(list_rules(), testing::HasSubstr("\nB101  error    address-lists-differ"));
}

// The command as it is called, in a folder of its own.
class CheckCalled : public testing::Test {
 protected:
  CheckCalled() {
    char name[] = "/tmp/baton-check-XXXXXX";
    folder_ = ::mkdtemp(name);
  }
  ~CheckCalled() override { std::filesystem::remove_all(folder_); }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  std::string file(const std::string& name, const std::string& text) const {
    std::ofstream(path(name)) << text;
    return path(name);
  }
  int call(std::vector<std::string> words) {
    command_line::Program program;
    int exit_code = -1;
    add_check_command(program, exit_code);
    words.insert(words.begin(), "check");
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    EXPECT_EQ(program.parse(std::move(words)), std::nullopt);
    out_ = testing::internal::GetCapturedStdout();
    err_ = testing::internal::GetCapturedStderr();
    return exit_code;
  }

  static constexpr const char* sound =
      "vrrp_instance V {\ninterface e\nvirtual_router_id 5\npriority 100\nvirtual_ipaddress {\n10.0.0.9\n}\n}\n";
  std::filesystem::path folder_;
  std::string out_;
  std::string err_;
};

TEST_F(CheckCalled, exit_code_is_0_for_a_sound_file_and_1_for_a_faulty_one) {
  EXPECT_EQ(call({file("a.conf", sound)}), 0);
  EXPECT_EQ(out_, "nothing found\n");
  EXPECT_EQ(call({file("b.conf", std::string(sound) + "nonsense\n")}), 1);
  EXPECT_EQ(call({path("a.conf"), path("a.conf")}), 1);  // two nodes with the same priority
  EXPECT_EQ(call({"--json", path("a.conf")}), 0);
  EXPECT_EQ(nlohmann::json::parse(out_).at("findings").size(), 0U);
  EXPECT_EQ(call({"--sarif", path("b.conf")}), 1);
  EXPECT_EQ(nlohmann::json::parse(out_).at("version"), "2.1.0");
}

TEST_F(CheckCalled, what_is_no_file_is_a_finding) {
  ASSERT_EQ(::mkfifo(path("fifo").c_str(), 0600), 0);
  std::filesystem::create_directory(path("folder"));
  for (const char* name : {"fifo", "folder", "gone"}) {
    EXPECT_EQ(call({"--json", path(name), file("a.conf", sound)}), 1);
    const auto first = nlohmann::json::parse(out_).at("findings").at(0);
    EXPECT_EQ(first.at("severity"), "error");
    EXPECT_EQ(first.at("file"), path(name));
  }
}

TEST_F(CheckCalled, bytes_that_are_no_text_are_still_json) {
  const std::string name = file("a\xff.conf", std::string("vrrp_instance \xfe\xff {\n\xc3\n}\n"));
  EXPECT_EQ(call({"--json", name}), 1);
  EXPECT_FALSE(nlohmann::json::parse(out_).at("findings").empty());
}

TEST_F(CheckCalled, explains_lists_and_refuses) {
  EXPECT_EQ(call({"--explain", "B017"}), 0);
  EXPECT_THAT(out_, testing::StartsWith("B017 endless-check"));
  EXPECT_EQ(call({"--explain", "vrid-twice"}), 0);
  EXPECT_EQ(call({"--explain", "b017"}), 0);
  EXPECT_THAT(out_, testing::StartsWith("B017 endless-check"));
  EXPECT_EQ(call({"--explain", "Endless-Check", "--json"}), 0);
  EXPECT_EQ(nlohmann::json::parse(out_).at("id"), "B017");
  EXPECT_EQ(call({"--list", "--json"}), 0);
  EXPECT_EQ(nlohmann::json::parse(out_).at("rules").size(), check::rules().size());
  EXPECT_EQ(call({"--explain",
                  "B\x1b[31m\xc2\x9b"
                  "2J"}),
            2);
  EXPECT_EQ(err_, "baton check: there is no rule 'B?[31m?2J'\n  mend: baton check --list has them all\n");
  EXPECT_EQ(call({"--explain", "B999"}), 2);
  EXPECT_EQ(call({"--list"}), 0);
  EXPECT_EQ(call({}), 2);
  EXPECT_EQ(call({"--firewall", path("gone"), file("a.conf", sound)}), 2);
  EXPECT_THAT(err_, testing::HasSubstr("does not exist"));
}

TEST_F(CheckCalled, one_file_is_several_nodes_by_its_id_lines) {
  const std::string both = file("keepalived.conf",
                                "vrrp_instance V {\ninterface e\nvirtual_router_id 5\n@web1 priority 110\n"
                                "@web2 priority 100\n@web1 advert_int 2\nvirtual_ipaddress {\n10.0.0.9\n}\n}\n");
  EXPECT_EQ(call({"-i", "web1", "-i", "web2", both}), 1);
  EXPECT_THAT(out_, testing::HasSubstr("keepalived.conf line 6 as web1"));
  EXPECT_THAT(out_, testing::HasSubstr("[B104]"));
  EXPECT_EQ(call({"-i", "web1", both}), 0) << out_;
  EXPECT_EQ(call({"-i", "web1", "-i", "web1", both}), 2);
  EXPECT_EQ(call({"-i", "web1", "-i", "web2", both, both}), 2);
}

// /etc/nftables.conf is a program.
TEST_F(CheckCalled, a_firewall_may_be_a_program_and_is_gone_through) {
  const std::string rules = file("nftables.conf",
                                 "#!/usr/sbin/nft -f\ntable inet f {\nchain in {\ntype filter hook input "
                                 "priority 0; policy drop;\n}\n}\n");
  ASSERT_EQ(::chmod(rules.c_str(), 0755), 0);
  EXPECT_EQ(call({"--firewall", rules, file("a.conf", sound)}), 1);
  EXPECT_THAT(out_, testing::HasSubstr("nftables.conf:3: error: no rule lets the adverts of V"));
  EXPECT_EQ(call({"--firewall", path("a.conf"), path("a.conf")}), 1);
  EXPECT_THAT(out_, testing::HasSubstr("[B041]"));
}

// Programs are looked for on the machine that the file is for.
TEST_F(CheckCalled, programs_of_several_files_are_not_looked_for_here) {
  const std::string text =
      "global_defs {\nscript_user root\nenable_script_security\n}\n"
      "vrrp_script c {\nscript /no/such/program\n}\n" +
      std::string(sound).insert(17, "\ntrack_script {\nc\n}");
  const std::string name = file("a.conf", text);
  EXPECT_EQ(call({name}), 1) << out_;
  EXPECT_THAT(out_, testing::HasSubstr("[B258]"));
  EXPECT_EQ(call({"--elsewhere", name}), 0) << out_;
}

}  // namespace
}  // namespace baton::cli
