// Health checks beside real servers: nginx and nghttpd speak HTTP/2, Python's grpcio the health protocol of gRPC, and
// certificates of openssl are good, short of breath, of another name or of a stranger.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "balanced_network.h"

namespace baton::lab {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

// An authority, and certificates: each is for one name and so many days, signed by the authority or by a stranger.
constexpr const char* make_certificates = R"(cd /run/lab
new="-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
for who in ca stranger; do
  openssl req -x509 $new -days 3650 -subj "/CN=$who" -keyout $who.key -out $who.pem
done
make() {
  openssl req $new -subj "/CN=$1" -keyout $1.key -out $1.csr
  echo "subjectAltName=$3" >$1.ext
  openssl x509 -req -in $1.csr -CA $2.pem -CAkey $2.key -CAcreateserial -days $4 -extfile $1.ext -out $1.pem
}
make good ca DNS:good.example.org,IP:10.8.0.11 90
make soon ca DNS:good.example.org 3
make late ca DNS:good.example.org -1
make other ca DNS:other.example.org 90
make unknown stranger DNS:good.example.org 90
)";

std::string nginx_server(const std::string& listen, const std::string& certificate) {
  return "server { listen " + listen + "; ssl_certificate /run/lab/" + certificate +
         ".pem; ssl_certificate_key /run/lab/" + certificate +
         ".key;\n"
         "  location / { return 200 \"hello\\n\"; }\n"
         "  location /away { return 503; }\n"
         "  location /health { default_type application/json;\n"
         "    return 200 '{\"status\": \"ok\", \"parts\": [{\"name\": \"disk\", \"free\": 12}]}'; } }\n";
}

// Answers Check by the name of the service that is asked for; the one of `changes` is what the file says.
constexpr const char* grpc_server = R"(
import concurrent.futures, grpc, threading

answers = {b'': b'\x08\x01', b'\n\x04down': b'\x08\x02', b'\n\x05ghost': b'\x08\x03', b'\n\x05empty': b'',
           b'\n\x04torn': b'\x08', b'\n\x04long': b'\x12\xff\x0f' + bytes(2047)}

def check(request, context):
    if request == b'\n\x06absent':
        context.abort(grpc.StatusCode.NOT_FOUND, 'never heard of it')
    if request == b'\n\x04busy':
        context.abort(grpc.StatusCode.UNAVAILABLE, 'come back later')
    if request == b'\n\x07changes':
        return b'\x08\x01' if open('/run/lab/state').read().startswith('up') else b'\x08\x02'
    return answers[request]

class Health(grpc.GenericRpcHandler):
    def service(self, call):
        if call.method == '/grpc.health.v1.Health/Check':
            return grpc.unary_unary_rpc_method_handler(check)

server = grpc.server(concurrent.futures.ThreadPoolExecutor(4), handlers=[Health()])
server.add_insecure_port('10.8.0.11:50051')
read = lambda name: open('/run/lab/' + name, 'rb').read()
server.add_secure_port('10.8.0.11:50052', grpc.ssl_server_credentials([(read('good.key'), read('good.pem'))]))
nobody = grpc.server(concurrent.futures.ThreadPoolExecutor(1))
nobody.add_insecure_port('10.8.0.11:50053')
server.start()
nobody.start()
open('/run/lab/grpc.ready', 'w').close()
threading.Event().wait()
)";

struct Case {
  int port;
  std::string check;
  std::string outcome;
  std::string text;  // of its sentence
};

std::string configuration(const std::vector<Case>& cases) {
  std::string text = "global_defs {\n  router_id lab\n  lb_plane nftables\n}\nSSL {\n  ca /run/lab/ca.pem\n}\n";
  int service = 0;
  for (const Case& each : cases) {
    text += "virtual_server 10.9.0.100 " + std::to_string(9000 + service++) +
            " {\n  delay_loop 1\n  protocol TCP\n  lb_algo rr\n  lb_kind NAT\n  warmup 0\n"
            "  real_server 10.8.0.11 " +
            std::to_string(each.port) + " {\n    " + each.check + "\n  }\n}\n";
  }
  return text;
}

std::string get(const std::string& kind, const std::string& words, const std::string& page = "path /") {
  return kind + " {\n" + words + "\nurl {\n" + page + "\n}\n}";
}

