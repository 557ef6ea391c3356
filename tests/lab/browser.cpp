#include "browser.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <filesystem>
#include <utility>
#include <vector>

namespace baton::lab {
namespace {

using nlohmann::json;

constexpr const char* program = "/usr/bin/chromium";

std::pair<UniqueFd, UniqueFd> make_pipe() {
  std::array<int, 2> ends{-1, -1};
  EXPECT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
  return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

[[noreturn]] void become(std::vector<std::string> arguments, int commands, int replies) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  setpgid(0, 0);
  // Out of the way first: each may be the other's place.
  const int from = fcntl(commands, F_DUPFD_CLOEXEC, 10);
  const int to = fcntl(replies, F_DUPFD_CLOEXEC, 10);
  const int silent = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  dup2(silent, STDOUT_FILENO);
  dup2(silent, STDERR_FILENO);
  dup2(from, 3);
  dup2(to, 4);
  std::vector<char*> raw;
  for (std::string& argument : arguments) raw.push_back(argument.data());
  raw.push_back(nullptr);
  execvp(raw[0], raw.data());
  _exit(127);
}

}  // namespace

bool Browser::is_installed() {
  return access(program, X_OK) == 0;
}

Browser::Browser(pid_t machine_init, Wait wait) : wait_(std::move(wait)) {
  directory_ = testing::TempDir() + "baton-browser-XXXXXX";
  EXPECT_NE(mkdtemp(directory_.data()), nullptr);
  auto [commands, to] = make_pipe();
  auto [from, replies] = make_pipe();
  pid_ = fork();
  if (pid_ == 0) {
    become({"nsenter", fmt::format("--net=/proc/{}/ns/net", machine_init), program, "--headless", "--no-sandbox",
            "--no-zygote", "--disable-gpu", "--in-process-gpu", "--disable-dev-shm-usage", "--disable-extensions",
            "--disable-background-networking", "--no-first-run", "--user-data-dir=" + directory_,
            "--remote-debugging-pipe", "about:blank"},
           commands.get(), replies.get());
  }
  to_ = std::move(to);
  from_ = std::move(from);
  (void)fcntl(from_.get(), F_SETFL, O_NONBLOCK);
  const json targets = ask("Target.getTargets");
  for (const json& target : targets.value("targetInfos", json::array())) {
    if (target["type"] != "page") continue;
    const json attached = ask("Target.attachToTarget", {{"targetId", target["targetId"]}, {"flatten", true}});
    session_ = attached.value("sessionId", "");
    break;
  }
}

Browser::~Browser() {
  if (pid_ > 0) {
    kill(-pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

json Browser::value(const std::string& expression) {
  const json reply = ask("Runtime.evaluate", {{"expression", expression}, {"returnByValue", true}});
  return reply.contains("result") && !reply.contains("exceptionDetails") ? reply["result"].value("value", json())
                                                                         : json();
}

bool Browser::sees(const std::string& expression) {
  return wait_([&] { return value(expression) == true; });
}

void Browser::prefer(const std::string& color_scheme) {
  (void)ask("Emulation.setEmulatedMedia",
            {{"features", json::array({{{"name", "prefers-color-scheme"}, {"value", color_scheme}}})}});
}

void Browser::resize(int width, int height) {
  (void)ask("Emulation.setDeviceMetricsOverride",
            {{"width", width}, {"height", height}, {"deviceScaleFactor", 1}, {"mobile", false}});
}

void Browser::press(const std::string& key, int code) {
  json params{{"type", "keyDown"}, {"key", key}, {"windowsVirtualKeyCode", code}};
  if (key == "Enter") params["text"] = "\r";
  if (key.size() == 1) params["text"] = key;
  (void)ask("Input.dispatchKeyEvent", params);
  (void)ask("Input.dispatchKeyEvent", {{"type", "keyUp"}, {"key", key}, {"windowsVirtualKeyCode", code}});
}

json Browser::ask(const std::string& method, json params) {
  const int id = ++last_id_;
  json message{{"id", id}, {"method", method}, {"params", std::move(params)}};
  if (!session_.empty()) message["sessionId"] = session_;
  const std::string text = message.dump();
  if (write(to_.get(), text.c_str(), text.size() + 1) < 0) return json::object();
  const bool is_answered = wait_([&] {
    receive();
    return replies_.contains(id);
  });
  if (!is_answered) ADD_FAILURE() << "the browser does not answer " << method;
  return is_answered ? replies_.extract(id).mapped() : json::object();
}

void Browser::receive() {
  std::array<char, 65536> buffer;
  for (ssize_t count = 0; (count = read(from_.get(), buffer.data(), buffer.size())) > 0;) {
    received_.append(buffer.data(), static_cast<std::size_t>(count));
  }
  for (std::size_t end = 0; (end = received_.find('\0')) != received_.npos; received_.erase(0, end + 1)) {
    const json message = json::parse(received_.substr(0, end), nullptr, false);
    if (message.is_object() && message.contains("id"))
      replies_[message["id"]] = message.value("result", json::object());
  }
}

}  // namespace baton::lab
