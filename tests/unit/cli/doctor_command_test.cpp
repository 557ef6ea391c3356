// What `baton doctor` prints of a report, and how it ends.
#include "cli/doctor_command.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "command_line/command_line.h"
#include "doctor/rule_table.h"

namespace baton::cli {
namespace {

using doctor::Report;
using doctor::Severity;

Report report(Severity severity) {
  return {.findings = {{.rule = doctor::find_rule("D016"),
                        .severity = severity,
                        .interface = "eth0",
                        .instance = "VI_1",
                        .seen = "a rule drops it",
                        .means = "nobody is heard",
                        .mend = "let it in"}}};
}

TEST(DoctorCommand, prints_what_was_seen_what_it_means_and_the_mend) {
  Report said = report(Severity::error);
  said.not_looked.push_back({.look = "the wire", .why = "not allowed", .mend = "be root"});
  EXPECT_EQ(render_report(said, false), R"(eth0 (VI_1): error: a rule drops it [D016]
    means: nobody is heard
    mend: let it in
not looked at: the wire: not allowed
    mend: be root
1 error, 0 warnings, 0 notes; 1 look not made
)");
  EXPECT_EQ(render_report({}, false), "nothing found\n");
}

TEST(DoctorCommand, has_the_exit_codes_of_check) {
  EXPECT_EQ(exit_code_of({}), 0);
  EXPECT_EQ(exit_code_of(report(Severity::note)), 0);
  EXPECT_EQ(exit_code_of(report(Severity::warning)), 1);
  Report blind;
  blind.not_looked.push_back({.look = "the wire"});
  EXPECT_EQ(exit_code_of(blind), 2);
}

TEST(DoctorCommand, is_json_whatever_a_stranger_sends) {
  Report said = report(Severity::note);
  doctor::Encounter encounter;
  encounter.speaker.interface = "eth\xff";
  encounter.here = vrrp::RejectReason::auth_password;
  encounter.instance = "VI_1";
  said.heard.push_back(encounter);
  const auto json = report_as_json(said, "", std::chrono::seconds(4));
  EXPECT_EQ(json["listened"], 4.0);
  EXPECT_TRUE(json["configuration"].is_null());
  EXPECT_EQ(json["findings"][0]["id"], "D016");
  EXPECT_EQ(json["heard"][0]["here"], "auth_password");
  EXPECT_EQ(json["heard"][0]["there"], "taken");
}

int run(std::vector<std::string> arguments) {
  command_line::Program program;
  int code = -1;
  add_doctor_command(program, code);
  return program.parse(std::move(arguments)) ? 2 : code;
}

TEST(DoctorCommand, explains_and_refuses) {
  testing::internal::CaptureStdout();
  EXPECT_EQ(run({"doctor", "--explain", "firewall-drops"}), 0);
  EXPECT_TRUE(testing::internal::GetCapturedStdout().starts_with("D016 firewall-drops (error)\n"));
  testing::internal::CaptureStderr();
  EXPECT_EQ(run({"doctor", "--explain", "D999"}), 2);
  EXPECT_EQ(run({"doctor", "--config", "/nowhere/at.all"}), 2);
  EXPECT_EQ(run({"doctor", "--listen", "0"}), 2);
  EXPECT_EQ(run({"doctor", "--listen", "5", "--no-listen"}), 2);
  (void)testing::internal::GetCapturedStderr();
}

}  // namespace
}  // namespace baton::cli
