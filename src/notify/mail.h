// A mail and the server that takes it, as values; the mail's text with its headers.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"

namespace baton::notify {

enum class MailSecurity : std::uint8_t {
  plain,     // as keepalived: never TLS
  starttls,  // STARTTLS or no mail
  tls,       // TLS from the first byte (port 465)
};

struct MailServer {
  std::string host;  // name or address
  std::uint16_t port = 25;
  std::string helo_name;
  Duration connect_timeout = std::chrono::seconds(30);  // smtp_connect_timeout
  MailSecurity security = MailSecurity::plain;
  std::string user;  // empty: no login
  std::string password;
  std::string ca_file;  // certificates to trust instead of the system's; empty: the system's

  bool operator==(const MailServer&) const = default;
};

struct Mail {
  std::string from;
  std::vector<std::string> to;
  std::string subject;
  std::string body;

  bool operator==(const Mail&) const = default;
};

// Header lines and body with CRLF line ends, in the form keepalived uses: Date, From, Subject, X-Mailer (Baton), To
// (folded, one address a line). `utc_offset` is that of the local time zone at `now`. A line end inside a header value
// becomes a blank, so that nobody's name can add a header.
std::string mail_text(const Mail& mail, WallTime now, std::chrono::minutes utc_offset);

}  // namespace baton::notify
