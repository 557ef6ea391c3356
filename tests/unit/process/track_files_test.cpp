// Files that hold a number (track_file): every way a file gets another one is seen.
#include "process/track_files.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>

#include "unit/process/runner_bench.h"

namespace baton::process {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

TEST(LeadingNumber, is_read_in_any_of_cs_notations) {
  EXPECT_EQ(leading_number("5\n"), 5);
  EXPECT_EQ(leading_number(" -7"), -7);
  EXPECT_EQ(leading_number("0x10"), 16);
  EXPECT_EQ(leading_number("010"), 8);
}

TEST(LeadingNumber, ends_where_the_digits_end) {
  EXPECT_EQ(leading_number("12abc"), 12);
}

TEST(LeadingNumber, is_0_where_there_is_none) {
  EXPECT_EQ(leading_number("garbage"), 0);
  EXPECT_EQ(leading_number(""), 0);
}

TEST(LeadingNumber, that_does_not_fit_is_the_nearest_that_does) {
  EXPECT_EQ(leading_number("99999999999999999999"), 2'147'483'647);
  EXPECT_EQ(leading_number("-99999999999999999999"), -2'147'483'648);
}

std::string path_of(const Folder& folder) {
  return std::filesystem::path(folder.file("x")).parent_path();
}

// On the way from the root to a folder.
std::set<WatchPoint> with_the_way_to(const std::string& directory, std::set<WatchPoint> points) {
  for (std::filesystem::path path = directory; path.has_relative_path(); path = path.parent_path()) {
    points.insert({path.parent_path(), path.filename(), true});
  }
  return points;
}

TEST(WatchPoints, are_the_file_and_every_link_and_directory_on_the_way) {
  const Folder folder;
  const std::string directory = path_of(folder);
  std::filesystem::create_directories(folder.file("d/v1"));
  std::filesystem::create_directory_symlink("d/v1", folder.file("now"));
  EXPECT_EQ(watch_points(folder.file("now/value")), with_the_way_to(directory, {{directory, "now"},
                                                                                {directory, "d", true},
                                                                                {directory + "/d", "v1", true},
                                                                                {directory + "/d/v1", "value"}}));
}

TEST(WatchPoints, end_at_the_first_name_that_is_missing) {
  const Folder folder;
  const std::string directory = path_of(folder);
  EXPECT_EQ(watch_points(folder.file("not/there/value")), with_the_way_to(directory, {{directory, "not"}}));
}

TEST(WatchPoints, of_a_link_to_itself_have_an_end) {
  const Folder folder;
  std::filesystem::create_symlink("loop", folder.file("loop"));
  EXPECT_EQ(watch_points(folder.file("loop")), with_the_way_to(path_of(folder), {{path_of(folder), "loop"}}));
}

class TrackedFiles : public ::testing::Test {
 protected:
  void write(const std::string& name, const std::string& text) { std::ofstream(folder_.file(name)) << text; }
  void track(std::vector<TrackedFile> files, bool at_start = false) {
    bench_.set_scripts({});  // what is tracked is told after the scripts are set
    const auto messages = encode_files(at_start, files);
    for (const Bytes& bytes : *messages) bench_.send_bytes(bytes);
  }
  TrackedFile file(const std::string& name) {
    TrackedFile made;
    made.id = 3;
    made.name = "tf";
    made.path = folder_.file(name);
    return made;
  }
  // In order: what was told before the number is behind us, such as the 0 of a file that is being written.
  bool holds(std::int32_t number) {
    while (const auto result = bench_.next<FileResult>()) {
      if (result->number == number) return true;
    }
    return false;
  }

  Folder folder_;
  RunnerBench bench_;
};

TEST_F(TrackedFiles, tell_what_they_hold) {
  write("a", "5\n");
  track({file("a")});
  const auto result = bench_.next<FileResult>();
  ASSERT_TRUE(result);
  EXPECT_EQ(*result, (FileResult{.id = 3, .number = 5, .news = ScriptResult::News::first, .text = "holds 5"}));
}

TEST_F(TrackedFiles, that_are_missing_hold_0) {
  track({file("a")});
  const auto result = bench_.next<FileResult>();
  ASSERT_TRUE(result);
  EXPECT_EQ(result->number, 0);
  EXPECT_THAT(result->text, HasSubstr("No such file"));
}

TEST_F(TrackedFiles, are_read_when_written_removed_and_renamed_into_place) {
  write("a", "5\n");
  track({file("a")});
  EXPECT_TRUE(holds(5));
  write("a", "6");
  EXPECT_TRUE(holds(6));
  std::filesystem::remove(folder_.file("a"));
  EXPECT_TRUE(holds(0));
  write("b", "8");
  std::filesystem::rename(folder_.file("b"), folder_.file("a"));
  EXPECT_TRUE(holds(8));
}

TEST_F(TrackedFiles, that_are_missing_are_told_once_however_often_they_are_looked_at) {
  TrackedFile other = file("b");
  other.id = 4;
  track({file("a"), other});
  EXPECT_TRUE(bench_.next<FileResult>(patience, [](const FileResult& it) { return it.id == 3; }));
  std::filesystem::create_directory(folder_.file("a"));  // is no number either
  write("b", "7");
  int told = 0;
  EXPECT_TRUE(bench_.next<FileResult>(patience, [&](const FileResult& it) {
    told += it.id == 3 ? 1 : 0;
    return it.number == 7;
  }));
  EXPECT_EQ(told, 0);
}

TEST_F(TrackedFiles, are_followed_through_links) {
  std::filesystem::create_directory(folder_.file("v1"));
  std::filesystem::create_directory(folder_.file("v2"));
  write("v1/value", "1");
  write("v2/value", "2");
  std::filesystem::create_directory_symlink("v1", folder_.file("now"));
  std::filesystem::create_symlink("now/value", folder_.file("a"));
  track({file("a")});
  EXPECT_TRUE(holds(1));
  write("v1/value", "11");
  EXPECT_TRUE(holds(11));
  std::filesystem::create_directory_symlink("v2", folder_.file("next"));  // as ConfigMaps are replaced
  std::filesystem::rename(folder_.file("next"), folder_.file("now"));
  EXPECT_TRUE(holds(2));
  write("v2/value", "22");
  EXPECT_TRUE(holds(22));
}

TEST_F(TrackedFiles, in_a_directory_that_comes_later_and_goes_again) {
  track({file("d/a")});
  EXPECT_TRUE(holds(0));
  for (const int number : {4, 5}) {
    std::filesystem::create_directory(folder_.file("d"));
    write("d/a", std::to_string(number));
    EXPECT_TRUE(holds(number));
    std::filesystem::remove_all(folder_.file("d"));
    EXPECT_TRUE(holds(0));
  }
}

TEST_F(TrackedFiles, in_a_directory_that_is_moved_with_one_above_it) {
  std::filesystem::create_directories(folder_.file("d/e/f"));
  std::filesystem::create_directories(folder_.file("other/e/f"));
  write("d/e/f/a", "4");
  write("other/e/f/a", "5");
  track({file("d/e/f/a")});
  EXPECT_TRUE(holds(4));
  std::filesystem::rename(folder_.file("d"), folder_.file("gone"));
  EXPECT_TRUE(holds(0));
  std::filesystem::rename(folder_.file("gone"), folder_.file("d"));
  EXPECT_TRUE(holds(4));
  ASSERT_EQ(::renameat2(AT_FDCWD, folder_.file("d").c_str(), AT_FDCWD, folder_.file("other").c_str(), RENAME_EXCHANGE),
            0);
  EXPECT_TRUE(holds(5));
  write("d/e/f/a", "6");
  EXPECT_TRUE(holds(6));
}

TEST_F(TrackedFiles, are_made_at_the_start_of_the_daemon_alone) {
  TrackedFile made = file("a");
  made.is_made = true;
  made.made_with = 7;
  track({made});
  EXPECT_TRUE(holds(0));
  track({made}, true);
  EXPECT_TRUE(holds(7));
  EXPECT_EQ(folder_.text("a"), "7\n");
  EXPECT_EQ(std::filesystem::status(folder_.file("a")).permissions(), std::filesystem::perms(0600));
}

TEST_F(TrackedFiles, that_are_there_are_kept_unless_they_are_to_be_overwritten) {
  write("a", "5");
  TrackedFile made = file("a");
  made.is_made = true;
  made.made_with = 7;
  track({made}, true);
  EXPECT_TRUE(holds(5));
  made.is_overwritten = true;
  track({made}, true);
  EXPECT_TRUE(holds(7));
}

TEST_F(TrackedFiles, known_to_the_runner_are_no_news_to_the_next_worker) {
  write("a", "5");
  track({file("a")});
  EXPECT_TRUE(holds(5));
  bench_.new_worker();
  track({file("a")});
  const auto result = bench_.next<FileResult>();
  ASSERT_TRUE(result);
  EXPECT_EQ(result->news, ScriptResult::News::known);
}

TEST_F(TrackedFiles, a_fifo_without_a_writer_holds_up_nobody) {
  ASSERT_EQ(::mkfifo(folder_.file("a").c_str(), 0600), 0);
  track({file("a")});
  EXPECT_TRUE(holds(0));
}

}  // namespace
}  // namespace baton::process
