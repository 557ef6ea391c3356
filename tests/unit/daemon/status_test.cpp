// What the worker answers on the api channel, and how the api carries it to clients.
#include "daemon/status.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "base/limits.h"
#include "daemon/api_role.h"
#include "daemon/channel.h"
#include "daemon/role.h"
#include "daemon/status_service.h"
#include "kernel/process_settings.h"
#include "unit/daemon/made_setup.h"

namespace baton::daemon {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;
using testing::HasSubstr;

// So many instances, each with so many addresses.
std::string instances(int count, int addresses) {
  std::string text;
  for (int i = 1; i <= count; ++i) {
    text += fmt::format("vrrp_instance VI_{} {{\ninterface eth0\nvirtual_router_id {}\nvirtual_ipaddress {{\n", i, i);
    for (int k = 1; k <= addresses; ++k) text += fmt::format("10.{}.0.{}/24\n", i, k);
    text += "}\n}\n";
  }
  return text;
}

// A node that has started, behind a channel as in the worker.
struct Bench {
  explicit Bench(const std::string& text) : setup(setup_of(text)), node(setup.node), statistics(setup.routers.size()) {
    auto pair = kernel::Channel::make_pair();
    if (pair) std::tie(ours, api) = std::move(*pair);
    vrrp::NodeActions actions;
    node.start(now, actions);
  }
  StatusSource source() {
    return {.node = node,
            .setup = setup,
            .statistics = statistics,
            .is_present = [](const config::VirtualAddress&) { return true; },
            .tracker_text = [](vrrp::TrackerId) { return std::string("exit 0"); }};
  }
  json ask(const std::string& question) {
    StatusService service(source(), ours);
    const auto sent = api.send({reinterpret_cast<const std::uint8_t*>(question.data()), question.size()});
    EXPECT_TRUE(sent);
    EXPECT_TRUE(service.serve(
        {.now = now, .wall = {}},
        {.handover = [this](vrrp::RouterId router) { handed_over = router; }, .announce = [](vrrp::RouterId) {}}));
    const auto message = api.receive();
    return message ? json::parse(message->bytes, nullptr, false) : json("no answer");
  }

