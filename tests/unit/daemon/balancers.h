// A guardian's side of load balancing with balancers of the test's: the roles, their channels and their deaths are the
// daemon's, what a balancer does is written here. IPVS is the test's as well; nftables is the kernel's, in a network
// namespace of the test's own.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "daemon/load_balancing.h"
#include "unit/daemon/made_setup.h"
#include "unit/kernel/network.h"

namespace baton::daemon {

using Lines = std::vector<std::string>;

// IPVS, of which nothing but the end of services is asked; that is written down.
class IpvsOfTest : public DataPlane {
 public:
  explicit IpvsOfTest(Lines& done) : done_(done) {}

  PlaneKind kind() const override { return PlaneKind::ipvs; }
  TableService possible(const ServiceKey&, TableService service, const Say&) const override { return service; }
  SysResult<ServiceTable> dump() override { return {}; }
  SysResult<std::vector<Refused>> carry_out(std::span<const TableOperation> operations) override {
    for (const TableOperation& operation : operations) done_.push_back(to_string(operation));
    return {};
  }
  SysResult<TrafficTable> traffic(std::span<const ServiceKey>) override { return {}; }
  SysResult<void> flush() override { return {}; }
  SysResult<void> set_timeouts(const config::IpvsTimeouts&) override { return {}; }
  SysResult<void> synchronise(std::span<const kernel::IpvsSyncDaemon>) override { return {}; }
  SysResult<void> close() override { return {}; }

 private:
  Lines& done_;
};

class Balancers : public testing::Test {
 protected:
  static constexpr Duration patience = std::chrono::seconds(30);
  static constexpr int longest_life_ms = 90'000;  // nobody is left behind by a test that fails

  enum class Manner : std::uint8_t {
    serves,   // until its guardian says otherwise
    lingers,  // whatever its guardian says: a large table, say, that takes long to remove
    dies,
    is_real,
  };

  // With the balancers.
  struct Shared {
    std::atomic<pid_t> pid;
    std::atomic<int> lingered;
  };

  void SetUp() override {
    std::filesystem::create_directories(directory_);
    auto memory = kernel::SharedMemory::create(sizeof(Shared));
    ASSERT_TRUE(memory);
    memory_ = std::move(*memory);
    if (::geteuid() != 0) return;  // then nobody removes anything of the machine's
    original_ = UniqueFd(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
    namespace_.emplace();
  }
  void TearDown() override {
    if (!original_) return;
    EXPECT_EQ(::setns(original_.get(), CLONE_NEWNET), 0);
  }
  ~Balancers() override {
    balancing_.kill();
    std::filesystem::remove_all(directory_);
  }

  void begin(const std::string& text) {
    setup_ = setup_of(text);
    balancing_.follow(nullptr);
  }
  void reload(const std::string& text) {
    const config::Configuration before = setup_.configuration;
    setup_ = setup_of(text);
    balancing_.follow(&before);
  }
  bool eventually(const std::function<bool()>& condition) {
    const Instant end = loop::now() + patience;
    while (!condition()) {
      if (loop::now() > end) return false;
      loop_.turn(std::chrono::milliseconds(20));
    }
    return true;
  }
  // What balancers have written, when it is so much at least.
  Lines diary(std::size_t count) {
    EXPECT_TRUE(eventually([&] { return written().size() >= count; })) << "it has " << written().size() << " lines";
    Lines lines = written();
    lines.resize(std::max(lines.size(), count));
    return lines;
  }
  std::atomic<pid_t>& pid() const { return static_cast<Shared*>(memory_.data())->pid; }  // of the last one
  std::atomic<int>& lingered() const { return static_cast<Shared*>(memory_.data())->lingered; }
  void kill_balancer() const {
    ASSERT_GT(pid(), 0);
    ::kill(pid(), SIGKILL);
  }
  // It is off the process table: the guardian knows of its death.
  bool is_gone(pid_t one) {
    return eventually([&] { return ::kill(one, 0) != 0; });
  }

  int balance(BalancerStart start) {
    if (manner_ == Manner::is_real) return run_balancer(std::move(start));
    pid() = ::getpid();
    start.board.set_plane({.state = PlaneState::serves, .kind = plane_, .is_settled = settles_});
    write(what_it_was_told(start));
    if (manner_ == Manner::dies) return 3;
    for (int lived = 0; lived < longest_life_ms; lived += 100) {
      start.board.beat();
      if (manner_ == Manner::lingers) {
        ++lingered();
        (void)::poll(nullptr, 0, 100);
        continue;
      }
      pollfd ready{.fd = start.guardian.fd(), .events = POLLIN, .revents = 0};
      if (::poll(&ready, 1, 100) > 0 && has_ended(start)) return 0;
    }
    return 1;
  }
  static std::string what_it_was_told(const BalancerStart& start) {
    std::string line = start.is_first ? "first" : "next";
    for (const ServiceKey& key : start.inherited) line += " +" + to_string(key);
    if (start.inherited_sync) line += " +sync";
    if (start.left != nullptr) {
      const std::set<ServiceKey> keys = setup::service_keys(*start.left->configuration);
      line += fmt::format(", {} left by {}", keys.size(), name(start.left->plane));
    }
    for (std::size_t i = 0; i < start.board.server_count(); ++i) line += start.board.is_drained(i) ? ", drained" : "";
    for (std::size_t i = 0; i < start.board.check_count(); ++i) {
      line += start.board.check(i).state == balance::CheckState::down ? ", down" : "";
    }
    return line;
  }
  bool has_ended(BalancerStart& start) const {
    const auto message = start.guardian.receive();
    if (!message || message->bytes == Bytes{balancer_clears}) {
      write(message ? "clears" : "takes off");
      return true;
    }
    if (message->bytes == Bytes{balancer_drains}) write(start.board.is_drained(0) ? "drains" : "drains no more");
    if (message->bytes == Bytes{balancer_hears_checker}) {
      start.board.set_check(0, {.state = balance::CheckState::down});
      write(message->passed_fd ? "hears a checker" : "hears nobody");
    }
    return false;
  }
  void write(const std::string& line) const { std::ofstream(directory_ + "/diary", std::ios::app) << line + "\n"; }
  Lines written() const {
    Lines lines;
    std::ifstream file(directory_ + "/diary");
    for (std::string line; std::getline(file, line);) lines.push_back(line);
    return lines;
  }

  std::string directory_ = fmt::format("{}/baton-balancing-{}", testing::TempDir(), ::getpid());
  kernel::SharedMemory memory_;
  UniqueFd original_;
  std::optional<kernel::Namespace> namespace_;
  Manner manner_ = Manner::serves;  // of the balancers that start from now on
  PlaneKind plane_ = PlaneKind::ipvs;
  bool settles_ = false;
  Lines removed_;  // from IPVS
  loop::Loop loop_;
  log::Logger log_{{.syslog = false}};
  Options options_;
  daemon::Setup setup_;
  SideRole runner_{loop_, log_, {.name = "baton-test-r", .loss = "nothing", .prepare = {}, .main = {}, .started = {}}};
  LoadBalancing balancing_{
      loop_,
      log_,
      options_,
      {.syslog = false},
      [this]() -> const daemon::Setup& { return setup_; },
      runner_,
      [](const kernel::Channel&) {},
      [] {},
      {.balancer = [this](BalancerStart start) { return balance(std::move(start)); },
       .ipvs = [this]() -> SysResult<std::unique_ptr<DataPlane>> { return std::make_unique<IpvsOfTest>(removed_); }}};
};

}  // namespace baton::daemon
