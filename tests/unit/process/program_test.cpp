// Who may change what root would run.
#include "process/program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace baton::process {
namespace {

using ::testing::HasSubstr;

// A folder of root's where nobody else may write: /tmp has the sticky bit.
class Insecurity : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root";
    std::string name = "/tmp/baton-program-XXXXXX";
    folder_ = ::mkdtemp(name.data());
    std::ofstream(folder_ + "/check") << "";
    ::chmod((folder_ + "/check").c_str(), 0755);
  }
  void TearDown() override {
    if (!folder_.empty()) std::filesystem::remove_all(folder_);
  }
  std::string folder_;
};

TEST_F(Insecurity, what_is_roots_alone_is_safe) {
  EXPECT_EQ(insecurity(folder_ + "/check"), "");
  EXPECT_EQ(insecurity(folder_ + "/./x/../check"), "");
}

TEST_F(Insecurity, roots_group_may_write_and_no_other) {
  ::chmod((folder_ + "/check").c_str(), 0775);
  EXPECT_EQ(insecurity(folder_ + "/check"), "");
  ASSERT_EQ(::chown((folder_ + "/check").c_str(), 0, 65'534), 0);
  ::chmod((folder_ + "/check").c_str(), 0775);
  EXPECT_THAT(insecurity(folder_ + "/check"), HasSubstr("is writable by group 65534"));
}

// first -> open/second -> ../check: only the hop in the middle can be changed by others.
TEST_F(Insecurity, every_hop_of_a_chain_of_links_counts) {
  std::filesystem::create_directory(folder_ + "/open");
  std::filesystem::create_symlink("../check", folder_ + "/open/second");
  std::filesystem::create_symlink("open/second", folder_ + "/first");
  EXPECT_EQ(insecurity(folder_ + "/first"), "");
  ::chmod((folder_ + "/open").c_str(), 0777);
  EXPECT_EQ(insecurity(folder_ + "/first"), folder_ + "/open is writable by everybody");
}

TEST_F(Insecurity, a_loop_of_links_ends) {
  std::filesystem::create_symlink("b", folder_ + "/a");
  std::filesystem::create_symlink("a", folder_ + "/b");
  EXPECT_EQ(insecurity(folder_ + "/a"), "");
}

}  // namespace
}  // namespace baton::process
