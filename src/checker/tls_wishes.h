// What a try of a check tells a server in the TLS handshake, and what it demands of the certificate.
#pragma once

#include <optional>
#include <string>

#include "config/health_check.h"

namespace baton::checker {

struct TlsWishes {
  std::string server_name{};    // for SNI; empty: none is told
  bool speaks_http2 = false;    // ALPN, and the server must agree
  bool verify = false;          // the certificate is believed,
  std::string verified_name{};  // and bears this name; an address is one
  std::optional<unsigned> min_days{};
};

// nullopt: the check speaks no TLS. `page` is that of an HTTP check.
std::optional<TlsWishes> tls_wishes_of(const config::HealthCheck& check, unsigned page);

}  // namespace baton::checker
