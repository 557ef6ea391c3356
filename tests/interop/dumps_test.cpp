// The files that a signal asks for: Baton and keepalived run the same configuration, each alone on its side of a cut
// LAN, and what they write is compared.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <sstream>

#include "interop/couple.h"
#include "lab/made_config.h"

namespace baton::interop {
namespace {

using namespace std::chrono_literals;
using nlohmann::ordered_json;

constexpr const char* configuration = R"(
global_defs {
  enable_script_security
  script_user root
}
vrrp_script chk {
  script "/usr/bin/true"
  interval 60
  weight 5
}
vrrp_instance VI_1 {
  state MASTER
  interface ens33
  virtual_router_id 51
  priority 100
  advert_int 1
  authentication {
    auth_type PASS
    auth_pass 1234
  }
  virtual_ipaddress {
    10.0.20.100/24
    10.0.20.101/32 label ens33:1
  }
  virtual_ipaddress_excluded {
    10.0.30.102/24 brd + scope link
    fd00:20::9/64
  }
  track_script {
    chk
  }
  notify_master "/usr/bin/true master"
  notify /usr/bin/true
  garp_master_delay 1
  garp_master_refresh 60
}
vrrp_instance VI_2 {
  interface ens33
  virtual_router_id 52
  priority 90
  version 3
  advert_int 0.5
  nopreempt
  notify_deleted
  virtual_ipaddress {
    10.0.20.103
  }
}
)";

class Dumps : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (!missing_program().empty()) return;
    lab::LabOptions options;
    options.probe_interval = 10ms;
    options.batond = BATOND_PROGRAM;
    const auto node = [](const char* name, lab::Daemon daemon) {
      return lab::MadeNode{.name = name, .config = configuration, .daemon = daemon, .has_web = false};
    };
    auto opened = lab::open_made_lab({node("baton", lab::Daemon::batond), node("keepalived", lab::Daemon::keepalived)},
                                     std::move(options));
    ASSERT_TRUE(opened) << to_string(opened.error());
    lab_ = std::move(*opened);
    for (const lab::NodeId id : {baton, keepalived}) {
      ASSERT_TRUE(lab_->set_forwarding(id, "ens33", false));
      ASSERT_TRUE(lab_->start_daemon(id));
    }
    const auto holds_all = [](lab::NodeId id) {
      const auto addresses = lab_->addresses(id);
      return addresses && std::ranges::count_if(*addresses, [](const lab::HeldAddress& it) {
                            return std::regex_match(to_string(it.address), std::regex("10[.]0[.][23]0[.]10[0-3]/.*"));
                          }) == 4;
    };
    EXPECT_TRUE(lab_->wait_until([&] { return holds_all(baton) && holds_all(keepalived); }, 30s)) << log();
  }
  static void TearDownTestSuite() { lab_.reset(); }
  static std::string log() {
    std::string text;
    for (const lab::Event& event : lab_->events()) text += event.text + "\n";
    return text;
  }
  void SetUp() override {
    if (!missing_program().empty()) GTEST_SKIP() << missing_program();
    ASSERT_TRUE(lab_);
  }

  // What the daemon writes into /tmp/NAME when it is sent the signal.
  static std::string written(lab::NodeId id, int signal, const std::string& name) {
    const std::string path = lab_->machine(id).outside_path("/tmp/" + name);
    std::filesystem::remove(path);
    EXPECT_TRUE(lab_->signal_daemon(id, lab::Role::guardian, signal));
    std::string text;
    // keepalived writes in place: what stays the same for a moment is whole.
    EXPECT_TRUE(lab_->wait_until(
        [&, before = std::string()]() mutable {
          std::ifstream file(path);
          text.assign(std::istreambuf_iterator<char>(file), {});
          return text.ends_with('\n') && std::exchange(before, text) == text;
        },
        10s))
        << name << " of node " << id << ": " << text;
    struct stat status{};
    EXPECT_EQ(::stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600U);
    return text;
  }
  static std::unique_ptr<lab::Lab> lab_;
};
std::unique_ptr<lab::Lab> Dumps::lab_;

std::string without_numbers(const std::string& text) {
  return std::regex_replace(text, std::regex(": [0-9]+"), ": N");
}

// "VI_1 / Became master" -> 1, and so on.
std::map<std::string, std::uint64_t> counters(const std::string& text) {
  std::map<std::string, std::uint64_t> result;
  std::string instance;
  std::string heading;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t colon = line.find(": ");
    if (line.starts_with("VRRP Instance: ")) {
      instance = line.substr(colon + 2);
    } else if (colon == line.npos) {
      heading = line;
    } else {
      const bool is_below = line.starts_with("    ");
      result[instance + (is_below ? heading : "") + line.substr(0, colon)] = std::stoull(line.substr(colon + 2));
    }
  }
  return result;
}

