// Metrics as monitoring sees them: promtool judges them, and a real Prometheus scrapes them.
#include <gmock/gmock.h>
#include <unistd.h>

#include "control/client.h"
#include "served_pair.h"

namespace baton::lab {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

constexpr const char* prometheus_program = "/usr/bin/prometheus";
constexpr const char* promtool = "/usr/bin/promtool";

class Metrics : public ServedPair {
 protected:
  static void SetUpTestSuite() {
    open({.head = "vrrp_script ok {\n  script /usr/bin/true\n  interval 1\n  timeout 10\n}\n"
                  "vrrp_script slow {\n  script \"/usr/bin/sleep 0.3\"\n  interval 1\n  timeout 10\n}\n"
                  "vrrp_script bad {\n  script /usr/bin/false\n  interval 1\n  timeout 10\n  weight 1\n}\n"
                  "vrrp_script hangs {\n  script \"/usr/bin/sleep 60\"\n  interval 1\n  timeout 1\n  weight 1\n}\n"
                  "vrrp_sync_group G {\n  group {\n    VI_1\n  }\n}\n",
          .extra = "  track_script {\n    ok\n    slow\n    bad\n    hangs\n  }\n",
          .batond_options = {"--http", "9650"}});
  }
  static std::string scraped(NodeId node, const std::string& path = "/metrics") {
    const auto text = control::fetch(lab().machine(node).outside_path(control::default_control_socket), {.path = path});
    EXPECT_TRUE(text) << text.error().message;
    return text.value_or("");
  }
};

TEST_F(Metrics, say_who_is_master) {
  EXPECT_THAT(scraped(web1), HasSubstr("baton_instance_state{vrrp_instance=\"VI_1\",state=\"MASTER\"} 1\n"));
  EXPECT_THAT(scraped(web2), HasSubstr("baton_instance_state{vrrp_instance=\"VI_1\",state=\"BACKUP\"} 1\n"));
  EXPECT_THAT(scraped(web1, "/metrics?names=keepalived"), HasSubstr("ip_address=\"10.0.20.100\"} 2\n"));
}

// "baton_script_runs_total{script=\"ok\",result=\"success\"}", of what was scraped; nullopt: it is not there.
std::optional<double> value(const std::string& text, const std::string& sample) {
  const auto at = text.find("\n" + sample + " ");
  if (at == std::string::npos) return std::nullopt;
  return std::stod(text.substr(at + sample.size() + 2));
}
std::string runs(const std::string& script, const std::string& result) {
  return "baton_script_runs_total{script=\"" + script + "\",result=\"" + result + "\"}";
}

TEST_F(Metrics, say_how_often_scripts_ran_what_came_of_it_and_how_long_it_took) {
  std::string text;
  const auto is_told = [&](double most) {
    text = scraped(web1);
    for (const auto& [script, result] :
         {std::pair("ok", "success"), {"slow", "success"}, {"bad", "failure"}, {"hangs", "timeout"}}) {
      if (value(text, runs(script, result)).value_or(0) < most) return false;
    }
    return true;
  };
  ASSERT_TRUE(wait([&] { return is_told(2); }, std::chrono::seconds(60))) << text;
  EXPECT_EQ(value(text, runs("ok", "failure")), 0);
  EXPECT_EQ(value(text, runs("hangs", "failure")), 0);
  const auto count = [&](const std::string& script) {
    return value(text, "baton_script_duration_seconds_count{script=\"" + script + "\"}");
  };
  EXPECT_EQ(count("hangs"), value(text, runs("hangs", "timeout")));
  EXPECT_EQ(value(text, "baton_script_duration_seconds_bucket{script=\"slow\",le=\"0.25\"}"), 0);
  EXPECT_EQ(value(text, "baton_script_duration_seconds_bucket{script=\"hangs\",le=\"0.5\"}"), 0);
  EXPECT_GE(value(text, "baton_script_duration_seconds_sum{script=\"slow\"}"), 0.3 * *count("slow"));
  EXPECT_EQ(value(text, "baton_script_timeout_seconds{script=\"slow\"}"), 10);

  // Nothing goes backwards through a reload, nor when the runner dies; a name that is gone is gone.
  const double before = *value(text, runs("ok", "success"));
  PairOptions edited = options();
  edited.head.replace(edited.head.find("vrrp_script bad"), 15, "vrrp_script worse");
  edited.extra.replace(edited.extra.find("bad"), 3, "worse");
  const Instant asked = now();
  reload(web1, pair_config(web1, edited));
  ASSERT_TRUE(wait([&] { return was_logged(web1, "reload complete", asked); })) << pair().log();
  ASSERT_TRUE(wait([&] {
    text = scraped(web1);
    return value(text, runs("worse", "failure")).value_or(0) > 0;
  })) << text;
  EXPECT_GE(value(text, runs("ok", "success")), before);
  EXPECT_EQ(value(text, runs("bad", "failure")), std::nullopt);
  signal(web1, Role::runner, SIGKILL);
  EXPECT_TRUE(wait([&] { return was_logged(web1, "baton-run killed", asked); })) << pair().log();
  EXPECT_TRUE(wait([&] {
    text = scraped(web1);
    return value(text, runs("ok", "success")).value_or(0) > before + 1;
  })) << text;
}

TEST_F(Metrics, please_promtool) {
  if (::access(promtool, X_OK) != 0) GTEST_SKIP() << "there is no promtool: apt-get install prometheus";
  write_file(web1, "/run/metrics", scraped(web1));
  const auto said = run(web1, std::string(promtool) + " check metrics </run/metrics");
  ASSERT_TRUE(said);
  EXPECT_EQ(said->code, 0) << said->text;
  EXPECT_EQ(said->text, "");
}

// A worker that hangs is replaced within 0.3 s, once the guardian runs; nothing that a scrape says meanwhile is a
// MASTER without a worker.
TEST_F(Metrics, of_a_node_without_a_worker_show_no_master) {
  const std::string master = "state=\"MASTER\"} 1\n";
  EXPECT_THAT(scraped(web1), HasSubstr(master));
  const auto shows_worker = [&](int number) {
    const std::string text = scraped(web1);
    EXPECT_TRUE(text.contains("baton_worker_up 1\n") || !text.contains(master)) << text;
    return text.contains(fmt::format("\nbaton_worker_up {}\n", number));
  };
  for (const Role role : {Role::guardian, Role::worker}) signal(web1, role, SIGSTOP);
  EXPECT_TRUE(wait([&] { return shows_worker(0); })) << pair().log();
  signal(web1, Role::guardian, SIGCONT);
  EXPECT_TRUE(wait([&] { return shows_worker(1); })) << pair().log();
}

TEST_F(Metrics, are_scraped_by_a_real_prometheus) {
  if (::access(prometheus_program, X_OK) != 0) {
    GTEST_SKIP() << "there is no Prometheus: apt-get install prometheus";
  }
  write_file(web1, "/run/prometheus.yml",
             "global: {scrape_interval: 500ms, scrape_timeout: 400ms}\n"
             "scrape_configs: [{job_name: baton, static_configs: [{targets: ['127.0.0.1:9650']}]}]\n");
  Pair::expect_done(lab().start_program(
      web1, {prometheus_program, "--config.file=/run/prometheus.yml", "--storage.tsdb.path=/run/prometheus",
             "--web.listen-address=127.0.0.1:9090", "--log.level=error"}));
  const std::string query =
      "curl -sG http://127.0.0.1:9090/api/v1/query --data-urlencode 'query=baton_instance_state{state=\"MASTER\"}'";
  json result;
  EXPECT_TRUE(wait(
      [&] {
        const auto said = run(web1, query);
        result = json::parse(said ? said->text : "", nullptr, false);
        return result.is_object() && !result.value("/data/result"_json_pointer, json::array()).empty();
      },
      std::chrono::seconds(60)))
      << result;
  EXPECT_EQ(result.value("/data/result/0/value/1"_json_pointer, ""), "1");
  EXPECT_EQ(result.value("/data/result/0/metric/instance"_json_pointer, ""), "127.0.0.1:9650");
  EXPECT_EQ(result.value("/data/result/0/metric/vrrp_instance"_json_pointer, ""), "VI_1");
}

}  // namespace
}  // namespace baton::lab
