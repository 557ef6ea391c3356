// The servers of servers.py, one process for all tests of this program.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

#include "base/unique_fd.h"

namespace baton::checker {

inline constexpr auto patience = std::chrono::seconds(60);  // for what must happen; a busy machine is slow

class Servers {
 public:
  static Servers& get() {
    static Servers servers;
    return servers;
  }

  std::uint16_t port(const std::string& name) const {
    const auto found = ports_.find(name);
    EXPECT_NE(found, ports_.end()) << name;
    return found == ports_.end() ? std::uint16_t{1} : found->second;
  }
  std::string text(const std::string& name) const {
    std::ifstream in(folder_ / name);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  std::string file(const std::string& name) const { return folder_ / name; }

  Servers(const Servers&) = delete;
  Servers& operator=(const Servers&) = delete;
  ~Servers() {
    stdin_.reset();
    int status = 0;
    for (int tries = 0; tries < 1'000 && ::waitpid(pid_, &status, WNOHANG) == 0; ++tries) {
      ::poll(nullptr, 0, 10);
    }
    (void)::kill(pid_, SIGKILL);  // ours, and perhaps gone
    std::filesystem::remove_all(folder_);
  }

 private:
  Servers() {
    std::string name = "/tmp/baton-checks-XXXXXX";
    folder_ = ::mkdtemp(name.data());
    make_certificate();
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    const UniqueFd child_end(ends[0]);
    stdin_.reset(ends[1]);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::dup2(child_end.get(), 0);
      const std::string script = std::string(BATON_SOURCE_DIR) + "/tests/unit/checker/servers.py";
      ::execl("/usr/bin/python3", "python3", script.c_str(), folder_.c_str(), nullptr);
      ::_exit(127);
    }
    const auto give_up = std::chrono::steady_clock::now() + patience;
    while (!std::filesystem::exists(folder_ / "ports") && std::chrono::steady_clock::now() < give_up) {
      ::poll(nullptr, 0, 5);
    }
    std::ifstream in(folder_ / "ports");
    std::string server;
    std::uint16_t port = 0;
    while (in >> server >> port) ports_[server] = port;
    EXPECT_FALSE(ports_.empty());
  }

  void make_certificate() const {
    const std::string make =
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 "
        "-subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 -keyout " +
        file("key.pem") + " -out " + file("cert.pem") + " 2>/dev/null";
    EXPECT_EQ(std::system(make.c_str()), 0);
  }

  std::filesystem::path folder_;
  std::map<std::string, std::uint16_t> ports_;
  UniqueFd stdin_;
  pid_t pid_ = -1;
};

}  // namespace baton::checker
