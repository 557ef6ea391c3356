// A real runner in a process of its own, its guardian and its worker played by the test. Everything waits for an event
// with a bound; the runner ends with the bench.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/unique_fd.h"
#include "process/runner.h"
#include "process/runner_protocol.h"

namespace baton::process {

using Clock = std::chrono::steady_clock;
inline constexpr Duration patience = std::chrono::seconds(60);  // for what must happen; a busy machine is slow

inline std::pair<UniqueFd, UniqueFd> channel_pair() {
  std::array<int, 2> ends{};
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()), 0);
  return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

// What the guardian does for each new worker, and with the memory of a ledger.
inline bool send_descriptor(int guardian_channel, std::uint8_t byte, const UniqueFd& passed) {
  iovec data{.iov_base = &byte, .iov_len = 1};
  alignas(cmsghdr) std::array<std::uint8_t, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  const int fd = passed.get();
  std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
  return ::sendmsg(guardian_channel, &message, MSG_NOSIGNAL) == 1;
}

// A folder that goes away with the test; everybody may write there.
class Folder {
 public:
  Folder() {
    std::string name = "/tmp/baton-runner-XXXXXX";
    path_ = ::mkdtemp(name.data());
    std::filesystem::permissions(path_, std::filesystem::perms::all);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { std::filesystem::remove_all(path_); }

  std::string file(const std::string& name) const { return path_ / name; }
  std::string script(const std::string& name, const std::string& text) const {
    std::ofstream(file(name)) << "#!/bin/sh\n" << text << "\n";
    ::chmod(file(name).c_str(), 0755);
    return file(name);
  }
  std::string text(const std::string& name) const {
    std::ifstream in(file(name));
    return {std::istreambuf_iterator<char>(in), {}};
  }

 private:
  std::filesystem::path path_;
};

inline notify::Command command(std::vector<std::string> argv, std::string user = {}) {
  return {.argv = std::move(argv), .user = std::move(user), .group = {}};
}

class RunnerBench {
 public:
  explicit RunnerBench(const RunnerOptions& options = {}) {
    auto [guardian, runner] = channel_pair();
    pid_ = ::fork();
    if (pid_ == 0) ::_exit(run_runner(std::move(runner), options));
    guardian_ = std::move(guardian);
    new_worker();
  }
  RunnerBench(const RunnerBench&) = delete;
  RunnerBench& operator=(const RunnerBench&) = delete;
  ~RunnerBench() {
    worker_.reset();
    guardian_.reset();
    if (pid_ > 0 && !exit_status()) ::kill(pid_, SIGKILL), ::waitpid(pid_, nullptr, 0);
  }

  void new_worker() {
    auto [ours, theirs] = channel_pair();
    ASSERT_TRUE(send_descriptor(guardian_.get(), guardian_passes_worker, theirs));
    worker_ = std::move(ours);
  }
  void pass_ledger(const UniqueFd& memory) {
    ASSERT_TRUE(send_descriptor(guardian_.get(), guardian_passes_ledger, memory));
  }
  UniqueFd new_client() {
    auto [ours, theirs] = channel_pair();
    EXPECT_TRUE(send_descriptor(guardian_.get(), guardian_passes_client, theirs));
    return std::move(ours);
  }
  void worker_dies() { worker_.reset(); }
  void guardian_dies() { guardian_.reset(); }
  void signal(int number) { ::kill(pid_, number); }
  pid_t pid() const { return pid_; }

  void send_bytes(const Bytes& bytes) {
    ASSERT_EQ(::send(worker_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
  }
  void send(const ToRunner& message) { send_bytes(*encode(message)); }
  void set_scripts(const std::vector<TrackScript>& scripts, ScriptRules rules = {}) {
    const auto messages = encode_scripts(rules, scripts);
    for (const Bytes& bytes : *messages) send_bytes(bytes);
  }

  // The next message that the test asks for; others are put aside, to be asked for later.
  template <typename Message>
  std::optional<Message> next(
      Duration bound = patience,
      const std::function<bool(const Message&)>& wanted = [](const Message&) { return true; }) {
    const auto deadline = Clock::now() + bound;
    for (std::size_t looked_at = 0;;) {
      for (; looked_at < heard_.size(); ++looked_at) {
        auto* message = std::get_if<Message>(&heard_[looked_at]);
        if (message == nullptr || !wanted(*message)) continue;
        Message found = std::move(*message);
        heard_.erase(heard_.begin() + static_cast<std::ptrdiff_t>(looked_at));
        return found;
      }
      if (!hear(deadline)) return std::nullopt;
    }
  }
  std::optional<ScriptResult> result(std::uint32_t id, Duration bound = patience) {
    return next<ScriptResult>(bound, [id](const ScriptResult& result) { return result.id == id; });
  }
  // The next result of this script with this verdict.
  std::optional<ScriptResult> verdict(std::uint32_t id, bool is_up, Duration bound = patience) {
    return next<ScriptResult>(bound,
                              [=](const ScriptResult& result) { return result.id == id && result.is_up == is_up; });
  }
  std::optional<RunnerEvent> event(const std::string& part, Duration bound = patience) {
    return next<RunnerEvent>(bound, [&](const RunnerEvent& event) { return event.text.contains(part); });
  }

  // nullopt: still running after the bound.
  std::optional<int> exit_status(Duration bound = patience) {
    const auto deadline = Clock::now() + bound;
    for (int status = 0; pid_ > 0;) {
      if (::waitpid(pid_, &status, WNOHANG) == pid_) {
        pid_ = -1;
        status_ = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
      } else if (Clock::now() > deadline) {
        return std::nullopt;
      } else {
        ::poll(nullptr, 0, 2);
      }
    }
    return status_;
  }

 private:
  bool hear(Clock::time_point deadline) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
    pollfd ready{.fd = worker_.get(), .events = POLLIN, .revents = 0};
    if (left.count() <= 0 || ::poll(&ready, 1, static_cast<int>(left.count())) <= 0) return false;
    Bytes bytes(limits::message_size);
    const ssize_t size = ::recv(worker_.get(), bytes.data(), bytes.size(), 0);
    if (size <= 0) return false;
    bytes.resize(static_cast<std::size_t>(size));
    const auto message = decode_from_runner(bytes);
    EXPECT_TRUE(message);
    if (message) heard_.push_back(*message);
    return true;
  }

  pid_t pid_ = -1;
  std::optional<int> status_;
  UniqueFd guardian_;
  UniqueFd worker_;
  std::vector<FromRunner> heard_;
};

inline bool eventually(const std::function<bool()>& condition, Duration bound = patience) {
  const auto deadline = Clock::now() + bound;
  while (!condition()) {
    if (Clock::now() > deadline) return false;
    ::poll(nullptr, 0, 2);
  }
  return true;
}

}  // namespace baton::process
