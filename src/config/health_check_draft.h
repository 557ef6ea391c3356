// What the readers of check blocks hand to one another.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "config/arguments.h"
#include "config/health_check.h"

namespace baton::config {

// As far as it has been said.
struct CheckDraft {
  CheckTarget target;
  Duration delay_loop{};
  std::optional<unsigned> retry;
  std::optional<Duration> delay_before_retry;
  std::optional<Duration> warmup;
  bool alpha = false;
  bool log_all_failures = false;
};

// HTTP_GET, SSL_GET. Nothing, reported: there is no page to ask for.
std::optional<HttpCheck> read_http(const Context& context, const Statement& block, const std::string& virtualhost);

GrpcCheck read_grpc(const Context& context, const Statement& block, const std::string& virtualhost);
TlsCheck read_tls(const Context& context, const Statement& block);

// tls_verify, wherever it may stand.
void read_tls_verify(const Arguments& arguments, CertificateDemands& demands);

// What would end the line that asks for it, or the whole head, is no part of a request.
inline bool is_sendable(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == '\x7f'; });
}

}  // namespace baton::config
