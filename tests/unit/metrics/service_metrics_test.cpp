#include "metrics/service_metrics.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "metrics/node_metrics.h"

namespace baton::metrics {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

json services() {
  return json::parse(R"({
    "at":1000,"plane":{"state":"serves","name":"IPVS","problem":null},"outcomes":{"success":5,"http_status":3},"total":1,"next":null,
    "services":[{"name":"10.0.0.1 80 TCP","group":null,"addresses":["TCP 10.0.0.1:80"],"addresses_not_shown":0,
      "scheduler":"rr","quorum":{"wanted":3,"hysteresis":0,"have":2,"met":false},
      "sorry_server":{"address":"10.0.0.9:80","in_use":true},
      "servers":[
        {"address":"10.0.0.11:80","state":"up","since":null,"weight":{"configured":2,"in_force":0},"traffic":{"connections":7,"active":2,"inactive":0,"packets_in":70,"packets_out":null,"bytes_in":4200,"bytes_out":null},"checks":[]},
        {"address":"10.0.0.12:80","state":"down","since":950.5,"weight":{"configured":2,"in_force":null},"traffic":null,"checks":[
          {"kind":"HTTP_GET","state":"down","since":950.5,"outcome":"http_status","text":"status 503","failures_in_a_row":3,"tries":6,"failures":3},
          {"kind":"TCP_CHECK","state":"up","since":null,"outcome":"success","text":"","failures_in_a_row":0,"tries":2,"failures":0}]}]}]})");
}

std::string text_of(const json& document) {
  MetricsText out(Format::prometheus);
  write_service_metrics(document, out);
  return out.finish();
}

TEST(ServiceMetrics, say_what_the_services_say) {
  const std::string text = text_of(services());
  for (const char* line :
       {"baton_balancer_plane_up{plane=\"IPVS\"} 1\n", "baton_service_quorum_met{service=\"10.0.0.1 80 TCP\"} 0\n",
        "baton_service_quorum_weight{service=\"10.0.0.1 80 TCP\"} 3\n",
        "baton_service_weight{service=\"10.0.0.1 80 TCP\"} 2\n",
        "baton_service_sorry_in_use{service=\"10.0.0.1 80 TCP\"} 1\n",
        "baton_real_server_up{service=\"10.0.0.1 80 TCP\",real_server=\"10.0.0.12:80\"} 0\n",
        "baton_real_server_weight{service=\"10.0.0.1 80 TCP\",real_server=\"10.0.0.11:80\"} 0\n",
        "baton_real_server_since_timestamp_seconds{service=\"10.0.0.1 80 TCP\",real_server=\"10.0.0.12:80\"} 950.5\n",
        "baton_real_server_connections_total{service=\"10.0.0.1 80 TCP\",real_server=\"10.0.0.11:80\"} 7\n",
        "baton_real_server_active_connections{service=\"10.0.0.1 80 TCP\",real_server=\"10.0.0.11:80\"} 2\n",
        "baton_real_server_received_bytes_total{service=\"10.0.0.1 80 TCP\",real_server=\"10.0.0.11:80\"} 4200\n",
        "baton_real_server_tries_total{service=\"10.0.0.1 80 TCP\",real_server=\"10.0.0.12:80\"} 8\n",
        "baton_real_server_failures_total{service=\"10.0.0.1 80 TCP\",real_server=\"10.0.0.12:80\"} 3\n",
        "baton_check_tries_total{outcome=\"http_status\"} 3\n"}) {
    EXPECT_THAT(text, HasSubstr(line));
  }
  EXPECT_THAT(text, Not(HasSubstr("baton_real_server_sent_bytes_total{")));  // nobody counts them
  EXPECT_THAT(text,
              Not(HasSubstr("baton_real_server_weight{service=\"10.0.0.1 80 TCP\",real_server=\"10.0.0.12:80\"}")));
}

TEST(ServiceMetrics, are_none_without_virtual_servers) {
  json none = services();
  none["services"] = json::array();
  EXPECT_EQ(text_of(none), text_of(nullptr));
}

TEST(ServiceMetrics, are_told_of_a_worker_that_does_not_answer) {
  const json status{{"worker", {{"answers", false}}}, {"services", services()}};
  EXPECT_THAT(node_metrics(status, 1, Format::prometheus), HasSubstr("baton_service_quorum_met"));
}

}  // namespace
}  // namespace baton::metrics
