#include "checker/tls_wishes.h"

#include <algorithm>
#include <string_view>
#include <variant>

namespace baton::checker {

namespace {

// "www.example.org:8443" and "[2001:db8::1]:8443" are asked for, and certificates bear no port.
std::string host_of(std::string_view authority) {
  if (authority.starts_with('[')) return std::string(authority.substr(1, authority.find(']') - 1));
  const std::size_t colon = authority.rfind(':');
  const bool has_port = colon != authority.npos && authority.find(':') == colon;
  return std::string(authority.substr(0, has_port ? colon : authority.npos));
}

// Who verifies a name tells it as well, so that a server of many names shows the certificate that is meant.
TlsWishes wishes(const config::CertificateDemands& demands, std::string server_name, const std::string& virtualhost,
                 const config::CheckTarget& target) {
  TlsWishes made{.server_name = std::move(server_name), .verify = demands.verify, .min_days = demands.min_days};
  if (!demands.verify) return made;
  std::string name = demands.name;
  if (name.empty()) name = made.server_name.empty() ? host_of(virtualhost) : host_of(made.server_name);
  if (name.empty()) name = to_string(target.address);
  if (made.server_name.empty() && !IpAddress::parse(name)) made.server_name = name;
  made.verified_name = std::move(name);
  return made;
}

}  // namespace

std::optional<TlsWishes> tls_wishes_of(const config::HealthCheck& check, unsigned page) {
  const auto told = [](bool enable_sni, const std::string& sni_name, const std::string& virtualhost) {
    if (!enable_sni) return std::string();
    return sni_name.empty() ? virtualhost : sni_name;
  };
  if (const auto* http = std::get_if<config::HttpCheck>(&check.kind)) {
    if (!http->tls) return std::nullopt;
    const std::string& virtualhost = http->pages[page].virtualhost;
    TlsWishes made =
        wishes(http->certificate, told(http->enable_sni, http->sni_name, virtualhost), virtualhost, check.target);
    made.speaks_http2 = http->protocol == config::HttpProtocol::http_2;
    return made;
  }
  if (const auto* grpc = std::get_if<config::GrpcCheck>(&check.kind)) {
    if (!grpc->tls) return std::nullopt;
    TlsWishes made = wishes(grpc->certificate, told(grpc->enable_sni, grpc->sni_name, grpc->virtualhost),
                            grpc->virtualhost, check.target);
    made.speaks_http2 = true;
    return made;
  }
  if (const auto* tls = std::get_if<config::TlsCheck>(&check.kind)) {
    return wishes(tls->certificate, tls->sni_name, {}, check.target);
  }
  return std::nullopt;
}

}  // namespace baton::checker
