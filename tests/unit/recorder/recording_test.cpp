// Files that are none, in every way there is.
#include "recorder/recording.h"

#include <gtest/gtest.h>

#include <random>

#include "unit/recorder/tape.h"

namespace baton::recorder {
namespace {

using namespace std::chrono_literals;
using namespace vrrp;

Bytes with_right_digest(Bytes file) {
  const std::uint64_t value = digest(ByteView(file).first(file.size() - 8));
  for (unsigned i = 0; i < 8; ++i) file[file.size() - 8 + i] = static_cast<std::uint8_t>(value >> (8 * i));
  return file;
}

TEST(Recording, comes_back_from_its_file) {
  const auto recording = read_recording(small_file());
  ASSERT_TRUE(recording) << recording.error();
  EXPECT_EQ(recording->origin.node, "web1");
  EXPECT_EQ(recording->origin.program, "test");
  ASSERT_EQ(recording->lives.size(), 1);
  EXPECT_EQ(recording->lives[0].parameters.routers[1].name, "VI_1");
  EXPECT_EQ(recording->lives[0].parameters.groups[0].members, (std::vector<RouterId>{0, 1}));
  EXPECT_EQ(recording->wall(Instant(1003s)), WallTime(3s));
}

TEST(Recording, what_is_no_recording_is_said_to_be_none) {
  EXPECT_EQ(read_recording({}).error(), "it is no recording of Baton's: it does not begin with BATONREC");
  EXPECT_EQ(read_recording(Bytes(100, 'x')).error(), "it is no recording of Baton's: it does not begin with BATONREC");
}

TEST(Recording, another_version_of_the_format_is_told_and_what_to_do) {
  Bytes file = small_file();
  file[8] = format_version + 1;
  EXPECT_EQ(
      read_recording(with_right_digest(file)).error(),
      "it has version 11 of the format, and this program reads version 10; use the baton that came with the batond "
      "that wrote it");
}

TEST(Recording, cut_off_anywhere_is_an_error) {
  const Bytes file = small_file();
  for (std::size_t size = 0; size < file.size(); ++size) {
    EXPECT_FALSE(read_recording(ByteView(file).first(size))) << size;
  }
}

TEST(Recording, cut_off_by_somebody_who_knows_the_digest_is_an_error_or_plays_to_its_end) {
  const Bytes file = small_file();
  for (std::size_t size = 17; size < file.size(); ++size) {
    const auto recording =
        read_recording(with_right_digest(Bytes(file.begin(), file.begin() + static_cast<long>(size))));
    EXPECT_FALSE(recording) << size;
  }
  // Inside a segment: the ring's writer may have died anywhere.
  auto whole = *read_recording(file);
  for (std::size_t size = whole.lives[0].segments[0].bytes.size(); size > 0; --size) {
    whole.lives[0].segments[0].bytes.resize(size);
    (void)play_all(whole);
  }
}

TEST(Recording, with_bytes_that_somebody_made_up_does_not_crash_or_hang_the_reader) {
  const Bytes file = small_file();
  std::mt19937 random(1);
  std::size_t errors = 0;
  constexpr int tries = 20'000;
  for (int i = 0; i < tries; ++i) {
    Bytes made = file;
    for (unsigned changes = 1 + random() % 4; changes > 0; --changes) {
      made[9 + random() % (made.size() - 17)] = static_cast<std::uint8_t>(random());
    }
    errors += play_file(with_right_digest(made)).error.empty() ? 0 : 1;
  }
  EXPECT_GT(errors, tries / 20);
}

}  // namespace
}  // namespace baton::recorder
