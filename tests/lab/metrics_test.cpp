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
    open({.head = "vrrp_script ok {\n  script /usr/bin/true\n}\nvrrp_sync_group G {\n  group {\n    VI_1\n  }\n}\n",
          .extra = "  track_script {\n    ok\n  }\n",
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

TEST_F(Metrics, please_promtool) {
  if (::access(promtool, X_OK) != 0) GTEST_SKIP() << "there is no promtool: apt-get install prometheus";
  write_file(web1, "/run/metrics", scraped(web1));
  const auto said = run(web1, std::string(promtool) + " check metrics </run/metrics");
  ASSERT_TRUE(said);
  EXPECT_EQ(said->code, 0) << said->text;
  EXPECT_EQ(said->text, "");
}

// A worker that hangs is replaced within 0.3 s; nothing that a scrape says meanwhile is a MASTER without a worker.
TEST_F(Metrics, of_a_node_without_a_worker_show_no_master) {
  signal(web1, Role::worker, SIGSTOP);
  EXPECT_TRUE(wait([] { return scraped(web1).contains("baton_worker_up 0\n"); })) << pair().log();
  bool is_true = true;
  EXPECT_TRUE(wait([&] {
    const std::string text = scraped(web1);
    is_true &= text.contains("baton_worker_up 1\n") || !text.contains("state=\"MASTER\"} 1\n");
    return text.contains("baton_worker_up 1\n");
  })) << pair().log();
  EXPECT_TRUE(is_true);
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