TEST_F(Dumps, statistics_have_the_same_lines) {
  const std::string ours = written(baton, SIGUSR2, "keepalived.stats");
  const std::string theirs = written(keepalived, SIGUSR2, "keepalived.stats");
  EXPECT_EQ(without_numbers(ours), without_numbers(theirs));
  EXPECT_EQ(counters(ours).at("VI_1  Became master"), counters(theirs).at("VI_1  Became master"));
  EXPECT_GE(counters(ours).at("VI_1  Advertisements:    Sent"), 1U);
}

TEST_F(Dumps, statistics_are_cleared_behind_the_last_look) {
  for (const lab::NodeId id : {baton, keepalived}) {
    const auto before = counters(written(id, SIGRTMAX - 1, "keepalived.stats"));
    const auto after = counters(written(id, SIGUSR2, "keepalived.stats"));
    EXPECT_EQ(after.at("VI_1  Became master"), 0U) << id;
    EXPECT_LE(after.at("VI_1  Advertisements:    Sent"), before.at("VI_1  Advertisements:    Sent")) << id;
  }
}

// Keys, order and values, but for what is a matter of the moment, a password that Baton keeps to itself, and the
// counters of auth_hmac, which came with later versions.
TEST_F(Dumps, json_has_the_same_keys_in_the_same_order_and_the_same_values) {
  const auto parse = [](const std::string& text) {
    EXPECT_EQ(text.find('\n'), text.size() - 1) << "one line";
    EXPECT_FALSE(std::regex_search(text, std::regex("[^\\\\]/"))) << "a slash that is not escaped";
    ordered_json list = ordered_json::parse(text, nullptr, false);
    for (ordered_json& instance : list) {
      for (const char* key : {"last_transition", "auth_data", "track_script"}) {
        if (instance["data"].contains(key)) instance["data"][key] = "a matter of its own";
      }
      for (const char* key : {"missing", "malformed", "unknown_key", "invalid_hmac", "stale", "replay"}) {
        instance["stats"].erase(std::string("auth_ext_") + key);
      }
      for (auto& [key, value] : instance["stats"].items()) value = "a matter of the moment";
    }
    return list;
  };
  const ordered_json ours = parse(written(baton, SIGRTMIN + 2, "keepalived.json"));
  const ordered_json theirs = parse(written(keepalived, SIGRTMIN + 2, "keepalived.json"));
  EXPECT_EQ(ours.dump(1), theirs.dump(1));
}

// An exporter's view of the free text: the values of these keys, and the addresses.
std::vector<std::string> lines_read_by_exporters(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream all(text);
  bool is_in_instance = false;
  for (std::string line; std::getline(all, line);) {
    if (line.starts_with(" VRRP ")) is_in_instance = line.starts_with(" VRRP Instance = ");
    const bool is_key = std::regex_match(
        line, std::regex("   (State|Wantstate|Interface|Gratuitous ARP delay|Virtual Router ID|Status) = .*"));
    const bool is_name = std::regex_match(line, std::regex(" VRRP (Instance|Script) = .*"));
    const bool is_address =
        is_in_instance && std::regex_match(line, std::regex("   Virtual IP .*|     [0-9a-f.:]+/?.* set"));
    if (is_key || is_name || is_address) lines.push_back(line);
    if (line.starts_with("------< VRRP Sockpool")) is_in_instance = false;
  }
  // Sockets and interfaces have a state and a name too, in sections that are keepalived's own.
  std::erase_if(lines, [](const std::string& line) { return line.find("RUNNING") != line.npos; });
  return lines;
}

TEST_F(Dumps, data_has_the_lines_that_exporters_read) {
  const auto section = [](const std::string& text) {
    const std::size_t begin = text.find("------< VRRP Topology >------");
    const std::size_t end = std::min(text.find("------<", begin + 1), text.size());
    return lines_read_by_exporters(text.substr(begin, end - begin));
  };
  const std::string ours = written(baton, SIGUSR1, "keepalived.data");
  const std::string theirs = written(keepalived, SIGUSR1, "keepalived.data");
  EXPECT_EQ(section(ours), section(theirs));
  for (const std::string& text : {ours, theirs}) {
    EXPECT_NE(text.find(" VRRP Script = chk\n"), text.npos);
    EXPECT_NE(text.find("   Status = GOOD\n"), text.npos);
    EXPECT_NE(text.find("   State = idle\n"), text.npos);
  }
}

}  // namespace
}  // namespace baton::interop
