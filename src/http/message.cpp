#include "http/message.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdint>

namespace baton::http {

std::string_view Request::header(std::string_view small_name) const {
  const auto found = headers.find(std::string(small_name));
  return found == headers.end() ? std::string_view() : std::string_view(found->second);
}

std::string_view reason_phrase(int status) {
  switch (status) {
    case status::ok: return "OK";
    case status::accepted: return "Accepted";
    case status::bad_request: return "Bad Request";
    case status::unauthorized: return "Unauthorized";
    case status::forbidden: return "Forbidden";
    case status::not_found: return "Not Found";
    case status::method_not_allowed: return "Method Not Allowed";
    case status::request_timeout: return "Request Timeout";
    case status::conflict: return "Conflict";
    case status::content_too_large: return "Content Too Large";
    case status::too_many_requests: return "Too Many Requests";
    case status::header_too_large: return "Request Header Fields Too Large";
    case status::internal_error: return "Internal Server Error";
    case status::unavailable: return "Service Unavailable";
    case status::gateway_timeout: return "Gateway Timeout";
  }
  return status < 400 ? "OK" : "Error";
}

std::string to_text(const Response& response, Connection connection, bool is_head) {
  std::string text = fmt::format("HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: {}\r\n",
                                 response.status, reason_phrase(response.status), response.content_type,
                                 response.body.size(), connection == Connection::close ? "close" : "keep-alive");
  for (const auto& [name, value] : response.headers) text += fmt::format("{}: {}\r\n", name, value);
  text += "\r\n";
  if (!is_head) text += response.body;
  return text;
}

std::string percent_decoded(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::uint8_t byte = 0;
    const std::string_view digits = text.substr(i + 1 < text.size() ? i + 1 : text.size(), 2);
    if (text[i] == '%' && digits.size() == 2 &&
        std::from_chars(digits.data(), digits.data() + 2, byte, 16).ptr == digits.data() + 2) {
      decoded += static_cast<char>(byte);
      i += 2;
    } else {
      decoded += text[i];
    }
  }
  return decoded;
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  std::string encoded;
  for (const char c : text) {
    if (plain.contains(c)) {
      encoded += c;
    } else {
      encoded += fmt::format("%{:02X}", static_cast<std::uint8_t>(c));
    }
  }
  return encoded;
}

}  // namespace baton::http
