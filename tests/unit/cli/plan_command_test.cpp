#include "cli/plan_command.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include <fmt/format.h>

#include "command_line/command_line.h"

namespace baton::cli {
namespace {

using testing::HasSubstr;

class PlanCommand : public testing::Test {
 protected:
  PlanCommand() { std::filesystem::create_directory(directory_); }
  ~PlanCommand() override { std::filesystem::remove_all(directory_); }

  std::string path(const std::string& name) const { return directory_ / name; }
  std::string node(const std::string& name, int priority, const std::string& lines = "") const {
    std::ofstream(path(name))
        << "vrrp_script chk {\nscript \"/not/on/this/machine\"\nweight 2\n}\nvrrp_instance VI_1 {\n"
           "interface eth0\nvirtual_router_id 7\npriority "
        << priority << "\nvirtual_ipaddress {\n10.0.0.1\n}\n"
        << lines << "}\n";
    return path(name);
  }

  int run(std::vector<std::string> arguments) {
    command_line::Program program;
    int exit_code = -1;
    add_plan_command(program, exit_code);
    arguments.insert(arguments.begin(), "plan");
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    EXPECT_EQ(program.parse(std::move(arguments)), std::nullopt);
    said_ = testing::internal::GetCapturedStdout();
    complained_ = testing::internal::GetCapturedStderr();
    return exit_code;
  }

  std::string said_;
  std::string complained_;

 private:
  std::filesystem::path directory_ =
      std::filesystem::temp_directory_path() / fmt::format("baton-plan-{}", static_cast<long>(getpid()));
};

TEST_F(PlanCommand, without_a_warning_it_is_a_success) {
  EXPECT_EQ(run({node("web1.conf", 110), node("web2.conf", 100)}), 0);
  EXPECT_THAT(said_, HasSubstr("web1 -> web2"));
  EXPECT_THAT(said_, HasSubstr("note"));
}

TEST_F(PlanCommand, a_script_of_another_machine_is_there_and_a_finding_is_a_failure) {
  const std::string tracks = "track_script {\nchk\n}\n";
  EXPECT_EQ(run({node("web1.conf", 110, tracks), node("web2.conf", 100, tracks)}), 1);
  EXPECT_THAT(said_, HasSubstr("chk failing on web1 moves nothing: 110 still beats 100+2"));
}

TEST_F(PlanCommand, json_is_one_document_and_a_page_is_a_file) {
  const std::string page = path("plan.html");
  EXPECT_EQ(run({node("web1.conf", 110), node("web2.conf", 100), "--json", "--only", "vanishes", "--html", page}), 0);
  EXPECT_EQ(nlohmann::json::parse(said_)["scenarios"].size(), 2U);
  std::ifstream file(page);
  EXPECT_THAT(std::string(std::istreambuf_iterator<char>(file), {}), HasSubstr("web1 vanishes"));
}

TEST_F(PlanCommand, names_of_any_bytes_make_json_all_the_same) {
  std::ofstream(path("bytes.conf")) << "vrrp_instance V\xff\xfe {\ninterface eth0\nvirtual_router_id 7\npriority 100\n"
                                       "virtual_ipaddress {\n10.0.0.1\n}\n}\n";
  (void)run({path("bytes.conf"), "--json"});
  EXPECT_TRUE(nlohmann::json::accept(said_));
}

TEST_F(PlanCommand, a_configuration_never_becomes_a_page) {
  const std::string web1 = node("web1.conf", 110);
  const auto size = std::filesystem::file_size(web1);
  EXPECT_EQ(run({"--html", web1, node("web2.conf", 100)}), 2);
  EXPECT_EQ(std::filesystem::file_size(web1), size);
  EXPECT_EQ(run({node("web2.conf", 100), "--html", path("page.html")}),
            run({path("web2.conf"), "--html", path("page.html")}));
}

TEST_F(PlanCommand, a_filter_that_no_event_passes_is_a_mistake) {
  EXPECT_EQ(run({node("web1.conf", 110), node("web2.conf", 100), "--only", "ngnix"}), 2);
  EXPECT_THAT(complained_, HasSubstr("no event has 'ngnix'"));
}

TEST_F(PlanCommand, names_of_strangers_move_no_cursor) {
  std::ofstream(path("esc.conf")) << "vrrp_instance VI\x1b[31mred {\ninterface eth0\nvirtual_router_id 7\n"
                                     "virtual_ipaddress {\n10.0.0.1\n}\n}\n";
  (void)run({path("esc.conf")});
  EXPECT_THAT(said_, HasSubstr("VI?[31mred"));
  EXPECT_EQ(said_.find('\x1b'), said_.npos);
}

TEST_F(PlanCommand, what_cannot_be_read_or_written_is_told) {
  EXPECT_EQ(run({}), 2);
  EXPECT_THAT(complained_, HasSubstr("mend: baton plan web1.conf web2.conf"));
  EXPECT_EQ(run({path("nowhere.conf")}), 2);
  EXPECT_EQ(run({node("web1.conf", 100), "--html", path("no/such/folder.html")}), 2);
  std::ofstream(path("empty.conf")) << "global_defs {\n}\n";
  EXPECT_EQ(run({path("empty.conf")}), 2);
  EXPECT_THAT(complained_, HasSubstr("no vrrp_instance"));
}

TEST_F(PlanCommand, json_is_one_document_also_of_files_that_cannot_be_played) {
  std::ofstream(path("broken.conf")) << "vrrp_instance VI_1 {\npriority 100\n}\n";
  EXPECT_EQ(run({path("nowhere.conf"), path("broken.conf"), "--json"}), 2);
  const nlohmann::json document = nlohmann::json::parse(said_);
  EXPECT_TRUE(document["scenarios"].empty());
  EXPECT_EQ(document["problems"][0], path("nowhere.conf") + " cannot be read");
  EXPECT_EQ(document["diagnostics"][0]["id"], "missing-file");
  EXPECT_EQ(document["diagnostics"][0]["file"], path("nowhere.conf"));
}

TEST_F(PlanCommand, one_file_is_several_nodes_by_its_id_lines) {
  std::ofstream(path("keepalived.conf"))
      << "vrrp_instance VI_1 {\ninterface eth0\nvirtual_router_id 7\n@web1 priority 110\n"
         "@web2 priority 100\nvirtual_ipaddress {\n10.0.0.1\n}\n}\n";
  EXPECT_EQ(run({"-i", "web1", "-i", "web2", path("keepalived.conf")}), 0);
  EXPECT_THAT(said_, HasSubstr("web1 -> web2"));
  EXPECT_EQ(run({"-i", "web1", "-i", "web1", path("keepalived.conf")}), 2);
}

TEST_F(PlanCommand, what_is_to_be_done_comes_first) {
  (void)run({node("web1.conf", 100), node("web2.conf", 100)});
  EXPECT_THAT(said_, testing::StartsWith("2 nodes, 1 instance, 21 events: 0 errors, 1 warning, "));
}

TEST_F(PlanCommand, more_files_than_nodes_are_refused) {
  EXPECT_EQ(run(std::vector<std::string>(65, node("web1.conf", 100))), 2);
  EXPECT_THAT(complained_, HasSubstr("at most 64"));
}

}  // namespace
}  // namespace baton::cli
