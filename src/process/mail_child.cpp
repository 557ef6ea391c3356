#include "process/mail_child.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <ctime>
#include <memory>
#include <string_view>

#include "process/curl.h"

namespace baton::process {

namespace {

struct Dialogue {
  std::string_view unsent;  // of the mail's text
  std::string refusal;      // the server's last answer, if it says no: 4xx for now, 5xx for good
};

std::size_t give_text(char* buffer, std::size_t size, std::size_t count, void* user) {
  auto& dialogue = *static_cast<Dialogue*>(user);
  const std::size_t taken = std::min(size * count, dialogue.unsent.size());
  std::memcpy(buffer, dialogue.unsent.data(), taken);
  dialogue.unsent.remove_prefix(taken);
  return taken;
}

// libcurl hands each line of the server to its header function. A refusal, be it of one recipient or of EHLO, is over
// when the server says yes to what comes next; 221 is but its farewell (RFC 5321, 4.2.3).
std::size_t take_answer(char* line, std::size_t size, std::size_t count, void* user) {
  std::string_view text(line, size * count);
  while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
  std::string& refusal = static_cast<Dialogue*>(user)->refusal;
  if (text.starts_with('4') || text.starts_with('5')) refusal = text;
  const bool says_yes = (text.starts_with('2') && !text.starts_with("221")) || text.starts_with('3');
  if (says_yes) refusal.clear();
  return size * count;
}

// The address of `Name <address>`, and nothing that could end the command it stands in.
std::string envelope_address(std::string_view text) {
  if (const auto open = text.rfind('<'); open != std::string_view::npos) text.remove_prefix(open + 1);
  text = text.substr(0, text.find('>'));
  std::string address = "<";
  std::ranges::copy_if(text, std::back_inserter(address),
                       [](char character) { return static_cast<unsigned char>(character) > ' '; });
  return address + '>';
}

std::string url(const Curl& curl, CURL* handle, const notify::MailServer& server) {
  const std::unique_ptr<char, decltype(&curl_free)> helo(
      curl.easy_escape(handle, server.helo_name.data(), static_cast<int>(server.helo_name.size())), curl.free);
  const bool is_v6 = server.host.contains(':');
  return fmt::format("{}://{}{}{}:{}/{}", server.security == notify::MailSecurity::tls ? "smtps" : "smtp",
                     is_v6 ? "[" : "", server.host, is_v6 ? "]" : "", server.port, helo ? helo.get() : "");
}

std::string text_of(const notify::Mail& mail) {
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  localtime_r(&now, &local);
  return notify::mail_text(mail, WallTime(std::chrono::seconds(now)), std::chrono::minutes(local.tm_gmtoff / 60));
}

void set_server(const Curl& curl, CURL* handle, const notify::MailServer& server) {
  curl.easy_setopt(handle, CURLOPT_URL, url(curl, handle, server).c_str());
  curl.easy_setopt(handle, CURLOPT_PROXY, "");  // an environment is no place for a mail route
  curl.easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, milliseconds(server.connect_timeout));
  curl.easy_setopt(handle, CURLOPT_TIMEOUT_MS, milliseconds(limits::mail_time));
  curl.easy_setopt(handle, CURLOPT_USE_SSL,
                   server.security == notify::MailSecurity::plain ? long(CURLUSESSL_NONE) : long(CURLUSESSL_ALL));
  if (!server.ca_file.empty()) curl.easy_setopt(handle, CURLOPT_CAINFO, server.ca_file.c_str());
  if (server.user.empty()) return;
  curl.easy_setopt(handle, CURLOPT_USERNAME, server.user.c_str());
  curl.easy_setopt(handle, CURLOPT_PASSWORD, server.password.c_str());
}

// What better luck will not change; everything else may pass.
bool is_final(CURLcode code, const Dialogue& dialogue) {
  return dialogue.refusal.starts_with('5') || code == CURLE_LOGIN_DENIED || code == CURLE_USE_SSL_FAILED ||
         is_final_for_all(code);
}

}  // namespace

SendOutcome send_mail(const SendMail& order, std::string& report) {
  const Curl curl(report);
  CURL* const handle = curl.handle();
  if (handle == nullptr) return SendOutcome::try_again;  // while packages are upgraded it is not there for a moment
  const std::string text = text_of(order.mail);
  Dialogue dialogue{.unsent = text, .refusal = {}};
  curl_slist* recipients = nullptr;
  for (const std::string& address : order.mail.to) {
    recipients = curl.slist_append(recipients, envelope_address(address).c_str());
  }
  const std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> owner(recipients, curl.slist_free_all);
  set_server(curl, handle, order.server);
  curl.easy_setopt(handle, CURLOPT_MAIL_FROM, envelope_address(order.mail.from).c_str());
  curl.easy_setopt(handle, CURLOPT_MAIL_RCPT, recipients);
  curl.easy_setopt(handle, CURLOPT_MAIL_RCPT_ALLLOWFAILS, 1L);  // one bad address does not cost the others their mail
  curl.easy_setopt(handle, CURLOPT_UPLOAD, 1L);
  curl.easy_setopt(handle, CURLOPT_READFUNCTION, give_text);
  curl.easy_setopt(handle, CURLOPT_READDATA, &dialogue);
  curl.easy_setopt(handle, CURLOPT_HEADERFUNCTION, take_answer);
  curl.easy_setopt(handle, CURLOPT_HEADERDATA, &dialogue);
  const CURLcode code = curl.easy_perform(handle);
  if (code == CURLE_OK) return SendOutcome::sent;
  report = curl.why(code);
  if (!dialogue.refusal.empty()) report += fmt::format("; the server says: {}", dialogue.refusal);
  return is_final(code, dialogue) ? SendOutcome::refused : SendOutcome::try_again;
}

}  // namespace baton::process
