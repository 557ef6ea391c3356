#include "notify/mail.h"

#include <fmt/format.h>

#include <array>
#include <cstdlib>
#include <string_view>

namespace baton::notify {

namespace {

std::string header_value(std::string_view text) {
  std::string value(text);
  for (char& character : value) {
    if (static_cast<unsigned char>(character) < ' ' || character == '\x7f') character = ' ';
  }
  return value;
}

// RFC 5322 §3.3: "Tue, 03 Jun 2025 09:08:07 +0200".
std::string date_text(WallTime now, std::chrono::minutes utc_offset) {
  static constexpr std::array days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto local = std::chrono::floor<std::chrono::seconds>(now) + utc_offset;
  const auto day = std::chrono::floor<std::chrono::days>(local);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(local - day);
  const auto offset = std::abs(utc_offset.count());
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} {}{:02}{:02}", days[std::chrono::weekday(day).c_encoding()],
                     static_cast<unsigned>(date.day()), months[static_cast<unsigned>(date.month()) - 1],
                     static_cast<int>(date.year()), time.hours().count(), time.minutes().count(),
                     time.seconds().count(), utc_offset.count() < 0 ? '-' : '+', offset / 60, offset % 60);
}

// Every line end, however written, as CRLF; the last line ends with one too.
std::string crlf_lines(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;
    if (text[i] == '\n' || text[i] == '\r') {
      out += "\r\n";
    } else {
      out += text[i];
    }
  }
  if (!out.ends_with("\r\n")) out += "\r\n";
  return out;
}

}  // namespace

std::string mail_text(const Mail& mail, WallTime now, std::chrono::minutes utc_offset) {
  std::string recipients;
  for (const std::string& address : mail.to) {
    if (!recipients.empty()) recipients += ",\r\n ";
    recipients += header_value(address);
  }
  return fmt::format("Date: {}\r\nFrom: {}\r\nSubject: {}\r\nX-Mailer: Baton\r\nTo: {}\r\n\r\n{}",
                     date_text(now, utc_offset), header_value(mail.from), header_value(mail.subject), recipients,
                     crlf_lines(mail.body));
}

}  // namespace baton::notify
