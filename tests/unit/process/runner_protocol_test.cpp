#include "process/runner_protocol.h"

#include <gtest/gtest.h>

#include <random>

#include "unit/process/every_message.h"

namespace baton::process {
namespace {

using namespace std::chrono_literals;

TEST(RunnerProtocol, every_message_survives_the_way) {
  for (const ToRunner& message : every_message_to_runner()) EXPECT_EQ(decode_to_runner(*encode(message)), message);
  for (const FromRunner& message : every_message_from_runner()) {
    EXPECT_EQ(decode_from_runner(*encode(message)), message);
  }
}

TEST(RunnerProtocol, a_message_cut_short_is_truncated) {
  const Bytes whole = *encode(every_message_to_runner().front());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(decode_to_runner(ByteView(whole).first(size)).error(), ProtocolError::truncated);
  }
}

TEST(RunnerProtocol, a_byte_too_many_is_refused) {
  Bytes bytes = *encode(ToRunner(Stop{}));
  bytes.push_back(0);
  EXPECT_EQ(decode_to_runner(bytes).error(), ProtocolError::trailing_bytes);
}

TEST(RunnerProtocol, an_unknown_kind_is_refused) {
  const Bytes bytes{200};
  EXPECT_EQ(decode_to_runner(bytes).error(), ProtocolError::unknown_kind);
  EXPECT_EQ(decode_from_runner(bytes).error(), ProtocolError::unknown_kind);
}

TEST(RunnerProtocol, a_field_out_of_range_is_refused) {
  Bytes flag = *encode(ToRunner(SetScripts{}));
  flag[1] = 2;  // is_first
  EXPECT_EQ(decode_to_runner(flag).error(), ProtocolError::bad_value);
  Bytes span = *encode(ToRunner(Stop{}));
  span[1] = 0xff;  // a negative time
  EXPECT_EQ(decode_to_runner(span).error(), ProtocolError::bad_value);
}

TEST(RunnerProtocol, a_text_with_a_nul_byte_is_refused) {
  const Bytes bytes = *encode(ToRunner(WriteFifos{.text = std::string("a\0b", 3)}));
  EXPECT_EQ(decode_to_runner(bytes).error(), ProtocolError::bad_value);
}

TEST(RunnerProtocol, a_value_that_does_not_fit_is_refused_by_the_sender) {
  EXPECT_EQ(encode(ToRunner(WriteFifos{.text = std::string(limits::message_size, 'x')})).error(),
            ProtocolError::too_long);
  EXPECT_EQ(encode(ToRunner(WriteFifos{.text = std::string(70'000, 'x')})).error(), ProtocolError::too_long);
}

TEST(RunnerProtocol, many_scripts_travel_in_as_many_messages_as_they_need) {
  std::vector<TrackScript> scripts;
  for (std::uint32_t id = 0; id < 1'000; ++id) scripts.push_back(script(id));
  const auto messages = *encode_scripts({.security = true, .fail_open = false}, scripts);
  EXPECT_GT(messages.size(), 1U);
  std::vector<TrackScript> arrived;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    EXPECT_LE(messages[i].size(), limits::message_size);
    const auto part = std::get<SetScripts>(*decode_to_runner(messages[i]));
    EXPECT_EQ(part.is_first, i == 0);
    EXPECT_EQ(part.is_last, i + 1 == messages.size());
    EXPECT_TRUE(part.rules.security);
    arrived.insert(arrived.end(), part.scripts.begin(), part.scripts.end());
  }
  EXPECT_EQ(arrived, scripts);
}

TEST(RunnerProtocol, no_scripts_is_a_message_too) {
  const auto messages = *encode_scripts({}, {});
  ASSERT_EQ(messages.size(), 1U);
  EXPECT_EQ(*decode_to_runner(messages.front()), ToRunner(SetScripts{}));
}

TEST(RunnerProtocol, a_script_too_long_for_any_message_is_refused) {
  TrackScript endless = script(1);
  endless.command.argv.assign(10, std::string(10'000, 'x'));
  EXPECT_EQ(encode_scripts({}, {endless}).error(), ProtocolError::too_long);
}

// Whatever arrives is an error or a message that encodes to the same bytes.
TEST(RunnerProtocol, damaged_messages_are_errors_or_other_messages) {
  std::mt19937 random(1);  // NOLINT(cert-msc51-cpp): the same damage in every run
  for (const ToRunner& message : every_message_to_runner()) {
    const Bytes whole = *encode(message);
    for (int round = 0; round < 2'000; ++round) {
      Bytes damaged = whole;
      for (int hits = 1 + round % 4; hits > 0; --hits) {
        damaged[random() % damaged.size()] = static_cast<std::uint8_t>(random());
      }
      if (const auto decoded = decode_to_runner(damaged)) {
        EXPECT_EQ(*encode(*decoded), damaged);
      }
    }
  }
}

}  // namespace
}  // namespace baton::process
