// The control API of a Baton that runs: docs/openapi.json is held against what it answers, path by path.
#include <gmock/gmock.h>

#include "control/client.h"
#include "served_pair.h"
#include "support/json_schema.h"

namespace baton::lab {
namespace {

using nlohmann::json;
using testing::IsEmpty;

json description() {
  std::ifstream file(BATON_SOURCE_DIR "/docs/openapi.json");
  return json::parse(file, nullptr, false);
}

// What the description says a path's answer is; null: nothing in JSON.
json schema_of(const json& operation, int status) {
  const json answer = operation.at("responses").value(std::to_string(status), json::object());
  const json content = answer.value("content", json::object());
  return content.contains("application/json") ? content["application/json"]["schema"] : json();
}

class Api : public ServedPair {
 protected:
  static void SetUpTestSuite() {
    open({.head = "vrrp_script ok {\n  script /usr/bin/true\n}\nvrrp_sync_group G {\n  group {\n    VI_1\n  }\n}\n"
                  "virtual_server 10.0.20.200 80 {\n  protocol TCP\n  lb_algo rr\n  lb_kind NAT\n"
                  "  real_server 127.0.0.1 9 {\n    TCP_CHECK {\n    }\n  }\n}\n",
          .extra = "  track_script {\n    ok\n  }\n"});
  }

