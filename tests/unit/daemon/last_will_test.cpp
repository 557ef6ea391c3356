#include "daemon/last_will.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstring>
#include <thread>
#include <utility>

namespace baton::daemon {
namespace {

struct Memory {
  explicit Memory(std::size_t routers) : bytes(LastWill::size_for(routers) / 64 + 1) {}
  struct alignas(64) Line {
    std::byte bytes[64]{};
  };
  std::vector<Line> bytes;
  void* data() { return bytes.data(); }
};

RouterWill will_of(std::uint32_t number) {
  RouterWill will{.interface_index = number, .holds_addresses = number % 2 == 1};
  will.codec.ah_sequence = number;
  will.router.priority = static_cast<std::uint8_t>(number);
  return will;
}

TEST(LastWill, what_was_never_written_is_nothing) {
  Memory memory(3);
  const LastWill will(memory.data(), 3);
  EXPECT_FALSE(will.read(0));
  EXPECT_FALSE(will.is_serving());
  EXPECT_EQ(will.read_all().size(), 3U);
}

TEST(LastWill, another_view_of_the_memory_reads_what_was_written) {
  Memory memory(2);
  LastWill writer(memory.data(), 2);
  writer.write(1, will_of(7));
  writer.beat(Instant(std::chrono::seconds(5)));
  writer.set_serving();
  const LastWill reader(memory.data(), 2);
  EXPECT_FALSE(reader.read(0));
  ASSERT_TRUE(reader.read(1));
  EXPECT_EQ(reader.read(1)->codec.ah_sequence, 7U);
  EXPECT_EQ(reader.heartbeat(), Instant(std::chrono::seconds(5)));
  EXPECT_TRUE(reader.is_serving());
}

TEST(LastWill, a_slot_whose_writer_died_half_way_is_nothing_until_it_is_written_anew) {
  Memory memory(1);
  LastWill will(memory.data(), 1);
  will.write(0, will_of(1));
  // The version stands first in the slot, behind one line of header.
  auto* version = reinterpret_cast<std::uint32_t*>(static_cast<std::byte*>(memory.data()) + 64);
  EXPECT_EQ(*version % 2, 0U);
  ++*version;  // killed between the two stores
  EXPECT_FALSE(will.read(0));
  will.write(0, will_of(2));
  ASSERT_TRUE(will.read(0));
  EXPECT_EQ(will.read(0)->interface_index, 2U);
}

TEST(LastWill, a_version_that_wraps_around_is_not_taken_for_never_written) {
  Memory memory(1);
  LastWill will(memory.data(), 1);
  auto* version = reinterpret_cast<std::uint32_t*>(static_cast<std::byte*>(memory.data()) + 64);
  *version = 0xffff'fffe;
  will.write(0, will_of(3));
  EXPECT_TRUE(will.read(0));
}

TEST(LastWill, a_new_generation_serves_nobody_yet_and_is_alive) {
  Memory memory(1);
  LastWill will(memory.data(), 1);
  will.write(0, will_of(1));
  will.set_serving();
  will.begin_generation(Instant(std::chrono::seconds(9)));
  EXPECT_FALSE(will.is_serving());
  EXPECT_EQ(will.heartbeat(), Instant(std::chrono::seconds(9)));
  EXPECT_TRUE(will.read(0));
  will.forget();
  EXPECT_FALSE(will.read(0));
}

#ifndef __SANITIZE_THREAD__  // a sequence lock races by design
TEST(LastWill, a_reader_beside_a_writer_sees_whole_wills_only) {
  Memory memory(1);
  LastWill will(memory.data(), 1);
  std::atomic<bool> stop = false;
  std::jthread writer([&] {
    for (std::uint32_t i = 1; !stop; ++i) will.write(0, will_of(i));
  });
  // As many reads as it takes to meet it at work: on one processor it writes only while nobody reads.
  std::uint32_t last = 0;
  int others = 0;
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  for (int i = 0; i < 100'000 || (others < 100 && std::chrono::steady_clock::now() < give_up); ++i) {
    const auto read = will.read(0);
    if (!read) continue;
    if (std::exchange(last, read->interface_index) != read->interface_index) ++others;
    EXPECT_EQ(read->codec.ah_sequence, read->interface_index);
    EXPECT_EQ(read->router.priority, static_cast<std::uint8_t>(read->interface_index));
  }
  stop = true;
  EXPECT_GE(others, 100) << "it has hardly been read beside its writer";
}
#endif

}  // namespace
}  // namespace baton::daemon
