#include "notify/webhook.h"

#include <gtest/gtest.h>

namespace baton::notify {
namespace {

const WebhookNews master{.node = "web1",
                         .subject = Subject::instance,
                         .name = "VI_1",
                         .state = EventState::master,
                         .priority = 200,
                         .reason = "master_down",
                         .at_ms = 1'764'248'003'250};

TEST(WebhookBody, has_the_fields_of_the_api_and_a_sentence) {
  EXPECT_EQ(webhook_body(WebhookFormat::json, master, 0),
            R"x({"node":"web1","event":"instance","name":"VI_1","state":"MASTER","at":1764248003.25,"priority":200,)x"
            R"x("reason":"master_down","text":"web1: instance VI_1 is MASTER, priority 200 (master_down)"})x");
}

TEST(WebhookBody, of_a_group_has_no_priority) {
  const WebhookNews fault{.node = "web1", .subject = Subject::group, .name = "G", .state = EventState::fault};
  EXPECT_EQ(webhook_body(WebhookFormat::json, fault, 0),
            R"x({"node":"web1","event":"group","name":"G","state":"FAULT","at":0.0,"text":"web1: group G is FAULT"})x");
}

TEST(WebhookBody, tells_how_many_were_lost_before_it) {
  EXPECT_TRUE(webhook_body(WebhookFormat::json, master, 3).contains(R"x("lost":3)x"));
  EXPECT_EQ(webhook_body(WebhookFormat::chat, master, 3),
            R"x({"text":"web1: instance VI_1 is MASTER, priority 200 (master_down); 3 earlier messages were lost"})x");
}

TEST(WebhookBody, for_teams_is_a_message_with_one_card) {
  EXPECT_EQ(webhook_body(WebhookFormat::teams, master, 0),
            R"x({"type":"message","attachments":[{"contentType":"application/vnd.microsoft.card.adaptive","content":{)x"
            R"x("$schema":"http://adaptivecards.io/schemas/adaptive-card.json","type":"AdaptiveCard","version":"1.2",)x"
            R"x("body":[{"type":"TextBlock","text":"web1: instance VI_1 is MASTER, priority 200 (master_down)",)x"
            R"x("wrap":true}]}}]})x");
}

TEST(WebhookBody, of_two_owners_says_who) {
  WebhookNews two = master;
  two.state = EventState::two_owners;
  two.reason = "advert";
  two.detail = "10.0.20.15 is MASTER as well";
  EXPECT_EQ(webhook_body(WebhookFormat::chat, two, 0),
            R"x({"text":"web1: instance VI_1 has TWO_OWNERS, priority 200 (advert): 10.0.20.15 is MASTER as well"})x");
  EXPECT_TRUE(webhook_body(WebhookFormat::json, two, 0).contains(R"x("detail":"10.0.20.15 is MASTER as well")x"));
}

TEST(WebhookBody, is_json_whatever_a_name_holds) {
  WebhookNews evil = master;
  evil.name = "a\"b\\\n\xff";
  EXPECT_TRUE(webhook_body(WebhookFormat::chat, evil, 0).contains("instance a\\\"b\\\\\\n\xef\xbf\xbd is MASTER"));
}

}  // namespace
}  // namespace baton::notify