  static std::string socket(NodeId node) { return lab().machine(node).outside_path(control::default_control_socket); }
  static std::string filled(std::string path) {
    const std::size_t brace = path.find("{name}");
    const bool is_service = path.starts_with("/v1/services/");
    return brace == path.npos ? path : path.replace(brace, 6, is_service ? "10.0.20.200%2080%20TCP" : "VI_1");
  }
};

TEST_F(Api, is_what_its_description_says) {
  const json document = description();
  ASSERT_TRUE(document.is_object());
  int asked = 0;
  for (const auto& [path, operations] : document["paths"].items()) {
    if (!operations.contains("get") || schema_of(operations["get"], 200).is_null()) continue;
    ++asked;
    for (const NodeId node : {web1, web2}) {
      const auto reply = control::ask(socket(node), {.path = filled(path)});
      ASSERT_TRUE(reply) << path << ": " << reply.error().message;
      EXPECT_THAT(support::misfits(*reply, schema_of(operations["get"], 200), document), IsEmpty()) << path;
    }
  }
  EXPECT_GE(asked, 5);
}

TEST_F(Api, a_list_fits_the_description_too) {
  const json document = description();
  const auto reply = control::ask(socket(web1), {.path = "/v1/status?view=brief"});
  ASSERT_TRUE(reply);
  EXPECT_FALSE(reply->at("instances").empty());
  EXPECT_THAT(support::misfits(*reply, {{"$ref", "#/components/schemas/Status"}}, document), IsEmpty());
}

TEST_F(Api, commands_answer_as_described) {
  const json document = description();
  for (const char* path : {"/v1/instances/{name}/announce", "/v1/reload"}) {
    control::Call call{.method = "POST", .path = filled(path)};
    if (std::string_view(path) == "/v1/reload") call.body["dry_run"] = true;
    const auto reply = control::ask(socket(web1), call, std::chrono::seconds(20));
    ASSERT_TRUE(reply) << path << ": " << reply.error().message;
    EXPECT_THAT(support::misfits(*reply, schema_of(document["paths"][path]["post"], 200), document), IsEmpty()) << path;
  }
}

TEST_F(Api, maintenance_answers_as_described) {
  const json document = description();
  const json& path = document["paths"]["/v1/maintenance"];
  const auto fits = [&](const control::Call& call, const char* method) {
    const auto reply = control::ask(socket(web1), call, std::chrono::seconds(20));
    ASSERT_TRUE(reply) << method << ": " << reply.error().message;
    EXPECT_THAT(support::misfits(*reply, schema_of(path[method], 200), document), IsEmpty()) << *reply;
  };
  fits({.path = "/v1/maintenance"}, "get");
  fits({.method = "PUT", .path = "/v1/maintenance", .body = {{"for", 60}, {"force", true}, {"reason", "a disk"}}},
       "put");
  fits({.path = "/v1/maintenance"}, "get");
  const auto status = control::ask(socket(web1), {.path = "/v1/status"});
  ASSERT_TRUE(status);
  EXPECT_THAT(support::misfits(*status, {{"$ref", "#/components/schemas/Status"}}, document), IsEmpty());
  EXPECT_TRUE(pair().wait_for_owner(web2)) << pair().log();
  fits({.method = "DELETE", .path = "/v1/maintenance"}, "delete");
  EXPECT_TRUE(pair().wait_for_owner(web1)) << pair().log();
  const auto history = control::ask(socket(web1), {.path = "/v1/history"});
  ASSERT_TRUE(history);
  EXPECT_THAT(support::misfits(*history, schema_of(document["paths"]["/v1/history"]["get"], 200), document), IsEmpty());
  const auto wrong = control::ask(socket(web1), {.method = "PUT", .path = "/v1/maintenance", .body = {{"for", -1}}});
  EXPECT_FALSE(wrong);
}

TEST_F(Api, serves_its_own_description) {
  const auto served = control::ask(socket(web1), {.path = "/v1/openapi.json"});
  ASSERT_TRUE(served);
  EXPECT_EQ(*served, description());
}

// Slowloris, a crowd of connections, endless bodies, half-open ones and a flood of questions, all at once.
TEST_F(Api, hostile_clients_are_not_in_the_way_of_an_advert) {
  write_file(web1, "/run/attack.py", R"(
import collections, json, socket, threading, time
end = time.time() + 4
done = collections.Counter()  # how often each kind got as far as its attack; what comes of it is the server's matter
def client():
    s = socket.socket(socket.AF_UNIX); s.settimeout(1); s.connect("/run/baton/control.sock"); return s
def guarded(work):
    def run():
        while time.time() < end:
            try: work()
            except OSError: pass
    return run
def slow():
    s = client(); s.send(b"GET /v1/status HTTP/1.1\r\n"); done["slow"] += 1; time.sleep(0.3); s.send(b"X: y\r\n")
def crowd():
    held = []
    for _ in range(250):
        held.append(client()); done["crowd"] += 1
        if time.time() > end: break
    time.sleep(0.2)
def endless():
    s = client(); s.send(b"POST /v1/reload HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n")
    while time.time() < end: s.send(b"10000\r\n" + b"x" * 65536 + b"\r\n"); done["endless"] += 1
def gigabyte():
    s = client(); s.send(b"POST /v1/reload HTTP/1.1\r\nContent-Length: 1000000000\r\n\r\n" + b"x" * 100000)
    done["gigabyte"] += 1; s.recv(100)
def half_open():
    s = client(); s.send(b"GET /v1/status HTTP/1.1\r\n\r\n"); s.shutdown(socket.SHUT_WR); done["half_open"] += 1
    time.sleep(0.1)
def flood():
    s = client()
    for _ in range(100):
        s.send(b"GET /v1/status HTTP/1.1\r\nHost: a\r\n\r\n" * 20); done["flood"] += 1
        if time.time() > end: break
def deaf():
    s = client(); s.send(b"GET /v1/events HTTP/1.1\r\n\r\n"); done["deaf"] += 1; time.sleep(0.5)
works = [slow] * 8 + [endless, gigabyte, half_open, flood, flood, deaf] + [crowd] * 4
threads = [threading.Thread(target=guarded(work)) for work in works]
[t.start() for t in threads]; [t.join() for t in threads]
print(json.dumps(done))
)");
  const Instant begun = now();
  const auto attack = run(web1, "timeout 50 /usr/bin/python3 /run/attack.py");
  ASSERT_TRUE(attack);
  const json done = json::parse(attack->text, nullptr, false);
  ASSERT_TRUE(done.is_object()) << attack->text;
  for (const char* kind : {"slow", "crowd", "endless", "gigabyte", "half_open", "flood", "deaf"}) {
    EXPECT_GT(done.value(kind, 0), 0) << kind << " in " << done;
  }
  const Duration time = now() - begun;
  const auto sent = static_cast<double>(adverts(web1, begun).size());
  EXPECT_GE(sent, std::chrono::duration<double>(time).count() - 2.1) << "one a second";
  expect_no_move_since(begun);
  EXPECT_TRUE(control::ask(socket(web1), {.path = "/v1/status"}));
}

}  // namespace
}  // namespace baton::lab
