// How one try of a check ended. Every way to fail has its own name, its own counter and its own sentence: "down" alone
// helps nobody at three in the morning.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace baton::health {

enum class Failure : std::uint8_t {
  none,  // it did not fail
  // the connection
  source_unusable,    // bindto, bind_if, bind_port or fwmark cannot be had here
  no_resources,       // this machine has no descriptor, port or memory left
  refused,            // nobody listens
  unreachable,        // no route, or a router or the server's network says so
  connect_timeout,    // no answer to the SYN
  connection_broken,  // reset, or another error, once it stood
  reply_timeout,      // connected, and then silence
  too_slow,           // the reply comes, and does not end
  closed_early,       // ended in the middle of the reply
  reply_too_long,
  // TLS
  tls_unavailable,  // no library, or the SSL block's files cannot be used
  tls_handshake,    // what comes is no TLS, or no cipher is common
  tls_certificate,  // there is none, or it is not believed for another reason than these:
  tls_untrusted,    // its chain leads to nobody we believe
  tls_name,         // it bears another name
  tls_expired,
  tls_not_yet_valid,
  tls_expires_soon,  // sooner than tls_min_days wants
  tls_no_h2,         // ALPN: it chooses no HTTP/2
  // HTTP
  http_malformed,
  http_header_too_long,
  http_status,
  http_digest,
  http_no_match,
  http_match,          // of a regex_no_match
  http_regex_limit,    // the pattern takes too long on this page
  http_regex_invalid,  // it is none
  // HTTP/2
  http2_malformed,  // what comes is no HTTP/2, or breaks its rules
  http2_goaway,     // the server ends the connection and does not answer
  http2_reset,      // it ends our stream
  http2_flood,      // more frames than an answer takes
  // JSON
  json_malformed,  // the page is no JSON
  json_too_deep,
  json_too_long,
  json_missing,  // nothing is where the pointer points
  json_value,    // another value is there
  // gRPC
  grpc_malformed,  // the answer is no gRPC
  grpc_status,     // the call failed: UNIMPLEMENTED, UNAVAILABLE ...
  grpc_not_serving,
  grpc_service_unknown,  // the server knows no such service
  grpc_unknown,          // UNKNOWN, or a status that nobody knows
  // SMTP
  smtp_malformed,
  smtp_greeting,
  smtp_helo,
  // DNS
  dns_malformed,
  dns_code,       // SERVFAIL, NXDOMAIN, REFUSED ...
  dns_no_answer,  // no error, and no record
  // UDP
  udp_length,
  udp_content,
  // MISC_CHECK, FILE_CHECK
  script_failed,
  script_timeout,
  script_not_run,
  file_value,
  // BFD_CHECK
  session_down,
};
inline constexpr std::size_t failure_count = static_cast<std::size_t>(Failure::session_down) + 1;

// As metrics and JSON have it: "connect_timeout".
std::string_view name(Failure failure);

struct Outcome {
  Failure failure = Failure::none;
  std::string detail;                  // what was seen instead: "503"; of strangers, made printable and cut
  std::optional<std::int32_t> weight;  // of a success that gives one

  bool is_success() const { return failure == Failure::none; }
  bool operator==(const Outcome&) const = default;
};

Outcome success();
// `detail` may be of strangers.
Outcome failed(Failure failure, std::string_view detail = {});

// "status 503", "connection refused": for the log, mail and status; at most limits::sentence bytes.
std::string sentence(const Outcome& outcome);

// Of a socket that failed with this errno before it was to connect.
Failure source_failure(int code);
// Of a connect, or of a connection, that did.
Failure connect_failure(int code);

}  // namespace baton::health
