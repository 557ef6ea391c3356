// HTTP/1.1 messages as values (RFC 9110, RFC 9112): what the control API and those who ask it say to each other.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace baton::http {

struct Request {
  std::string method;                        // "GET", as it was sent
  std::vector<std::string> path;             // decoded, piece by piece: /v1/instances/a%2Fb is {"v1","instances","a/b"}
  std::map<std::string, std::string> query;  // decoded; of a name that comes twice the last
  std::map<std::string, std::string> headers;  // names in small letters; of one that comes twice the last
  std::string body;
  bool keep_alive = true;

  // Empty when there is none.
  std::string_view header(std::string_view small_name) const;
};

namespace status {
inline constexpr int ok = 200;
inline constexpr int accepted = 202;
inline constexpr int bad_request = 400;
inline constexpr int unauthorized = 401;
inline constexpr int forbidden = 403;
inline constexpr int not_found = 404;
inline constexpr int method_not_allowed = 405;
inline constexpr int request_timeout = 408;
inline constexpr int conflict = 409;
inline constexpr int content_too_large = 413;
inline constexpr int too_many_requests = 429;
inline constexpr int header_too_large = 431;
inline constexpr int internal_error = 500;
inline constexpr int unavailable = 503;
inline constexpr int gateway_timeout = 504;
}  // namespace status

// "Not Found"; the code's class for one that has no name here.
std::string_view reason_phrase(int status);

struct Response {
  int status = status::ok;
  std::string content_type = "application/json";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;  // beyond Content-Type, Content-Length and Connection
};

enum class Connection : bool { close, keep_alive };

// As it goes over the wire. To a HEAD the body is announced and not sent.
std::string to_text(const Response& response, Connection connection, bool is_head = false);

// "a%2Fb" is "a/b"; what is no escape stays as it is.
std::string percent_decoded(std::string_view text);
// Everything but letters, digits and -._~ is escaped (RFC 3986, 2.3).
std::string percent_encoded(std::string_view text);

}  // namespace baton::http
