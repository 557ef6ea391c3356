#include "setup/forget_secrets.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "unit/setup/made_setup.h"

namespace baton::setup {
namespace {

Setup with_secrets() {
  return setup_of(
      "global_defs {\n  smtp_server 127.0.0.1\n  notification_email {\n    a@example.org\n  }\n"
      "  notification_email_from b@example.org\n  smtp_user me\n  smtp_password of-mail\n}\n"
      "webhook ops {\n  url \"https://example.org/of-hook\"\n  header \"Authorization: of-hook\"\n}\n"
      "vrrp_instance A {\n  interface e\n  virtual_router_id 1\n  authentication {\n    auth_type PASS\n"
      "    auth_pass of-vrrp\n  }\n  virtual_ipaddress {\n    10.0.0.1\n  }\n}\n"
      "vrrp_instance B {\n  interface e\n  version 3\n  virtual_router_id 2\n  auth_hmac {\n"
      "    key 1 of-hmac-of-hmac-of-hmac-of-hmac-of-hmac\n    active_key 1\n  }\n"
      "  virtual_ipaddress {\n    10.0.0.2\n  }\n}\n");
}

bool has_key(const Setup& setup) {
  const auto& keys = setup.routers[1].codec.hmac->keys;
  return std::ranges::any_of(keys[0].secret, [](std::uint8_t byte) { return byte != 0; }) ||
         !setup.configuration.instances[1].hmac->keys[0].secret.empty();
}

TEST(ForgetSecrets, leaves_nothing_to_who_needs_nothing) {
  setup::Setup setup = with_secrets();
  ASSERT_TRUE(has_key(setup));
  ASSERT_EQ(setup.mail_server->password, "of-mail");
  forget_secrets(setup, Secrets::none);
  EXPECT_FALSE(has_key(setup));
  EXPECT_EQ(setup.routers[0].codec.authentication.password[0], 0);
  EXPECT_TRUE(setup.configuration.instances[0].authentication.password.empty());
  EXPECT_EQ(setup.mail_server->password, "");
  EXPECT_TRUE(setup.configuration.globals.mail.password.empty());
  EXPECT_EQ(setup.webhooks[0].url, "");
  EXPECT_EQ(setup.webhooks[0].headers, std::vector<std::string>{""});
  EXPECT_TRUE(setup.configuration.webhooks[0].url.empty());
}

TEST(ForgetSecrets, leaves_the_login_to_who_orders_mails) {
  setup::Setup setup = with_secrets();
  forget_secrets(setup, Secrets::mail);
  EXPECT_EQ(setup.mail_server->password, "of-mail");
  EXPECT_FALSE(has_key(setup));
  EXPECT_EQ(setup.webhooks[0].url, "");
}

TEST(ForgetSecrets, leaves_all_to_the_worker_but_the_password_of_the_checks_key) {
  setup::Setup setup = with_secrets();
  setup.configuration.check_tls.emplace().password = config::Secret("of-checks");
  forget_secrets(setup, Secrets::adverts);
  EXPECT_TRUE(setup.configuration.check_tls->password.empty());
  EXPECT_TRUE(has_key(setup));
  EXPECT_EQ(setup.webhooks[0].url, "https://example.org/of-hook");
}

}  // namespace
}  // namespace baton::setup
