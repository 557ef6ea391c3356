// Two servers with Baton that live for a whole suite, so that a start is paid once: every test begins with web1 serving
// alone by the suite's configuration, whatever the one before left.
#pragma once

#include <csignal>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <string>

#include <sys/stat.h>
#include <nlohmann/json.hpp>

#include "lab/protocol_limits.h"
#include "pair.h"

namespace baton::lab {

class ServedPair : public testing::Test {
 protected:
  // What a command printed, on both streams, and how it ended.
  struct Said {
    int code = -1;
    std::string text;
  };

  static void open(PairOptions options) {
    if (!has_batond()) return;
    options.daemons[web1] = options.daemons[web2] = Daemon::batond;
    options_ = options;
    pair_ = std::make_unique<Pair>(options);
  }
  static void TearDownTestSuite() { pair_.reset(); }

  void SetUp() override {
    if (!has_batond()) GTEST_SKIP() << "batond is not built";
    ASSERT_TRUE(is_open());
    for (const NodeId node : {web1, web2}) {
      for (const ProcessInfo& process : batond_processes(node)) kill(process.pid, SIGCONT);
      const std::string text = pair_config(node, options_);
      const bool is_edited = read_file(node, config_path(node)) != text;
      if (is_edited) configure(node, text);
      if (!lab().daemon_runs(node)) {
        Pair::expect_done(lab().start_daemon(node));
      } else if (is_edited) {
        const Instant asked = now();
        signal(node, Role::guardian, SIGHUP);
        ASSERT_TRUE(wait([&] { return was_logged(node, "reload complete", asked); })) << pair().log();
      }
    }
    ASSERT_TRUE(pair().wait_for_owner(web1)) << pair().log();
    ASSERT_TRUE(wait([] { return has_one_worker(web1) && has_one_worker(web2); })) << pair().log();
    begin_ = now();
  }

  // Not where batond is not built, or the lab could not be made.
  static bool is_open() { return pair_ && *pair_; }
  static Pair& pair() { return *pair_; }
  static Lab& lab() { return **pair_; }
  static const PairOptions& options() { return options_; }
  Instant begin() const { return begin_; }

  static bool wait(const std::function<bool()>& condition, Duration bound = std::chrono::seconds(10)) {
    return lab().wait_until(condition, bound);
  }

  static std::vector<ProcessInfo> batond_processes(NodeId node) {
    std::vector<ProcessInfo> found;
    for (const ProcessInfo& process : process_tree(lab().machine(node).init())) {
      if (process.name == "batond" || process.name.starts_with("baton-")) found.push_back(process);
    }
    return found;
  }
  // 0: none.
  static pid_t worker(NodeId node) {
    const auto found = find_role(lab().daemon_processes(node), Role::worker);
    return found.empty() ? 0 : found.front();
  }
  // One that was followed by another at a reload may still be about to end.
  static bool has_one_worker(NodeId node) { return find_role(lab().daemon_processes(node), Role::worker).size() == 1; }
  // The pid that it had.
  static pid_t kill_worker(NodeId node) {
    EXPECT_TRUE(wait([&] { return worker(node) > 0; })) << pair().log();
    const pid_t pid = worker(node);
    if (pid > 0) (void)::kill(pid, SIGKILL);
    return pid;
  }
  static bool wait_for_other_worker(NodeId node, pid_t before) {
    return wait([&] { return worker(node) != 0 && worker(node) != before; });
  }
  static void signal(NodeId node, Role role, int number) { Pair::expect_done(lab().signal_daemon(node, role, number)); }
  static void stop_daemon(NodeId node) {
    signal(node, Role::guardian, SIGTERM);
    EXPECT_TRUE(wait([&] { return !lab().daemon_runs(node); })) << pair().log();
  }
  // A guardian that has seen no death yet.
  static void start_anew(NodeId node) {
    stop_daemon(node);
    Pair::expect_done(lab().start_daemon(node));
    ASSERT_TRUE(pair().wait_for_owner(web1)) << pair().log();
  }

