#include "api/access.h"

#include <nlohmann/json.hpp>

#include "base/ip_address.h"

namespace baton::api {

namespace {

// A name that an attacker's DNS points at 127.0.0.1 makes a browser on this machine ask us in his page's name.
bool is_local_name(std::string_view host) {
  if (host.starts_with('[')) return host.starts_with("[::1]");
  host = host.substr(0, host.find(':'));
  const auto address = IpAddress::parse(host);
  return host == "localhost" || host.empty() || (address && address->bytes().front() == 127);
}

// Takes as long for every wrong token.
bool is_same(std::string_view one, std::string_view other) {
  unsigned difference = one.size() == other.size() ? 0 : 1;
  for (std::size_t i = 0; i < one.size(); ++i) {
    difference |= static_cast<unsigned>(one[i] ^ (i < other.size() ? other[i] : '\0'));
  }
  return difference == 0;
}

}  // namespace

http::Response refusal(int status, std::string_view kind, std::string_view sentence) {
  const nlohmann::json body{{"error", sentence}, {"kind", kind}};
  return {.status = status, .body = body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n"};
}

std::expected<void, http::Response> admit(Access wanted, const Asker& asker, const http::Request& request,
                                          std::string_view token) {
  if (asker.door == Door::unix_socket) {
    if (wanted == Access::read || asker.is_root) return {};
    return std::unexpected(refusal(http::status::forbidden, "forbidden", "only root may ask for that"));
  }
  if (!is_local_name(request.header("host"))) {
    return std::unexpected(refusal(http::status::forbidden, "forbidden",
                                   "ask for localhost, 127.0.0.1 or [::1]; other names are refused"));
  }
  if (wanted == Access::read) return {};
  constexpr std::string_view scheme = "Bearer ";
  const std::string_view authorization = request.header("authorization");
  if (!token.empty() && authorization.starts_with(scheme) && is_same(authorization.substr(scheme.size()), token)) {
    return {};
  }
  auto refused =
      refusal(http::status::unauthorized, "forbidden",
              token.empty() ? "through TCP batond may only be read; use the Unix socket, or start batond with "
                              "--http-token-file"
                            : "this needs the header 'Authorization: Bearer TOKEN'");
  refused.headers.emplace_back("WWW-Authenticate", "Bearer");
  return std::unexpected(std::move(refused));
}

}  // namespace baton::api
