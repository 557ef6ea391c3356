// Notify scripts, FIFOs, the worker's and the guardian's coming and going, with a real runner.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "process/notify_queue.h"
#include "unit/process/runner_bench.h"

namespace baton::process {
namespace {

using namespace std::chrono_literals;

Notify notify(std::string key, std::vector<std::string> argv) {
  return {.key = std::move(key), .rules = {}, .commands = {command(std::move(argv))}, .deadline = 10s};
}

TEST(Notifications, get_their_arguments_as_they_are) {
  const Folder folder;
  const std::string script = folder.script("n", "printf '[%s]' \"$@\" >" + folder.file("out"));
  RunnerBench bench;
  bench.send(notify("INSTANCE VI", {script, "a b", "", "INSTANCE", "VI \"1\"", "MASTER", "100"}));
  const auto finished = bench.next<NotifyFinished>();
  ASSERT_TRUE(finished);
  EXPECT_EQ(finished->key, "INSTANCE VI");
  EXPECT_EQ(finished->command, script);
  EXPECT_TRUE(finished->end.is_success());
  EXPECT_EQ(folder.text("out"), "[a b][][INSTANCE][VI \"1\"][MASTER][100]");
}

TEST(Notifications, of_one_key_keep_their_order_however_quickly_they_come) {
  const Folder folder;
  // The earlier ones are the slower ones: without waiting they would finish in the opposite order.
  const std::string script = folder.script("n", "sleep 0.0$((4 - $1 % 5)); echo $1 >>" + folder.file("out"));
  RunnerBench bench;
  std::string expected;
  for (int i = 0; i < 40; ++i) {
    bench.send(notify("INSTANCE VI", {script, std::to_string(i)}));
    expected += std::to_string(i) + "\n";
  }
  for (int i = 0; i < 40; ++i) ASSERT_TRUE(bench.next<NotifyFinished>());
  EXPECT_EQ(folder.text("out"), expected);
}

TEST(Notifications, a_hanging_one_holds_up_its_own_key_only_and_ends_at_its_deadline) {
  const Folder folder;
  RunnerBench bench;
  Notify hanging = notify("INSTANCE A", {"sh", "-c", "sleep 60"});
  hanging.commands.push_back(command({"sh", "-c", "echo after >" + folder.file("a")}));
  hanging.deadline = 3s;
  bench.send(hanging);
  bench.send(notify("INSTANCE B", {"sh", "-c", "echo b >" + folder.file("b")}));
  const auto other = bench.next<NotifyFinished>();
  ASSERT_TRUE(other);
  EXPECT_EQ(other->key, "INSTANCE B");
  EXPECT_EQ(folder.text("a"), "");
  const auto killed = bench.next<NotifyFinished>();
  ASSERT_TRUE(killed);
  EXPECT_EQ(killed->end, (RunEnd{RunEnd::Kind::timed_out, SIGTERM}));
  EXPECT_GE(killed->took, 3s);
  ASSERT_TRUE(bench.next<NotifyFinished>());
  EXPECT_EQ(folder.text("a"), "after\n");
}

TEST(Notifications, have_no_deadline_but_the_next_one_does_not_wait_for_ever) {
  const Folder folder;
  RunnerBench bench({.notify_patience = 2s});
  Notify endless = notify("INSTANCE A", {"sh", "-c", "while ! test -e " + folder.file("go") + "; do sleep 0.02; done"});
  endless.deadline = Notify{}.deadline;
  endless.commands.push_back(command({"sh", "-c", "echo after >" + folder.file("a")}));
  bench.send(endless);
  EXPECT_TRUE(bench.event("INSTANCE A: notify script sh still runs after 2 s; 1 that waited for it go on: sh -c echo"));
  const auto next = bench.next<NotifyFinished>();
  ASSERT_TRUE(next);
  EXPECT_EQ(folder.text("a"), "after\n");
  std::ofstream(folder.file("go")) << "";
  const auto last = bench.next<NotifyFinished>();
  ASSERT_TRUE(last);
  EXPECT_TRUE(last->end.is_success());
  EXPECT_TRUE(bench.event("INSTANCE A: notify script sh has ended after"));
  EXPECT_EQ(bench.event("still runs", 0s), std::nullopt);
}

TEST(Notifications, the_end_of_each_command_has_the_number_of_its_order) {
  RunnerBench bench;
  Notify order = notify("INSTANCE A", {"true"});
  order.commands.push_back(command({"false"}));
  order.number = 17;
  bench.send(order);
  for (int i = 0; i < 2; ++i) {
    const auto finished = bench.next<NotifyFinished>();
    ASSERT_TRUE(finished);
    EXPECT_EQ(finished->number, 17U);
  }
}

TEST(Notifications, a_failure_is_told_with_its_reason) {
  RunnerBench bench;
  bench.send(notify("INSTANCE A", {"/nonexistent"}));
  EXPECT_TRUE(
      bench.event("INSTANCE A: notify script /nonexistent could not run: cannot execute /nonexistent: No such"));
  bench.send(notify("INSTANCE A", {"sh", "-c", "exit 5"}));
  EXPECT_TRUE(bench.event("INSTANCE A: notify script sh exited with status 5"));
}

TEST(Notifications, a_flood_is_bounded_and_the_latest_state_arrives) {
  const Folder folder;
  RunnerBench bench;
  bench.send(notify("INSTANCE A", {"sh", "-c", "while ! test -e " + folder.file("go") + "; do sleep 0.02; done"}));
  for (int i = 0; i < 500; ++i) {
    bench.send(notify("INSTANCE A", {"sh", "-c", "echo " + std::to_string(i) + " >>" + folder.file("out")}));
  }
  const auto counters = bench.next<RunnerCounters>(
      patience, [](const RunnerCounters& c) { return c.notifications_dropped >= 500 - limits::notifications_per_key; });
  ASSERT_TRUE(counters);
  std::ofstream(folder.file("go")) << "";
  EXPECT_TRUE(eventually([&] { return folder.text("out").ends_with("499\n"); }));
}

TEST(Notifications, one_that_is_dropped_has_an_end_as_well) {
  const Folder folder;
  RunnerBench bench;
  bench.send(notify("INSTANCE A", {"sh", "-c", "while ! test -e " + folder.file("go") + "; do sleep 0.02; done"}));
  constexpr std::size_t too_many = 5;
  for (std::size_t i = 0; i < limits::notifications_per_key + too_many; ++i) {
    Notify order = notify("INSTANCE A", {"true"});
    order.number = i + 1;
    bench.send(order);
  }
  for (std::uint64_t number = 1; number <= too_many; ++number) {
    const auto dropped = bench.next<NotifyFinished>();
    ASSERT_TRUE(dropped);
    EXPECT_EQ(*dropped, (NotifyFinished{.key = "INSTANCE A",
                                        .command = "true",
                                        .end = {RunEnd::Kind::could_not_run, EAGAIN},
                                        .took = {},
                                        .number = number}));
  }
  std::ofstream(folder.file("go")) << "";
}

TEST(Notifications, many_keys_run_beside_each_other) {
  constexpr std::size_t keys = 60;
  const Folder folder;
  const std::string script = folder.script(
      "n", "echo >>" + folder.file("begun") + "\nwhile ! test -e " + folder.file("go") + "; do sleep 0.4; done");
  RunnerBench bench;
  for (std::size_t i = 0; i < keys; ++i) {
    Notify order = notify("INSTANCE " + std::to_string(i), {script});
    order.deadline = 2 * patience;
    bench.send(order);
  }
  EXPECT_TRUE(eventually([&] { return folder.text("begun").size() == keys; })) << folder.text("begun").size();
  std::ofstream(folder.file("go")) << "";
  for (std::size_t i = 0; i < keys; ++i) {
    const auto finished = bench.next<NotifyFinished>();
    ASSERT_TRUE(finished);
    EXPECT_TRUE(finished->end.is_success());
  }
}

// A service that was stopped, and has been replaced meanwhile: what waits for it somebody else has done.
TEST(Runner, a_service_that_wakes_after_its_replacement_does_nothing_more) {
  const Folder folder;
  RunnerBench bench({.lives_with_parent = false, .overslept = 4s});
  bench.send(Notify{.key = "INSTANCE A",
                    .commands = {command({folder.script("first", "echo first >>" + folder.file("told"))})}});
  ASSERT_TRUE(bench.next<NotifyFinished>());
  bench.signal(SIGSTOP);
  bench.send(Notify{.key = "INSTANCE A",
                    .commands = {command({folder.script("late", "echo late >>" + folder.file("told"))})}});
  ::poll(nullptr, 0, 5'000);  // it sleeps
  bench.signal(SIGCONT);
  EXPECT_EQ(bench.exit_status(), 1);
  EXPECT_EQ(folder.text("told"), "first\n");
}

// ---- FIFOs ----------------------------------------------------------------------------------------------------------

TEST(Fifos, are_made_written_in_order_and_removed_at_the_end) {
  const Folder folder;
  {
    RunnerBench bench;
    bench.send(SetFifos{.rules = {}, .fifos = {{.path = folder.file("fifo")}}});
    ASSERT_TRUE(eventually([&] { return std::filesystem::exists(folder.file("fifo")); }));
    struct stat status{};
    ASSERT_EQ(::stat(folder.file("fifo").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode, static_cast<mode_t>(S_IFIFO | 0600));
    const UniqueFd reader(::open(folder.file("fifo").c_str(), O_RDONLY | O_NONBLOCK));
    bench.send(WriteFifos{"INSTANCE \"VI\" BACKUP 100\n"});
    bench.send(WriteFifos{"INSTANCE \"VI\" MASTER 100\n"});
    std::string text;
    EXPECT_TRUE(eventually([&] {
      std::array<char, 256> buffer{};
      const ssize_t size = ::read(reader.get(), buffer.data(), buffer.size());
      if (size > 0) text.append(buffer.data(), static_cast<std::size_t>(size));
      return text == "INSTANCE \"VI\" BACKUP 100\nINSTANCE \"VI\" MASTER 100\n";
    }));
  }
  EXPECT_FALSE(std::filesystem::exists(folder.file("fifo")));
}

TEST(Fifos, a_line_that_is_written_or_dropped_is_done) {
  RunnerBench bench;
  bench.send(SetFifos{});
  bench.send(WriteFifos{.text = "one\n", .number = 5});
  bench.send(WriteFifos{.text = "nobody asks for its number\n"});
  bench.send(WriteFifos{.text = "two\n", .number = 6});
  std::vector<std::uint64_t> done;
  while (done.size() < 2) {
    const auto told = bench.next<NewsDone>();
    ASSERT_TRUE(told);
    done.insert(done.end(), told->numbers.begin(), told->numbers.end());
  }
  EXPECT_THAT(done, testing::ElementsAre(5, 6));
}

TEST(Fifos, hear_of_what_they_are_for) {
  const Folder folder;
  RunnerBench bench;
  bench.send(SetFifos{.rules = {},
                      .fifos = {{.path = folder.file("vrrp")},
                                {.hears_routers = false, .hears_services = true, .path = folder.file("lvs")},
                                {.hears_services = true, .path = folder.file("both")}}});
  bench.send(WriteFifos{.text = "INSTANCE\n"});
  bench.send(WriteFifos{.text = "VS\n", .is_of_service = true});
  ASSERT_TRUE(bench.next<RunnerCounters>(patience, [](const RunnerCounters& c) { return c.fifo_lines == 4; }));
  const auto text = [&](const char* name) {
    const UniqueFd reader(::open(folder.file(name).c_str(), O_RDONLY | O_NONBLOCK));
    std::array<char, 256> buffer{};
    const ssize_t size = ::read(reader.get(), buffer.data(), buffer.size());
    return std::string(buffer.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
  };
  EXPECT_EQ(text("vrrp"), "INSTANCE\n");
  EXPECT_EQ(text("lvs"), "VS\n");
  EXPECT_EQ(text("both"), "INSTANCE\nVS\n");
}

TEST(Fifos, without_a_reader_lose_lines_and_count_them_but_never_wait) {
  const Folder folder;
  RunnerBench bench;
  bench.send(SetFifos{.rules = {}, .fifos = {{.path = folder.file("fifo")}}});
  for (int i = 0; i < 300; ++i) bench.send(WriteFifos{std::string(999, 'x') + "\n"});
  const auto counters = bench.next<RunnerCounters>(
      patience, [](const RunnerCounters& c) { return c.fifo_lines + c.fifo_lines_dropped == 300; });
  ASSERT_TRUE(counters);
  EXPECT_GT(counters->fifo_lines_dropped, 0U);
  EXPECT_TRUE(bench.event("FIFO is full"));
}

TEST(Fifos, one_that_was_there_before_is_used_and_left) {
  const Folder folder;
  ASSERT_EQ(::mkfifo(folder.file("fifo").c_str(), 0600), 0);
  {
    RunnerBench bench;
    bench.send(SetFifos{.rules = {}, .fifos = {{.path = folder.file("fifo")}}});
    bench.send(WriteFifos{"line\n"});
    EXPECT_TRUE(bench.next<RunnerCounters>(patience, [](const RunnerCounters& c) { return c.fifo_lines == 1; }));
  }
  EXPECT_TRUE(std::filesystem::exists(folder.file("fifo")));
}

// What waits in it, without waiting.
std::string taken_from(const std::string& fifo) {
  const UniqueFd reader(::open(fifo.c_str(), O_RDONLY | O_NONBLOCK));
  std::array<char, 256> buffer{};
  const ssize_t size = ::read(reader.get(), buffer.data(), buffer.size());
  return {buffer.data(), size > 0 ? static_cast<std::size_t>(size) : 0};
}

// As `rm` and `mkfifo` do, while somebody may still hold the old one open.
void replace_fifo(const std::string& path) {
  std::filesystem::remove(path);
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
}

TEST(Fifos, one_that_was_replaced_is_opened_anew) {
  const Folder folder;
  const std::string path = folder.file("fifo");
  RunnerBench bench;
  const SetFifos fifos{.rules = {}, .fifos = {{.path = path}}};
  bench.send(fifos);
  ASSERT_TRUE(eventually([&] { return std::filesystem::exists(path); }));
  replace_fifo(path);
  bench.send(WriteFifos{"at the next line\n"});
  EXPECT_TRUE(eventually([&] { return taken_from(path) == "at the next line\n"; }, 10s));
  std::filesystem::remove(path);
  bench.send(fifos);  // a reload
  bench.send(WriteFifos{"made again\n"});
  EXPECT_TRUE(eventually([&] { return std::filesystem::exists(path) && taken_from(path) == "made again\n"; }, 10s));
}

TEST(Fifos, one_whose_replacement_may_not_be_used_is_said_so) {
  const Folder folder;
  const std::string path = folder.file("fifo");
  RunnerBench bench;
  bench.send(SetFifos{.rules = {}, .fifos = {{.path = path}}});
  ASSERT_TRUE(eventually([&] { return std::filesystem::exists(path); }));
  std::filesystem::remove(path);
  std::ofstream(path) << "precious";
  bench.send(WriteFifos{"line\n"});
  EXPECT_TRUE(bench.event("is not a FIFO", 10s));
  EXPECT_EQ(folder.text("fifo"), "precious");
}

TEST(Fifos, a_file_of_another_kind_is_refused) {
  const Folder folder;
  std::ofstream(folder.file("file")) << "precious";
  RunnerBench bench;
  bench.send(SetFifos{.rules = {}, .fifos = {{.path = folder.file("file")}}});
  EXPECT_TRUE(bench.event("is not a FIFO"));
  bench.send(WriteFifos{"line\n"});
  bench.send(notify("INSTANCE A", {"true"}));
  ASSERT_TRUE(bench.next<NotifyFinished>());
  EXPECT_EQ(folder.text("file"), "precious");
}

TEST(Fifos, script_gets_the_path_as_last_argument_and_term_when_it_is_no_longer_wanted) {
  const Folder folder;
  const std::string script =
      folder.script("reader", "echo $$ \"$@\" >" + folder.file("args") + "\nwhile read -r line; do echo \"$line\" >>" +
                                  folder.file("out") + "; done <\"$2\"");
  RunnerBench bench;
  const SetFifos fifos{.rules = {}, .fifos = {{.path = folder.file("fifo"), .script = command({script, "first"})}}};
  bench.send(fifos);
  bench.send(WriteFifos{"one\n"});
  ASSERT_TRUE(eventually([&] { return folder.text("out") == "one\n"; }));
  const std::string arguments = folder.text("args");
  EXPECT_TRUE(arguments.ends_with(" first " + folder.file("fifo") + "\n"));
  bench.send(fifos);  // a new worker: the same list
  bench.send(WriteFifos{"two\n"});
  ASSERT_TRUE(eventually([&] { return folder.text("out") == "one\ntwo\n"; }));
  EXPECT_EQ(folder.text("args"), arguments);  // not started again
  bench.send(SetFifos{});
  EXPECT_TRUE(eventually([&] { return ::kill(std::stoi(arguments), 0) != 0; }));
}

TEST(Fifos, a_script_that_a_reload_changes_ends_and_the_new_one_starts) {
  const Folder folder;
  const std::string script = folder.script("reader", "echo \"$@\" >>" + folder.file("args") + "\nexec sleep 300");
  RunnerBench bench;
  SetFifos fifos{.rules = {}, .fifos = {{.path = folder.file("fifo"), .script = command({script, "first"})}}};
  bench.send(fifos);
  const std::string first = "first " + folder.file("fifo") + "\n";
  ASSERT_TRUE(eventually([&] { return folder.text("args") == first; }));
  fifos.fifos[0].script.argv[1] = "second";
  bench.send(fifos);
  const std::string second = first + "second " + folder.file("fifo") + "\n";
  ASSERT_TRUE(eventually([&] { return folder.text("args") == second; }));
  if (::geteuid() != 0) return;
  fifos.fifos[0].user = "nobody";
  bench.send(fifos);
  EXPECT_TRUE(eventually([&] { return folder.text("args") == second + "second " + folder.file("fifo") + "\n"; }));
  struct stat status{};
  ASSERT_EQ(::stat(folder.file("fifo").c_str(), &status), 0);
  EXPECT_NE(status.st_uid, 0U);
}

// ---- the end --------------------------------------------------------------------------------------------------------

TEST(Stop, lets_the_stop_scripts_finish_then_answers_and_exits) {
  const Folder folder;
  RunnerBench bench;
  bench.send(notify("INSTANCE A", {"sh", "-c", "sleep 0.2; echo stopped >" + folder.file("out")}));
  bench.send(Stop{.bound = 10s});
  const auto stopped = bench.next<Stopped>();
  ASSERT_TRUE(stopped);
  EXPECT_EQ(stopped->abandoned, 0U);
  EXPECT_EQ(bench.exit_status(), 0);
  EXPECT_EQ(folder.text("out"), "stopped\n");
}

TEST(Stop, kills_what_does_not_end_within_its_bound) {
  const Folder folder;
  RunnerBench bench;
  bench.send(notify("INSTANCE A",
                    {"sh", "-c", "trap '' TERM; echo $$ >" + folder.file("pid") + "; while :; do sleep 1; done"}));
  bench.send(notify("INSTANCE A", {"true"}));
  ASSERT_TRUE(eventually([&] { return folder.text("pid").ends_with('\n'); }));
  bench.send(Stop{.bound = 200ms});
  const auto stopped = bench.next<Stopped>();
  ASSERT_TRUE(stopped);
  EXPECT_EQ(stopped->abandoned, 2U);
  EXPECT_EQ(bench.exit_status(), 0);
  EXPECT_TRUE(eventually([&] { return ::kill(std::stoi(folder.text("pid")), 0) != 0; }));
}

TEST(Stop, ends_track_scripts) {
  const Folder folder;
  RunnerBench bench;
  TrackScript script;
  script.command = command({"sh", "-c", "echo $$ >" + folder.file("pid") + "; exec sleep 60"});
  script.interval = script.timeout = 1h;
  bench.set_scripts({script});
  ASSERT_TRUE(eventually([&] { return folder.text("pid").ends_with('\n'); }));
  bench.send(Stop{.bound = 10s});
  EXPECT_TRUE(bench.next<Stopped>());
  EXPECT_EQ(bench.exit_status(), 0);
  EXPECT_TRUE(eventually([&] { return ::kill(std::stoi(folder.text("pid")), 0) != 0; }));
}

TEST(Stop, without_guardian_and_worker_the_runner_ends) {
  RunnerBench bench;
  bench.worker_dies();
  bench.guardian_dies();
  EXPECT_EQ(bench.exit_status(), 0);
}

TEST(Stop, without_guardian_the_worker_may_still_say_its_last_words) {
  const Folder folder;
  RunnerBench bench;
  bench.send(notify("INSTANCE A", {"true"}));
  ASSERT_TRUE(bench.next<NotifyFinished>());
  bench.guardian_dies();
  bench.signal(SIGTERM);  // what the kernel says on such a day as well
  bench.send(notify("INSTANCE A", {"sh", "-c", "echo stopped >" + folder.file("out")}));
  bench.send(Stop{.bound = 10s});
  EXPECT_TRUE(bench.next<Stopped>());
  EXPECT_EQ(bench.exit_status(), 0);
  EXPECT_EQ(folder.text("out"), "stopped\n");
}

TEST(Stop, a_worker_that_says_nothing_after_the_guardian_is_gone_is_not_waited_for_long) {
  RunnerBench bench({.orphan_bound = 200ms});
  bench.guardian_dies();
  EXPECT_EQ(bench.exit_status(), 0);
}

// ---- bad input ------------------------------------------------------------------------------------------------------

TEST(BadMessages, are_counted_and_change_nothing) {
  RunnerBench bench;
  std::mt19937 random(1);  // NOLINT(cert-msc51-cpp): the same bytes in every run
  const Bytes whole = *encode(ToRunner(notify("INSTANCE A", {"/nonexistent"})));
  for (int i = 0; i < 300; ++i) {
    Bytes bytes(1 + random() % 200);
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(200 + random() % 50);
    bench.send_bytes(bytes);
    bench.send_bytes({whole.begin(), whole.end() - 1});
  }
  EXPECT_TRUE(bench.next<RunnerCounters>(patience, [](const RunnerCounters& c) { return c.bad_messages == 600; }));
  EXPECT_TRUE(bench.event("makes no sense"));
  bench.send(notify("INSTANCE A", {"true"}));
  EXPECT_TRUE(bench.next<NotifyFinished>());
}

TEST(BadMessages, a_worker_that_does_not_read_does_not_stop_the_runner) {
  const Folder folder;
  RunnerBench bench;
  for (int i = 0; i < 800; ++i) bench.send(notify("INSTANCE " + std::to_string(i % 500), {"/nonexistent"}));
  bench.send(notify("INSTANCE last", {"sh", "-c", "echo done >" + folder.file("out")}));
  EXPECT_TRUE(eventually([&] { return folder.text("out") == "done\n"; }, 60s));
}

void say(const UniqueFd& client, const ToRunner& message) {
  const auto bytes = encode(message);
  ASSERT_EQ(::send(client.get(), bytes->data(), bytes->size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes->size()));
}

TEST(Clients, notify_beside_the_worker) {
  const Folder folder;
  RunnerBench bench;
  const UniqueFd client = bench.new_client();
  say(client, notify("VS a", {"sh", "-c", "echo client >" + folder.file("out")}));
  bench.send(notify("INSTANCE A", {"true"}));
  ASSERT_TRUE(bench.next<NotifyFinished>(patience, [](const NotifyFinished& it) { return it.key == "VS a"; }));
  ASSERT_TRUE(bench.next<NotifyFinished>(patience, [](const NotifyFinished& it) { return it.key == "INSTANCE A"; }));
  EXPECT_EQ(folder.text("out"), "client\n");
}

TEST(Clients, write_into_fifos) {
  const Folder folder;
  RunnerBench bench;
  bench.send(
      SetFifos{.rules = {}, .fifos = {{.hears_routers = false, .hears_services = true, .path = folder.file("lvs")}}});
  ASSERT_TRUE(eventually([&] { return std::filesystem::exists(folder.file("lvs")); }));
  const UniqueFd client = bench.new_client();
  say(client, WriteFifos{.text = "VS\n", .is_of_service = true});
  EXPECT_TRUE(bench.next<RunnerCounters>(patience, [](const RunnerCounters& c) { return c.fifo_lines == 1; }));
}

TEST(Clients, have_their_lines_written_that_came_before_the_fifos_were_known) {
  const Folder folder;
  RunnerBench bench;
  const UniqueFd client = bench.new_client();
  say(client, WriteFifos{.text = "first\n", .is_of_service = true});
  say(client, notify("VS a", {"true"}));
  ASSERT_TRUE(bench.next<NotifyFinished>(patience, [](const NotifyFinished& it) { return it.key == "VS a"; }));
  bench.send(SetFifos{.rules = {}, .fifos = {{.hears_services = true, .path = folder.file("lvs")}}});
  ASSERT_TRUE(bench.next<RunnerCounters>(patience, [](const RunnerCounters& c) { return c.fifo_lines == 1; }));
  say(client, WriteFifos{.text = "second\n", .is_of_service = true});
  ASSERT_TRUE(bench.next<RunnerCounters>(patience, [](const RunnerCounters& c) { return c.fifo_lines == 2; }));
  const UniqueFd reader(::open(folder.file("lvs").c_str(), O_RDONLY | O_NONBLOCK));
  std::array<char, 32> buffer{};
  ASSERT_GT(::read(reader.get(), buffer.data(), buffer.size() - 1), 0);
  EXPECT_STREQ(buffer.data(), "first\nsecond\n");
}

TEST(Clients, may_not_do_what_the_worker_does) {
  RunnerBench bench;
  bench.set_scripts({{.id = 1, .name = "s", .command = command({"true"}), .interval = 10ms}});
  const UniqueFd client = bench.new_client();
  say(client, SetScripts{});
  say(client, Stop{});
  const auto counted =
      bench.next<RunnerCounters>(patience, [](const RunnerCounters& it) { return it.bad_messages == 2; });
  EXPECT_TRUE(counted);
  const std::uint64_t runs = counted->script_runs;
  EXPECT_TRUE(bench.next<RunnerCounters>(patience, [&](const RunnerCounters& it) { return it.script_runs > runs; }));
}

TEST(Clients, are_waited_for_at_the_stop) {  // their last words come late
  const Folder folder;
  RunnerBench bench;
  UniqueFd client = bench.new_client();
  bench.send(Stop{.bound = 60s});
  say(client, notify("VS a", {"sh", "-c", "echo late >" + folder.file("out")}));
  client.reset();
  EXPECT_TRUE(bench.next<Stopped>());
  EXPECT_EQ(bench.exit_status(), 0);
  EXPECT_EQ(folder.text("out"), "late\n");
}

}  // namespace
}  // namespace baton::process
