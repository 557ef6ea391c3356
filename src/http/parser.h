// Bytes in, HTTP messages out: Boost.Beast's parsers without its sockets. Bounded in every direction; what a peer sends
// can make a parser fail and nothing else.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "http/message.h"

namespace baton::http {

namespace limits {
inline constexpr std::size_t header_bytes = 16 * 1024;          // of one message, its first line among them
inline constexpr std::size_t request_body = 64 * 1024;          // bytes
inline constexpr std::size_t response_body = 64 * 1024 * 1024;  // bytes
inline constexpr std::size_t interim_responses = 8;             // before the one that is meant
}  // namespace limits

// One request after the other from one connection.
class RequestParser {
 public:
  RequestParser();
  RequestParser(RequestParser&&) noexcept;
  RequestParser& operator=(RequestParser&&) noexcept;
  ~RequestParser();

  enum class Progress { needs_more, whole, failed };
  // What stays of the bytes after a whole request is kept for the next one.
  Progress feed(std::string_view bytes);
  // Of what was kept: another request may be there already.
  Progress next() { return feed({}); }

  Request take();                           // once, after whole
  int failure() const { return failure_; }  // the status to answer with, after failed
  // Nothing of a request has come yet.
  bool is_between_requests() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
  std::string pending_;
  int failure_ = 0;
};

// One response from one connection.
class ResponseParser {
 public:
  enum class Fault { none, malformed, header_too_long, body_too_long };

  ResponseParser();
  ResponseParser(ResponseParser&&) noexcept;
  ResponseParser& operator=(ResponseParser&&) noexcept;
  ~ResponseParser();

  // Interim responses are passed over (1xx; RFC 9110, 15.2), but for 101: what follows that is no HTTP/1. False: this
  // is no HTTP, or longer or later than the limits let.
  bool feed(std::string_view bytes);
  // The peer has closed; false: in the middle of the message.
  bool feed_end();
  Fault fault() const;  // why feed() was false

  bool has_header() const;
  bool is_whole() const;
  int status() const;        // once there is a header
  bool keeps_alive() const;  // once it is whole: the connection may be asked again
  // What has come of the body and was not taken before: a stream is read while it lasts.
  std::string take_body();

 private:
  bool is_interim() const;
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace baton::http