  static bool holds(NodeId node, const std::string& address) {
    const auto held = lab().addresses(node);
    return held && std::ranges::any_of(
                       *held, [&](const HeldAddress& one) { return to_string(one.address.address) == address; });
  }
  // Nobody took or lost the watched address, and nobody but web1 spoke.
  static void expect_no_move_since(Instant at) {
    EXPECT_EQ(pair().owners(), std::set<NodeId>{web1});
    EXPECT_LT(*lab().ownership().last_change(pair().address()), at) << pair().log();
    EXPECT_EQ(adverts(web2, at).size(), 0U) << pair().log();
  }
  static std::vector<SeenAdvert> adverts(NodeId node, Instant since, int vrid = 50) {
    std::vector<SeenAdvert> found;
    for (const AdvertRecord& record : lab().adverts()) {
      if (record.node == node && record.at >= since && record.advert.vrid == vrid) found.push_back(record.advert);
    }
    return found;
  }
  static bool said_goodbye(NodeId node, Instant since, int vrid = 50) {
    return std::ranges::any_of(adverts(node, since, vrid), [](const SeenAdvert& one) { return one.priority == 0; });
  }
  static bool was_told(NodeId node, Event::Kind kind, std::string_view text, Instant since) {
    return std::ranges::any_of(lab().events(), [&](const Event& event) {
      return event.node == node && event.at >= since && event.kind == kind && event.text.contains(text);
    });
  }
  static bool was_logged(NodeId node, std::string_view text, Instant since) {
    return was_told(node, Event::Kind::log, text, since);
  }
  // For less than a backup waits after a goodbye: 0.61 s, which keepalived's clients miss. What Baton's miss is
  // measured in bench/.
  static void expect_hardly_missed_since(Instant at) {
    EXPECT_LT(lab().pings(0).outage(at, now()).longest, skew_time(lab().topology().targets.front(), 100))
        << pair().log();
  }

  static void write_file(NodeId node, const std::string& path, std::string_view text, mode_t mode = 0644) {
    const std::string outside = lab().machine(node).outside_path(path);
    std::ofstream(outside, std::ios::trunc) << text;
    EXPECT_EQ(chmod(outside.c_str(), mode), 0) << path;
  }
  static std::string read_file(NodeId node, const std::string& path) {
    std::ifstream file(lab().machine(node).outside_path(path));
    return {std::istreambuf_iterator<char>(file), {}};
  }
  static std::string config_path(NodeId node) { return fmt::format("/run/lab/{}.conf", lab().plan(node).name); }
  static void configure(NodeId node, std::string_view text) { write_file(node, config_path(node), text); }
  static void reload(NodeId node, std::string_view text) {
    configure(node, text);
    signal(node, Role::guardian, SIGHUP);
  }

  static std::optional<Said> run(NodeId node, const std::string& command, Duration bound = std::chrono::seconds(60)) {
    static int number = 0;
    const std::string name = fmt::format("/run/lab/said-{}", ++number);
    Pair::expect_done(lab().start_program(
        node, {"sh", "-c",
               fmt::format("({}) >{}.text 2>&1; echo $? >{}.tmp; mv {}.tmp {}", command, name, name, name, name)}));
    const std::string done = lab().machine(node).outside_path(name);
    if (!wait([&] { return access(done.c_str(), F_OK) == 0; }, bound)) return std::nullopt;
    return Said{.code = std::stoi(read_file(node, name)), .text = read_file(node, name + ".text")};
  }
  static std::optional<Said> baton(NodeId node, const std::string& arguments) {
    return run(node, fmt::format("{} {}", BATON_PROGRAM, arguments));
  }
  // An empty object while nobody answers.
  static nlohmann::json status(NodeId node) {
    const auto said = baton(node, "status --json");
    const auto status = said ? nlohmann::json::parse(said->text, nullptr, false) : nlohmann::json();
    return status.is_object() ? status : nlohmann::json::object();
  }

 private:
  inline static std::unique_ptr<Pair> pair_;
  inline static PairOptions options_;
  Instant begin_;
};

}  // namespace baton::lab
