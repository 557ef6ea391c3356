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
    open({.head = "vrrp_script ok {\n  script /usr/bin/true\n}\nvrrp_sync_group G {\n  group {\n    VI_1\n  }\n}\n",
          .extra = "  track_script {\n    ok\n  }\n"});
  }

  static std::string socket(NodeId node) { return lab().machine(node).outside_path(control::default_control_socket); }
  static std::string filled(std::string path) {
    const std::size_t brace = path.find("{name}");
    return brace == path.npos ? path : path.replace(brace, 6, "VI_1");
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

TEST_F(Api, serves_its_own_description) {
  const auto served = control::ask(socket(web1), {.path = "/v1/openapi.json"});
  ASSERT_TRUE(served);
  EXPECT_EQ(*served, description());
}

}  // namespace
}  // namespace baton::lab
