#include "setup/forget_secrets.h"

#include <string.h>

#include "config/secret.h"

namespace baton::setup {

namespace {

void forget(vrrp::CodecParameters& codec) {
  ::explicit_bzero(codec.authentication.password.data(), codec.authentication.password.size());
  if (!codec.hmac) return;
  for (auto& key : codec.hmac->keys) ::explicit_bzero(key.secret.data(), key.secret.size());
}

void forget(config::Configuration& configuration) {
  for (config::Instance& instance : configuration.instances) {
    instance.authentication.password = {};
    if (!instance.hmac) continue;
    for (config::HmacKey& key : instance.hmac->keys) key.secret = {};
  }
  configuration.globals.mail.password = {};
  for (config::Webhook& webhook : configuration.webhooks) {
    webhook.url = {};
    webhook.headers.clear();
    webhook.proxy = {};
  }
}

}  // namespace

void forget_secrets(Setup& setup, Secrets kept) {
  if (setup.configuration.check_tls) setup.configuration.check_tls->password = {};
  if (kept == Secrets::adverts) return;
  forget(setup.configuration);
  for (RouterSetup& router : setup.routers) forget(router.codec);
  for (notify::Webhook& webhook : setup.webhooks) {
    config::wipe(webhook.url);
    for (std::string& header : webhook.headers) config::wipe(header);
    config::wipe(webhook.proxy);
  }
  if (kept != Secrets::mail && setup.mail_server) config::wipe(setup.mail_server->password);
}

}  // namespace baton::setup
