#include "process/webhook_child.h"

#include <fmt/format.h>

#include <memory>

#include "process/curl.h"

namespace baton::process {

namespace {

// More than the limit ends the transfer; its status has arrived by then.
std::size_t throw_away(char*, std::size_t size, std::size_t count, void* user) {
  auto& taken = *static_cast<std::size_t*>(user);
  taken += size * count;
  return taken > limits::webhook_answer ? 0 : size * count;
}

void set_request(const Curl& curl, const notify::Webhook& webhook, const std::string& body) {
  CURL* const handle = curl.handle();
  curl.easy_setopt(handle, CURLOPT_URL, webhook.url.c_str());
  curl.easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  curl.easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);            // a token is for the server it was made for
  curl.easy_setopt(handle, CURLOPT_PROXY, webhook.proxy.c_str());  // empty: none, whatever the environment says
  curl.easy_setopt(handle, CURLOPT_TIMEOUT_MS, milliseconds(webhook.timeout));
  curl.easy_setopt(handle, CURLOPT_USERAGENT, "Baton");
  if (!webhook.ca_file.empty()) curl.easy_setopt(handle, CURLOPT_CAINFO, webhook.ca_file.c_str());
  curl.easy_setopt(handle, CURLOPT_POST, 1L);
  curl.easy_setopt(handle, CURLOPT_POSTFIELDS, body.c_str());
  curl.easy_setopt(handle, CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
}

// 408 and 429 ask for patience, a server's own trouble may pass; what else is no success stays so.
SendOutcome outcome_of(long status) {
  if (status >= 200 && status < 300) return SendOutcome::sent;
  return status == 408 || status == 429 || status >= 500 ? SendOutcome::try_again : SendOutcome::refused;
}

}  // namespace

SendOutcome tell_webhook(const notify::Webhook& webhook, const std::string& body, std::string& report) {
  const Curl curl(report);
  CURL* const handle = curl.handle();
  if (handle == nullptr) return SendOutcome::try_again;
  curl_slist* headers = curl.slist_append(nullptr, "Content-Type: application/json");
  headers = curl.slist_append(headers, "Expect:");  // the body is small: no asking first
  for (const std::string& header : webhook.headers) headers = curl.slist_append(headers, header.c_str());
  const std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> owner(headers, curl.slist_free_all);
  set_request(curl, webhook, body);
  curl.easy_setopt(handle, CURLOPT_HTTPHEADER, headers);
  std::size_t taken = 0;
  curl.easy_setopt(handle, CURLOPT_WRITEFUNCTION, throw_away);
  curl.easy_setopt(handle, CURLOPT_WRITEDATA, &taken);

  const CURLcode code = curl.easy_perform(handle);
  if (code != CURLE_OK && taken <= limits::webhook_answer) {
    report = curl.why(code);
    return is_final_for_all(code) ? SendOutcome::refused : SendOutcome::try_again;
  }
  long status = 0;
  curl.easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
  report = fmt::format("it answers with status {}", status);
  if (status >= 300 && status < 400) report += ", a redirect, which is not followed";
  return outcome_of(status);
}

}  // namespace baton::process
