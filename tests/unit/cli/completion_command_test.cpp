#include "cli/completion_command.h"

#include <gmock/gmock.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include <unistd.h>

#include "cli/status_command.h"
#include "command_line/command_line.h"

namespace baton::cli {
namespace {

using testing::HasSubstr;

class Completion : public testing::Test {
 protected:
  Completion() {
    add_status_command(program_, code_);
    add_completion_command(program_, code_);
    directory_ = std::filesystem::temp_directory_path() / ("completion-" + std::to_string(::getpid()));
    std::filesystem::create_directory(directory_);
  }
  ~Completion() override { std::filesystem::remove_all(directory_); }

  // What bash offers, with a baton on its path that knows two instances.
  std::string offered(const std::string& words, int at) {
    std::ofstream(directory_ / "script") << bash_completion(program_);
    std::ofstream(directory_ / "baton") << "#!/bin/sh\necho VI_1; echo VI_2\n";
    std::filesystem::permissions(directory_ / "baton", std::filesystem::perms::owner_all);
    std::ofstream(directory_ / "test") << "export PATH=" << directory_.string() << ":$PATH\n. " << directory_.string()
                                       << "/script\nCOMP_WORDS=(" << words << "); COMP_CWORD=" << at
                                       << "; _baton; echo \"${COMPREPLY[*]}\"\n";
    std::FILE* pipe = ::popen(("bash --norc " + (directory_ / "test").string() + " 2>&1").c_str(), "r");
    std::string text;
    std::array<char, 256> buffer;
    while (std::fgets(buffer.data(), buffer.size(), pipe) != nullptr) text += buffer.data();
    ::pclose(pipe);
    return text;
  }

  command_line::Program program_;
  int code_ = 0;
  std::filesystem::path directory_;
};

TEST_F(Completion, bash_offers_commands_options_and_instances) {
  EXPECT_EQ(offered("baton sta", 1), "status\n");
  EXPECT_EQ(offered("baton status --js", 2), "--json\n");
  EXPECT_EQ(offered("baton status VI", 2), "VI_1 VI_2\n");
  EXPECT_EQ(offered("baton completion f", 2), "fish\n");
  EXPECT_EQ(offered("baton nothing x", 2), "\n");
}

TEST_F(Completion, zsh_and_fish_get_the_same_words) {
  EXPECT_THAT(zsh_completion(program_), HasSubstr("'status:State, priority"));
  EXPECT_THAT(zsh_completion(program_), HasSubstr("    status) compadd -- "));
  EXPECT_THAT(fish_completion(program_), HasSubstr("'__fish_seen_subcommand_from status' -l json -d"));
}

}  // namespace
}  // namespace baton::cli
