#include "config/load.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ctime>
#include <filesystem>
#include <fstream>

#include "config/disk_file_reader.h"
#include "config/limits.h"
#include "unit/config/loading.h"

namespace baton::config {
namespace {

using testing::Contains;
using testing::ElementsAre;

TEST(Load, a_missing_file_is_an_error) {
  MemoryFileReader reader;
  const LoadResult result = load("none.conf", reader);
  EXPECT_FALSE(result.ok);
  EXPECT_TRUE(result.missing_file);
  EXPECT_THAT(ids(result), ElementsAre("missing-file"));
}

TEST(Load, names_every_file_it_read) {
  MemoryFileReader reader(MemoryFileReader::Files{{"test.conf", "include a.conf\n"}, {"a.conf", instance_text("")}});
  EXPECT_THAT(load("test.conf", reader).files, ElementsAre("test.conf", "a.conf"));
}

TEST(Load, diagnostics_are_bounded_and_counted) {
  std::string text;
  for (int i = 0; i < 3'000; ++i) text += "nonsense\n";
  const LoadResult result = load_text(text);
  EXPECT_EQ(result.diagnostics.size(), limits::diagnostics);
  EXPECT_EQ(result.dropped, 2'001U);  // and the note that there is no instance
  EXPECT_EQ(worst(result.diagnostics), Severity::warning);
}

TEST(Load, what_is_said_can_be_printed) {  // found by fuzzing
  const LoadResult result = load_text("~SEQ(i, 250\x08) x\nst\x1b[31mate MASTER\ninclude \x07.conf\n");
  for (const char each : report(result)) EXPECT_TRUE(each == '\n' || static_cast<unsigned char>(each) >= ' ');
}

TEST(Load, reload_check_config_refuses_what_keepalived_refuses) {  // seen with 2.2.7: exit 2 for an unknown word
  const std::string check = "global_defs {\nreload_check_config\n}\n";
  EXPECT_TRUE(load_text(check + instance_text("")).ok);
  EXPECT_FALSE(load_text(check + instance_text("prioritty 100")).ok);
  EXPECT_TRUE(load_text(instance_text("prioritty 100")).ok);
}

TEST(Load, an_error_beyond_the_bound_refuses_and_is_shown) {
  std::string text;
  for (int i = 0; i < 3'000; ++i) text += "nonsense\n";
  const LoadResult result = load_text(text + "vrrp_instance VI {\n}\n");
  EXPECT_FALSE(result.ok);
  const auto error = std::ranges::find(result.diagnostics, "missing-vrid", &Diagnostic::id);
  ASSERT_NE(error, result.diagnostics.end());
  EXPECT_EQ(to_string(error->place), "test.conf:3001:1");
}

// The largest thing anybody runs: 1,000 routers with ten addresses each.
TEST(Load, ten_thousand_addresses_in_a_moment) {
  std::string text;
  for (int router = 0; router < 1'000; ++router) {
    text += "vrrp_instance VI_" + std::to_string(router) + " {\ninterface eth" + std::to_string(router / 250) +
            "\nvirtual_router_id " + std::to_string(router % 250 + 1) + "\npriority 100\nvirtual_ipaddress {\n";
    for (int address = 0; address < 10; ++address) {
      text += "10." + std::to_string(router / 250) + "." + std::to_string(router % 250) + "." +
              std::to_string(address + 1) + "/24 dev eth0\n";
    }
    text += "}\n}\n";
  }
  const std::clock_t start = std::clock();
  const LoadResult result = load_text(text);
  const std::clock_t took = std::clock() - start;
  EXPECT_TRUE(result.ok);
  EXPECT_EQ(result.configuration.instances.size(), 1'000U);
  // 0.16 s built with -O1; the bound is for sanitizers. Of the processor: what else runs does not count.
  EXPECT_LT(took, 5 * CLOCKS_PER_SEC);
}

// --- the real file system ---

class Disk : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "baton-config-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::string file(const std::string& name, const std::string& content, unsigned mode = 0644) {
    const std::string path = directory_ / name;
    std::ofstream(path, std::ios::binary) << content;
    ::chmod(path.c_str(), mode);
    return path;
  }

  std::filesystem::path directory_;
  DiskFileReader reader_;
};

TEST_F(Disk, reads_regular_files_and_nothing_else) {
  EXPECT_EQ(reader_.read(file("a.conf", "text")), "text");
  EXPECT_EQ(reader_.read(directory_ / "none").error(), FileError::missing);
  EXPECT_EQ(reader_.read(directory_).error(), FileError::directory);
  EXPECT_EQ(reader_.read(file("x.conf", "text", 0755)).error(), FileError::executable);
  EXPECT_EQ(reader_.read("/dev/null").error(), FileError::not_regular);
  const std::string fifo = directory_ / "fifo";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_EQ(reader_.read(fifo).error(), FileError::not_regular);  // and does not wait for a writer
}

TEST_F(Disk, a_pattern_looks_at_so_many_names_and_no_more) {
  for (int i = 0; i < 50; ++i) std::filesystem::create_directory(directory_ / std::to_string(i));
  EXPECT_EQ(reader_.glob(directory_ / "*/../*")->size(), 2'500U);
  EXPECT_EQ(reader_.glob(directory_ / "*/../*/../*/../*/../*").error(), FileError::too_large);
  EXPECT_EQ(reader_.glob(directory_ / "*/../*")->size(), 2'500U);  // each pattern has its own
}

TEST_F(Disk, refuses_what_is_too_large) {
  const std::string path = file("big.conf", "");
  std::filesystem::resize_file(path, 100U << 20);
  EXPECT_EQ(reader_.read(path).error(), FileError::too_large);
}

TEST_F(Disk, includes_work_from_any_directory) {
  std::filesystem::create_directory(directory_ / "conf.d");
  file("conf.d/1.conf", instance_text(""));
  const std::string main = file("main.conf", "include conf.d/*.conf\n");
  const LoadResult result = load(main, reader_);
  EXPECT_TRUE(result.ok) << report(result);
  EXPECT_EQ(result.configuration.instances.size(), 1U);
}

TEST_F(Disk, knows_programs_and_users) {
  EXPECT_EQ(reader_.program("/bin/sh"), ProgramState::runnable);
  EXPECT_EQ(reader_.program("sh"), ProgramState::runnable);
  EXPECT_EQ(reader_.program("/nowhere/sh"), ProgramState::missing);
  EXPECT_EQ(reader_.program("/etc/passwd"), ProgramState::not_executable);
  EXPECT_EQ(reader_.has_user("root"), true);
  EXPECT_EQ(reader_.has_user("nobody-of-this-name"), false);
  DiskFileReader reloading;
  EXPECT_EQ(reloading.has_user("nobody-is-called-so"), false);
  reloading.keep_to_known_accounts();
  EXPECT_EQ(reloading.has_user("nobody-is-called-so"), false);
  EXPECT_EQ(reloading.has_user("nor-so"), std::nullopt);
  EXPECT_EQ(reloading.has_user("root"), true);
  DiskFileReader local(Accounts::local);  // at a reload, which waits for no directory service
  EXPECT_EQ(local.has_user("root"), true);
  EXPECT_EQ(local.has_user("nobody-of-this-name"), std::nullopt);
}

TEST_F(Disk, the_examples_are_clean) {
  for (const auto& [name, instances] :
       {std::pair("web1.conf", 1U), std::pair("web2.conf", 1U), std::pair("nopreempt/web1.conf", 1U),
        std::pair("nopreempt/web2.conf", 1U), std::pair("firewall/fw1.conf", 2U), std::pair("firewall/fw2.conf", 2U)}) {
    const LoadResult result = load(std::string(BATON_SOURCE_DIR "/examples/") + name, reader_);
    EXPECT_TRUE(result.ok) << report(result);
    EXPECT_EQ(result.configuration.instances.size(), instances);
    for (const Diagnostic& diagnostic : result.diagnostics) {
      if (diagnostic.id != "script-not-found") {  // killall may be missing where this runs
        EXPECT_EQ(diagnostic.severity, Severity::note) << to_string(diagnostic);
      }
    }
  }
}

}  // namespace
}  // namespace baton::config