  Instant now{1000s};
  Setup setup;
  vrrp::Node node;
  std::vector<RouterStatistics> statistics;
  kernel::Channel ours;
  kernel::Channel api;
  std::optional<vrrp::RouterId> handed_over;
};

TEST(Status, an_instance_as_json) {
  Bench bench(instances(1, 2));
  bench.statistics[0].adverts_sent = 3;
  bench.statistics[0].rejected[0] = 5;
  const json status = instance_status(bench.source(), 0, {.now = bench.now + 1s, .wall = WallTime(5000s)});
  EXPECT_EQ(status["name"], "VI_1");
  EXPECT_EQ(status["state"], "BACKUP");
  EXPECT_EQ(status["reason"], "start");
  EXPECT_EQ(status["since"], 4999.0);
  EXPECT_EQ(status["priority"]["effective"], 100);
  EXPECT_EQ(status["addresses"].size(), 2U);
  EXPECT_EQ(status["addresses"][0]["address"], "10.1.0.1/24");
  EXPECT_EQ(status["addresses"][0]["present"], true);
  EXPECT_EQ(status["adverts"]["sent"], 3);
  EXPECT_EQ(status["rejected"].size(), 1U);
  EXPECT_TRUE(status["master"].is_null());
  EXPECT_NEAR(status["next_timeout_in"].get<double>(), 2.609, 0.01);  // 3 s and the skew of 100, a second ago
}

TEST(Status, every_reason_has_a_sentence) {
  for (int i = 0; i <= static_cast<int>(vrrp::Reason::configuration); ++i) {
    EXPECT_FALSE(sentence(static_cast<vrrp::Reason>(i)).empty()) << i;
  }
}

TEST(StatusService, pages_are_told_to_their_end_and_none_is_longer_than_a_message) {
  // Sixteen instances with sixty-four addresses each once were one message too long, which ended the worker.
  Bench bench(instances(60, 64));
  std::size_t told = 0;
  json from = 0;
  for (int page = 0; page < 100 && !from.is_null(); ++page) {
    const json reply = bench.ask(json{{"id", page}, {"ask", "status"}, {"from", from}}.dump());
    ASSERT_FALSE(reply.contains("error")) << reply;
    EXPECT_EQ(reply["id"], page);
    told += reply["instances"].size();
    from = reply["next"];
  }
  EXPECT_EQ(told, 60U);
}

TEST(StatusService, groups_and_scripts_follow_the_instances) {
  Bench bench(
      "vrrp_script chk {\nscript \"/usr/bin/true\"\n}\n"
      "vrrp_sync_group G {\ngroup {\nVI_1\nVI_2\n}\ntrack_script {\nchk\n}\n}\n" +
      instances(2, 1));
  const json reply = bench.ask(R"({"id":1,"ask":"status","from":0})");
  ASSERT_EQ(reply["groups"].size(), 1U);
  EXPECT_EQ(reply["groups"][0]["members"], (json{"VI_1", "VI_2"}));
  ASSERT_EQ(reply["scripts"].size(), 1U);
  EXPECT_EQ(reply["scripts"][0]["status"], "not known yet");
  EXPECT_TRUE(reply["next"].is_null());
}

TEST(StatusService, all_groups_and_scripts_are_told) {
  std::string text;
  for (int i = 0; i < 250; ++i) text += fmt::format("vrrp_script chk_{} {{\nscript \"/usr/bin/true\"\n}}\n", i);
  text += instances(1, 1);
  text.insert(
      text.rfind('}'), "track_script {\n" + [] {
        std::string names;
        for (int i = 0; i < 250; ++i) names += fmt::format("chk_{}\n", i);
        return names;
      }() + "}\n");
  Bench bench(text);
  std::size_t told = 0;
  json from = 0;
  for (int page = 0; page < 100 && !from.is_null(); ++page) {
    const json reply = bench.ask(json{{"id", page}, {"ask", "status"}, {"from", from}}.dump());
    told += reply["scripts"].size();
    from = reply["next"];
  }
  EXPECT_EQ(told, 250U);
}

TEST(StatusService, a_group_names_the_member_to_blame) {
  Bench bench("vrrp_sync_group G {\ngroup {\nVI_1\nVI_2\n}\n}\n" + instances(2, 1));
  vrrp::NodeActions actions;
  bench.node.on_configuration_fault(0, true, bench.now, actions);
  const json blamed = instance_status(bench.source(), 1, {.now = bench.now, .wall = {}});
  EXPECT_EQ(blamed["faults"], (json{"its sync group G is in FAULT because of VI_1"}));
}

TEST(StatusService, a_handover_is_for_a_master_that_exists) {
  Bench bench(instances(1, 1));
  EXPECT_THAT(bench.ask(R"({"ask":"handover","instance":"nobody"})")["error"].get<std::string>(), HasSubstr("nobody"));
  EXPECT_EQ(bench.ask(R"({"ask":"handover","instance":"nobody"})")["kind"], "not-found");
  EXPECT_THAT(bench.ask(R"({"ask":"handover","instance":"VI_1"})")["error"].get<std::string>(), HasSubstr("BACKUP"));
  vrrp::NodeActions actions;
  bench.node.on_timeout(bench.now + 4s, actions);
  ASSERT_EQ(bench.node.router(0).state(), vrrp::State::master);
  EXPECT_TRUE(bench.ask(R"({"ask":"handover","instance":"VI_1"})").contains("message"));
  EXPECT_EQ(bench.handed_over, vrrp::RouterId{0});
}

TEST(StatusService, counters_are_cleared_with_the_page_that_tells_them) {
  Bench bench(instances(20, 1));  // two pages
  for (RouterStatistics& each : bench.statistics) each.adverts_sent = 7;
  const json first = bench.ask(R"({"ask":"status","from":0,"clear":true})");
  EXPECT_EQ(first["instances"][0]["adverts"]["sent"], 7);
  EXPECT_EQ(bench.statistics.front().adverts_sent, 0U);
  EXPECT_EQ(bench.statistics.back().adverts_sent, 7U) << "not told yet";
  EXPECT_EQ(bench.ask(R"({"ask":"status","from":0})")["instances"][0]["adverts"]["sent"], 0);
  EXPECT_EQ(bench.statistics.back().adverts_sent, 7U) << "nobody asked for it";
}

TEST(StatusService, tracked_processes_are_told_behind_the_scripts) {
  Bench bench("vrrp_track_process web {\nprocess nginx\n}\n" +
              instances(1, 1).replace(instances(1, 1).rfind('}'), 1, "track_process {\nweb\n}\n}"));
  const json status = bench.ask(R"({"ask":"status","from":0})");
  EXPECT_EQ(status["processes"], (json{{{"name", "web"}, {"status", "not known yet"}}}));
}

TEST(StatusService, nonsense_is_answered) {
  Bench bench(instances(1, 1));
  for (const char* question :
       {"[]", "{", "5", "{}", R"({"ask":7})", R"({"ask":"status","from":-1})", R"({"ask":"status","from":"x"})",
        R"({"ask":"status","from":99999})", R"({"ask":"handover","instance":{}})"}) {
    EXPECT_TRUE(bench.ask(question).is_object()) << question;
  }
}

// ---- the api role, in a process of its own, behind a real socket
// -----------------------------------------------------

class Client {
 public:
  explicit Client(const std::string& path) : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof(address.sun_path) - 1);
    const timeval bound{.tv_sec = 20, .tv_usec = 0};
    (void)::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &bound, sizeof(bound));
    EXPECT_EQ(::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  }
  void say(std::string_view text) const { (void)::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL); }
  void end_asking() const { (void)::shutdown(fd_.get(), SHUT_WR); }
  // Until the end.
  std::string hear() const {
    std::string text;
    char buffer[4096];
    for (ssize_t count = 0; (count = ::recv(fd_.get(), buffer, sizeof(buffer), 0)) > 0;) {
      text.append(buffer, static_cast<std::size_t>(count));
    }
    return text;
  }

 private:
  UniqueFd fd_;
};

