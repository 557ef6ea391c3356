// The api role in a process of its own, behind a real socket: who asks, how, and what the worker says to it.
#include "daemon/api_role.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <fstream>
#include <future>
#include <nlohmann/json.hpp>

#include "base/sanitizers.h"
#include "control/client.h"
#include "control/event_stream.h"
#include "daemon/channel.h"
#include "daemon/role.h"
#include "daemon/status_page.h"
#include "kernel/memory_file.h"
#include "kernel/process_settings.h"
#include "unit/daemon/made_setup.h"

namespace baton::daemon {
namespace {

using control::ControlError;
using nlohmann::json;
using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

constexpr const char* two_instances =
    "vrrp_instance VI_1 {\ninterface eth0\nvirtual_router_id 1\nvirtual_ipaddress {\n10.1.0.1/24\n}\n}\n"
    "vrrp_instance VI_2 {\ninterface eth0\nvirtual_router_id 2\nvirtual_ipaddress {\n10.2.0.1/24\n}\n}\n";

class ApiTest : public testing::Test {
 protected:
  // The test is the worker, and gets no processor for a while.
  virtual Duration worker_patience() const { return 60s; }
  void SetUp() override {
    std::string name = testing::TempDir() + "baton-api-XXXXXX";
    directory_ = ::mkdtemp(name.data());
    ::setenv("TMPDIR", directory_.c_str(), 1);
    auto memory = kernel::SharedMemory::create(LastWill::size_for(setup_.routers.size()));
    ASSERT_TRUE(memory);
    memory_ = std::move(*memory);
    will_.emplace(memory_.data(), setup_.routers.size());
    auto pair = kernel::Channel::make_pair();
    ASSERT_TRUE(pair);
    guardian_ = std::move(pair->first);
    auto events = kernel::SharedMemory::create(EventLog::size);
    ASSERT_TRUE(events);
    events_ = std::move(*events);
    options_.run_directory = directory_;
    ASSERT_TRUE(doors_.open());
    std::vector<int> keep = doors_.descriptors();
    keep.push_back(pair->second.fd());
    auto role = start_role({.name = "baton-api", .parent_death_signal = SIGKILL, .keep = keep, .main = [&] {
                              return run_api({.setup = setup_,
                                              .will = *will_,
                                              .events = EventLog(events_.data()),
                                              .reloads = reloads_,
                                              .scripts = process::ScriptLedger(nullptr),
                                              .log = {.syslog = false},
                                              .doors = doors_,
                                              .configuration = "/baton.conf",
                                              .node = "web1",
                                              .guardian_pid = 77,
                                              .worker_patience = worker_patience(),
                                              .guardian = std::move(pair->second)});
                            }});
    ASSERT_TRUE(role);
    role_ = std::move(*role);
  }
  void TearDown() override {
    ::unsetenv("TMPDIR");
    guardian_.close();  // the api ends by itself
    pollfd end{.fd = role_.pidfd.get(), .events = POLLIN, .revents = 0};
    EXPECT_EQ(::poll(&end, 1, 10'000), 1);
    EXPECT_EQ(reap(role_), "exited with status 0");
    (void)::unlink(path().c_str());
    (void)::rmdir(directory_.c_str());
  }
  std::string path() const { return directory_ + "/control.sock"; }
  // In a thread of its own: the test plays the worker meanwhile.
  std::future<std::expected<json, ControlError>> ask(control::Call call) const {
    return std::async(std::launch::async,
                      [call = std::move(call), path = path()] { return control::ask(path, call, 20s); });
  }
  // Its answer as it goes over the wire, to the end of the connection.
  std::string say(std::string_view text) const {
    const UniqueFd fd = connect();
    (void)::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL);
    (void)::shutdown(fd.get(), SHUT_WR);
    std::string heard;
    char buffer[4096];
    for (ssize_t count = 0; (count = ::recv(fd.get(), buffer, sizeof(buffer), 0)) > 0;) {
      heard.append(buffer, static_cast<std::size_t>(count));
    }
    return heard;
  }
  UniqueFd connect() const {
    UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path().copy(address.sun_path, sizeof(address.sun_path) - 1);
    const timeval bound{.tv_sec = 20, .tv_usec = 0};
    (void)::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &bound, sizeof(bound));
    EXPECT_EQ(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    return fd;
  }
  // Gives the api a worker's channel and keeps the worker's end.
  kernel::Channel connect_worker() {
    auto pair = kernel::Channel::make_pair();
    EXPECT_TRUE(pair);
    const std::uint8_t kind = 'A';
    EXPECT_TRUE(guardian_.send({&kind, 1}, pair->second.fd()));
    return std::move(pair->first);
  }
  static json next_question(const kernel::Channel& worker) {
    pollfd readable{.fd = worker.fd(), .events = POLLIN, .revents = 0};
    EXPECT_EQ(::poll(&readable, 1, 10'000), 1);
    const auto message = worker.receive();
    return message ? json::parse(message->bytes, nullptr, false) : json();
  }
  static StatusPage page_of(json reply) {
    StatusPage page;
    for (std::size_t i = 0; i < status_lists.size(); ++i) {
      for (const json& item : reply.value(status_lists[i], json::array())) page.lists.append(i, item.dump());
      reply.erase(status_lists[i]);
    }
    page.head = std::move(reply);
    return page;
  }
  // 1: it is asked something within so many milliseconds.
  static int poll_for(const kernel::Channel& worker, int milliseconds) {
    pollfd readable{.fd = worker.fd(), .events = POLLIN, .revents = 0};
    return ::poll(&readable, 1, milliseconds);
  }
  std::optional<kernel::Channel::Message> said_to_guardian() const {
    if (poll_for(guardian_, 10'000) != 1) return std::nullopt;
    auto message = guardian_.receive();
    return message ? std::optional(std::move(*message)) : std::nullopt;
  }
  static void answer(const kernel::Channel& worker, const json& reply) {
    const std::string text = reply.contains("next") ? page_of(reply).message() : reply.dump();
    EXPECT_TRUE(worker.send({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}));
  }

  daemon::Setup setup_ = setup_of(two_instances);
  std::string directory_;
  kernel::SharedMemory memory_;
  std::optional<LastWill> will_;
  kernel::SharedMemory events_;
  ReloadLedger reloads_{};
  Options options_;
  log::Logger log_{{.syslog = false}};
  ApiDoors doors_{options_, log_};
  kernel::Channel guardian_;
  RoleProcess role_;
};

constexpr const char* status_path = "/v1/status";

TEST_F(ApiTest, without_a_worker_the_last_will_answers) {
  RouterWill will;
  will.router.state = vrrp::State::master;
  will.router.priority = 90;
  will_->write(1, will);
  const auto reply = ask({.path = status_path}).get();
  ASSERT_TRUE(reply) << reply.error().message;
  const json& status = *reply;
  EXPECT_EQ(status["worker"]["answers"], false);
  EXPECT_EQ(status["node"], "web1");
  EXPECT_EQ(status["pid"], 77);
  EXPECT_EQ(status["instances"][0]["state"], "INIT");
  EXPECT_EQ(status["instances"][1]["state"], "MASTER");
  EXPECT_EQ((*ask({.path = "/v1/instances/VI_2"}).get())["state"], "MASTER");
}

TEST_F(ApiTest, nonsense_is_answered_and_survived) {
  EXPECT_THAT(say("{\"command\":\"status\"}\n"), HasSubstr("HTTP/1.1 400"));
  EXPECT_THAT(say("GET /v1/nothing HTTP/1.1\r\n\r\n"), HasSubstr("HTTP/1.1 404"));
  EXPECT_THAT(say("GET / HTTP/9.9\r\n\r\n"), HasSubstr("HTTP/1.1 400"));
  EXPECT_THAT(say("DELETE /v1/status HTTP/1.1\r\n\r\n"), HasSubstr("Allow: GET"));
  EXPECT_THAT(say("POST /v1/reload HTTP/1.1\r\nContent-Length: 2\r\n\r\n[]"), HasSubstr("HTTP/1.1 400"));
  EXPECT_THAT(say("POST /v1/reload HTTP/1.1\r\nContent-Length: 4000\r\n\r\n" + std::string(4000, '[')),
              HasSubstr("HTTP/1.1 400"));
  EXPECT_THAT(say("POST /v1/reload HTTP/1.1\r\nContent-Length: 999999999\r\n\r\n"), HasSubstr("HTTP/1.1 413"));
  EXPECT_EQ(say("GET /v1/sta"), "");
  EXPECT_EQ((*ask({.path = status_path}).get())["node"], "web1");
}

TEST_F(ApiTest, the_page_runs_under_a_policy_of_its_own_parts) {
  const std::string page = say("GET / HTTP/1.1\r\n\r\n");
  EXPECT_THAT(page, HasSubstr("HTTP/1.1 200"));
  EXPECT_THAT(page, HasSubstr("Content-Type: text/html; charset=utf-8\r\n"));
  EXPECT_THAT(page, HasSubstr("Content-Security-Policy: default-src 'none'; connect-src 'self'; style-src 'sha256-"));
  for (const char* header : {"script-src 'sha256-", "frame-ancestors 'none'", "X-Content-Type-Options: nosniff\r\n",
                             "Cache-Control: no-store\r\n", "Referrer-Policy: no-referrer\r\n"}) {
    EXPECT_THAT(page, HasSubstr(header));
  }
  for (const char* forbidden : {"unsafe-inline", "http://", "https://", "innerHTML", "@style@", "@script@"}) {
    EXPECT_THAT(page, Not(HasSubstr(forbidden)));
  }
  EXPECT_THAT(say("POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n"), HasSubstr("HTTP/1.1 405"));
}

// It answers: so it has come to serve.
TEST_F(ApiTest, has_no_capability_and_few_system_calls) {
  ASSERT_TRUE(ask({.path = status_path}).get());
  std::ifstream file("/proc/" + std::to_string(role_.pid) + "/status");
  const std::string status(std::istreambuf_iterator<char>(file), {});
  EXPECT_THAT(status, HasSubstr("CapEff:\t0000000000000000\n"));
  EXPECT_THAT(status, HasSubstr("CapBnd:\t"));
  EXPECT_THAT(status, HasSubstr("NoNewPrivs:\t1\n"));
  if (!has_address_sanitizer) {
    EXPECT_THAT(status, HasSubstr("Seccomp:\t2\n"));
  }
}

// The server takes 128: whoever comes then takes the place of one that has not asked yet.
TEST_F(ApiTest, a_hundred_clients_at_once_are_all_answered) {
  std::vector<std::future<std::expected<json, ControlError>>> clients;
  for (int i = 0; i < 100; ++i) clients.push_back(ask({.path = status_path}));
  for (auto& client : clients) {
    const auto reply = client.get();
    ASSERT_TRUE(reply) << reply.error().message;
    EXPECT_EQ((*reply)["node"], "web1");
  }
}

TEST_F(ApiTest, a_thousand_silent_clients_do_not_keep_the_next_one_waiting) {
  std::vector<UniqueFd> silent;
  for (int i = 0; i < 1000; ++i) silent.push_back(connect());
  EXPECT_TRUE(ask({.path = status_path}).get());
  pollfd end_of_last{.fd = silent.back().get(), .events = POLLIN, .revents = 0};
  EXPECT_EQ(::poll(&end_of_last, 1, 0), 0) << "it waited until the time of the silent ones was over";
}

TEST_F(ApiTest, the_worker_is_asked_page_by_page) {
  const kernel::Channel worker = connect_worker();
  auto reply = ask({.path = status_path});
  const json first = next_question(worker);
  EXPECT_EQ(first["ask"], "status");
  EXPECT_EQ(first["from"], 0);
  answer(worker, {{"id", first["id"]}, {"instances", {{{"name", "A"}}}}, {"next", 1}});
  const json second = next_question(worker);
  EXPECT_EQ(second["from"], 1);
  answer(worker, {{"id", second["id"]}, {"instances", {{{"name", "B"}}}}, {"next", nullptr}});
  const json status = *reply.get();
  EXPECT_EQ(status["instances"].size(), 2U);
  EXPECT_EQ(status["worker"]["answers"], true);
}

TEST_F(ApiTest, a_list_asks_for_little) {
  const kernel::Channel worker = connect_worker();
  auto reply = ask({.path = "/v1/status?view=brief"});
  const json question = next_question(worker);
  EXPECT_EQ(question["brief"], true);
  answer(worker, {{"id", question["id"]}, {"instances", json::array()}, {"next", nullptr}});
  EXPECT_TRUE(reply.get());
}

TEST_F(ApiTest, a_list_is_read_item_by_item) {
  const kernel::Channel worker = connect_worker();
  std::vector<json> items;
  auto reply = std::async(std::launch::async, [&, path = path()] {
    return control::ask_item_by_item(
        path, {.path = status_path}, "groups", [&](const json& item) { items.push_back(item); }, 20s);
  });
  answer(worker, {{"id", next_question(worker)["id"]},
                  {"instances", {{{"name", "A"}, {"groups", {{{"name", "no item"}}}}}}},
                  {"groups", {{{"name", "G"}, {"members", {"A", "B"}}}, {{"name", "H"}}}},
                  {"next", nullptr}});
  const json head = *reply.get();
  ASSERT_EQ(items.size(), 2U);
  EXPECT_EQ(items[0]["members"].size(), 2U);
  EXPECT_EQ(items[1]["name"], "H");
  EXPECT_EQ(head["groups"], json::array());
  EXPECT_EQ(head["instances"].size(), 1U);
  EXPECT_EQ(head["node"], "web1");
}

TEST_F(ApiTest, one_instance_is_asked_for_by_its_name) {
  const kernel::Channel worker = connect_worker();
  auto reply = ask({.path = control::instance_path("VI 1/a")});
  const json question = next_question(worker);
  EXPECT_EQ(question["ask"], "instance");
  EXPECT_EQ(question["instance"], "VI 1/a");
  answer(worker, {{"id", question["id"]}, {"error", "no vrrp_instance is called so"}, {"kind", "not-found"}});
  EXPECT_EQ(reply.get().error().kind, ControlError::Kind::not_found);
}

// However many ask, the worker is asked once more, or a few times where they come one after the other.
TEST_F(ApiTest, a_crowd_shares_one_answer) {
  const kernel::Channel worker = connect_worker();
  auto first = ask({.path = status_path});
  const json question = next_question(worker);
  std::vector<std::future<std::expected<json, ControlError>>> crowd;
  for (int i = 0; i < 20; ++i) crowd.push_back(ask({.path = status_path}));
  // They have come once a request of ours behind them is there.
  EXPECT_THAT(say("GET /v1/nothing HTTP/1.1\r\n\r\n"), HasSubstr("404"));
  answer(worker, {{"id", question["id"]}, {"instances", json::array()}, {"next", nullptr}});
  EXPECT_TRUE(first.get());
  int questions = 0;
  for (auto& one : crowd) {
    while (one.wait_for(1ms) != std::future_status::ready) {
      pollfd readable{.fd = worker.fd(), .events = POLLIN, .revents = 0};
      if (::poll(&readable, 1, 1) != 1) continue;
      ++questions;
      answer(worker, {{"id", next_question(worker)["id"]}, {"instances", json::array()}, {"next", nullptr}});
    }
    EXPECT_TRUE(one.get());
  }
  EXPECT_LT(static_cast<std::size_t>(questions), crowd.size() / 2);  // some may have come later
}

TEST_F(ApiTest, what_happens_is_heard_by_listeners_and_kept_for_those_who_come_later) {
  const kernel::Channel worker = connect_worker();
  auto stream = control::EventStream::open(path());
  ASSERT_TRUE(stream);
  const auto hear = [&](control::EventStream& from) {
    pollfd readable{.fd = from.fd(), .events = POLLIN, .revents = 0};
    EXPECT_EQ(::poll(&readable, 1, 10'000), 1);
    return from.read().events;
  };
  ASSERT_EQ(hear(*stream).at(0)["listening"], true);
  answer(worker, {{"event", "instance"}, {"name", "VI_1"}, {"state", "MASTER"}});
  EXPECT_EQ(hear(*stream).at(0)["state"], "MASTER");
  const std::string last = stream->last_event();
  answer(worker, {{"event", "instance"}, {"name", "VI_1"}, {"state", "BACKUP"}});
  EXPECT_EQ(hear(*stream).at(0)["state"], "BACKUP");
  auto later = control::EventStream::open(path(), last);
  ASSERT_TRUE(later);
  const auto heard = hear(*later);
  ASSERT_EQ(heard.size(), 2U);
  EXPECT_EQ(heard[1]["state"], "BACKUP");
  const json history = *ask({.path = "/v1/history"}).get();
  ASSERT_EQ(history["events"].size(), 2U);
  EXPECT_EQ(history["events"][1]["number"], history["last"]);
}

TEST_F(ApiTest, what_the_guardian_asks_for_is_made_of_what_the_worker_says) {
  const kernel::Channel worker = connect_worker();
  const auto file = static_cast<std::uint8_t>(Dump::stats_clear);
  ASSERT_TRUE(guardian_.send({&file, 1}));
  const json question = next_question(worker);
  EXPECT_EQ(question["clear"], true);
  answer(worker, {{"id", question["id"]},
                  {"instances", {{{"name", "VI_1"}, {"adverts", {{"sent", 3}}}}}},
                  {"groups", json::array()},
                  {"scripts", json::array()},
                  {"processes", json::array()},
                  {"next", nullptr}});
  const auto made = said_to_guardian();
  ASSERT_TRUE(made);
  EXPECT_EQ(made->bytes, Bytes{file});
  EXPECT_THAT(kernel::read_memory_file(made->passed_fd, 1 << 20).value_or(""), HasSubstr("    Sent: 3\n"));
}

// Then the old file goes: whoever reads it would take it for the present.
TEST_F(ApiTest, without_a_worker_the_guardian_gets_no_file) {
  const auto file = static_cast<std::uint8_t>(Dump::json);
  ASSERT_TRUE(guardian_.send({&file, 1}));
  const auto made = said_to_guardian();
  ASSERT_TRUE(made);
  EXPECT_EQ(made->bytes, Bytes{file});
  EXPECT_FALSE(made->passed_fd);
}

// What it costs the worker to tell of one instance is a fifth of its time at most, however many ask.
TEST_F(ApiTest, a_crowd_that_asks_for_one_instance_shares_an_answer_and_waits_for_it) {
  const kernel::Channel worker = connect_worker();
  auto first = ask({.path = control::instance_path("VI_1")});
  const json question = next_question(worker);
  std::vector<std::future<std::expected<json, ControlError>>> crowd;
  for (int i = 0; i < 10; ++i) crowd.push_back(ask({.path = control::instance_path("VI_1")}));
  EXPECT_EQ(poll_for(worker, 200), 0);  // so long it takes, and four times as long is the pause
  answer(worker, {{"id", question["id"]}, {"name", "VI_1"}});
  EXPECT_TRUE(first.get());
  EXPECT_EQ(poll_for(worker, 100), 0) << "the next question comes within the pause";
  auto whole = ask({.path = status_path});
  const json other = next_question(worker);
  EXPECT_EQ(other["ask"], "status") << "which waits for no pause of others";
  answer(worker, {{"id", other["id"]}, {"instances", json::array()}, {"next", nullptr}});
  EXPECT_TRUE(whole.get());
  const json second = next_question(worker);
  EXPECT_EQ(second["ask"], "instance");
  answer(worker, {{"id", second["id"]}, {"name", "VI_1"}});
  for (auto& one : crowd) EXPECT_TRUE(one.get());
  EXPECT_EQ(poll_for(worker, 0), 0) << "all of them had the same question";
}

class ImpatientApiTest : public ApiTest {
  Duration worker_patience() const override { return 4s; }  // which the test has to answer what is not too late
};

TEST_F(ImpatientApiTest, an_answer_that_comes_too_late_is_not_taken_for_the_next_one) {
  const kernel::Channel worker = connect_worker();
  auto patient = ask({.path = status_path});
  const json late = next_question(worker);
  EXPECT_EQ((*patient.get())["worker"]["answers"], false);  // the worker's time has run out
  auto reply = ask({.method = "POST", .path = control::instance_path("VI_1", "/handover")});
  const json question = next_question(worker);
  EXPECT_EQ(question["ask"], "handover");
  answer(worker, {{"id", late["id"]}, {"instances", json::array()}, {"next", nullptr}});
  answer(worker, {{"id", question["id"]}, {"message", "asked"}});
  const auto said = reply.get();
  ASSERT_TRUE(said);
  EXPECT_EQ(*said, (json{{"message", "asked"}}));
}

TEST_F(ApiTest, an_instance_is_set_by_the_worker_and_nonsense_by_nobody) {
  const kernel::Channel worker = connect_worker();
  const std::string path = control::instance_path("VI_1", "/set");
  for (const json& nonsense : {json{{"base_priority", 0}}, json{{"base_priority", 256}}, json{{"preempt", 1}},
                               json{{"vrid", 5}}, json::object()}) {
    const auto refused = ask({.method = "POST", .path = path, .body = nonsense}).get();
    EXPECT_FALSE(refused) << nonsense;
  }
  auto reply = ask({.method = "POST", .path = path, .body = json{{"base_priority", 77}, {"preempt", false}}});
  const json question = next_question(worker);
  EXPECT_EQ(question["ask"], "set");
  EXPECT_EQ(question["instance"], "VI_1");
  EXPECT_EQ(question["base_priority"], 77);
  EXPECT_EQ(question["preempt"], false);
  answer(worker, {{"id", question["id"]}, {"message", "set"}});
  EXPECT_EQ(*reply.get(), (json{{"message", "set"}}));
}

// It is older than what a listener has heard meanwhile.
TEST_F(ApiTest, a_status_over_which_something_happened_is_not_told_to_the_next_one) {
  const kernel::Channel worker = connect_worker();
  auto first = ask({.path = status_path});
  const json question = next_question(worker);
  answer(worker, {{"event", "instance"}, {"name", "A"}, {"state", "MASTER"}});
  answer(worker, {{"id", question["id"]}, {"instances", {{{"name", "A"}, {"state", "BACKUP"}}}}, {"next", nullptr}});
  EXPECT_TRUE(first.get());
  auto second = ask({.path = status_path});
  const json again = next_question(worker);
  answer(worker, {{"id", again["id"]}, {"instances", {{{"name", "A"}, {"state", "MASTER"}}}}, {"next", nullptr}});
  EXPECT_EQ((*second.get())["instances"][0]["state"], "MASTER");
}

TEST_F(ApiTest, a_status_is_of_one_worker) {
  kernel::Channel dying = connect_worker();
  auto reply = ask({.path = status_path});
  const json first = next_question(dying);
  answer(dying, {{"id", first["id"]}, {"instances", {{{"name", "OLD"}}}}, {"next", 1}});
  EXPECT_EQ(next_question(dying)["from"], 1);
  const kernel::Channel worker = connect_worker();
  json question = next_question(worker);
  if (question["from"] != 0) {  // on its way still
    answer(worker, {{"id", question["id"]}, {"instances", json::array()}, {"next", nullptr}});
    question = next_question(worker);
  }
  EXPECT_EQ(question["from"], 0);
  answer(worker, {{"id", question["id"]}, {"instances", {{{"name", "NEW"}}}}, {"next", nullptr}});
  const json status = *reply.get();
  ASSERT_EQ(status["instances"].size(), 1U);
  EXPECT_EQ(status["instances"][0]["name"], "NEW");
}

TEST_F(ApiTest, a_command_is_not_given_twice) {
  kernel::Channel dying = connect_worker();
  auto reply = ask({.method = "POST", .path = control::instance_path("VI_1", "/handover")});
  EXPECT_EQ(next_question(dying)["ask"], "handover");
  const kernel::Channel worker = connect_worker();
  EXPECT_FALSE(reply.get());
  auto next = ask({.path = control::instance_path("VI_1")});
  const json question = next_question(worker);
  EXPECT_EQ(question["ask"], "instance");
  answer(worker, {{"id", question["id"]}, {"name", "VI_1"}});
  EXPECT_TRUE(next.get());
}

TEST_F(ApiTest, what_a_worker_said_before_the_next_one_came_is_kept) {
  {
    const kernel::Channel worker = connect_worker();
    for (int i = 0; i < 100; ++i) answer(worker, {{"event", "instance"}, {"name", "A"}, {"state", "BACKUP"}, {"i", i}});
    (void)connect_worker();
  }
  json history;
  for (int i = 0; i < 100 && history["events"].size() != 100; ++i) history = *ask({.path = "/v1/history"}).get();
  EXPECT_EQ(history["events"].size(), 100U);
}

TEST_F(ApiTest, a_moment_is_no_time_to_wait_for_a_confirmation) {
  const auto reply = ask({.method = "POST", .path = "/v1/reload", .body = {{"confirm_within", 1e-10}}}).get();
  ASSERT_FALSE(reply);
  EXPECT_THAT(reply.error().message, HasSubstr("confirm_within"));
}

TEST_F(ImpatientApiTest, a_worker_that_is_silent_is_asked_once_for_all_who_wait) {
  const kernel::Channel worker = connect_worker();
  std::vector<std::future<std::expected<json, ControlError>>> crowd;
  for (int i = 0; i < 20; ++i) crowd.push_back(ask({.path = control::instance_path("VI_1")}));
  for (auto& one : crowd) EXPECT_TRUE(one.get());  // from the last will
  std::size_t questions = 0;
  for (; poll_for(worker, 0) == 1 && worker.receive(); ++questions) {
  }
  EXPECT_GE(questions, 1U);
  EXPECT_LT(questions, crowd.size() / 2) << "each waited for its own silence";  // some may have come later
}

TEST_F(ApiTest, a_worker_that_dies_while_it_is_asked_leaves_the_question_to_the_next_one) {
  kernel::Channel dying = connect_worker();
  auto reply = ask({.path = status_path});
  (void)next_question(dying);
  const kernel::Channel worker = connect_worker();
  const json question = next_question(worker);
  answer(worker, {{"id", question["id"]}, {"instances", json::array()}, {"next", nullptr}});
  EXPECT_EQ((*reply.get())["worker"]["answers"], true);
}

TEST_F(ApiTest, that_is_replaced_answers_whoever_has_asked) {
  const kernel::Channel worker = connect_worker();
  auto reply = ask({.path = status_path});
  const json question = next_question(worker);
  guardian_.close();
  answer(worker, {{"id", question["id"]}, {"instances", json::array()}, {"next", nullptr}});
  EXPECT_EQ((*reply.get())["node"], "web1");
}

}  // namespace
}  // namespace baton::daemon
