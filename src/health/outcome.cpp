#include "health/outcome.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include "base/printable.h"
#include "health/limits.h"

namespace baton::health {

namespace {

// Its first line.
std::string shown(std::string_view text) {
  std::string line = printable(text.substr(0, std::min(text.find_first_of("\r\n"), limits::detail)));
  while (!line.empty() && line.back() == ' ') line.pop_back();
  return line;
}

}  // namespace

std::string_view name(Failure failure) {
  switch (failure) {
    using enum Failure;
    case none: return "none";
    case source_unusable: return "source_unusable";
    case no_resources: return "no_resources";
    case refused: return "refused";
    case unreachable: return "unreachable";
    case connect_timeout: return "connect_timeout";
    case connection_broken: return "connection_broken";
    case reply_timeout: return "reply_timeout";
    case too_slow: return "too_slow";
    case closed_early: return "closed_early";
    case reply_too_long: return "reply_too_long";
    case tls_unavailable: return "tls_unavailable";
    case tls_handshake: return "tls_handshake";
    case tls_certificate: return "tls_certificate";
    case tls_untrusted: return "tls_untrusted";
    case tls_name: return "tls_name";
    case tls_expired: return "tls_expired";
    case tls_not_yet_valid: return "tls_not_yet_valid";
    case tls_expires_soon: return "tls_expires_soon";
    case tls_no_h2: return "tls_no_h2";
    case http_malformed: return "http_malformed";
    case http_header_too_long: return "http_header_too_long";
    case http_status: return "http_status";
    case http_digest: return "http_digest";
    case http_no_match: return "http_no_match";
    case http_match: return "http_match";
    case http_regex_limit: return "http_regex_limit";
    case http_regex_invalid: return "http_regex_invalid";
    case http2_malformed: return "http2_malformed";
    case http2_goaway: return "http2_goaway";
    case http2_reset: return "http2_reset";
    case http2_flood: return "http2_flood";
    case json_malformed: return "json_malformed";
    case json_too_deep: return "json_too_deep";
    case json_too_long: return "json_too_long";
    case json_missing: return "json_missing";
    case json_value: return "json_value";
    case grpc_malformed: return "grpc_malformed";
    case grpc_status: return "grpc_status";
    case grpc_not_serving: return "grpc_not_serving";
    case grpc_service_unknown: return "grpc_service_unknown";
    case grpc_unknown: return "grpc_unknown";
    case smtp_malformed: return "smtp_malformed";
    case smtp_greeting: return "smtp_greeting";
    case smtp_helo: return "smtp_helo";
    case dns_malformed: return "dns_malformed";
    case dns_code: return "dns_code";
    case dns_no_answer: return "dns_no_answer";
    case udp_length: return "udp_length";
    case udp_content: return "udp_content";
    case script_failed: return "script_failed";
    case script_timeout: return "script_timeout";
    case script_not_run: return "script_not_run";
    case file_value: return "file_value";
    case session_down: return "session_down";
  }
  return {};
}

namespace {

std::string_view words(Failure failure) {
  switch (failure) {
    using enum Failure;
    case none: return "success";
    case source_unusable: return "the check's own address, interface, port or mark cannot be used";
    case no_resources: return "this machine has nothing left to connect with";
    case refused: return "connection refused";
    case unreachable: return "unreachable";
    case connect_timeout: return "no connection within the timeout";
    case connection_broken: return "the connection broke";
    case reply_timeout: return "no reply within the timeout";
    case too_slow: return "the reply did not end in time";
    case closed_early: return "the connection was closed in the middle of the reply";
    case reply_too_long: return "the reply is too long";
    case tls_unavailable: return "TLS cannot be spoken here";
    case tls_handshake: return "no TLS handshake";
    case tls_certificate: return "the certificate is not believed";
    case tls_untrusted: return "nobody we believe has signed the certificate";
    case tls_name: return "the certificate is not for";
    case tls_expired: return "the certificate has expired";
    case tls_not_yet_valid: return "the certificate is not valid yet";
    case tls_expires_soon: return "the certificate expires in";
    case tls_no_h2: return "the server does not agree on HTTP/2";
    case http_malformed: return "the reply is no HTTP";
    case http_header_too_long: return "the header of the reply is too long";
    case http_status: return "status";
    case http_digest: return "another digest:";
    case http_no_match: return "the page does not match the regex";
    case http_match: return "the page matches the regex";
    case http_regex_limit: return "the regex takes too long on this page";
    case http_regex_invalid: return "the regex cannot be used";
    case http2_malformed: return "the reply is no HTTP/2";
    case http2_goaway: return "the server turns the connection away:";
    case http2_reset: return "the server breaks the request off:";
    case http2_flood: return "the server sends frames without end";
    case json_malformed: return "the page is no JSON";
    case json_too_deep: return "the JSON is nested too deeply";
    case json_too_long: return "the page is too long for JSON";
    case json_missing: return "nothing is at";
    case json_value: return "another value is at";
    case grpc_malformed: return "the answer is no gRPC";
    case grpc_status: return "the gRPC call ended with";
    case grpc_not_serving: return "the service is not serving";
    case grpc_service_unknown: return "the server does not know the service";
    case grpc_unknown: return "the service is in no known state";
    case smtp_malformed: return "the reply is no SMTP";
    case smtp_greeting: return "the mail server's greeting was:";
    case smtp_helo: return "the mail server's answer to HELO was:";
    case dns_malformed: return "the answer is no DNS message";
    case dns_code: return "the name server answered";
    case dns_no_answer: return "the answer holds no record";
    case udp_length: return "the reply has the wrong length:";
    case udp_content: return "another reply than was wanted";
    case script_failed: return "the script";
    case script_timeout: return "the script did not end in time";
    case script_not_run: return "the script cannot run";
    case file_value: return "the file holds";
    case session_down: return "the BFD session is down:";
  }
  return {};
}

// "status" 503: what was seen goes on with the sentence, and does not explain it.
bool takes_an_object(Failure failure) {
  switch (failure) {
    using enum Failure;
    case http_status:
    case tls_name:
    case tls_expires_soon:
    case json_missing:
    case json_value:
    case grpc_status:
    case dns_code:
    case script_failed:
    case file_value: return true;
    default: return false;
  }
}

}  // namespace

Outcome success() {
  return {};
}

Outcome failed(Failure failure, std::string_view detail) {
  return {.failure = failure, .detail = shown(detail), .weight = {}};
}

std::string sentence(const Outcome& outcome) {
  const std::string_view text = words(outcome.failure);
  if (outcome.detail.empty()) return std::string(text);
  const bool follows = text.ends_with(':') || takes_an_object(outcome.failure);
  return follows ? fmt::format("{} {}", text, outcome.detail) : fmt::format("{} ({})", text, outcome.detail);
}

Failure source_failure(int code) {
  return code == EADDRNOTAVAIL || code == EADDRINUSE ? Failure::source_unusable : connect_failure(code);
}

Failure connect_failure(int code) {
  switch (code) {
    case ECONNREFUSED: return Failure::refused;
    case ETIMEDOUT: return Failure::connect_timeout;
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ENETDOWN:
    case EHOSTDOWN:
    case EACCES: return Failure::unreachable;  // of a firewall, or of a prohibiting route
    case ENODEV:
    case EPERM:
    case EINVAL:
    case EAFNOSUPPORT: return Failure::source_unusable;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case ENOBUFS:
    case EADDRNOTAVAIL:  // every port to that server is taken, be it by connections of others
    case EADDRINUSE:
    case EAGAIN: return Failure::no_resources;
    default: return Failure::connection_broken;
  }
}

}  // namespace baton::health