class ApiTest : public testing::Test {
 protected:
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
    auto listener = kernel::UnixListener::open(path(), 0660);
    ASSERT_TRUE(listener);
    listener_.emplace(std::move(*listener));
    const int keep[] = {pair->second.fd(), listener_->fd()};
    auto role = start_role({.name = "baton-api", .parent_death_signal = SIGKILL, .keep = keep, .main = [&] {
                              return run_api({.setup = setup_,
                                              .will = *will_,
                                              .log = {.syslog = false},
                                              .listener = *listener_,
                                              .configuration = "/baton.conf",
                                              .node = "web1",
                                              .guardian_pid = 77,
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
    listener_.reset();
    EXPECT_NE(::access(path().c_str(), F_OK), 0) << "the socket is left behind";
    (void)::rmdir(directory_.c_str());
  }
  std::string path() const { return directory_ + "/control.sock"; }
  static bool wait_for(const std::string& file, const std::string& text) {
    for (int i = 0; i < 2000; ++i) {
      std::ifstream stream(file);
      if (std::string(std::istreambuf_iterator<char>(stream), {}).contains(text)) return true;
      (void)::poll(nullptr, 0, 5);
    }
    return false;
  }
  json ask(std::string_view text) const {
    const Client client(path());
    client.say(text);
    return json::parse(client.hear(), nullptr, false);
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
  static void answer(const kernel::Channel& worker, const json& reply) {
    const std::string text = reply.dump();
    EXPECT_TRUE(worker.send({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}));
  }

  daemon::Setup setup_ = setup_of(instances(2, 1));
  std::string directory_;
  kernel::SharedMemory memory_;
  std::optional<LastWill> will_;
  std::optional<kernel::UnixListener> listener_;
  kernel::Channel guardian_;
  RoleProcess role_;
};

TEST_F(ApiTest, without_a_worker_the_last_will_answers) {
  RouterWill will;
  will.router.state = vrrp::State::master;
  will.router.priority = 90;
  will_->write(1, will);
  const json status = ask("{\"command\":\"status\"}\n");
  EXPECT_EQ(status["worker"]["answers"], false);
  EXPECT_EQ(status["node"], "web1");
  EXPECT_EQ(status["pid"], 77);
  EXPECT_EQ(status["instances"][0]["state"], "INIT");
  EXPECT_EQ(status["instances"][1]["state"], "MASTER");
}

TEST_F(ApiTest, nonsense_is_answered_and_survived) {
  const std::string deep(4000, '[');
  for (const std::string& text :
       {std::string("[]"), std::string("5"), std::string("\xff\xfe"), deep, std::string(R"({"command":5})"),
        std::string(R"({"command":null})"), std::string(R"({"command":"handover","instance":5})"),
        std::string(R"({"command":"drop tables"})"), std::string()}) {
    EXPECT_TRUE(ask(text + "\n").contains("error")) << text.substr(0, 40);
  }
}

TEST_F(ApiTest, clients_that_leave_early_or_send_without_end_harm_nobody) {
  {
    const Client gone(path());
    const Client half(path());
    half.say("{\"command\":");
    half.end_asking();
    EXPECT_EQ(half.hear(), "");
    const Client in_a_hurry(path());
    in_a_hurry.say("{\"command\":\"status\"}\n");
    const Client endless(path());
    for (int i = 0; i < 100; ++i) endless.say(std::string(4096, 'x'));
    (void)endless.hear();
  }
  EXPECT_EQ(ask("{\"command\":\"status\"}\n")["node"], "web1");
}

TEST_F(ApiTest, a_request_may_come_in_pieces) {
  const Client client(path());
  for (const char* piece : {"{\"comm", "and\":\"sta", "tus\"}", "\n"}) {
    client.say(piece);
    (void)::poll(nullptr, 0, 2);
  }
  EXPECT_EQ(json::parse(client.hear(), nullptr, false)["node"], "web1");
}

TEST_F(ApiTest, two_hundred_clients_at_once_are_all_answered) {
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 100; ++i) {
    clients.push_back(std::make_unique<Client>(path()));
    clients.back()->say("{\"command\":\"status\"}\n");
  }
  for (int i = 0; i < 100; ++i) EXPECT_EQ(ask("{\"command\":\"status\"}\n")["node"], "web1");
  for (const auto& client : clients) EXPECT_THAT(client->hear(), HasSubstr("web1"));
}

TEST_F(ApiTest, silent_clients_in_every_place_are_shown_out_and_the_next_is_served) {
  std::vector<std::unique_ptr<Client>> silent;
  for (int i = 0; i < 64; ++i) silent.push_back(std::make_unique<Client>(path()));
  EXPECT_EQ(ask("{\"command\":\"status\"}\n")["node"], "web1");  // after the deadline of the silent ones
}

TEST_F(ApiTest, the_worker_is_asked_page_by_page) {
  const kernel::Channel worker = connect_worker();
  const Client client(path());
  client.say("{\"command\":\"status\"}\n");
  const json first = next_question(worker);
  EXPECT_EQ(first["ask"], "status");
  EXPECT_EQ(first["from"], 0);
  answer(worker, {{"id", first["id"]}, {"instances", {{{"name", "A"}}}}, {"next", 1}});
  const json second = next_question(worker);
  EXPECT_EQ(second["from"], 1);
  answer(worker, {{"id", second["id"]}, {"instances", {{{"name", "B"}}}}, {"next", nullptr}});
  const json status = json::parse(client.hear(), nullptr, false);
  EXPECT_EQ(status["instances"].size(), 2U);
  EXPECT_EQ(status["worker"]["answers"], true);
}

TEST_F(ApiTest, what_the_guardian_asks_for_is_written_from_what_the_worker_says) {
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
  EXPECT_TRUE(wait_for(directory_ + "/keepalived.stats", "    Sent: 3\n"));
  (void)::unlink((directory_ + "/keepalived.stats").c_str());
}

// Whoever reads it would take it for the present.
TEST_F(ApiTest, without_a_worker_the_old_file_goes) {
  const std::string path = directory_ + "/keepalived.json";
  std::ofstream(path) << "old";
  const auto file = static_cast<std::uint8_t>(Dump::json);
  ASSERT_TRUE(guardian_.send({&file, 1}));
  for (int i = 0; i < 2000 && ::access(path.c_str(), F_OK) == 0; ++i) (void)::poll(nullptr, 0, 5);
  EXPECT_NE(::access(path.c_str(), F_OK), 0);
}

TEST_F(ApiTest, an_answer_that_comes_too_late_is_not_taken_for_the_next_one) {
  const kernel::Channel worker = connect_worker();
  const json late = [&] {
    const Client client(path());
    client.say("{\"command\":\"status\"}\n");
    const json question = next_question(worker);
    EXPECT_THAT(client.hear(), HasSubstr("\"answers\":false"));  // the worker's time has run out
    return question;
  }();
  const Client client(path());
  client.say("{\"command\":\"handover\",\"instance\":\"VI_1\"}\n");
  const json question = next_question(worker);
  answer(worker, {{"id", late["id"]}, {"instances", json::array()}, {"next", nullptr}});
  answer(worker, {{"id", question["id"]}, {"message", "asked"}});
  EXPECT_EQ(json::parse(client.hear(), nullptr, false), (json{{"message", "asked"}}));
}

TEST_F(ApiTest, a_worker_that_dies_while_it_is_asked_leaves_the_question_to_the_next_one) {
  kernel::Channel dying = connect_worker();
  const Client client(path());
  client.say("{\"command\":\"status\"}\n");
  (void)next_question(dying);
  const kernel::Channel worker = connect_worker();
  const json question = next_question(worker);
  answer(worker, {{"id", question["id"]}, {"instances", json::array()}, {"next", nullptr}});
  EXPECT_EQ(json::parse(client.hear(), nullptr, false)["worker"]["answers"], true);
}

TEST_F(ApiTest, that_is_replaced_answers_whoever_has_asked) {
  const kernel::Channel worker = connect_worker();
  const Client client(path());
  client.say("{\"command\":\"status\"}\n");
  const json question = next_question(worker);
  guardian_.close();
  answer(worker, {{"id", question["id"]}, {"instances", json::array()}, {"next", nullptr}});
  EXPECT_EQ(json::parse(client.hear(), nullptr, false)["node"], "web1");
}

}  // namespace
}  // namespace baton::daemon
