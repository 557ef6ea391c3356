#include "process/runner_protocol.h"

#include <gtest/gtest.h>

#include <random>

namespace baton::process {
namespace {

using namespace std::chrono_literals;

TrackScript script(std::uint32_t id) {
  return {.id = id,
          .name = "chk_nginx",
          .command = {.argv = {"killall", "-0", "nginx"}, .user = "nobody", .group = "nogroup"},
          .interval = 2s,
          .timeout = 1500ms,
          .rise = 2,
          .fall = 3,
          .initial = InitialVerdict::down,
          .wake_up = false};
}

std::vector<ToRunner> every_message_to_runner() {
  return {
      SetScripts{.is_first = false, .is_last = false, .rules = {true, true}, .scripts = {script(1), script(2)}},
      SetFifos{.rules = {true, false},
               .fifos = {{.path = "/run/f", .user = "u", .group = "g", .script = {{"/s", "a"}, "", ""}}}},
      Notify{.key = "INSTANCE VI_1", .rules = {}, .commands = {{{"/n", "x"}, "u", "g"}}, .deadline = 5s},
      WriteFifos{.text = "VS [10.0.0.1]:tcp:80 UP\n", .is_of_service = true},
      WriteFifos{.text = "INSTANCE \"VI_1\" MASTER 100\n"},
      SendMail{.server = {.host = "mail",
                          .port = 587,
                          .helo_name = "web1",
                          .connect_timeout = 3s,
                          .security = notify::MailSecurity::starttls,
                          .user = "u",
                          .password = "p",
                          .ca_file = "/ca"},
               .mail = {.from = "a", .to = {"b", "c"}, .subject = "s", .body = "t"}},
      Stop{.bound = 2s},
      SetFiles{
          .is_first = false,
          .is_last = true,
          .at_start = true,
          .files = {{.id = 4, .name = "tf", .path = "/f", .is_made = true, .made_with = -5, .is_overwritten = true}}},
      SetFileMask{.mask = 022},
      SetWebhooks{.is_first = true,
                  .is_last = false,
                  .webhooks = {{.name = "ops",
                                .url = "https://h/",
                                .headers = {"a: b", "c: d"},
                                .format = notify::WebhookFormat::teams,
                                .timeout = 3s,
                                .retries = 7,
                                .states = notify::all_states,
                                .ca_file = "/ca",
                                .proxy = "http://p"}}},
      TellWebhooks{.news = {.node = "web1",
                            .subject = notify::Subject::group,
                            .name = "G",
                            .state = notify::EventState::deleted,
                            .priority = 5,
                            .reason = "stop",
                            .at_ms = 1'764'248'003'250}},
      SetProcesses{.is_first = true,
                   .is_last = false,
                   .processes = {{.id = 5,
                                  .name = "p",
                                  .process = "nginx",
                                  .arguments = {"-g"},
                                  .match = TrackedProcess::Match::initial,
                                  .full_command = true,
                                  .quorum = 2,
                                  .quorum_max = 3,
                                  .fork_delay = 1s,
                                  .terminate_delay = 2s}}}};
}

std::vector<FromRunner> every_message_from_runner() {
  return {ScriptResult{.id = 7,
                       .is_up = true,
                       .news = ScriptResult::News::changed,
                       .end = {RunEnd::Kind::signalled, 9},
                       .text = "killed by signal 9"},
          NotifyFinished{.key = "k", .command = "/n", .end = {RunEnd::Kind::exited, 3}, .took = 5ms, .number = 7},
          RunnerEvent{.level = Level::warning, .text = "text"},
          RunnerCounters{.script_runs = 5, .bad_messages = 7},
          Stopped{.abandoned = 2},
          FileResult{.id = 4, .number = -5, .news = ScriptResult::News::changed, .text = "holds -5"},
          ProcessResult{.id = 5, .is_up = true, .news = ScriptResult::News::known, .text = "2 running"}};
}

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