class HealthCheckTest : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* const program : {"/usr/sbin/nghttpd", "/usr/sbin/nginx", "/usr/lib/python3/dist-packages/grpc"}) {
      if (::access(program, F_OK) != 0) GTEST_SKIP() << "no " << program << " here: tools/packages test";
    }
  }
  void start(const std::vector<Case>& cases) {
    // Whoever balances reads the authority; its key stays with the servers.
    network_.run("s1", std::string("(") + make_certificates + ") >/run/lab/openssl.log 2>&1");
    const std::string authority = network_.output("s1", "cat /run/lab/ca.pem");
    ASSERT_TRUE(network_["lb1"].write_file("/run/lab/ca.pem", authority));
    start_nginx();
    network_.run("s1",
                 "mkdir -p /run/lab/www; echo hello >/run/lab/www/index.html; cd /run/lab/www; "
                 "nghttpd -D -d /run/lab/www --no-tls -a 10.8.0.11 8081");
    ASSERT_TRUE(network_["s1"].write_file("/run/lab/health_server.py", grpc_server));
    ASSERT_TRUE(network_["s1"].write_file("/run/lab/state", "up"));
    network_.run("s1", "(/usr/bin/python3 /run/lab/health_server.py >/run/lab/grpc.log 2>&1 &)");
    ASSERT_EQ(network_.output("s1",
                              "for i in $(seq 300); do [ -e /run/lab/grpc.ready ] && echo ready && break; "
                              "sleep 0.1; done"),
              "ready\n")
        << network_.output("s1", "cat /run/lab/grpc.log");
    network_.run("s1", "ip addr add fe80::11/64 dev eth0 nodad");
    network_.run("lb1", "ip addr add 10.9.0.100/32 dev eth0");
    network_.start_balancer("lb1", configuration(cases));
  }
  void start_nginx() {
    network_.stop_web("s1");
    std::string text =
        "pid /run/lab/nginx.pid; error_log /run/lab/error.log; events {}\nhttp { access_log off;\n"
        "server { listen 80; listen [::]:80; return 200 plain; }\n";
    text += nginx_server("443 ssl http2", "good") + nginx_server("4431 ssl http2", "soon");
    text += nginx_server("4432 ssl http2", "late") + nginx_server("4433 ssl http2", "other");
    text += nginx_server("4434 ssl http2", "unknown") + nginx_server("4435 ssl", "good") + "}\n";
    ASSERT_TRUE(network_["s1"].write_file("/run/lab/nginx.conf", text));
    network_.run("s1", "nginx -e /run/lab/error.log -c /run/lab/nginx.conf -p /run/lab");
  }

  // The check of a service, as the status has it.
  nlohmann::json check_of(std::size_t service) {
    const std::string said = network_.output("lb1", BATON_PROGRAM " status --services --json");
    const auto status = nlohmann::json::parse(said, nullptr, false);
    if (status.is_discarded() || status["services"].size() <= service)
      return {{"outcome", "no status"}, {"text", said}};
    return status["services"][service]["servers"][0]["checks"][0];
  }
  bool becomes(std::size_t service, const std::string& state, Duration bound = 30s) {
    const Instant deadline = now() + bound;
    while (check_of(service)["state"] != state) {
      if (now() > deadline) return false;
    }
    return true;
  }
  void expect(const std::vector<Case>& cases) {
    const Instant deadline = now() + 60s;
    for (std::size_t i = 0; i < cases.size(); ++i) {
      nlohmann::json check = check_of(i);
      while (check["outcome"] != cases[i].outcome && now() < deadline) check = check_of(i);
      EXPECT_EQ(check["outcome"], cases[i].outcome) << cases[i].check << "\n" << check.dump(1);
      EXPECT_THAT(check.value("text", ""), HasSubstr(cases[i].text)) << cases[i].check;
    }
  }

  BalancedNetwork network_;
};

const std::string verified = "tls_verify good.example.org\n";
const std::string h2 = "http_protocol 2\n";

