#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "base/bytes.h"
#include "base/checksum.h"
#include "base/ip_address.h"
#include "base/mac_address.h"
#include "base/timer_queue.h"

namespace baton {
namespace {

using std::chrono::milliseconds;

TEST(IpAddress, reads_what_it_writes) {
  for (const char* text : {"10.0.20.100", "0.0.0.0", "255.255.255.255", "fe80::1", "2001:db8::20:100", "::"}) {
    const auto address = IpAddress::parse(text);
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(to_string(*address), text);
  }
}

TEST(IpAddress, refuses_short_forms_names_and_leading_zeros) {
  for (const char* text : {"", "10.0.0", "10.0.0.05", "localhost", "10.0.0.1/24", "fe80::1%eth0", "10.0.0.256"}) {
    EXPECT_FALSE(IpAddress::parse(text)) << text;
  }
  EXPECT_FALSE(IpAddress::parse(std::string_view("10.0.0.1\0", 9)));
}

TEST(IpAddress, orders_numerically_most_significant_byte_first) {  // RFC 9568 §6.4.3
  EXPECT_LT(IpAddress::v4(0x0a00140e), IpAddress::v4(0x0a00140f));
  EXPECT_LT(IpAddress::v4(0x0900ffff), IpAddress::v4(0x0a000000));
}

TEST(IpPrefix, contains_by_its_leading_bits) {
  const IpPrefix prefix{.address = IpAddress::v4(0x0a001400), .length = 22};
  EXPECT_TRUE(contains(prefix, IpAddress::v4(0x0a0017ff)));
  EXPECT_FALSE(contains(prefix, IpAddress::v4(0x0a001800)));
  EXPECT_FALSE(contains(prefix, *IpAddress::parse("fe80::1")));
}

TEST(MacAddress, reads_what_it_writes) {
  const auto mac = MacAddress::parse("02:00:5E:00:01:32");
  ASSERT_TRUE(mac);
  EXPECT_EQ(to_string(*mac), "02:00:5e:00:01:32");
  EXPECT_FALSE(MacAddress::parse("02:00:5e:00:01"));
  EXPECT_FALSE(MacAddress::parse("02-00-5e-00-01-32"));
}

TEST(ByteReader, a_read_past_the_end_yields_zero_and_is_remembered) {
  const Bytes bytes{1, 2, 3};
  ByteReader reader(bytes);
  EXPECT_EQ(reader.u16(), 0x0102);
  EXPECT_TRUE(reader.ok());
  EXPECT_EQ(reader.u16(), 0);
  EXPECT_FALSE(reader.ok());
  EXPECT_EQ(reader.remaining(), 0U);
}

TEST(ByteWriter, writes_in_network_order) {
  Bytes bytes;
  ByteWriter writer(bytes);
  writer.u8(1);
  writer.u16(0x0203);
  writer.u32(0x04050607);
  writer.put_u16(1, 0xfffe);
  EXPECT_EQ(bytes, (Bytes{1, 0xff, 0xfe, 4, 5, 6, 7}));
}

TEST(InternetChecksum, of_rfc_1071s_example) {  // RFC 1071 §3: the sum is ddf2
  InternetChecksum checksum;
  checksum.add(Bytes{0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7});
  EXPECT_EQ(checksum.value(), static_cast<std::uint16_t>(~0xddf2));
}

template <typename Queue>
class TimerQueueTest : public testing::Test {};
using TimerQueues = testing::Types<TimerQueue<unsigned>, TimerQueue<unsigned, DensePlaces<unsigned>>>;
TYPED_TEST_SUITE(TimerQueueTest, TimerQueues);

TYPED_TEST(TimerQueueTest, gives_due_keys_in_the_order_of_their_deadlines) {
  TypeParam queue;
  queue.set(1, Instant(milliseconds(30)));
  queue.set(2, Instant(milliseconds(10)));
  queue.set(3, Instant(milliseconds(20)));
  queue.set(1, Instant(milliseconds(5)));  // moved
  queue.set(3, std::nullopt);              // disarmed
  EXPECT_EQ(queue.next(), Instant(milliseconds(5)));
  EXPECT_EQ(queue.pop_due(Instant(milliseconds(4))), std::nullopt);
  EXPECT_EQ(queue.pop_due(Instant(milliseconds(50))), 1U);
  EXPECT_EQ(queue.pop_due(Instant(milliseconds(50))), 2U);
  EXPECT_TRUE(queue.empty());
}

TYPED_TEST(TimerQueueTest, gives_ties_in_the_order_of_their_keys) {
  TypeParam queue;
  for (const unsigned key : {5U, 2U, 4U, 1U, 3U}) queue.set(key, Instant(milliseconds(10)));
  for (unsigned key = 1; key <= 5; ++key) EXPECT_EQ(queue.pop_due(Instant(milliseconds(10))), key);
}

// Against the slow way: all keys looked through for the earliest.
TYPED_TEST(TimerQueueTest, agrees_with_a_list_that_is_looked_through) {
  std::mt19937 random(1);
  TypeParam queue;
  std::map<unsigned, Instant> list;
  for (int step = 0; step < 20'000; ++step) {
    const unsigned key = random() % 64;
    const Instant time(milliseconds(random() % 40));
    if (random() % 4 == 0) {
      queue.set(key, std::nullopt);
      list.erase(key);
    } else if (random() % 3 != 0) {
      queue.set(key, time);
      list[key] = time;
    } else {
      const auto earliest =
          std::ranges::min_element(list, {}, [](const auto& entry) { return std::pair(entry.second, entry.first); });
      std::optional<unsigned> due;
      if (earliest != list.end() && earliest->second <= time) due = earliest->first;
      ASSERT_EQ(queue.pop_due(time), due);
      if (due) list.erase(*due);
    }
    ASSERT_EQ(queue.empty(), list.empty());
  }
}

}  // namespace
}  // namespace baton
