// A lab leaves nothing behind, however it ends, and does not mind a second one.
#include "lab/sandbox.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "lab/process_tree.h"
#include "pair.h"

namespace baton::lab {
namespace {

using namespace std::chrono_literals;

// A process that runs a lab of its own in a sandbox of its own, and tells through a pipe when the address is there.
class LabProcess {
 public:
  enum class Then : std::uint8_t { end, go_on };

  explicit LabProcess(Then then) {
    std::array<int, 2> ends{};
    EXPECT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
    ready_ = UniqueFd(ends[0]);
    UniqueFd tell(ends[1]);
    pid_ = fork();
    if (pid_ != 0) return;
    const auto code = run_in_sandbox([&] {
      Pair pair({.has_web = true});
      if (!pair || !pair.wait_for_owner(web1)) return 1;
      (void)!write(tell.get(), "r", 1);
      if (then == Then::go_on) pair->run_for(60s);
      return 0;
    });
    _exit(code.value_or(1));
  }

  pid_t pid() const { return pid_; }
  bool wait_until_ready() {
    char byte = 0;
    return read(ready_.get(), &byte, 1) == 1;
  }
  int wait() {
    int status = 0;
    waitpid(pid_, &status, 0);
    return status;
  }

 private:
  pid_t pid_ = 0;
  UniqueFd ready_;
};

std::size_t lab_processes() {
  return static_cast<std::size_t>(std::ranges::count_if(all_processes(), [](const ProcessInfo& process) {
    return process.state != 'Z' &&
           (process.name.starts_with("lab:") || process.name == "keepalived" || process.name == "nginx");
  }));
}

bool all_gone() {
  Reactor reactor;
  reactor.every(10ms, [] {});
  return reactor.run_until([] { return lab_processes() == 0; }, now() + 5s);
}

TEST(Sandbox, leaves_nothing_when_the_lab_ends) {
  LabProcess lab(LabProcess::Then::end);
  EXPECT_EQ(lab.wait(), 0);
  EXPECT_EQ(lab_processes(), 0U);
}

TEST(Sandbox, leaves_nothing_when_it_is_killed) {
  LabProcess lab(LabProcess::Then::go_on);
  ASSERT_TRUE(lab.wait_until_ready());
  ASSERT_GT(lab_processes(), 4U);
  kill(lab.pid(), SIGKILL);
  lab.wait();
  EXPECT_TRUE(all_gone());
}

TEST(Sandbox, ctrl_c_ends_it_first_and_then_itself) {
  LabProcess lab(LabProcess::Then::go_on);
  ASSERT_TRUE(lab.wait_until_ready());
  kill(lab.pid(), SIGINT);
  const int status = lab.wait();
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 128 + SIGINT);
  EXPECT_EQ(lab_processes(), 0U);
}

TEST(Sandbox, two_labs_run_side_by_side) {
  LabProcess first(LabProcess::Then::end);
  LabProcess second(LabProcess::Then::end);
  EXPECT_EQ(first.wait(), 0);
  EXPECT_EQ(second.wait(), 0);
}

TEST(Sandbox, gives_the_exit_code_of_its_body) {
  const auto code = run_in_sandbox([] { return 7; });
  ASSERT_TRUE(code) << to_string(code.error());
  EXPECT_EQ(*code, 7);
}

// A user's notify scripts run in a machine as root.
TEST(Sandbox, a_machine_writes_to_nobodys_files) {
  const std::string name = "/baton-lab-was-here";
  const std::vector<std::string> directories{"/usr", "/opt", "/srv", "/home", "/root", "/etc", "/var", "/tmp", ""};
  const auto code = run_in_sandbox([&] {
    auto machine = Machine::boot("web1");
    if (!machine) return 1;
    std::vector<std::string> command{"touch"};
    for (const std::string& directory : directories) command.push_back(directory + name);
    auto program = machine->start(command);
    if (!program) return 2;
    Reactor reactor;
    reactor.every(10ms, [] {});
    return reactor.run_until([&] { return !is_running(program->pid); }, now() + 5s) ? 0 : 3;
  });
  EXPECT_EQ(code, 0);
  for (const std::string& directory : directories) EXPECT_NE(access((directory + name).c_str(), F_OK), 0) << directory;
}

}  // namespace
}  // namespace baton::lab