TEST_F(HealthCheckTest, real_servers_are_understood) {
  const std::vector<Case> cases = {
      // HTTP/2
      {8081, get("HTTP_GET", h2), "success", ""},
      {8081, get("HTTP_GET", h2, "path /index.html\ndigest b1946ac92492d2347c6235b4d2611184"), "success", ""},
      {8081, get("HTTP_GET", h2, "path /nothing"), "http_status", "status 404"},
      {80, get("HTTP_GET", h2), "http2_malformed", "the reply is no HTTP/2"},
      {443, get("SSL_GET", h2), "success", ""},
      {443, get("SSL_GET", h2, "path /away"), "http_status", "status 503"},
      {443, get("SSL_GET", h2, "path /\nregex ^hello"), "success", ""},
      {4435, get("SSL_GET", h2), "tls_no_h2", ""},
      // An address that is there on each link, and an interface that says which is meant
      {80, "TCP_CHECK {\nconnect_ip fe80::11\nbind_if eth1\n}", "success", ""},
      {80, "PING_CHECK {\nconnect_ip fe80::11\nbind_if eth1\n}", "success", ""},
      {80, "TCP_CHECK {\nconnect_ip fe80::11\nbind_if eth7\n}", "source_unusable", ""},
      // Certificates
      {443, get("SSL_GET", verified), "success", ""},
      {443, get("SSL_GET", "tls_verify\ntls_min_days 14"), "success", ""},  // the address is in it
      {443, get("SSL_GET", h2 + verified), "success", ""},
      {4431, "TLS_CHECK {\n" + verified + "}", "success", ""},
      {4431, "TLS_CHECK {\ntls_min_days 14\n}", "tls_expires_soon", " days, fewer than 14"},
      {4432, "TLS_CHECK {\n}", "success", ""},  // nobody asks
      {4432, "TLS_CHECK {\ntls_min_days 0\n}", "tls_expired", "the certificate has expired"},
      {4432, "TLS_CHECK {\n" + verified + "}", "tls_expired", "the certificate has expired"},
      {4433, "TLS_CHECK {\n" + verified + "}", "tls_name", "the certificate is not for good.example.org"},
      {4434, "TLS_CHECK {\n" + verified + "}", "tls_untrusted", "nobody we believe has signed the certificate"},
      {80, "TLS_CHECK {\n}", "tls_handshake", ""},
      // gRPC
      {50051, "GRPC_CHECK {\n}", "success", ""},
      {50052, "GRPC_CHECK {\ntls\n" + verified + "}", "success", ""},
      {50051, "GRPC_CHECK {\nservice down\n}", "grpc_not_serving", ""},
      {50051, "GRPC_CHECK {\nservice ghost\n}", "grpc_service_unknown", ""},
      {50051, "GRPC_CHECK {\nservice absent\n}", "grpc_service_unknown", "never heard of it"},
      {50051, "GRPC_CHECK {\nservice busy\n}", "grpc_status", "UNAVAILABLE: come back later"},
      {50051, "GRPC_CHECK {\nservice empty\n}", "grpc_unknown", "UNKNOWN"},
      {50051, "GRPC_CHECK {\nservice torn\n}", "grpc_malformed", "ends early"},
      {50051, "GRPC_CHECK {\nservice long\n}", "grpc_malformed", "too long"},
      {50053, "GRPC_CHECK {\n}", "grpc_status", "UNIMPLEMENTED"},
      {8081, "GRPC_CHECK {\n}", "http_status", ""},
      // JSON
      {443, get("SSL_GET", h2, "path /health\njson /status ok\njson /parts/0/free 12"), "success", ""},
      {443, get("SSL_GET", "", "path /health\njson /parts/0/name memory"), "json_value",
       "another value is at /parts/0/name: \"disk\""},
      {443, get("SSL_GET", "", "path /health\njson /parts/1/name disk"), "json_missing", "nothing is at /parts/1/name"},
      {443, get("SSL_GET", "", "path /\njson /status ok"), "json_malformed", ""},
  };
  ASSERT_NO_FATAL_FAILURE(start(cases));
  expect(cases);
}

TEST_F(HealthCheckTest, a_service_that_stops_serving_is_left_out_and_comes_back) {
  ASSERT_NO_FATAL_FAILURE(start({{50051, "GRPC_CHECK {\nservice changes\ndelay_loop 0.2\n}", "", ""}}));
  ASSERT_TRUE(becomes(0, "up")) << network_.log("lb1");
  network_.run("s1", "echo down >/run/lab/state");
  EXPECT_TRUE(becomes(0, "down")) << network_.log("lb1");
  EXPECT_THAT(network_.log("lb1"),
              HasSubstr("GRPC_CHECK of 10.8.0.11 50051 for 10.9.0.100 9000 TCP is down: the service "
                        "is not serving"));
  network_.run("s1", "echo up >/run/lab/state");
  EXPECT_TRUE(becomes(0, "up")) << network_.log("lb1");
}

// The tool asks as the checks do.
TEST_F(HealthCheckTest, the_digest_of_a_page_is_told_by_http2_too) {
  ASSERT_NO_FATAL_FAILURE(start({{8081, get("HTTP_GET", h2), "", ""}}));
  const auto digest = [this](const std::string& words) {
    return network_.output("lb1", BATON_PROGRAM " digest --protocol 2 " + words + " 2>&1; echo $?");
  };
  constexpr const char* of_hello = "b1946ac92492d2347c6235b4d2611184\n0\n";  // md5sum of "hello\n"
  EXPECT_EQ(digest("http://10.8.0.11:8081/index.html"), of_hello);
  EXPECT_EQ(digest("https://10.8.0.11/"), of_hello);
  EXPECT_EQ(digest("--sni --virtualhost good.example.org https://10.8.0.11:4431/"), of_hello);
  EXPECT_THAT(digest("http://10.8.0.11/"), AllOf(HasSubstr("the reply is no HTTP/2"), EndsWith("\n1\n")));
  EXPECT_THAT(digest("https://10.8.0.11:4435/"), AllOf(HasSubstr("no digest of"), EndsWith("\n1\n")));
  EXPECT_THAT(digest("http://10.8.0.11:8082/"), AllOf(HasSubstr("refused"), EndsWith("\n1\n")));
  // What it tells is what a check is given.
  network_.run("s1", "head -c 300000 /dev/urandom >/run/lab/www/large");
  const std::string large = network_.output("s1", "md5sum </run/lab/www/large | cut -c-32");
  EXPECT_EQ(digest("http://10.8.0.11:8081/large"), large + "0\n");
}

}  // namespace
}  // namespace baton::lab
