// A message of every kind between worker and runner, for tests of the protocol and for the seeds of its fuzz target.
#pragma once

#include <chrono>
#include <vector>

#include "process/runner_protocol.h"

namespace baton::process {

inline TrackScript script(std::uint32_t id) {
  using namespace std::chrono_literals;
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

inline std::vector<ToRunner> every_message_to_runner() {
  using namespace std::chrono_literals;
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
                            .at_ms = 1'764'248'003'250},
                   .number = 9},
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

inline std::vector<FromRunner> every_message_from_runner() {
  using namespace std::chrono_literals;
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
          ProcessResult{.id = 5, .is_up = true, .news = ScriptResult::News::known, .text = "2 running"},
          NewsDone{.numbers = {1, 1'764'248'003'250}}};
}

}  // namespace baton::process
