#include "daemon/leftovers.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace baton::daemon {
namespace {

config::VirtualAddress address(const char* device, const char* number, std::uint8_t length) {
  config::VirtualAddress result;
  result.device = device;
  result.address = {.address = *IpAddress::parse(number), .length = length};
  return result;
}

class Note : public testing::Test {
 protected:
  Note() {
    std::string path = (std::filesystem::temp_directory_path() / "baton-note-XXXXXX").string();
    directory_ = ::mkdtemp(path.data());
  }
  ~Note() override { std::filesystem::remove_all(directory_); }
  std::string directory_;
};

TEST_F(Note, is_read_as_it_was_written) {
  const daemon::Setup setup;
  const std::vector left{address("eth0", "10.0.20.100", 32), address("eth1", "fd00::1", 64)};
  ASSERT_TRUE(write_managed(directory_, setup, left));
  const auto read = read_managed(directory_);
  ASSERT_EQ(read.size(), 2U);
  EXPECT_EQ(read[0].device, "eth0");
  EXPECT_EQ(read[0].address, left[0].address);
  EXPECT_EQ(read[1].address, left[1].address);
}

TEST_F(Note, passes_over_what_somebody_scribbled) {
  std::ofstream(directory_ + "/addresses") << "\n\xff\neth0\neth0 10.0.0.1\neth0 10.0.0.1 33\neth0 10.0.0.1 -1\n"
                                              "eth0 10.0.0.2 24\n";
  const auto read = read_managed(directory_);
  ASSERT_EQ(read.size(), 1U);
  EXPECT_EQ(to_string(read[0].address.address), "10.0.0.2");
}

TEST_F(Note, that_is_missing_says_nothing) {
  EXPECT_TRUE(read_managed(directory_).empty());
}

TEST(Leftovers, of_several_reloads_are_kept_once_until_they_are_gone) {
  Leftovers leftovers;
  const std::vector first{address("eth0", "10.0.20.100", 32)};
  leftovers.add(first);
  leftovers.add(first);
  leftovers.add(std::vector{address("eth0", "10.0.20.101", 32)});
  EXPECT_EQ(leftovers.all().size(), 2U);
  leftovers.clear();
  EXPECT_TRUE(leftovers.all().empty());
}

// One that is put there with another label is not what the configuration before the last one wanted.
TEST(Leftovers, are_as_they_were_put_there_last) {
  config::VirtualAddress labelled = address("eth0", "10.0.20.100", 32);
  Leftovers leftovers;
  leftovers.add(std::vector{labelled});
  labelled.label = "eth0:vip";
  leftovers.add(std::vector{labelled});
  ASSERT_EQ(leftovers.all().size(), 1U);
  EXPECT_EQ(leftovers.all().front().label, "eth0:vip");
}

}  // namespace
}  // namespace baton::daemon
